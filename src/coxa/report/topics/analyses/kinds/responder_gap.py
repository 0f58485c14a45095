"""Responders three ways: by the model of the score, adjusted, and counted, and what the difference between them is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from coxa.analyses.methods.responder_mmrm import by_model_options
from coxa.estimates import ResponderComparison, compare_responders
from coxa.models import Fit
from coxa.report.document import Block, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.results import INTERVAL, estimate_cell
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.responder_mmrm import ResponderMMRM
from coxa.tables.cells import Statistic
from coxa.tables.formats import NONE, cell
from coxa.tables.prose import prose
from coxa.tables.records import records
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table, identifier

WAYS = {
    "model": "By the model of the score",
    "adjusted": "Logistic regression of those observed",
    "counted": "Counted, of those observed",
}
"""Word of `compare_responders` -> what a row is called."""

PARTS = {
    "missing": "outcomes that are missing",
    "covariates": "covariates",
    "steps": "the steps of the score",
    "shape": "a shape that is not normal, or chance",
}
"""Part of the gap -> where it comes from."""


def responder_gap_blocks(report: ReportRecord, planned: PlannedAnalysis) -> list[Block]:
    """Return the table that compares the three ways; none of another kind of model."""
    if not isinstance(planned.analysis, ResponderMMRM):
        return []
    fits = [fit for fit in report.fits[planned.name] if isinstance(fit, Fit)]
    return [TableBlock(three_ways(planned, fit)) for fit in fits]


def three_ways(planned: PlannedAnalysis, fit: Fit) -> Table:
    """Return the differences of responders by the model, adjusted and counted, and why they differ."""
    visits = [visit for visit in fit.sample.visits if visit in planned.visits]
    found = compare_responders(fit, visits=visits, **by_model_options(planned))
    groups = tuple(
        RowGroup(_heading(planned, arm, str(visit)), tuple(_rows(planned, found, arm, str(visit))))
        for visit in visits
        for arm in planned.compare
    )
    notes = [Footnote(_why(planned, found, arm, str(visit))) for visit in visits for arm in planned.compare]
    last = "CI, confidence interval. Differences in percentage points."
    return Table(
        identifier("three-ways", planned.name),
        f"{planned.outcome_label}: responders by the model, adjusted and counted",
        "Way",
        (Column("Difference (CI)"),),
        groups,
        (*notes, Footnote(last)),
    )


def _heading(planned: PlannedAnalysis, arm: str, visit: str) -> str:
    study = planned.study
    arms = f"{study.label('arms', arm)} minus {study.label('arms', planned.against)}"
    return f"{arms}, {study.label('visits', visit)}"


def _rows(planned: PlannedAnalysis, found: ResponderComparison, arm: str, visit: str) -> Iterator[Row]:
    """Yield a row for each way that could be had."""
    for way, label in WAYS.items():
        rows = found.estimates.only(
            analysis=way, visit=visit, arm=arm, reference=planned.against, term="risk_difference"
        ).frame
        for record in records(rows.assign(estimand=planned.estimand_name, analysis=planned.name)):
            shown = estimate_cell("points_interval", {**record, "term": f"risk_difference {way}"}, *INTERVAL)
            yield Row(label, (shown,), strong=way == "model")
        if rows.empty:
            yield Row(label, (Cell(NONE),))


def _why(planned: PlannedAnalysis, found: ResponderComparison, arm: str, visit: str) -> Any:
    """Return in a sentence what the model's difference less the counted one is made of."""
    parts: dict[str, dict[Any, Any]] = {
        row["arm"]: row for row in found.parts.to_dict("records") if row["visit"] == visit
    }
    one, other = parts[arm], parts[planned.against]

    def points(name: str, value: float) -> Cell:
        at = Statistic(
            estimand=planned.estimand_name,
            analysis=planned.name,
            visit=visit,
            arm=arm,
            reference=planned.against,
            term=f"gap: {name}",
        )
        return replace(cell("share_points", {"share": value}, at), of_people=False)

    gap = (one["model"] - one["counted"]) - (other["model"] - other["counted"])
    said: list[Any] = [f"{_heading(planned, arm, visit)}: the model's difference less the counted one is "]
    said += [points("all", gap), " percentage points; of these "]
    for k, (name, words) in enumerate(PARTS.items()):
        joint = "" if k == 0 else " and " if k == len(PARTS) - 1 else ", "
        said += [joint, points(name, one[name] - other[name]), f" come from {words}" if k == 0 else f" from {words}"]
    return prose(*said, ".")
