"""Where the search for variances begins."""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy.special import logit

from coxa.models.covariance.structure import lifted
from coxa.models.numerics.mixed.coefficients import Coefficients, determinants, small_inverse
from coxa.models.numerics.mixed.likelihood import Mixed, state
from coxa.models.numerics.mixed.markov import Markov
from coxa.models.numerics.mixed.random_design import CholeskyFactor
from coxa.models.numerics.mixed.structured import Structured

SMALLEST = 0.01
"""Variance of a random effect from which a search starts, relative to the residual's."""

ABOVE = 0.1
"""Variance of a random effect above the blocks from which a search starts, relative to that of the outcome."""

NEIGHBOURS = (0.05, 0.4, 0.8, 0.97)
"""Correlations of neighbours in time from which searches may start."""

NUGGETS = (0.2, 0.6)
"""Nuggets from which searches may start."""

LEAST_RHO = 1e-12
"""How far from 0 and 1 the correlation at one unit of time is kept."""

REST = 0.7
"""Variance of the residuals from which such a search starts, relative to that of the outcome."""

REGULAR = 1e-6
"""Determinant of sums of squares scaled to a diagonal of 1 from which they are inverted as they are."""

KEPT = 2
"""Number of these starts that are searched from."""


def starts(model: Mixed) -> list[tuple[str, np.ndarray]]:
    """Return parameters to start from, the best guess first; the outcome has variance 1 about least squares."""
    within = model.within
    outer = np.concatenate(
        [np.zeros(0), *(unit(factor.cholesky, np.sqrt(ABOVE)) for factor in model.outer_factors.factors)]
    )
    if isinstance(within, Markov):
        return from_times(model, within, outer)
    guesses = from_coefficients(model, within) if isinstance(within, Coefficients) else from_places(model, within)
    return [(name, np.concatenate([theta, outer])) for name, theta in guesses]


def unit(cholesky: CholeskyFactor, sd: float) -> np.ndarray:
    """Return the parameters of uncorrelated effects with one standard deviation."""
    return cholesky.theta(sd**2 * np.eye(cholesky.q))


def least_squares(model: Mixed, moments: np.ndarray) -> np.ndarray:
    """Return the kernels r r' of the residuals of ordinary least squares, over the columns, for each component.

    u stands for nothing; the sum of `moments` (C, width, width) over components has the normal equations.
    """
    k, p = model.outer_factors.width, model.p
    total = moments[:, k:, k:].sum(axis=0)
    r = np.zeros(moments.shape[-1])
    r[k : k + p] = -np.linalg.solve(total[:p, :p], total[:p, p])
    r[-1] = 1.0
    return np.broadcast_to(np.outer(r, r), moments.shape)


def from_times(model: Mixed, within: Markov, outer: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Return the likeliest of a grid of correlations between neighbours, and of nuggets."""
    later = within.gaps[within.counts[0] :]
    usual = float(np.median(later)) if len(later) else 1.0
    tried = []
    for correlation, nugget in product(NEIGHBOURS, NUGGETS if within.size > 2 else (0.0,)):
        rho = np.clip(correlation ** (1 / usual), LEAST_RHO, 1 - LEAST_RHO)
        shape = [logit(rho), *([logit(nugget)] if within.size > 2 else [])]
        theta = np.concatenate([[np.log(REST)], shape, outer])
        try:
            loglik = state(model, theta).loglik
        except np.linalg.LinAlgError:
            continue
        tried.append((loglik, f"correlation {correlation:g} of neighbours", theta))
    tried.sort(key=lambda each: -each[0])
    return [(name, theta) for _, name, theta in tried[:KEPT]]


def from_coefficients(model: Mixed, within: Coefficients) -> list[tuple[str, np.ndarray]]:
    """Return moments, from E[T'rr'T] = s2 (C + C D C) and the residuals within blocks; then plain guesses."""
    kernel = least_squares(model, within.total)
    seen, gram, n = within.columns.contract(kernel), within.gram, within.columns.n
    q = gram.shape[1]
    plain = [
        (name, np.concatenate([[np.log(s2)], unit(within.cholesky, np.sqrt(d))]))
        for name, s2, d in (("equal variances", 0.5, 1.0), ("small variances", 0.9, 0.05))
    ]
    inverse, ranks = pseudo_inverse(gram)
    rank = float(n @ ranks)
    freedom = within.n_rows - rank
    total = float((kernel * within.total).sum())
    s2 = total / within.n_rows
    if freedom > 0:
        s2 = max((total - np.einsum("sab,sba->", inverse, seen)) / freedom, 1e-3 * s2)
    flat = gram.reshape(len(gram), -1)
    square = ((flat * n[:, None]).T @ flat).reshape(q, q, q, q).transpose(0, 2, 1, 3).reshape(q * q, q * q)
    right = seen.sum(axis=0) - s2 * np.einsum("s,sab->ab", n, gram)
    covariance = np.linalg.lstsq(square, right.ravel(), rcond=None)[0].reshape(q, q) / s2
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    near = (vectors * np.maximum(values, SMALLEST)) @ vectors.T
    return [("moments of the residuals", np.concatenate([[np.log(s2)], within.cholesky.theta(near)])), *plain]


def pseudo_inverse(gram: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return inverses of sums of squares (S, q, q), pseudo-inverses where one is not regular, and ranks (S,)."""
    q = gram.shape[1]
    scale = np.sqrt(np.maximum(np.diagonal(gram, axis1=1, axis2=2), np.finfo(float).tiny))
    regular = determinants(gram / (scale[:, :, None] * scale[:, None])) > REGULAR
    ranks = np.full(len(gram), float(q))
    if regular.all():
        return small_inverse(gram)[0], ranks
    inverse = np.empty_like(gram)
    inverse[regular] = small_inverse(gram[regular])[0]
    inverse[~regular] = np.linalg.pinv(gram[~regular], hermitian=True)
    ranks[~regular] = np.rint(np.einsum("sab,sba->s", inverse[~regular], gram[~regular]))
    return inverse, ranks


def from_places(model: Mixed, within: Structured) -> list[tuple[str, np.ndarray]]:
    """Return moments of the residuals at the places, shared between random coefficients and the structure."""
    identity = np.broadcast_to(np.eye(within.observed.shape[1]), (*within.observed.shape, within.observed.shape[1]))
    kernel = least_squares(model, within.columns.fold(identity * within.observed[:, :, None]))
    seen = within.columns.contract(kernel)
    both = np.einsum("s,sa,sb->sab", within.columns.n, within.observed, within.observed)
    total, counted = seen.sum(axis=0), both.sum(axis=0)
    raw = np.divide(total, counted, out=np.zeros_like(total), where=counted > 0)
    variance = np.diag(raw)
    if not (variance > 0).all():
        return []
    near = lifted(raw)
    times = within.times.mean(axis=0)
    q = within.cholesky.q
    share = 0.4 if q else 0.0
    effects = np.zeros(0)
    if q:
        size = (within.rows**2).mean(axis=(0, 1))
        effects = within.cholesky.theta(np.diag(share * variance.mean() / np.maximum(size, 1e-12) / q))
    kept = (1 - share) * (near - share * near * (1 - np.eye(len(near))))
    guesses = [("moments of the residuals", kept), ("no correlation", (1 - share) * np.diag(variance))]
    return [
        (name, np.concatenate([effects, *[within.structure.start(matrix, times)] * within.groups]))
        for name, matrix in guesses
    ]
