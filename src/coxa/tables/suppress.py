"""Small counts taken out of a table that leaves the house, with others from which they could be worked out."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from coxa.tables.cells import Cell
from coxa.tables.hidden_counts import Line, Place, hidden_counts
from coxa.tables.prose import cells_of, with_cells
from coxa.tables.table import Column, Footnote, Row, Table

HIDDEN = "*"
"""What stands for a number that is not shown; it does not say whether the number itself is small."""

RULE = "suppressed"
COUNTS = ("n", "events", "participants")
"""Statistics that count people or what happened to them."""

TOTAL = "total"
"""The statistic out of which a count is."""

Person = tuple[str, str, str]
"""Analysis, visit and arm: whose numbers they are."""


Address = tuple[str, str, str]
"""Analysis, term and arm: which count it is."""


def suppress(
    table: Table, k: int, analyses: Collection[str] = (), beyond: frozenset[Person] = frozenset()
) -> tuple[Table, frozenset[Person]]:
    """Return a table without small counts and what could give them away.

    Parameters
    ----------
    table
        The table.
    k
        Counts from 1 to k - 1 are not shown.
    analyses
        Names of the analyses of the plan. Where a count of one is hidden, so is what is estimated from it.
    beyond
        Analysis, visit and arm of counts that are hidden in other tables.

    Returns
    -------
    Table, set of (analysis, visit, arm)
        The table, with a note where something is hidden; and the counts of analyses that are hidden in it.
    """
    rows = list(table.rows())
    counts = np.array([[_count(cell) for cell in row.cells] for row in rows], dtype=float)
    counts = counts.reshape(len(rows), len(table.columns))
    headings = [(*cells_of(column.label), *cells_of(column.spanner)) for column in table.columns]
    few = [any(_small(cell, k) for cell in heading) for heading in headings]
    of_few = np.array([[_small(cell, k) for cell in row.cells] for row in rows]).reshape(counts.shape)
    hidden = hidden_counts(counts, list(_lines(table, rows, counts)), k, of_few | np.array(few, dtype=bool))
    gone = (row.cells[column].statistics[0] for at, row in enumerate(rows) for column in np.flatnonzero(hidden[at]))
    persons = frozenset((one.analysis, one.visit, one.arm) for one in gone if one.analysis in analyses)
    known = persons | beyond
    changed = iter([_row(row, hidden[at], few, known) for at, row in enumerate(rows)])
    groups = tuple(replace(group, rows=tuple(next(changed) for _ in group.rows)) for group in table.groups)
    columns = tuple(_heading(column, k) for column in table.columns)
    notes = tuple(replace(note, text=with_cells(note.text, small_to_hidden(k, known))) for note in table.footnotes)
    made = replace(table, columns=columns, groups=groups, footnotes=notes)
    if made != table:
        made = replace(made, footnotes=(*notes, Footnote(note_words(k), HIDDEN)))
    return made, persons


def note_words(k: int) -> str:
    """Say why a number is not shown."""
    return f"Not shown: a count from 1 to {k - 1}, or a number from which such a count could be worked out."


def small_to_hidden(k: int, known: frozenset[Person] = frozenset()) -> Callable[[Cell], Cell]:
    """Return what hides a cell that is a small count, or is made from one that is hidden elsewhere."""
    return lambda cell: hide(cell) if _small(cell, k) or _made_from(cell, known) else cell


def hidden_addresses(tables: Iterable[Table]) -> frozenset[Address]:
    """Return which numbers are hidden in suppressed tables."""
    cells = (cell for table in tables for row in table.rows() for cell in row.cells if cell.rule == RULE)
    return frozenset((one.analysis, one.term, one.arm) for cell in cells for one in cell.statistics)


def hide(cell: Cell) -> Cell:
    """Return a cell whose numbers are gone; their addresses stay."""
    kept = tuple(replace(one, value=math.nan) for one in cell.statistics)
    return Cell(HIDDEN, kept, rule=RULE)


def _count(cell: Cell) -> float:
    return next((one.value for one in cell.statistics if one.name in COUNTS), math.nan)


def _small(cell: Cell, k: int) -> bool:
    return any(0 < one.value < k for one in cell.statistics if one.name in (*COUNTS, TOTAL))


def _made_from(cell: Cell, known: frozenset[Person]) -> bool:
    sides = ((one, side) for one in cell.statistics for side in (one.arm, one.reference) if one.analysis)
    return any((one.analysis, one.visit, side) in known for one, side in sides)


def _heading(column: Column, k: int) -> Column:
    hide = small_to_hidden(k)
    return replace(column, label=with_cells(column.label, hide), spanner=with_cells(column.spanner, hide))


def _row(row: Row, hidden: NDArray[np.bool_], few: Sequence[bool], known: frozenset[Person]) -> Row:
    """Hide what is hidden, columns of few people, and what the row says else of the same people."""
    arms = {one.arm for cell, away in zip(row.cells, hidden, strict=True) if away for one in cell.statistics if one.arm}
    cells = []
    for cell, away, of_few in zip(row.cells, hidden, few, strict=True):
        same = any(side in arms for one in cell.statistics for side in (one.arm, one.reference))
        gone = cell.statistics and (away or of_few or same or _made_from(cell, known))
        cells.append(hide(cell) if gone else cell)
    return replace(row, cells=tuple(cells))


def _lines(table: Table, rows: Sequence[Row], counts: NDArray[np.float64]) -> Iterator[Line]:
    """Yield each row with its total, and in each column each row with those indented below it."""
    for at, row in enumerate(rows):
        yield from _across(row, at, counts)
    for parent, children in _families(table):
        for column in range(len(table.columns)):
            parts = tuple((at, column) for at in children if not math.isnan(counts[at, column]))
            if parts:
                yield _down((parent, column), parts, counts)


def _down(parent: Place, parts: tuple[Place, ...], counts: NDArray[np.float64]) -> Line:
    """Return the line of a row and those below it: they add up to it, or with it to a number that is known elsewhere.

    A row without a number is the heading of levels, which add up to the size of the arm.
    """
    whole = counts[parent]
    if math.isnan(whole):
        return Line(parts)
    return Line((*parts, parent), total=bool(whole == sum(counts[place] for place in parts)))


def _across(row: Row, at: int, counts: NDArray[np.float64]) -> Iterator[Line]:
    """Yield the arms of a row and their total, the last."""
    there = [column for column in range(len(row.cells)) if not math.isnan(counts[at, column])]
    totals = [column for column in there if row.cells[column].statistics[0].arm == "total"]
    if totals:
        arms = [column for column in there if column not in totals]
        yield Line((*((at, column) for column in arms), (at, totals[0])), total=True)


def _families(table: Table) -> Iterator[tuple[int, list[int]]]:
    """Yield each row that has others indented below it, with those that are one level below."""
    start = 0
    for group in table.groups:
        levels = [row.level for row in group.rows]
        for parent, level in enumerate(levels):
            children = []
            for child in range(parent + 1, len(levels)):
                if levels[child] <= level:
                    break
                if levels[child] == level + 1:
                    children.append(start + child)
            if children:
                yield start + parent, children
        start += len(levels)
