"""Tables of estimates: adjusted means, differences between arms, responders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from coxa.derive.dataset import AnalysisDataset
from coxa.estimates import Estimates
from coxa.estimates.table import NULLS
from coxa.models.results.run import AnyFit
from coxa.report.topics.analyses.adjusted import p_mark
from coxa.report.topics.analyses.footnotes import analysis_footnotes, mean_words, warning_marks
from coxa.report.topics.analyses.number_needed import NEEDED, needed_cell
from coxa.report.topics.analyses.variances import warning_words
from coxa.sentences import mid_sentence
from coxa.study.comparative import ComparativeStudy, PlannedAnalysis
from coxa.study.important import Important, compared_with
from coxa.study.periods import EVERY_PERIOD
from coxa.study.wording import compared_arms, estimand_title
from coxa.tables.formats import NONE, cell, share
from coxa.tables.phrases import abbreviations, sentence_case
from coxa.tables.records import Record, records
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Statistic, Table, identifier

INTERVAL = ("estimate", "conf_low", "conf_high")

IMPORTANT = "Important difference"

ARMS_ACROSS = 3
"""Arms whose means are next to each other; more are below each other, so that the table is as wide as a page."""


def means_table(
    planned: PlannedAnalysis,
    estimates: Estimates,
    fits: Sequence[AnyFit] = (),
    dataset: AnalysisDataset | None = None,
) -> Table:
    """Return adjusted (least-squares) means by visit and arm, each with n and confidence interval.

    Parameters
    ----------
    planned, estimates
        The analysis that is shown, and every number.
    fits
        Its models, for the footnotes.
    dataset
        The rows of its estimand; the footnotes then say who of the set is not analysed, and why.
    """
    study = planned.study
    rows = planned.rows(estimates.frame, "marginal_mean")
    arms = [arm for arm in study.treatment_order if (rows["arm"] == arm).any()]
    marks, visits = warning_marks(rows), _visits(study, rows)
    by_place = _by_visit_and_arm(rows)
    shown = {
        visit: {arm: _mean_cells(by_place.get((visit, arm)), planned.decimals, marks) for arm in arms}
        for visit in visits
    }
    pair = ("n", f"Mean ({_level(rows)} CI)")
    if len(arms) > ARMS_ACROSS:
        stub, columns = study.compared_words.arm.capitalize(), tuple(map(Column, pair))
        groups = tuple(
            RowGroup(
                visit_label(planned, visit, visits),
                tuple(
                    Row(study.label("arms", arm), tuple(cells), strong=visit in planned.visits)
                    for arm, cells in of_arms.items()
                ),
            )
            for visit, of_arms in shown.items()
        )
    else:
        stub = "Visit"
        columns = tuple(Column(name, spanner=study.label("arms", arm)) for arm in arms for name in pair)
        groups = (
            RowGroup(
                "",
                tuple(
                    Row(
                        visit_label(planned, visit, visits),
                        tuple(cell for cells in of_arms.values() for cell in cells),
                        strong=visit in planned.visits,
                    )
                    for visit, of_arms in shown.items()
                ),
            ),
        )
    return Table(
        identifier("means", planned.name),
        study.compared_words.say(f"{mean_words(planned, fits)}s by visit and {{arm}}"),
        stub,
        columns,
        groups,
        _notes(planned, fits, rows, marks, columns, dataset),
        subtitle=_every_visit(planned),
    )


def differences_table(
    planned: PlannedAnalysis,
    estimates: Estimates,
    fits: Sequence[AnyFit] = (),
    dataset: AnalysisDataset | None = None,
) -> Table:
    """Return differences of adjusted means by visit, with interval, standard error, df and p-value.

    Parameters are those of `means_table`. A p-value that is adjusted for multiplicity is marked.
    """
    study, important = planned.study, planned.important
    rows = planned.rows(estimates.frame, "difference")
    marks = warning_marks(rows)
    standardised = planned.rows(estimates.frame, "standardised_difference")
    groups = []
    visits = _visits(study, rows)
    for visit in visits:
        here = rows[rows["visit"] == visit]
        shown = [_difference_row(planned, record, marks, standardised) for record in records(here)]
        if important:
            shown = [
                replace(row, cells=(*row.cells, important_cell(important, record)))
                for row, record in zip(shown, records(here), strict=True)
            ]
        groups.append(RowGroup(visit_label(planned, visit, visits), tuple(shown)))
    columns = (
        Column(f"Difference ({_level(rows)} CI)"),
        Column("SE"),
        Column("df"),
        Column("p"),
        *([Column(f"Hedges g ({_level(standardised)} CI)")] if len(standardised) else []),
        *([Column(IMPORTANT, "left")] if important else []),
    )
    notes = _notes(planned, fits, rows, marks, columns, dataset)
    return Table(
        identifier("differences", planned.name),
        study.compared_words.say("Differences between {arms} by visit"),
        "Comparison",
        columns,
        tuple(groups),
        (*notes, important_note(important)) if important else notes,
        subtitle=_every_visit(planned),
    )


def important_cell(important: Important | None, record: Record) -> Cell:
    """Return how a difference compares with the important one: "less than 1.5, but the interval includes it"."""
    if important is None:
        return Cell(NONE)
    size, interval = compared_with(important, *(record[name] for name in INTERVAL))
    return Cell(f"{size} {important.number(record['estimate'])}, {interval}")


def important_ratio(planned: PlannedAnalysis) -> Important | None:
    """Return the important ratio of an analysis that compares by a ratio."""
    return planned.important if planned.important and planned.important.is_ratio else None


def important_ratio_cell(important: Important, record: Record | None) -> Cell:
    """Return how a ratio compares with the important one; a dash where there is none, as of the reference."""
    return Cell(NONE) if record is None or record["estimate"] is None else important_cell(important, record)


def important_note(important: Important) -> Footnote:
    """Say what the important difference is and where it comes from."""
    return Footnote(f"{IMPORTANT}: the {important.amount} ({important.source}).")


def responder_table(
    planned: PlannedAnalysis,
    estimates: Estimates,
    fits: Sequence[AnyFit] = (),
    dataset: AnalysisDataset | None = None,
) -> Table:
    """Return responders by arm and visit, and each arm's risk difference and ratios against the reference.

    Those with another outcome that is yes or no, or with an event, are called by its label.
    """
    study = planned.study
    rows = planned.rows(estimates.frame, "risk", "risk_difference", "risk_ratio", "odds_ratio")
    adjusted = _by_visit_and_arm(planned.rows(estimates.frame, "marginal_mean"))
    marks, needs = warning_marks(rows), bool(planned.analysis.option("numbers_needed"))
    important = important_ratio(planned)
    groups = []
    for visit in _visits(study, rows):
        here = rows[rows["visit"] == visit]
        arms = [arm for arm in study.treatment_order if (here["arm"] == arm).any()]
        shown = [_responder_row(planned, here[here["arm"] == arm], arm, marks) for arm in arms]
        if adjusted:
            shown = [
                replace(row, cells=(row.cells[0], adjusted_cell(adjusted.get((visit, arm))), *row.cells[1:]))
                for row, arm in zip(shown, arms, strict=True)
            ]
        if needs:
            differences = _by_visit_and_arm(here[here["term"] == "risk_difference"])
            shown = [
                replace(row, cells=(*row.cells, number_needed_cell(planned, differences.get((visit, arm)))))
                for row, arm in zip(shown, arms, strict=True)
            ]
        if important:
            ratios = _by_visit_and_arm(here[here["term"] == planned.effect.term])
            shown = [
                replace(row, cells=(*row.cells, important_ratio_cell(important, ratios.get((visit, arm)))))
                for row, arm in zip(shown, arms, strict=True)
            ]
        groups.append(RowGroup(study.label("visits", visit), tuple(shown)))
    level, counted = _level(rows), "Responders" if planned.response == "responder" else planned.outcome_label
    columns = (
        Column(f"{counted}, n/N (%)"),
        *([Column(f"Adjusted, % ({level} CI)")] if adjusted else []),
        Column(f"Difference, percentage points ({level} CI)"),
        Column(f"Risk ratio ({level} CI)"),
        Column(f"Odds ratio ({level} CI)"),
        Column("p"),
        *([Column(f"Number needed to treat ({level} CI)")] if needs else []),
        *([Column(f"Important {planned.effect.words}", "left")] if important else []),
    )
    notes = _notes(planned, fits, rows, marks, columns, dataset)
    return Table(
        identifier("responders", planned.name),
        f"{counted} by {study.compared_words.arm}",
        study.compared_words.arm.capitalize(),
        columns,
        tuple(groups),
        (*notes, *([needed_note(planned)] if needs else []), *([important_note(important)] if important else [])),
        subtitle=sentence_case(estimand_title(study, planned.estimand_name)),
    )


def number_needed_cell(planned: PlannedAnalysis, record: Record | None) -> Cell:
    """Write the number needed to treat of a risk difference: to benefit where the arm has more of what is wanted."""
    if record is None:
        return Cell(NONE)
    limits = [float(record[name]) for name in INTERVAL]
    if not planned.higher_is_better:
        limits = [-limits[0], -limits[2], -limits[1]]
    return needed_cell(*limits, at=address(record))


def needed_note(planned: PlannedAnalysis) -> Footnote:
    """Say what a number needed to treat counts."""
    more, less = "one more", "one less"
    what = "response" if planned.response == "responder" else f"participant with {mid_sentence(planned.outcome_label)}"
    if not planned.higher_is_better:
        more, less = less, more
    return Footnote(NEEDED.format(more=f"{more} {what}", less=less))


def comparison_label(study: ComparativeStudy, record: Record) -> str:
    """Return "Exercise minus usual care" for a row of differences, "against" for another comparison."""
    arm, reference = (study.label("arms", record[side]) for side in ("arm", "reference"))
    joining = "against" if record.get("term") in NULLS else "minus"
    return f"{arm} {joining} {reference}"


def address(record: Record) -> Statistic:
    """Return where a row of estimates belongs, for the cells made from it."""
    return Statistic(
        estimand=record["estimand"],
        analysis=record["analysis"],
        term=record["term"],
        visit=record["visit"],
        arm=record["arm"],
        reference=record["reference"],
    )


def estimate_cell(rule: str, record: Record, *names: str, decimals: int = 1, mark: str = "") -> Cell:
    """Write numbers of a row of estimates by a rule."""
    return cell(rule, {name: float(record[name]) for name in names}, address(record), decimals, mark)


def responders_cell(risk: Record) -> Cell:
    """Write the risk of an arm as n/N (%)."""
    total = risk["n_participants"]
    n = round(risk["estimate"] * total)
    return cell("count_of_percent", {"n": n, "total": total, "share": share(n, total)}, address(risk))


def adjusted_cell(record: Record | None) -> Cell:
    """Write the adjusted proportion of an arm in percent; a dash where there is none."""
    return estimate_cell("points_interval", record, *INTERVAL) if record else Cell(NONE)


def _mean_cells(record: Record | None, decimals: int, marks: dict[str, str]) -> list[Cell]:
    if record is None:
        return [Cell(NONE), Cell(NONE)]
    mark = marks.get(record["warning"], "")
    return [
        cell("count", {"n": record["n_observations"]}, address(record)),
        estimate_cell("estimate_interval", record, *INTERVAL, decimals=decimals, mark=mark),
    ]


def _difference_row(planned: PlannedAnalysis, record: Record, marks: dict[str, str], standardised: pd.DataFrame) -> Row:
    decimals = planned.decimals
    mark = marks.get(record["warning"], "")
    cells = [
        estimate_cell("estimate_interval", record, *INTERVAL, decimals=decimals, mark=mark),
        estimate_cell("std_error", record, "std_error", decimals=decimals),
        estimate_cell("df", record, "df"),
        estimate_cell("p_value", record, "p_value", mark=p_mark(planned, record)),
    ]
    if len(standardised):
        mine = _by_visit_and_arm(standardised[standardised["reference"] == record["reference"]])
        found = mine.get((record["visit"], record["arm"]))
        cells.append(estimate_cell("two_decimals_interval", found, *INTERVAL) if found else Cell(NONE))
    return Row(comparison_label(planned.study, record), tuple(cells), strong=record["visit"] in planned.visits)


def _responder_row(planned: PlannedAnalysis, rows: pd.DataFrame, arm: str, marks: dict[str, str]) -> Row:
    by_term = {record["term"]: record for record in records(rows)}
    cells = [Cell(NONE)] * 5
    if risk := by_term.get("risk"):
        cells[0] = responders_cell(risk)
    if found := by_term.get("risk_difference"):
        mark = marks.get(found["warning"], "")
        cells[1] = estimate_cell("points_interval", found, *INTERVAL, mark=mark)
        cells[4] = estimate_cell("p_value", found, "p_value", mark=p_mark(planned, found))
    for place, term in ((2, "risk_ratio"), (3, "odds_ratio")):
        if found := by_term.get(term):
            mark = marks.get(found["warning"], "")
            cells[place] = estimate_cell("two_decimals_interval", found, *INTERVAL, mark=mark)
    suffix = " (reference)" if arm == planned.against else ""
    return Row(planned.study.label("arms", arm) + suffix, tuple(cells))


def visit_label(planned: PlannedAnalysis, visit: str, shown: Sequence[str]) -> str:
    """Return the label of a visit; that of the endpoint says so where visits that are not it are shown too."""
    label = planned.study.label("visits", visit)
    every = set(shown) <= set(planned.visits)
    return f"{label} (endpoint)" if visit in planned.visits and not every else label


def _every_visit(planned: PlannedAnalysis) -> str:
    """Return what a table of all visits shows: the variable, and the arms."""
    return sentence_case(f"{planned.variable}: {compared_arms(planned.study, planned.compare, planned.against)}")


def _notes(
    planned: PlannedAnalysis,
    fits: Sequence[AnyFit],
    rows: pd.DataFrame,
    marks: dict[str, str],
    columns: Sequence[Column],
    dataset: AnalysisDataset | None,
) -> tuple[Footnote, ...]:
    warnings = (Footnote(warning_words(planned.study, text), mark) for text, mark in marks.items())
    last = f"{_scale_words(planned)} {abbreviations(str(column.label) for column in columns)}"
    return (*analysis_footnotes(planned, fits, rows, dataset), *warnings, Footnote(last))


def _scale_words(planned: PlannedAnalysis) -> str:
    scale = planned.scale
    if not (planned.kind == "mean" or planned.response == "responder"):
        return f"{planned.outcome_label}: {planned.direction}."
    return f"{planned.outcome_label}: {scale.low:g} to {scale.high:g} {scale.unit}, {scale.direction}."


def _visits(study: ComparativeStudy, rows: pd.DataFrame) -> list[str]:
    there = set(rows["visit"])
    named = sorted(study.visits, key=lambda name: study.visits[name].day)
    if study.received_in_periods is not None:
        named.append(EVERY_PERIOD)
    return [visit for visit in named if visit in there]


def _by_visit_and_arm(rows: pd.DataFrame) -> dict[tuple[str, str], Record]:
    """Return the first row of each visit and arm."""
    return {(record["visit"], record["arm"]): record for record in reversed(records(rows))}


def _level(rows: pd.DataFrame) -> str:
    levels = rows["conf_level"].dropna()
    return f"{100 * float(levels.iloc[0]):g}%" if len(levels) else "95%"
