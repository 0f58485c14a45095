"""All counts that a reader of several tables, and of those published earlier, can reckon with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from coxa.disclosure.sums import Floats, Sums, Term
from coxa.disclosure.tables import CountTable, Key
from coxa.errors import OptionError

Tables = Sequence[CountTable]
Indices = NDArray[np.intp]


@dataclass(slots=True)
class Known:
    """What counts there are and how they add up, whatever they are.

    places    : what is counted -> its index: cells of the tables, cells of earlier tables, and what follows from them
    equations : each the terms that add up to zero
    rests     : index of what follows (the rest of a count within another; those who came since an earlier publication)
                -> index of the whole and of the part
    protected : indices of those rests that are counts to be protected
    n_now     : number of cells of the tables; those of earlier ones follow them
    n_cells   : number of all cells
    since     : indices of those who came since an earlier publication
    rests_since : indices of those who came to a rest that is protected (those lost, those without what is standard)
    fewer     : whether such a rest may have become smaller, as a person who was in it now is not
    """

    places: dict[Key, int] = field(default_factory=dict)
    equations: dict[tuple[Term, ...], None] = field(default_factory=dict)
    rests: dict[int, tuple[int, int]] = field(default_factory=dict)
    protected: set[int] = field(default_factory=set)
    n_now: int = 0
    n_cells: int = 0
    since: list[int] = field(default_factory=list)
    rests_since: list[int] = field(default_factory=list)
    fewer: bool = True

    @classmethod
    def of(cls, tables: Tables, earlier: Sequence[Tables]) -> Known:
        """Return what counts there are in tables and in those published earlier."""
        one = cls()
        dated = [(table, _date(number)) for number, each in enumerate(earlier) for table in each]
        for table in tables:
            one._add_cells(table, "")
        one.n_now = len(one.places)
        for table, date in dated:
            one._add_cells(table, date)
        one.n_cells = len(one.places)
        for table, date in [*((table, "") for table in tables), *dated]:
            one._add_sums(table, date)
        for table, date in [*((table, "") for table in tables), *dated]:
            if table.within is not None:
                whole, rest = table.within + date, f"{table.within} but not {table.measure}{date}"
                for measure, place in table.counted():
                    at = one._relate((rest, place), (whole, place), (measure + date, place))
                    if table.rest and at is not None:
                        one.protected.add(at)
        for table, date in dated:
            for measure, place in table.counted():
                at = one._relate((f"{measure} since{date}", place), (measure, place), (measure + date, place))
                if at is not None:
                    one.since.append(at)
                    one.protected.add(at)
                if table.rest and table.within is not None:
                    one._add_rest_since(f"{table.within} but not {table.measure}", date, place)
        return one

    def _add_rest_since(self, rest: str, date: str, place: frozenset[tuple[str, str]]) -> None:
        """Protect those who came to a rest since an earlier publication."""
        at = self._relate((f"{rest} since{date}", place), (rest, place), (rest + date, place))
        if at is not None:
            self.rests_since.append(at)
            self.protected.add(at)

    def indices(self, table: CountTable, number: int | None = None) -> Indices:
        """Return the index of each cell of a table, or of an earlier one."""
        date = "" if number is None else _date(number)
        return np.array([self.places[measure + date, place] for measure, place in table.counted()], dtype=np.intp)

    def attackable(self) -> NDArray[np.bool_]:
        """Return which counts an attacker is after, wherever they are hidden or only follow from others."""
        found = np.arange(len(self.places)) < self.n_cells
        found[list(self.protected)] = True
        return found

    def matrix(self) -> sparse.csr_matrix:
        """Return the equations as a matrix."""
        nothing = np.zeros(len(self.places))
        return Sums(nothing, nothing, tuple(self.equations)).matrix()

    def values(self, tables: Tables, earlier: Sequence[Tables]) -> Floats:
        """Return the true counts; of those who came since, below zero where more left than came.

        Raises
        ------
        OptionError
            A cell is another number in another table, or a part is more than its whole.
        """
        values = np.full(len(self.places), np.nan)
        names = list(self.places)
        for table, at in self._located(tables, earlier):
            n = table.cells["n"].to_numpy(dtype=float)
            for here in at[~np.isnan(values[at]) & (values[at] != n)][:1]:
                raise OptionError(f"{words(names[here])} has two numbers in two tables. Give each its own measure.")
            values[at] = n
        for rest, (whole, part) in self.rests.items():
            values[rest] = values[whole] - values[part]
            if values[rest] < 0 and rest not in self.since and rest not in self.rests_since:
                raise OptionError(f"{words(names[part])} is more than {words(names[whole])}. Correct `within`.")
        return values

    def some_left(self, tables: Tables, earlier: Sequence[Tables]) -> bool:
        """Return whether a true count is smaller than in an earlier publication; of rests it is noted in `fewer`."""
        values = self.values(tables, earlier)
        self.fewer = bool((values[self.rests_since] < 0).any())
        return bool((values[self.since] < 0).any())

    def limits(self, tables: Tables, earlier: Sequence[Tables], least: float, left: bool) -> tuple[Floats, Floats]:
        """Return the least and the most that a reader knows each count to be, before any sum is looked at.

        Where people have left since an earlier publication, nothing is known of how many came.
        """
        low, high = np.zeros(len(self.places)), np.full(len(self.places), np.inf)
        for table, at in self._located(tables, earlier):
            below, above = table.limits(least)
            low[at], high[at] = np.maximum(low[at], below), np.minimum(high[at], above)
        if left:
            low[self.since] = -np.inf
        if left or self.fewer:
            low[self.rests_since] = -np.inf
        return low, high

    def _located(self, tables: Tables, earlier: Sequence[Tables]) -> Iterator[tuple[CountTable, Indices]]:
        yield from ((table, self.indices(table)) for table in tables)
        yield from ((table, self.indices(table, number)) for number, each in enumerate(earlier) for table in each)

    def _add_cells(self, table: CountTable, date: str) -> None:
        for measure, place in table.counted():
            self.places.setdefault((measure + date, place), len(self.places))

    def _add_sums(self, table: CountTable, date: str) -> None:
        """Add the equations of totals that are cells of some table."""
        for (measure, whole), parts in table.sums():
            total = self.places.get((measure + date, whole))
            if total is not None:
                below = [self.places[measure + date, place] for _, place in parts]
                self.equations[(total, 1), *((at, -1) for at in below)] = None

    def _relate(self, rest: Key, whole: Key, part: Key) -> int | None:
        """Say that a whole is a part and the rest; nothing where the whole is in no table."""
        if whole not in self.places or part not in self.places:
            return None
        at = self.places.setdefault(rest, len(self.places))
        self.rests[at] = self.places[whole], self.places[part]
        self.equations[(self.places[whole], 1), (self.places[part], -1), (at, -1)] = None
        return at


def words(key: Key) -> str:
    """Return what is counted in words.

    Examples
    --------
    >>> words(("asked", frozenset({("sex", "f"), ("clinic", "A")})))
    'asked, clinic A, sex f'
    """
    measure, place = key
    return ", ".join([measure, *(f"{name} {level}" for name, level in sorted(place))])


def _date(number: int) -> str:
    return f" (publication {number + 1})"
