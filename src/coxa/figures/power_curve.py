"""Figure of power by the number of participants, with the Monte Carlo error of each point."""

from __future__ import annotations

from typing import Any

import pandas as pd
from scipy import stats

from coxa.arguments import FRAME, kinds
from coxa.errors import OptionError
from coxa.figures.figure import Figure
from coxa.figures.theme import DASHES, INK, OKABE_ITO, SHAPES, WIDTH, options, themed

HEIGHT = 300
LONG = 34
"""Letters up to which two names stand beside each other in the legend."""


@kinds(power=FRAME)
def plot_power(
    power: pd.DataFrame,
    *,
    target: float | None = None,
    conf_level: float = 0.95,
    figure_id: str = "power",
    title: str = "Power by number of participants",
) -> Figure:
    """Draw simulated power against the number of participants, one line per comparison and setting.

    Parameters
    ----------
    power : DataFrame
        With the columns `analysis, arm, reference, visit, setting, n, power, power_error` of a simulated power.
    target : float, optional
        Power that is wanted, as a line across.
    conf_level : float
        Of the Monte Carlo band; between 0 and 1.
    figure_id, title
        Identifier and caption.

    Raises
    ------
    OptionError
        There are more lines than can be told apart.

    Examples
    --------
    >>> rows = [["main", "a", "b", "w", "", n, p, 0.01] for n, p in ((50, 0.6), (100, 0.9))]
    >>> columns = ["analysis", "arm", "reference", "visit", "setting", "n", "power", "power_error"]
    >>> plot_power(pd.DataFrame(rows, columns=columns)).data["low"].round(3).to_list()
    [0.58, 0.88]
    """
    z = float(stats.norm.ppf((1 + conf_level) / 2))
    drawn = power.assign(
        line=_names(power),
        low=(power["power"] - z * power["power_error"]).clip(0, 1),
        high=(power["power"] + z * power["power_error"]).clip(0, 1),
    )
    lines = list(dict.fromkeys(drawn["line"]))
    if len(lines) > len(OKABE_ITO):
        raise OptionError(
            f"{len(lines)} lines are more than the {len(OKABE_ITO)} that can be distinguished in a figure. "
            "Choose analyses or settings."
        )
    text = " ".join(
        f"{line}: " + ", ".join(f"{p:.0%} with {n}" for n, p in zip(rows["n"], rows["power"], strict=True)) + "."
        for line, rows in drawn.groupby("line", sort=False)
    )
    return Figure(figure_id, title, lambda _: themed(_chart(drawn, lines, target)), text, drawn)


def _chart(drawn: pd.DataFrame, lines: list[str], target: float | None) -> Any:
    """Draw a line with its band for each comparison, and the wanted power across."""
    import altair as alt

    shown = drawn[["line", "n", "power", "low", "high"]]
    x = alt.X("n:Q", title="Participants of all arms together", scale=options(zero=False, padding=14))
    y = alt.Y("power:Q", title="Power", scale=options(domain=[0, 1]), axis=options(format="%"))
    columns = 1 if max(map(len, lines)) > LONG else 2
    legend = options(columns=columns, labelLimit=WIDTH, symbolOpacity=1)
    colours = options(domain=lines, range=list(OKABE_ITO[: len(lines)]))
    colour = alt.Color("line:N", scale=colours, legend=legend)
    dash = alt.StrokeDash(
        "line:N", legend=legend, scale=options(domain=lines, range=[list(one) for one in DASHES[: len(lines)]])
    )
    shape = alt.Shape("line:N", legend=legend, scale=options(domain=lines, range=list(SHAPES[: len(lines)])))
    base = alt.Chart(shown).encode(x=x, color=colour)
    layers = [
        base.mark_area(opacity=0.12).encode(y=alt.Y("low:Q", title="Power"), y2=alt.Y2("high:Q")),
        base.mark_line(strokeWidth=1.8).encode(y=y, strokeDash=dash),
        base.mark_rule(strokeWidth=1.4).encode(y=alt.Y("low:Q", title="Power"), y2=alt.Y2("high:Q")),
        base.mark_point(filled=True, size=70, opacity=1).encode(
            y=y, shape=shape, tooltip=["line", "n", "power", "low", "high"]
        ),
    ]  # fmt: skip
    if target is not None:
        wanted = alt.Chart(pd.DataFrame({"at": [target]})).mark_rule(color=INK, strokeDash=[4, 3])
        layers.insert(0, wanted.encode(y=alt.Y("at:Q", title="Power")))
    return alt.layer(*layers, width=WIDTH, height=HEIGHT)


def _names(power: pd.DataFrame) -> list[str]:
    """Return the name of each row's line, with no more words than tell the lines apart."""
    rows = power.assign(comparison=power["arm"] + " - " + power["reference"])
    every = ("analysis", "comparison", "visit", "setting")
    parts = [name for name in every if rows[name].nunique() > 1] or ["comparison"]
    return [", ".join(str(word) for word in words if word) for words in rows[parts].to_numpy()]
