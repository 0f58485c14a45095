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

from coxa.models.numerics.patterns import Pattern, patterns


@dataclass(frozen=True, slots=True)
class PatternSums:
    """Sums of one pattern of observed visits.

    visits : (v,) indices of the observed visits, increasing
    n      : participants with exactly these visits
    gram   : (v, v, p + 1, p + 1) sums over participants of z_a z_b', z = (design row, outcome)
    group  : which of several covariances they have, counted from 0
    times  : (v,) when they were seen, for a covariance of distances; None where only the visit counts
    """

    visits: np.ndarray
    n: int
    gram: np.ndarray
    group: int = 0
    times: np.ndarray | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """What two sums must share to add up."""
        times = None if self.times is None else tuple(self.times.tolist())
        return self.group, tuple(self.visits.tolist()), times


def pattern_sums(
    participant: np.ndarray,
    visit: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    *,
    group: np.ndarray | None = None,
    times: np.ndarray | None = None,
) -> tuple[PatternSums, ...]:
    """Sum the rows of each pattern with one matrix product per pattern.

    Parameters
    ----------
    participant : (N,) integer codes 0, 1, ...; no participant has two rows at one visit
    visit : (N,) integer codes 0, 1, ..., m - 1
    x : (N, p) design rows
    y : (N,) outcomes; with weights w, both times sqrt(w)
    group : (N,) integer codes 0, 1, ..., the same in all rows of a participant, optional
    times : (N,), optional

    Returns
    -------
    tuple of PatternSums
        By group, then in the order of the visits: patterns with the first visit come first.

    Examples
    --------
    >>> sums = pattern_sums(np.array([0, 0, 1]), np.array([0, 1, 0]), np.ones((3, 1)), np.array([1.0, 2, 4]))
    >>> [(s.visits.tolist(), s.n) for s in sums]
    [([0, 1], 1), ([0], 1)]
    """
    rows = np.column_stack([x, y])
    return tuple(sums_of(pattern, rows) for pattern in patterns(participant, visit, group=group, times=times))


def sums_of(pattern: Pattern, rows: np.ndarray) -> PatternSums:
    """Return the sums of one pattern of rows (N, q)."""
    v, q = len(pattern.visits), rows.shape[1]
    wide = rows[pattern.rows].reshape(-1, v * q)
    gram = (wide.T @ wide).reshape(v, q, v, q).transpose(0, 2, 1, 3)
    return PatternSums(pattern.visits, len(wide), gram, pattern.group, pattern.times)


def merge(left: PatternSums, right: PatternSums) -> PatternSums:
    """Add two clinics' (or chunks') sums of the same pattern.

    Raises
    ------
    ValueError
        The two are sums of different visits, groups or times, or of designs with different numbers of columns.
    """
    if left.key != right.key or left.gram.shape != right.gram.shape:
        raise ValueError(
            f"only sums of the same pattern add up: {described(left)}, and {described(right)}; give both the same "
            "visits, groups and times, and the columns of one design"
        )
    return PatternSums(left.visits, left.n + right.n, left.gram + right.gram, left.group, left.times)


def described(sums: PatternSums) -> str:
    """Say what sums are of."""
    times = "" if sums.times is None else f" at times {sums.times.tolist()}"
    return f"visits {sums.visits.tolist()}{times} of group {sums.group} with {sums.gram.shape[-1]} columns"


def merge_all(sums: Iterable[PatternSums]) -> tuple[PatternSums, ...]:
    """Merge whatever has the same pattern, keeping the order in which the patterns first appear."""
    merged: dict[tuple[object, ...], PatternSums] = {}
    for item in sums:
        merged[item.key] = merge(merged[item.key], item) if item.key in merged else item
    return tuple(merged.values())
