"""Log densities of a row's outcome by its linear predictor, with the derivatives that the quadrature needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.special import digamma, expit, gammaln

from coxa.models.glm.families import FAMILIES, Family
from coxa.models.numerics.quadrature import ModeTerms, NodeTerms, RowLikelihood

MOST_PREDICTOR = 600.0
"""Linear predictor from which its exponential is held, so that a search cannot overflow."""


def no_shape(*size: int) -> np.ndarray:
    """Return the derivatives by shape parameters where there are none."""
    return np.zeros((0, *size))


@dataclass(frozen=True, slots=True)
class Binomial:
    """Yes-or-no outcomes with a logit link; `signs` (N,) are 1 where the outcome is 1, else -1."""

    signs: np.ndarray

    def curvature_of(self, slope: np.ndarray) -> np.ndarray:
        """Return the second derivative: the slope is the chance of the other outcome, with a sign."""
        other = np.abs(slope)
        return np.asarray((other - 1) * other)

    def slopes(self, predictor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return first and second derivative (N,)."""
        other = expit(-self.signs * predictor)
        return self.signs * other, -other * (1 - other)

    def at_nodes(self, predictor: np.ndarray) -> NodeTerms:
        """Return log density and derivative (N, K); log(1 + x) is exact enough in a sum, and faster than log1p."""
        signs = self.signs[:, None]
        odds_against = predictor * -signs
        np.minimum(odds_against, MOST_PREDICTOR, out=odds_against)
        np.exp(odds_against, out=odds_against)
        total = odds_against + 1
        odds_against *= signs
        odds_against /= total
        np.log(total, out=total)
        return NodeTerms(np.negative(total, out=total), odds_against, no_shape(*predictor.shape))

    def at_modes(self, predictor: np.ndarray) -> ModeTerms:
        """Return derivatives up to the third (N,)."""
        slope, curvature = self.slopes(predictor)
        third = curvature * (1 - 2 * expit(predictor))
        return ModeTerms(slope, curvature, third, no_shape(len(predictor)), no_shape(len(predictor)))


@dataclass(frozen=True, slots=True)
class Poisson:
    """Counts (N,) with a log link; `constant` (N,) is the logarithm of their factorials."""

    y: np.ndarray
    constant: np.ndarray

    def curvature_of(self, slope: np.ndarray) -> np.ndarray:
        """Return the second derivative: the slope is the count less its mean."""
        return np.asarray(slope - self.y[:, None])

    def slopes(self, predictor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return first and second derivative (N,)."""
        mean = np.exp(np.minimum(predictor, MOST_PREDICTOR))
        return self.y - mean, -mean

    def at_nodes(self, predictor: np.ndarray) -> NodeTerms:
        """Return log density and derivative (N, K)."""
        y = self.y[:, None]
        mean = np.exp(np.minimum(predictor, MOST_PREDICTOR))
        return NodeTerms(y * predictor - mean - self.constant[:, None], y - mean, no_shape(*predictor.shape))

    def at_modes(self, predictor: np.ndarray) -> ModeTerms:
        """Return derivatives up to the third (N,)."""
        slope, curvature = self.slopes(predictor)
        return ModeTerms(slope, curvature, curvature, no_shape(len(predictor)), no_shape(len(predictor)))


@dataclass(frozen=True, slots=True)
class NegativeBinomial:
    """Counts with a log link, of mean m and variance m + m^2 / size; the shape parameter is the logarithm of size.

    With q = m / (m + size), the log density is y logit q + (y + size) log(1 - q) and terms without the predictor.
    """

    y: np.ndarray
    constant: np.ndarray
    log_size: float

    def slopes(self, predictor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return first and second derivative (N,)."""
        share = expit(predictor - self.log_size)
        total = self.y + np.exp(self.log_size)
        return self.y - total * share, -total * share * (1 - share)

    def at_nodes(self, predictor: np.ndarray) -> NodeTerms:
        """Return log density and derivatives (N, K)."""
        size, y = np.exp(self.log_size), self.y[:, None]
        odds = predictor - self.log_size
        ratio = np.exp(np.minimum(odds, MOST_PREDICTOR))
        log_rest, share = -np.log(1 + ratio), ratio / (1 + ratio)
        own = gammaln(self.y + size) - gammaln(size) - self.constant
        value = y * odds + (y + size) * log_rest + own[:, None]
        slope = y - (y + size) * share
        by_size = size * (log_rest + (digamma(self.y + size) - digamma(size))[:, None]) - slope
        return NodeTerms(value, slope, by_size[None])

    def at_modes(self, predictor: np.ndarray) -> ModeTerms:
        """Return derivatives up to the third (N,), and those of the first two by the logarithm of size (1, N)."""
        share = expit(predictor - self.log_size)
        size = np.exp(self.log_size)
        total, spread = self.y + size, share * (1 - share)
        turn = spread * (1 - 2 * share)
        by_size = total * spread - size * share, total * turn - size * spread
        return ModeTerms(self.y - total * share, -total * spread, -total * turn, by_size[0][None], by_size[1][None])


@dataclass(frozen=True, slots=True)
class Outcome:
    """A family of outcomes of a mixed model.

    name    : as it is asked for
    words   : what a report calls the model
    of_rows : outcome (N,) -> the log densities of its rows at shape parameters (A,)
    base    : the family without a random intercept, for what values are allowed and for separation
    shapes  : names of the shape parameters
    """

    name: str
    words: str
    of_rows: Callable[[np.ndarray], Callable[[np.ndarray], RowLikelihood]]
    base: Family
    shapes: tuple[str, ...] = ()


def binomial(y: np.ndarray) -> Callable[[np.ndarray], RowLikelihood]:
    """Return the log densities of yes-or-no outcomes (N,), which have no shape parameter."""
    rows = Binomial(np.where(y > 0, 1.0, -1.0))
    return lambda shape: rows  # noqa: ARG005


def poisson(y: np.ndarray) -> Callable[[np.ndarray], RowLikelihood]:
    """Return the log densities of counts (N,), which have no shape parameter."""
    rows = Poisson(y, gammaln(y + 1))
    return lambda shape: rows  # noqa: ARG005


def of_size(y: np.ndarray, constant: np.ndarray, shape: np.ndarray) -> RowLikelihood:
    """Return the negative binomial log densities at a logarithm of size."""
    return NegativeBinomial(y, constant, float(shape[0]))


def negative_binomial(y: np.ndarray) -> Callable[[np.ndarray], RowLikelihood]:
    """Return the log densities of over-dispersed counts (N,) by the logarithm of their size."""
    return partial(of_size, y, gammaln(y + 1))


OUTCOMES = {
    one.name: one
    for one in (
        Outcome("binomial", "logistic mixed model", binomial, FAMILIES["binomial"]),
        Outcome("poisson", "Poisson mixed model", poisson, FAMILIES["poisson"]),
        Outcome(
            "negative_binomial",
            "negative binomial mixed model",
            negative_binomial,
            FAMILIES["poisson"],
            ("log_size",),
        ),
    )
}
"""Families of `coxa.models.fit_glmm`."""
