"""Spatial exponential: the correlation fades with the time between two assessments, rho ** distance.

theta holds the log of the variance and the logit of rho, the correlation at a distance of one unit of time. This is
the parametrisation of the R package mmrm (0.3.18). SAS's SP(EXP) gives rho as exp(-1 / range).

With a nugget, the correlation of two assessments is (1 - nugget) rho ** distance, however near they are: the nugget is
the share of the variance that no other assessment has a part in, such as the error of a measurement. theta has the
logit of the nugget last. This is corExp(nugget = TRUE) of the R package nlme.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import expit, log_expit, logit

from coxa.models.covariance.structure import Limit, Structure

INSIDE = 1e-3
"""How far from 0 and 1 the correlation of a search's start is kept, at the typical distance."""

HALF = 0.5
"""Nugget that a search starts from."""

FAINT = 0.01
"""Correlation of neighbours that is as good as none."""

AT_ZERO = 750.0
"""Minus the logit of a parameter that is held at 0; it is exactly 0 in double precision."""

AT_ONE = 40.0
"""Logit of a parameter that is held at 1; it is exactly 1 in double precision."""

FADED = 60.0
"""Minus the log of a correlation that is nothing to double precision."""


def distances(times: np.ndarray) -> np.ndarray:
    """Return the time between each two visits, shape (..., m, m)."""
    return np.abs(times[..., :, None] - times[..., None, :])


def matrix(theta: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the covariance, shape (..., m, m)."""
    return np.exp(theta[0] + distances(times) * log_expit(theta[1]))


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
    return np.array([np.log((sd**2).mean()), logit(np.clip(rho, INSIDE**2, 1 - INSIDE**2))])


def parameters(theta: np.ndarray, times: np.ndarray, labels: Sequence[str]) -> dict[str, float]:  # noqa: ARG001
    """Return the standard deviation, and the correlation at a distance of one unit of time."""
    return {"sd": float(np.exp(theta[0] / 2)), "correlation[distance 1]": float(expit(theta[1]))}


def no_correlation(gap: float) -> float:
    """Return the logit of a correlation that is 0 at one unit of time, and at the shortest time between neighbours."""
    return -max(AT_ZERO, FADED / gap)


def limits(gap: float) -> tuple[Limit, ...]:
    """Return the model without correlation."""
    said = "the correlation of the residuals over time was estimated at 0, its lower limit: they are independent"
    return (Limit("correlation 0", said, {1: no_correlation(gap)}),)


def nugget_matrix(theta: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the covariance with a nugget, shape (..., m, m)."""
    own = np.exp(theta[0]) * np.eye(times.shape[-1])
    return expit(-theta[2]) * matrix(theta, times) + expit(theta[2]) * own


def nugget_derivatives(theta: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return first (..., 3, m, m) and second (..., 3, 3, m, m) derivatives of the covariance with a nugget."""
    m = times.shape[-1]
    once, twice = derivatives(theta, times)
    nugget, rest = expit(theta[2]), expit(-theta[2])
    own = np.broadcast_to(np.exp(theta[0]) * np.eye(m), (*times.shape[:-1], m, m))
    apart = nugget * rest * (own - matrix(theta, times))
    slope, bend = nugget * rest, nugget * rest * (rest - nugget)
    first = np.concatenate([rest * once, apart[..., None, :, :]], axis=-3)
    first[..., 0, :, :] += nugget * own
    second = np.empty((*times.shape[:-1], 3, 3, m, m))
    second[..., :2, :2, :, :] = rest * twice
    second[..., 0, 0, :, :] += nugget * own
    second[..., 2, 0, :, :] = apart
    second[..., 2, 1, :, :] = -slope * once[..., 1, :, :]
    second[..., :2, 2, :, :] = second[..., 2, :2, :, :]
    second[..., 2, 2, :, :] = bend * (own - matrix(theta, times))
    return first, second


def nugget_start(moments: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the start without a nugget, its correlation as large as that of neighbours with half the nugget of it."""
    theta = start(moments, times)
    rho = np.clip(expit(theta[1]) ** HALF, INSIDE**2, 1 - INSIDE**2)
    return np.array([theta[0], logit(rho), logit(HALF)])


def nugget_parameters(theta: np.ndarray, times: np.ndarray, labels: Sequence[str]) -> dict[str, float]:
    """Return the standard deviation, rho, and the nugget."""
    return parameters(theta, times, labels) | {"nugget": float(expit(theta[2]))}


def nugget_limits(gap: float) -> tuple[Limit, ...]:
    """Return the models without nugget, without correlation, and with a correlation that does not fade."""
    return (
        Limit(
            "nugget 0",
            "the nugget was estimated at 0, its lower limit: the residuals are those of sp_exp without a nugget",
            {2: -AT_ZERO},
        ),
        Limit("correlation 0", limits(gap)[0].words, {1: no_correlation(gap), 2: 0.0}),
        Limit(
            "correlation 1",
            "the correlation of the residuals over time was estimated at 1, its upper limit: it does not fade, as with "
            "a random intercept of the participant and independent residuals",
            {1: AT_ONE},
        ),
    )


def fades_early(parameters: Sequence[np.ndarray], gaps: np.ndarray) -> str:
    """Say that the correlation is as good as nothing at the usual time between neighbours; empty where it is not.

    Parameters
    ----------
    parameters : sequence of (K,)
        Of each group.
    gaps : (n,)
        Times between neighbouring rows of a participant.
    """
    if not len(gaps):
        return ""
    usual = float(np.median(gaps))
    for theta in parameters:
        left = float(np.exp(usual * log_expit(theta[1])))
        if left < FAINT:
            return (
                f"the correlation of the residuals has faded to {left:.1g} at the usual time between neighbouring rows "
                f"({usual:.3g}): it rests on the few rows that are closer, and most are as good as independent"
            )
    return ""


SPATIAL_EXPONENTIAL = Structure(
    name="sp_exp",
    count=lambda _m: 2,
    matrix=matrix,
    derivatives=derivatives,
    start=start,
    parameters=parameters,
    limits=limits,
)

SPATIAL_EXPONENTIAL_NUGGET = Structure(
    name="sp_exp_nugget",
    count=lambda _m: 3,
    matrix=nugget_matrix,
    derivatives=nugget_derivatives,
    start=nugget_start,
    parameters=nugget_parameters,
    limits=nugget_limits,
)

FAMILY = (SPATIAL_EXPONENTIAL, SPATIAL_EXPONENTIAL_NUGGET)
