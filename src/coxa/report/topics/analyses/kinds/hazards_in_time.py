"""Hazard ratios in each part of follow-up, with the test that they are alike."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from coxa.analyses.methods.cox_in_time import PART
from coxa.estimates.table import subgroup_in
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.results import address, comparison_label
from coxa.report.topics.analyses.written import written
from coxa.study.comparative import PlannedAnalysis
from coxa.tables.cells import Cell
from coxa.tables.formats import NONE, cell
from coxa.tables.records import Record, records
from coxa.tables.table import Column, Footnote, Row, RowGroup, Table, identifier


def in_time_table(report: ReportRecord, planned: PlannedAnalysis) -> Table | None:
    """Return the hazard ratios of each part of follow-up of an analysis with `split_at`; None of others."""
    frame = report.estimates.frame
    rows = frame[frame["analysis"].str.startswith(f"{planned.name}[{PART}=")]
    if rows.empty:
        return None
    groups = tuple(
        RowGroup(planned.study.label("visits", visit), tuple(_rows(planned, rows[rows["visit"] == visit])))
        for visit in planned.visits
        if (rows["visit"] == visit).any()
    )
    return Table(
        identifier("in-time", planned.name),
        f"{planned.outcome_label}: hazard ratio in each part of follow-up",
        "Comparison",
        (Column("Days", "left"), Column("Hazard ratio (CI)"), Column("p")),
        groups,
        tuple(Footnote(text) for text in _notes(planned, rows)),
    )


def _rows(planned: PlannedAnalysis, rows: pd.DataFrame) -> Iterator[Row]:
    for record in records(rows):
        if record["term"] == "joint_test":
            yield Row("All parts alike", (Cell(""), _chi_square(record), _p_value(record)), strong=True)
            continue
        part = Cell(subgroup_in(str(record["analysis"])).partition("=")[2])
        known = math.isfinite(float(record["estimate"]))
        numbers = (
            (written(planned, "estimate_interval", record), _p_value(record)) if known else (Cell(NONE), Cell(NONE))
        )
        yield Row(comparison_label(planned.study, record), (part, *numbers))


def _p_value(record: Record) -> Cell:
    return cell("p_value", {"p_value": float(record["p_value"])}, address(record))


def _chi_square(record: Record) -> Cell:
    shown = cell("estimate", {"estimate": float(record["statistic"])}, address(record), decimals=2)
    return replace(shown, text=f"chi-square {shown.text}, {record['df']:.0f} df", of_people=False)


def _notes(planned: PlannedAnalysis, rows: pd.DataFrame) -> Iterator[str]:
    randomised = "; only those of the first part are as randomised" if planned.study.words.allocates else ""
    yield (
        "One model of Cox with a ratio in each part, the other terms the same in all. Ratios of a part are of the "
        f"participants who had no event before it{randomised}. Whether to read one ratio or several was planned, not "
        "chosen by the test."
    )
    yield from dict.fromkeys(f"{text[:1].upper()}{text[1:]}." for text in rows["warning"].fillna("") if text)
    yield "CI, confidence interval."
