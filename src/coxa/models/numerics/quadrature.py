"""Adaptive Gauss-Hermite quadrature over one normal random intercept in each cluster, with its exact gradient.

The rows of a cluster are independent given u ~ N(0, 1), with linear predictors eta + sd * u. The likelihood of a
cluster is the integral of exp(h(u)) / sqrt(2 pi), h(u) = sum of the rows' log densities - u^2 / 2. Nodes are placed
about the mode of h, at the scale of its curvature there; one node is Laplace's approximation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
from scipy.sparse import csr_array

from coxa.errors import NonConvergenceError

MOST_STEPS = 200
"""Newton steps to the modes; with bisection where a step leaves the bracket, far fewer are needed."""

LONGEST = 3.0
"""Longest step to a mode on the scale of the linear predictor: from below, Newton overshoots that of a large count."""

WIDEST = 9.0
"""Standard deviations beyond which a normal distribution has less than rounding."""

AT_MODE = 1e-8
"""Posterior standard deviations from its mode at which one last Newton step, whose error is the square, is enough."""

STEP = 1e-4
"""Step of central differences of a gradient, in standard errors: the error is of the order of its square."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Nodes (K,) and logarithms of weights (K,), for the weight function exp(-x^2) times exp(x^2)."""

    nodes: np.ndarray
    log_weights: np.ndarray


@cache
def gauss_hermite(points: int) -> Rule:
    """Return the rule that integrates exp(h(u)) / sqrt(2 pi), u = mode + sqrt(2) * scale * node, up to the scale.

    Examples
    --------
    >>> gauss_hermite(1).nodes.tolist(), gauss_hermite(1).log_weights.round(12).tolist()
    ([0.0], [-0.0])
    """
    nodes, weights = np.polynomial.hermite.hermgauss(points)
    return Rule(nodes, np.log(weights) + nodes**2 - np.log(np.pi) / 2)


@cache
def normal_rule(points: int = 121) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes and weights (K,) for the mean of a function of a standard normal variable.

    Nodes are equally far apart, from -9 to 9: of a smooth function the error of trapezoids falls exponentially, and a
    risk whose random intercept has an SD of 8 is right to 1e-9, where Gauss-Hermite nodes miss it in the fourth digit.

    Examples
    --------
    >>> nodes, weights = normal_rule()
    >>> round(float(weights @ nodes**4), 12)
    3.0
    """
    nodes = np.linspace(-WIDEST, WIDEST, points)
    weights = np.exp(-(nodes**2) / 2)
    return nodes, weights / weights.sum()


@dataclass(frozen=True, slots=True)
class Clusters:
    """Rows sorted by cluster.

    of_row  : (N,) cluster of each row
    members : (C, N) sparse, one where a row is in a cluster; its product is several times faster than np.add.reduceat
    """

    of_row: np.ndarray
    members: csr_array

    @classmethod
    def of(cls, sorted_codes: np.ndarray) -> Clusters:
        """Return the clusters of sorted codes 0, 1, ... (N,), each of which has a row.

        Examples
        --------
        >>> Clusters.of(np.array([0, 0, 1])).sums(np.array([1.0, 2.0, 5.0])).tolist()
        [3.0, 5.0]
        """
        n = len(sorted_codes)
        starts = np.flatnonzero(np.diff(sorted_codes, prepend=-1))
        return cls(sorted_codes, csr_array((np.ones(n), np.arange(n), np.append(starts, n)), shape=(len(starts), n)))

    @property
    def size(self) -> int:
        """Number of clusters."""
        return int(self.members.shape[0])

    def sums(self, rows: np.ndarray) -> np.ndarray:
        """Return the sum over each cluster of (N,) or (N, K)."""
        return np.asarray(self.members @ rows)


@dataclass(frozen=True, slots=True)
class NodeTerms:
    """Log density of each row at each node and its derivatives.

    value    : (N, K)
    slope    : (N, K) by the linear predictor
    by_shape : (A, N, K) by each shape parameter, such as thresholds or the logarithm of a dispersion
    """

    value: np.ndarray
    slope: np.ndarray
    by_shape: np.ndarray


@dataclass(frozen=True, slots=True)
class ModeTerms:
    """Derivatives of the log density of each row at the mode of its cluster.

    slope, curvature, third            : (N,) first to third derivative by the linear predictor
    slope_by_shape, curvature_by_shape : (A, N) derivatives of the first two by each shape parameter
    """

    slope: np.ndarray
    curvature: np.ndarray
    third: np.ndarray
    slope_by_shape: np.ndarray
    curvature_by_shape: np.ndarray


class RowLikelihood(Protocol):
    """Log densities of the outcomes (N,), concave in the linear predictor, at given shape parameters."""

    def slopes(self, predictor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return first and second derivative (N,) at linear predictors (N,)."""

    def at_nodes(self, predictor: np.ndarray) -> NodeTerms:
        """Return what the integral needs at linear predictors (N, K)."""

    def at_modes(self, predictor: np.ndarray) -> ModeTerms:
        """Return what the movement of the nodes needs at linear predictors (N,)."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The nodes of each cluster, and what the rows are there.

    u       : (C, K) standardised random intercepts
    weights : (C, K) share of each node in the sum of its cluster
    slope   : (N, K) derivative of each row's log density by its linear predictor
    slopes  : (C, K) its sum over the rows of a cluster
    """

    u: np.ndarray
    weights: np.ndarray
    slope: np.ndarray
    slopes: np.ndarray


@dataclass(frozen=True, slots=True)
class Integrals:
    """The integrated likelihood.

    loglik     : its logarithm, summed over clusters
    by_row     : (N,) derivatives by the linear predictors of the rows
    by_sd      : derivative by the standard deviation
    by_shape   : (A,) derivatives by the shape parameters
    modes      : (C,) of the standardised random intercepts
    scales     : (C,) their posterior standard deviations by the curvature at the modes
    means      : (C,) posterior means
    log_values : (C,) logarithm of each cluster's likelihood
    placed     : the nodes
    """

    loglik: float
    by_row: np.ndarray
    by_sd: float
    by_shape: np.ndarray
    modes: np.ndarray
    scales: np.ndarray
    means: np.ndarray
    log_values: np.ndarray
    placed: Placed


def modes_of(
    rows: RowLikelihood, eta: np.ndarray, sd: float, clusters: Clusters, start: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the modes (C,) of h and the scales (C,), one over the root of minus its second derivative.

    Raises
    ------
    NonConvergenceError
        No mode is found, which a log-concave density excludes.

    Notes
    -----
    Newton's method in all clusters at once. h' falls, so that its sign gives a bracket; a step that leaves it is
    replaced by bisection, or by a step to the finite end.
    """
    u = np.zeros(clusters.size) if start is None else start.copy()
    low, high = np.full(len(u), -np.inf), np.full(len(u), np.inf)
    for _ in range(MOST_STEPS):
        slope, curvature = rows.slopes(eta + sd * u[clusters.of_row])
        first = sd * clusters.sums(slope) - u
        second = sd**2 * clusters.sums(curvature) - 1
        low, high = np.where(first > 0, u, low), np.where(first > 0, high, u)
        step = np.clip(-first / second, -LONGEST / max(abs(sd), 1.0), LONGEST / max(abs(sd), 1.0))
        near = bool((np.abs(first) <= AT_MODE * np.sqrt(-second)).all())
        trial = u + step
        outside = (trial < low) | (trial > high) if not near else np.zeros(len(u), dtype=bool)
        if outside.any():
            trial = np.where(outside, (low + high) / 2, trial)
        u = trial
        if near:
            _, curvature = rows.slopes(eta + sd * u[clusters.of_row])
            return u, 1 / np.sqrt(1 - sd**2 * clusters.sums(curvature))
    raise NonConvergenceError("the random intercept of a cluster has no mode", ["Look at its rows for extreme values."])


def integrate(
    rows: RowLikelihood,
    eta: np.ndarray,
    sd: float,
    clusters: Clusters,
    rule: Rule,
    start: np.ndarray | None = None,
) -> Integrals:
    """Return the integrated log-likelihood with the exact derivatives of the quadrature sum.

    Parameters
    ----------
    rows : RowLikelihood
    eta : (N,) linear predictors without the random intercept
    sd : standard deviation of the random intercept; its sign does not matter
    clusters : Clusters
    rule : Rule
    start : (C,) modes from which the search starts

    Notes
    -----
    The nodes u_k = m + sqrt(2) s x_k move with the parameters, through the mode m and the scale s. With weights p_k of
    the terms of the sum, A = sum p_k h'(u_k) and B = 1 / s + sqrt(2) sum p_k x_k h'(u_k), the differential is
    sum p_k dh(u_k) + A dm + B ds, where dm = s^2 dh'(m) and ds = s^3 (dh''(m) + h'''(m) dm) / 2. With enough nodes A
    and B vanish; with one node this is the gradient of Laplace's approximation.
    """
    modes, scales = modes_of(rows, eta, sd, clusters, start)
    of_row, spread = clusters.of_row, np.sqrt(2) * scales
    u = modes[:, None] + spread[:, None] * rule.nodes
    at = rows.at_nodes(np.take(sd * u, of_row, axis=0) + eta[:, None])
    terms = clusters.sums(at.value) - u**2 / 2 + rule.log_weights
    largest = terms.max(axis=1, keepdims=True)
    weights = np.exp(terms - largest)
    total = weights.sum(axis=1, keepdims=True)
    weights /= total
    log_values = (largest + np.log(total))[:, 0] + np.log(scales)

    slopes = clusters.sums(at.slope)
    first = sd * slopes - u
    of_mode = (weights * first).sum(axis=1)
    of_scale = 1 / scales + np.sqrt(2) * (weights * first) @ rule.nodes
    top = rows.at_modes(eta + sd * modes[of_row])
    third = sd**3 * clusters.sums(top.third)
    by_curvature = scales**3 * of_scale / 2
    by_slope = scales**2 * (of_mode + by_curvature * third)
    on_slope, on_curvature, mode = by_slope[of_row], by_curvature[of_row], modes[of_row]

    row_weights = np.take(weights, of_row, axis=0)
    by_row = np.einsum("nk,nk->n", row_weights, at.slope)
    by_row += on_slope * sd * top.curvature + on_curvature * sd**2 * top.third
    by_sd = float(
        (weights * u * slopes).sum()
        + on_slope @ (top.slope + sd * mode * top.curvature)
        + on_curvature @ (2 * sd * top.curvature + sd**2 * mode * top.third)
    )
    by_shape = np.einsum("nk,ank->a", row_weights, at.by_shape)
    by_shape += sd * top.slope_by_shape @ on_slope + sd**2 * top.curvature_by_shape @ on_curvature
    means = (weights * u).sum(axis=1)
    placed = Placed(u, weights, at.slope, slopes)
    return Integrals(float(log_values.sum()), by_row, by_sd, by_shape, modes, scales, means, log_values, placed)


def hessian_by_differences(
    gradient: Callable[[np.ndarray], np.ndarray], theta: np.ndarray, std_errors: np.ndarray
) -> tuple[np.ndarray, float]:
    """Return the Hessian (P, P) by central differences of an exact gradient, and the proof of its accuracy.

    The steps are `STEP` standard errors. The second value is the largest difference between the matrix and its
    transpose, relative to a unit diagonal: of an exact Hessian it is zero, since neither half is used for the other.

    Examples
    --------
    >>> hessian, asymmetry = hessian_by_differences(lambda b: b**3, np.array([1.0, 2.0]), np.ones(2))
    >>> hessian.round(6).tolist(), bool(asymmetry < 1e-8)
    ([[3.0, 0.0], [0.0, 12.0]], True)
    """
    steps = STEP * std_errors
    columns = [
        (gradient(theta + move) - gradient(theta - move)) / (2 * step)
        for step, move in zip(steps, np.diag(steps), strict=True)
    ]
    raw = np.column_stack(columns)
    length = np.sqrt(np.abs(np.diag(raw)))
    asymmetry = float((np.abs(raw - raw.T) / np.outer(length, length)).max())
    return (raw + raw.T) / 2, asymmetry
