"""A fitted model again, with participants left out or counted several times: from its sums, many at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coxa.errors import FitError
from coxa.models.batch.likelihood import BatchSums, covariances_of, likelihoods, residual_moments_of
from coxa.models.batch.search import optima
from coxa.models.batch.trials import estimable
from coxa.models.covariance.structure import Structure
from coxa.models.numerics.marginal_fit import derivatives_at
from coxa.models.numerics.pattern_sums import Pattern, Stack
from coxa.models.numerics.reml import covariances, likelihood, visit_covariances
from coxa.models.results.rebuilt import Rebuilt, optimum_near

BLOCK = 50
"""Models that are fitted together: more take more memory, and no less time."""

MOST_STEPS = 25
"""Steps by the Hessian of all participants after which a sample is searched with its own."""

ARRIVED = 1e-9
"""Distance from the optimum, in standard errors of the parameters, at which the last step is taken."""


@dataclass(frozen=True, slots=True)
class Refits:
    """Models of B samples: not a number where one cannot be fitted.

    beta       : (B, p) coefficients in the orthonormal coordinates of the model
    covariance : (B, G, m, m)
    fitted     : (B,) whether there is a proven optimum
    """

    beta: np.ndarray
    covariance: np.ndarray
    fitted: np.ndarray


def refits(model: Rebuilt, weights: np.ndarray) -> Refits:
    """Fit a model with its participants counted by weights.

    Parameters
    ----------
    model : Rebuilt
    weights : (B, n) array of whole numbers of 0 or more
        How often each of the n participants of the model is in each sample, in the order of their first rows.

    Returns
    -------
    Refits
    """
    codes = participants_of(model)
    blocks = [weights[first : first + BLOCK] for first in range(0, len(weights), BLOCK)]
    if model.sums.groups > 1:
        done = [one_by_one(model, codes, block) for block in blocks]
    else:
        done = [together(model, codes, block) for block in blocks]
    return Refits(
        np.concatenate([one.beta for one in done]),
        np.concatenate([one.covariance for one in done]),
        np.concatenate([one.fitted for one in done]),
    )


def participants_of(model: Rebuilt) -> list[np.ndarray]:
    """Return for each pattern which participant (n_s,) each of its rows is, in the order of their first rows."""
    first = np.concatenate([pattern.rows.min(axis=1) for pattern in model.patterns])
    rank = np.empty(len(first), dtype=np.intp)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    edges = np.cumsum([len(pattern.rows) for pattern in model.patterns])
    return np.split(rank, edges[:-1])


def crossed(pattern: Pattern, rows: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Return the products of some participants (k,) of a pattern at its pairs of visits, (k, pairs, q, q)."""
    z = rows[pattern.rows[which]]
    a, b = np.triu_indices(len(pattern.visits))
    both = z[:, a, :, None] * z[:, b, None, :]
    return np.asarray(both + np.where(a == b, 0.0, 1.0)[:, None, None] * both.swapaxes(2, 3))


def weighted(model: Rebuilt, codes: list[np.ndarray], weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return participants (B, S) and sums (B, R, q, q) of each pattern in each sample: those of all, and the change."""
    sums, size = model.sums, len(weights)
    q = sums.p + 1
    counts = np.empty((size, len(model.patterns)))
    grams = np.empty((size, len(sums.gram), q, q))
    for s, (pattern, own) in enumerate(zip(model.patterns, codes, strict=True)):
        of_pattern = sums.index[0] == s
        total = sums.gram[of_pattern].reshape(1, -1, q, q)
        extra = weights[:, own] - 1.0
        counts[:, s] = len(own) + extra.sum(axis=1)
        grams[:, of_pattern] = total
        for some in np.array_split(np.flatnonzero(extra.any(axis=0)), max(1, len(own) // 256)):
            if len(some):
                products = crossed(pattern, model.rows, some)
                change = extra[:, some] @ products.reshape(len(some), -1)
                grams[:, of_pattern] += change.reshape(size, *products.shape[1:])
        grams[np.ix_(counts[:, s] == 0, of_pattern)] = 0.0
    return counts, grams


def together(model: Rebuilt, codes: list[np.ndarray], weights: np.ndarray) -> Refits:
    """Fit samples in one search, from the optimum of all participants."""
    p, size = model.sums.p, len(weights)
    counts, grams = weighted(model, codes, weights)
    sums = BatchSums(
        observed=model.sums.observed,
        n=counts,
        index=model.sums.index,
        times=model.sums.times[0],
        xx=np.ascontiguousarray(grams[..., :p, :p]).reshape(size, -1, p * p),
        xy=np.ascontiguousarray(grams[..., :p, p]),
        yy=np.ascontiguousarray(grams[..., p, p]),
    )
    good = estimable(sums)
    result = Refits(
        np.full((size, p), np.nan), np.full((size, 1, model.sums.m, model.sums.m), np.nan), np.zeros(size, dtype=bool)
    )
    if not good.any():
        return result
    theta, arrived = chord(model, sums.take(good))
    every = np.flatnonzero(good)
    keep(result, model, sums, every[arrived], theta[arrived])
    if not arrived.all():
        left = every[~arrived]
        start = np.tile(model.theta, (len(left), 1))
        optimum = optima(sums.take(left), model.structure, reml=model.reml, start=start)
        keep(result, model, sums, left[optimum.converged], optimum.theta[optimum.converged])
    return result


def chord(model: Rebuilt, sums: BatchSums) -> tuple[np.ndarray, np.ndarray]:
    """Return the parameters (B, K) after steps by one Hessian, that of all participants, and which came to an end.

    A sample differs little from the whole, so that the Hessian of the whole brings most of them to their optimum, and
    none but gradients are needed on the way.
    """
    structure = model.structure
    at = derivatives_at(model.sums, structure, model.theta, model.at)
    inverse = np.linalg.inv(at.hessian)
    theta = np.tile(model.theta, (sums.size, 1))
    arrived = np.zeros(sums.size, dtype=bool)
    active, some = np.arange(sums.size), sums
    before = np.full(sums.size, np.inf)
    for _ in range(MOST_STEPS):
        gradient = gradients(some, structure, theta[active], reml=model.reml)
        step = gradient @ inverse
        distance = np.sqrt(np.maximum((step * gradient).sum(axis=1), 0.0))
        nearer = distance < before
        theta[active[nearer]] -= step[nearer]
        arrived[active] = nearer & (distance < ARRIVED)
        going = nearer & (distance >= ARRIVED)
        if not going.any():
            break
        before = distance[going]
        if not going.all():
            active, some = active[going], some.take(going)
    return theta, arrived


def gradients(sums: BatchSums, structure: Structure, theta: np.ndarray, *, reml: bool) -> np.ndarray:
    """Return the gradients (B, K) of minus the log-likelihoods; not a number where the covariance is singular."""
    try:
        at = likelihoods(sums, covariances_of(sums, structure, theta), reml=reml)
    except np.linalg.LinAlgError:
        return np.full_like(theta, np.nan)
    moments = residual_moments_of(sums, at)
    w = at.inverse
    in_covariance = 0.5 * (sums.counts * w - w @ moments @ w).sum(axis=1)
    first = np.array([structure.first(own, sums.times) for own in theta])
    gradient = (first.reshape(*first.shape[:2], -1) @ in_covariance.reshape(len(theta), -1, 1))[:, :, 0]
    return np.where(np.isfinite(at.loglik)[:, None], gradient, np.nan)


def keep(result: Refits, model: Rebuilt, sums: BatchSums, which: np.ndarray, theta: np.ndarray) -> None:
    """Put the models at the optima theta (k, K) of some samples among the results."""
    if not len(which):
        return
    matrices = covariances_of(sums, model.structure, theta)
    result.beta[which] = likelihoods(sums.take(which), matrices, reml=model.reml).beta
    result.covariance[which, 0] = matrices
    result.fitted[which] = True


def one_by_one(model: Rebuilt, codes: list[np.ndarray], weights: np.ndarray) -> Refits:
    """Fit samples one after the other, where groups have covariances of their own."""
    sums, size = model.sums, len(weights)
    counts, grams = weighted(model, codes, weights)
    result = Refits(
        np.full((size, sums.p), np.nan),
        np.full((size, sums.groups, sums.m, sums.m), np.nan),
        np.zeros(size, dtype=bool),
    )
    near = np.concatenate(list(visit_covariances(sums, model.structure, model.theta)))
    for b in range(size):
        sample = Stack(
            observed=sums.observed,
            n=counts[b],
            index=sums.index,
            gram=grams[b].reshape(len(sums.gram), -1),
            p=sums.p,
            covariance=sums.covariance,
            group=sums.group,
            times=sums.times,
        )
        try:
            theta = optimum_near(sample, model.structure, near, reml=model.reml)
            at = likelihood(sample, covariances(sample, model.structure, theta), reml=model.reml)
        except (FitError, np.linalg.LinAlgError):
            continue
        result.beta[b] = at.beta
        result.covariance[b] = visit_covariances(sums, model.structure, theta)
        result.fitted[b] = True
    return result
