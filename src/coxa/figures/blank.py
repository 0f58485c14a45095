"""A figure that is not drawn: not yet, or not for everybody."""

from __future__ import annotations

from typing import Any

import pandas as pd

from coxa.figures.figure import Figure
from coxa.figures.theme import GREY

WIDTH, HEIGHT = 520, 140
NOT_YET = "To be drawn from the data"


def blank_figure(figure: Figure, said: str = NOT_YET) -> Figure:
    """Return a frame with a few words in the place of a figure, and nothing of its numbers.

    Examples
    --------
    >>> blank_figure(figure).alt  # doctest: +SKIP
    'To be drawn from the data: Pain by visit and arm.'
    """
    empty = pd.DataFrame({"said": [said]})
    return Figure(figure.id, figure.title, lambda _: _frame(empty), f"{said}: {figure.title}.", empty.iloc[:0])


def _frame(empty: pd.DataFrame) -> Any:
    """Draw an empty frame with the words of a row."""
    import altair as alt

    whole = {"x": alt.XValue(0), "x2": alt.X2Value(WIDTH), "y": alt.YValue(0), "y2": alt.Y2Value(HEIGHT)}
    frame = alt.Chart(empty).mark_rect(filled=False, stroke=GREY, strokeDash=[6, 4]).encode(**whole)
    words = alt.Chart(empty).mark_text(fontSize=14, color=GREY).encode(text=alt.Text("said:N"))
    return alt.layer(frame, words, width=WIDTH, height=HEIGHT).configure_view(stroke=None)
