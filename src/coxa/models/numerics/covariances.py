"""The covariances of a model at given parameters: one structure, its parameters for each group, one or more times."""

from __future__ import annotations

import numpy as np

from coxa.models.covariance.structure import Structure
from coxa.models.numerics.stack import Stack


def of_groups(sums: Stack, theta: np.ndarray) -> np.ndarray:
    """Return the parameters of each group, shape (B, K)."""
    return theta.reshape(sums.groups, -1)


def covariances(sums: Stack, structure: Structure, theta: np.ndarray) -> np.ndarray:
    """Return the covariances (C, m, m) at theta (BK,)."""
    found = np.empty((len(sums.group), sums.m, sums.m))
    for g, own in enumerate(of_groups(sums, theta)):
        mine = sums.group == g
        found[mine] = structure.matrix(own, sums.times[mine])
    return found


def covariance_derivatives(sums: Stack, structure: Structure, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return first (C, K, m, m) and second (C, K, K, m, m) derivatives, each in the parameters of its own group."""
    c, m, size = len(sums.group), sums.m, structure.count(sums.m)
    first, second = np.empty((c, size, m, m)), np.empty((c, size, size, m, m))
    for g, own in enumerate(of_groups(sums, theta)):
        mine = sums.group == g
        first[mine], second[mine] = structure.derivatives(own, sums.times[mine])
    return first, second


def visit_times(sums: Stack, group: int) -> np.ndarray:
    """Return the mean time of each visit in a group, shape (m,); in between or beyond where it was never seen."""
    mine = sums.members(group)
    counted = sums.n[mine, None] * sums.observed[mine]
    total = counted.sum(axis=0)
    times = sums.times[sums.covariance[mine]]
    mean = (counted * times).sum(axis=0) / np.maximum(total, 1)
    return np.where(total > 0, mean, times.mean(axis=0))


def visit_covariances(sums: Stack, structure: Structure, theta: np.ndarray) -> np.ndarray:
    """Return the covariance of each group with the visits at their mean times, shape (B, m, m)."""
    each = enumerate(of_groups(sums, theta))
    return np.array([structure.matrix(own, visit_times(sums, g)) for g, own in each])
