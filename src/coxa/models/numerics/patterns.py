"""Which participants share a pattern: the visits they were seen at, their covariance group, and the times."""

from __future__ import annotations

from collections.abc import Iterator
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
