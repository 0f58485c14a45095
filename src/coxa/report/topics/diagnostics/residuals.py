"""Figures of residuals: against fitted values at each visit, and against normal quantiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from coxa.figures.composed import layer
from coxa.figures.figure import Figure
from coxa.figures.theme import OKABE_ITO, RULE, options, themed, told

MOST = 1500
"""Points up to which all are drawn."""
DRAWN = 500
"""Points that are drawn of more, apart from those that always are."""
FAR = 3.0
"""Residuals beyond this are always drawn."""
TAIL = 50
"""Points at each end of the quantiles that are always drawn."""
WIDTH = 150
HEIGHT = 180


def plot_residuals(residuals: pd.DataFrame, *, kind: str = "studentised", figure_id: str, title: str) -> Figure:
    """Draw residuals against fitted values, one panel for each visit.

    Parameters
    ----------
    residuals : DataFrame
        Of `coxa.models.results.diagnostics.residuals`.
    kind : str
        Column to draw.
    figure_id, title
        Identifier and caption.

    Returns
    -------
    Figure
        Dashed lines at -2, 0 and 2. No participant is named in it. Of more than MOST points DRAWN, evenly spaced in
        the order of the residuals of a visit, are drawn, and all far ones; the caption says how many.
    """
    visits = [str(visit) for visit in residuals["visit"].cat.categories]
    every = residuals[["fitted", kind]].assign(visit=residuals["visit"].astype(str))
    beyond = int((every[kind].abs() > 2).sum())
    data = _spread(every.sort_values(["visit", kind], kind="stable"), every[kind].abs() > FAR)
    if len(data) < len(every):
        title += (
            f" ({len(data)} of {len(every)} drawn: evenly spaced in their order at each visit, and all beyond {FAR:g})"
        )
    text = (
        f"{kind.capitalize()} residuals against fitted values at {', '.join(visits)}: {len(every)} points, "
        f"{beyond} of them beyond 2 or -2."
    )
    return Figure(figure_id, title, lambda _: themed(_residuals(data, visits, kind)), text, data, of_people=True)


def _residuals(data: pd.DataFrame, visits: list[str], kind: str) -> Any:
    import altair as alt

    points = (
        alt.Chart()
        .mark_circle(size=22, opacity=1, fillOpacity=0.55, color=OKABE_ITO[0])
        .encode(
            x=alt.X("fitted:Q", title="Fitted value", scale=options(zero=False)),
            y=alt.Y(f"{kind}:Q", title=f"{kind.capitalize()} residual"),
            tooltip=[*told(Visit="visit"), *_numbers(Fitted_value="fitted", Residual=kind)],
        )
        .properties(width=WIDTH, height=HEIGHT)
    )
    once = alt.Chart().transform_aggregate(n="count()", groupby=["visit"])  # and not once for each point
    rules = [once.mark_rule(color=RULE, strokeDash=[4, 3]).encode(y=alt.datum(level)) for level in (-2, 0, 2)]
    return alt.layer(*rules, points).facet(column=alt.Column("visit:N", sort=visits, title=None), data=data)


def plot_qq(points: pd.DataFrame, *, figure_id: str, title: str) -> Figure:
    """Draw sorted residuals against normal quantiles, with the band in which each should be.

    Parameters
    ----------
    points : DataFrame
        Of `coxa.models.results.diagnostics.qq_points`.
    figure_id, title
        Identifier and caption.

    Returns
    -------
    Figure
    """
    outside = (points["sample"] < points["low"]) | (points["sample"] > points["high"])
    order = points["theoretical"].rank(method="first")
    drawn = _spread(points.sort_values("theoretical", kind="stable"), (order <= TAIL) | (order > len(points) - TAIL))
    if len(drawn) < len(points):
        title += f" ({len(drawn)} of {len(points)} drawn: evenly spaced in their order, and {TAIL} at each end)"
    text = (
        f"Quantiles of {len(points)} residuals against those of the normal distribution, {int(outside.sum())} outside "
        "their band."
    )
    return Figure(figure_id, title, lambda _: themed(_quantiles(drawn)), text, drawn, of_people=True)


def _quantiles(drawn: pd.DataFrame) -> Any:
    import altair as alt

    base = alt.Chart(drawn).encode(x=alt.X("theoretical:Q", title="Normal quantile"))
    band = base.mark_area(opacity=1, fillOpacity=0.25, color=RULE).encode(
        y=alt.Y("low:Q", title="Normalised residual"), y2=alt.Y2("high:Q")
    )
    line = base.mark_line(color=RULE, strokeDash=[4, 3]).encode(y=alt.Y("theoretical:Q"))
    said = _numbers(Normal_quantile="theoretical", Residual="sample")
    dots = base.mark_circle(size=22, color=OKABE_ITO[0]).encode(y=alt.Y("sample:Q"), tooltip=said)
    return layer(band, line, dots, width=2 * WIDTH, height=2 * WIDTH)


def _spread(ordered: pd.DataFrame, always: pd.Series) -> pd.DataFrame:
    """Return all of up to MOST rows; of more, DRAWN that are evenly spaced, and those that are always drawn."""
    if len(ordered) <= MOST:
        return ordered.sort_index()
    even = ordered.index[np.linspace(0, len(ordered) - 1, DRAWN).round().astype(int)]
    return ordered.loc[ordered.index.isin(even) | always.reindex(ordered.index).to_numpy(dtype=bool)].sort_index()


def _numbers(**fields: str) -> list[Any]:
    """Return numbers that a point says when it is pointed at, under their names."""
    import altair as alt

    return [
        alt.Tooltip(field=field, type="quantitative", title=title.replace("_", " "), format=".2f")
        for title, field in fields.items()
    ]
