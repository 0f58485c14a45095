"""Harms at a glance: the risk of each kind by arm, and beside it what it differs by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from coxa.figures.composed import hconcat, layer, vconcat
from coxa.figures.figure import Figure
from coxa.figures.theme import INK, MOST_ARMS, OKABE_ITO, RULE, TEXT_SIZE, ArmScales, arm_scales, options, themed
from coxa.study.comparative import ComparativeStudy
from coxa.tables.formats import write
from coxa.tables.records import records

WIDTH = 260
STEP = 20
"""Height of one arm within a kind of harm."""


def plot_harms(study: ComparativeStudy, risks: pd.DataFrame, *, figure_id: str, title: str) -> Figure:
    """Draw the share of participants with each kind of harm by arm, and the risk differences with their intervals.

    Parameters
    ----------
    study
        The plan, for labels.
    risks
        From `coxa.report.topics.harms.tables.harm_risks`; kinds that nobody had are left out.
    figure_id, title
        Identifier and caption.

    Returns
    -------
    Figure
    """
    there = risks.groupby("term")["n"].transform("sum") > 0
    shown = risks[there & risks["total"].gt(0)].reset_index(drop=True)
    labelled = shown.assign(arm_label=[study.label("arms", arm) for arm in shown["arm"]])
    return Figure(figure_id, title, lambda _: themed(_chart(study, labelled)), harms_text(labelled, study), shown)


def _chart(study: ComparativeStudy, labelled: pd.DataFrame) -> Any:
    """Draw the arms of each kind together, or a row for each where they are many."""
    arms = [study.label("arms", arm) for arm in study.arm_order]
    kinds = list(dict.fromkeys(labelled["label"]))
    scales = _Scales(labelled, study.label("arms", study.reference_arm))
    if len(arms) <= MOST_ARMS:
        return _together(labelled, kinds, arm_scales(arms), scales)
    rows = [_of_kind(labelled[labelled["label"] == kind], kind, arms, scales) for kind in kinds]
    return vconcat(*rows, spacing=24)


@dataclass(frozen=True, slots=True)
class _Scales:
    """The two axes that all kinds of harm share; `against` is the label of the reference."""

    labelled: pd.DataFrame
    against: str

    @property
    def risk(self) -> Any:
        """Risks, from none to the highest."""
        import altair as alt

        top = max(float(self.labelled["estimate"].max()) * 1.1, 0.05)
        return alt.X("estimate:Q", title="Participants with at least one", axis=options(format="%", tickCount=4),
                     scale=options(domain=[0, top], nice=False))  # fmt: skip

    @property
    def difference(self) -> Any:
        """Differences, zero in the middle."""
        import altair as alt

        reach = max(float(self.labelled[["conf_low", "conf_high"]].abs().max().max()), 0.01) * 1.05
        return alt.X("conf_low:Q", title=["Risk difference (95% CI)", f"against {self.against}"],
                     axis=options(format=".0%", tickCount=4),
                     scale=options(domain=[-reach, reach], nice=False))  # fmt: skip


def _together(labelled: pd.DataFrame, kinds: list[str], arms: ArmScales, scales: _Scales) -> Any:
    """Draw the arms of each kind below each other, each in its colour and shape."""
    import altair as alt

    height = len(kinds) * (len(arms.domain) + 1) * STEP
    named = options(ticks=False, domain=False, labelPadding=12)
    base = alt.Chart(labelled).encode(
        y=alt.Y("label:N", sort=kinds, title=None, axis=named),
        yOffset=alt.YOffset("arm_label:N", sort=arms.domain, scale=options(domain=arms.domain)),
        color=alt.Color("arm_label:N", scale=options(domain=arms.domain, range=arms.colours), title=None),
    )
    shape = {"shape": alt.Shape("arm_label:N", scale=options(domain=arms.domain, range=arms.shapes), title=None)}
    unnamed = base.encode(y=alt.Y("label:N", sort=kinds, title=None, axis=None))
    return _pair(base, unnamed, shape, labelled, scales, height)


def _of_kind(rows: pd.DataFrame, kind: str, arms: list[str], scales: _Scales) -> Any:
    """Draw one kind of harm, a row for each of many arms."""
    import altair as alt

    named = options(ticks=False, domain=False, labelPadding=12)
    base = alt.Chart(rows).encode(
        y=alt.Y("arm_label:N", sort=arms, title=None, axis=named), color=alt.ColorValue(OKABE_ITO[0])
    )
    unnamed = base.encode(y=alt.Y("arm_label:N", sort=arms, title=None, axis=None, scale=options(domain=arms)))
    title = alt.Title(kind, fontSize=TEXT_SIZE, fontWeight="normal", color=INK, anchor="start")
    return _pair(base, unnamed, {}, rows, scales, len(arms) * STEP, title=title)


def _pair(
    base: Any, unnamed: Any, shape: dict[str, Any], labelled: pd.DataFrame, scales: _Scales, height: int, **named: Any
) -> Any:
    """Return the risks, and beside them what they differ by where that is known."""
    import altair as alt

    risk = base.mark_point(filled=True, size=80, opacity=1).encode(x=scales.risk, **shape)
    risk = risk.properties(width=WIDTH, height=height)
    compared = labelled[labelled["difference"].notna()]
    if compared.empty:
        return hconcat(risk, spacing=24, **named)
    mine = unnamed.properties(data=compared)
    bars = mine.mark_rule(strokeWidth=1.8).encode(x=scales.difference, x2=alt.X2("conf_high:Q"))
    dots = mine.mark_point(filled=True, size=80, opacity=1).encode(x=alt.X("difference:Q"), **shape)
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=RULE, strokeDash=[4, 3]).encode(x=alt.X("zero:Q"))
    return hconcat(risk, layer(zero, bars, dots, width=WIDTH, height=height), spacing=24, **named)


def harms_text(labelled: pd.DataFrame, study: ComparativeStudy) -> str:
    """Say each risk, and each difference with its interval."""
    kinds = []
    for label, rows in labelled.groupby("label", sort=False):
        arms = [f"{row['arm_label']} {row['n']} of {row['total']}{_against(row)}" for row in records(rows)]
        kinds.append(f"{label}: {'; '.join(arms)}.")
    against = study.label("arms", study.reference_arm)
    return (
        f"Dots: participants with at least one, by {study.words.arm}; differences against {against} in "
        f"percentage points, with interval. {' '.join(kinds)}"
    )


def _against(row: dict[str, Any]) -> str:
    values = {"estimate": row["difference"], "conf_low": row["conf_low"], "conf_high": row["conf_high"]}
    return f", difference {write('points_interval', values)}" if pd.notna(row["difference"]) else ""
