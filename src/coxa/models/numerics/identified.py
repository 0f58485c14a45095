"""Directions of which the data say nothing, and limits at which a simpler covariance holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from coxa.models.covariance.structure import Limit, Structure
from coxa.models.numerics.newton import Optimum, Point, minimise
from coxa.models.numerics.reml import expected_information, likelihood
from coxa.models.numerics.stack import Stack, covariances, first_derivatives, of_groups, visit_times

NOTHING = 1e-6
"""Participants below which the data say nothing of a direction: rounding leaves 1e-12, one residual 0.01 or more."""

NEIGHBOURS = 0.5
"""Correlation of neighbouring visits at which the rank of the information is taken, fading as its powers: no
derivative of a structure is zero there, as it would be without correlation."""

STEP = 1e-4
"""Step along a direction in which the parameters that a reader knows are seen to move, as part of its length."""

MOVED = 0.1
"""Movement of a parameter, relative to the largest, from which a direction is named after it."""


def information_of_one(covariance: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return the information (K, K) of one participant with a covariance (m, m) and its derivatives (K, m, m)."""
    root = np.linalg.inv(np.linalg.cholesky(covariance))
    whitened = (root @ first @ root.T).reshape(len(first), -1)
    return 0.5 * whitened @ whitened.T


def one_participant(sums: Stack, structure: Structure, theta: np.ndarray) -> np.ndarray:
    """Return the information of one participant seen at all visits in each group, shape (BK, BK)."""
    size = structure.count(sums.m)
    total = np.zeros((len(theta), len(theta)))
    for g, own in enumerate(of_groups(sums, theta)):
        times, mine = visit_times(sums, g), slice(g * size, (g + 1) * size)
        total[mine, mine] = information_of_one(structure.matrix(own, times), structure.first(own, times))
    return total


def in_participants(information: np.ndarray, unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what the data say of each direction, least first (K,), and the directions as columns (K, K).

    A direction in which the covariance itself does not move has nothing of either: it counts as known from none.

    Examples
    --------
    >>> in_participants(np.diag([6.0, 20.0]), np.diag([0.5, 2.0]))[0]
    array([10., 12.])
    """
    scale = 1 / np.sqrt(np.maximum(np.diag(unit), np.finfo(float).tiny))
    moved, directions = np.linalg.eigh(scale[:, None] * unit * scale)
    length = np.sqrt(np.maximum(moved, len(moved) * np.finfo(float).eps * moved[-1]))
    basis = scale[:, None] * directions / length
    values, vectors = np.linalg.eigh(basis.T @ information @ basis)
    return values, basis @ vectors


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


def limits_of_sums(sums: Stack, structure: Structure) -> list[Limit]:
    """Return the simpler models that a structure has at its boundary, for sums."""
    return held_limits(structure, sums.times, sums.groups, structure.count(sums.m))
