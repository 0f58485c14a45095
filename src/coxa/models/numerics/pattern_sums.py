"""Rows in the order of participants and visits, and their sums for each pattern of observed visits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Pattern:
    """Participants seen at the same visits, in the same covariance group, and (if times count) at the same times.

    visits : (v,) indices of the visits, increasing
    group  : the covariance group
    times  : (v,) or None
    rows   : (n, v) positions of their rows, by participant and visit
    """

    visits: np.ndarray
    group: int
    times: np.ndarray | None
    rows: np.ndarray

    @property
    def key(self) -> tuple[object, ...]:
        """What the sums of two patterns must share to add up."""
        times = None if self.times is None else tuple(self.times.tolist())
        return self.group, tuple(self.visits.tolist()), times


def patterns(
    participant: np.ndarray,
    visit: np.ndarray,
    *,
    group: np.ndarray | None = None,
    times: np.ndarray | None = None,
) -> Iterator[Pattern]:
    """Yield the patterns by group, then visits (those with the first visit first), then times.

    participant, visit, group : (N,) integer codes from 0; a participant has no two rows at one visit, and one group
    times : (N,)
    """
    order = in_order(participant, visit)
    who, when = participant[order], visit[order]
    starts = np.flatnonzero(np.diff(who, prepend=-1))
    lengths = np.diff(starts, append=len(who))
    m = int(visit.max()) + 1
    present = np.zeros((len(starts), m), dtype=bool)
    present[np.repeat(np.arange(len(starts)), lengths), when] = True
    of_group = np.zeros(len(starts), dtype=np.intp) if group is None else group[order][starts]
    keys = [~present[:, b] for b in reversed(range(m))]
    if times is not None:
        placed = np.zeros((len(starts), m))
        placed[np.repeat(np.arange(len(starts)), lengths), when] = times[order]
        keys = [*reversed(placed.T), *keys]
    for members in runs([*keys, of_group]):
        visits = np.flatnonzero(present[members[0]])
        rows = order[starts[members][:, None] + np.arange(len(visits))]
        at = None if times is None else times[rows[0]]
        yield Pattern(visits, int(of_group[members[0]]), at, rows)


def in_order(participant: np.ndarray, visit: np.ndarray) -> np.ndarray:
    """Return the positions of the rows by participant, then visit."""
    place = participant * (int(visit.max()) + 1) + visit
    return np.arange(len(place)) if (np.diff(place) > 0).all() else np.argsort(place, kind="stable")


def runs(keys: list[np.ndarray]) -> list[np.ndarray]:
    """Return the positions that share all keys (n,), the last key sorting first."""
    order = np.lexsort(keys)
    differs = np.zeros(len(order) - 1, dtype=bool)
    for key in keys:
        differs |= key[order][1:] != key[order][:-1]
    return np.split(order, np.flatnonzero(differs) + 1)


@dataclass(frozen=True, slots=True)
class PatternSums:
    """Sums of one pattern of observed visits.

    visits : (v,) indices of the observed visits, increasing
    n      : participants with exactly these visits
    gram   : (v, v, p + 1, p + 1) sums over participants of z_a z_b', z = (design row, outcome)
    group  : which of several covariances they have, counted from 0
    times  : (v,) when they were seen, for a covariance of distances; None where only the visit counts

    Examples
    --------
    >>> x, y = np.ones((4, 1)), np.array([1.0, 2, 3, 4])
    >>> sums = pattern_sums(np.array([0, 0, 1, 2]), np.array([0, 1, 0, 0]), x, y)
    >>> [(item.visits.tolist(), item.n) for item in sums]
    [([0, 1], 1), ([0], 2)]
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

    Examples
    --------
    >>> north, south = (PatternSums(np.array([0]), n, n * np.ones((1, 1, 2, 2))) for n in (3, 4))
    >>> merge(north, south).n
    7
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
    """Merge sums of the same pattern, in the order in which the patterns first appear.

    Examples
    --------
    >>> seen = [[0], [0, 1], [0]]
    >>> clinics = [PatternSums(np.array(at), 3, np.ones((len(at), len(at), 2, 2))) for at in seen]
    >>> [(item.visits.tolist(), item.n) for item in merge_all(clinics)]
    [([0], 6), ([0, 1], 3)]
    """
    merged: dict[tuple[object, ...], PatternSums] = {}
    for item in sums:
        merged[item.key] = merge(merged[item.key], item) if item.key in merged else item
    return tuple(merged.values())
