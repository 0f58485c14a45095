"""The models of dropout behind weights: who was at risk and left, how well the models tell them apart, the weights."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from coxa.analyses.methods.dropout_weights import dropout_of
from coxa.impute import Dropout
from coxa.report.document import Block, TableBlock
from coxa.report.record import ReportRecord
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.dropout_weights import DropoutWeights
from coxa.tables.cells import Statistic
from coxa.tables.formats import NONE, cell
from coxa.tables.records import records
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table, identifier


def dropout_blocks(report: ReportRecord, planned: PlannedAnalysis) -> list[Block]:
    """Return the table of the models of dropout up to the last visit; none of another kind of model."""
    if not isinstance(planned.analysis, DropoutWeights):
        return []
    return [TableBlock(dropout_table(planned, dropout_of(report.fits[planned.name][-1])))]


def dropout_table(planned: PlannedAnalysis, dropout: Dropout) -> Table:
    """Return a row per arm and visit with those at risk and lost, the area under the curve, and the weights."""
    study = planned.study
    groups = tuple(
        RowGroup(study.label("arms", arm), tuple(_rows(planned, dropout, arm)))
        for arm in study.arm_order
        if arm in dropout.arms
    )
    return Table(
        identifier("dropout-models", planned.name),
        f"{planned.outcome_label}: models of dropout",
        "Visit",
        (
            Column("At risk"),
            Column("Left"),
            Column("Model of staying", "left"),
            Column("AUC"),
            Column("Mean weight"),
            Column("Largest weight"),
            Column("Effective number"),
        ),
        groups,
        (
            Footnote(
                "At risk: participants who had not left before. AUC, area under the curve: how well the model tells "
                "those who stay from those who leave, 0.5 not at all. The weight is one over the probability of having "
                "stayed until then; the effective number is that of participants with equal weights who would be as "
                "precise. A gap before a later outcome is no dropout."
            ),
        ),
        subtitle=planned.label,
    )


def _rows(planned: PlannedAnalysis, dropout: Dropout, arm: str) -> Iterator[Row]:
    for row in records(dropout.table[dropout.table["arm"] == arm]):
        at = Statistic(
            estimand=planned.estimand_name, analysis=planned.name, visit=str(row["visit"]), arm=arm, term="dropout"
        )
        cells = (
            cell("count", {"n": float(row["n_at_risk"])}, replace(at, term="dropout: at risk")),
            cell("count", {"n": float(row["n_left"])}, replace(at, term="dropout: left")),
            Cell(str(row["model"])),
            _number(row, "auc", at, 2),
            _number(row, "mean_weight", at, 2),
            _number(row, "largest_weight", at, 2),
            _number(row, "effective_n", at, 1),
        )
        yield Row(planned.study.label("visits", str(row["visit"])), cells)


def _number(row: dict[str, Any], name: str, at: Statistic, decimals: int) -> Cell:
    value = float(row[name])
    if math.isnan(value):
        return Cell(NONE)
    shown = cell("number", {"n": value}, replace(at, term=f"dropout: {name}"), decimals)
    return replace(shown, of_people=False)
