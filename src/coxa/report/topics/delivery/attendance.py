"""Attendance: how many participants came to at least so many of their planned sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from coxa.derive.delivery import Delivered
from coxa.figures.figure import Figure
from coxa.figures.panels import stepped_panels
from coxa.figures.theme import MOST_ARMS, RULE, WIDTH, ArmScales, arm_scales, options, themed
from coxa.study.comparative import ComparativeStudy

HEIGHT = 260
SAID = (0.25, 0.5, 0.75, 1.0)
"""Shares of the planned sessions that the text names."""


def plot_attendance(study: ComparativeStudy, delivered: Delivered, *, figure_id: str, title: str) -> Figure:
    """Draw, by arm, the share of participants who attended at least a share of their planned supervised sessions.

    Parameters
    ----------
    study
        The plan, for labels, and for the share that its per-protocol set asks for, which is marked.
    delivered
        From `coxa.derive.delivery.derive_delivered`, with sessions.
    figure_id, title
        Identifier and caption.

    Returns
    -------
    Figure
    """
    steps = attendance_steps(study, delivered)
    labelled = steps.assign(arm_label=[study.label("arms", arm) for arm in steps["arm"]])
    arms = list(dict.fromkeys(labelled["arm_label"]))
    asked = study.per_protocol.min_attendance if study.per_protocol else None
    text = attendance_text(labelled)
    reference = study.label("arms", study.reference_arm)
    if len(arms) > MOST_ARMS:
        title += f" (in grey: {reference})"
    if asked:
        text += f" The dashed line is at {asked:.0%}, the minimum of the per-protocol set."

    def draw(_: Sequence[str]) -> Any:
        return themed(_chart(labelled, arms, reference, asked))

    return Figure(figure_id, title, draw, text, steps, along=("attended",))


def _chart(labelled: pd.DataFrame, arms: list[str], reference: str, asked: float | None) -> Any:
    """Draw the arms together, or a panel for each of many, and a line at the share that is asked for."""
    import altair as alt

    percent = options(format="%", tickCount=5)
    title_of_x = "Share of the planned sessions attended, at least"
    many = len(arms) > MOST_ARMS
    x = alt.X("attended:Q", title="Share attended, at least" if many else title_of_x, axis=percent,
              scale=options(domain=[0, 1], nice=False))  # fmt: skip
    y = alt.Y("participants:Q", title="Participants", axis=percent, scale=options(domain=[0, 1]))
    at = pd.DataFrame({"at": [asked] if asked else []}, dtype=float)
    mark = alt.Chart(at).mark_rule(color=RULE, strokeDash=[4, 3]).encode(x=alt.X("at:Q")) if asked else None
    if many:
        return stepped_panels(labelled, arms, reference, x, y, "step-before", mark)
    lines = _lines(labelled, arm_scales(arms), x, y)
    return (mark + lines if mark is not None else lines).properties(width=WIDTH, height=HEIGHT)


def _lines(labelled: pd.DataFrame, arms: ArmScales, x: Any, y: Any) -> Any:
    import altair as alt

    legend = options(symbolType="stroke", symbolStrokeWidth=2.5, symbolSize=400)
    return (
        alt.Chart(labelled)
        .mark_line(interpolate="step-before", strokeWidth=2.2, clip=False)
        .encode(
            x=x,
            y=y,
            color=alt.Color("arm_label:N", scale=options(domain=arms.domain, range=arms.colours), title=None,
                            legend=legend),
            strokeDash=alt.StrokeDash("arm_label:N", scale=options(domain=arms.domain, range=arms.dashes),
                                      title=None, legend=legend),
            detail=alt.Detail("arm_label:N"),
        )
    )  # fmt: skip


def attendance_steps(study: ComparativeStudy, delivered: Delivered) -> pd.DataFrame:
    """Return arm, attended (share of the planned sessions, 0 to 1), participants (share with at least that)."""
    parts = []
    for arm in study.arm_order:
        shares = delivered.people.loc[delivered.people["arm"] == arm, "share"].dropna().clip(upper=1).to_numpy(float)
        if len(shares):
            marks = np.unique([0.0, *shares, 1.0])
            at_least = [(shares >= mark).mean() for mark in marks]
            parts.append(pd.DataFrame({"arm": arm, "attended": marks, "participants": at_least}))
    return pd.concat(parts, ignore_index=True)


def attendance_text(labelled: pd.DataFrame) -> str:
    """Say the share of participants who attended at least some shares of their sessions."""
    arms = []
    for arm, rows in labelled.groupby("arm_label", sort=False):
        points = []
        for share in SAID:
            reached = rows[rows["attended"] >= share - 1e-9]["participants"].max()
            points.append(f"{reached:.0%} at least {share:.0%}")
        arms.append(f"{arm}: {', '.join(points)}.")
    return f"Steps: participants by the share of their planned sessions that they attended. {' '.join(arms)}"
