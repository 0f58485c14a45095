"""An estimate under a strategy as a sum of parts: of the strategy, and of what a delta does to each arm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from coxa.impute.completed import Slopes, imputed, slopes
from coxa.impute.influences import Uncertainty, uncertainty
from coxa.impute.outcomes import IncompleteOutcomes
from coxa.impute.refits import BLOCK, refits
from coxa.impute.visit_means import VisitMeans
from coxa.models.results.rebuilt import Rebuilt

StandardError = Literal["gradient", "jackknife", "bootstrap", "rubin"]


@dataclass(frozen=True, slots=True)
class Parts:
    """Means of A arms at m visits in P parts: without delta, then 1 added in each arm, then its imputed outcomes.

    values : (P, A, m)
    errors : (k, P, A, m) independent errors: the covariance of two sums of parts is the sum of products over k
    within : (P, P, m) of Rubin's rules: covariance of the residual of a completed data set, else None
    spread : (A, A) products of the weights of the arms' means, which `within` is times
    free   : degrees of freedom of the least squares at a visit
    skipped : samples that could not be fitted
    """

    values: np.ndarray
    errors: np.ndarray
    within: np.ndarray | None
    spread: np.ndarray
    free: int
    skipped: int = 0


def completed_parts(outcomes: IncompleteOutcomes, shares: np.ndarray, filled: np.ndarray) -> np.ndarray:
    """Return the outcomes of each part, (..., P, n, m), from what is imputed (..., n, m)."""
    observed = np.where(outcomes.missing, 0.0, outcomes.y)
    of_arm = (outcomes.arm == np.arange(len(outcomes.arms))[:, None])[:, :, None] * shares
    base = (observed + filled)[..., None, :, :]
    lead = (*filled.shape[:-2], *of_arm.shape)
    return np.concatenate([base, np.broadcast_to(of_arm, lead), of_arm * filled[..., None, :, :]], axis=-3)


def parts_of(
    outcomes: IncompleteOutcomes,
    analysis: VisitMeans,
    model: Rebuilt,
    params: np.ndarray,
    shares: np.ndarray,
    *,
    method: StandardError,
    counts: np.ndarray | None = None,
    places: np.ndarray,
) -> Parts:
    """Return the parts of an estimate with their errors.

    Parameters
    ----------
    outcomes, analysis
    model : Rebuilt
        The model that outcomes are imputed from; `params` are its coefficients as the formula has them.
    shares : (n, m) array
        Of the delta, for each missing outcome.
    method : {"gradient", "jackknife", "bootstrap", "rubin"}
    counts : (B, n) array
        How often each participant is in each bootstrap sample.
    places : (n_fit,) array
        Position among the n participants of those of the model.
    """
    known = uncertainty(model)
    size = 1 + 2 * len(outcomes.arms)
    weights = analysis.weights()
    free = len(analysis.x) - analysis.columns
    if method in ("jackknife", "bootstrap"):
        filled = imputed(outcomes, params, known.covariance)
        values = analysis.means(completed_parts(outcomes, shares, filled))
        counted = 1.0 - np.eye(len(outcomes.arm)) if counts is None else counts
        samples, skipped = resampled(outcomes, analysis, model, params, shares, counted, places)
        k = len(samples)
        scale = np.sqrt((k - 1) / k) if method == "jackknife" else 1 / np.sqrt(k - 1)
        errors = scale * (samples - samples.mean(axis=0))
        return Parts(values, errors, None, weights @ weights.T, free, skipped)
    slope = slopes(outcomes, params, known.covariance, known.first)
    y = completed_parts(outcomes, shares, slope.values)
    values = analysis.means(y)
    if method == "gradient":
        moved = gradients(outcomes, weights, shares, slope)
        influence = np.stack([analysis.influence(part) for part in y], axis=1)
        influence[places] += np.einsum("ik,kPam->iPam", np.hstack([known.beta, known.theta]), moved, optimize=True)
        return Parts(values, np.sqrt(len(influence) / free) * influence, None, weights @ weights.T, free)
    errors, within = by_rubin(outcomes, analysis, shares, slope, known, y)
    return Parts(values, errors.reshape(-1, size, *values.shape[1:]), within, weights @ weights.T, free)


def gradients(outcomes: IncompleteOutcomes, weights: np.ndarray, shares: np.ndarray, slope: Slopes) -> np.ndarray:
    """Return the derivatives of all parts in coefficients and covariance parameters, (p + K, P, A, m)."""
    moved = np.moveaxis(np.concatenate([slope.beta, slope.theta], axis=-1), -1, 0)
    return np.asarray(weights @ of_imputed(outcomes, shares, moved))


def of_imputed(outcomes: IncompleteOutcomes, shares: np.ndarray, filled: np.ndarray) -> np.ndarray:
    """Return what changes of imputed outcomes (k, n, m) do to the outcomes of each part, (k, P, n, m)."""
    of_arm = (outcomes.arm == np.arange(len(outcomes.arms))[:, None])[:, :, None] * shares
    still = np.zeros((len(filled), *of_arm.shape))
    return np.concatenate([filled[:, None], still, of_arm * filled[:, None]], axis=1)


def resampled(
    outcomes: IncompleteOutcomes,
    analysis: VisitMeans,
    model: Rebuilt,
    params: np.ndarray,
    shares: np.ndarray,
    counts: np.ndarray,
    places: np.ndarray,
) -> tuple[np.ndarray, int]:
    """Return the parts in each sample, (B, P, A, m), and how many samples could not be fitted."""
    found, skipped = [], 0
    for first in range(0, len(counts), BLOCK):
        block = counts[first : first + BLOCK]
        again = refits(model, block[:, places])
        block, skipped = block[again.fitted], skipped + int((~again.fitted).sum())
        if not len(block):
            continue
        beta = params + (again.beta[again.fitted] - model.at.beta) @ model.back.T
        filled = imputed(outcomes, beta, again.covariance[again.fitted])
        y = completed_parts(outcomes, shares, filled)
        b, size, n, m = y.shape
        wide = y.transpose(0, 2, 1, 3).reshape(b, n, size * m)
        means = analysis.weighted_means(block, wide)
        found.append(means.reshape(b, -1, size, m).transpose(0, 2, 1, 3))
    return np.concatenate(found) if found else np.zeros((0, 1 + 2 * len(outcomes.arms), len(outcomes.arms), 0)), skipped


def by_rubin(
    outcomes: IncompleteOutcomes,
    analysis: VisitMeans,
    shares: np.ndarray,
    slope: Slopes,
    known: Uncertainty,
    y: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return Rubin's variance for infinitely many imputations: errors between them, and the residual within them.

    The posterior of the parameters is taken as normal around their estimates. Between imputations the estimates move
    with the parameters and with what is drawn of each missing outcome given the observed ones; within, the expected
    residual sum of squares of a completed data set has the squares of both as well.
    """
    weights = analysis.weights()
    moved = np.moveaxis(np.concatenate([slope.beta, slope.theta], axis=-1), -1, 0)
    p = len(known.phi)
    root = np.linalg.cholesky(known.theta_covariance)
    of_theta = np.einsum("kl,knm->lnm", root, moved[p:] + np.einsum("kp,pnm->knm", known.beta_slopes, moved[:p]))
    of_beta = np.einsum("pq,pnm->qnm", np.linalg.cholesky(known.phi), moved[:p])
    of_parameters = of_imputed(outcomes, shares, np.concatenate([of_beta, of_theta]))
    m = y.shape[-1]
    lower = roots(slope.spread)
    noise = of_imputed(outcomes, shares, np.moveaxis(lower, -1, 0))
    per_draw = np.einsum("an,kPnm->nkPam", weights, noise, optimize=True)
    between = [weights @ of_parameters, per_draw.reshape(-1, *per_draw.shape[2:])]
    drawn = np.einsum("kPnm,kQnm,n->PQm", noise, noise, 1 - (analysis.x**2).sum(axis=1), optimize=True)
    within = drawn
    for rows in (y[None], of_parameters):
        left = rows - analysis.x @ (analysis.x.T @ rows)
        within = within + np.einsum("kPnm,kQnm->PQm", left, left, optimize=True)
    assert within.shape[-1] == m
    return np.concatenate(between), within / (len(analysis.x) - analysis.columns)


def roots(spread: np.ndarray) -> np.ndarray:
    """Return L with L L' = spread for positive semidefinite matrices (n, m, m)."""
    values, vectors = np.linalg.eigh(spread)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :])
