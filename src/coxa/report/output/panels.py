"""A table that is too wide for an upright page, as parts of its columns one below the other.

A page on its side breaks the text around it, and a short table leaves most of it empty. Every part has the headings of
the rows, and all parts are on one page, so that rows can be compared; a table that is too high for that is turned.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, pairwise

from coxa.report.output.columns import PADDING, SIZES, UPRIGHT, WIDER_FONT, Layout, ems, layout
from coxa.tables.table import Column, Row, RowGroup, Table

MOST_PARTS = 4
MOST_COLUMNS = 24
"""Columns of a table up to which ways to part them are looked through."""
SMALLEST = 7.5
"""Points of the type of a part, at least; in smaller type the page is turned."""
LINE, ROOM = {False: 1.11, True: 1.17}, {False: 0.14, True: 0.4}
"""Height of a line, and of what a row has above and below its lines, in ems: in a PDF, and in a Word file (True)."""
BETWEEN = 8.0
"""Points between two parts."""
PAGE = 640.0
"""Height of an A4 page below a running title, a heading and a caption, in points."""
NOTE_SIZE = 7.5

Parts = tuple[tuple[Table, Layout], ...]


def panels(table: Table, other_fonts: bool = False) -> Parts:
    """Return how a table stands on paper: the table itself, or the parts of its columns one below the other.

    Parameters
    ----------
    table
        What is set. Its columns are parted only where they are alike, as those of arms are: all aligned in one way.
    other_fonts
        As for `coxa.report.output.columns.layout`.

    Returns
    -------
    tuple of (Table, Layout)
        One, which may be on its side, or up to four upright ones in type of one size.
    """
    placed = layout(table, other_fonts)
    if not placed.sideways or len({column.align for column in table.columns}) != 1 or table.of_people:
        return ((table, placed),)
    for n in range(2, MOST_PARTS + 1):
        found = _parted(table, n, other_fonts)
        for size in SIZES:
            smaller = tuple((part, _in_size(one, size)) for part, one in found if SMALLEST <= size <= one.size)
            if smaller and _height(smaller, table, other_fonts) <= PAGE:
                return smaller
    return ((table, placed),)


def stay_together(parts: Parts, table: Table, other_fonts: bool = False) -> bool:
    """Return whether all parts of a table are on one page; parts that fill more than half of one may be on two."""
    return _height(parts, table, other_fonts) <= PAGE / 2


def _parted(table: Table, n: int, other_fonts: bool) -> Parts:
    """Return the best way to part the columns: few shared headings cut, then large type, then alike in width."""
    count = len(table.columns)
    if count > MOST_COLUMNS:
        return ()
    pieces = {
        (start, stop): (part := _columns(table, start, stop), layout(part, other_fonts))
        for start, stop in combinations(range(count + 1), 2)
    }
    best: tuple[tuple[float, ...], list[tuple[int, int]]] | None = None
    for cuts in combinations(range(1, count), n - 1):
        spans = list(pairwise((0, *cuts, count)))
        made = [pieces[span][1] for span in spans]
        size = min(one.size for one in made)
        if size < SMALLEST or any(one.sideways for one in made):
            continue
        widths = [stop - start for start, stop in spans]
        worth = (-sum(_within(table.columns, place) for place in cuts), size, min(widths) - max(widths))
        if best is None or worth > best[0]:
            best = worth, spans
    return () if best is None else tuple((pieces[span][0], _in_size(pieces[span][1], best[0][1])) for span in best[1])


def _within(columns: tuple[Column, ...], place: int) -> bool:
    """Return whether columns that share a heading, or the ones without any, are cut before a column."""
    shared = any(str(column.spanner) for column in columns)
    return shared and str(columns[place - 1].spanner) == str(columns[place].spanner)


def _columns(table: Table, start: int, stop: int) -> Table:
    """Return a table with some of its columns, without notes and sums, and without rows that are empty in them."""
    groups = [
        RowGroup(group.label, _filled([replace(row, cells=row.cells[start:stop]) for row in group.rows]))
        for group in table.groups
    ]
    shown = tuple(group for group in groups if group.rows)
    return replace(table, columns=table.columns[start:stop], groups=shown, footnotes=(), sums=())


def _filled(rows: list[Row]) -> tuple[Row, ...]:
    """Return the rows with a text in a cell, and those that head one of these."""
    kept: list[Row] = []
    for row in reversed(rows):
        if any(cell.text for cell in row.cells) or (kept and kept[0].level > row.level):
            kept.insert(0, row)
    return tuple(kept)


def _in_size(placed: Layout, size: float) -> Layout:
    """Return a layout in smaller type; what its columns no longer need is theirs all the same."""
    return replace(placed, size=size, whole=True)


def _height(parts: Parts, table: Table, in_word: bool) -> float:
    """Return how high the parts are with the notes of the table, in points."""
    wider = WIDER_FONT if in_word else 1.0
    notes = sum(math.ceil(wider * NOTE_SIZE * ems(str(note.text)) / UPRIGHT) for note in table.footnotes)
    rows = sum(placed.size * sum(_heights(part, placed, in_word)) for part, placed in parts)
    return rows + BETWEEN * len(parts) + LINE[in_word] * NOTE_SIZE * notes


def _heights(part: Table, placed: Layout, in_word: bool) -> Iterator[float]:
    """Yield the height of each row of a part, its headings first, in ems."""
    rooms = [max(width / placed.size - PADDING, 1.0) for width in placed.widths]
    wider = WIDER_FONT if in_word else 1.0

    def height(texts: Iterator[str]) -> float:
        lines = (math.ceil(wider * ems(text) / room) for text, room in zip(texts, rooms, strict=True))
        return LINE[in_word] * max([1, *lines]) + ROOM[in_word]

    shared = LINE[in_word] + ROOM[in_word]
    yield height(iter([part.stub, *(str(column.label) for column in part.columns)]))
    if any(column.spanner for column in part.columns):
        yield shared
    for group in part.groups:
        if group.label:
            yield shared
        yield from (height(_texts(row)) for row in group.rows)


def _texts(row: Row) -> Iterator[str]:
    yield row.label
    yield from (cell.text for cell in row.cells)
