"""Newton's method with the exact Hessian, safeguarded, from several starts and at the limits of a simpler covariance.

A search ends with the proof that it ended at a minimum, or with the reason why it did not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from coxa.models.covariance.structure import Limit, Structure

MAX_ITERATIONS = 60

MAX_HALVINGS = 30

MAX_STEP = 2.0
"""Longest step in any parameter, relative to one plus its size."""

CONVERGED = 1e-6
"""sqrt(g' H^-1 g): how many standard errors of the parameters the minimum is away, to second order."""

NOISE = 1e-12
"""Relative rounding of the objective: a step that raises it by less is not held against it."""

FLAT = 1e-6
"""Smallest eigenvalue at which a Hessian scaled to a unit diagonal counts as positive definite."""

UNINFORMED = 1e-6
"""Diagonal element, relative to the largest, below which a parameter is not scaled up to the others: what is
nothing but rounding stays small and is seen to be flat."""


@dataclass(frozen=True, slots=True)
class Point:
    """The objective at one point: value, gradient (K,) and Hessian (K, K); `made_of` is whatever they came from."""

    theta: np.ndarray
    value: float
    gradient: np.ndarray
    hessian: np.ndarray
    made_of: Any = None


@dataclass(frozen=True, slots=True)
class Optimum:
    """Where the search ended.

    point          : the last point
    iterations     : steps taken
    distance       : sqrt(g' H^-1 g) there, in standard errors of the parameters
    min_eigenvalue : smallest eigenvalue of the Hessian scaled to a unit diagonal
    failure        : why this is no proven minimum; empty when it is one
    """

    point: Point
    iterations: int
    distance: float
    min_eigenvalue: float
    failure: str

    @property
    def converged(self) -> bool:
        """Whether gradient and Hessian prove a minimum."""
        return not self.failure


def scaled_eigen(hessian: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return scale (K,), eigenvalues and eigenvectors of the Hessian scaled to a unit diagonal."""
    diagonal = np.abs(np.diag(hessian))
    scale = 1 / np.sqrt(np.maximum(diagonal, UNINFORMED * diagonal.max()))
    values, vectors = np.linalg.eigh(scale[:, None] * hessian * scale)
    return scale, values, vectors


def newton_step(point: Point) -> tuple[np.ndarray, float, float]:
    """Return a descent step, sqrt(g' |H|^-1 g), and the smallest scaled eigenvalue.

    Where the Hessian is not positive definite its eigenvalues are taken absolute and kept from zero.
    """
    scale, values, vectors = scaled_eigen(point.hessian)
    safe = np.maximum(np.abs(values), FLAT * np.abs(values).max())
    along = vectors.T @ (scale * point.gradient)
    step = -scale * (vectors @ (along / safe))
    return step, float(np.sqrt(along**2 @ (1 / safe))), float(values[0])


def search(value: Callable[[np.ndarray], float], start: Point, step: np.ndarray, slope: float) -> np.ndarray | None:
    """Return the first point on the halved step with enough decrease, or None."""
    length = min(1.0, MAX_STEP / float(np.abs(step / (1 + np.abs(start.theta))).max()))
    for _ in range(MAX_HALVINGS):
        trial = start.theta + length * step
        if value(trial) <= start.value - 1e-4 * length * slope + NOISE * (1 + abs(start.value)):
            return trial
        length /= 2
    return None


def minimise(
    value: Callable[[np.ndarray], float], point_at: Callable[[np.ndarray], Point], theta: np.ndarray
) -> Optimum:
    """Minimise from `theta`; the result says itself whether a minimum was proven.

    Parameters
    ----------
    value : function of theta (K,)
        The objective, infinite where it is not defined.
    point_at : function of theta (K,)
        The objective with gradient and Hessian.
    theta : (K,)
        A start at which the objective is finite.

    Notes
    -----
    Once the minimum is `CONVERGED` standard errors away, one last full step is taken; convergence being
    quadratic there, it is what brings the gradient down to rounding.
    """
    point = point_at(theta)
    for iteration in range(1, MAX_ITERATIONS + 1):
        step, distance, smallest = newton_step(point)
        if not np.isfinite(distance):
            return Optimum(point, iteration - 1, distance, smallest, "the derivatives are not finite")
        near = distance < CONVERGED
        trial = point.theta + step if near else search(value, point, step, distance**2)
        if trial is None:
            return Optimum(point, iteration - 1, distance, smallest, "no step lowered the objective")
        point = point_at(trial)
        if near:
            _, distance, smallest = newton_step(point)
            return Optimum(point, iteration, distance, smallest, proof_missing(distance, smallest))
    return Optimum(point, MAX_ITERATIONS, distance, smallest, f"not there after {MAX_ITERATIONS} steps")


def proof_missing(distance: float, smallest: float) -> str:
    """Say what keeps a stationary point from being a proven minimum; empty if nothing does."""
    if not distance < CONVERGED:
        return f"the last step led away from the optimum (distance {distance:.2g} standard errors)"
    if smallest < FLAT:
        return f"the likelihood is flat or saddle-shaped there (smallest scaled eigenvalue {smallest:.2g})"
    return ""


TIE = 1e-6
"""Log-likelihood by which an optimum must be higher than a simpler model's to be taken for another one."""

HIGHER_INSIDE = "the likelihood is higher without this limit, where no optimum is proven"
"""Why an optimum of a simpler model is left."""


def held_limits(structure: Structure, times: np.ndarray, groups: int, each: int) -> list[Limit]:
    """Return the simpler models, in each group by itself and in all of them; positions are those of all parameters.

    Parameters
    ----------
    structure : Structure
    times : (C, m)
    groups : int
    each : int
        Parameters of a group.
    """
    gap = float(np.diff(np.sort(times, axis=1), axis=1).min(initial=1.0))
    chosen = list(range(groups))
    sets = [chosen] if groups == 1 else [chosen, *map(list, combinations(chosen, 1))]
    return [
        replace(limit, held={g * each + place: value for g in some for place, value in limit.held.items()})
        for limit in structure.limits(gap)
        for some in sets
    ]


def best_of(
    value: Callable[[np.ndarray], float],
    point_at: Callable[[np.ndarray], Point],
    starts: Sequence[tuple[str, np.ndarray]],
    limits: Sequence[Limit],
) -> tuple[Optimum | None, Limit | None, list[tuple[str, str]]]:
    """Return the best proven optimum of all starts and simpler models, which of these it is, and what was tried.

    The point of the optimum has all parameters, its Hessian zeros for those held. The one kept is last of what was
    tried; a simpler model is kept unless the likelihood of an optimum inside is higher. It is not kept where the
    likelihood inside is higher without an optimum, as where it has no bound.
    """
    record: list[tuple[str, str]] = []
    ended: list[tuple[Optimum, Limit | None, str]] = []
    for limit in [*limits, None]:
        for name, theta in starts:
            label = name if limit is None else f"{limit.name}, {name}"
            try:
                optimum = held_minimum(value, point_at, theta, limit)
            except np.linalg.LinAlgError:
                record.append((label, "the covariance became singular"))
                continue
            if optimum.failure:
                record.append((label, optimum.failure))
                continue
            ended.append((optimum, limit, label))
            if limit is not None:
                break
    if not ended:
        return None, None, record
    best = ended[0]
    for each in ended[1:]:
        if each[0].point.value < best[0].point.value - TIE:
            best = each
    if best[1] is not None and all(limit is not None for _, limit, _ in ended):
        higher = min(value(theta) for _, theta in starts)
        if higher < best[0].point.value - TIE:
            return None, None, [*record, (best[2], HIGHER_INSIDE)]
    left = [
        (name, "its likelihood is not higher than that of the one kept") for one, _, name in ended if one is not best[0]
    ]
    return best[0], best[1], [*record, *left, (best[2], "")]


def held_minimum(
    value: Callable[[np.ndarray], float],
    point_at: Callable[[np.ndarray], Point],
    start: np.ndarray,
    limit: Limit | None,
) -> Optimum:
    """Minimise over the parameters that a limit leaves free."""
    if limit is None:
        return minimise(value, point_at, start)
    theta, free = start.copy(), free_of(limit, len(start))
    theta[list(limit.held)] = list(limit.held.values())

    def full(values: np.ndarray) -> np.ndarray:
        every = theta.copy()
        every[free] = values
        return every

    def inner(values: np.ndarray) -> Point:
        point = point_at(full(values))
        return Point(values, point.value, point.gradient[free], point.hessian[np.ix_(free, free)], point)

    optimum = minimise(lambda values: value(full(values)), inner, theta[free])
    return replace(optimum, point=optimum.point.made_of)


def free_of(limit: Limit | None, size: int) -> np.ndarray:
    """Return which parameters (K,) a limit leaves free."""
    free = np.ones(size, dtype=bool)
    if limit is not None:
        free[list(limit.held)] = False
    return free
