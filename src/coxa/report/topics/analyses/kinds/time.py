"""A time to an event: shares with the event over time with numbers at risk, and whether hazards are proportional."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from coxa.figures.figure import Figure
from coxa.models import proportional_hazards_test
from coxa.models.results.run import ModelRun
from coxa.models.survival.cox_fit import CoxFit
from coxa.report.document import Block, FigureBlock, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.kinds.event_curves import plot_event_curves
from coxa.report.topics.analyses.kinds.general import general_blocks
from coxa.report.topics.analyses.kinds.hazards_in_time import in_time_table
from coxa.study.comparative import PlannedAnalysis
from coxa.study.target_trial import emulated
from coxa.tables.cells import Cell, Statistic
from coxa.tables.formats import cell
from coxa.tables.records import records
from coxa.tables.table import Column, Footnote, Row, RowGroup, Table, identifier

LEVEL = 0.05
"""P-value of proportional hazards below which the table says what to do."""

TOLD = (
    "Hazards that are not proportional make one hazard ratio an average over time that depends on how long "
    "participants were followed. Read it with the curves. What a plan can name instead: differences of restricted mean "
    "times or of shares at a visit (`model: kaplan_meier`), hazard ratios in parts of follow-up (`split_at`), or a "
    "covariate under `strata`."
)
"""What to do where hazards are not proportional, in the words of a plan."""


def time_blocks(report: ReportRecord, planned: PlannedAnalysis) -> list[Block]:
    """Return curves with numbers at risk, every number, the forest, and the checks of an analysis of times.

    Curves are drawn once of several analyses of one event up to one visit; those of the main analysis are on page one.
    """
    study = planned.study
    drawn = next(one for one in (study.main_analysis, *study.planned_analyses) if drawn_alike(one, planned))
    curves = [FigureBlock(event_curves(report, planned))] if drawn is planned else []
    blocks: list[Block] = [*curves, *general_blocks(report, planned)]
    tests = planned.rows(report.estimates.frame, "joint_test")
    if len(tests) and not emulated(planned):
        blocks.append(TableBlock(curve_tests(planned, tests)))
    if in_time := in_time_table(report, planned):
        blocks.append(TableBlock(in_time))
    if proportional := proportional_table(report, planned):
        blocks.append(TableBlock(proportional))
    return blocks


def drawn_alike(one: PlannedAnalysis, other: PlannedAnalysis) -> bool:
    """Return whether two analyses of times have the same curves."""
    return all(
        getattr(one, name) == getattr(other, name) for name in ("outcome_name", "response", "visits", "arms")
    ) and (one.estimand.population, one.estimand.intercurrent_events) == (
        other.estimand.population,
        other.estimand.intercurrent_events,
    )


def event_curves(report: ReportRecord, planned: PlannedAnalysis) -> Figure:
    """Return the shares with the event over time, with numbers at risk, up to the last visit of the estimand."""
    visit = max(planned.visits, key=lambda name: planned.study.visits[name].day)
    rows = report.datasets[planned.estimand_name].analysed
    return plot_event_curves(
        planned,
        rows[rows["visit"] == visit],
        visit,
        figure_id=identifier("curves", planned.name),
        title=f"{planned.outcome_label}: share of each {planned.study.words.arm} with the event until "
        f"{planned.study.label('visits', visit)}",
    )


def curve_tests(planned: PlannedAnalysis, tests: pd.DataFrame) -> Table:
    """Return the tests of the curves as a whole."""
    note = "All arms of the comparison together, over the whole time until the visit."
    return tests_table(planned, tests, "tests of the curves", note)


def tests_table(planned: PlannedAnalysis, tests: pd.DataFrame, what: str, note: str) -> Table:
    """Return chi-square tests of an analysis, one row each, under a title."""
    rows = [
        Row(
            f"{planned.study.label('visits', record['visit'])}: {str(record['method']).partition(', chi-square')[0]}",
            (
                _number(planned, "estimate", "estimate", record["statistic"], record["visit"], "statistic"),
                Cell(f"{record['df']:.0f}"),
                _number(planned, "p_value", "p_value", record["p_value"], record["visit"], "statistic"),
            ),
        )
        for record in records(tests)
    ]
    columns = (Column("Chi-square"), Column("df"), Column("p"))
    title = f"{planned.outcome_label}: {what}"
    notes = (Footnote(note),)
    return Table(identifier("tests", planned.name), title, "Test", columns, (RowGroup("", tuple(rows)),), notes)


def proportional_table(report: ReportRecord, planned: PlannedAnalysis) -> Table | None:
    """Return the tests of proportional hazards of the models of Cox; None where there are none."""
    groups, low = [], False
    for run in report.fits.get(planned.name, ()):
        fit = getattr(run, "model", None)
        if not isinstance(fit, CoxFit) or not isinstance(run, ModelRun) or not tests_hazards(fit):
            continue
        visit = str(run.sample.visits[0])
        frame = proportional_hazards_test(fit).frame
        low = low or bool((frame["p_value"] < LEVEL).any())
        label = f"{planned.study.label('visits', visit)}: {run.method.partition(';')[0]}"
        groups.append(RowGroup(label, tuple(_proportional_rows(planned, frame, visit))))
    if not groups:
        return None
    columns = (Column("Chi-square"), Column("df"), Column("p"))
    notes = [
        Footnote(
            "Score test of Grambsch and Therneau with full information; time is one less the Kaplan-Meier estimate. "
            "A large p-value is no proof that hazards are proportional."
        )
    ]
    if low:
        notes.append(Footnote(TOLD))
    title = f"{planned.outcome_label}: are hazards proportional?"
    return Table(identifier("proportional", planned.name), title, "Term", columns, tuple(groups), tuple(notes))


def tests_hazards(fit: CoxFit) -> bool:
    """Return whether a model is one of Cox whose hazards are tested: not of rows that stay at risk with a weight."""
    return fit.spec is not None and fit.spec.function == "fit_cox"


def _proportional_rows(planned: PlannedAnalysis, frame: pd.DataFrame, visit: str) -> Iterator[Row]:
    for record in records(frame):
        term = str(record["term"])
        label = "All terms" if term == "GLOBAL" else _label(planned, term)
        at = f"proportional hazards of {term}"
        yield Row(
            label,
            (
                _number(planned, "estimate", "estimate", record["statistic"], visit, at),
                Cell(f"{record['df']:.0f}"),
                _number(planned, "p_value", "p_value", record["p_value"], visit, at),
            ),
            strong=term == "GLOBAL",
        )


def _label(planned: PlannedAnalysis, term: str) -> str:
    """Return what a term is called in a table."""
    if term == "arm":
        return planned.study.words.arm.capitalize()
    return planned.study.label("covariates", term) if term in planned.study.covariates else term


def _number(planned: PlannedAnalysis, rule: str, name: str, value: float, visit: str, term: str) -> Cell:
    """Return a number of a check, with its address."""
    at = Statistic(estimand=planned.estimand_name, analysis=planned.name, visit=visit, term=term)
    return replace(cell(rule, {name: float(value)}, at, decimals=2), of_people=False)
