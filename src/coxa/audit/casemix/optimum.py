"""The optimum of two relative variances that cannot be below zero, proved by gradient and Hessian."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np

from coxa.audit.casemix.likelihood import Evaluated
from coxa.audit.limits import Floats
from coxa.errors import NonConvergenceError

GRID = (0.0, 0.003, 0.03, 0.3, 3.0)
"""Relative variances at which the search may start."""

STARTS = 4
MAX_ITERATIONS = 100
MAX_HALVINGS = 50
CONVERGED = 1e-7
"""sqrt(g' H^-1 g) of the variances that are not at zero, in their standard errors; one more step is taken there."""

NOISE = 1e-12
REMEDIES = ("Leave the therapists out of the model.", "Leave columns of the design out.")
FLAT = 1e-9
"""Smallest eigenvalue, with a unit diagonal, at which the Hessian counts as positive definite."""

SAME = 1e-9
"""Difference of the objective within which two optima are one."""


@dataclass(frozen=True, slots=True)
class Proved:
    """An optimum: what is evaluated there, which variances are at zero, and why they are right.

    at           : everything there
    zero         : (2,) whether the variance of clinics, of therapists is zero although it is in the model
    distance     : sqrt(g' H^-1 g) of the others, in standard errors
    min_eigenvalue : smallest eigenvalue of their Hessian with a unit diagonal; inf if there is none
    slope        : smallest gradient of those at zero; inf if there is none
    """

    at: Evaluated
    zero: tuple[bool, bool]
    distance: float
    min_eigenvalue: float
    slope: float


def optimum(evaluated: Callable[[Floats], Evaluated], asked: tuple[bool, bool]) -> Proved:
    """Return the optimum over the variances that are in the model; the others stay at zero.

    Raises
    ------
    NonConvergenceError
        No point was proved to be an optimum.
    """
    grid = [np.array(each) for each in product(*(GRID if one else (0.0,) for one in asked))]
    ranked = sorted(grid, key=lambda g: evaluated(g).objective)
    inside = next((g for g in ranked if all(g[k] > 0 for k in range(2) if asked[k])), ranked[0])
    ended = [_descend(evaluated, start, asked) for start in [*ranked[:STARTS], inside]]
    proved = [each for each in ended if isinstance(each, Proved)]
    if not proved:
        reasons = ", ".join(dict.fromkeys(str(each) for each in ended))
        raise NonConvergenceError(f"the variances have no proven optimum: {reasons}", REMEDIES)
    best = min(proved, key=lambda each: each.at.objective)
    lower = [g for g in grid if evaluated(g).objective < best.at.objective - SAME * (1 + abs(best.at.objective))]
    if lower:
        raise NonConvergenceError("the likelihood is higher at a point that is no optimum", REMEDIES)
    return best


def _descend(evaluated: Callable[[Floats], Evaluated], start: Floats, asked: tuple[bool, bool]) -> Proved | str:
    """Go down by Newton steps that are cut at zero; return the proved optimum, or why there is none."""
    in_model = np.array(asked)
    at = evaluated(start)
    for _ in range(MAX_ITERATIONS):
        free = in_model & ((at.g > 0) | (at.gradient < 0))
        if not free.any():
            return _proved(at, in_model, 0.0)
        step, distance = _step(at, free)
        if distance < CONVERGED:
            last = evaluated(np.maximum(at.g + step, 0.0))
            return _proved(last, in_model, _step(last, free)[1])
        moved = _search(evaluated, at, step)
        if moved is None:
            return "no step lowered the objective"
        at = moved
    return f"not there after {MAX_ITERATIONS} steps"


def _scaled(hessian: Floats) -> tuple[Floats, Floats, Floats]:
    scale = 1 / np.sqrt(np.maximum(np.abs(np.diag(hessian)), np.finfo(float).tiny))
    values, vectors = np.linalg.eigh(scale[:, None] * hessian * scale)
    return scale, values, vectors


def _step(at: Evaluated, free: np.ndarray) -> tuple[Floats, float]:
    """Return a descent step, and its length in standard errors; negative curvature is taken as positive."""
    scale, values, vectors = _scaled(at.hessian[np.ix_(free, free)])
    safe = np.maximum(np.abs(values), 1e-8 * np.abs(values).max())
    along = vectors.T @ (scale * at.gradient[free])
    step = np.zeros(2)
    step[free] = -scale * (vectors @ (along / safe))
    return step, float(np.sqrt(along**2 @ (1 / safe)))


def _search(evaluated: Callable[[Floats], Evaluated], at: Evaluated, step: Floats) -> Evaluated | None:
    """Return the first point on the halved step, cut at zero, with enough decrease."""
    length = min(1.0, 3.0 * (0.1 + float(at.g.max())) / max(float(np.abs(step).max()), 1e-300))
    for _ in range(MAX_HALVINGS):
        trial = np.maximum(at.g + length * step, 0.0)
        moved = evaluated(trial)
        gain = -float(at.gradient @ (trial - at.g))
        if moved.objective <= at.objective - 1e-4 * max(gain, 0.0) + NOISE * (1 + abs(at.objective)):
            return moved
        length /= 2
    return None


def _proved(at: Evaluated, in_model: np.ndarray, distance: float) -> Proved | str:
    inside = in_model & (at.g > 0)
    smallest = float(_scaled(at.hessian[np.ix_(inside, inside)])[1].min()) if inside.any() else np.inf
    zero = in_model & ~inside
    slope = float(at.gradient[zero].min()) if zero.any() else np.inf
    if not distance < CONVERGED:
        return f"the last step led away from the optimum (distance {distance:.2g} standard errors)"
    if smallest < FLAT:
        return f"the likelihood is flat or saddle-shaped there (smallest scaled eigenvalue {smallest:.2g})"
    if slope < 0:
        return "the likelihood rises from a variance of zero"
    return Proved(at, (bool(zero[0]), bool(zero[1])), distance, smallest, slope)
