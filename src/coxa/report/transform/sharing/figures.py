"""Figures that show no count that the tables do not show, and nobody."""

from __future__ import annotations

from dataclasses import replace

from coxa.figures.blank import blank_figure
from coxa.figures.figure import Figure
from coxa.tables.cells import BEHIND
from coxa.tables.hidden import COUNTS, HIDDEN, Protected
from coxa.tables.prose import prose
from coxa.tables.records import records

OF_PEOPLE = "Not shown where the report is shared, as it shows single participants"
OF_FEW = "Not shown where the report is shared, as it holds small counts"


def shared_figure(figure: Figure, protected: Protected) -> Figure:
    """Return a figure as it is shared: drawn without hidden counts, or a frame that says why it is not drawn."""
    if figure.of_people:
        return blank_figure(figure, OF_PEOPLE)
    figure = replace(figure, data=figure.data.drop(columns=list(BEHIND), errors="ignore"))
    if all_shown(figure, protected):
        return figure
    if figure.hiding is None:
        return blank_figure(figure, OF_FEW)
    drawn = figure.hiding(protected)
    if drawn.data.empty or not (figure.by_address or all_shown(drawn, protected)):
        return blank_figure(figure, OF_FEW)
    if drawn.data.equals(figure.data):
        return drawn
    return replace(drawn, words=prose(drawn.words, f" {HIDDEN}: {protected.note()}"))


def all_shown(figure: Figure, protected: Protected) -> bool:
    """Say whether every count in the data of a figure is one that is shown; a share in such a column is none."""
    names = [name for name in COUNTS if name in figure.data]
    for row in records(figure.data[[*names, *(["arm"] if "arm" in figure.data else [])]].astype(object)):
        numbers = [float(row[name]) for name in names if row[name] == row[name] and row[name] is not None]
        if not all(n.is_integer() and protected.shows_number(str(row.get("arm", "")), n) for n in numbers):
            return False
    return True
