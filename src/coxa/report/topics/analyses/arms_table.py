"""What was observed and what was estimated, arm by arm, in one table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.adjusted import MARK, families_words, p_mark
from coxa.report.topics.analyses.footnotes import mean_words, warning_marks
from coxa.report.topics.analyses.modelled import modelled
from coxa.report.topics.analyses.results import (
    INTERVAL,
    address,
    comparison_label,
    estimate_cell,
    responders_cell,
)
from coxa.report.topics.analyses.variances import warning_words
from coxa.report.topics.analyses.written import compared_heading, compared_words, written
from coxa.sentences import mid_sentence
from coxa.study.comparative import PlannedAnalysis
from coxa.tables.by_arm import summarised
from coxa.tables.cells import Statistic
from coxa.tables.characteristics import SUMMARY_LABELS
from coxa.tables.formats import NONE, cell, share
from coxa.tables.phrases import sentence_case
from coxa.tables.records import Record, records
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table


def results_table(report: ReportRecord, analyses: Sequence[PlannedAnalysis], table_id: str, title: str) -> Table:
    """Return observed values, adjusted means and differences of analyses at the visits of their estimands.

    Parameters
    ----------
    report
        A plan, its data and its results.
    analyses
        What is shown, a group of rows for each of their visits; those without numbers are left out.
    table_id, title
        Identifier and caption.

    Returns
    -------
    Table
        A row for each arm, the reference first, with n analysed, their values at baseline and at the visit, the
        adjusted mean, and the difference from the reference with its p-value; proportions differ in
        percentage points. Comparisons of other arms have rows of their own.
    """
    study = report.study
    asked = {one: one.asked(report.estimates.frame, one.effect.term) for one in analyses}
    asked = {planned: rows for planned, rows in asked.items() if len(rows)}
    marks = warning_marks(pd.concat(asked.values())) if asked else {}
    groups = [
        RowGroup(
            _heading(planned, visit, compared_heading(asked)), tuple(_rows(report, _Place(planned, visit, rows, marks)))
        )
        for planned, rows in asked.items()
        for visit in planned.visits
        if (rows["visit"] == visit).any()
    ]
    columns = (
        Column("n"),
        Column("Baseline"),
        Column("With the event" if all(one.kind == "time" for one in asked) else "At the visit"),
        Column(f"{_means(report, asked)} (CI)"),
        Column(compared_heading(asked)),
        Column("p"),
    )
    table = Table(
        table_id,
        title,
        study.compared_words.arm.capitalize(),
        columns,
        tuple(groups),
        tuple(_notes(report, asked, marks, groups)),
    )
    for place in MAY_BE_EMPTY:
        table = _without_empty(table, place)
    return table


MAY_BE_EMPTY = (3, 2, 1)
"""Places of columns that some kinds of endpoints have nothing in, the last first: estimated, at the visit, baseline."""


def _without_empty(table: Table, place: int) -> Table:
    """Return a table without a column that has no number."""
    rows = [row for group in table.groups for row in group.rows]
    if not rows or any(row.cells[place].text not in ("", NONE) for row in rows):
        return table

    def kept(values: Sequence[Any]) -> tuple[Any, ...]:
        return (*values[:place], *values[place + 1 :])

    groups = tuple(
        replace(group, rows=tuple(replace(row, cells=kept(row.cells)) for row in group.rows)) for group in table.groups
    )
    return replace(table, columns=kept(table.columns), groups=groups)


SEEN = {
    "binary": "Of a yes or no: n/N (%) at the visit in place of a mean; proportions differ in percentage points.",
    "ordered": "Of levels: median [Q1, Q3] of their codes; they are not averaged.",
    "count": "Of counts: the number of events in all participants of the arm.",
    "time": "Of times to an event: n/N (%) with the event until the visit; others were observed until then or left.",
}
"""What is analysed -> what the column of the visit has."""

RISK = "Risk: estimated share with the event until the visit, by Kaplan-Meier; with competing events, Aalen-Johansen."


@dataclass(frozen=True, slots=True)
class _Place:
    """An analysis at one visit, with its comparisons there and elsewhere."""

    planned: PlannedAnalysis
    visit: str
    asked: pd.DataFrame
    marks: Mapping[str, str]


def _heading(planned: PlannedAnalysis, visit: str, column: str) -> str:
    """Return what a group of rows is of; with the comparison where the head of its column does not name it."""
    words = compared_words(planned)
    shown = "" if words == "difference" or column == compared_heading([planned]) else f"; {words}"
    return sentence_case(f"{planned.variable} {planned.at(visit)} ({planned.direction}): {planned.title}{shown}")


def _rows(report: ReportRecord, place: _Place) -> Iterator[Row]:
    """Yield the rows of the arms that are in the analysis, and of comparisons that are not with the reference."""
    planned, visit = place.planned, place.visit
    study, against = planned.study, planned.against
    estimated = records(planned.rows(report.estimates.frame, "marginal_mean", planned.effect.arms))
    adjusted = {one["arm"]: one for one in estimated if (one["visit"], one["term"]) == (visit, "marginal_mean")}
    raw = {one["arm"]: one for one in estimated if (one["visit"], one["term"]) == (visit, planned.effect.arms)}
    means = adjusted if planned.of_means else raw
    compared = records(place.asked[place.asked["visit"] == visit])
    differences = {one["arm"]: one for one in compared if one["reference"] == against}
    used = modelled(report, planned)
    used = used if planned.in_periods else used[used["visit"] == visit]
    for arm in study.treatment_order:
        if arm in differences or arm == against:
            label = study.label("arms", arm) + (" (reference)" if arm == against else "")
            described_cells = _described(used, place, arm, means.get(arm), adjusted.get(arm))
            yield Row(label, (*described_cells, *_compared(place, differences.get(arm), arm == against)))
    for one in compared:
        if one["reference"] != against:
            yield Row(comparison_label(study, one), (*(Cell(""),) * 4, *_compared(place, one, False)))


def _described(
    used: pd.DataFrame, place: _Place, arm: str, mean: Record | None, adjusted: Record | None
) -> Iterator[Cell]:
    """Yield n of one arm, the values of those in the model at baseline and at the visit, and the adjusted mean."""
    planned = place.planned
    rows = used[used["arm"].astype(str) == arm]
    at = Statistic(estimand=planned.estimand_name, analysis="analysed", visit=place.visit, arm=arm)
    summary, decimals = planned.outcome.summary, planned.scale.decimals
    if not planned.of_means:
        counted = mean if planned.kind == "binary" else None  # who counts as no is in the rows of the analysis alone
        n = rows["participant_id"].nunique()
        yield (
            cell("participants", {"n_participants": counted["n_participants"]}, address(counted))
            if counted
            else cell("count", {"n": n}, replace(at, term="participants"))
        )
        yield baseline_cell(planned, rows, at)
        yield responders_cell(counted) if counted else seen_cell(planned, rows, at)
        shown = adjusted or (mean if planned.kind not in ("binary", "ranking") else None)
        yield written(planned, "estimate_interval", shown) if shown else Cell(NONE)
        return
    yield _analysed(mean) if mean else Cell(NONE)
    yield summarised(summary, _known(rows["baseline"]), replace(at, term="baseline"), decimals)
    yield summarised(summary, _known(rows["value"]), replace(at, term="value"), decimals)
    yield estimate_cell("estimate_interval", mean, *INTERVAL, decimals=planned.decimals) if mean else Cell(NONE)


def _known(values: pd.Series) -> NDArray[np.float64]:
    return values.dropna().to_numpy(dtype=float)


def baseline_cell(planned: PlannedAnalysis, rows: pd.DataFrame, at: Statistic) -> Cell:
    """Return what an arm had at baseline: n/N (%) with a yes, the middle level, or the mean; a dash of events."""
    known, at = _known(rows["baseline"]) if "baseline" in rows else np.empty(0), replace(at, term="baseline")
    if planned.outcome_name not in planned.study.outcomes or not len(known):
        return Cell(NONE)
    if planned.kind == "ordered":
        return summarised("median_iqr", known, at, 0)
    if planned.kind == "binary" and planned.response == "value":
        n, total = int((known == 1).sum()), len(known)
        return cell("count_of_percent", {"n": n, "total": total, "share": share(n, total)}, at)
    return summarised(planned.outcome.summary, known, at, planned.scale.decimals)


def seen_cell(planned: PlannedAnalysis, rows: pd.DataFrame, at: Statistic) -> Cell:
    """Return what was seen of an arm: n/N (%) with yes or an event, the number of events, or the middle level."""
    if planned.kind in ("binary", "time"):
        yes = rows["status"].eq(1) if planned.kind == "time" else rows[planned.response].eq(1)
        n, total = int(yes.sum()), len(rows)
        values = {"n": n, "total": total, "share": share(n, total)}
        return cell("count_of_percent", values, replace(at, term="risk")) if total else Cell(NONE)
    if planned.kind == "count":
        return cell("count", {"n": int(rows[planned.response].sum())}, replace(at, term="events"))
    if planned.kind == "ordered":
        return summarised("median_iqr", _known(rows["value"]), replace(at, term="value"), 0)
    return Cell(NONE)


def _analysed(mean: Record) -> Cell:
    """Return those behind a mean."""
    return cell("count", {"n": mean["n_observations"]}, address(mean))


def _compared(place: _Place, record: Record | None, is_reference: bool) -> tuple[Cell, Cell]:
    """Return the difference and its p-value; nothing for the reference."""
    if record is None:
        blank = Cell("" if is_reference else NONE)
        return blank, blank
    mark = place.marks.get(record["warning"], "")
    return (
        written(place.planned, "estimate_interval", record, mark=mark),
        estimate_cell("p_value", record, "p_value", mark=p_mark(place.planned, record)),
    )


def _notes(
    report: ReportRecord,
    asked: Mapping[PlannedAnalysis, pd.DataFrame],
    marks: Mapping[str, str],
    groups: Iterable[RowGroup],
) -> Iterator[Footnote]:
    study = report.study
    of_means = [planned for planned in asked if planned.of_means]
    if of_means:
        kinds, heading = _kinds(report, of_means), _means(report, of_means)
        what = f" {' or '.join(map(mid_sentence, kinds))}" if len(kinds) > 1 else ""
        change = " of the change from baseline" if any(one.response != "value" for one in of_means) else ""
        estimated = f" {heading}:{what}{change}." if what or change else ""
        yield Footnote(f"Baseline and visit: {_summaries(of_means)} of the participants analysed.{estimated}")
    yield from (Footnote(SEEN[kind]) for kind in dict.fromkeys(one.kind for one in asked) if kind in SEEN)
    if any(one.kind == "time" and one.effect.arms == "risk" for one in asked):
        yield Footnote(RISK)
    shown = (one.name for group in groups for row in group.rows for cell in row.cells for one in cell.statistics)
    sd = " SD, standard deviation." if "sd" in shown else ""
    yield Footnote(f"{_interval_words(asked)} n, participants analysed.{sd}")
    families = families_words(asked.items())
    if families:
        yield Footnote(families, MARK)
    if any(planned.analysis.multiplicity == "none" and len(rows) > 1 for planned, rows in asked.items()):
        named = "" if not families else "The other p"
        yield Footnote(f"{named or 'P'}-values are not adjusted for the number of comparisons.")
    yield from (Footnote(warning_words(study, text), mark) for text, mark in marks.items())


def _interval_words(asked: Mapping[PlannedAnalysis, pd.DataFrame]) -> str:
    """Return what CI means: at which level, where that is the same for all."""
    levels = {f"{100 * planned.analysis.conf_level:g}%" for planned in asked}
    return (
        f"CI, {levels.pop()} confidence interval."
        if len(levels) == 1
        else "CI, confidence interval, at the level of each analysis."
    )


def _means(report: ReportRecord, analyses: Iterable[PlannedAnalysis]) -> str:
    """Return what the means of the analyses are called, where there are several kinds of them in one word."""
    kinds = _kinds(report, analyses)
    return kinds[0] if len(kinds) == 1 else "Estimate"


def _kinds(report: ReportRecord, analyses: Iterable[PlannedAnalysis]) -> list[str]:
    """Return what the means of analyses are called, each word once; responders have none."""
    words = [mean_words(one, report.fits.get(one.name)) for one in analyses if one.of_means]
    words += [one.effect.arm_words for one in analyses if not one.of_means and one.effect.arm_words]
    return list(dict.fromkeys(words)) or ["Estimate"]


def _summaries(analyses: Sequence[PlannedAnalysis]) -> str:
    """Return how values are described: "mean (SD)", or both ways where outcomes differ."""
    return " or ".join(dict.fromkeys(SUMMARY_LABELS[planned.outcome.summary] for planned in analyses))
