"""Bland and Altman's figure: differences of two visits against their mean, with bias and limits of agreement."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from coxa.figures.composed import layer
from coxa.figures.figure import Figure
from coxa.figures.theme import INK, OKABE_ITO, RULE, TEXT_SIZE, options, themed, told
from coxa.measurement import Agreement
from coxa.tables.cells import Statistic
from coxa.tables.formats import cell, number
from coxa.tables.prose import prose

WIDTH, HEIGHT = 460, 260


def plot_agreement(found: Agreement, *, quantity: str, unit: str, decimals: int, figure_id: str, title: str) -> Figure:
    """Draw differences against means, bias and limits of agreement, each with its confidence band.

    Parameters
    ----------
    found
        From `coxa.measurement.bland_altman`.
    quantity, unit
        What is measured, and in what.
    decimals
        Of the numbers at the lines.
    figure_id, title
        Identifier and caption.

    Returns
    -------
    Figure
        A point for each participant, none of them named; it shows single participants, so it is not shared.
    """
    lines = pd.DataFrame(
        {
            "name": ["Mean difference", "Lower limit", "Upper limit"],
            "value": [found.bias, found.lower, found.upper],
            "low": [found.bias_limits[0], found.lower_limits[0], found.upper_limits[0]],
            "high": [found.bias_limits[1], found.lower_limits[1], found.upper_limits[1]],
        }
    )
    lines["text"] = [f"{row['name']} {number(row['value'], decimals)}" for row in lines.to_dict("records")]
    at = Statistic(analysis="measurement", term=figure_id)
    numbers = {"estimate": found.bias, "conf_low": found.lower, "conf_high": found.upper}
    bias, limits = (
        replace(cell(rule, {name: numbers[name] for name in names}, at, decimals), of_people=False)
        for rule, names in (("estimate", ["estimate"]), ("limits", ["conf_low", "conf_high"]))
    )
    text = prose(
        f"Differences of two measurements of {quantity} against their mean, one point each: mean difference ",
        bias,
        ", limits of agreement ",
        limits,
        f" {unit}.",
    )
    points = found.points[["mean", "difference"]].reset_index(drop=True)
    return Figure(
        figure_id, title, lambda _: themed(_drawn(points, lines, quantity, unit)), text, points, of_people=True
    )


def _drawn(points: pd.DataFrame, lines: pd.DataFrame, quantity: str, unit: str) -> Any:
    import altair as alt

    x = alt.X("mean:Q", title=f"Mean of both measurements of {quantity} ({unit})", scale=options(zero=False, nice=True))
    y_title = f"Second minus first ({unit})"
    dots = (
        alt.Chart(points)
        .mark_circle(size=30, opacity=1, fillOpacity=0.55, color=OKABE_ITO[0])
        .encode(x=x, y=alt.Y("difference:Q", title=y_title), tooltip=told(Mean="mean", Difference="difference"))
    )
    base = alt.Chart(lines)
    band = base.mark_rect(color=RULE, opacity=1, fillOpacity=0.25).encode(y=alt.Y("low:Q", title=y_title), y2="high:Q")
    rule = base.mark_rule(color=OKABE_ITO[1], strokeWidth=1.6).encode(y="value:Q")
    name = base.mark_text(align="left", dx=6, fontSize=TEXT_SIZE - 1, color=INK).encode(
        x=alt.XValue(WIDTH), y="value:Q", text="text:N"
    )
    return layer(band, rule, dots, name, width=WIDTH, height=HEIGHT)
