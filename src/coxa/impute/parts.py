"""An estimate under a strategy as a sum of parts: of the strategy, and of what a delta does to each arm."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from coxa.impute.completed import Slopes, imputed, slopes
from coxa.impute.influences import Uncertainty
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
    """

    values: np.ndarray
    errors: np.ndarray
    within: np.ndarray | None
    spread: np.ndarray
    free: int


def completed_parts(outcomes: IncompleteOutcomes, shares: np.ndarray, filled: np.ndarray) -> np.ndarray:
    """Return the outcomes of each part, (..., P, n, m), from what is imputed (..., n, m)."""
    observed = np.where(outcomes.missing, 0.0, outcomes.y)
    of_arm = (outcomes.arm == np.arange(len(outcomes.arms))[:, None])[:, :, None] * shares
    base = (observed + filled)[..., None, :, :]
    lead = (*filled.shape[:-2], *of_arm.shape)
    return np.concatenate([base, np.broadcast_to(of_arm, lead), of_arm * filled[..., None, :, :]], axis=-3)


@dataclass(frozen=True, slots=True)
class Sample:
    """B samples of participants, and the model of each.

    counts     : (B, n) how often each participant is in it
    beta       : (B, p) coefficients of the formula
    covariance : (B, G, m, m)
    """

    counts: np.ndarray
    beta: np.ndarray
    covariance: np.ndarray


@dataclass(frozen=True, slots=True)
class Source:
    """What the estimates under any strategy are made from: one fitted model, and models of samples.

    analysis : of completed outcomes at each visit
    model    : the model that outcomes are imputed from
    params   : (p,) its coefficients as the formula has them
    known    : how well it is known
    places   : (n_fit,) position among the n participants of those of the model
    samples  : of a jackknife or a bootstrap, some at a time; empty without
    skipped  : samples without a model
    words    : the model in words
    """

    analysis: VisitMeans
    model: Rebuilt
    params: np.ndarray
    known: Uncertainty
    places: np.ndarray
    samples: tuple[Sample, ...] = ()
    skipped: int = 0
    words: str = ""


def with_samples(source: Source, counts: np.ndarray) -> Source:
    """Return a source with the model of each sample (B, n) of its participants."""
    samples, skipped = [], 0
    for first in range(0, len(counts), BLOCK):
        block = counts[first : first + BLOCK]
        again = refits(source.model, block[:, source.places])
        good = again.fitted
        skipped += int((~good).sum())
        if good.any():
            beta = source.params + (again.beta[good] - source.model.at.beta) @ source.model.back.T
            samples.append(Sample(block[good], beta, again.covariance[good]))
    return replace(source, samples=tuple(samples), skipped=skipped)


def parts_of(outcomes: IncompleteOutcomes, source: Source, shares: np.ndarray, *, method: StandardError) -> Parts:
    """Return the parts of an estimate with their errors.

    Parameters
    ----------
    outcomes : IncompleteOutcomes
    source : Source
        With samples, for a jackknife or a bootstrap.
    shares : (n, m) array
        Of the delta, for each missing outcome.
    method : {"gradient", "jackknife", "bootstrap", "rubin"}
    """
    analysis, known = source.analysis, source.known
    weights, free = analysis.weights(), len(analysis.x) - analysis.columns
    spread = weights @ weights.T
    if method in ("jackknife", "bootstrap"):
        filled = imputed(outcomes, source.params, known.covariance)
        values = analysis.means(completed_parts(outcomes, shares, filled))
        samples = np.concatenate([means_of(outcomes, analysis, shares, sample) for sample in source.samples])
        k = len(samples)
        scale = np.sqrt((k - 1) / k) if method == "jackknife" else 1 / np.sqrt(k - 1)
        return Parts(values, scale * (samples - samples.mean(axis=0)), None, spread, free)
    slope = slopes(outcomes, source.params, known.covariance, known.first)
    y = completed_parts(outcomes, shares, slope.values)
    values = analysis.means(y)
    if method == "gradient":
        moved = gradients(outcomes, weights, shares, slope)
        influence = np.stack([analysis.influence(part) for part in y], axis=1)
        of_model = np.hstack([known.beta, known.theta])
        influence[source.places] += np.einsum("ik,kPam->iPam", of_model, moved, optimize=True)
        return Parts(values, np.sqrt(len(influence) / free) * influence, None, spread, free)
    errors, within = by_rubin(outcomes, analysis, shares, slope, known, y)
    return Parts(values, errors.reshape(-1, *values.shape), within, spread, free)


def gradients(outcomes: IncompleteOutcomes, weights: np.ndarray, shares: np.ndarray, slope: Slopes) -> np.ndarray:
    """Return the derivatives of all parts in coefficients and covariance parameters, (p + K, P, A, m)."""
    moved = np.moveaxis(np.concatenate([slope.beta, slope.theta], axis=-1), -1, 0)
    return np.asarray(weights @ of_imputed(outcomes, shares, moved))


def of_imputed(outcomes: IncompleteOutcomes, shares: np.ndarray, filled: np.ndarray) -> np.ndarray:
    """Return what changes of imputed outcomes (k, n, m) do to the outcomes of each part, (k, P, n, m)."""
    of_arm = (outcomes.arm == np.arange(len(outcomes.arms))[:, None])[:, :, None] * shares
    still = np.zeros((len(filled), *of_arm.shape))
    return np.concatenate([filled[:, None], still, of_arm * filled[:, None]], axis=1)


def means_of(outcomes: IncompleteOutcomes, analysis: VisitMeans, shares: np.ndarray, sample: Sample) -> np.ndarray:
    """Return the parts in each of some samples, (B, P, A, m)."""
    y = completed_parts(outcomes, shares, imputed(outcomes, sample.beta, sample.covariance))
    b, size, n, m = y.shape
    wide = y.transpose(0, 2, 1, 3).reshape(b, n, size * m)
    means = analysis.weighted_means(sample.counts, wide)
    return means.reshape(b, -1, size, m).transpose(0, 2, 1, 3)


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
