"""Blocks with a covariance structure over their places, and random coefficients on top where there are any.

V_i is the part at the places seen of T D T' + R(theta), R a `Structure`; the parameters are those of D (entries of its
Cholesky factor), then those of R, group after group.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np

from coxa.models.covariance.structure import Structure
from coxa.models.numerics.mixed.coefficients import Curvature, Slopes, Within
from coxa.models.numerics.mixed.patterns import Columns
from coxa.models.numerics.mixed.random_design import CholeskyFactor
from coxa.models.numerics.reml import padded_inverse

AT_ONCE = 2_000_000
"""Numbers in an array of second-order products up to which patterns are taken together."""


@dataclass(frozen=True, slots=True)
class Structured:
    """Blocks of m places with a covariance structure, in B groups, and q random coefficients.

    columns   : the rows of the blocks, S patterns
    observed  : (S, m) bool, the places that each pattern has
    covering  : (S,) which of the C sets of times and coefficients each pattern has
    group     : (S,) covariance group of each pattern
    times     : (C, m) when the places are
    rows      : (C, m, q) rows T of the random coefficients; q may be 0
    structure : of R
    cholesky  : of D
    groups    : number of groups B
    n_rows    : number of rows N
    """

    columns: Columns
    observed: np.ndarray
    covering: np.ndarray
    group: np.ndarray
    times: np.ndarray
    rows: np.ndarray
    structure: Structure
    cholesky: CholeskyFactor
    groups: int
    n_rows: int

    @property
    def size(self) -> int:
        """Number of parameters K."""
        return self.cholesky.size + self.groups * self.each

    @property
    def each(self) -> int:
        """Number of parameters of the structure in one group."""
        return self.structure.count(self.observed.shape[1])

    @property
    def gap(self) -> float:
        """Shortest time between two places; 1 where there is one place."""
        return float(np.diff(np.sort(self.times, axis=1), axis=1).min(initial=1.0))

    @property
    def width(self) -> int:
        """Number of columns of Z."""
        return self.columns.width

    def own(self, theta: np.ndarray, group: int) -> np.ndarray:
        """Return the parameters of the structure in a group."""
        start = self.cholesky.size + group * self.each
        return theta[start : start + self.each]

    def places(self, group: int) -> np.ndarray:
        """Return which parameters (of K) move the covariance of a group."""
        start = self.cholesky.size + group * self.each
        return np.concatenate([np.arange(self.cholesky.size), np.arange(start, start + self.each)])

    def within(self, theta: np.ndarray) -> Within:
        """Return the covariance at theta (K,)."""
        m = self.observed.shape[1]
        lower = self.cholesky.matrix(theta[: self.cholesky.size])
        random = self.rows @ (lower @ lower.T) @ self.rows.swapaxes(1, 2)
        covariance = np.empty((len(self.observed), m, m))
        for g in range(self.groups):
            patterns = np.flatnonzero(self.group == g)
            use = self.covering[patterns]
            residual = self.structure.matrix(self.own(theta, g), self.times)
            every = random + residual
            covariance[patterns] = every[use]
        inverse, log_det = padded_inverse(self.observed, covariance)
        return Within(float(self.columns.n @ log_det), self.columns.fold(inverse), (theta, inverse))

    def parts(self, theta: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]]:
        """Yield patterns, their parameters' places, first (S', K', m, m) and second derivatives, some at a time.

        The last is how many of the parameters are of the random coefficients, in which the covariance is linear.
        """
        m, t = self.observed.shape[1], self.cholesky.size
        first_d, second_d = self.cholesky.products(theta[:t])
        k = t + self.each
        step = max(1, AT_ONCE // (k * k * m * m))
        for g in range(self.groups):
            patterns = np.flatnonzero(self.group == g)
            for start in range(0, len(patterns), step):
                chosen = patterns[start : start + step]
                sets, place = np.unique(self.covering[chosen], return_inverse=True)
                rows = self.rows[sets]
                once, twice = self.structure.derivatives(self.own(theta, g), self.times[sets])
                once = np.broadcast_to(once, (len(sets), self.each, m, m))
                twice = np.broadcast_to(twice, (len(sets), self.each, self.each, m, m))
                first = np.concatenate([rows[:, None] @ first_d @ rows.swapaxes(1, 2)[:, None], once], axis=1)
                second = np.zeros((len(sets), k, k, m, m))
                second[:, :t, :t] = rows[:, None, None] @ second_d @ rows.swapaxes(1, 2)[:, None, None]
                second[:, t:, t:] = twice
                yield chosen, self.places(g), first[place], second[place], t

    def some(self, weights: np.ndarray, patterns: np.ndarray) -> np.ndarray:
        """Return the weights (..., S', m, m) of some patterns among zeros for all the others."""
        every = np.zeros((*weights.shape[:-3], *self.observed.shape, self.observed.shape[1]))
        every[..., patterns, :, :] = weights
        return every

    def derivatives(
        self,
        at: Within,
        kernels: Sequence[np.ndarray],
        *,
        expected: bool = True,  # noqa: ARG002
    ) -> tuple[Slopes, list[Curvature]]:
        """Return first derivatives and traces, and the contractions with symmetric kernels."""
        return self.slopes(at), self.curvature(at, kernels)

    def slopes(self, at: Within) -> Slopes:
        """Return first derivatives and traces."""
        theta, inverse = at.parts
        moments = np.zeros((self.size, *at.moments.shape))
        trace, pairs, curvature = (
            np.zeros(self.size),
            np.zeros((self.size, self.size)),
            np.zeros((self.size, self.size)),
        )
        for patterns, places, first, second, _ in self.parts(theta):
            w, n = inverse[patterns], self.columns.n[patterns]
            products = w[:, None] @ first
            weights = (products @ w[:, None]).swapaxes(0, 1)
            moments[places] += self.columns.fold(self.some(weights, patterns))
            trace[places] += np.einsum("s,skaa->k", n, products)
            flat, across = (
                products.reshape(*products.shape[:2], -1),
                products.swapaxes(2, 3).reshape(*products.shape[:2], -1),
            )
            pairs[np.ix_(places, places)] += np.einsum("s,ska,sla->kl", n, flat, across, optimize=True)
            curvature[np.ix_(places, places)] += np.einsum("s,sab,sklab->kl", n, w, second, optimize=True)
        return Slopes(moments, trace, curvature - pairs, pairs)

    def curvature(self, at: Within, kernels: Sequence[np.ndarray]) -> list[Curvature]:
        """Return the contractions with symmetric kernels."""
        theta, inverse = at.parts
        seen = [self.columns.contract(kernel) for kernel in kernels]
        pairs, curvatures = (
            np.zeros((len(kernels), self.size, self.size)),
            np.zeros((len(kernels), self.size, self.size)),
        )
        for patterns, places, first, second, _ in self.parts(theta):
            w = inverse[patterns]
            block = np.ix_(places, places)
            left = first @ w[:, None]
            flat = left.reshape(*left.shape[:2], -1)
            for k, contracted in enumerate(seen):
                inner = w @ contracted[patterns] @ w
                right = inner[:, None] @ first  # tr(V_k W V_l inner)
                products = np.einsum("ska,sla->kl", flat, right.reshape(*right.shape[:2], -1), optimize=True)
                pairs[k][block] += (products + products.T) / 2
                curvatures[k][block] += np.einsum("sab,sklab->kl", inner, second, optimize=True)
        return [Curvature(2 * pair - bent, pair) for pair, bent in zip(pairs, curvatures, strict=True)]

    def paired(self, at: Within, weights: np.ndarray) -> np.ndarray:
        """Return sum_kl weights_kl Z'W V_k W V_l W Z, shape (C, width, width)."""
        theta, inverse = at.parts
        folded = []
        for patterns, places, first, _, _ in self.parts(theta):
            w = inverse[patterns]
            weighted = np.einsum("kl,skab->slab", weights[np.ix_(places, places)], first)
            inner = (weighted @ w[:, None] @ first).sum(axis=1)
            folded.append(self.columns.fold(self.some(w @ (inner + inner.swapaxes(1, 2)) @ w / 2, patterns)))
        return reduce(add, folded)

    def bent(self, at: Within, weights: np.ndarray) -> np.ndarray:
        """Return sum_kl weights_kl Z'W R_kl W Z over the parameters of the structure, shape (C, width, width)."""
        theta, inverse = at.parts
        folded = []
        for patterns, places, _, second, t in self.parts(theta):
            w = inverse[patterns]
            own = weights[np.ix_(places, places)][t:, t:]
            inner = np.einsum("kl,sklab->sab", own, second[:, t:, t:])
            folded.append(self.columns.fold(self.some(w @ inner @ w, patterns)))
        return reduce(add, folded)
