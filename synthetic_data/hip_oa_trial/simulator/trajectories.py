"""Courses over the visits: normal deviations, correlated between visits and between outcomes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def visit_correlation(n_visits: int, *, near: float, far: float, decay: float) -> Floats:
    """Return a correlation matrix over visits that falls from `near` to `far` with their distance.

    Parameters
    ----------
    n_visits
        Number of visits, m.
    near, far
        Correlation of neighbouring visits, and the one that distant visits approach.
    decay
        Share of the way from `near` to `far` that is left with each further visit, between 0 and 1.

    Returns
    -------
    (m, m) array
        `far + (near - far) * decay ** (distance - 1)` off the diagonal.

    Raises
    ------
    ValueError
        If the three numbers do not give a positive definite matrix.

    Examples
    --------
    >>> visit_correlation(3, near=0.7, far=0.5, decay=0.5).round(2).tolist()
    [[1.0, 0.7, 0.6], [0.7, 1.0, 0.7], [0.6, 0.7, 1.0]]
    """
    distance = np.abs(np.subtract.outer(np.arange(n_visits), np.arange(n_visits)))
    correlation = far + (near - far) * decay ** (distance - 1.0)
    np.fill_diagonal(correlation, 1.0)
    if np.linalg.eigvalsh(correlation)[0] <= 0:
        raise ValueError(
            f"near={near:g}, far={far:g} and decay={decay:g} give no positive definite correlation; lower `near`, "
            "or bring `near` and `far` closer together"
        )
    return correlation


def draw_trajectories(rng: np.random.Generator, n: int, sd: ArrayLike, outcomes: Floats, visits: Floats) -> Floats:
    """Draw n participants' deviations from the mean course of every outcome.

    Parameters
    ----------
    rng
        Generator.
    n
        Number of participants.
    sd
        (k, m) standard deviations of k outcomes at m visits.
    outcomes, visits
        (k, k) correlation between outcomes and (m, m) between visits; an outcome at one visit and another at
        another visit correlate with the product of the two.

    Returns
    -------
    (n, k, m) array
        Normal deviations with mean 0, in the units of `sd`.
    """
    scale = np.asarray(sd, dtype=float)
    standard = rng.standard_normal((n, *scale.shape))
    between_outcomes, between_visits = np.linalg.cholesky(outcomes), np.linalg.cholesky(visits)
    return np.asarray(scale * (between_outcomes @ standard @ between_visits.T))
