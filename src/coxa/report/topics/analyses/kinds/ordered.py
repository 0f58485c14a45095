"""An ordered outcome: how many of each arm have each level, as observed and by the model, and whether odds agree."""

from __future__ import annotations

import pandas as pd

from coxa.figures.figure import Figure
from coxa.models import OrdinalFit
from coxa.models.results.run import ModelRun
from coxa.report.document import Block, FigureBlock, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.kinds.general import effects_table, forest_block, further
from coxa.report.topics.analyses.kinds.level_bars import level_bars
from coxa.report.topics.analyses.kinds.proportional_odds import proportional_odds_blocks
from coxa.report.topics.analyses.kinds.time import tests_table
from coxa.report.topics.analyses.results import INTERVAL, estimate_cell
from coxa.report.topics.analyses.written import DRAWN
from coxa.study.comparative import PlannedAnalysis
from coxa.tables.by_arm import share_cell
from coxa.tables.formats import NONE, cell
from coxa.tables.records import records
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Statistic, Table, identifier


def ordered_blocks(report: ReportRecord, planned: PlannedAnalysis) -> list[Block]:
    """Return every comparison, the levels of each arm as a table and as bars, and whether odds are proportional."""
    counts = level_counts(report, planned)
    blocks: list[Block] = [TableBlock(effects_table(report, planned)), *forest_block(report, planned)]
    blocks.append(TableBlock(levels_table(report, planned, counts)))
    if planned.analysis.role in DRAWN:
        blocks.append(FigureBlock(level_bars(planned, counts)))
    tests = planned.rows(report.estimates.frame, "joint_test")
    if len(tests):
        note = "All arms of the comparison together; no difference in mean score is the hypothesis."
        blocks.append(TableBlock(tests_table(planned, tests, "tests of mean scores", note)))
    return [*blocks, *proportional_odds_blocks(planned, models_of(report, planned)), *further(report, planned)]


def bars_of_levels(report: ReportRecord, planned: PlannedAnalysis) -> Figure:
    """Return the levels of each arm as bars."""
    return level_bars(planned, level_counts(report, planned))


def models_of(report: ReportRecord, planned: PlannedAnalysis) -> list[tuple[str, OrdinalFit]]:
    """Return the cumulative logit models of an analysis, each with its visit, or with none if it has all."""
    runs = [run for run in report.fits[planned.name] if isinstance(run, ModelRun)]
    return [
        (str(run.sample.visits[0]) if len(run.sample.visits) == 1 else "", run.model)
        for run in runs
        if isinstance(run.model, OrdinalFit)
    ]


def levels_of(planned: PlannedAnalysis) -> dict[int, str]:
    """Return code -> label of the levels, from the lowest to the highest."""
    return dict(getattr(planned.outcome, "levels", None) or {})


def level_counts(report: ReportRecord, planned: PlannedAnalysis) -> pd.DataFrame:
    """Return visit, arm, level, n, total and share: the analysed participants of each arm with each level."""
    rows = report.datasets[planned.estimand_name].analysed
    visit, arm = rows["visit"].astype(str), rows["arm"].astype(str)
    found = []
    for label in planned.visits:
        for name in planned.study.arm_order:
            if name not in planned.arms:
                continue
            values = rows.loc[(visit == label) & (arm == name), planned.response].astype(float)
            for level in levels_of(planned):
                n = int((values == level).sum())
                share = n / len(values) if len(values) else float("nan")
                found.append((label, name, level, n, len(values), share))
    return pd.DataFrame(found, columns=["visit", "arm", "level", "n", "total", "share"])


def levels_table(report: ReportRecord, planned: PlannedAnalysis, counts: pd.DataFrame) -> Table:
    """Return the participants of each arm with each level, n (%), and where there is a model its probabilities."""
    study, arms = planned.study, list(dict.fromkeys(counts["arm"]))
    frame = report.estimates.frame
    mine = frame[(frame["term"] == "level_share") & frame["analysis"].str.startswith(f"{planned.name}[level=")]
    columns = tuple(
        Column(head, spanner=study.label("arms", arm))
        for arm in arms
        for head in ("n (%)", *(["Model, % (CI)"] if len(mine) else []))
    )
    by_place = {(one["visit"], one["arm"], one["analysis"]): one for one in records(mine)}
    groups = []
    for visit in dict.fromkeys(counts["visit"]):
        here = {(one["arm"], one["level"]): one for one in records(counts[counts["visit"] == visit])}
        totals = {arm: float(one["total"]) for (arm, _), one in here.items()}
        rows = [_analysed(planned, totals, visit, modelled=bool(len(mine)))]
        for level, label in levels_of(planned).items():
            cells: list[Cell] = []
            for arm in arms:
                one = here[arm, level]
                cells.append(share_cell(one["n"], one["total"], _at(planned, visit, arm, f"level={level}")))
                if len(mine):
                    record = by_place.get((visit, arm, f"{planned.name}[level={level}]"))
                    cells.append(estimate_cell("points_interval", record, *INTERVAL) if record else Cell(NONE))
            rows.append(Row(label, tuple(cells)))
        groups.append(RowGroup(study.label("visits", visit), tuple(rows)))
    notes = ["Levels from the lowest to the highest, of the participants with a value."]
    if len(mine):
        notes.append("Model: probability averaged over all participants of the model, each put into every arm.")
    return Table(
        identifier("levels", planned.name),
        study.words.say(f"{planned.outcome_label}: levels by {{arm}}"),
        "Level",
        columns,
        tuple(groups),
        tuple(Footnote(text) for text in (*notes, "CI, confidence interval." if len(mine) else "") if text),
    )


def _at(planned: PlannedAnalysis, visit: str, arm: str, term: str) -> Statistic:
    return Statistic(estimand=planned.estimand_name, analysis=planned.name, term=term, visit=visit, arm=arm)


def _analysed(planned: PlannedAnalysis, totals: dict[str, float], visit: str, *, modelled: bool) -> Row:
    """Return the row of how many participants of each arm have a value."""
    cells: list[Cell] = []
    for arm, total in totals.items():
        cells.append(cell("count", {"n": total}, _at(planned, visit, arm, "with a value")))
        cells += [Cell(NONE)] if modelled else []
    return Row("Participants with a value", tuple(cells))
