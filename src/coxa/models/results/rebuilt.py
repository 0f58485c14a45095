"""A fit with the sums and parameters that it was made of, for the diagnostics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coxa.errors import FitError
from coxa.models.covariance import structure_named
from coxa.models.covariance.structure import Structure
from coxa.models.design.matrix import orthonormal
from coxa.models.numerics.marginal_fit import derivatives_at
from coxa.models.numerics.newton import Point, minimise
from coxa.models.numerics.pattern_sums import Pattern, Stack, patterns, stack, sums_of
from coxa.models.numerics.reml import Likelihood, covariances, likelihood, visit_times
from coxa.models.results.fit import Fit


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A fit with the sums and parameters that it was made of, for what needs more than the fit keeps.

    patterns  : which rows belong to each pattern, in the order of the sums
    rows      : (N, p + 1) design in orthonormal coordinates and residual of least squares, times root of weight
    back      : (p, p) takes coefficients in these coordinates to those of the formula
    sums      : the sums of the rows
    structure : of the covariance
    theta     : its parameters at the optimum
    at        : the likelihood there
    reml      : restricted likelihood, or the full one
    """

    patterns: tuple[Pattern, ...]
    rows: np.ndarray
    back: np.ndarray
    sums: Stack
    structure: Structure
    theta: np.ndarray
    at: Likelihood
    reml: bool


def rebuilt(fit: Fit) -> Rebuilt:
    """Sum the rows of a fit again, and find its optimum from its own covariance.

    Least squares is the restricted likelihood of one visit, and is taken as that.

    Raises
    ------
    FitError
        The fit was made from sums alone and has no rows, or it has random effects.
    """
    design, sample = fit.design, fit.sample
    if fit.has_random_effects:
        raise FitError(
            (
                f"the fit of '{fit.formula}' has random effects, with which participants are not independent, so "
                "that it cannot be rebuilt participant by participant"
            ),
            [
                "Fit the model without the random effects for the influence of participants and the check of its "
                "covariance over the visits.",
                "Look at the effects themselves: `fit.random_effects()` and `fit.variance_components`.",
            ],
        )
    if not len(design.y):
        raise FitError("the fit has no rows, only sums of them", ["Fit the rows themselves for its diagnostics."])
    reml = fit.reml or sample.visit_column is None
    structure = structure_named("us" if sample.visit_column is None else fit.structure)
    who = pd.factorize(sample.participant)[0]
    when = pd.Index(sample.visits).get_indexer(pd.Index(sample.visit))
    basis = orthonormal(design.x, design.names)
    left = design.y - basis.q @ (basis.q.T @ design.y)
    scale = np.ones(len(left)) if sample.weights is None else np.sqrt(sample.weights)
    rows = np.column_stack([basis.q, left]) * scale[:, None]
    shared = shared_times(when, sample.times)
    own = None if shared is not None else sample.times
    alike = tuple(patterns(who, when, group=group_codes(fit), times=own))
    sums = stack((sums_of(pattern, rows) for pattern in alike), len(sample.visits), shared)
    theta = optimum_near(sums, structure, fit.covariance.to_numpy(), reml=reml)
    at = likelihood(sums, covariances(sums, structure, theta), reml=reml)
    return Rebuilt(alike, rows, basis.back, sums, structure, theta, at, reml)


def group_codes(fit: Fit) -> np.ndarray | None:
    """Return the covariance group of each row (N,) as a code in the order of the fit's covariance, or None."""
    if fit.sample.group is None:
        return None
    return pd.unique(fit.covariance.index.get_level_values(0)).get_indexer(pd.Index(fit.sample.group))


def shared_times(when: np.ndarray, times: np.ndarray | None) -> np.ndarray | None:
    """Return the time of each visit (m,) where all participants share it, else None."""
    if times is None:
        return None
    by_visit = pd.Series(times).groupby(when)
    low, high = by_visit.min().to_numpy(), by_visit.max().to_numpy()
    return low if np.array_equal(low, high) else None


def optimum_near(sums: Stack, structure: Structure, matrices: np.ndarray, *, reml: bool) -> np.ndarray:
    """Return the parameters at the optimum, from covariances near it: (B m, m), those of the groups stacked.

    Raises
    ------
    FitError
        There is no proven optimum.
    """
    by_group = matrices.reshape(-1, sums.m, sums.m)
    guess = [structure.start(matrix, visit_times(sums, g)) for g, matrix in enumerate(by_group)]
    optimum = minimise(
        lambda theta: minus_loglik(sums, structure, theta, reml=reml),
        lambda theta: point_at(sums, structure, theta, reml=reml),
        np.concatenate(guess),
    )
    if not optimum.converged:
        raise FitError(f"no proven optimum near the one that is known: {optimum.failure}")
    return optimum.point.theta


def minus_loglik(sums: Stack, structure: Structure, theta: np.ndarray, *, reml: bool) -> float:
    """Return minus the log-likelihood, infinite where it has no value."""
    try:
        return -likelihood(sums, covariances(sums, structure, theta), reml=reml).loglik
    except np.linalg.LinAlgError:
        return float(np.inf)


def point_at(sums: Stack, structure: Structure, theta: np.ndarray, *, reml: bool) -> Point:
    """Return minus the log-likelihood with its derivatives."""
    at = likelihood(sums, covariances(sums, structure, theta), reml=reml)
    slope = derivatives_at(sums, structure, theta, at)
    return Point(theta, -at.loglik, slope.gradient, slope.hessian)
