"""Figure of the covariance over visits: what the model has beside what the residuals have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from coxa.errors import check_option
from coxa.figures.figure import Figure
from coxa.figures.theme import options, themed, told

CELL = 56
SIDES = {"fitted": "Model", "empirical": "Residuals"}


def plot_covariance(check: pd.DataFrame, *, what: str = "correlation", figure_id: str, title: str) -> Figure:
    """Draw two heat maps over pairs of visits, the model's and the residuals', one pair for each group.

    Parameters
    ----------
    check : DataFrame
        Of `coxa.models.results.diagnostics.covariance_check`.
    what : {"correlation", "covariance"}
        Correlations, or variances and covariances.
    figure_id, title
        Identifier and caption.

    Returns
    -------
    Figure
        Each cell carries its number.

    Raises
    ------
    OptionError
        `what` is neither.
    """
    check_option("map", what, ("correlation", "covariance"))
    ending = "_correlation" if what == "correlation" else ""
    visits = list(dict.fromkeys(check["visit"]))
    parts = [
        check[["group", "visit", "other"]].assign(value=check[side + ending], side=label)
        for side, label in SIDES.items()
    ]
    data = pd.concat(parts, ignore_index=True)
    apart = (check["fitted" + ending] - check["empirical" + ending]).abs()
    text = (
        f"{what.capitalize()} of residuals over {', '.join(visits)}, by the model and as observed; they differ by "
        f"{apart.max():.3g} at most."
    )
    every = Figure(figure_id, title, lambda _: themed(_maps(data, visits, what)), text, check)
    return replace(every, hiding=lambda _: replace(every, data=check.drop(columns="n", errors="ignore")))


def _maps(data: pd.DataFrame, visits: list[str], what: str) -> Any:
    """Draw the two maps of each group, each cell with its number."""
    import altair as alt

    x = alt.X("other:N", sort=visits, title=None)
    y = alt.Y("visit:N", sort=visits, title=None)
    written = ".2f" if what == "correlation" else ".3g"
    said = [
        *told(Visit="visit", With="other", Of="side"),
        alt.Tooltip("value:Q", title=what.capitalize(), format=written),
    ]
    cells = (
        alt.Chart()
        .mark_rect()
        .encode(
            x=x, y=y, tooltip=said, color=alt.Color("value:Q", title=what.capitalize(), scale=options(scheme="blues"))
        )
    )
    middle = float(data["value"].max() + data["value"].min()) / 2
    numbers = (
        alt.Chart()
        .mark_text()
        .properties(name="on_colour")
        .encode(
            x=x,
            y=y,
            text=alt.Text("value:Q", format=written),
            tooltip=said,
            color=alt.ColorValue("black", condition={"test": f"datum.value > {middle}", "value": "white"}),
        )
    )
    size = CELL * len(visits)
    row = alt.Row("group:N", title=None)
    column = alt.Column("side:N", sort=list(SIDES.values()), title=None)
    return alt.layer(cells, numbers, width=size, height=size).facet(row=row, column=column, data=data)
