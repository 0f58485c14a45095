"""Levels of which there is an order and no distance: cut points of the normal variable behind an ordered outcome.

An outcome has a level where the variable is between two cut points. The first and the last one are held, which says in
what units and from where the variable is measured; those between are drawn. A cut point moves together with the values
in the two levels that it divides, stretched and compressed with their interval: with a few hundred participants a cut
point that moves alone is held by the values next to it.

Sources: Albert & Chib, JASA 1993, 88:669-679; Nandram & Chen, J Stat Comput Simul 1996, 54:129-144, for holding two
cut points; Liu & Sabatti, Biometrika 2000, 87:353-369, for moving values together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

ACCEPTED = 0.4
"""Share of the proposals that the length of a proposal is adapted to during the burn-in."""

ADAPTED = 0.2
"""How quickly it is adapted."""

FIRST_LENGTH = 0.1
"""Standard deviation of the first proposals, in steps."""


class Latent(Protocol):
    """Chains of the normal variable: values (K, n, m) with their means and covariances (K, m, m)."""

    values: np.ndarray
    covariance: np.ndarray

    def means(self) -> np.ndarray:
        """Return the means (K, n, m)."""


@dataclass(slots=True)
class Cuts:
    """Cut points of K chains between L levels.

    values : (K, L - 1) in order; the first and the last never move
    level  : (n, m) number of the level of each outcome, from 0; -1 where it is missing
    length : (L - 1,) standard deviation of the proposals

    Examples
    --------
    >>> cuts = Cuts.started(1.0, 4, np.array([[1.0, 4.0], [np.nan, 2.0]]), chains=2)
    >>> cuts.values[0].tolist(), cuts.level.tolist()
    ([1.5, 2.5, 3.5], [[0, 3], [-1, 1]])
    >>> cuts.limits()[1][0].tolist()
    [[1.5, inf], [inf, 2.5]]
    """

    values: np.ndarray
    level: np.ndarray
    length: np.ndarray

    @classmethod
    def started(cls, low: float, count: int, outcomes: np.ndarray, chains: int, step: float = 1.0) -> Cuts:
        """Begin half way between levels at the same distance; outcomes (n, m) are `low`, `low` + `step` and so on."""
        cuts = low + step * (np.arange(count - 1) + 0.5)
        seen = ~np.isnan(outcomes)
        level = np.where(seen, np.rint((np.where(seen, outcomes, low) - low) / step), -1).astype(int)
        return cls(np.tile(cuts, (chains, 1)), level, np.full(count - 1, FIRST_LENGTH * step))

    def limits(self) -> tuple[np.ndarray, np.ndarray]:
        """Return between which values the variable is, (K, n, m) each; without limits where an outcome is missing."""
        chains = len(self.values)
        ends = np.concatenate([np.full((chains, 1), -np.inf), self.values, np.full((chains, 1), np.inf)], axis=1)
        missing = self.level < 0
        low, high = ends[:, self.level], ends[:, self.level + 1]
        return np.where(missing, -np.inf, low), np.where(missing, np.inf, high)

    def advance(self, chain: Latent, rng: np.random.Generator, *, adapt: bool) -> None:
        """Move each cut point that is not held, and the values of the two levels that it divides, by Metropolis."""
        if self.values.shape[1] < 3:
            return
        precision, mean = np.linalg.inv(chain.covariance), chain.means()
        for j in range(1, self.values.shape[1] - 1):
            accepted = self._move(chain, j, precision, mean, rng)
            if adapt:
                self.length[j] *= np.exp(ADAPTED * (accepted - ACCEPTED))

    def _move(self, chain: Latent, j: int, precision: np.ndarray, mean: np.ndarray, rng: np.random.Generator) -> float:
        """Propose another place of cut point j in every chain; return the share that was accepted."""
        before, here, after = self.values[:, j - 1], self.values[:, j], self.values[:, j + 1]
        there = here + self.length[j] * rng.standard_normal(len(here))
        inside = (there > before) & (there < after)
        there = np.where(inside, there, here)
        below, above = self.level == j, self.level == j + 1
        wider, narrower = (there - before) / (here - before), (after - there) / (after - here)
        lower, upper = before[:, None, None], after[:, None, None]
        moved = np.where(below, (chain.values - lower) * (wider - 1)[:, None, None], 0.0)
        moved += np.where(above, (upper - chain.values) * (1 - narrower)[:, None, None], 0.0)
        further = ((2 * (chain.values - mean) + moved) * (moved @ precision)).sum(axis=(1, 2))
        ratio = below.sum() * np.log(wider) + above.sum() * np.log(narrower) - further / 2
        taken = inside & (np.log(rng.random(len(here))) < ratio)
        self.values[:, j] = np.where(taken, there, here)
        chain.values = chain.values + np.where(taken[:, None, None], moved, 0.0)
        return float(taken.mean())


def levels_between(values: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Return the number of the level, from 0, of values (D, n, m) between cut points (D, L - 1).

    Examples
    --------
    >>> levels_between(np.array([[[-1.0, 0.7, 9.0]]]), np.array([[0.5, 1.5]])).tolist()
    [[[0, 1, 2]]]
    """
    level = np.zeros(values.shape, dtype=int)
    for j in range(cuts.shape[1]):
        level += values > cuts[:, j, None, None]
    return level
