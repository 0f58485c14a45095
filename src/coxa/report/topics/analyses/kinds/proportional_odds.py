"""Whether an odds ratio is the same above every level: the test, the odds ratios above each, and what to do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from coxa.errors import FitError
from coxa.estimates import cumulative_odds_ratios
from coxa.models import OrdinalFit, proportional_odds_test
from coxa.models.ordinal.fit import fitted
from coxa.report.document import Block, Paragraph, TableBlock
from coxa.report.topics.analyses.results import INTERVAL, estimate_cell
from coxa.study.comparative import PlannedAnalysis
from coxa.study.wording import join_words
from coxa.tables.formats import NONE, cell, p_value
from coxa.tables.prose import prose
from coxa.tables.records import records
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Statistic, Table, identifier

DOUBTED = 0.05
"""p-value of the test of proportional odds of the arm below which the report says that odds ratios differ."""


def proportional_odds_blocks(planned: PlannedAnalysis, models: list[tuple[str, OrdinalFit]]) -> list[Block]:
    """Return the tests at the visits that the estimand names, and what they say; nothing where the arm is not tested.

    models : (visit, model); the visit is empty where one model has all of them
    """
    named = [(visit, model) for visit, model in models if not visit or visit in planned.visits]
    tested = [(visit, model, proportional_odds_test(model)) for visit, model in named if model.data.k > 1]
    tested = [(visit, model, found) for visit, model, found in tested if len(found) > 1]
    if not tested:
        return []
    groups = tuple(_group(planned, visit, model, found) for visit, model, found in tested)
    notes = (
        "Likelihood ratio of the model against one with an odds ratio of the term above each level. A large p-value "
        "does not show that odds are proportional.",
        *_infinite(tested),
        "The odds ratios above each level are of a model in which those of the arms differ. CI, confidence interval.",
    )
    table = Table(
        identifier("proportional-odds", planned.name),
        "Are the odds ratios the same above each level?",
        "Term",
        (Column("Chi-squared"), Column("df"), Column("p"), Column("Odds ratio (CI)")),
        groups,
        tuple(Footnote(text) for text in notes),
    )
    return [TableBlock(table), Paragraph(prose(Cell(_said(planned, tested))), found=True)]


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
            cell("df", {"df": numbers["df"]}, at),
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
    """Return the odds ratio of each arm above each level, where a model with these has a maximum."""
    terms = {"arm"} & set(model.design.terms)
    if not terms or "arm:visit" in model.design.terms or set(model.design.terms["arm"]) <= set(model.data.partial):
        return []
    try:
        wider = fitted(replace(model.spec, partial=("arm",)), model.data.with_partial(model.design.terms["arm"]))
    except FitError:
        return []
    found = cumulative_odds_ratios(wider, against=planned.against, conf_level=planned.analysis.conf_level).frame
    found = found[found["arm"].isin(planned.compare)].assign(
        visit=visit, estimand=planned.estimand_name, analysis=[f"{planned.name}[{text}]" for text in found["analysis"]]
    )
    levels = {str(code): label for code, label in dict(getattr(planned.outcome, "levels", None) or {}).items()}
    rows = []
    for record in records(found):
        level = str(record["analysis"]).partition("above=")[2].rstrip("]")
        several = f"{planned.study.label('arms', record['arm'])}: " if len(planned.compare) > 1 else ""
        shown = estimate_cell("estimate_interval", record, *INTERVAL, decimals=2)
        rows.append(
            Row(f"{several}above {levels.get(level, level)}", (Cell(NONE), Cell(NONE), Cell(NONE), shown), level=1)
        )
    return rows


def _infinite(tested: list[tuple[str, OrdinalFit, pd.DataFrame]]) -> list[str]:
    """Say that an odds ratio of the wider model is infinite, where it is."""
    notes = [note for _, _, found in tested for note in found["note"] if "infinite" in str(note)]
    return ["Where an odds ratio above a level is infinite, its likelihood is the bound."] if notes else []


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
