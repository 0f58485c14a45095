"""Whether an odds ratio is the same above every level: the test, the odds ratios above each, and what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from coxa.errors import FitError
from coxa.estimates import Estimates, cumulative_odds_ratios
from coxa.models import OrdinalFit, proportional_odds_test
from coxa.models.design.columns import label_text
from coxa.models.ordinal.fit import fitted
from coxa.report.document import Block, Paragraph, TableBlock
from coxa.report.topics.analyses.results import INTERVAL, estimate_cell
from coxa.sentences import join_words
from coxa.study.comparative import PlannedAnalysis
from coxa.tables.formats import NONE, cell, p_value
from coxa.tables.prose import prose
from coxa.tables.records import records
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Statistic, Table, identifier

OF_CUTS = "Above each level: a logistic model of each cut with the same terms. CI, confidence interval."

TESTS = {"likelihood": "Likelihood ratio", "score": "Score test", "Brant": "Brant's test"}
"""How the name of a test begins -> what a note calls it."""

DOUBTED = 0.05
"""p-value of the test of proportional odds of the arm below which the report says that odds ratios differ."""


def proportional_odds_blocks(planned: PlannedAnalysis, models: list[tuple[str, OrdinalFit]]) -> list[Block]:
    """Return the tests at the visits that the estimand names, and what they say; nothing where the arm is not tested.

    models : (visit, model); the visit is empty where one model has all of them
    """
    named = [(visit, model) for visit, model in models if not visit or visit in planned.visits]
    tested = [(visit, model, tests_of(planned, model)) for visit, model in named if model.data.k > 1]
    tested = [(visit, model, found) for visit, model, found in tested if len(found) > 1]
    if not tested:
        return []
    groups = [_group(planned, visit, model, found) for visit, model, found in tested]
    cuts = any(row.level for group in groups for row in group.rows)
    notes = (
        f"{_test_words(tested)} of the model against one with an odds ratio of the term above each level. A large "
        "p-value does not show that odds are proportional.",
        *_infinite(tested),
        *([OF_CUTS] if cuts else []),
    )
    columns = (Column("Chi-squared"), Column("df"), Column("p"), *([Column("Odds ratio (CI)")] if cuts else []))
    table = Table(
        identifier("proportional-odds", planned.name),
        "Are the odds ratios the same above each level?",
        "Term",
        columns,
        tuple(replace(group, rows=tuple(_cut(row, len(columns)) for row in group.rows)) for group in groups),
        tuple(Footnote(text) for text in notes),
    )
    return [TableBlock(table), Paragraph(prose(Cell(_said(planned, tested))), found=True)]


def tests_of(planned: PlannedAnalysis, model: OrdinalFit) -> pd.DataFrame:
    """Return the tests that the plan asks for; with a random intercept, likelihood ratios."""
    asked: Any = planned.analysis.option("proportional_odds") or "score"
    return proportional_odds_test(model, test=asked if model.random is None else "likelihood_ratio")


def _test_words(tested: list[tuple[str, OrdinalFit, pd.DataFrame]]) -> str:
    used = str(tested[0][2]["test"].iloc[0])
    return next(word for start, word in TESTS.items() if used.startswith(start))


def _cut(row: Row, columns: int) -> Row:
    return replace(row, cells=row.cells[:columns])


def _group(planned: PlannedAnalysis, visit: str, model: OrdinalFit, found: pd.DataFrame) -> RowGroup:
    rows = [_tested(planned, visit, record) for record in records(found)]
    label = planned.study.label("visits", visit) if visit else "All visits"
    return RowGroup(label, (*rows, *_above(planned, visit, model)))


def _tested(planned: PlannedAnalysis, visit: str, record: dict[str, object]) -> Row:
    """Return the row of one test."""
    term = str(record["term"])
    at = Statistic(
        estimand=planned.estimand_name, analysis=planned.name, term=f"proportional odds: {term}", visit=visit
    )
    numbers = {name: float(str(record[name])) for name in ("statistic", "df", "p_value")}
    if np.isnan(numbers["statistic"]):
        return Row(_label(planned, term), (Cell(NONE), Cell(NONE), Cell(NONE), Cell(NONE)))
    return Row(
        _label(planned, term),
        (
            cell("number", {"n": numbers["statistic"]}, replace(at, name="chi_squared"), 2),
            replace(cell("count", {"n": numbers["df"]}, replace(at, name="df")), of_people=False),
            cell("p_value", {"p_value": numbers["p_value"]}, at),
            Cell(NONE),
        ),
    )


def _label(planned: PlannedAnalysis, term: str) -> str:
    study = planned.study
    if term == "all":
        return "All terms together"
    names = {"arm": study.words.arm.capitalize(), "visit": "Visit", "baseline": "Baseline"}
    words = [names.get(name) or study.variable_label(name) for name in term.split(":")]
    return join_words(words, "by")


def _above(planned: PlannedAnalysis, visit: str, model: OrdinalFit) -> list[Row]:
    """Return the odds ratio of each arm above each level, of a logistic model of each cut; of a model of one visit."""
    if model.random is not None or "arm" not in model.design.terms:
        return []
    levels = {str(code): label for code, label in dict(getattr(planned.outcome, "levels", None) or {}).items()}
    untested, rows = (Cell(NONE), Cell(NONE), Cell(NONE)), []
    for cut, level in enumerate(model.levels[:-1]):
        name = label_text(level)
        for record in records(_of_cut(planned, visit, model, cut, name)):
            several = f"{planned.study.label('arms', record['arm'])}: " if len(planned.compare) > 1 else ""
            shown = estimate_cell("estimate_interval", record, *INTERVAL, decimals=2)
            if np.isnan(record["estimate"]):
                shown = Cell("zero or infinite")
            shown = replace(shown, made_from=_behind(planned, visit, model, (record["arm"], record["reference"])))
            rows.append(Row(f"{several}above {levels.get(name, name)}", (*untested, shown), level=1))
    return rows


def _behind(planned: PlannedAnalysis, visit: str, model: OrdinalFit, arms: tuple[str, ...]) -> tuple[Statistic, ...]:
    """Return the counts of levels that the odds ratios of all cuts together give away, at their addresses."""
    at = Statistic(name="n", estimand=planned.estimand_name, analysis=planned.name, visit=visit)
    of_arm = model.design.frame["arm"].astype(str).to_numpy()
    return tuple(
        replace(at, arm=arm, term=f"level={label_text(level)}", value=float(((of_arm == arm) & (codes == code)).sum()))
        for codes in (model.data.codes,)
        for arm in arms
        for code, level in enumerate(model.levels)
    )


def _of_cut(planned: PlannedAnalysis, visit: str, model: OrdinalFit, cut: int, name: str) -> pd.DataFrame:
    """Return the odds ratios of the arms above a level; missing where they are zero or infinite."""
    above = (model.data.codes > cut).astype(int)
    data = replace(model.data, levels=(0, 1), codes=above, partial=())
    try:
        fit = fitted(replace(model.spec, levels=(0, 1), partial=()), data)
        found = cumulative_odds_ratios(fit, against=planned.against, conf_level=planned.analysis.conf_level).frame
    except FitError:
        unknown = {"term": "cumulative_odds_ratio", "reference": planned.against}
        found = Estimates.of({**unknown, "arm": arm} for arm in planned.compare).frame
    found = found[found["arm"].isin(planned.compare)]
    return found.assign(visit=visit, estimand=planned.estimand_name, analysis=f"{planned.name}[above={name}]")


def _infinite(tested: list[tuple[str, OrdinalFit, pd.DataFrame]]) -> list[str]:
    """Say that an odds ratio of the wider model is infinite, where it is."""
    notes = [str(note) for _, _, found in tested for note in found["note"]]
    said = []
    if any("its limit" in note for note in notes):
        said.append("Where an odds ratio above a level is infinite, the likelihood is its bound.")
    if any(note and "its limit" not in note for note in notes):
        said.append("A dash: the likelihood of the wider model has no maximum.")
    return said


def _said(planned: PlannedAnalysis, tested: list[tuple[str, OrdinalFit, pd.DataFrame]]) -> str:
    """Return what the test of the arm says, and what can be done about it."""
    arm = planned.study.words.arm
    ps = [float(found.loc[found["term"].str.split(":").str[0] == "arm", "p_value"].min()) for _, _, found in tested]
    known = [p for p in ps if p == p]
    if not known:
        return f"Proportional odds of the {arm} could not be tested."
    p, low = min(known), min(known) < DOUBTED
    shown = p_value(p)
    words = f"p {shown}" if shown[0] in "<>" else f"p = {shown}"
    if low:
        return (
            f"The odds ratio of the {arm} differs between levels ({words}), so that one number does not describe it. "
            "The probability of the better level does not need proportional odds: `model: mann_whitney`, or "
            "`partial: [arm]`, as a sensitivity analysis."
        )
    return (
        f"No sign that the odds ratio of the {arm} differs between levels ({words}); a trial of this size may miss it."
    )
