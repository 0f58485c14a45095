"""Attendance: how many participants came to at least so many of their planned sessions."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coxa.derive.delivery import Delivered
from coxa.figures.figure import Figure
from coxa.figures.theme import RULE, WIDTH, arm_scales, themed
from coxa.study import Study

HEIGHT = 260
SAID = (0.25, 0.5, 0.75, 1.0)
"""Shares of the planned sessions that the text names."""


def plot_attendance(study: Study, delivered: Delivered, *, figure_id: str, title: str) -> Figure:
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
    import altair as alt

    steps = attendance_steps(study, delivered)
    labelled = steps.assign(arm_label=[study.label("arms", arm) for arm in steps["arm"]])
    arms = arm_scales(list(dict.fromkeys(labelled["arm_label"])))
    percent = alt.Axis(format="%", tickCount=5)
    legend = alt.Legend(symbolType="stroke", symbolStrokeWidth=2.5, symbolSize=400)
    chart = (
        alt.Chart(labelled)
        .mark_line(interpolate="step-before", strokeWidth=2.2, clip=False)
        .encode(
            x=alt.X("attended:Q", title="Share of the planned sessions attended, at least", axis=percent,
                    scale=alt.Scale(domain=[0, 1], nice=False)),
            y=alt.Y("participants:Q", title="Participants", axis=percent, scale=alt.Scale(domain=[0, 1])),
            color=alt.Color("arm_label:N", scale=alt.Scale(domain=arms.domain, range=arms.colours), title=None,
                            legend=legend),
            strokeDash=alt.StrokeDash("arm_label:N", scale=alt.Scale(domain=arms.domain, range=arms.dashes),
                                      title=None, legend=legend),
            detail="arm_label:N",
        )
    )  # fmt: skip
    asked = study.per_protocol.min_attendance if study.per_protocol else None
    text = attendance_text(labelled)
    if asked:
        mark = alt.Chart(pd.DataFrame({"at": [asked]})).mark_rule(color=RULE, strokeDash=[4, 3]).encode(x="at:Q")
        chart = mark + chart
        text += f" The dashed line is at {asked:.0%}, which the per-protocol set asks for."
    return Figure(
        figure_id, title, themed(chart.properties(width=WIDTH, height=HEIGHT)), text, steps, along=("attended",)
    )


def attendance_steps(study: Study, delivered: Delivered) -> pd.DataFrame:
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
