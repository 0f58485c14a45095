"""Comparisons beyond those at each visit: over the course, against a margin, of factors, and within subgroups."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from coxa.analyses.methods import method_of
from coxa.estimates import Estimates
from coxa.estimates.margins import is_shown
from coxa.estimates.table import subgroup_in
from coxa.report.topics.analyses.adjusted import MARK, adjusted_note, p_mark
from coxa.report.topics.analyses.results import INTERVAL, estimate_cell
from coxa.report.topics.analyses.sentences import factor_words
from coxa.report.topics.analyses.written import MARGINS, compared_heading, written
from coxa.sentences import mid_sentence
from coxa.simulate.truth import Truth
from coxa.study.comparative import PlannedAnalysis
from coxa.study.margin import margin_words
from coxa.study.parts import label_of
from coxa.study.tested import is_tested
from coxa.study.wording import side_label
from coxa.study.words import SIMULTANEOUS
from coxa.tables.formats import NONE, number, p_value
from coxa.tables.phrases import sentence_case
from coxa.tables.records import Record, records
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table, identifier

KINDS = {
    "difference_in_average": "Average over the visits",
    "difference_in_slope": "Slope over the visits, per week",
    "difference_in_auc": "Area under the course, per unit of its time",
    "noninferiority": "Non-inferiority",
    "superiority": "Superiority by a margin",
    "equivalence": "Equivalence",
    "main_effect": "Main effects of the factors",
    "simple_effect": "Effects of a factor without and with the other",
    "interaction": "Interaction of the factors",
}
"""Kind of row -> heading, in the order of the table."""

SUBGROUP_TERMS = ("subgroup_difference", "shrunken_difference", "difference_between_subgroups", "interaction_test")


def further_table(planned: PlannedAnalysis, estimates: Estimates) -> Table | None:
    """Return what the plan asks beyond the differences at each visit; None where it asks nothing more.

    Comparisons over the course have no visit; those against a margin have a one-sided p-value and limits at twice
    its level.
    """
    rows = planned.asked(estimates.frame, *KINDS, over_visits=True)
    if rows.empty:
        return None
    margins = rows["term"].isin(MARGINS).any()
    groups = tuple(
        RowGroup(heading, tuple(_row(planned, record, bool(margins)) for record in records(rows[rows["term"] == term])))
        for term, heading in KINDS.items()
        if (rows["term"] == term).any()
    )
    said = [*_margin_words(planned)] if margins else []
    said += [f"{heading}: {how}." for term, heading in KINDS.items() if (how := _how(rows, term))]
    shown = [Column("Shown", "left")] if margins else []
    columns = (Column("Visit", "left"), Column("Estimate (CI)"), Column("df"), Column("p"), *shown)
    notes = [Footnote(text) for text in (*said, "CI, confidence interval.")]
    if adjusted := adjusted_note(planned, rows):
        notes.append(Footnote(adjusted, MARK))
    return Table(
        identifier("further", planned.name), "Further comparisons", "Comparison", columns, groups, tuple(notes)
    )


def subgroup_table(planned: PlannedAnalysis, estimates: Estimates, truth: Truth | None = None) -> Table | None:
    """Return differences between arms in each subgroup, how these differ, and the interaction tests; None without.

    Of a simulated trial a note has the differences that were planted in the levels.
    """
    rows = _in_subgroups(planned, estimates)
    if rows.empty:
        return None
    groups = tuple(
        RowGroup(
            label_of(str(name), planned.study.covariates[str(name)]),
            tuple(_subgroup_row(planned, record) for record in records(part)),
        )
        for name, part in rows.groupby(rows["subgroup"].str.partition("=")[0], sort=False)
    )
    columns = (Column("Visit", "left"), Column(compared_heading([planned])), Column("df"), Column("p"))
    how = "One model of all levels of a subgroup."
    if method_of(planned.analysis).separate_subgroups:
        how = (
            "Each level of a subgroup compared by itself; differences between levels are those of these estimates, by "
            "their variances."
        )
    scale = planned.analysis.option("shrink_subgroups")
    shrunk = (
        ""
        if scale is None
        else (
            f" After shrinkage: posterior mean and limits, half-normal scale {scale:g} {planned.unit} between levels."
        )
    )
    notes = (
        Footnote(f"{how} The test of the interaction asks whether the levels differ.{shrunk}"),
        Footnote("CI, confidence interval. Limits and p-values are not adjusted for the number of subgroups."),
        *map(Footnote, _planted_in_levels(planned, truth)),
    )
    return Table(identifier("subgroups", planned.name), "Subgroups", "Comparison", columns, groups, notes)


def _planted_in_levels(planned: PlannedAnalysis, truth: Truth | None) -> Iterator[str]:
    """Yield the planted differences in the levels of each subgroup, of each comparison and visit."""
    study = planned.study
    for curve in truth.curves if truth is not None else ():
        asked = curve.modifier in planned.analysis.option("subgroups", ()) and curve.visit in planned.visits
        if curve.estimand == planned.estimand_name and curve.of_levels and asked:
            labels = study.covariates[curve.modifier].level_labels()
            each = zip(map(str, curve.values), curve.differences, strict=True)
            said = ", ".join(f"{labels[level]} {number(value, planned.decimals)}" for level, value in each)
            sides = f"{side_label(study, curve.arm)} minus {side_label(study, curve.reference)}"
            yield f"Planted in this simulated trial, {sides}, {study.label('visits', curve.visit)}: {said}."


def subgroup_forest_rows(planned: PlannedAnalysis, estimates: Estimates) -> pd.DataFrame:
    """Return the differences in each subgroup with a `label` each, for `plot_forest`."""
    rows = _in_subgroups(planned, estimates)
    rows = rows[rows["term"] == "subgroup_difference"]
    return rows.assign(label=[_subgroup_label(planned, record) for record in records(rows)]).drop(columns="subgroup")


def interaction_words(planned: PlannedAnalysis, estimates: Estimates) -> str:
    """Return "interaction of arm and sex at Week 12, p = 0.412" for each test of the subgroups, for a caption."""
    study, rows = planned.study, _in_subgroups(planned, estimates)
    said = []
    for record in records(rows[rows["term"] == "interaction_test"]):
        name = str(record["subgroup"]).partition("=")[0]
        visit = f" at {study.label('visits', record['visit'])}" if record["visit"] else " over all visits"
        p = p_value(float(record["p_value"]))
        label = mid_sentence(label_of(name, study.covariates[name]))
        said.append(
            f"interaction of {_tested_arm(planned, record)} and {label}{visit}, p {p if p[0] in '<>' else f'= {p}'}"
        )
    return "; ".join(said)


def _in_subgroups(planned: PlannedAnalysis, estimates: Estimates) -> pd.DataFrame:
    """Return the rows of subgroups at the visits that the estimand names, and the overall test."""
    frame = estimates.frame
    mine = frame[
        frame["term"].isin(SUBGROUP_TERMS)
        & frame["analysis"].str.startswith(f"{planned.name}[")
        & frame["visit"].isin([*planned.visits, ""])
    ]
    return mine.assign(subgroup=[subgroup_in(text) for text in mine["analysis"]])


def _how(rows: pd.DataFrame, term: str) -> str:
    """Return how a course was summed up, from the method of its rows."""
    words = {"difference_in_average": "weights over", "difference_in_slope": "slope", "difference_in_auc": "area"}
    parts = [part.strip() for method in rows.loc[rows["term"] == term, "method"] for part in str(method).split(";")]
    return next((part for part in reversed(parts) if term in words and words[term] in part), "")


def _margin_words(planned: PlannedAnalysis) -> Iterator[str]:
    margin = planned.analysis.option("margin")
    if margin is not None:
        source = f" ({margin.source})" if margin.source else ""
        method = planned.analysis.multiplicity
        adjusted = "both" if method in SIMULTANEOUS else "p-values" if method != "none" else "neither"
        yield (
            f"Margin {margin_words(planned)}{source}; one-sided p-values, limits at one less twice their level, "
            f"{adjusted} adjusted for multiplicity."
        )
        if is_tested(planned.study, planned.name):
            yield "Whether it is shown is decided with the hypotheses, by their share of the level and the looks."


def _row(planned: PlannedAnalysis, record: Record, margins: bool) -> Row:
    study, shown = planned.study, ""
    if record["term"] in MARGINS:
        decided = is_tested(study, planned.name)
        shown = NONE if decided else "yes" if is_shown(record) else "no"
    label = sentence_case(side_label(study, record["arm"]))
    if record["term"] == "main_effect":
        label = sentence_case(factor_words(record))
    elif record["reference"]:
        ratio = record["term"] in MARGINS and (planned.effect.is_ratio or planned.effect.of_wins)
        label += f" {'against' if ratio else 'minus'} {mid_sentence(side_label(study, record['reference']))}"
    last = (Cell(shown),) if margins else ()
    return Row(label, (*_cells(planned, record, p_mark(planned, record)), *last))


def _subgroup_row(planned: PlannedAnalysis, record: Record) -> Row:
    strong = record["term"] == "interaction_test"
    return Row(_subgroup_label(planned, record), _cells(planned, record), strong=strong)


def _cells(planned: PlannedAnalysis, record: Record, mark: str = "") -> tuple[Cell, ...]:
    study = planned.study
    decimals = planned.decimals + (record["term"] == "difference_in_slope")
    interval = estimate_cell("estimate_interval", record, *INTERVAL, decimals=decimals)
    if not planned.of_means:
        interval = written(planned, "estimate_interval", record)
    return (
        Cell(study.label("visits", record["visit"]) if record["visit"] else "all visits"),
        Cell(NONE) if record["term"] == "interaction_test" else interval,
        Cell(NONE) if pd.isna(record["df"]) else estimate_cell("df", record, "df"),
        Cell(NONE) if pd.isna(record["p_value"]) else estimate_cell("p_value", record, "p_value", mark=mark),
    )


def _tested_arm(planned: PlannedAnalysis, record: Record) -> str:
    """Return "arm", or which one where each of several arms has a test of its own."""
    study = planned.study
    if record["arm"] and len(planned.compare) > 1:
        return f"{study.words.arm} {side_label(study, record['arm'])}"
    return str(study.words.arm)


def _subgroup_label(planned: PlannedAnalysis, record: Record) -> str:
    """Return "Female: Exercise minus Usual care", "Male less Female: ...", or the test of the interaction."""
    study = planned.study
    name, _, level = str(record["subgroup"]).partition("=")
    if record["term"] == "interaction_test":
        test: str = "Wald test" if pd.isna(record["df"]) else "F test"
        arm = _tested_arm(planned, record)
        return f"Interaction of {arm} and {label_of(name, study.covariates[name]).lower()} ({test})"
    labels = study.covariates[name].level_labels()
    later, _, earlier = level.partition("-") if level not in labels else (level, "", "")
    less = "over" if planned.effect.is_ratio else "less"
    words = labels.get(later, later) + (f" {less} {labels.get(earlier, earlier)}" if earlier else "")
    words += ", after shrinkage" if record["term"] == "shrunken_difference" else ""
    joining = "against" if planned.effect.is_ratio or planned.effect.of_wins else "minus"
    return f"{words}: {side_label(study, record['arm'])} {joining} {side_label(study, record['reference'])}"
