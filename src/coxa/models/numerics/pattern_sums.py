"""Sums over participants who were observed at the same visits: all that a marginal normal model needs.

The likelihood of a marginal normal model depends on the rows only through these sums (Laird & Ware,
Biometrics 1982, 38:963-974), so they are made once and every later evaluation is free of the number of
participants. They add up: chunks of rows, or clinics that share sums in place of rows, are merged by
addition.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class PatternSums:
    """Sums of one pattern of observed visits.

    visits : (v,) indices of the observed visits, increasing
    n      : participants with exactly these visits
    gram   : (v, v, p + 1, p + 1) sums over participants of z_a z_b', z = (design row, outcome)
    """

    visits: np.ndarray
    n: int
    gram: np.ndarray


@dataclass(frozen=True, slots=True)
class Stack:
    """The sums of all S patterns over m visits in one array, ready for the likelihood.

    observed : (S, m) bool, which visits each pattern has
    n        : (S,) participants per pattern
    index    : (3, R) for each row of gram its pattern and its visits a <= b
    gram     : (R, (p + 1)^2) z_a z_b' + z_b z_a' for a < b and z_a z_a' for a = b, flattened
    p        : columns of the design
    """

    observed: np.ndarray
    n: np.ndarray
    index: np.ndarray
    gram: np.ndarray
    p: int

    @property
    def m(self) -> int:
        """Number of visits."""
        return int(self.observed.shape[1])

    @property
    def n_observations(self) -> int:
        """Number of rows that went into the sums."""
        return int(self.n @ self.observed.sum(axis=1))

    def fold(self, weights: np.ndarray) -> np.ndarray:
        """Return sum_s sum_ab weights[..., s, a, b] G_s[a, b], shape (..., p + 1, p + 1).

        weights : (..., S, m, m), symmetric in its last two axes
        """
        picked = weights[..., self.index[0], self.index[1], self.index[2]]
        return (picked @ self.gram).reshape(*picked.shape[:-1], self.p + 1, self.p + 1)

    def contract(self, kernel: np.ndarray) -> np.ndarray:
        """Return T_s[a, b] = <G_s[a, b], kernel>, shape (S, m, m), for a symmetric kernel (p + 1, p + 1)."""
        pattern, a, b = self.index
        values = self.gram @ kernel.ravel() / np.where(a == b, 1.0, 2.0)
        result = np.zeros((len(self.n), self.m, self.m))
        result[pattern, a, b] = values
        result[pattern, b, a] = values
        return result


def pattern_sums(participant: np.ndarray, visit: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[PatternSums, ...]:
    """Sum the rows of each pattern with one matrix product per pattern.

    Parameters
    ----------
    participant : (N,) integer codes 0, 1, ...; no participant has two rows at one visit
    visit : (N,) integer codes 0, 1, ..., m - 1
    x : (N, p) design rows
    y : (N,) outcomes

    Returns
    -------
    tuple of PatternSums
        In the order of the visits: patterns with the first visit come first.

    Examples
    --------
    >>> sums = pattern_sums(np.array([0, 0, 1]), np.array([0, 1, 0]), np.ones((3, 1)), np.array([1.0, 2, 4]))
    >>> [(s.visits.tolist(), s.n) for s in sums]
    [([0, 1], 1), ([0], 1)]
    """
    order = np.lexsort((visit, participant))
    rows = np.column_stack([x, y])[order]
    q = rows.shape[1]
    present = np.zeros((int(participant.max()) + 1, int(visit.max()) + 1), dtype=bool)
    present[participant, visit] = True
    first_row = np.concatenate([[0], np.cumsum(present.sum(axis=1))[:-1]])
    patterns, member = np.unique(present, axis=0, return_inverse=True)
    sums = []
    for k in reversed(range(len(patterns))):
        visits = np.flatnonzero(patterns[k])
        if not len(visits):
            continue
        starts = first_row[member.ravel() == k]
        wide = rows[starts[:, None] + np.arange(len(visits))].reshape(len(starts), -1)
        gram = (wide.T @ wide).reshape(len(visits), q, len(visits), q).transpose(0, 2, 1, 3)
        sums.append(PatternSums(visits, len(starts), gram))
    return tuple(sums)


def merge(left: PatternSums, right: PatternSums) -> PatternSums:
    """Add two clinics' (or chunks') sums of the same pattern.

    Raises
    ------
    ValueError
        The two are sums of different visits or of designs with different numbers of columns.
    """
    if not np.array_equal(left.visits, right.visits) or left.gram.shape != right.gram.shape:
        raise ValueError(
            f"only sums of the same pattern add up: visits {left.visits.tolist()} with {left.gram.shape[-1]} "
            f"columns, and visits {right.visits.tolist()} with {right.gram.shape[-1]} columns"
        )
    return PatternSums(left.visits, left.n + right.n, left.gram + right.gram)


def merge_all(sums: Iterable[PatternSums]) -> tuple[PatternSums, ...]:
    """Merge whatever has the same pattern, keeping the order in which the patterns first appear."""
    merged: dict[tuple[int, ...], PatternSums] = {}
    for item in sums:
        key = tuple(item.visits.tolist())
        merged[key] = merge(merged[key], item) if key in merged else item
    return tuple(merged.values())


def stack(sums: Iterable[PatternSums], m: int) -> Stack:
    """Lay the sums of all patterns over m visits in one array."""
    sums = merge_all(sums)
    observed = np.zeros((len(sums), m), dtype=bool)
    index, gram = [], []
    for s, item in enumerate(sums):
        observed[s, item.visits] = True
        a, b = np.triu_indices(len(item.visits))
        both = item.gram[a, b] + item.gram[b, a]
        both[a == b] /= 2
        index.append(np.array([np.full(len(a), s), item.visits[a], item.visits[b]]))
        gram.append(both.reshape(len(a), -1))
    return Stack(
        observed=observed,
        n=np.array([item.n for item in sums], dtype=float),
        index=np.concatenate(index, axis=1),
        gram=np.concatenate(gram),
        p=sums[0].gram.shape[-1] - 1,
    )
