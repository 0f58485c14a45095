"""Draws of (beta, theta) of a structured covariance: proposals around the optimum, accepted by Metropolis and Hastings.

With a flat prior of beta the posterior of theta is the restricted likelihood times its prior, and beta given theta is
normal around generalised least squares. Proposals come from a multivariate t distribution at the optimum, which has
heavier tails than the posterior; since they do not depend on the state, all of them are evaluated together.

The prior of theta is Jeffreys' for one participant who is seen at every visit, the root of the determinant of the
information. Of an unstructured covariance it is |Sigma|^(-(m + 1) / 2), that of the Gibbs draws.

Sources: Tierney, Annals of Statistics 1994, 22:1701-1762, for independence chains; Jeffreys, Proc R Soc A 1946,
186:453-461.
"""

from __future__ import annotations

import numpy as np

from coxa.models.covariance.structure import Structure, correlation
from coxa.models.numerics.marginal_fit import SINGULAR
from coxa.models.numerics.pattern_sums import Stack
from coxa.models.numerics.reml import covariances, padded_inverse, visit_times

PROPOSAL_DF = 6
"""Degrees of freedom of the proposals: tails heavier than those of a posterior of few participants."""

WIDER = 1.15
"""Standard deviations of the proposals over those of the optimum's curvature."""


Optimum = tuple[np.ndarray, np.ndarray]
"""theta (BK,) and the inverse of the information (BK, BK) there."""


def proposals(optimum: Optimum, size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw theta (size, BK) around the optimum, and return their log densities (size,) up to a constant."""
    centre, spread = optimum
    root = np.linalg.cholesky(spread) * WIDER
    k = len(centre)
    noise = rng.standard_normal((size, k)) * np.sqrt(PROPOSAL_DF / rng.chisquare(PROPOSAL_DF, (size, 1)))
    density = -0.5 * (PROPOSAL_DF + k) * np.log1p((noise**2).sum(axis=1) / PROPOSAL_DF)
    return centre + noise @ root.T, density


TOGETHER = 256
"""Points whose posterior is evaluated together."""


def log_posteriors(sums: Stack, structure: Structure, theta: np.ndarray) -> np.ndarray:
    """Return log posterior densities (N,) of theta (N, BK) up to a constant, minus infinity where there is none."""
    parts = [theta[k : k + TOGETHER] for k in range(0, len(theta), TOGETHER)]
    return np.concatenate([restricted(sums, structure, own)[0] for own in parts])


def restricted(sums: Stack, structure: Structure, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return log posterior densities (N,), the best coefficients (N, p), and factors (N, p, p) of their covariances.

    Where there is no density the others are those of uncorrelated visits with variance 1.
    """
    p = sums.p
    with np.errstate(over="ignore", invalid="ignore"):
        matrices = np.array([covariances(sums, structure, own) for own in theta])
    usable = positive(matrices)
    matrices = np.where(usable[:, None, None, None], matrices, np.eye(sums.m))
    inverse, log_det = padded_inverse(sums.observed, matrices[:, sums.covariance])
    moments = sums.fold(inverse)
    lower = np.linalg.cholesky(moments[:, :p, :p])
    root = np.linalg.inv(lower).swapaxes(1, 2)
    half = (moments[:, p:, :p] @ root)[:, 0]
    quadratic = moments[:, p, p] - (half**2).sum(axis=1)
    log_det_a = 2 * np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
    posterior = -0.5 * (log_det @ sums.n + quadratic + log_det_a) + log_prior(sums, structure, theta, usable)
    return np.where(usable, posterior, -np.inf), (root @ half[:, :, None])[..., 0], root


def positive(matrices: np.ndarray) -> np.ndarray:
    """Return which covariances (N, C, m, m) are finite and positive definite, all C of them (N,)."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        scaled = correlation(matrices)
    usable = np.isfinite(scaled).all(axis=(1, 2, 3))
    usable[usable] = np.linalg.eigvalsh(scaled[usable])[..., 0].min(axis=1) >= SINGULAR
    return usable


def log_prior(sums: Stack, structure: Structure, theta: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """Return half the log determinant (N,) of the information of one participant in each group."""
    total = np.full(len(theta), -np.inf)
    total[usable] = 0.0
    size = structure.count(sums.m)
    for g in range(sums.groups):
        times = visit_times(sums, g)
        own = theta[usable, g * size : (g + 1) * size]
        matrices = np.array([structure.matrix(one, times) for one in own]).reshape(-1, sums.m, sums.m)
        first = np.array([structure.first(one, times) for one in own]).reshape(-1, size, sums.m, sums.m)
        root = np.linalg.inv(np.linalg.cholesky(matrices))[:, None]
        whitened = (root @ first @ root.swapaxes(2, 3)).reshape(len(own), size, -1)
        sign, log_det = np.linalg.slogdet(0.5 * whitened @ whitened.swapaxes(1, 2))
        total[usable] += np.where(sign > 0, 0.5 * log_det, -np.inf)
    return total


def independence_chains(
    sums: Stack, structure: Structure, optimum: Optimum, chains: int, steps: int, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """Return theta of all steps (chains, steps, BK), and the share of proposals that was accepted."""
    theta, density = proposals(optimum, chains * (steps + 1), rng)
    posterior = log_posteriors(sums, structure, theta)
    weights = (posterior - density).reshape(chains, steps + 1)
    uniform = np.log(rng.random((chains, steps)))
    where = np.zeros((chains, steps + 1), dtype=np.intp)
    state = np.argmax(np.isfinite(weights), axis=1)
    rows = np.arange(chains)
    for step in range(1, steps + 1):
        better = uniform[:, step - 1] < weights[:, step] - weights[rows, state]
        state = np.where(better, step, state)
        where[:, step] = state
    accepted = float((np.diff(where[:, 1:], axis=1) != 0).mean())
    kept = theta.reshape(chains, steps + 1, -1)[rows[:, None], where[:, 1:]]
    return kept, accepted
