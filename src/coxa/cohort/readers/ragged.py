"""Rows of a text file that have more or fewer cells than its header: what is wrong with each, and what can be done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from coxa.findings import Finding

SHOWN = 5
"""Rows that a finding names."""


@dataclass(frozen=True, slots=True)
class Ragged:
    """A row that does not fit the header: its number in the file, and how many cells it has of those expected."""

    row: int
    found: int
    expected: int

    @property
    def text(self) -> str:
        """What is wrong with it, in short."""
        return f"{self.found} cells instead of {self.expected}"


def ragged_findings(file: str, delimiter: str, rows: Sequence[Ragged]) -> tuple[Finding, ...]:
    """Return an error for each kind of fault among the rows that do not fit: cut in two, too long, too short.

    Two rows on end that have the cells of one between them are one row with a line break in a cell.

    Examples
    --------
    >>> [one.rule for one in ragged_findings("a.csv", "comma", [Ragged(2, 4, 3), Ragged(5, 2, 3), Ragged(6, 2, 3)])]
    ['a row has more cells than the header', 'a row is cut in two by a line break']
    """
    broken = {
        row
        for one, after in pairwise(rows)
        if after.row == one.row + 1 and one.found + after.found == one.expected + 1
        for row in (one.row, after.row)
    }
    kinds: tuple[tuple[str, str, Callable[[Ragged], bool]], ...] = (
        (
            "a row has more cells than the header",
            f"Put quotation marks around a text that has a {delimiter} in it, or name every column in the header.",
            lambda one: one.row not in broken and one.found > one.expected,
        ),
        (
            "a row has fewer cells than the header",
            "Look whether the end of the row is lost, and export the file again or fill in its empty cells.",
            lambda one: one.row not in broken and one.found < one.expected,
        ),
        (
            "a row is cut in two by a line break",
            "Take the line break out of the cell, or put quotation marks around the cell.",
            lambda one: one.row in broken,
        ),
    )
    found = ((rule, remedy, [one for one in rows if of_kind(one)]) for rule, remedy, of_kind in kinds)
    return tuple(_finding(file, rule, remedy, those) for rule, remedy, those in found if those)


def _finding(file: str, rule: str, remedy: str, rows: Sequence[Ragged]) -> Finding:
    shown = "; ".join(f"row {one.row}: {one.text}" for one in rows[:SHOWN])
    return Finding("error", file, rule, remedy, row=rows[0].row, value=shown, n_rows=len(rows))
