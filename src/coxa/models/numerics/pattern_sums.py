"""Rows by participants and visits, their sums for each pattern of observed visits, and all sums in one array."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
        return self.group, tuple(self.visits.tolist()), None if self.times is None else tuple(self.times.tolist())


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
    >>> PatternSums(np.array([0, 1]), 5, np.ones((2, 2, 3, 3))).key
    (0, (0, 1), None)
    """

    visits: np.ndarray
    n: int
    gram: np.ndarray
    group: int = 0
    times: np.ndarray | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """What two sums must share to add up."""
        return self.group, tuple(self.visits.tolist()), None if self.times is None else tuple(self.times.tolist())


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


@dataclass(frozen=True, slots=True)
class Stack:
    """The sums of all S patterns over m visits, ready for the likelihood.

    There are C distinct covariances: one for each covariance group, and with times that differ between participants
    one for each set of times. Covariances of one group share their parameters; there are B groups.

    observed   : (S, m) bool, which visits each pattern has
    n          : (S,) participants per pattern
    index      : (3, R) for each row of gram its pattern and its visits a <= b
    gram       : (R, (p + 1)^2) z_a z_b' + z_b z_a' for a < b and z_a z_a' for a = b, flattened
    p          : columns of the design
    covariance : (S,) which of the covariances each pattern has
    group      : (C,) the group of each covariance, increasing
    times      : (C, m) the times of each covariance
    """

    observed: np.ndarray
    n: np.ndarray
    index: np.ndarray
    gram: np.ndarray
    p: int
    covariance: np.ndarray
    group: np.ndarray
    times: np.ndarray

    @property
    def m(self) -> int:
        """Number of visits."""
        return int(self.observed.shape[1])

    @property
    def groups(self) -> int:
        """Number of covariance groups B."""
        return int(self.group[-1]) + 1

    @property
    def n_observations(self) -> int:
        """Number of rows that went into the sums."""
        return int(self.n @ self.observed.sum(axis=1))

    def members(self, group: int) -> slice:
        """Return the patterns of a covariance group, which are next to each other."""
        low, high = np.searchsorted(self.group[self.covariance], [group, group + 1])
        return slice(int(low), int(high))

    def fold(self, weights: np.ndarray, members: slice = slice(None)) -> np.ndarray:
        """Return sum_s sum_ab weights[..., s, a, b] G_s[a, b], shape (..., p + 1, p + 1).

        weights : (..., S, m, m), symmetric in its last two axes, of the patterns that are `members`
        """
        pattern, a, b = self.index
        start, stop, _ = members.indices(len(self.n))
        low, high = np.searchsorted(pattern, [start, stop])
        rows = slice(int(low), int(high))
        picked = weights[..., pattern[rows] - start, a[rows], b[rows]]
        return (picked @ self.gram[rows]).reshape(*picked.shape[:-1], self.p + 1, self.p + 1)

    def contract(self, kernel: np.ndarray) -> np.ndarray:
        """Return T_s[a, b] = <G_s[a, b], kernel>, shape (S, m, m), for a symmetric kernel (p + 1, p + 1)."""
        pattern, a, b = self.index
        values = self.gram @ kernel.ravel() / np.where(a == b, 1.0, 2.0)
        result = np.zeros((len(self.n), self.m, self.m))
        result[pattern, a, b] = values
        result[pattern, b, a] = values
        return result

    def by_covariance(self, values: np.ndarray) -> np.ndarray:
        """Return the sums of values (S, ...) over the patterns of each covariance, shape (C, ...)."""
        total = np.zeros((len(self.group), *values.shape[1:]))
        np.add.at(total, self.covariance, values)
        return total


def stack(sums: Iterable[PatternSums], m: int, times: np.ndarray | None = None) -> Stack:
    """Lay the sums of all patterns over m visits in one array.

    times : (m,) when the visits are, for sums without times of their own; by default 0, 1, ..., m - 1
    """
    ordered = sorted(merge_all(sums), key=lambda item: item.group)
    spaced = np.arange(m, dtype=float) if times is None else np.asarray(times, dtype=float)
    covariance, group, places = distinct(ordered, spaced)
    observed = np.zeros((len(ordered), m), dtype=bool)
    index, gram = [], []
    for s, item in enumerate(ordered):
        observed[s, item.visits] = True
        a, b = np.triu_indices(len(item.visits))
        both = item.gram[a, b] + item.gram[b, a]
        both[a == b] /= 2
        index.append(np.array([np.full(len(a), s), item.visits[a], item.visits[b]]))
        gram.append(both.reshape(len(a), -1))
    return Stack(
        observed=observed,
        n=np.array([item.n for item in ordered], dtype=float),
        index=np.concatenate(index, axis=1),
        gram=np.concatenate(gram),
        p=ordered[0].gram.shape[-1] - 1,
        covariance=covariance,
        group=group,
        times=places,
    )


def distinct(sums: Sequence[PatternSums], spaced: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which covariance each pattern has (S,), and group (C,) and times (C, m) of each covariance.

    A pattern with times has a covariance of its own; at visits it does not have, any time beyond its last will do.
    """
    covariance: list[int] = []
    group: list[int] = []
    times: list[np.ndarray] = []
    shared: dict[int, int] = {}
    for item in sums:
        if item.times is None and item.group in shared:
            covariance.append(shared[item.group])
            continue
        if item.times is None:
            shared[item.group] = len(group)
            at = spaced
        else:
            at = item.times.max() + 1 + np.arange(len(spaced))
            at[item.visits] = item.times
        covariance.append(len(group))
        group.append(item.group)
        times.append(at)
    return np.array(covariance), np.array(group), np.array(times)
