"""Normal, t, chi-squared and F distribution by scipy.special: the numbers of scipy.stats, which takes long to load.

The functions are those that `scipy.stats` calls, so that both give the same to the last bit; a test compares them.
Outside the parameters that a distribution can have, and for what is not a number, the answer is not a number. Infinite
degrees of freedom are for `t` alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

ROOT_OF_TWO_PI = np.sqrt(2 * np.pi)


@dataclass(frozen=True, slots=True)
class Law:
    """A distribution with its parameters: `t(12)` is the t distribution with 12 degrees of freedom."""

    family: Any
    parameters: tuple[Any, ...]

    def cdf(self, x: Any) -> Any:
        """Return the probability of at most x."""
        return self.family.cdf(x, *self.parameters)

    def sf(self, x: Any) -> Any:
        """Return the probability of more than x."""
        return self.family.sf(x, *self.parameters)

    def ppf(self, q: Any) -> Any:
        """Return the quantile of a probability q."""
        return self.family.ppf(q, *self.parameters)

    def isf(self, q: Any) -> Any:
        """Return the value that is passed with probability q."""
        return self.family.isf(q, *self.parameters)


class Family:
    """A family of distributions; called with parameters it gives one of them."""

    def __call__(self, *parameters: Any) -> Law:
        """Return the distribution with these parameters."""
        return Law(self, parameters)


class Normal(Family):
    """The standard normal distribution."""

    def pdf(self, x: Any) -> Any:
        """Return the density at x."""
        return np.exp(-(np.asarray(x) ** 2) / 2.0) / ROOT_OF_TWO_PI

    def cdf(self, x: Any) -> Any:
        """Return the probability of at most x."""
        return special.ndtr(np.asarray(x))

    def sf(self, x: Any) -> Any:
        """Return the probability of more than x."""
        return special.ndtr(-np.asarray(x))

    def ppf(self, q: Any) -> Any:
        """Return the quantile of a probability q."""
        return special.ndtri(np.asarray(q))

    def isf(self, q: Any) -> Any:
        """Return the value that is passed with probability q."""
        return -special.ndtri(np.asarray(q))


class StudentT(Family):
    """The t distribution; with infinite degrees of freedom the normal one."""

    def cdf(self, x: Any, df: Any) -> Any:
        """Return the probability of at most x."""
        return special.stdtr(np.asarray(df), np.asarray(x))

    def sf(self, x: Any, df: Any) -> Any:
        """Return the probability of more than x."""
        return special.stdtr(np.asarray(df), -np.asarray(x))

    def ppf(self, q: Any, df: Any) -> Any:
        """Return the quantile of a probability q."""
        values = special.stdtrit(np.asarray(df), np.asarray(q))
        return np.where(np.equal(q, 0), -np.abs(values), values)[()]

    def isf(self, q: Any, df: Any) -> Any:
        """Return the value that is passed with probability q."""
        return -self.ppf(q, df)


class ChiSquared(Family):
    """The chi-squared distribution."""

    def pdf(self, x: Any, df: Any) -> Any:
        """Return the density at x, which is above 0."""
        half = np.asarray(df) / 2.0
        x = np.asarray(x)
        return np.exp(special.xlogy(half - 1, x) - x / 2.0 - special.gammaln(half) - np.log(2) * half)

    def sf(self, x: Any, df: Any) -> Any:
        """Return the probability of more than x."""
        return special.chdtrc(_positive(df), np.maximum(x, 0.0))

    def ppf(self, q: Any, df: Any) -> Any:
        """Return the quantile of a probability q."""
        return 2 * special.gammaincinv(_positive(df) / 2, np.asarray(q))


class F(Family):
    """The F distribution."""

    def cdf(self, x: Any, dfn: Any, dfd: Any) -> Any:
        """Return the probability of at most x."""
        return special.fdtr(np.asarray(dfn), np.asarray(dfd), np.maximum(x, 0.0))

    def sf(self, x: Any, dfn: Any, dfd: Any) -> Any:
        """Return the probability of more than x."""
        return special.fdtrc(np.asarray(dfn), np.asarray(dfd), np.maximum(x, 0.0))

    def ppf(self, q: Any, dfn: Any, dfd: Any) -> Any:
        """Return the quantile of a probability q."""
        return special.fdtri(np.asarray(dfn), np.asarray(dfd), np.asarray(q))


def _positive(df: Any) -> Any:
    """Return degrees of freedom, not a number where they are not above 0."""
    return np.where(np.asarray(df) > 0, df, np.nan)


norm, t, chi2, f = Normal(), StudentT(), ChiSquared(), F()
