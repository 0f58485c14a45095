"""Counts of a publication and what they add up to: all that somebody can reckon with who reads every page of it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

Term = tuple[int, int]
"""Index of a count, and its coefficient."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Counts, and equations among them.

    values    : (n,) the counts, above zero where zeros are public
    weights   : (n,) what is lost where a count is not shown; 0 of a count that is not published and only follows from
                others
    equations : each the terms that add up to zero
    """

    values: Floats
    weights: Floats
    equations: tuple[tuple[Term, ...], ...]

    def matrix(self) -> sparse.csr_matrix:
        """Return the equations as a matrix, (equations, n)."""
        entries = [(row, at, by) for row, terms in enumerate(self.equations) for at, by in terms]
        rows, columns, by = zip(*entries, strict=True) if entries else ((), (), ())
        shape = (len(self.equations), len(self.values))
        return sparse.csr_matrix((np.array(by, dtype=float), (rows, columns)), shape=shape)

    def residuals(self) -> Floats:
        """Return by how much each equation is off; all zero where the equations are true."""
        return np.asarray(self.matrix() @ self.values)


@dataclass(slots=True)
class SumsBuilder:
    """Collects counts, each under a key of its own, and equations; a zero is public and no term of any."""

    values: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    equations: dict[tuple[Term, ...], None] = field(default_factory=dict)
    places: dict[Hashable, int] = field(default_factory=dict)

    def count(self, key: Hashable, value: int, weight: float = 0.0) -> int | None:
        """Add a count, or more weight to it; return its index, None of a zero.

        Without weight it is not published, and yet somebody can be after it.
        """
        if value <= 0:
            return None
        if key not in self.places:
            self.places[key] = len(self.values)
            self.values.append(value)
            self.weights.append(0.0)
        self.weights[self.places[key]] += weight
        return self.places[key]

    def equal(self, first: Iterable[int | None], second: Iterable[int | None]) -> None:
        """Say that two sums of counts are equal."""
        by: dict[int, int] = {}
        for sign, side in ((1, first), (-1, second)):
            for at in side:
                if at is not None:
                    by[at] = by.get(at, 0) + sign
        terms = tuple(sorted((at, coefficient) for at, coefficient in by.items() if coefficient))
        if terms:
            self.equations[terms] = None

    def sums(self) -> Sums:
        """Return what was collected."""
        return Sums(np.array(self.values, dtype=float), np.array(self.weights), tuple(self.equations))
