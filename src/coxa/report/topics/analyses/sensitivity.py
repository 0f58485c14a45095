"""The analyses of one estimand side by side: what each relaxes, and whether they come to the same answer."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from coxa.estimates import Estimates
from coxa.report.topics.analyses.adjusted import MARK, family_words, is_adjusted, p_mark
from coxa.report.topics.analyses.footnotes import warning_marks
from coxa.report.topics.analyses.results import INTERVAL, comparison_label, estimate_cell, variable_words
from coxa.report.topics.analyses.variances import warning_words
from coxa.study import Study
from coxa.study.design_words import words_of
from coxa.study.scales import OutcomeScale, outcome_scale
from coxa.study.wording import join_words
from coxa.tables.phrases import mid_sentence, sentence_case
from coxa.tables.prose import Prose, prose
from coxa.tables.records import Record, records
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table, identifier

DIFFERENCES = ("difference", "risk_difference")
COUNTED = ("primary", "sensitivity")
"""Roles of analyses whose conclusions are held beside each other."""


def sensitivity_rows(study: Study, estimates: Estimates, estimand: str) -> pd.DataFrame:
    """Return the planned comparisons of an estimand in all its analyses, then those of other estimands of its variable.

    Returns
    -------
    DataFrame
        Rows of estimates at the visits of the estimand, by visit and comparison in the order of the primary analysis.
    """
    endpoint = study.estimands[estimand].endpoint
    frame = estimates.frame
    at = frame["term"].isin(DIFFERENCES) & frame["visit"].isin(endpoint.visit)
    found = [frame[at & frame["analysis"].eq(name)] for name in _analyses(study, estimand)]
    every = pd.concat(found) if found else frame[:0]
    keys = ["visit", "arm", "reference"]
    wanted = every.loc[every["estimand"].eq(estimand), keys].drop_duplicates()
    wanted = wanted.assign(_place=range(len(wanted)))
    return every.merge(wanted, on=keys).sort_values("_place", kind="stable", ignore_index=True).drop(columns="_place")


def sensitivity_table(study: Study, estimates: Estimates, estimand: str) -> Table | None:
    """Return the analyses of an estimand with what each relaxes beside its estimate; None where there is only one.

    Returns
    -------
    Table
        A group of rows per comparison and visit, headed by the variable and its direction; the primary analysis first.
    """
    rows = sensitivity_rows(study, estimates, estimand)
    if rows["analysis"].nunique() < 2:
        return None
    marks = warning_marks(rows)
    groups: list[RowGroup] = []
    for _, part in rows.groupby(["visit", "arm", "reference"], sort=False):
        shown = tuple(_row(study, estimand, record, marks, again=bool(groups)) for record in records(part))
        groups.append(RowGroup(_comparison_heading(study, estimand, part), shown))
    columns = (
        Column("Role", "left"),
        Column("Difference (CI)"),
        Column("p"),
        Column("n"),
        Column("What it relaxes", "left"),
    )
    return Table(
        identifier("sensitivity", estimand),
        "Sensitivity of the primary result",
        "Analysis",
        columns,
        tuple(groups),
        tuple(_notes(study, rows, marks)),
        subtitle=study.label("estimands", estimand),
    )


def agreement_sentences(study: Study, estimates: Estimates, estimand: str) -> list[Prose]:
    """Say, for each comparison, whether its analyses come to the same conclusion by their intervals.

    Counted are primary and sensitivity analyses; a supplementary or secondary one asks another question.
    """
    rows = sensitivity_rows(study, estimates, estimand)
    counted = [name for name in rows["analysis"].unique() if study.analyses[name].role in COUNTED]
    rows = rows[rows["analysis"].isin(counted)]
    return [
        _agreement(study, estimand, part)
        for _, part in rows.groupby(["visit", "arm", "reference"], sort=False)
        if part["analysis"].nunique() > 1
    ]


def conclusion(study: Study, record: Record, scale: OutcomeScale) -> str:
    """Return what an interval says: in whose favour it is, or that it includes no difference."""
    if not (record["conf_low"] > 0 or record["conf_high"] < 0):
        return "the interval includes no difference"
    good = record["term"] == "risk_difference" or scale.higher_is_better
    side = "arm" if (record["estimate"] > 0) == good else "reference"
    return f"{words_of(study).favour} {study.label('arms', record[side])}"


def _agreement(study: Study, estimand: str, rows: pd.DataFrame) -> Prose:
    scale = _scale(study, estimand)
    said: dict[str, list[str]] = {}
    for record in records(rows):
        label = study.label("analyses", record["analysis"])
        said.setdefault(conclusion(study, record, scale), []).append(label)
    first = records(rows)[0]
    where = f"{comparison_label(study, first)} at {study.label('visits', first['visit'])}"
    verdict = f" agree, {next(iter(said))}"
    if len(said) > 1:
        verdict = " do not agree: " + "; ".join(f"{what} by {join_words(labels)}" for what, labels in said.items())
    n = rows["analysis"].nunique()
    return prose(
        f"{where}: the {n} primary and sensitivity analyses", Cell(verdict), "; estimates ", _span(rows, scale), "."
    )


def _span(rows: pd.DataFrame, scale: OutcomeScale) -> Prose:
    """Return the smallest and the largest estimate, each with the address of its analysis."""
    risks = rows["term"].iloc[0] == "risk_difference"
    rule, unit = ("points", "percentage points") if risks else ("estimate", scale.unit)
    order = records(rows.sort_values("estimate", kind="stable"))
    low, high = (estimate_cell(rule, order[at], "estimate", decimals=scale.decimals) for at in (0, -1))
    return prose("from ", low, " to ", high, f" {unit}")


def _analyses(study: Study, estimand: str) -> list[str]:
    """Return the analyses of an estimand, primary first, then those of other estimands with the same differences."""
    own = [name for name, plan in study.analyses.items() if plan.estimand == estimand]
    own.sort(key=lambda name: study.analyses[name].role != "primary")
    others = [name for name, plan in study.analyses.items() if plan.estimand != estimand]
    return [*own, *(name for name in others if any(_same_variable(study, name, mine) for mine in own))]


def _same_variable(study: Study, one: str, other: str) -> bool:
    """Say whether two analyses compare the same variable at a common visit.

    A value and its change from baseline differ between arms by the same amount where both are adjusted for baseline.
    """
    plans = [study.analyses[name] for name in (one, other)]
    first, second = (study.estimands[plan.estimand].endpoint for plan in plans)
    if first.outcome != second.outcome or not set(first.visit) & set(second.visit):
        return False
    adjusted = all("baseline" in plan.adjusted_for() for plan in plans)
    return first.measure == second.measure or (adjusted and {first.measure, second.measure} == {"value", "change"})


def _comparison_heading(study: Study, estimand: str, rows: pd.DataFrame) -> str:
    first = records(rows)[0]
    direction = "more is better" if first["term"] == "risk_difference" else _scale(study, estimand).direction
    what = sentence_case(variable_words(study, first["analysis"]))
    visit = study.label("visits", first["visit"])
    return f"{comparison_label(study, first)}: {mid_sentence(what)} at {visit} ({direction})"


def _row(study: Study, estimand: str, record: Record, marks: dict[str, str], *, again: bool) -> Row:
    """Return the row of one analysis; what it relaxes is said in the first group only."""
    plan = study.analyses[record["analysis"]]
    rule = "points_interval" if record["term"] == "risk_difference" else "estimate_interval"
    decimals = _scale(study, estimand).decimals
    interval = estimate_cell(rule, record, *INTERVAL, decimals=decimals, mark=marks.get(record["warning"], ""))
    p = estimate_cell("p_value", record, "p_value", mark=p_mark(study, record))
    n = estimate_cell("participants", record, "n_participants")
    cells = (Cell(plan.role), interval, p, n, Cell("as above" if again else _relaxes(study, estimand, record)))
    return Row(study.label("analyses", record["analysis"]), cells, strong=plan.role == "primary")


def _relaxes(study: Study, estimand: str, record: Record) -> str:
    plan = study.analyses[record["analysis"]]
    if plan.estimand != estimand:
        other = f"another estimand: {mid_sentence(study.label('estimands', plan.estimand))}"
        return f"{plan.relaxes} ({other})" if plan.relaxes else other
    if plan.role == "primary":
        return "nothing: the primary analysis"
    return plan.relaxes or "not stated in the plan"


def _notes(study: Study, rows: pd.DataFrame, marks: dict[str, str]) -> Iterator[Footnote]:
    percent = " Proportions differ in percentage points." if (rows["term"] == "risk_difference").any() else ""
    yield Footnote(
        "CI, confidence interval, at the level of each analysis. n, participants of the two "
        f"{words_of(study).arms} in the analysis." + percent
    )
    for name, part in rows.groupby("analysis", sort=False):
        if any(is_adjusted(study, record) for record in records(part)):
            words = family_words(study, str(name), part)
            yield Footnote(f"P-value adjusted for multiplicity. {study.label('analyses', str(name))}: {words}.", MARK)
    yield from (Footnote(warning_words(study, text), mark) for text, mark in marks.items())


def _scale(study: Study, estimand: str) -> OutcomeScale:
    return outcome_scale(study.outcomes[study.estimands[estimand].endpoint.outcome])
