"""The likelihood of the cumulative logit model, with its exact gradient and Hessian.

At each threshold j = 0 .. k-1 between the k + 1 categories, logit P(Y <= j) = threshold_j - x'b - z'c_j: a positive
coefficient moves a participant to higher categories. With a and d the cumulative predictors at the threshold above and
below the category that was seen, its probability is

    F(a) - F(d) = F(a) F(-d) (1 - exp(d - a)),        F the logistic distribution function,

so that the log-likelihood is a sum of three concave terms, none of which loses digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_expit

from coxa.models.numerics.newton import Optimum, Point, minimise


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The design rows of the thresholds around the category of each row.

    above, below : (N, q) of the cumulative predictor at the threshold above and below; zero where there is none
    highest, lowest : (N,) whether the category has no threshold above, or below
    """

    above: np.ndarray
    below: np.ndarray
    highest: np.ndarray
    lowest: np.ndarray

    def predictors(self, coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the cumulative predictors (N,) above and below, infinite where there is no threshold."""
        above = np.where(self.highest, np.inf, self.above @ coefficients)
        return above, np.where(self.lowest, -np.inf, self.below @ coefficients)


def threshold_rows(at: np.ndarray, x: np.ndarray, z: np.ndarray, k: int) -> np.ndarray:
    """Return the design rows (N, k + p + k r) of the cumulative predictor at one threshold for each row.

    at : (N,) the threshold, 0 .. k-1
    x  : (N, p) columns with one coefficient
    z  : (N, r) columns with a coefficient for each threshold; column c has those from k + p + c k on
    """
    n, p = x.shape
    rows, each = np.zeros((n, k + p + k * z.shape[1])), np.arange(n)
    rows[each, at] = 1.0
    rows[:, k : k + p] = -x
    for c in range(z.shape[1]):
        rows[each, k + p + c * k + at] = -z[:, c]
    return rows


def thresholds_of(codes: np.ndarray, x: np.ndarray, z: np.ndarray, k: int) -> Thresholds:
    """Return the thresholds around the categories `codes` (N,), 0 .. k, of a design."""
    highest, lowest = codes == k, codes == 0
    above = threshold_rows(np.minimum(codes, k - 1), x, z, k)
    below = threshold_rows(np.maximum(codes - 1, 0), x, z, k)
    above[highest], below[lowest] = 0.0, 0.0
    return Thresholds(above, below, highest, lowest)


def log_probability(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Return the log probability of each category from its cumulative predictors; -inf where they are out of order."""
    gap = above - below
    inner = np.log(-np.expm1(-np.where(gap > 0, gap, 1.0)))
    return np.where(gap > 0, log_expit(above) + log_expit(-below) + inner, -np.inf)


def slopes(above: np.ndarray, below: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the derivatives of the log probability by the predictor above and by that below."""
    pull = np.zeros_like(above)
    between = np.isfinite(above) & np.isfinite(below)
    pull[between] = 1 / np.expm1(above[between] - below[between])
    return expit(-above) + pull, -expit(below) - pull


def curvatures(above: np.ndarray, below: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return minus the second derivatives by the predictors: above twice, below twice, and (as it is) the mixed one."""
    shared = np.zeros_like(above)
    between = np.isfinite(above) & np.isfinite(below)
    shared[between] = 1 / (4 * np.sinh((above[between] - below[between]) / 2) ** 2)
    return expit(above) * expit(-above) + shared, expit(below) * expit(-below) + shared, shared


def minus_loglik(rows: Thresholds, coefficients: np.ndarray) -> float:
    """Return minus the log-likelihood; infinite where thresholds are out of order."""
    return -float(log_probability(*rows.predictors(coefficients)).sum())


def gradient_of(rows: Thresholds, coefficients: np.ndarray) -> np.ndarray:
    """Return the gradient (q,) of the log-likelihood."""
    up, down = slopes(*rows.predictors(coefficients))
    return np.asarray(up @ rows.above + down @ rows.below)


def information_of(rows: Thresholds, coefficients: np.ndarray) -> np.ndarray:
    """Return the observed information (q, q), minus the Hessian."""
    up, down, shared = curvatures(*rows.predictors(coefficients))
    mixed = (rows.above.T * shared) @ rows.below
    return np.asarray((rows.above.T * up) @ rows.above + (rows.below.T * down) @ rows.below - mixed - mixed.T)


def point_at(rows: Thresholds, coefficients: np.ndarray) -> Point:
    """Return minus the log-likelihood with its derivatives."""
    return Point(
        coefficients,
        minus_loglik(rows, coefficients),
        -gradient_of(rows, coefficients),
        information_of(rows, coefficients),
    )


def maximise(rows: Thresholds, codes: np.ndarray, k: int) -> Optimum:
    """Search the maximum from the thresholds of a model without covariates."""
    share = np.cumsum(np.bincount(codes, minlength=k + 1))[:-1] / len(codes)
    start = np.zeros(rows.above.shape[1])
    start[:k] = np.log(share / (1 - share))
    return minimise(lambda at: minus_loglik(rows, at), lambda at: point_at(rows, at), start)


def expected_information(x: np.ndarray, z: np.ndarray, k: int, coefficients: np.ndarray) -> np.ndarray:
    """Return the expected information (q, q): squares of each category's derivatives, by their probabilities."""
    total = np.zeros((coefficients.size, coefficients.size))
    for category in range(k + 1):
        rows = thresholds_of(np.full(len(x), category), x, z, k)
        above, below = rows.predictors(coefficients)
        up, down = slopes(above, below)
        derivative = up[:, None] * rows.above + down[:, None] * rows.below
        total += (derivative.T * np.exp(log_probability(above, below))) @ derivative
    return total
