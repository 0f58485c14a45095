"""The likelihood of a model with random effects, with exact gradient, Hessian and expected information.

With V = V0 + U Gamma U' (V0 within blocks, W its inverse), Gamma = L L' and K = Z'WZ, Z = (U, X, y)::

    S = I + L' K_UU L      B = L S^-1 L'      M = Z'V^-1 Z = K - K_ZU B K_UZ
    log|V| = log|V0| + log|S|      beta = M_XX^-1 M_Xy

The projection P = V^-1 - V^-1 X Phi X'V^-1 is W - W Z E Z'W with a matrix E of the size of the columns, and PZ = W Z C
with another, so that every trace and every quadratic form is one of K and its derivatives.

Sources: Harville, JASA 1977, 72:320-338; Lindstrom & Bates, JASA 1988, 83:1014-1022; Searle, Casella & McCulloch,
Variance Components, 1992, chapter 6, for the derivatives of the restricted likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from scipy.linalg import solve_triangular

from coxa.models.numerics.mixed.above import Above
from coxa.models.numerics.mixed.block import Curvature, Slopes, Within
from coxa.models.numerics.mixed.coefficients import Coefficients
from coxa.models.numerics.mixed.structured import Structured


@dataclass(frozen=True, slots=True)
class Mixed:
    """A model: the covariance within blocks, the factors above them, and which likelihood.

    within : parameters first
    above  : parameters last
    p      : columns of the design
    reml   : restricted likelihood, or the full one
    """

    within: Coefficients | Structured
    above: Above
    p: int
    reml: bool

    @property
    def size(self) -> int:
        """Number of parameters K."""
        return self.within.size + self.above.size


def linear(model: Mixed) -> Mixed:
    """Return the model with its derivatives taken in variances and covariances of random effects."""
    factors = tuple(replace(one, triangle=replace(one.triangle, linear=True)) for one in model.above.factors)
    within = replace(model.within, triangle=replace(model.within.triangle, linear=True))
    return replace(model, within=within, above=Above(factors))


@dataclass(frozen=True, slots=True)
class State:
    """The likelihood at some parameters, and the matrices that all else is made of; k columns u, p columns x.

    loglik  : with all constants
    beta    : (p,)
    phi     : (p, p) covariance of beta
    within  : the covariance within blocks
    moments : (k + p + 1, same) M = Z'V^-1 Z
    b       : (k, k) B
    inverse : (same as moments, p) C_X: V^-1 X = W Z C_X
    turned  : (same, same) C_Z: V^-1 Z = W Z C_Z
    """

    theta: np.ndarray
    loglik: float
    beta: np.ndarray
    phi: np.ndarray
    within: Within
    moments: np.ndarray
    b: np.ndarray
    turned: np.ndarray


@dataclass(frozen=True, slots=True)
class Derived:
    """Derivatives of minus the log-likelihood in the K parameters, and what inference needs.

    gradient : (K,)
    observed : (K, K) Hessian
    expected : (K, K) expected information
    slopes   : (K, p, p) derivatives of Phi^-1
    inner    : derivatives within blocks
    """

    gradient: np.ndarray
    observed: np.ndarray
    expected: np.ndarray
    slopes: np.ndarray
    inner: Slopes


def state(model: Mixed, theta: np.ndarray) -> State:
    """Return the likelihood at theta (K,).

    Raises
    ------
    numpy.linalg.LinAlgError
        A covariance, or Phi^-1, is not positive definite.
    """
    k, p = model.above.width, model.p
    within = model.within.within(theta[: model.within.size])
    moments, log_det, b = within.moments, within.log_det, np.zeros((k, k))
    if k:
        roots = model.above.roots(theta[model.within.size :])
        transposed = [root.T for root in roots]
        lu = model.above.multiply(transposed, moments[:k])
        inside = np.eye(k) + model.above.multiply(transposed, lu[:, :k].T)
        lower = np.linalg.cholesky((inside + inside.T) / 2)
        half = solve_triangular(lower, model.above.multiply(transposed, np.eye(k)), lower=True, check_finite=False)
        b = half.T @ half
        reached = half @ moments[:k]
        moments = moments - reached.T @ reached
        log_det += 2 * float(np.log(np.diag(lower)).sum())
    x, y = slice(k, k + p), k + p
    lower = np.linalg.cholesky(moments[x, x])
    root = np.linalg.inv(lower)
    phi = root.T @ root
    beta = phi @ moments[x, y]
    minus_2 = log_det + moments[y, y] - moments[x, y] @ beta + model.within.n_rows * np.log(2 * np.pi)
    if model.reml:
        minus_2 += 2 * np.log(np.diag(lower)).sum() - p * np.log(2 * np.pi)
    turned = np.eye(len(moments))
    turned[:k] -= b @ within.moments[:k]
    return State(theta, -0.5 * float(minus_2), beta, phi, within, moments, b, turned)


def embedded(model: Mixed, at: State) -> np.ndarray:
    """Return E with P = W - W Z E Z'W under REML, or V^-1 = W - W Z E Z'W under ML; shape of the moments."""
    k, p = model.above.width, model.p
    every = np.zeros_like(at.moments)
    every[:k, :k] = at.b
    if model.reml:
        across = at.turned[:, k : k + p]
        every += across @ at.phi @ across.T
    return every


def derived(model: Mixed, at: State) -> Derived:
    """Return gradient, observed and expected information, and the slopes of Phi^-1."""
    k, p, own = model.above.width, model.p, model.within.size
    x, y = slice(k, k + p), k + p
    e = embedded(model, at)
    # r: Py = W Z r; away: PZ (REML) or V^-1 Z (ML) = W Z away
    projected = np.eye(len(at.moments))
    projected[x] -= at.phi @ at.moments[x]
    r = at.turned @ projected[:, y]
    inner, kernels = model.within.derivatives(at.within, [e, np.outer(r, r)])
    gradient, observed, expected = inner_part(inner, kernels, e, r, at, model)
    slopes = np.empty((model.size, p, p))
    to_x = at.turned[:, x]
    slopes[:own] = -(to_x.T @ inner.moments @ to_x)
    if k:
        outer_part(model, at, inner, projected, r, gradient, observed, expected)
        slopes[own:] = -np.array(
            [product_of(model.above, f, first, at.moments[:k, x]) for f, first in each_first(model, at)]
        )
    return Derived(gradient, observed, expected, slopes, inner)


def inner_part(
    inner: Slopes, kernels: list[Curvature], e: np.ndarray, r: np.ndarray, at: State, model: Mixed
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return gradient and information with the part of the parameters within blocks filled in."""
    own = model.within.size
    k, p = model.above.width, model.p
    x = slice(k, k + p)
    gradient = np.zeros(model.size)
    observed, expected = np.zeros((model.size, model.size)), np.zeros((model.size, model.size))
    with_e = inner.moments @ e
    with_r = inner.moments @ r
    by_trace, by_square = kernels
    gradient[:own] = 0.5 * (inner.trace - np.einsum("kaa->k", with_e) - with_r @ r)
    flat, across = with_e.reshape(own, -1), with_e.swapaxes(1, 2).reshape(own, -1)
    traces = inner.pairs - 2 * by_trace.pairs + flat @ across.T
    # y'P V_k P V_l P y needs the projection of REML also under ML, where beta is estimated too
    full = e if model.reml else e + at.turned[:, x] @ at.phi @ at.turned[:, x].T
    squares = by_square.pairs - with_r @ full @ with_r.T
    bends = inner.bends - by_trace.bends - by_square.bends
    observed[:own, :own] = 0.5 * (2 * squares - traces + bends)
    expected[:own, :own] = 0.5 * traces
    return gradient, observed, expected


def each_first(model: Mixed, at: State) -> list[tuple[int, np.ndarray]]:
    """Return factor and first derivative (q, q) of its covariance for each parameter above the blocks."""
    products = model.above.products(at.theta[model.within.size :])
    return [(f, first) for f, (every, _) in enumerate(products) for first in every]


def product_of(above: Above, f: int, block: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return other' Gamma_k other, with Gamma_k a block for each level of one factor; other is (k, n)."""
    return np.asarray(other[above.factors[f].columns].T @ above.moved(f, block, other))


def outer_part(
    model: Mixed,
    at: State,
    inner: Slopes,
    projected: np.ndarray,
    r: np.ndarray,
    gradient: np.ndarray,
    observed: np.ndarray,
    expected: np.ndarray,
) -> None:
    """Fill in the part of the parameters above the blocks."""
    above, own, k, p = model.above, model.within.size, model.above.width, model.p
    x, y = slice(k, k + p), k + p
    across = at.moments[:k, x]
    with_x = across @ at.phi @ across.T
    squares = at.moments[:k, :k] - with_x  # U'PU
    traces = squares if model.reml else at.moments[:k, :k]
    score = at.moments[:k, y] - across @ at.beta  # U'Py
    products = above.products(at.theta[own:])
    ends = np.cumsum([0, *(factor.triangle.size for factor in above.factors)])
    blocks = above.diagonal(traces)
    moved = []
    for f, (factor, (first, second)) in enumerate(zip(above.factors, products, strict=True)):
        mine = slice(own + int(ends[f]), own + int(ends[f + 1]))
        by_level = score[factor.columns].reshape(factor.levels, -1)
        squared = by_level.T @ by_level
        gradient[mine] = 0.5 * np.einsum("kab,ab->k", first, blocks[f] - squared)
        observed[mine, mine] += 0.5 * np.einsum("klab,ab->kl", second, blocks[f] - squared)
        for one in first:
            full = np.zeros(k)
            full[factor.columns] = (by_level @ one).ravel()
            moved.append(full)
    shifted = np.array(moved)
    quadratic = shifted @ squares @ shifted.T
    outer = slice(own, model.size)
    observed[outer, outer] += quadratic
    for f, g in product(range(len(products)), repeat=2):
        rows = slice(own + int(ends[f]), own + int(ends[f + 1]))
        columns = slice(own + int(ends[g]), own + int(ends[g + 1]))
        four = above.squares(traces, f, g)  # [a, b, c, d]: M[la, kb] M[kc, ld]
        found = np.einsum("ida,abcd,jbc->ij", products[f][0], four, products[g][0])
        observed[rows, columns] -= 0.5 * found
        expected[rows, columns] = 0.5 * found
    away = at.turned @ projected if model.reml else at.turned
    sums = above.diagonal_of(away[:, :k], inner.moments @ away[:, :k])  # of U'P V_k P U
    full_u = at.turned @ projected[:, :k]
    score_slopes = (inner.moments @ r) @ full_u  # y'P V_k P U
    for f, (first, _) in enumerate(products):
        mine = slice(own + int(ends[f]), own + int(ends[f + 1]))
        found = np.einsum("kab,lab->kl", sums[f], first)
        expected[:own, mine] = 0.5 * found
        observed[:own, mine] = score_slopes @ shifted[int(ends[f]) : int(ends[f + 1])].T - 0.5 * found
        expected[mine, :own] = expected[:own, mine].T
        observed[mine, :own] = observed[:own, mine].T
