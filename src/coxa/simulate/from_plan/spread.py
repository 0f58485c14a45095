"""Covariance of outcomes and visits, and what is left of it beside covariates, clusters and dose."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.clusters import ClusterDesign

Floats = NDArray[np.float64]

SLACK = 1e-9
"""Negative variance, as a share of the largest, that is taken for rounding."""


def total_covariance(sd: Floats, visits: Sequence[Floats], between: Floats) -> Floats:
    """Return (k, m, k, m) the covariance within an arm.

    Parameters
    ----------
    sd
        (k, m) standard deviations.
    visits
        k correlation matrices (m, m) between visits.
    between
        (k, k) correlation between outcomes at one visit. Between outcomes whose visits correlate differently it is
        a little lower than that: the covariance is `between[i, j]` times the product of the two Cholesky factors.
    """
    roots = [np.linalg.cholesky(matrix) for matrix in visits]
    k, m = sd.shape
    covariance = np.empty((k, m, k, m))
    for i in range(k):
        for j in range(k):
            block = between[i, j] * roots[i] @ roots[j].T
            covariance[i, :, j, :] = sd[i][:, None] * block * sd[j]
    return covariance


def cluster_covariance(factor: ClusterDesign, sd: Floats, between: Floats) -> Floats:
    """Return (k, m, k, m) what a factor of clusters adds to the covariance."""
    m = sd.shape[1]
    scale = np.sqrt(factor.icc)[:, None] * sd * factor.loading(m)
    return np.asarray(scale[:, :, None, None] * between[:, None, :, None] * scale[None, None])


def root_of(covariance: Floats) -> tuple[Floats, Floats]:
    """Return a root (km, km) of a covariance (k, m, k, m), and its smallest eigenvalue as a share of the largest."""
    size = covariance.shape[0] * covariance.shape[1]
    values, vectors = np.linalg.eigh(covariance.reshape(size, size))
    least = values[0] / values[-1]
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0))), np.asarray(least)
