"""Figures of residuals: against fitted values at each visit, and against normal quantiles."""

from __future__ import annotations

from typing import Any

import pandas as pd

POINT = "#0072B2"
LINE = "#8a939c"
WIDTH = 150
HEIGHT = 180


def plot_residuals(residuals: pd.DataFrame, *, kind: str = "studentised") -> Any:
    """Draw residuals against fitted values, one panel for each visit.

    Parameters
    ----------
    residuals : DataFrame
        Of `coxa.models.diagnostics.residuals`.
    kind : str
        Column to draw.

    Returns
    -------
    altair.FacetChart
        Dashed lines at -2, 0 and 2. No participant is named in it; its description is the alternative text.
    """
    import altair as alt

    visits = [str(visit) for visit in residuals["visit"].cat.categories]
    data = residuals[["fitted", kind]].assign(visit=residuals["visit"].astype(str))
    beyond = int((data[kind].abs() > 2).sum())
    points = (
        alt.Chart()
        .mark_circle(size=22, opacity=0.55, color=POINT)
        .encode(
            x=alt.X("fitted:Q", title="Fitted value", scale=alt.Scale(zero=False)),
            y=alt.Y(f"{kind}:Q", title=f"{kind.capitalize()} residual"),
        )
        .properties(width=WIDTH, height=HEIGHT)
    )
    rules = [alt.Chart().mark_rule(color=LINE, strokeDash=[4, 3]).encode(y=alt.datum(level)) for level in (-2, 0, 2)]
    text = (
        f"{kind.capitalize()} residuals against fitted values at {', '.join(visits)}: {len(data)} points, "
        f"{beyond} of them beyond 2 or -2."
    )
    return alt.layer(*rules, points).facet(
        column=alt.Column("visit:N", sort=visits, title=None), data=data, description=text
    )


def plot_qq(points: pd.DataFrame) -> Any:
    """Draw sorted residuals against normal quantiles, with the band in which each should be.

    Parameters
    ----------
    points : DataFrame
        Of `coxa.models.diagnostics.qq_points`.

    Returns
    -------
    altair.LayerChart
        Its description is the alternative text.
    """
    import altair as alt

    outside = int(((points["sample"] < points["low"]) | (points["sample"] > points["high"])).sum())
    base = alt.Chart(points).encode(x=alt.X("theoretical:Q", title="Normal quantile"))
    band = base.mark_area(opacity=0.25, color=LINE).encode(
        y=alt.Y("low:Q", title="Normalised residual"), y2=alt.Y2("high:Q")
    )
    line = base.mark_line(color=LINE, strokeDash=[4, 3]).encode(y="theoretical:Q")
    dots = base.mark_circle(size=22, color=POINT).encode(y="sample:Q")
    text = (
        f"Quantiles of {len(points)} residuals against those of the normal distribution, {outside} outside their band."
    )
    return alt.layer(band, line, dots, description=text).properties(width=2 * WIDTH, height=2 * WIDTH)
