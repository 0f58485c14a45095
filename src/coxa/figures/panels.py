"""Panels side by side: a frame of its own for each of many arms, which colours could not tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import pandas as pd

from coxa.figures.composed import concat, layer
from coxa.figures.theme import INK, OKABE_ITO, RULE, TEXT_SIZE

Step = Literal["step-after", "step-before"]
PANEL, PANEL_HEIGHT, COLUMNS = 165, 150, 3
"""Size of a panel, and how many stand in a row unless one more saves a row."""
FEW = 4
"""Panels that stand in one row however wide they are."""


def panels(charts: Sequence[Any], columns: int) -> Any:
    """Put charts into rows of a few (`columns_of`), each with its own axes."""
    return concat(*charts, columns=columns, spacing=18)


def panel_title(text: str) -> Any:
    """Return the name of a panel, above it."""
    import altair as alt

    return alt.Title(text, fontSize=TEXT_SIZE, fontWeight="normal", color=INK, anchor="middle", limit=PANEL + 40)


def titled(y: Any, place: int, columns: int) -> Any:
    """Return the vertical axis of a panel by its place: only the first of a row says what it is."""
    return y if place % columns == 0 else y.title(None)


def stepped_panels(
    curve: pd.DataFrame, arms: Sequence[str], reference: str, x: Any, y: Any, interpolate: Step, behind: Any = None
) -> Any:
    """Draw a panel with the steps of each arm, the reference behind it in grey, on top of `behind`.

    Parameters
    ----------
    curve
        Rows with `arm_label` and the fields of `x` and `y`.
    arms, reference
        Labels in the order of the panels, and the one that is in each.
    x, y
        Encodings of Altair.
    interpolate
        How steps go, as Altair calls it.
    behind
        A chart that is in every panel.
    """
    import altair as alt

    charts = []
    columns = columns_of(len(arms))
    for place, arm in enumerate(arms):
        y_of = titled(y, place, columns)
        mine, other = (alt.Chart(curve[curve["arm_label"] == label]) for label in (arm, reference))
        own = mine.mark_line(interpolate=interpolate, strokeWidth=2, color=OKABE_ITO[0])
        grey = other.mark_line(interpolate=interpolate, strokeWidth=1.6, color=RULE, strokeDash=[6, 3])
        own, grey = (line.encode(x=x, y=y_of) for line in (own, grey))
        layers = [*([behind] if behind is not None else []), *([grey] if arm != reference else []), own]
        charts.append(layer(*layers, width=PANEL, height=PANEL_HEIGHT, title=panel_title(arm)))
    return panels(charts, columns)


def columns_of(n: int) -> int:
    """Return how many of n panels stand in a row: all of a few, else as many as leave the fewest rows.

    Examples
    --------
    >>> [columns_of(n) for n in (2, 4, 5, 6, 7, 8, 9, 10)]
    [2, 4, 3, 3, 4, 4, 3, 4]
    """
    if n <= FEW:
        return n
    return min((COLUMNS, COLUMNS + 1), key=lambda columns: -(-n // columns))
