"""Tables of counts with their totals, and what a reader of several of them can reckon with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, product
from typing import Any

import numpy as np
import pandas as pd

from coxa.disclosure.sums import Bools, Floats
from coxa.errors import OptionError, not_allowed

TOTAL = "all"
"""Level of a dimension in rows that are totals over it."""

NOT_RECORDED = "not recorded"

Place = frozenset[tuple[str, str]]
"""Which people a cell counts: dimension and level, without the dimensions it is a total of."""

Key = tuple[str, Place]
"""What is counted, and whom."""


@dataclass(frozen=True, slots=True)
class CountTable:
    """Counts of people by the levels of some dimensions, with the totals over each of them.

    dimensions : columns of `cells`
    cells      : one row for each combination of levels, the level "all" being the total; `n` is the count, NaN where it
                 is hidden
    measure    : what is counted; cells of two tables with the same measure and the same levels are the same number
    within     : the measure that this one is a part of (those asked, within those eligible), so that the rest, those
                 not asked, can be worked out from both
    k          : of a published table, counts below it were hidden
    rounded_to : of a published table, shown counts are rounded to multiples of it
    rest       : whether the rest (those not asked) is protected as a count of its own; it bounds the part in any case
    coarser    : dimension -> a coarser one, and its level for each level: quarters that add up to the years of another
                 table

    Examples
    --------
    >>> table = CountTable.of_array([[3, 12], [20, 9]], {"clinic": ["A", "B"], "sex": ["f", "m"]})
    >>> table.cells["n"].tolist()
    [3.0, 12.0, 15.0, 20.0, 9.0, 29.0, 23.0, 21.0, 44.0]
    """

    dimensions: tuple[str, ...]
    cells: pd.DataFrame
    measure: str = "n"
    within: str | None = None
    k: int | None = None
    rounded_to: int = 1
    rest: bool = True
    coarser: Mapping[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict, repr=False)

    @classmethod
    def of_groups(
        cls,
        groups: pd.DataFrame,
        dimensions: Sequence[str],
        count: str,
        *,
        measure: str = "n",
        within: str | None = None,
        rest: bool = True,
    ) -> CountTable:
        """Return the counts of groups that there are, with their totals; a combination that is not there is no cell.

        Where each total over a dimension is of a single group, as of therapists who are in one clinic each, these
        totals are no cells either: they are the same numbers.

        Parameters
        ----------
        groups
            One row for each group; those without a level are "not recorded". Where a column `few` is true, fewer people
            than k are behind a count, and it is hidden however large it is.
        dimensions
            Columns; none of a single row that is all.
        count
            Column of the counts.
        measure, within, rest
            As in the record.

        Examples
        --------
        >>> groups = pd.DataFrame({"clinic": ["A", "A", "B"], "therapist": ["A1", "A2", "B1"], "n": [9, 4, 7]})
        >>> CountTable.of_groups(groups, ["clinic", "therapist"], "n").cells["therapist"].tolist()
        ['A1', 'A2', 'B1', 'all', 'all', 'all']
        """
        return cls.of_counts(groups.assign(**{measure: groups[count]}), dimensions, [(measure, within, rest)])[0]

    @classmethod
    def of_counts(
        cls, groups: pd.DataFrame, dimensions: Sequence[str], counts: Sequence[tuple[str, str | None, bool]]
    ) -> list[CountTable]:
        """Return a table of each of several counts of the same groups, as `of_groups` does of one.

        Parameters
        ----------
        groups, dimensions
            As of `of_groups`.
        counts
            What is counted, which is also its column; the count that it is part of; whether the rest is protected.

        Examples
        --------
        >>> groups = pd.DataFrame({"clinic": ["A", "B"], "asked": [9, 7], "done": [8, 6]})
        >>> asked, done = CountTable.of_counts(groups, ["clinic"], [("asked", None, True), ("done", "asked", True)])
        >>> asked.cells["n"].tolist(), done.cells["n"].tolist(), done.within
        ([9.0, 7.0, 16.0], [8.0, 6.0, 14.0], 'asked')
        """
        names, levels = list(dimensions), groups[list(dimensions)].astype("str").fillna(NOT_RECORDED)
        measures = list(dict.fromkeys(measure for measure, _, _ in counts))
        numbers = pd.DataFrame({at: groups[name].to_numpy(dtype=float) for at, name in enumerate(measures)})
        parts = [(levels.reset_index(drop=True), numbers)]
        for kept in (chosen for size in range(len(names)) for chosen in combinations(names, size)):
            whole = parts[0][0].assign(**{name: TOTAL for name in names if name not in kept})
            summed = numbers.assign(parts=1).groupby([whole[name] for name in names], sort=False).sum().reset_index()
            if (summed["parts"] > 1).any():
                parts.insert(1, (summed[names], summed[list(numbers)]))
        cells = pd.concat([each for each, _ in parts], ignore_index=True)
        every = pd.concat([each for _, each in parts], ignore_index=True)
        marked = {}
        if "few" in groups:
            marked["few"] = np.zeros(len(cells), dtype=bool)
            marked["few"][: len(groups)] = groups["few"].to_numpy(dtype=bool)
        place = {name: at for at, name in enumerate(measures)}
        return [
            cls(tuple(names), cells.assign(n=every[place[measure]].to_numpy(), **marked), measure, within, rest=rest)
            for measure, within, rest in counts
        ]

    @classmethod
    def of_rows(
        cls, rows: pd.DataFrame, dimensions: Sequence[str], *, measure: str = "n", within: str | None = None
    ) -> CountTable:
        """Return the counts of rows, each a person or an episode, by all combinations of the levels.

        Parameters
        ----------
        rows
            Not changed. A level that is missing is "not recorded".
        dimensions
            Columns.
        measure, within
            As in the record.

        Raises
        ------
        OptionError
            There is no such column, or one of its levels is "all".

        Examples
        --------
        >>> people = pd.DataFrame({"clinic": ["A", "A", "B"], "sex": ["f", "m", None]})
        >>> CountTable.of_rows(people, ["clinic"]).cells.values.tolist()
        [['A', 2.0], ['B', 1.0], ['all', 3.0]]
        """
        for name in dimensions:
            if name not in rows.columns:
                raise OptionError(not_allowed("column", name, map(str, rows.columns)))
        labels = {name: rows[name].astype("str").fillna(NOT_RECORDED) for name in dimensions}
        levels = {name: sorted(set(values)) for name, values in labels.items()}
        codes = [pd.Categorical(labels[name], levels[name]).codes for name in dimensions]
        shape = [len(each) for each in levels.values()]
        flat = np.ravel_multi_index(codes, shape) if len(rows) else np.array([], dtype=int)
        counts = np.bincount(flat, minlength=int(np.prod(shape))).reshape(shape)
        return cls.of_array(counts, levels, measure=measure, within=within)

    @classmethod
    def of_array(
        cls, counts: object, levels: Mapping[str, Sequence[str]], *, measure: str = "n", within: str | None = None
    ) -> CountTable:
        """Return a table of inner counts with its totals.

        Parameters
        ----------
        counts
            An array with one axis for each dimension.
        levels
            Dimension -> its levels, in the order of the axes.
        measure, within
            As in the record.

        Raises
        ------
        OptionError
            The array does not fit the levels, a count is below 0 or no whole number, or a level is "all".

        Examples
        --------
        >>> CountTable.of_array([4, 6], {"clinic": ["A", "B"]}).cells["n"].tolist()
        [4.0, 6.0, 10.0]
        """
        inner = np.asarray(counts, dtype=float)
        shape = tuple(len(each) for each in levels.values())
        if inner.shape != shape:
            raise OptionError(f"Counts of shape {inner.shape} do not fit levels of shape {shape}. Give one per level.")
        if not (np.isfinite(inner).all() and (inner >= 0).all() and (inner == np.rint(inner)).all()):
            raise OptionError("A count is missing, below 0 or no whole number. Give counts of people.")
        if any(TOTAL in map(str, each) for each in levels.values()):
            raise OptionError(f'"{TOTAL}" is the level of totals. Give the level another name.')
        for axis in range(inner.ndim):
            inner = np.concatenate([inner, inner.sum(axis=axis, keepdims=True)], axis=axis)
        named = [[*map(str, each), TOTAL] for each in levels.values()]
        cells = pd.DataFrame(list(product(*named)), columns=list(levels)).assign(n=inner.ravel())
        return cls(tuple(levels), cells, measure, within)

    def published(self, hidden: Bools, k: int, round_to: int = 1) -> CountTable:
        """Return the table as it is published: counts hidden, and others rounded, halves up."""
        rounded = np.floor(self.cells["n"] / round_to + 0.5) * round_to
        return replace(self, cells=self.cells.assign(n=rounded.where(~hidden)), k=k, rounded_to=round_to)

    def limits(self, least: float) -> tuple[Floats, Floats]:
        """Return what each cell says by itself: the least and the most that it can be; `least` is of a hidden one."""
        n, step = self.cells["n"].to_numpy(dtype=float), self.rounded_to
        low, high = n, n
        if step > 1:
            most = (step - 1) // 2
            low = np.where(n > 0, np.maximum(n - step // 2, self.k or 1), 0.0)
            high = np.where((n == 0) & (most < (self.k or 1)), 0.0, n + most)
        return np.where(np.isnan(n), least, low), np.where(np.isnan(n), np.inf, high)

    def counted(self) -> list[Key]:
        """Return what each row of `cells` counts."""
        return [(self.measure, _place(self.dimensions, row)) for row in rows_of(self.cells, self.dimensions)]

    def sums(self) -> Iterator[tuple[Key, list[Key]]]:
        """Yield each total with its parts, along every dimension that it is a total over; it need not be a cell."""
        parts: dict[tuple[str, Place], list[Key]] = {}
        for row in rows_of(self.cells, self.dimensions):
            place = _place(self.dimensions, row)
            for name, level in zip(self.dimensions, row, strict=True):
                if level == TOTAL:
                    continue
                rest = place - {(name, level)}
                parts.setdefault((name, rest), []).append((self.measure, place))
                if name in self.coarser:
                    wider, of_level = self.coarser[name]
                    parts.setdefault((wider, rest | {(wider, of_level[level])}), []).append((self.measure, place))
        for (_, whole), below in parts.items():
            yield (self.measure, whole), below


def rows_of(frame: pd.DataFrame, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return the cells of some columns by row; of small frames this is several times as fast as `itertuples`.

    Examples
    --------
    >>> rows_of(pd.DataFrame({"clinic": ["A", "B"], "n": [3, 4]}), ["clinic", "n"]), rows_of(pd.DataFrame([7]), [])
    ([('A', 3), ('B', 4)], [()])
    """
    if not columns:
        return [()] * len(frame)
    return list(zip(*(frame[name].tolist() for name in columns), strict=True))


def _place(dimensions: tuple[str, ...], row: tuple[str, ...]) -> Place:
    return frozenset((name, level) for name, level in zip(dimensions, row, strict=True) if level != TOTAL)
