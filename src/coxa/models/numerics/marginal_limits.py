"""A marginal model compared with the simpler ones that its structure has at the boundary of its parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from coxa.models.covariance.structure import Limit, Structure
from coxa.models.numerics.newton import Optimum, Point, minimise
from coxa.models.numerics.stack import Stack

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
