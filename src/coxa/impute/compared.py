"""A comparison of arms as a function of the weights of its parts, and its standard error and degrees of freedom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison at m visits as a function of the weights of P parts.

    values  : (m, P)
    between : (m, P, P) covariance of the parts
    within  : (m, P, P) that of Rubin's rules within a completed data set, else None
    free    : degrees of freedom of a completed data set
    """

    values: np.ndarray
    between: np.ndarray
    within: np.ndarray | None
    free: int

    def numbers(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return estimate, standard error and degrees of freedom, (..., m), for weights (..., P)."""
        estimate = weights @ self.values.T
        between = quadratic(weights, self.between)
        if self.within is None:
            return estimate, np.sqrt(between), np.full(estimate.shape, np.inf)
        within, free = quadratic(weights, self.within), self.free
        return estimate, np.sqrt(within + between), (free + 1) / (free + 3) * free * within / (within + between)

    def at(self, visit: int) -> Compared:
        """Return the comparison at one visit."""
        one = slice(visit, visit + 1)
        return Compared(
            self.values[one], self.between[one], None if self.within is None else self.within[one], self.free
        )


def quadratic(weights: np.ndarray, products: np.ndarray) -> np.ndarray:
    """Return w' Q w at each visit, (..., m), for weights (..., P) and products (m, P, P)."""
    return np.stack([((weights @ one) * weights).sum(axis=-1) for one in products], axis=-1)


def difference(arms: tuple[str, ...], arm: str, against: str) -> np.ndarray:
    """Return the weights of the arms (A,) that give the difference of two."""
    contrast = np.zeros(len(arms))
    contrast[arms.index(arm)] = 1.0
    contrast[arms.index(against)] -= 1.0
    return contrast
