"""Curves of the return to sport: the share who have reached a level over the days, with the numbers at risk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coxa.derive.return_to_sport import Returns
from coxa.figures.figure import Figure
from coxa.figures.theme import MOST_ARMS
from coxa.report.topics.analyses.kinds.event_curves import event_curves, numbers_at_risk, steps_over_days
from coxa.study import Study
from coxa.study.parts import readable
from coxa.tables.formats import number
from coxa.tables.table import identifier


def plot_returns(study: Study, returns: Returns, level: str) -> Figure:
    """Draw the share of each arm or group who have reached a level of return, or a higher one.

    Parameters
    ----------
    study
        The plan, for labels.
    returns
        From `coxa.derive.return_to_sport.derive_returns`.
    level
        One of its levels.

    Returns
    -------
    Figure
        Not shared, as its steps are the days of participants. Those who left or were followed for a shorter time count
        until then (Kaplan and Meier).
    """
    rows = returns.levels[returns.levels["level"] == level]
    planned = [float(study.visits[visit].day) for visit in study.post_visits]
    day = min(float(rows["time"].max()), max(planned, default=float("inf")))
    curves, risk = event_curves(study.groups, rows, day), numbers_at_risk(study.groups, rows, day)
    arms = list(dict.fromkeys(curves["arm_label"]))[:MOST_ARMS]
    label = readable(level)
    title_of_y, title_of_x = f"Share: {label.lower()}", f"Days since {study.words.start}"

    def draw(_: Sequence[str]) -> Any:
        return steps_over_days(curves, risk, arms, day, "share", title_of_y, title_of_x)

    said = ["Steps, rising from left to right: the share who have reached the level."]
    for name, mine in curves.groupby("arm_label", sort=False):
        counts = risk[risk["arm_label"] == name]
        at = ", ".join(f"{n} on day {at:g}" for n, at in zip(counts["n"], counts["day"], strict=True))
        said.append(f"{name}: {number(100 * float(mine['share'].iloc[-1]), 1)}% by the end; at risk {at}.")
    title = f"{label}: share who have reached this level or a higher one"
    return Figure(identifier("returns", level), title, draw, " ".join(said), curves, of_people=True, along=("day",))
