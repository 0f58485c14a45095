"""Shares with an event over time, arm by arm, with the numbers at risk under the axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from coxa.figures.figure import Figure
from coxa.figures.row_labels import row_labels
from coxa.figures.theme import INK, MOST_ARMS, TEXT_SIZE, WIDTH, arm_scales, options, themed
from coxa.models import aalen_johansen
from coxa.sentences import mid_sentence
from coxa.study.comparative import PlannedAnalysis
from coxa.study.events import EventOutcome
from coxa.tables.formats import number

HEIGHT = 280
LINE = 20
"""Height of a line of numbers at risk."""

EVENT, COMPETING = 1, 2
TICKS = 4
"""Times at which numbers at risk are given, after day 0."""

CALENDAR = (365, 182, 91, 30, 28, 14, 7)
"""Days of a year, half a year, a quarter, a month and weeks: times are these apart where they divide the whole."""

FEWEST_SPANS = 3


def plot_event_curves(
    planned: PlannedAnalysis, rows: pd.DataFrame, visit: str, *, figure_id: str, title: str
) -> Figure:
    """Draw the share of each arm with the event over the days until a visit.

    Parameters
    ----------
    planned
        The analysis: labels and the planned day of the visit.
    rows
        One row per participant: arm, time and status (1 event, 2 an event that prevents it).
    visit
        Up to when.
    figure_id, title
        Identifier and caption.

    Returns
    -------
    Figure
        Not shared, as its steps are the days of participants.
    """
    day = float(planned.study.visits[visit].day)
    curves = event_curves(planned.study.groups, rows, day)
    risk = numbers_at_risk(planned.study.groups, rows, day)
    arms = list(dict.fromkeys(curves["arm_label"]))
    drawn = arms[:MOST_ARMS]
    if len(arms) > MOST_ARMS:
        title += f" (the first {MOST_ARMS} arms)"
    title_of_y = f"Share with {mid_sentence(planned.outcome_label)}"

    def draw(_: Sequence[str]) -> Any:
        return drawn_over_days(planned, curves, risk, drawn, day, "share", title_of_y)

    words = _words(planned, rows, curves, risk, visit)
    return Figure(figure_id, title, draw, words, curves, of_people=True, along=("day",))


def event_curves(groups: Mapping[str, str], rows: pd.DataFrame, day: float) -> pd.DataFrame:
    """Return arm, arm_label, day and share: a step for each day with an event, from day 0 to the last day followed.

    Parameters
    ----------
    groups
        Name -> label of the arms or groups.
    rows
        One row per participant: arm, time, and status (1 event, 2 an event that prevents it).
    day
        Last day that is drawn.
    """
    parts = []
    for arm, label in groups.items():
        mine = rows[rows["arm"] == arm]
        if mine.empty:
            continue
        last = min(float(mine["time"].max()), day)
        days, shares = np.array([0.0]), np.array([0.0])
        if mine["status"].eq(EVENT).any():
            curve = aalen_johansen(mine["time"], mine["status"].astype(int))
            column = curve.causes.index(EVENT)
            steps = curve.events[:, column] > 0
            days, shares = np.append(0.0, curve.time[steps]), np.append(0.0, curve.incidence[steps, column])
        days, shares = np.append(days, last), np.append(shares, shares[-1])
        parts.append(pd.DataFrame({"arm": arm, "arm_label": label, "day": days, "share": shares}))
    return pd.concat(parts, ignore_index=True)


def days_asked(day: float) -> np.ndarray:
    """Return the days of numbers at risk, up to the last: whole quarters, months or weeks where these divide it.

    Examples
    --------
    >>> [days_asked(day).tolist() for day in (273.0, 84.0, 200.0)]
    [[0.0, 91.0, 182.0, 273.0], [0.0, 28.0, 56.0, 84.0], [0.0, 50.0, 100.0, 150.0, 200.0]]
    """
    for step in CALENDAR:
        if day % step == 0 and FEWEST_SPANS <= day / step <= TICKS + 1:
            return np.arange(0.0, day + 1, step)
    return np.unique(np.round(np.linspace(0, day, TICKS + 1)))


def numbers_at_risk(groups: Mapping[str, str], rows: pd.DataFrame, day: float) -> pd.DataFrame:
    """Return arm, arm_label, day and n at risk on a few days: without an event, and still observed."""
    asked = days_asked(day)
    parts = [
        pd.DataFrame(
            {
                "arm": arm,
                "arm_label": label,
                "day": asked,
                "n": [int((rows.loc[rows["arm"] == arm, "time"] >= each).sum()) for each in asked],
            }
        )
        for arm, label in groups.items()
        if (rows["arm"] == arm).any()
    ]
    return pd.concat(parts, ignore_index=True)


def drawn_over_days(
    planned: PlannedAnalysis,
    curves: pd.DataFrame,
    risk: pd.DataFrame,
    arms: list[str],
    day: float,
    field: str,
    title_of_y: str,
) -> Any:
    """Return the chart of steps over days of some arms, with their numbers at risk below.

    Parameters
    ----------
    planned
        The analysis, for what day 0 is.
    curves
        Rows with `arm_label`, `day` and the field that is drawn.
    risk
        As `numbers_at_risk` gives.
    arms
        Labels, in order.
    day
        Last day of the axis.
    field
        "share", drawn as a percentage, or another.
    title_of_y
        Of the vertical axis.
    """
    after = planned.outcome.after if isinstance(planned.outcome, EventOutcome) else None
    since = mid_sentence(planned.study.label("outcomes", after)) if after else planned.study.words.start
    return steps_over_days(curves, risk, arms, day, field, title_of_y, f"Days since {since}")


def steps_over_days(
    curves: pd.DataFrame, risk: pd.DataFrame, arms: list[str], day: float, field: str, title_of_y: str, title_of_x: str
) -> Any:
    """Return the chart of steps over days with numbers at risk below; see `drawn_over_days`."""
    import altair as alt

    ticks = options(values=sorted(set(risk["day"])))
    x = alt.X("day:Q", title=title_of_x, scale=options(domain=[0, day], nice=False), axis=ticks)
    lines = _lines(curves[curves["arm_label"].isin(arms)], arms, x, field, title_of_y)
    below = _at_risk(risk[risk["arm_label"].isin(arms)], arms, day)
    return themed(alt.vconcat(lines, below, spacing=6).resolve_scale(x="independent"))


def _lines(curves: pd.DataFrame, arms: list[str], x: Any, field: str, title: str) -> Any:
    import altair as alt

    scales = arm_scales(arms)
    legend = options(symbolType="stroke", symbolStrokeWidth=2, symbolSize=500)
    colour = alt.Color("arm_label:N", scale=options(domain=scales.domain, range=scales.colours), legend=legend)
    dash = alt.StrokeDash("arm_label:N", scale=options(domain=scales.domain, range=scales.dashes), legend=legend)
    is_share, top = field == "share", 1.05 * max(0.1, float(curves[field].max()))
    axis = options(format="%") if is_share else options(tickCount=5)
    y = alt.Y(f"{field}:Q", title=title, scale=options(domain=[0, min(1.0, top) if is_share else top]), axis=axis)
    lines = alt.Chart(curves, width=WIDTH, height=HEIGHT).mark_line(strokeWidth=2, interpolate="step-after", clip=True)
    return lines.encode(x=x, y=y, color=colour, strokeDash=dash)


def _at_risk(risk: pd.DataFrame, arms: list[str], day: float) -> Any:
    """Return a row of numbers for each arm, under the days that they are of."""
    import altair as alt

    heading = options(title="At risk", titleAngle=0, titleX=-14, titleY=-8)
    named = row_labels(arms, LINE)
    axis = options(
        domain=False, ticks=False, grid=False, labelLimit=200, labelPadding=18, labelExpr=named.expression, **heading
    )
    x = alt.X("day:Q", title=None, axis=None, scale=options(domain=[0, day], nice=False))
    base = alt.Chart(risk, width=WIDTH, height=named.row * len(arms))
    text = base.mark_text(fontSize=TEXT_SIZE - 1, color=INK, clip=False)
    return text.encode(x=x, y=alt.Y("arm_label:N", sort=arms, axis=axis), text=alt.Text("n:Q"))


def _words(planned: PlannedAnalysis, rows: pd.DataFrame, curves: pd.DataFrame, risk: pd.DataFrame, visit: str) -> str:
    """Say the share of each arm at the end, the numbers at risk, and what prevents the event."""
    said = [f"Steps, rising from left to right: the share of each {planned.study.words.arm} with the event."]
    for label, mine in curves.groupby("arm_label", sort=False):
        counts = risk[risk["arm_label"] == label]
        at = ", ".join(f"{n} on day {day:g}" for n, day in zip(counts["n"], counts["day"], strict=True))
        end = number(100 * float(mine["share"].iloc[-1]), 1)
        said.append(f"{label}: {end}% until {planned.study.label('visits', visit)}; at risk {at}.")
    if rows["status"].eq(COMPETING).any():
        n = int(rows["status"].eq(COMPETING).sum())
        said.append(f"{n} participants had an event that prevents this one; shares are cumulative incidences.")
    return " ".join(said)
