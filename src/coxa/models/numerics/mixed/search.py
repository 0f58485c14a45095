"""The optimum of a model with random effects: from several starts, and at the boundary where it lies there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from coxa.models.numerics.mixed.coefficients import Coefficients
from coxa.models.numerics.mixed.derivatives import Derived, derived
from coxa.models.numerics.mixed.likelihood import Mixed, State, state
from coxa.models.numerics.mixed.random_design import CholeskyFactor
from coxa.models.numerics.newton import HIGHER_INSIDE, TIE, Optimum, Point, minimise

NIL = 1e-4
"""Standard deviation of a random effect, in units of the residual's, below which its variance counts as zero; and part
of it that is not a multiple of the effects before it, below which a correlation counts as 1."""

VANISHED = 1e-8
"""Residual variance, relative to that about least squares, that is as good as none."""

VANISHED_TEXT = "the residual variance went to zero: fixed and random effects explain the outcome completely"

LIMIT_STARTS = 2
"""Starts from which the optimum of a simpler model is looked for."""

DESCENDING = -1e-6
"""Second derivative at a variance of zero, scaled by the largest, below which the likelihood still rises from there."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """A random effect whose variance is zero, or that is a multiple of the effects before it (`multiple`).

    term, effect : positions of the term among the model's, and of the effect in the term
    """

    term: int
    effect: int
    multiple: bool


@dataclass(frozen=True, slots=True)
class HeldAt:
    """A simpler model of the residuals, at the boundary of the parameters of their structure.

    name  : in a record of what was tried
    words : what a reader is told of a fit that ends there
    held  : position among all parameters -> value
    """

    name: str
    words: str
    held: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class MixedOptimum:
    """Where the search ended.

    theta    : (K,)
    at       : the likelihood there
    derived  : its derivatives there
    free     : (K,) bool, parameters that are not held at the boundary
    boundary : which effects are held there
    optimum  : the optimiser's own record, of the free parameters
    limits   : simpler models of the residuals at which it ended
    """

    theta: np.ndarray
    at: State
    derived: Derived
    free: np.ndarray
    boundary: tuple[Boundary, ...]
    optimum: Optimum
    limits: tuple[HeldAt, ...] = ()

    @property
    def limited(self) -> np.ndarray:
        """Which parameters (K,) have no information, being held at a limit of the residuals' structure."""
        at_limit = np.zeros(len(self.theta), dtype=bool)
        at_limit[[place for limit in self.limits for place in limit.held]] = True
        return at_limit

    @property
    def covariance(self) -> np.ndarray:
        """Inverse observed information of the free parameters (K, K), zero at those held at the boundary."""
        free_pairs = np.ix_(self.free, self.free)
        covariance = np.zeros_like(self.derived.observed)
        covariance[free_pairs] = np.linalg.inv(self.derived.observed[free_pairs])
        return covariance


def optimum_of(
    model: Mixed,
    starts: Sequence[tuple[str, np.ndarray]],
    terms: Sequence[tuple[int, CholeskyFactor]],
    fixed: Sequence[int] = (),
) -> tuple[MixedOptimum | None, list[tuple[str, str]]]:
    """Return the first proven optimum, and for each start that was tried why it was left (empty if it was kept).

    Parameters
    ----------
    model : Mixed
    starts : sequence of (name, theta)
    terms : sequence of (position of the first parameter, CholeskyFactor)
        The covariances of random effects among the parameters.
    fixed : sequence of int
        Positions of parameters that stay as they are.
    """
    tried: list[tuple[str, str]] = []
    for name, theta in starts:
        try:
            ended = from_start(model, theta, terms, fixed)
        except np.linalg.LinAlgError:
            tried.append((name, "a covariance became singular"))
            continue
        tried.append((name, failure_of(model, ended)))
        if ended.optimum.converged:
            return ended, tried
    return None, tried


def failure_of(model: Mixed, ended: MixedOptimum) -> str:
    """Say why an optimum is not proven, and whether the residual variance vanished; empty if it is proven."""
    if ended.optimum.failure and isinstance(model.within, Coefficients) and ended.theta[0] < np.log(VANISHED):
        return f"{ended.optimum.failure}; {VANISHED_TEXT}"
    return ended.optimum.failure


def best_optimum(
    model: Mixed,
    starts: Sequence[tuple[str, np.ndarray]],
    terms: Sequence[tuple[int, CholeskyFactor]],
    limits: Sequence[HeldAt],
) -> tuple[MixedOptimum | None, list[tuple[str, str]]]:
    """Return the best proven optimum of all starts and of the simpler models that this one has at its boundary.

    The likelihood may have several optima, and one at the boundary is approached without end. A simpler model is taken
    unless the likelihood of an optimum inside is higher. It is not taken where the likelihood inside is higher without
    an optimum, as where it has no bound.

    Parameters
    ----------
    model, starts, terms
        As for `optimum_of`.
    limits : sequence of HeldAt
    """
    searches = [(limit, starts_at(limit, starts)[:LIMIT_STARTS]) for limit in limits]
    record: list[tuple[str, str]] = []
    ended: list[tuple[MixedOptimum, str]] = []
    for limit, begin in [*searches, *((None, [start]) for start in starts)]:
        optimum, tried = optimum_of(model, begin, terms, () if limit is None else tuple(limit.held))
        named = [(name if limit is None else f"{limit.name}, {name}", failure) for name, failure in tried]
        if optimum is None:
            record += named
            continue
        ended.append((replace(optimum, limits=() if limit is None else (limit,)), named[-1][0]))
        record += named[:-1]
    if not ended:
        return None, record
    best = ended[0]
    for each in ended[1:]:
        if each[0].at.loglik > best[0].at.loglik + TIE:
            best = each
    if all(each.limits for each, _ in ended) and highest(model, starts) > best[0].at.loglik + TIE:
        return None, [*record, (best[1], HIGHER_INSIDE)]
    left = [
        (name, "its likelihood is not higher than that of the one kept") for one, name in ended if one is not best[0]
    ]
    return best[0], [*record, *left, (best[1], "")]


def highest(model: Mixed, starts: Sequence[tuple[str, np.ndarray]]) -> float:
    """Return the highest log-likelihood of the starts."""
    values = [-np.inf]
    for _, theta in starts:
        try:
            values.append(state(model, theta).loglik)
        except np.linalg.LinAlgError:
            continue
    return max(values)


def starts_at(limit: HeldAt, starts: Sequence[tuple[str, np.ndarray]]) -> list[tuple[str, np.ndarray]]:
    """Return the starts with the parameters of a limit held."""
    held_starts = []
    for name, theta in starts:
        moved = theta.copy()
        for place, value in limit.held.items():
            moved[place] = value
        held_starts.append((name, moved))
    return held_starts


def from_start(
    model: Mixed, theta: np.ndarray, terms: Sequence[tuple[int, CholeskyFactor]], fixed: Sequence[int] = ()
) -> MixedOptimum:
    """Search from one start; effects that end at the boundary are held there and the search goes on.

    fixed : positions of parameters that stay as they are
    """
    free = np.ones(model.size, dtype=bool)
    free[list(fixed)] = False
    stays = ~free
    held: list[Boundary] = []
    steps = 0
    while True:
        optimum = minimise_free(model, theta, free)
        steps += optimum.iterations
        theta = placed(theta, free, optimum.point.theta)
        new = list(at_boundary(theta, free, terms))
        if not new:
            break
        for edge in new:
            offset, cholesky = terms[edge.term]
            gone = cholesky.touching(edge.effect) if not edge.multiple else diagonal(cholesky, edge.effect)
            free[offset : offset + cholesky.size] &= ~gone
        held += new
        theta = np.where(free | stays, theta, 0.0)
    at, slope = optimum.point.made_of
    if optimum.converged and held:
        optimum = proven(optimum, slope, free | stays)
    optimum = replace(optimum, iterations=steps)
    return MixedOptimum(theta, at, slope, free, tuple(held), optimum)


def placed(theta: np.ndarray, free: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return theta with its free entries replaced."""
    full = theta.copy()
    full[free] = values
    return full


def minimise_free(model: Mixed, theta: np.ndarray, free: np.ndarray) -> Optimum:
    """Minimise minus the log-likelihood over the free parameters."""
    latest: list[State] = []  # the accepted step was evaluated last, and is not evaluated again

    def value(values: np.ndarray) -> float:
        try:
            latest[:] = [state(model, placed(theta, free, values))]
        except np.linalg.LinAlgError:
            return np.inf
        return -latest[0].loglik

    def point_at(values: np.ndarray) -> Point:
        full = placed(theta, free, values)
        at = latest[0] if latest and np.array_equal(latest[0].theta, full) else state(model, full)
        slope = derived(model, at, expected=False)
        return Point(values, -at.loglik, slope.gradient[free], slope.observed[np.ix_(free, free)], (at, slope))

    return minimise(value, point_at, theta[free])


def at_boundary(theta: np.ndarray, free: np.ndarray, terms: Sequence[tuple[int, CholeskyFactor]]) -> Iterator[Boundary]:
    """Yield the effects that have come to the boundary and are not held there yet."""
    for t, (offset, cholesky) in enumerate(terms):
        own = slice(offset, offset + cholesky.size)
        lower, open_ = cholesky.matrix(theta[own]), cholesky.matrix(free[own].astype(float)) > 0
        for effect in range(cholesky.q):
            if not open_[effect, effect]:
                continue
            if np.linalg.norm(lower[effect]) < NIL:
                yield Boundary(t, effect, multiple=False)
            elif abs(lower[effect, effect]) < NIL * np.linalg.norm(lower[effect]):
                yield Boundary(t, effect, multiple=True)


def diagonal(cholesky: CholeskyFactor, effect: int) -> np.ndarray:
    """Return which parameter is the diagonal entry of an effect."""
    rows, columns = cholesky.entries
    return (rows == effect) & (columns == effect)


def proven(optimum: Optimum, slope: Derived, free: np.ndarray) -> Optimum:
    """Return the record, failed if the likelihood rises away from the boundary."""
    curvature = np.diag(slope.observed)
    if (curvature[~free] < DESCENDING * curvature.max()).any():
        failure = "a variance was taken for zero, but the likelihood rises away from it"
        return replace(optimum, failure=failure)
    return optimum
