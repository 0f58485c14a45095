"""Which cells of tables are hidden: their counts as the linear programs take them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coxa.disclosure.choose import counts_to_hide, other_set
from coxa.disclosure.known import Known, Tables
from coxa.disclosure.sums import Bools, Floats, Sums
from coxa.disclosure.tables import TOTAL, CountTable
from coxa.errors import CoxaError


@dataclass(frozen=True, slots=True)
class Choice:
    """True counts of tables and what follows from them, without cells that are shown as zeros.

    known       : all counts, (n,)
    sums        : those that are no shown zeros, (m,)
    counted     : (n,) which these are
    unprotected : (m,) those that were published before, and what follows from others and is a zero that may be known
    least       : (m,) the least that a reader knows a hidden count to be
    """

    known: Known
    sums: Sums
    counted: Bools
    unprotected: Bools
    least: Floats

    @classmethod
    def of(
        cls,
        known: Known,
        tables: Tables,
        earlier: Sequence[Tables],
        published: Sequence[Tables],
        zeros_disclose: bool,
    ) -> Choice:
        """Return the choice among cells; `earlier` tables have true counts, `published` ones those that were shown."""
        values = known.values(tables, earlier)
        shown, weights = np.zeros(len(values), dtype=bool), np.zeros(len(values))
        for table in tables:
            weights[known.indices(table)] += _weights(table)
        for number, each in enumerate(published):
            for table in each:
                shown[known.indices(table, number)] |= table.cells["n"].notna().to_numpy()
        weights[shown] = 1.0
        is_cell = np.arange(len(values)) < known.n_cells
        counted = ~is_cell | (values != 0) | zeros_disclose
        unprotected = shown | ~known.attackable() | (~is_cell & (values == 0) & (not zeros_disclose))
        least = np.where(is_cell & (not zeros_disclose), 1.0, 0.0)
        place = np.cumsum(counted) - 1
        sign = np.where(values < 0, -1, 1)  # of those who left it is their number that is protected
        equations = (
            tuple((int(place[at]), int(by * sign[at])) for at, by in terms if counted[at]) for terms in known.equations
        )
        sums = Sums(np.abs(values[counted]), weights[counted], tuple(filter(None, equations)))
        return cls(known, sums, counted, unprotected[counted], least[counted])

    def first(self, k: int) -> Bools:
        """Return which of all counts are hidden before the first attack; of a hard choice small ones alone."""
        try:
            hidden = counts_to_hide(self.sums, k, least=self.least, unprotected=self.unprotected)
        except CoxaError:
            hidden = (self.sums.values < k) & (self.sums.weights > 0) & ~self.unprotected
        return self._of_all(hidden)

    def more(self, hidden: Bools, k: int, narrow: pd.DataFrame) -> Bools:
        """Return which are hidden after an attack that narrowed down the counts of these rows too far."""
        for at, name in zip(narrow.index, narrow["what"], strict=True):
            more = self._other_set(hidden, k, at)
            if more is None:
                raise CoxaError(
                    f"The number of {name} can be worked out where all others are hidden. Do not publish this."
                )
            hidden = hidden | more
        return hidden

    def _other_set(self, hidden: Bools, k: int, at: int) -> Bools | None:
        """Return what is hidden so that the largest and the least value of a count are k apart; None where none is so.

        The count could be larger by k, or else larger by less and smaller by the rest.
        """
        place = int(self.counted[:at].sum())
        for up in range(k, -1, -1):
            used: Bools | None = hidden[self.counted] | (self.sums.weights == 0)
            for by in (up, up - k):
                if by and used is not None:
                    used = other_set(self.sums, used, by, place, least=self.least, unprotected=self.unprotected)
            if used is not None:
                return self._of_all(used & (self.sums.weights > 0))
        return None

    def _of_all(self, hidden: Bools) -> Bools:
        found = np.zeros(len(self.counted), dtype=bool)
        found[self.counted] = hidden
        return found


def _weights(table: CountTable) -> Floats:
    """Return what is lost where a cell is hidden: twice as much for each dimension that it is a total over."""
    totals = (table.cells[list(table.dimensions)] == TOTAL).sum(axis=1)
    return np.asarray(2.0 ** totals.to_numpy(), dtype=float)
