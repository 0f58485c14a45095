"""Blocks whose residuals have an exponential correlation over times of their own, by a recursion along the times.

V_i = v C, C = (1 - nugget) rho ** distance + nugget I. A process with this correlation forgets all but its latest
value, so that the prediction of each row from the rows before is one recursion (Kalman's filter for one state), and
with its errors e_j of variance F_j

    log|C| = sum log F_j        Z'C^-1 Z = sum e_j e_j' / F_j

The work and its derivatives, which follow the same recursion, grow with the number of rows and not with its cube.
Sources: Jones & Boadi-Boateng, Biometrics 1991, 47:161-175; Harvey, Forecasting, Structural Time Series Models and the
Kalman Filter, 1989, section 3.4, for the derivatives. Random effects of the participant are among those above the
blocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

import numpy as np
from scipy.special import expit, log_expit

from coxa.models.covariance.structure import Structure
from coxa.models.numerics.mixed.coefficients import Curvature, Slopes, Within


@dataclass(frozen=True, slots=True)
class Jet:
    """Values of n things and their derivatives in L parameters.

    value  : (n,)
    first  : (L, n)
    second : (L, L, n)
    """

    value: np.ndarray
    first: np.ndarray
    second: np.ndarray

    def __add__(self, other: Jet) -> Jet:
        return Jet(self.value + other.value, self.first + other.first, self.second + other.second)

    def __sub__(self, other: Jet) -> Jet:
        return Jet(self.value - other.value, self.first - other.first, self.second - other.second)

    def __mul__(self, other: Jet) -> Jet:
        across = self.first[:, None] * other.first
        return Jet(
            self.value * other.value,
            self.first * other.value + self.value * other.first,
            self.second * other.value + self.value * other.second + across + across.swapaxes(0, 1),
        )

    def inverse(self) -> Jet:
        """Return one over it."""
        one = 1 / self.value
        square = one * one
        twice = 2 * square * one * self.first[:, None] * self.first
        return Jet(one, -square * self.first, twice - square * self.second)

    def part(self, things: slice) -> Jet:
        """Return some of the things."""
        return Jet(self.value[things], self.first[:, things], self.second[..., things])


def constant(value: np.ndarray, parameters: int) -> Jet:
    """Return numbers (n,) that no parameter moves."""
    n = len(value)
    return Jet(value, np.zeros((parameters, n)), np.zeros((parameters, parameters, n)))


Errors = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Errors of prediction (N, width), their first (L, N, width) and second (L, L, N, width) derivatives."""


@dataclass(frozen=True, slots=True)
class Markov:
    """The rows of n blocks, the first rows of all blocks before the second ones; blocks with more rows come first.

    z         : (N, width) columns (u, x, y), u those of the block's component
    counts    : (m,) blocks that have a first row, a second row ...
    gaps      : (N,) time since the row before of the same block; 0 for the first
    order     : (N,) rows component by component
    ends      : (C + 1,) where the rows of each component begin and end in `order`
    moment    : (N,) time of each row
    structure : of the residuals
    """

    z: np.ndarray
    counts: np.ndarray
    gaps: np.ndarray
    order: np.ndarray
    ends: np.ndarray
    moment: np.ndarray
    structure: Structure

    @property
    def size(self) -> int:
        """Number of parameters K: log of the variance, logit of rho, and logit of the nugget where there is one."""
        return self.structure.count(len(self.counts))

    @property
    def width(self) -> int:
        """Number of columns of z."""
        return int(self.z.shape[1])

    @property
    def n_rows(self) -> int:
        """Number of rows N."""
        return len(self.z)

    @property
    def groups(self) -> int:
        """Number of covariance groups: one."""
        return 1

    @property
    def times(self) -> np.ndarray:
        """Mean times of the first rows, the second rows ... (1, m)."""
        return np.array([[self.moment[step].mean() for step in self.steps]])

    @property
    def gap(self) -> float:
        """Shortest time between two rows of a block; 1 where no block has two."""
        later = self.gaps[self.counts[0] :]
        return float(later.min()) if len(later) else 1.0

    @property
    def steps(self) -> list[slice]:
        """The first rows, the second rows ..."""
        return [slice(low, high) for low, high in pairwise(np.cumsum([0, *self.counts]).tolist())]

    def own(self, theta: np.ndarray, group: int) -> np.ndarray:  # noqa: ARG002
        """Return the parameters of the structure."""
        return theta[: self.size]

    def within(self, theta: np.ndarray) -> Within:
        """Return the covariance at theta (K,)."""
        variances, (errors, _, _) = self.filtered(theta, 0)
        if not (variances.value > 0).all():
            raise np.linalg.LinAlgError("a row has no variance given the rows before")
        log_det = self.n_rows * float(theta[0]) + float(np.log(variances.value).sum())
        moments = self.folded(errors, errors / variances.value[:, None]) / np.exp(theta[0])
        return Within(log_det, moments, theta)

    def filtered(self, theta: np.ndarray, parameters: int) -> tuple[Jet, Errors]:
        """Return the variances F (N,) of the errors of prediction, and the errors, with derivatives in L parameters.

        parameters : 0 for none, else all of rho and the nugget
        """
        nugget, share = self.nugget(theta, parameters)
        fading, square, left = self.fading(theta, parameters)
        fresh = left * share  # variance of the process that comes in after the row before
        latest, variance = np.zeros((self.counts[0], self.width)), fresh.part(slice(0, int(self.counts[0])))
        first = np.zeros((parameters, self.counts[0], self.width))
        second = np.zeros((parameters, parameters, self.counts[0], self.width))
        every: list[Jet] = []
        errors = np.empty_like(self.z)
        slopes = np.empty((parameters, *self.z.shape))
        curvatures = np.empty((parameters, parameters, *self.z.shape))
        for rows, later in zip_longest(self.steps, self.steps[1:]):
            every.append(variance + nugget)
            errors[rows], slopes[:, rows], curvatures[:, :, rows] = self.z[rows] - latest, -first, -second
            if later is None:
                break
            n = later.stop - later.start
            gain = (variance * every[-1].inverse()).part(slice(0, n))
            fades = fading.part(later)
            take = fades * gain
            keep = fades - take
            variance = square.part(later) * (gain * nugget) + fresh.part(later)
            seen = self.z[rows][:n]
            latest, first, second = latest[:n], first[:, :n], second[:, :, :n]
            across = keep.first[:, None, :, None] * first[None]
            second = (
                keep.second[..., None] * latest
                + across
                + across.swapaxes(0, 1)
                + keep.value[:, None] * second
                + take.second[..., None] * seen
            )
            first = keep.first[..., None] * latest + keep.value[:, None] * first + take.first[..., None] * seen
            latest = keep.value[:, None] * latest + take.value[:, None] * seen
        return joined(every), (errors, slopes, curvatures)

    def nugget(self, theta: np.ndarray, parameters: int) -> tuple[Jet, Jet]:
        """Return the nugget and one less it, the same for all rows."""
        if self.size < 3:
            return constant(np.zeros(1), parameters), constant(np.ones(1), parameters)
        value, rest = expit(theta[2]), expit(-theta[2])
        share = constant(np.array([value]), parameters)
        if parameters:
            share.first[1] = value * rest
            share.second[1, 1] = value * rest * (rest - value)
        return share, Jet(np.array([rest]), -share.first, -share.second)

    def fading(self, theta: np.ndarray, parameters: int) -> tuple[Jet, Jet, Jet]:
        """Return rho to the power of the time since the row before, its square, and one less that.

        The first row of a block is infinitely far from one before.
        """
        rho, started = expit(theta[1]), np.arange(self.n_rows) >= self.counts[0]
        along = np.where(started, self.gaps * log_expit(theta[1]), -np.inf)
        fading = constant(np.exp(along), parameters)
        if parameters:
            fading.first[0] = fading.value * self.gaps * (1 - rho)
            fading.second[0, 0] = fading.first[0] * (self.gaps * (1 - rho) - rho)
        square = fading * fading
        return fading, square, Jet(-np.expm1(2 * along), -square.first, -square.second)

    def folded(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Return left' right (N, width) of each component, shape (C, width, width)."""
        one, other = left[self.order], right[self.order]
        return np.array([one[low:high].T @ other[low:high] for low, high in pairwise(self.ends.tolist())])

    def derivatives(
        self, at: Within, kernels: Sequence[np.ndarray], *, expected: bool = True
    ) -> tuple[Slopes, list[Curvature]]:
        """Return first derivatives and traces, and the contractions with symmetric kernels."""
        theta, k, variance = at.parts, self.size, float(np.exp(at.parts[0]))
        variances, (errors, slopes, curvatures) = self.filtered(theta, k - 1)
        precision = variances.inverse()
        moments = np.empty((k, *at.moments.shape))
        moments[0] = at.moments
        twice = np.empty((k, k, *at.moments.shape))
        twice[0, 0] = at.moments
        for a in range(k - 1):
            half = precision.first[a, :, None] * errors / 2 + precision.value[:, None] * slopes[a]
            once = symmetric(self.folded(errors, half)) / variance
            moments[a + 1] = twice[0, a + 1] = twice[a + 1, 0] = -once
            for b in range(a + 1):
                weighted = (
                    precision.second[a, b, :, None] * errors / 2
                    + precision.first[a, :, None] * slopes[b]
                    + precision.first[b, :, None] * slopes[a]
                    + precision.value[:, None] * curvatures[a, b]
                )
                both = self.folded(errors, weighted) + self.folded(slopes[a], precision.value[:, None] * slopes[b])
                twice[a + 1, b + 1] = twice[b + 1, a + 1] = symmetric(both) / variance
        trace, second = np.full(k, float(self.n_rows)), np.zeros((k, k))
        along = variances.first * precision.value
        trace[1:] = along.sum(axis=1)
        second[1:, 1:] = (variances.second * precision.value).sum(axis=2) - along @ along.T
        pairs = self.pairs(at, kernels) if expected else np.full((1 + len(kernels), k, k), np.nan)
        contractions = [
            Curvature(np.einsum("klcab,cab->kl", twice, kernel), pair)
            for kernel, pair in zip(kernels, pairs[1:], strict=True)
        ]
        return Slopes(moments, trace, second, pairs[0]), contractions

    def blocks(self) -> Iterator[tuple[np.ndarray, int]]:
        """Yield the rows of each block in the order of time, and its component."""
        starts = np.cumsum([0, *self.counts])
        component = np.empty(self.n_rows, dtype=np.intp)
        component[self.order] = np.repeat(np.arange(len(self.ends) - 1), np.diff(self.ends))
        for i in range(int(self.counts[0])):
            rows = starts[:-1][self.counts > i] + i
            yield rows, int(component[rows[0]])

    def dense(self, theta: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
        """Yield of each block its component, W, WZ, and first and second derivatives of V; as whole matrices."""
        for rows, component in self.blocks():
            times = self.moment[rows]
            inverse = np.linalg.inv(self.structure.matrix(theta[: self.size], times))
            yield component, inverse, inverse @ self.z[rows], *self.structure.derivatives(theta[: self.size], times)

    def pairs(self, at: Within, kernels: Sequence[np.ndarray]) -> np.ndarray:
        """Return tr(W V_k W V_l), and <kernel, Z'W V_k W V_l W Z> of each kernel, shape (1 + kernels, K, K)."""
        k = self.size
        totals = np.zeros((1 + len(kernels), k, k))
        for component, inverse, weighted, first, _ in self.dense(at.parts):
            products = inverse @ first
            flat, across = products.reshape(k, -1), products.swapaxes(1, 2).reshape(k, -1)
            totals[0] += flat @ across.T
            moved = first @ weighted
            inner = np.einsum("kia,ij,ljb->klab", moved, inverse, moved, optimize=True)
            for place, kernel in enumerate(kernels):
                one = np.einsum("klab,ab->kl", inner, kernel[component])
                totals[1 + place] += (one + one.T) / 2
        return totals

    def paired(self, at: Within, weights: np.ndarray) -> np.ndarray:
        """Return sum_kl weights_kl Z'W V_k W V_l W Z, shape (C, width, width)."""
        total = np.zeros_like(at.moments)
        for component, inverse, weighted, first, _ in self.dense(at.parts):
            moved = first @ weighted
            total[component] += np.einsum("kl,kia,ij,ljb->ab", weights, moved, inverse, moved, optimize=True)
        return (total + total.swapaxes(1, 2)) / 2

    def bent(self, at: Within, weights: np.ndarray) -> np.ndarray:
        """Return sum_kl weights_kl Z'W V_kl W Z, shape (C, width, width)."""
        total = np.zeros_like(at.moments)
        for component, _, weighted, _, second in self.dense(at.parts):
            total[component] += weighted.T @ np.einsum("kl,klij->ij", weights, second) @ weighted
        return total


def symmetric(matrix: np.ndarray) -> np.ndarray:
    """Return matrices (C, n, n) and their transposes added up."""
    return matrix + matrix.swapaxes(1, 2)


def joined(jets: Sequence[Jet]) -> Jet:
    """Return jets one after the other."""
    return Jet(
        np.concatenate([one.value for one in jets]),
        np.concatenate([one.first for one in jets], axis=1),
        np.concatenate([one.second for one in jets], axis=2),
    )
