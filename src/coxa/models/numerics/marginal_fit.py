"""From sums to a fitted marginal model: what the data identify, the search, and what inference needs of its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from coxa.models.covariance.structure import Limit, Structure, lifted, smallest_eigenvalue
from coxa.models.numerics.newton import Optimum, Point, best_of, free_of, held_limits, minimise
from coxa.models.numerics.pattern_sums import Stack
from coxa.models.numerics.reml import (
    Derivatives,
    Likelihood,
    covariances,
    derivatives,
    expected_information,
    first_derivatives,
    in_participants,
    likelihood,
    of_groups,
    one_participant,
    residual_moments,
    second_products,
    visit_covariances,
    visit_times,
)

NOTHING = 1e-6
"""Participants below which the data say nothing of a direction: rounding leaves 1e-12, one residual 0.01 or more."""

NEIGHBOURS = 0.5
"""Correlation of neighbouring visits at which the rank of the information is taken, fading as its powers: no
derivative of a structure is zero there, as it would be without correlation."""

STEP = 1e-4
"""Step along a direction in which the parameters that a reader knows are seen to move, as part of its length."""

MOVED = 0.1
"""Movement of a parameter, relative to the largest, from which a direction is named after it."""


def unidentified(sums: Stack, structure: Structure, labels: Sequence[str], *, reml: bool) -> list[str]:
    """Return the names of the parameters of which design and pattern of visits say nothing, whatever the outcome."""
    lags = np.abs(np.subtract.outer(np.arange(sums.m), np.arange(sums.m)))
    start = NEIGHBOURS ** lags.astype(float)
    theta = np.concatenate([structure.start(start, visit_times(sums, g)) for g in range(sums.groups)])
    at = likelihood(sums, covariances(sums, structure, theta), reml=reml)
    first = first_derivatives(sums, structure, theta)
    values, directions = in_participants(expected_information(sums, at, first), one_participant(sums, structure, theta))
    return named(sums, structure, theta, directions[:, values < NOTHING], labels)


def named(
    sums: Stack, structure: Structure, theta: np.ndarray, directions: np.ndarray, labels: Sequence[str]
) -> list[str]:
    """Return the names of the parameters that move along directions (BK, n)."""
    moved: dict[str, float] = {}
    for direction in directions.T:
        step = STEP * direction / np.linalg.norm(direction)
        ends = [parameters_of(sums, structure, theta + sign * step, labels) for sign in (1, -1)]
        change = {name: abs(value - ends[1][name]) for name, value in ends[0].items()}
        largest = max(change.values())
        moved |= {name: value for name, value in change.items() if value > MOVED * largest}
    return [name for name in parameters_of(sums, structure, theta, labels) if name in moved]


def parameters_of(sums: Stack, structure: Structure, theta: np.ndarray, labels: Sequence[str]) -> dict[str, float]:
    """Return the parameters of all groups by name, with the number of the group where there are several."""
    return {
        f"{name} of group {g + 1}" if sums.groups > 1 else name: value
        for g, own in enumerate(of_groups(sums, theta))
        for name, value in structure.parameters(own, visit_times(sums, g), labels).items()
    }


def limits_of_sums(sums: Stack, structure: Structure) -> list[Limit]:
    """Return the simpler models that a structure has at its boundary, for sums."""
    return held_limits(structure, sums.times, sums.groups, structure.count(sums.m))


FEWEST = 2
"""Participants seen at both of two visits from whom a group's covariance is guessed; with fewer, from all groups."""

USED_UP = 1e-6
"""Degrees of freedom below which the fixed effects have left nothing at a visit; what they leave is 1 or a part of it
that is not nothing."""


def moments(sums: Stack) -> np.ndarray:
    """Return the pairwise covariance of the residuals of ordinary least squares in each group, shape (B, m, m).

    Each entry is over the participants seen at both visits, of all groups where the group has too few; where there
    are none at all it is zero.
    """
    ordinary = likelihood(sums, np.eye(sums.m))
    by_pattern = residual_moments(sums, ordinary, reml=False)
    seen = np.einsum("s,sa,sb->sab", sums.n, sums.observed, sums.observed)
    total = np.array([by_pattern[sums.members(g)].sum(axis=0) for g in range(sums.groups)])
    together = np.array([seen[sums.members(g)].sum(axis=0) for g in range(sums.groups)])
    pooled = np.divide(total.sum(axis=0), together.sum(axis=0), out=np.zeros(total.shape[1:]), where=seen.any(axis=0))
    return np.where(together >= FEWEST, total / np.maximum(together, 1), pooled)


def left_over(sums: Stack) -> np.ndarray:
    """Return the degrees of freedom that the fixed effects leave to each visit of each group, shape (B, m)."""
    ordinary = likelihood(sums, np.eye(sums.m))
    kernel = np.zeros((sums.p + 1, sums.p + 1))
    kernel[: sums.p, : sums.p] = ordinary.phi
    leverage = np.diagonal(sums.contract(kernel), axis1=1, axis2=2)
    each = sums.n[:, None] * sums.observed - leverage
    return np.array([each[sums.members(g)].sum(axis=0) for g in range(sums.groups)])


def borrow_variance(moments: np.ndarray, fitted_exactly: np.ndarray) -> None:
    """Give visits (m,) whose residuals are nothing but rounding the mean variance of the others, in moments (m, m)."""
    if not fitted_exactly.any() or fitted_exactly.all():
        return
    moments[fitted_exactly] = moments[:, fitted_exactly] = 0.0
    own = np.flatnonzero(fitted_exactly)
    moments[own, own] = np.diag(moments)[~fitted_exactly].mean()


def starts(sums: Stack) -> list[tuple[str, np.ndarray]]:
    """Return positive definite matrices (B, m, m) to start from, the best guess first."""
    raw = moments(sums)
    for own, fitted_exactly in zip(raw, left_over(sums) < USED_UP, strict=True):
        borrow_variance(own, fitted_exactly)
    variances = np.array([np.diag(np.diag(one)) for one in raw])
    if not (np.diagonal(raw, axis1=1, axis2=2) > 0).all():
        return []
    near = np.array([lifted(one) for one in raw])
    return [
        ("moments of the residuals", near),
        ("half of the correlations", (near + variances) / 2),
        ("no correlation", variances),
    ]


SINGULAR = 1e-9
"""Smallest eigenvalue of the correlation below which the covariance counts as singular."""

NEARLY_SINGULAR = 1e-4
"""Smallest eigenvalue of the correlation below which a failed search is said to have met a singular matrix, and how
near to 1 or -1 a correlation counts as being at the boundary."""


@dataclass(frozen=True, slots=True)
class MarginalFit:
    """A marginal model at its optimum: B groups of K covariance parameters, p columns, m visits.

    theta            : (BK,)
    covariance       : (B, m, m), visits at their mean times
    at               : likelihood there, with beta (p,) and Phi (p, p)
    derivatives      : gradient, Hessian and the slopes of Phi^-1 there
    theta_covariance : (BK, BK) inverse observed information
    optimum          : the optimiser's own record
    known_from       : participants from whom the least known direction of the parameters is known
    least_known      : names of the parameters that move along it
    limit            : of which simpler model this is the optimum, in words; empty inside the boundary
    """

    theta: np.ndarray
    covariance: np.ndarray
    at: Likelihood
    derivatives: Derivatives
    theta_covariance: np.ndarray
    optimum: Optimum
    known_from: float
    least_known: tuple[str, ...]
    limit: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One start with one structure: what it was, and why it was left (empty if it was kept).

    loglik   : log-likelihood at its optimum; NaN where there is none
    criteria : AIC, AICC and BIC there, by name; empty where there is none
    """

    structure: str
    start: str
    failure: str
    loglik: float = float("nan")
    criteria: tuple[tuple[str, float], ...] = ()


def fit_sums(
    sums: Stack, structure: Structure, *, reml: bool = True, labels: Sequence[str] | None = None
) -> tuple[MarginalFit | None, list[Attempt]]:
    """Fit a structure to sums, trying several starts; None when no start led to a proven optimum.

    Parameters
    ----------
    sums : Stack
        Sums over m visits, with their times and groups.
    structure : Structure
    reml : bool
        Restricted likelihood, or the full one.
    labels : (m,) sequence of str, optional
        What the visits are called where a failure is described; by default their number.

    Returns
    -------
    MarginalFit or None
    list of Attempt
        What was tried, in order.
    """

    def value(theta: np.ndarray) -> float:
        try:
            return -likelihood(sums, covariances(sums, structure, theta), reml=reml).loglik
        except np.linalg.LinAlgError:
            return np.inf

    def point_at(theta: np.ndarray) -> Point:
        matrices_at = covariances(sums, structure, theta)
        if smallest_eigenvalue(matrices_at) < SINGULAR:
            raise np.linalg.LinAlgError("singular covariance")
        at = likelihood(sums, matrices_at, reml=reml)
        slope = derivatives_at(sums, structure, theta, at)
        return Point(theta, -at.loglik, slope.gradient, slope.hessian, (at, slope))

    names = labels or [str(k + 1) for k in range(sums.m)]
    if flat := unidentified(sums, structure, names, reml=reml):
        return None, [Attempt(structure.name, "any start", f"the data do not identify {', '.join(flat)}")]
    if limits := limits_of_sums(sums, structure):
        begin = [(name, start_of(sums, structure, matrices)) for name, matrices in starts(sums)]
        best, limit, record = best_of(value, point_at, begin, limits)
        attempts = [Attempt(structure.name, name, failure) for name, failure in record]
        return None if best is None else at_optimum(sums, structure, best, names, limit), attempts
    tried: list[Attempt] = []
    for name, matrices in starts(sums):
        try:
            optimum = minimise(value, point_at, start_of(sums, structure, matrices))
        except np.linalg.LinAlgError:
            tried.append(Attempt(structure.name, name, "the covariance became singular"))
            continue
        failure = failure_of(optimum, sums, structure, names)
        if not failure:
            fitted = at_optimum(sums, structure, optimum, names)
            failure = "" if fitted.known_from >= NOTHING else flat_there(fitted)
        tried.append(Attempt(structure.name, name, failure))
        if not failure:
            return fitted, tried
    return None, tried


def flat_there(fitted: MarginalFit) -> str:
    """Say along which parameters the likelihood is flat at an optimum."""
    return f"the likelihood is flat along {', '.join(fitted.least_known)}"


def derivatives_at(sums: Stack, structure: Structure, theta: np.ndarray, at: Likelihood) -> Derivatives:
    """Return the derivatives of minus the log-likelihood at theta (BK,), where the likelihood is `at`."""
    first = first_derivatives(sums, structure, theta)
    return derivatives(sums, at, first, partial(second_products, sums, structure, theta))


def start_of(sums: Stack, structure: Structure, matrices: np.ndarray) -> np.ndarray:
    """Return the parameters (BK,) of a structure near one covariance (m, m) for each group."""
    return np.concatenate([structure.start(matrix, visit_times(sums, g)) for g, matrix in enumerate(matrices)])


def failure_of(optimum: Optimum, sums: Stack, structure: Structure, labels: Sequence[str]) -> str:
    """Say why an optimum is not proven, and which parameter was on its way to a boundary."""
    if not optimum.failure:
        return ""
    theta = optimum.point.theta
    smallest = smallest_eigenvalue(visit_covariances(sums, structure, theta))
    said = [optimum.failure]
    if smallest < NEARLY_SINGULAR:
        said.append(f"the covariance is nearly singular ({smallest:.1g})")
    for g, own in enumerate(of_groups(sums, theta)):
        said += at_boundary(structure.parameters(own, visit_times(sums, g), labels))
    return "; ".join(said)


def at_boundary(parameters: dict[str, float]) -> list[str]:
    """Say which correlations went to 1 or -1, in the names that a reader has for them."""
    return [
        f"{name} went to {round(value)}"
        for name, value in parameters.items()
        if name.startswith("correlation") and abs(value) > 1 - NEARLY_SINGULAR
    ]


def at_optimum(
    sums: Stack, structure: Structure, optimum: Optimum, labels: Sequence[str], limit: Limit | None = None
) -> MarginalFit:
    """Collect what inference needs at a proven optimum, or at that of a simpler model at the boundary."""
    at, slope = optimum.point.made_of
    theta = optimum.point.theta
    matrices = visit_covariances(sums, structure, theta)
    free = free_of(limit, len(theta))
    inner = np.ix_(free, free)
    covariance, directions = np.zeros_like(slope.hessian), np.zeros((len(theta), int(free.sum())))
    covariance[inner] = np.linalg.inv(slope.hessian[inner])
    known, directions[free] = in_participants(slope.hessian[inner], one_participant(sums, structure, theta)[inner])
    return MarginalFit(
        theta=theta,
        covariance=matrices,
        at=at,
        derivatives=slope,
        theta_covariance=covariance,
        optimum=optimum,
        known_from=float(known[0]),
        least_known=tuple(named(sums, structure, theta, directions[:, :1], labels)),
        limit="" if limit is None else limit.words,
    )
