"""Probabilities that a score process crosses its boundaries, by recursive integration."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import special

NODES, POINTS = np.polynomial.legendre.leggauss(16)
"""Gauss-Legendre nodes and weights of one panel."""

REACH = 9.0
"""Standard deviations beyond which a normal density is left out; less than 1e-18 is beyond them."""

Floats = np.ndarray


class Process:
    """The score process B(t) with drift, of what has not stopped at an earlier look.

    E[B(t)] = drift t and Var[B(t)] = t, so that Z = B(t) / sqrt(t). `step` goes on to the next look; `above` and
    `below` are probabilities there, and `keep` continues between two limits. It starts at 0, or at a score that was
    seen at a fraction.
    """

    def __init__(self, drift: float = 0.0, fraction: float = 0.0, score: float = 0.0) -> None:
        self.drift, self.fraction = drift, fraction
        self._start = (fraction, score)
        self.points, self.mass = np.array([score]), np.ones(1)
        self._centre, self._spread = self.points, 0.0

    def step(self, fraction: float) -> None:
        """Go on to a later information fraction; the density there is that of who goes on."""
        passed = fraction - self.fraction
        self._centre = self.points + self.drift * passed
        self._spread = float(np.sqrt(passed))
        self.fraction = fraction

    def above(self, z: float) -> float:
        """Return the probability of going on until here with a statistic of at least z."""
        return float(self.mass @ special.ndtr((self._centre - z * np.sqrt(self.fraction)) / self._spread))

    def below(self, z: float) -> float:
        """Return the probability of going on until here with a statistic below z."""
        return float(self.mass @ special.ndtr((z * np.sqrt(self.fraction) - self._centre) / self._spread))

    def keep(self, low: float, high: float) -> None:
        """Continue only with statistics between low and high."""
        (since, score), root = self._start, np.sqrt(self.fraction)
        middle = score + self.drift * (self.fraction - since)
        reach = REACH * np.sqrt(self.fraction - since)
        start, end = max(low * root, middle - reach), min(high * root, middle + reach)
        if end <= start:
            self.points, self.mass = np.array([middle]), np.zeros(1)
            return
        points, widths = panels(start, end, self._spread)
        density = np.exp(-0.5 * ((points[:, None] - self._centre) / self._spread) ** 2) @ self.mass
        self.mass = widths * density / (self._spread * np.sqrt(2 * np.pi))
        self.points = points


def panels(start: float, end: float, width: float) -> tuple[Floats, Floats]:
    """Return points and weights of Gauss-Legendre panels of at most this width."""
    count = max(int(np.ceil((end - start) / width)), 1)
    half = (end - start) / count / 2
    middles = start + half * (2 * np.arange(count) + 1)
    return (middles[:, None] + half * NODES).ravel(), np.tile(half * POINTS, count)


def crossing(
    fractions: Sequence[float] | Floats,
    upper: Sequence[float] | Floats,
    lower: Sequence[float] | Floats,
    drift: float = 0.0,
    process: Process | None = None,
) -> tuple[Floats, Floats]:
    """Return the probabilities of stopping above and below at each look.

    Parameters
    ----------
    fractions
        Information fractions, rising.
    upper, lower
        Boundaries of the statistic Z at each look; infinite where there is none.
    drift
        E[Z] where all the information is there.
    process
        From which the looks go on; one without looks so far unless given.

    Returns
    -------
    tuple of ndarray
        (K,) probabilities of crossing the upper and the lower boundary first at each look.

    Notes
    -----
    Recursive integration (Armitage, McPherson & Rowe, Journal of the Royal Statistical Society A 1969, 132:235-244) by
    Gauss-Legendre panels that are no wider than the standard deviation of the step.

    Examples
    --------
    >>> up, down = crossing([0.5, 1.0], [2.178272094376] * 2, [-np.inf] * 2)
    >>> round(float(up.sum()), 9), float(down.sum())
    (0.025, 0.0)
    """
    process = process or Process(drift)
    above, below = np.zeros(len(fractions)), np.zeros(len(fractions))
    for k, fraction in enumerate(fractions):
        process.step(fraction)
        above[k] = process.above(upper[k]) if upper[k] < np.inf else 0.0
        below[k] = process.below(lower[k]) if lower[k] > -np.inf else 0.0
        if k + 1 < len(fractions):
            process.keep(lower[k], upper[k])
    return above, below
