"""The analyses of one estimand side by side: what each relaxes, and whether they come to the same answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from coxa.analyses.methods import method_of
from coxa.estimates import Estimates
from coxa.report.topics.analyses.adjusted import MARK, families_words, p_mark
from coxa.report.topics.analyses.footnotes import warning_marks
from coxa.report.topics.analyses.results import comparison_label, estimate_cell
from coxa.report.topics.analyses.variances import warning_words
from coxa.report.topics.analyses.written import compared_heading, conclusion, written
from coxa.sentences import join_words, mid_sentence
from coxa.study.comparative import ComparativeStudy, PlannedAnalysis
from coxa.study.target_trial import adjusted_for
from coxa.study.wording import named_among
from coxa.tables.phrases import sentence_case
from coxa.tables.prose import Prose, prose
from coxa.tables.records import Record, records
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table, identifier

COUNTED = ("primary", "sensitivity")
"""Roles of analyses whose conclusions are held beside each other."""


def sensitivity_rows(first: PlannedAnalysis, estimates: Estimates) -> pd.DataFrame:
    """Return the planned comparisons of an estimand in all its analyses, then those of other estimands of its variable.

    Parameters
    ----------
    first
        An analysis of the estimand, usually the primary one.
    estimates
        Every number.

    Returns
    -------
    DataFrame
        Rows of estimates at the visits of the estimand, by visit and comparison in the order of the primary analysis.
    """
    found = [planned.rows(estimates.frame, first.effect.term) for planned in _analyses(first)]
    every = pd.concat(found)
    every = every[every["visit"].isin(first.visits)]
    keys = ["visit", "arm", "reference"]
    wanted = every.loc[every["estimand"].eq(first.estimand_name), keys].drop_duplicates()
    wanted = wanted.assign(_place=range(len(wanted)))
    return every.merge(wanted, on=keys).sort_values("_place", kind="stable", ignore_index=True).drop(columns="_place")


def sensitivity_table(first: PlannedAnalysis, estimates: Estimates) -> Table | None:
    """Return the analyses of an estimand with what each relaxes beside its estimate; None where there is only one.

    Parameters are those of `sensitivity_rows`.

    Returns
    -------
    Table
        A group of rows per comparison and visit, headed by the variable and its direction; the primary analysis first.
    """
    rows = sensitivity_rows(first, estimates)
    if rows["analysis"].nunique() < 2:
        return None
    marks = warning_marks(rows)
    groups: list[RowGroup] = []
    parts = [part for _, part in rows.groupby(["visit", "arm", "reference"], sort=False)]
    what, headings = _headings(first, parts)
    for part, heading in zip(parts, headings, strict=True):
        shown = tuple(_row(first, record, marks, again=bool(groups)) for record in records(part))
        groups.append(RowGroup(heading, shown))
    columns = (
        Column("Role", "left"),
        Column(compared_heading([first])),
        Column("p"),
        Column("n"),
        Column("Assumption changed", "left"),
    )
    return Table(
        identifier("sensitivity", first.estimand_name),
        "Sensitivity of the primary result",
        "Analysis",
        columns,
        tuple(groups),
        tuple(_notes(first.study, rows, marks)),
        subtitle=first.study.label("estimands", first.estimand_name) + what,
    )


def agreement_sentences(first: PlannedAnalysis, estimates: Estimates, most: int | None = None) -> list[Prose]:
    """Say, for each comparison, whether its analyses come to the same conclusion by their intervals.

    Counted are primary and sensitivity analyses; a supplementary or secondary one asks another question.

    Parameters
    ----------
    first
        An analysis of the estimand, usually the primary one.
    estimates
        Every number.
    most
        Of more comparisons than this those that agree alike are one sentence; None keeps a sentence for each.
    """
    rows = sensitivity_rows(first, estimates)
    counted = [name for name in rows["analysis"].unique() if first.study.analyses[name].role in COUNTED]
    rows = rows[rows["analysis"].isin(counted)]
    compared = [
        part for _, part in rows.groupby(["visit", "arm", "reference"], sort=False) if part["analysis"].nunique() > 1
    ]
    if most is None or len(compared) <= most:
        return [_agreement(first, part) for part in compared]
    alike: dict[tuple[str, str], list[str]] = {}
    apart: list[Prose] = []
    for part in compared:
        conclusions = {conclusion(first, record) for record in records(part)}
        if len(conclusions) > 1:
            apart.append(_agreement(first, part))
        else:
            label = first.study.label("arms", str(part["arm"].iloc[0]))
            at = f" {first.at(str(part['visit'].iloc[0]))}" if len(first.visits) > 1 else ""
            alike.setdefault((_which(first, part), conclusions.pop()), []).append(label + at)
    every = [label for labels in alike.values() for label in labels]
    arm = first.study.compared_words.arm
    agreed = [
        prose(f"{_named(labels, every if not apart else (), arm)}: {which} ", Cell(f"agree, {said}"), ".")
        for (which, said), labels in alike.items()
    ]
    return [*agreed, *apart]


def _named(labels: Sequence[str], every: Sequence[str], arm: str) -> str:
    return sentence_case(named_among(labels, every, arm)) if every else join_words(list(labels))


def _agreement(planned: PlannedAnalysis, rows: pd.DataFrame) -> Prose:
    study = planned.study
    said: dict[str, list[str]] = {}
    for record in records(rows):
        label = study.label("analyses", record["analysis"])
        said.setdefault(conclusion(planned, record), []).append(label)
    first = records(rows)[0]
    where = f"{comparison_label(study, first)} {planned.at(first['visit'])}"
    verdict = f"agree, {next(iter(said))}"
    if len(said) > 1:
        verdict = "do not agree: " + "; ".join(f"{what} by {join_words(labels)}" for what, labels in said.items())
    return prose(f"{where}: {_which(planned, rows)} ", Cell(verdict), "; estimates ", _span(planned, rows), ".")


def _which(planned: PlannedAnalysis, rows: pd.DataFrame) -> str:
    """Return how many analyses of each role are held against each other."""
    roles = [planned.study.analyses[name].role for name in rows["analysis"].unique()]
    counts = {role: roles.count(role) for role in COUNTED if role in roles}
    said = [role if n == 1 else f"{n} {role}" for role, n in counts.items()]
    return f"the {' and the '.join(said)} analys{'es' if list(counts.values())[-1] > 1 else 'is'}"


def _span(planned: PlannedAnalysis, rows: pd.DataFrame) -> Prose:
    """Return the smallest and the largest estimate, with the address of its analysis; one if shown alike."""
    order = records(rows.sort_values("estimate", kind="stable"))
    low, high = (written(planned, "estimate", order[at], "estimate") for at in (0, -1))
    unit = f" {planned.unit}" if planned.unit else ""
    if str(prose(low)) == str(prose(high)):
        return prose("of ", low, unit)
    return prose("from ", low, " to ", high, unit)


def _analyses(first: PlannedAnalysis) -> list[PlannedAnalysis]:
    """Return the analyses of an estimand, primary first, then those of other estimands with the same differences."""
    own = first.study.analyses_of(first.estimand_name)
    others = (planned for planned in first.study.planned_analyses if planned not in own)
    return [*own, *(other for other in others if any(_same_variable(other, one) for one in own))]


def _same_variable(one: PlannedAnalysis, other: PlannedAnalysis) -> bool:
    """Return whether two analyses compare the same variable at a common visit.

    A value and its change from baseline differ between arms by the same amount where both are adjusted for baseline.
    """
    if one.outcome_name != other.outcome_name or not set(one.visits) & set(other.visits):
        return False
    adjusted = all("baseline" in adjusted_for(planned) for planned in (one, other))
    return one.response == other.response or (adjusted and {one.response, other.response} == {"value", "change"})


def _headings(planned: PlannedAnalysis, parts: Sequence[pd.DataFrame]) -> tuple[str, list[str]]:
    """Return what is added to the subtitle, and the heading of each group, which has what differs between groups."""
    firsts = [records(part)[0] for part in parts]
    labels = [comparison_label(planned.study, one) for one in firsts]
    what = mid_sentence(planned.study.planned(firsts[0]["analysis"]).variable)
    at = [planned.at(one["visit"]) for one in firsts]
    if len(parts) == 1:
        return "", [f"{labels[0]}: {what} {at[0]} ({planned.direction})"]
    if len(set(at)) == 1:
        return f": {what} {at[0]} ({planned.direction})", labels
    return f": {what} ({planned.direction})", [f"{label} {when}" for label, when in zip(labels, at, strict=True)]


def _row(first: PlannedAnalysis, record: Record, marks: dict[str, str], *, again: bool) -> Row:
    """Return the row of one analysis; what it relaxes is said in the first group only."""
    planned = first.study.planned(record["analysis"])
    interval = written(first, "estimate_interval", record, mark=marks.get(record["warning"], ""))
    p = estimate_cell("p_value", record, "p_value", mark=p_mark(planned, record))
    n = estimate_cell("participants", record, "n_participants")
    cells = (Cell(planned.analysis.role), interval, p, n, Cell("as above" if again else _relaxes(first, planned)))
    return Row(planned.label, cells, strong=planned.is_primary)


def _relaxes(first: PlannedAnalysis, planned: PlannedAnalysis) -> str:
    plan = planned.analysis
    if plan.estimand != first.estimand_name:
        other = f"another estimand: {mid_sentence(first.study.label('estimands', plan.estimand))}"
        return f"{plan.relaxes} ({other})" if plan.relaxes else other
    if planned.is_primary:
        return "none (primary analysis)"
    return plan.relaxes or method_of(plan).assumption(planned) or "not stated in the plan"


def _notes(study: ComparativeStudy, rows: pd.DataFrame, marks: dict[str, str]) -> Iterator[Footnote]:
    percent = " Proportions differ in percentage points." if rows["term"].eq("risk_difference").any() else ""
    yield Footnote(
        "CI, confidence interval, at the level of each analysis. n, participants of the two "
        f"{study.compared_words.arms} in the analysis." + percent
    )
    others: dict[str, None] = dict.fromkeys(study.analyses[name].role for name in rows["analysis"].unique())
    if asked := [role for role in others if role not in COUNTED]:
        yield Footnote(
            f"Analyses that are {join_words(asked)} ask another question; they are not counted in the agreement of "
            "primary and sensitivity analyses."
        )
    parts = ((study.planned(str(name)), part) for name, part in rows.groupby("analysis", sort=False))
    if families := families_words(parts):
        yield Footnote(families, MARK)
    yield from (Footnote(warning_words(study, text), mark) for text, mark in marks.items())
