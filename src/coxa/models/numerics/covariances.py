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


def first_derivatives(sums: Stack, structure: Structure, theta: np.ndarray) -> np.ndarray:
    """Return the first derivatives (C, K, m, m), each in the parameters of its own group."""
    first = np.empty((len(sums.group), structure.count(sums.m), sums.m, sums.m))
    for g, own in enumerate(of_groups(sums, theta)):
        mine = sums.group == g
        first[mine] = structure.first(own, sums.times[mine])
    return first


def second_products(sums: Stack, structure: Structure, theta: np.ndarray, kernels: np.ndarray) -> np.ndarray:
    """Return the inner products (B, K, K) of the second derivatives with kernels (C, m, m), summed over each group."""
    size = structure.count(sums.m)
    total = np.zeros((sums.groups, size, size))
    for g, own in enumerate(of_groups(sums, theta)):
        mine = sums.group == g
        if structure.spatial:
            total[g] = structure.inner(own, sums.times[mine], kernels[mine]).sum(axis=0)
        else:
            total[g] = structure.inner(own, sums.times[mine][0], kernels[mine].sum(axis=0))
    return total


def second_sums(sums: Stack, structure: Structure, theta: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the sums (C, m, m) of the second derivatives with the weights (B, K, K) of their groups."""
    total = np.empty((len(sums.group), sums.m, sums.m))
    for g, own in enumerate(of_groups(sums, theta)):
        mine = sums.group == g
        total[mine] = structure.summed(own, sums.times[mine], weights[g])
    return total


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
