"""Gibbs draws of (beta, Sigma) of an unstructured covariance from the sums of the patterns of visits, never from rows.

The state of a chain is Sigma. One step draws beta given Sigma from what is observed, then the sums of squares that
complete data would have, given both, then Sigma from an inverse Wishart distribution. The sums of squares of
missing outcomes need no missing outcome: with R (n, v) the residuals of the n participants of a pattern, B and C the
regression of missing on observed visits and its residual covariance, and E (n, u) the errors of the regression,

    R'R is known,    E'R ~ C^(1/2) Z (R'R)^(1/2)',    E'E = C^(1/2) (Z Z' + Wishart(n - rank R)) C^(1/2)'.

A step costs the same for a hundred participants and for a million. Chains are one more array axis.

Sources: Schafer, Analysis of Incomplete Multivariate Data, 1997, chapter 5, for data augmentation; the prior is
Jeffreys' for the covariance, |Sigma|^(-(m + 1) / 2), and flat for beta.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from coxa.models.numerics.pattern_sums import Stack
from coxa.models.numerics.reml import padded_inverse


def gibbs_steps(sums: Stack, start: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield beta (K, p) and Sigma (K, B, m, m) of K chains, step after step without end.

    start : (K, B, m, m) positive definite, B covariance groups
    """
    covariance = start
    counts = np.array([sums.n[sums.members(g)].sum() for g in range(sums.groups)])
    of_pattern = sums.group[sums.covariance]
    while True:
        w, _ = padded_inverse(sums.observed, covariance[:, of_pattern])
        beta = coefficients(sums, w, rng)
        yield beta, covariance
        total = np.zeros_like(covariance)
        moments = residual_moments_of(sums, beta)
        for s, seen in enumerate(sums.observed):
            g = of_pattern[s]
            total[:, g] += completed(moments[:, s], covariance[:, g], w[:, s], seen, int(sums.n[s]), rng)
        covariance = inverse_wishart(total, counts, rng)


def coefficients(sums: Stack, inverse: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw beta (K, p) given inverse covariances (K, S, m, m): normal around generalised least squares."""
    p = sums.p
    moments = sums.fold(inverse)
    upper = np.linalg.cholesky(moments[:, :p, :p]).swapaxes(1, 2)
    noise = rng.standard_normal((len(inverse), p, 1))
    mean = np.linalg.solve(moments[:, :p, :p], moments[:, :p, p:])
    return (mean + np.linalg.solve(upper, noise))[..., 0]


def residual_moments_of(sums: Stack, beta: np.ndarray) -> np.ndarray:
    """Return R'R of each pattern (K, S, m, m) at coefficients (K, p), zero where a visit is missing."""
    r = np.column_stack([-beta, np.ones(len(beta))])
    kernels = (r[:, :, None] * r[:, None, :]).reshape(len(beta), -1)
    pattern, a, b = sums.index
    values = kernels @ sums.gram.T / np.where(a == b, 1.0, 2.0)
    result = np.zeros((len(beta), len(sums.n), sums.m, sums.m))
    result[:, pattern, a, b] = result[:, pattern, b, a] = values
    return result


def completed(
    moments: np.ndarray, covariance: np.ndarray, inverse: np.ndarray, seen: np.ndarray, n: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw the sums of squares (K, m, m) that the n participants of a pattern would have with all visits.

    moments, covariance, inverse : (K, m, m) R'R, Sigma, and the inverse of its observed part padded with zeros
    seen : (m,) the visits of the pattern
    """
    if seen.all():
        return moments
    o, u = np.flatnonzero(seen), np.flatnonzero(~seen)
    slopes = (covariance @ inverse)[:, u][:, :, o]
    rest = covariance[:, u][:, :, u] - slopes @ covariance[:, o][:, :, u]
    root = np.linalg.cholesky((rest + rest.swapaxes(1, 2)) / 2)
    known = moments[:, o][:, :, o]
    rank = min(n, len(o))
    values, vectors = np.linalg.eigh(known)
    across = vectors[:, :, -rank:] * np.sqrt(np.maximum(values[:, None, -rank:], 0))
    noise = rng.standard_normal((len(moments), len(u), rank))
    cross = root @ noise @ across.swapaxes(1, 2)
    errors = root @ (noise @ noise.swapaxes(1, 2) + wishart(len(moments), len(u), n - rank, rng)) @ root.swapaxes(1, 2)
    total = moments.copy()
    below = slopes @ known + cross
    both = cross @ slopes.swapaxes(1, 2)
    total[:, u[:, None], o] = below
    total[:, o[:, None], u] = below.swapaxes(1, 2)
    total[:, u[:, None], u] = slopes @ known @ slopes.swapaxes(1, 2) + both + both.swapaxes(1, 2) + errors
    return total


def wishart(size: int, m: int, df: int, rng: np.random.Generator) -> np.ndarray:
    """Draw Wishart matrices (size, m, m) around df times the identity, singular where df is below m."""
    factor = rng.standard_normal((size, m, df)) if df < m else bartlett(size, m, df, rng)
    return factor @ factor.swapaxes(1, 2)


def bartlett(size: int, m: int, df: int, rng: np.random.Generator) -> np.ndarray:
    """Draw lower triangular factors (size, m, m) of Wishart matrices with m or more degrees of freedom."""
    factor = np.tril(rng.standard_normal((size, m, m)), -1)
    diagonal = np.arange(m)
    factor[:, diagonal, diagonal] = np.sqrt(rng.chisquare(df - diagonal, (size, m)))
    return factor


def inverse_wishart(scale: np.ndarray, df: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw inverse Wishart matrices for scales (K, B, m, m) and degrees of freedom (B,).

    With a scale L L' and Bartlett's factor A they are L A'^-1 A^-1 L'.
    """
    lower = np.linalg.cholesky(scale)
    size, groups, m = scale.shape[:3]
    factor = np.stack([bartlett(size, m, int(df[g]), rng) for g in range(groups)], axis=1)
    half = np.linalg.solve(factor, lower.swapaxes(-1, -2))
    return half.swapaxes(-1, -2) @ half
