"""Harms at a glance: the risk of each kind by arm, and beside it what it differs by."""

from __future__ import annotations

from typing import Any

import pandas as pd

from coxa.figures.figure import Figure
from coxa.figures.theme import RULE, arm_scales, themed
from coxa.study import Study
from coxa.study.design_words import words_of
from coxa.tables.formats import write
from coxa.tables.records import records

WIDTH = 260
STEP = 20
"""Height of one arm within a kind of harm."""


def plot_harms(study: Study, risks: pd.DataFrame, *, figure_id: str, title: str) -> Figure:
    """Draw the share of participants with each kind of harm by arm, and the risk differences with their intervals.

    Parameters
    ----------
    study
        The plan, for labels.
    risks
        From `coxa.tables.harms.harm_risks`; kinds that nobody had are left out.
    figure_id, title
        Identifier and caption.

    Returns
    -------
    Figure
    """
    import altair as alt

    there = risks.groupby("term")["n"].transform("sum") > 0
    shown = risks[there & risks["total"].gt(0)].reset_index(drop=True)
    labelled = shown.assign(arm_label=[study.label("arms", arm) for arm in shown["arm"]])
    arms = arm_scales([study.label("arms", arm) for arm in study.arm_order])
    kinds = list(dict.fromkeys(labelled["label"]))
    height = len(kinds) * (len(arms.domain) + 1) * STEP
    base = alt.Chart(labelled).encode(
        y=alt.Y("label:N", sort=kinds, title=None, axis=alt.Axis(ticks=False, domain=False, labelPadding=12)),
        yOffset=alt.YOffset("arm_label:N", sort=arms.domain, scale=alt.Scale(domain=arms.domain)),
        color=alt.Color("arm_label:N", scale=alt.Scale(domain=arms.domain, range=arms.colours), title=None),
    )
    shape = alt.Shape("arm_label:N", scale=alt.Scale(domain=arms.domain, range=arms.shapes), title=None)
    top = max(float(labelled["estimate"].max()) * 1.1, 0.05)
    risk = base.mark_point(filled=True, size=80, opacity=1).encode(
        shape=shape,
        x=alt.X("estimate:Q", title="Participants with at least one", axis=alt.Axis(format="%", tickCount=4),
                scale=alt.Scale(domain=[0, top], nice=False)),
    ).properties(width=WIDTH, height=height)  # fmt: skip
    compared = labelled[labelled["difference"].notna()]
    beside = [_differences(base, shape, compared, study, height)] if len(compared) else []
    chart = alt.hconcat(risk, *beside, spacing=24)
    return Figure(figure_id, title, themed(chart), harms_text(labelled, study), shown)


def _differences(base: Any, shape: Any, compared: pd.DataFrame, study: Study, height: int) -> Any:
    import altair as alt

    reach = max(float(compared[["conf_low", "conf_high"]].abs().max().max()), 0.01) * 1.05
    against = study.label("arms", study.reference_arm)
    x = alt.X("conf_low:Q", title=["Risk difference (95% CI)", f"against {against}"],
              axis=alt.Axis(format=".0%", tickCount=4),
              scale=alt.Scale(domain=[-reach, reach], nice=False))  # fmt: skip
    y = alt.Y("label:N", sort=list(dict.fromkeys(compared["label"])), title=None, axis=None)
    mine = base.properties(data=compared).encode(y=y)
    bars = mine.mark_rule(strokeWidth=1.8).encode(x=x, x2="conf_high:Q")
    dots = mine.mark_point(filled=True, size=80, opacity=1).encode(x="difference:Q", shape=shape)
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=RULE, strokeDash=[4, 3]).encode(x="zero:Q")
    return (zero + bars + dots).properties(width=WIDTH, height=height)


def harms_text(labelled: pd.DataFrame, study: Study) -> str:
    """Say each risk, and each difference with its interval."""
    kinds = []
    for label, rows in labelled.groupby("label", sort=False):
        arms = [f"{row['arm_label']} {row['n']} of {row['total']}{_against(row)}" for row in records(rows)]
        kinds.append(f"{label}: {'; '.join(arms)}.")
    against = study.label("arms", study.reference_arm)
    return (
        f"Dots: participants with at least one, by {words_of(study).arm}; differences against {against} in "
        f"percentage points, with interval. {' '.join(kinds)}"
    )


def _against(row: dict[str, Any]) -> str:
    values = {"estimate": row["difference"], "conf_low": row["conf_low"], "conf_high": row["conf_high"]}
    return f", difference {write('points_interval', values)}" if pd.notna(row["difference"]) else ""
