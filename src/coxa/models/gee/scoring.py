"""Fisher scoring of generalised estimating equations, with the working correlation estimated at every step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from coxa.errors import NonConvergenceError
from coxa.models.gee.clusters import Clusters
from coxa.models.gee.working import Working, decorrelated, working_correlation
from coxa.models.glm.families import Family

MOST_STEPS = 200
"""Steps of the scoring; each estimates the correlation anew, so that it is linear, and 10 to 30 are usual."""

CONVERGED = 1e-10
"""Length of a step, in standard errors of the working model, at which the equations are solved."""

FARTHEST = 60.0
"""Linear predictor of a yes-or-no outcome or a count beyond which coefficients are on their way to infinity."""


@dataclass(frozen=True, slots=True)
class Solution:
    """Where the estimating equations are solved.

    gamma     : (p,) coefficients in the basis that was given
    mean      : (N,) of each row
    rows      : (N, p) design over the root of the working covariance, at scale 1
    residuals : (N,) likewise
    working   : correlation at the solution
    steps     : of the scoring
    step      : length of the next one, in standard errors of the working model
    """

    gamma: np.ndarray
    mean: np.ndarray
    rows: np.ndarray
    residuals: np.ndarray
    working: Working
    steps: int
    step: float


def solve(
    q: np.ndarray,
    y: np.ndarray,
    offset: np.ndarray,
    family: Family,
    clusters: Clusters,
    *,
    working: str,
    estimator: str,
    start: np.ndarray,
) -> Solution:
    """Return the solution that scoring reaches from `start`.

    Parameters
    ----------
    q : (N, p) orthonormal design, its rows sorted by cluster
    y, offset : (N,)
    family : Family
    clusters : Clusters
    working, estimator : names of the working correlation, and of the estimator of its parameters
    start : (p,) coefficients of independence

    Raises
    ------
    NonConvergenceError
        The equations are not solved.
    """
    gamma = start
    for steps in range(MOST_STEPS):
        mean = family.mean(q @ gamma + offset)
        root = np.sqrt(family.slope(mean))
        if not (root > 0).all() or (not family.scaled and np.abs(q @ gamma).max() > FARTHEST):
            break
        r = (y - mean) / root
        found = working_correlation(working, estimator, r, clusters, q.shape[1])
        both = decorrelated(found, np.column_stack([q * root[:, None], r]), clusters)
        rows, residuals = both[:, :-1], both[:, -1]
        score = rows.T @ residuals
        move = linalg.cho_solve(linalg.cho_factor(rows.T @ rows), score)
        length = float(np.sqrt(max(score @ move, 0.0) / found.scale))
        if length <= CONVERGED:
            return Solution(gamma, mean, rows, residuals, found, steps, length)
        gamma = gamma + move
    raise NonConvergenceError(
        f"the estimating equations of a {family.kind} with {working} working correlation are not solved after "
        f"{steps + 1} steps",
        [
            "Use working='independence', which is solved where the model of single rows is.",
            "Look at the covariates for values that are far from all others.",
            "Use a smaller formula.",
        ],
    )
