"""Numbers that are not shown where a report is shared: their sign, and the record of the counts that are shown."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from coxa.tables.cells import Cell, Statistic

HIDDEN = "*"
"""The sign of a number that is not shown; it does not say whether the number itself is small."""

RULE = "suppressed"
"""The rule of a cell whose numbers are not shown."""

COUNTS = (
    "n",
    "n_group",
    "n_participants",
    "participants",
    "events",
    "count",
    "missing",
    "total",
    "attended",
    "planned",
)
"""Statistics, and columns of figures, that count people or what happened to them."""

ALL = ("", "total")
"""Arms of a count of all arms together."""

Count = tuple[str, int]
"""Arm, empty for all together, and number."""

Address = tuple[str, ...]
"""Which count it is: estimand, analysis, term, visit, arm, name."""


@dataclass(frozen=True, slots=True)
class Protected:
    """Which counts of a report are shown; no other count is, in whatever table, text, figure or file.

    k       : counts from 1 to k - 1 are small
    shown   : addresses of the counts that are shown
    numbers : the counts that are shown wherever they are, for what has a number and an arm only
    """

    k: int
    shown: frozenset[Address]
    numbers: frozenset[Count]

    def shows(self, one: Statistic) -> bool:
        """Say whether a count is shown; no number, or zero, always is."""
        return not math.isfinite(one.value) or one.value == 0 or address(one) in self.shown

    def shows_number(self, arm: str, n: float) -> bool:
        """Say whether every count of an arm that is this number is shown."""
        return not math.isfinite(n) or n == 0 or count(arm, n) in self.numbers

    def note(self) -> str:
        """Say why a number is not shown."""
        return f"Not shown: a count from 1 to {self.k - 1}, or a number from which such a count could be worked out."


def address(one: Statistic) -> Address:
    """Return which count a statistic is."""
    return one.estimand, one.analysis, one.term, one.visit, one.arm, one.name


def count(arm: str, n: float) -> Count:
    """Return a count with its arm.

    Examples
    --------
    >>> count("exercise", 12.0), count("total", 40)
    (('exercise', 12), ('', 40))
    """
    return ("" if arm in ALL else arm, round(n))


def counts(cell: Cell) -> Iterator[Statistic]:
    """Yield the statistics of a cell that count people or what happened to them."""
    if cell.of_people:
        yield from (one for one in cell.statistics if one.name in COUNTS and float(one.value).is_integer())


def hide(cell: Cell) -> Cell:
    """Return a cell whose numbers are gone; their addresses stay."""
    kept = tuple(replace(one, value=math.nan) for one in cell.statistics)
    return Cell(HIDDEN, kept, rule=RULE)
