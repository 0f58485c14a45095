"""Missing outcomes as a function of a model's coefficients and covariance: their expectation, slopes and spread.

A missing outcome is imputed by its mean given what was observed, mu_u + C (y_o - mu_o) with C = S_uo S_oo^-1, where mu
and S are mean and covariance of the participant under the strategy. It is linear in the coefficients and smooth in the
covariance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coxa.errors import OptionError
from coxa.impute.outcomes import Alike, IncompleteOutcomes
from coxa.impute.strategies import Strategy

COMPLEX_STEP = 1e-20
"""Imaginary step, of the covariance, by which a strategy's covariance is differentiated: exact to rounding."""

AFFINE = 1e-8
"""Part of the largest value by which the mean of a strategy may miss being affine."""


@dataclass(frozen=True, slots=True)
class Slopes:
    """Imputed outcomes and their derivatives; zero where an outcome was observed.

    values : (n, m)
    beta   : (n, m, p) derivatives in the coefficients
    theta  : (n, m, K) derivatives in the parameters of the covariance, of all groups
    spread : (n, m, m) covariance of the missing outcomes given those observed
    """

    values: np.ndarray
    beta: np.ndarray
    theta: np.ndarray
    spread: np.ndarray


def imputed(outcomes: IncompleteOutcomes, beta: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return the expectation of each missing outcome, (..., n, m), and zero where it was observed.

    Parameters
    ----------
    outcomes : IncompleteOutcomes
    beta : (..., p) array
        Coefficients, of one model or of many.
    covariance : (..., G, m, m) array
        Covariance of each group.
    """
    lead = beta.shape[:-1]
    total = np.zeros((*lead, *outcomes.y.shape))
    own, of_reference = outcomes.own_design, outcomes.reference_design
    for alike in outcomes.alike():
        who, u = alike.members, alike.missing
        mean, spread = alike.strategy.marginal(
            (own[who] @ beta[..., None, :, None])[..., 0],
            (of_reference[who] @ beta[..., None, :, None])[..., 0],
            covariance[..., alike.own, :, :],
            covariance[..., alike.of_reference, :, :],
            alike.event,
        )
        left = outcomes.y[who][:, ~u] - mean[..., ~u]
        values = mean[..., u] + left @ regression(spread, u).swapaxes(-1, -2)
        total[..., who[:, None], np.flatnonzero(u)] = values
    return total


def regression(covariance: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Return C = S_uo S_oo^-1, shape (..., u, o)."""
    seen = np.flatnonzero(~missing)
    u = np.flatnonzero(missing)
    inner = covariance[..., seen[:, None], seen]
    return np.linalg.solve(inner, covariance[..., seen[:, None], u]).swapaxes(-1, -2)


def slopes(outcomes: IncompleteOutcomes, beta: np.ndarray, covariance: np.ndarray, first: np.ndarray) -> Slopes:
    """Return the imputed outcomes of one model with all derivatives.

    Parameters
    ----------
    outcomes : IncompleteOutcomes
    beta : (p,) array
    covariance : (G, m, m) array
    first : (G, K, m, m) array
        Derivatives of each group's covariance in the parameters of that group.
    """
    n, m = outcomes.y.shape
    groups, size = first.shape[:2]
    result = Slopes(np.zeros((n, m)), np.zeros((n, m, len(beta))), np.zeros((n, m, groups * size)), np.zeros((n, m, m)))
    own, of_reference = outcomes.own_design, outcomes.reference_design
    for alike in outcomes.alike():
        who, u = alike.members, np.flatnonzero(alike.missing)
        seen = np.flatnonzero(~alike.missing)
        x = marginal_design(alike, own[who], of_reference[who])
        spreads = covariance[alike.own], covariance[alike.of_reference]
        mean, spread = alike.strategy.marginal(own[who] @ beta, of_reference[who] @ beta, *spreads, alike.event)
        c = regression(spread, alike.missing)
        left = outcomes.y[who][:, seen] - mean[:, seen]
        block = who[:, None], u
        result.values[block] = mean[:, u] + left @ c.T
        result.beta[block] = x[:, u] - c @ x[:, seen]
        result.theta[block] = np.einsum("kuo,io->iuk", regression_slopes(alike, covariance, first, spread, c), left)
        inner = spread[np.ix_(u, u)] - c @ spread[np.ix_(seen, u)]
        result.spread[who[:, None, None], u[:, None], u] = inner
    return result


def marginal_design(alike: Alike, own: np.ndarray, of_reference: np.ndarray) -> np.ndarray:
    """Return the derivative of the participants' means in the coefficients, (k, m, p).

    The mean of a strategy is affine, so that this is its linear part at the columns of the designs.
    """
    m = own.shape[1]
    if alike.event == m:
        return own
    mean = alike.strategy.mean
    columns = np.moveaxis(own, -1, 0), np.moveaxis(of_reference, -1, 0)
    origin = mean(np.zeros(m), np.zeros(m), alike.event)
    moved = mean(*columns, alike.event)
    check_affine(alike.strategy, columns, moved, origin, alike.event)
    return np.asarray(np.moveaxis(moved - origin, 0, -1))


def check_affine(
    strategy: Strategy, columns: tuple[np.ndarray, np.ndarray], moved: np.ndarray, origin: np.ndarray, event: int
) -> None:
    """Raise OptionError where twice the means do not give twice the mean."""
    twice = strategy.mean(2 * columns[0], 2 * columns[1], event)
    if np.abs(twice - 2 * moved + origin).max(initial=0) > AFFINE * (1 + np.abs(moved).max(initial=0)):
        raise OptionError(
            f'The mean of strategy "{strategy.word}" is not affine in the means of the arms. Use sums and weights of '
            "the two means only."
        )


def regression_slopes(
    alike: Alike, covariance: np.ndarray, first: np.ndarray, spread: np.ndarray, c: np.ndarray
) -> np.ndarray:
    """Return the derivatives of C in the parameters of all groups, (G K, u, o): (dS_uo - C dS_oo) S_oo^-1."""
    groups, size, m = first.shape[:3]
    u, seen = np.flatnonzero(alike.missing), np.flatnonzero(~alike.missing)
    by_group = np.zeros((2, groups, size, m, m))
    by_group[0, alike.own] = first[alike.own]
    by_group[1, alike.of_reference] = first[alike.of_reference]
    along = by_group.reshape(2, groups * size, m, m)
    if alike.event == m:
        moved = along[0]
    else:
        pair = (
            covariance[alike.own] + 1j * COMPLEX_STEP * along[0],
            covariance[alike.of_reference] + 1j * COMPLEX_STEP * along[1],
        )
        moved = np.imag(alike.strategy.covariance(*pair, alike.event)) / COMPLEX_STEP
    inner = spread[np.ix_(seen, seen)]
    bent = moved[:, u[:, None], seen] - c @ moved[:, seen[:, None], seen]
    return np.asarray(np.linalg.solve(inner, bent.swapaxes(-1, -2)).swapaxes(-1, -2))
