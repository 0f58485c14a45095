"""Mean profiles: how each arm does over the visits."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pandas as pd

from coxa.figures.figure import Figure, literal
from coxa.figures.text import interval_cells, profile_text
from coxa.figures.theme import TEXT_SIZE, WIDTH, ArmScales, arm_choice, arm_scales, chosen, themed, told
from coxa.study import Study
from coxa.study.design_words import DesignWords, words_of
from coxa.study.scales import outcome_scale
from coxa.tables.formats import outcome_decimals

HEIGHT = 300
DODGE = 0.011
"""Step between arms at one visit, as a share of the whole follow-up, so that intervals do not hide each other."""
ROW = 20
SLANT = -35
DRAWN = ["arm_label", "visit_label", "day", "x", "mean", "conf_low", "conf_high", "n", "text"]
MARGIN = 0.06
"""Room left of the first and right of the last visit, as a share of the follow-up."""
LETTER = 7.2
"""Width of a letter in pixels, about."""


def plot_profile(
    study: Study,
    means: pd.DataFrame,
    outcome: str,
    *,
    quantity: str,
    figure_id: str,
    title: str,
    unit: str | None = None,
) -> Figure:
    """Draw means with confidence intervals over the planned days, n below the axis.

    Parameters
    ----------
    study
        The plan: labels, planned days, direction of the outcome.
    means
        From `observed_means` or `model_means`.
    outcome
        Outcome of the plan.
    quantity
        What is averaged, for the axis ("Observed mean of HOOS pain").
    figure_id, title
        Identifier and caption.
    unit
        Unit of the means, where it is not that of the outcome.

    Returns
    -------
    Figure

    Examples
    --------
    >>> plot_profile(study, observed_means(study, dataset), "pain", quantity="Observed mean",
    ...              figure_id="profile-pain", title="Pain over time")  # doctest: +SKIP
    """
    scale = outcome_scale(study.outcomes[outcome])
    labelled = means.assign(
        arm_label=[study.label("arms", arm) for arm in means["arm"]],
        visit_label=[study.label("visits", visit) for visit in means["visit"]],
    )
    arms = arm_scales(list(dict.fromkeys(labelled["arm_label"])))
    shown = interval_cells(labelled, "mean", outcome_decimals(scale))
    labelled["text"] = [mean.text for mean in shown]
    drawn = _dodged(labelled, arms.domain)[DRAWN]
    axis_title = [quantity, f"({unit or scale.unit}; {scale.direction})"]
    import altair as alt

    chart = alt.vconcat(
        _lines(drawn, arms, axis_title, words_of(study)), _numbers(drawn, arms), bounds="flush", spacing=_space(drawn)
    ).resolve_scale(x="shared", color="shared")
    alt_text = profile_text(labelled, quantity, scale)
    return Figure(figure_id, title, themed(chart), alt_text, means, shown, along=("day",))


def _dodged(labelled: pd.DataFrame, arms: list[str]) -> pd.DataFrame:
    """Move the arms apart at each visit, around the planned day."""
    span = max(float(labelled["day"].max() - labelled["day"].min()), 1.0)
    middle = (len(arms) - 1) / 2
    steps = {arm: (index - middle) * DODGE * span for index, arm in enumerate(arms)}
    return labelled.assign(x=labelled["day"] + labelled["arm_label"].map(steps))


def _x(drawn: pd.DataFrame, *, labels: bool) -> Any:
    """Return the axis of planned days; visits are named under their day."""
    import altair as alt

    days = sorted(drawn["day"].unique().tolist())
    names = drawn.drop_duplicates("day").set_index("day")["visit_label"]
    span = max(days[-1] - days[0], 1)
    chosen = " : ".join(f"datum.value == {day} ? {literal(names[day])}" for day in days) + " : ''"
    axis = (
        alt.Axis(
            values=days,
            labelExpr=chosen,
            labelAngle=SLANT if _tight(drawn) else 0,
            labelAlign="right" if _tight(drawn) else "center",
            labelOverlap=False,
            labelPadding=6,
            grid=False,
            title=None,
        )
        if labels
        else None
    )
    domain = [days[0] - MARGIN * span, days[-1] + MARGIN * span]
    return alt.X("x:Q", axis=axis, scale=alt.Scale(domain=domain, nice=False, zero=False))


def _tight(drawn: pd.DataFrame) -> bool:
    """Say whether visits are too close for their names to stand side by side."""
    visits = drawn.drop_duplicates("day").sort_values("day")
    span = max(float(visits["day"].max() - visits["day"].min()), 1.0)
    places = [
        (day / span * WIDTH / (1 + 2 * MARGIN), len(name) * LETTER)
        for day, name in zip(visits["day"], visits["visit_label"], strict=True)
    ]
    return any(right - left < (a + b) / 2 + LETTER for (left, a), (right, b) in pairwise(places))


def _space(drawn: pd.DataFrame) -> int:
    """Return the room in pixels that the names of the visits need below the axis."""
    longest = max(len(name) for name in drawn["visit_label"])
    return 30 + (round(longest * LETTER * 0.6) if _tight(drawn) else 0)


def _lines(drawn: pd.DataFrame, arms: ArmScales, axis_title: list[str], words: DesignWords) -> Any:
    import altair as alt

    colour = alt.Color("arm_label:N", scale=alt.Scale(domain=arms.domain, range=arms.colours), title=None)
    choice = arm_choice(arms.domain, words.say("All {arms}"))
    base = alt.Chart(drawn).encode(x=_x(drawn, labels=True), color=colour, opacity=chosen(choice))
    said = told(**{words.arm.capitalize(): "arm_label"}, Visit="visit_label", Mean="text", n="n")
    pointed = base.encode(tooltip=said)
    y = alt.Y("mean:Q", title=axis_title, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=6))
    dash = alt.StrokeDash("arm_label:N", scale=alt.Scale(domain=arms.domain, range=arms.dashes), title=None)
    shape = alt.Shape("arm_label:N", scale=alt.Scale(domain=arms.domain, range=arms.shapes), title=None)
    whiskers = pointed.mark_rule(strokeWidth=1.6).encode(y=alt.Y("conf_low:Q"), y2="conf_high:Q")
    lines = base.mark_line(strokeWidth=1.8).encode(y=y, strokeDash=dash)
    points = pointed.mark_point(filled=True, size=70).encode(y=y, shape=shape)
    points = points.properties(name="means").add_params(choice)
    return alt.layer(lines, whiskers, points).properties(width=WIDTH, height=HEIGHT)


def _numbers(drawn: pd.DataFrame, arms: ArmScales) -> Any:
    """Draw the number of values behind each mean, one row per arm."""
    import altair as alt

    axis = alt.Axis(title=None, labelExpr="datum.label + ', n'", domain=False, ticks=False, labelLimit=200)
    plain = drawn.assign(x=drawn["day"].astype(float))
    return (
        alt.Chart(plain)
        .mark_text(fontSize=TEXT_SIZE)
        .encode(
            x=_x(drawn, labels=False),
            y=alt.Y("arm_label:N", sort=arms.domain, axis=axis),
            text=alt.Text("n:Q", format="d"),
        )
        .properties(width=WIDTH, height=ROW * len(arms.domain))
    )
