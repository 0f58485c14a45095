"""A random intercept of clusters in the cumulative logit model, integrated by adaptive Gauss-Hermite quadrature.

The intercept is added to the linear predictor, so that it is taken off both cumulative predictors of a row. Their
distance does not change, and the derivatives by the intercept are those of two logistic terms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from coxa.models.numerics.newton import Optimum, Point, minimise
from coxa.models.numerics.quadrature import (
    Clusters,
    Integrals,
    ModeTerms,
    NodeTerms,
    gauss_hermite,
    hessian_by_differences,
    integrate,
)
from coxa.models.ordinal.likelihood import Thresholds, log_probability, slopes

SD_STEP = 0.3
"""What counts as the standard error of the standard deviation before it is known; it sets a step of differences."""

START = 1.0
"""Standard deviation at which the search starts, on the scale of log odds."""


@dataclass(frozen=True, slots=True)
class OrdinalRows:
    """The log probability of the category of each row as a function of a linear predictor (`RowLikelihood`).

    above, below           : (N,) cumulative predictors at linear predictor 0, infinite where there is no threshold
    by_shape_above, by_shape_below : (S, N) their derivatives by thresholds and by effects at each threshold
    """

    above: np.ndarray
    below: np.ndarray
    by_shape_above: np.ndarray
    by_shape_below: np.ndarray

    def slopes(self, predictor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return first and second derivative (N,) by the linear predictor."""
        up, down = expit(self.above - predictor), expit(self.below - predictor)
        return up + down - 1, -(up * (1 - up) + down * (1 - down))

    def at_nodes(self, predictor: np.ndarray) -> NodeTerms:
        """Return value and derivatives at linear predictors (N, K)."""
        above, below = self.above[:, None] - predictor, self.below[:, None] - predictor
        by_above, by_below = slopes(above, below)
        by_shape = self.by_shape_above[:, :, None] * by_above + self.by_shape_below[:, :, None] * by_below
        return NodeTerms(log_probability(above, below), -(by_above + by_below), by_shape)

    def at_modes(self, predictor: np.ndarray) -> ModeTerms:
        """Return derivatives up to the third at linear predictors (N,)."""
        up, down = expit(self.above - predictor), expit(self.below - predictor)
        dense, sparse = up * (1 - up), down * (1 - down)
        skew, other = dense * (1 - 2 * up), sparse * (1 - 2 * down)
        return ModeTerms(
            up + down - 1,
            -(dense + sparse),
            skew + other,
            dense * self.by_shape_above + sparse * self.by_shape_below,
            -(skew * self.by_shape_above + other * self.by_shape_below),
        )


@dataclass(frozen=True, slots=True)
class Clustered:
    """Rows sorted by cluster, and how many nodes integrate over an intercept.

    rows     : the thresholds of each row
    common   : (q,) whether a coefficient belongs to the linear predictor; the others are shape parameters
    clusters : which rows are together
    points   : nodes
    """

    rows: Thresholds
    common: np.ndarray
    clusters: Clusters
    points: int

    @property
    def x(self) -> np.ndarray:
        """Columns (N, p) of the linear predictor."""
        return np.asarray(-np.where(self.rows.highest[:, None], self.rows.below, self.rows.above)[:, self.common])

    def integrals(self, theta: np.ndarray) -> Integrals | None:
        """Return the likelihood at theta (q + 1,), the standard deviation last; None where thresholds are crossed."""
        coefficients, sd = theta[:-1], float(theta[-1])
        above, below = self.rows.predictors(coefficients)
        if not (above > below).all():
            return None
        predictor = self.x @ coefficients[self.common]
        shape = ~self.common
        rows = OrdinalRows(
            above + predictor, below + predictor, self.rows.above[:, shape].T, self.rows.below[:, shape].T
        )
        return integrate(rows, predictor, sd, self.clusters, gauss_hermite(self.points))

    def minus_loglik(self, theta: np.ndarray) -> float:
        """Return minus the log-likelihood; infinite where thresholds are crossed."""
        found = self.integrals(theta)
        return float("inf") if found is None else -found.loglik

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        """Return the gradient (q + 1,) of minus the log-likelihood; NaN where thresholds are crossed."""
        found = self.integrals(theta)
        if found is None:
            return np.full(theta.size, np.nan)
        gradient = np.empty(theta.size)
        gradient[:-1][self.common] = found.by_row @ self.x
        gradient[:-1][~self.common] = found.by_shape
        gradient[-1] = found.by_sd
        return -gradient


def maximise(model: Clustered, coefficients: np.ndarray, std_errors: np.ndarray) -> Optimum:
    """Search the maximum from the coefficients (q,) of the model without random intercept, with their errors."""
    errors = np.append(std_errors, SD_STEP)

    def point(theta: np.ndarray) -> Point:
        hessian, asymmetry = hessian_by_differences(model.gradient, theta, errors)
        return Point(theta, model.minus_loglik(theta), model.gradient(theta), hessian, asymmetry)

    return minimise(model.minus_loglik, point, np.append(coefficients, START))


def slope_at_no_variance(rows: Thresholds, clusters: Clusters, coefficients: np.ndarray) -> float:
    """Return the derivative of the log-likelihood by the variance of the intercept where that is zero.

    Where it is not positive, at the maximum of the other coefficients, no variance is a maximum.
    """
    above, below = rows.predictors(coefficients)
    empty = np.empty((0, len(above)))
    first, second = OrdinalRows(above, below, empty, empty).slopes(np.zeros(len(above)))
    return float((clusters.sums(first) ** 2 + clusters.sums(second)).sum() / 2)
