"""Spatial exponential: the correlation fades with the time between two assessments, rho ** distance.

theta holds the log of the variance and the logit of rho, the correlation at a distance of one unit of time. This is
the parametrisation of the R package mmrm (0.3.18). SAS's SP(EXP) gives rho as exp(-1 / range).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import expit, logit

from coxa.models.covariance.structure import Structure

INSIDE = 1e-3
"""How far from 0 and 1 the correlation of a search's start is kept, at the typical distance."""


def distances(times: np.ndarray) -> np.ndarray:
    """Return the time between each two visits, shape (..., m, m)."""
    return np.abs(times[..., :, None] - times[..., None, :])


def matrix(theta: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the covariance, shape (..., m, m)."""
    return np.exp(theta[0] + distances(times) * np.log(expit(theta[1])))


def derivatives(theta: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return first (..., 2, m, m) and second (..., 2, 2, m, m) derivatives of the covariance."""
    distance, covariance, rho = distances(times), matrix(theta, times), expit(theta[1])
    slope = covariance * distance * (1 - rho)
    bend = slope * (distance * (1 - rho) - rho)
    first = np.stack([covariance, slope], axis=-3)
    second = np.stack([first, np.stack([slope, bend], axis=-3)], axis=-4)
    return first, second


def start(moments: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return theta with the mean variance, and the mean correlation at the mean distance of neighbours."""
    sd = np.sqrt(np.diag(moments))
    next_to = np.diag(moments / np.outer(sd, sd), 1)
    rho = np.clip(next_to.mean(), INSIDE, 1 - INSIDE) ** (1 / np.abs(np.diff(times)).mean())
    return np.array([np.log((sd**2).mean()), logit(rho)])


def parameters(theta: np.ndarray, times: np.ndarray, labels: Sequence[str]) -> dict[str, float]:  # noqa: ARG001
    """Return the standard deviation, and the correlation at a distance of one unit of time."""
    return {"sd": float(np.exp(theta[0] / 2)), "correlation[distance 1]": float(expit(theta[1]))}


SPATIAL_EXPONENTIAL = Structure(
    name="sp_exp",
    long_name="spatial exponential",
    aliases=("SP(EXP)", "spatial exponential"),
    count=lambda _m: 2,
    matrix=matrix,
    derivatives=derivatives,
    start=start,
    parameters=parameters,
    spatial=True,
)
