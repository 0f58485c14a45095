"""The sums of all patterns in one array, and the products that the likelihood takes of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from coxa.models.covariance.structure import Structure
from coxa.models.numerics.pattern_sums import PatternSums, merge_all


@dataclass(frozen=True, slots=True)
class Stack:
    """The sums of all S patterns over m visits, ready for the likelihood.

    There are C distinct covariances: one for each covariance group, and with times that differ between participants
    one for each set of times. Covariances of one group share their parameters; there are B groups.

    observed   : (S, m) bool, which visits each pattern has
    n          : (S,) participants per pattern
    index      : (3, R) for each row of gram its pattern and its visits a <= b
    gram       : (R, (p + 1)^2) z_a z_b' + z_b z_a' for a < b and z_a z_a' for a = b, flattened
    p          : columns of the design
    covariance : (S,) which of the covariances each pattern has
    group      : (C,) the group of each covariance, increasing
    times      : (C, m) the times of each covariance
    """

    observed: np.ndarray
    n: np.ndarray
    index: np.ndarray
    gram: np.ndarray
    p: int
    covariance: np.ndarray
    group: np.ndarray
    times: np.ndarray

    @property
    def m(self) -> int:
        """Number of visits."""
        return int(self.observed.shape[1])

    @property
    def groups(self) -> int:
        """Number of covariance groups B."""
        return int(self.group[-1]) + 1

    @property
    def n_observations(self) -> int:
        """Number of rows that went into the sums."""
        return int(self.n @ self.observed.sum(axis=1))

    def members(self, group: int) -> slice:
        """Return the patterns of a covariance group, which are next to each other."""
        low, high = np.searchsorted(self.group[self.covariance], [group, group + 1])
        return slice(int(low), int(high))

    def fold(self, weights: np.ndarray, members: slice = slice(None)) -> np.ndarray:
        """Return sum_s sum_ab weights[..., s, a, b] G_s[a, b], shape (..., p + 1, p + 1).

        weights : (..., S, m, m), symmetric in its last two axes, of the patterns that are `members`
        """
        pattern, a, b = self.index
        start, stop, _ = members.indices(len(self.n))
        low, high = np.searchsorted(pattern, [start, stop])
        rows = slice(int(low), int(high))
        picked = weights[..., pattern[rows] - start, a[rows], b[rows]]
        return (picked @ self.gram[rows]).reshape(*picked.shape[:-1], self.p + 1, self.p + 1)

    def contract(self, kernel: np.ndarray) -> np.ndarray:
        """Return T_s[a, b] = <G_s[a, b], kernel>, shape (S, m, m), for a symmetric kernel (p + 1, p + 1)."""
        pattern, a, b = self.index
        values = self.gram @ kernel.ravel() / np.where(a == b, 1.0, 2.0)
        result = np.zeros((len(self.n), self.m, self.m))
        result[pattern, a, b] = values
        result[pattern, b, a] = values
        return result

    def by_covariance(self, values: np.ndarray) -> np.ndarray:
        """Return the sums of values (S, ...) over the patterns of each covariance, shape (C, ...)."""
        total = np.zeros((len(self.group), *values.shape[1:]))
        np.add.at(total, self.covariance, values)
        return total


def stack(sums: Iterable[PatternSums], m: int, times: np.ndarray | None = None) -> Stack:
    """Lay the sums of all patterns over m visits in one array.

    times : (m,) when the visits are, for sums without times of their own; by default 0, 1, ..., m - 1
    """
    ordered = sorted(merge_all(sums), key=lambda item: item.group)
    spaced = np.arange(m, dtype=float) if times is None else np.asarray(times, dtype=float)
    covariance, group, places = distinct(ordered, spaced)
    observed = np.zeros((len(ordered), m), dtype=bool)
    index, gram = [], []
    for s, item in enumerate(ordered):
        observed[s, item.visits] = True
        a, b = np.triu_indices(len(item.visits))
        both = item.gram[a, b] + item.gram[b, a]
        both[a == b] /= 2
        index.append(np.array([np.full(len(a), s), item.visits[a], item.visits[b]]))
        gram.append(both.reshape(len(a), -1))
    return Stack(
        observed=observed,
        n=np.array([item.n for item in ordered], dtype=float),
        index=np.concatenate(index, axis=1),
        gram=np.concatenate(gram),
        p=ordered[0].gram.shape[-1] - 1,
        covariance=covariance,
        group=group,
        times=places,
    )


def distinct(sums: Sequence[PatternSums], spaced: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which covariance each pattern has (S,), and group (C,) and times (C, m) of each covariance.

    A pattern with times has a covariance of its own; at visits it does not have, any time beyond its last will do.
    """
    covariance: list[int] = []
    group: list[int] = []
    times: list[np.ndarray] = []
    shared: dict[int, int] = {}
    for item in sums:
        if item.times is None and item.group in shared:
            covariance.append(shared[item.group])
            continue
        if item.times is None:
            shared[item.group] = len(group)
            at = spaced
        else:
            at = item.times.max() + 1 + np.arange(len(spaced))
            at[item.visits] = item.times
        covariance.append(len(group))
        group.append(item.group)
        times.append(at)
    return np.array(covariance), np.array(group), np.array(times)


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
