"""Mean profiles: how each arm does over the visits."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.figures.composed import layer, vconcat
from coxa.figures.figure import Figure
from coxa.figures.panels import PANEL, PANEL_HEIGHT, columns_of, panel_title, panels, titled
from coxa.figures.row_labels import RowLabels, row_labels
from coxa.figures.text import interval_cells, profile_text
from coxa.figures.theme import (
    MOST_ARMS,
    OKABE_ITO,
    RULE,
    TEXT_SIZE,
    ArmScales,
    arm_choice,
    arm_scales,
    chosen,
    options,
    themed,
    told,
)
from coxa.figures.visit_axis import EVEN, VisitAxis, axis_of_visits
from coxa.study import Study
from coxa.study.design_words import DesignWords
from coxa.tables.hidden import HIDDEN, Protected
from coxa.tables.prose import prose

HEIGHT = 220
ROW = 20
LETTERS = 24
"""Letters of a line beside a panel."""
DRAWN = ["arm_label", "visit_label", "day", "x", "mean", "conf_low", "conf_high", "n", "text"]


@kinds(means=FRAME)
def plot_profile(
    study: Study,
    means: pd.DataFrame,
    outcome: str,
    *,
    quantity: str,
    figure_id: str,
    title: str,
    unit: str | None = None,
    of_model: bool = False,
    over: str = "visits",
    directed: bool = True,
) -> Figure:
    """Draw means with confidence intervals over the planned days, n below the axis.

    Parameters
    ----------
    study
        The plan: labels, planned days, direction of the outcome.
    means
        From `observed_means`, `observed_shares` or `model_means`.
    outcome
        Outcome of the plan.
    quantity
        What is averaged, for the axis ("Observed mean of HOOS pain").
    figure_id, title
        Identifier and caption.
    unit
        Unit of the means, where it is not that of the outcome.
    of_model
        Whether the intervals are those of a model. Those of described values would tell n, and go where n is hidden.
    over
        What the visits of the plan are, in a sentence.
    directed
        Whether more or less of it is better, and said.

    Returns
    -------
    Figure

    Examples
    --------
    >>> import coxa
    >>> study = coxa.preset("moa-2013")
    >>> means = pd.DataFrame(
    ...     {"visit": ["week_9", "year_1"], "day": [63, 365], "arm": "exercise", "n": 20, "mean": [-20.0, -25.0],
    ...      "conf_low": [-30.0, -36.0], "conf_high": [-10.0, -14.0]}
    ... )
    >>> figure = plot_profile(study, means, "womac", quantity="Mean change", figure_id="means", title="Change of WOMAC")
    >>> figure.title, len(figure.data)
    ('Change of WOMAC', 2)
    """
    scale = study.scale(outcome)
    labelled = means.assign(
        arm_label=means["arm"].map(study.groups),
        visit_label=[study.label("visits", visit) for visit in means["visit"]],
    )
    shown = interval_cells(labelled, "mean", scale.decimals)
    labelled["text"] = pd.Series(shown, labelled.index, dtype=object)
    if labelled["n"].isna().any():
        labelled["n"] = [HIDDEN if pd.isna(n) else f"{n:.0f}" for n in labelled["n"]]
    arms = list(dict.fromkeys(labelled["arm_label"]))
    direction = scale.direction if directed else ""
    axis_title = [quantity, f"({unit or scale.unit}{direction and '; '}{direction})"]
    words, many, reference = study.words, len(arms) > MOST_ARMS, next(iter(study.groups.values()))
    said = profile_text(labelled, quantity, direction, over)
    if not axis_of_visits(labelled).to_scale:
        said = prose(said, f" {EVEN}.")
    if many:
        said = prose(said, words.say(" A panel for each {arm}, each with the reference {arm} in grey."))

    def draw(texts: Sequence[str]) -> Any:
        written = labelled.assign(text=texts)
        if many:
            return themed(_in_panels(written, arms, reference, axis_title))
        return themed(_together(written, arm_scales(arms), axis_title, words))

    def hiding(protected: Protected) -> Figure:
        less = without_small_shares(means, protected) if "count" in means else means
        less = without_numbers(less, protected, ["n"] if of_model else ["n", "conf_low", "conf_high"])
        return plot_profile(
            study, less, outcome, quantity=quantity, figure_id=figure_id, title=title, unit=unit, over=over,
            directed=directed,
        )  # fmt: skip

    caption = f"{title} (in grey: {reference})" if many else title
    return Figure(figure_id, caption, draw, said, means, shown, along=("day",), hiding=hiding)


def without_small_shares(shares: pd.DataFrame, protected: Protected) -> pd.DataFrame:
    """Return the shares (columns `count` and `n`) that tell no count that is not shown: with n, each tells one."""
    shown = []
    for arm, yes, n in zip(shares["arm"], shares["count"], shares["n"], strict=True):
        safe = n - yes == 0 or n - yes >= protected.k
        shown.append(safe and all(protected.shows_number(arm, number) for number in (yes, n)))
    return shares[np.array(shown, dtype=bool)].reset_index(drop=True)


def without_numbers(means: pd.DataFrame, protected: Protected, columns: list[str]) -> pd.DataFrame:
    """Return means without n, and what says it, where n is not shown."""
    shown = np.array([protected.shows_number(arm, n) for arm, n in zip(means["arm"], means["n"], strict=True)])
    return means.astype({"n": "Int64"}).assign(**{name: means[name].where(shown) for name in columns})


def _together(labelled: pd.DataFrame, arms: ArmScales, axis_title: list[str], words: DesignWords) -> Any:
    """Draw all arms in one frame, moved apart at each visit, with their numbers below the axis."""
    visits = axis_of_visits(labelled)
    drawn = visits.dodged(labelled, arms.domain)[DRAWN]
    lines = _lines(drawn, arms, axis_title, visits, words)
    numbers = _numbers(drawn, arms.domain, visits)
    resolve = {"scale": {"color": "shared", "x": "shared"}}
    return vconcat(lines, numbers, bounds="flush", spacing=visits.room_below, resolve=resolve)


def _in_panels(labelled: pd.DataFrame, arms: list[str], reference: str, axis_title: list[str]) -> Any:
    """Draw a panel for each of many arms, with the reference behind it, on one scale."""
    import altair as alt

    visits = axis_of_visits(labelled, PANEL)
    reach = labelled[["conf_low", "conf_high", "mean"]]
    y_scale = [float(reach.min().min()), float(reach.max().max())]
    drawn = labelled.assign(x=labelled["day"].map(visits.place))[DRAWN]
    y = alt.Y("mean:Q", title=[line for text in axis_title for line in wrap(text, LETTERS)],
              scale=options(domain=y_scale, padding=6), axis=options(tickCount=5))  # fmt: skip
    columns = columns_of(len(arms))
    each = [_panel(drawn, arm, reference, titled(y, place, columns), visits) for place, arm in enumerate(arms)]
    return panels(each, columns)


def _panel(drawn: pd.DataFrame, arm: str, reference: str, y: Any, visits: VisitAxis) -> Any:
    import altair as alt

    mine, other = (drawn[drawn["arm_label"] == label] for label in (arm, reference))
    x = visits.x()
    base = alt.Chart(mine).encode(x=x, tooltip=told(Visit="visit_label", Mean="text", n="n"))
    layers = [
        alt.Chart(other).mark_line(strokeWidth=1.6, color=RULE, strokeDash=[6, 3]).encode(x=x, y=y),
        alt.Chart(mine).mark_line(strokeWidth=1.8, color=OKABE_ITO[0]).encode(x=x, y=y),
        base.mark_rule(strokeWidth=1.6, color=OKABE_ITO[0]).encode(y=alt.Y("conf_low:Q"), y2=alt.Y2("conf_high:Q")),
        base.mark_point(filled=True, size=50, opacity=1, color=OKABE_ITO[0]).encode(y=y),
    ]
    top = layer(*(layers[1:] if arm == reference else layers), width=PANEL, height=PANEL_HEIGHT, title=panel_title(arm))
    numbers = _numbers(mine.assign(arm_label=""), [""], visits)
    resolve = {"scale": {"x": "shared"}}
    return vconcat(top, numbers, bounds="flush", spacing=visits.room_below, resolve=resolve)


def _lines(drawn: pd.DataFrame, arms: ArmScales, axis_title: list[str], visits: VisitAxis, words: DesignWords) -> Any:
    import altair as alt

    colour = alt.Color("arm_label:N", scale=options(domain=arms.domain, range=arms.colours), title=None)
    choice = arm_choice(arms.domain, words.say("All {arms}"))
    base = alt.Chart(drawn).encode(x=visits.x(), color=colour, opacity=chosen(choice))
    said = told(**{words.arm.capitalize(): "arm_label"}, Visit="visit_label", Mean="text", n="n")
    pointed = base.encode(tooltip=said)
    y = alt.Y("mean:Q", title=axis_title, scale=options(zero=False), axis=options(tickCount=6))
    dash = alt.StrokeDash("arm_label:N", scale=options(domain=arms.domain, range=arms.dashes), title=None)
    shape = alt.Shape("arm_label:N", scale=options(domain=arms.domain, range=arms.shapes), title=None)
    whiskers = pointed.mark_rule(strokeWidth=1.6).encode(y=alt.Y("conf_low:Q"), y2=alt.Y2("conf_high:Q"))
    lines = base.mark_line(strokeWidth=1.8).encode(y=y, strokeDash=dash)
    points = pointed.mark_point(filled=True, size=70).encode(y=y, shape=shape)
    points = points.properties(name="means").add_params(choice)
    return layer(lines, whiskers, points, width=visits.width, height=HEIGHT)


def _numbers(drawn: pd.DataFrame, arms: list[str], visits: VisitAxis) -> Any:
    """Draw the number of values behind each mean, one row per arm."""
    import altair as alt

    named = row_labels(arms, ROW, ", n") if arms != [""] else RowLabels("'n'", ROW)
    axis = options(title=None, labelExpr=named.expression, domain=False, ticks=False, labelLimit=200)
    plain = drawn.assign(x=drawn["day"].map(visits.place).astype(float))
    return (
        alt.Chart(plain)
        .mark_text(fontSize=TEXT_SIZE)
        .encode(
            x=visits.x(labels=False),
            y=alt.Y("arm_label:N", sort=arms, axis=axis),
            text=alt.Text("n:N") if isinstance(drawn["n"].iloc[0], str) else alt.Text("n:Q", format="d"),
        )
        .properties(width=visits.width, height=named.row * len(arms))
    )
