"""Figure of the predicted effects of each level of a factor, in their order."""

from __future__ import annotations

from typing import Any

import pandas as pd
from scipy import stats

from coxa.arguments import FRAME, TEXT, kinds
from coxa.errors import OptionError, check_level
from coxa.figures.composed import layer
from coxa.figures.figure import Figure
from coxa.figures.theme import INK, OKABE_ITO, RULE, options, themed

NAMED = 60
"""Levels up to which they are named on the axis, if names are wanted."""


@kinds(effects=FRAME, factor=TEXT)
def plot_caterpillar(
    effects: pd.DataFrame,
    *,
    factor: str,
    effect: str = "Intercept",
    names: bool = False,
    conf_level: float = 0.95,
    figure_id: str = "caterpillar",
    title: str | None = None,
) -> Figure:
    """Draw the predicted random effects of one factor with their intervals, from the smallest to the largest.

    Parameters
    ----------
    effects : DataFrame
        Of `Fit.random_effects`.
    factor, effect : str
        Which of them.
    names : bool
        Whether levels are named, if there are at most 60; without it they are in no part of the figure, its data
        included. Leave it off where a name would tell who somebody is.
    conf_level : float
        Of the intervals, by the standard error of the prediction; between 0 and 1.
    figure_id, title
        Identifier and caption.

    Raises
    ------
    OptionError
        There is no such factor or effect, or the level is not between 0 and 1.

    Examples
    --------
    >>> from coxa.models.lmm.api import fit_lmm
    >>> d = pd.DataFrame({"participant_id": list("aabbcc"), "y": [1.0, 2, 4, 5, 9, 8]})
    >>> effects = fit_lmm("y ~ 1 + (1 | participant_id)", d).random_effects()
    >>> plot_caterpillar(effects, factor="participant_id").data["place"].to_list()
    [1, 2, 3]
    """
    chosen = effects[(effects["factor"] == factor) & (effects["effect"] == effect)]
    if chosen.empty:
        there = ", ".join(
            f"{f}: {e}" for f, e in effects[["factor", "effect"]].drop_duplicates().itertuples(index=False)
        )
        raise OptionError(f"There is no effect '{effect}' of a factor '{factor}'. Choose from {there}.")
    check_level(conf_level)
    half = stats.norm.ppf((1 + conf_level) / 2) * chosen["std_error"]
    data = chosen.assign(low=chosen["value"] - half, high=chosen["value"] + half)
    data = data.sort_values("value", kind="stable", ignore_index=True)
    data["place"] = range(1, len(data) + 1)
    named = names and len(data) <= NAMED
    away = int(((data["low"] > 0) | (data["high"] < 0)).sum())
    text = (
        f"Predicted effects of {len(data)} levels of {factor}, from {data['value'].min():.3g} to "
        f"{data['value'].max():.3g}; the {conf_level:.0%} intervals of {away} do not contain zero."
    )
    label = f"Predicted effect ({effect}), {conf_level:.0%} interval"
    columns = [*(["level"] if names else []), "place", "value", "std_error", "low", "high"]
    caption = title or f"Predicted effects of {factor}"
    return Figure(figure_id, caption, lambda _: themed(_chart(data, factor, label, named)), text, data[columns])


def _chart(data: pd.DataFrame, factor: str, label: str, named: bool) -> Any:
    """Draw a dot with its interval for each level, and a line at zero."""
    import altair as alt

    axis = (
        alt.Y("level:N", sort=data["level"].to_list(), title=factor)
        if named
        else alt.Y("place:Q", title=f"{factor}, in the order of their effects", axis=options(tickMinStep=1))
    )
    shown = data[["place", "value", "low", "high"]].assign(level=data["level"] if named else "")
    base = alt.Chart(shown).encode(y=axis)
    width = 1.5 if len(data) <= NAMED else 0.7
    bars = base.mark_rule(color=RULE, strokeWidth=width).encode(x=alt.X("low:Q", title=label), x2=alt.X2("high:Q"))
    dots = base.mark_circle(size=30, color=OKABE_ITO[0], opacity=1).encode(x=alt.X("value:Q", title=label))
    zero = alt.Chart(pd.DataFrame({"at": [0.0]})).mark_rule(color=INK, strokeDash=[4, 3]).encode(x=alt.X("at:Q"))
    height = 18 * len(data) if named else min(420, max(120, 6 * len(data)))
    return layer(zero, bars, dots, width=480, height=height)
