"""Events that come again: the mean number of events of a participant over time, with numbers at risk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from coxa.figures.figure import Figure
from coxa.figures.theme import MOST_ARMS
from coxa.models import mean_cumulative, rows_at_risk
from coxa.models.results.run import ModelRun
from coxa.models.survival.cox_fit import CoxFit
from coxa.report.document import Block, FigureBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.kinds.event_curves import drawn_over_days, numbers_at_risk
from coxa.study.comparative import PlannedAnalysis
from coxa.tables.formats import number
from coxa.tables.table import identifier


def recurrent_blocks(report: ReportRecord, planned: PlannedAnalysis) -> list[Block]:
    """Return the mean numbers of events over time of an analysis of the days of all events; nothing of others."""
    fits = report.fits.get(planned.name, ())
    if not any(isinstance(fit, ModelRun) and isinstance(fit.model, CoxFit) for fit in fits) or planned.kind != "count":
        return []
    visit = max(planned.visits, key=lambda name: planned.study.visits[name].day)
    rows = report.datasets[planned.estimand_name].analysed
    return [FigureBlock(plot_mean_events(planned, rows[rows["visit"] == visit], visit))]


def plot_mean_events(planned: PlannedAnalysis, rows: pd.DataFrame, visit: str) -> Figure:
    """Draw the mean number of events of a participant of each arm over the days until a visit.

    Parameters
    ----------
    planned
        The analysis: labels and the planned day of the visit.
    rows
        One row per participant: arm, `event_days`, `exposure`.
    visit
        Up to when.

    Returns
    -------
    Figure
        Not shared, as its steps are the days of participants.
    """
    day = float(planned.study.visits[visit].day)
    curves = mean_events(planned, rows, day)
    risk = numbers_at_risk(planned.study.groups, rows.assign(time=rows["exposure"]), day)
    arms = list(dict.fromkeys(curves["arm_label"]))[:MOST_ARMS]
    title_of_y = "Mean number of events"

    def draw(_: Sequence[str]) -> Any:
        return drawn_over_days(planned, curves, risk, arms, day, "mean", title_of_y)

    ends = curves.groupby("arm_label", sort=False)["mean"].last()
    until = f"until {planned.study.label('visits', visit)}"
    said = [
        f"Steps, rising from left to right: the mean number of events of a participant, by {planned.study.words.arm}."
    ]
    said += [f"{label}: {number(float(end), 2)} {until}." for label, end in ends.items()]
    title = f"{planned.outcome_label}: mean number of events of a participant {until}"
    return Figure(
        identifier("mean-events", planned.name), title, draw, " ".join(said), curves, of_people=True, along=("day",)
    )


def mean_events(planned: PlannedAnalysis, rows: pd.DataFrame, day: float) -> pd.DataFrame:
    """Return arm, arm_label, day and mean: a step for each day with an event, from day 0 to the last day observed."""
    parts = []
    for arm in planned.study.arm_order:
        mine = rows[rows["arm"] == arm]
        if mine.empty:
            continue
        days, means = [0.0], [0.0]
        at_risk = rows_at_risk(mine)
        if at_risk["event"].any():
            curve = mean_cumulative(
                at_risk["stop"], at_risk["event"], at_risk["participant_id"].astype(str), start=at_risk["start"]
            )
            days, means = [*days, *(curve.time - 1)], [*means, *curve.mean]
        last = min(float(mine["exposure"].max()), day)
        label = planned.study.label("arms", arm)
        steps = pd.DataFrame({"arm": arm, "arm_label": label, "day": [*days, last], "mean": [*means, means[-1]]})
        parts.append(steps)
    return pd.concat(parts, ignore_index=True)
