"""The likelihood of `coxa.models.numerics.reml`, with its derivatives, for many outcomes on one more array axis.

What the outcomes of one design share is summed once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from coxa.models.covariance.structure import Structure, correlation
from coxa.models.numerics.marginal_fit import SINGULAR
from coxa.models.numerics.pattern_sums import Pattern, Stack, stack, sums_of
from coxa.models.numerics.reml import padded_inverse


@dataclass(frozen=True, slots=True)
class BatchSums:
    """The sums of B outcomes over R pairs of visits of all S patterns, on one design or each on its own.

    observed : (S, m) bool, which visits each pattern has
    n        : (S,) participants per pattern, or (B, S) where they differ
    index    : (3, R) for each pair its pattern and its visits a <= b
    times    : (m,) when the visits are
    xx       : (R, p^2), or (B, R, p^2), sums of x_a x_b' + x_b x_a' for a < b, of x_a x_a' for a = b
    xy       : (B, R, p) sums of x_a y_b + x_b y_a for a < b, of x_a y_a for a = b
    yy       : (B, R) sums of 2 y_a y_b for a < b, of y_a^2 for a = b
    """

    observed: np.ndarray
    n: np.ndarray
    index: np.ndarray
    times: np.ndarray
    xx: np.ndarray
    xy: np.ndarray
    yy: np.ndarray

    @property
    def size(self) -> int:
        """Number of outcomes B."""
        return len(self.yy)

    @property
    def p(self) -> int:
        """Columns of the design."""
        return int(self.xy.shape[2])

    @property
    def m(self) -> int:
        """Number of visits."""
        return int(self.observed.shape[1])

    @property
    def n_observations(self) -> np.ndarray:
        """Rows that went into the sums: one number, or (B,)."""
        return np.asarray(self.n @ self.observed.sum(axis=1))

    @property
    def counts(self) -> np.ndarray:
        """Participants per pattern, shaped to meet matrices (B, S, m, m)."""
        return self.n[..., :, None, None]

    def take(self, which: np.ndarray) -> BatchSums:
        """Return the sums of some of the outcomes, by position or as a mask."""
        own = {"n": self.n[which], "xx": self.xx[which]} if self.xx.ndim == 3 else {}
        return replace(self, xy=self.xy[which], yy=self.yy[which], **own)

    def one(self, b: int) -> Stack:
        """Return the sums of one outcome, for a fit of its own."""
        p = self.p
        gram = np.empty((len(self.index[0]), p + 1, p + 1))
        gram[:, :p, :p] = (self.xx[b] if self.xx.ndim == 3 else self.xx).reshape(-1, p, p)
        gram[:, :p, p] = gram[:, p, :p] = self.xy[b]
        gram[:, p, p] = self.yy[b]
        n = self.n[b] if self.n.ndim == 2 else self.n
        there = n > 0
        kept = there[self.index[0]]
        pattern = np.cumsum(there) - 1
        index = np.array([pattern[self.index[0][kept]], self.index[1][kept], self.index[2][kept]])
        shared = np.zeros(int(there.sum()), dtype=np.intp)
        gram = gram[kept].reshape(int(kept.sum()), -1)
        group = np.zeros(1, dtype=np.intp)
        return Stack(self.observed[there], n[there].astype(float), index, gram, p, shared, group, self.times[None])

    def folded(self, picked: np.ndarray) -> np.ndarray:
        """Return weights at the pairs (B, K, R) times xx, shape (B, K, p^2)."""
        return picked @ self.xx

    def picked(self, weights: np.ndarray) -> np.ndarray:
        """Return the elements of symmetric weights (B, S, m, m) that meet the sums, shape (B, R)."""
        pattern, a, b = self.index
        return weights[:, pattern, a, b]

    def contracted(self, kernel: np.ndarray) -> np.ndarray:
        """Return <xx, kernel> of each pair, shape (B, R), for kernels (B, p, p)."""
        flat = kernel.reshape(self.size, -1)
        return flat @ self.xx.T if self.xx.ndim == 2 else (self.xx @ flat[:, :, None])[:, :, 0]

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Return values (B, R) of pairs of visits as symmetric matrices (B, S, m, m), both halves of a pair alike."""
        pattern, a, b = self.index
        matrices = np.zeros((len(values), len(self.observed), self.m, self.m))
        matrices[:, pattern, a, b] = matrices[:, pattern, b, a] = values / np.where(a == b, 1.0, 2.0)
        return matrices


def batch_sums(alike: Sequence[Pattern], x: np.ndarray, y: np.ndarray, m: int, times: np.ndarray | None) -> BatchSums:
    """Sum outcomes (B, N) on one design (N, p) over m visits, of participants in one covariance group.

    times : (m,) when the visits are, as for `stack`
    """
    p = x.shape[1]
    blank = np.column_stack([x, np.zeros(len(x))])
    design = stack((sums_of(pattern, blank) for pattern in alike), m, times)
    by_pattern = [crossed(x[pattern.rows], y[:, pattern.rows]) for pattern in alike]
    return BatchSums(
        observed=design.observed,
        n=design.n,
        index=design.index,
        times=design.times[0],
        xx=design.gram.reshape(-1, p + 1, p + 1)[:, :p, :p].reshape(-1, p * p),
        xy=np.concatenate([xy for xy, _ in by_pattern], axis=1),
        yy=np.concatenate([yy for _, yy in by_pattern], axis=1),
    )


def crossed(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sums xy (B, pairs, p) and yy (B, pairs) of one pattern: x (n, v, p), y (B, n, v)."""
    n, v, p = x.shape
    a, b = np.triu_indices(v)
    products = (x.reshape(n, v * p).T @ y.transpose(1, 0, 2).reshape(n, -1)).reshape(v, p, len(y), v)
    xy = products.transpose(2, 0, 3, 1)
    both = xy[:, a, b] + xy[:, b, a]
    both[:, a == b] /= 2
    yy = (y.swapaxes(1, 2) @ y)[:, a, b] * np.where(a == b, 1.0, 2.0)
    return both, yy


def trial_sums(
    trial: np.ndarray, alike: Sequence[Pattern], rows: np.ndarray, trials: int, m: int, times: np.ndarray | None
) -> BatchSums:
    """Sum many trials, each with participants, design and gaps of its own, over m visits.

    trial : (N,) code of each row's trial
    alike : patterns of the rows of all trials
    rows  : (N, p + 1) design and outcome
    times : (m,) when the visits are; by default 0, 1, ..., m - 1
    """
    q = rows.shape[1]
    p = q - 1
    counts, grams, index = [], [], []
    for s, pattern in enumerate(alike):
        v = len(pattern.visits)
        a, b = np.triu_indices(v)
        of = trial[pattern.rows[:, 0]]
        order = np.argsort(of, kind="stable")
        wide = rows[pattern.rows[order]].reshape(-1, v * q)
        edges = np.searchsorted(of[order], np.arange(trials + 1))
        gram = np.zeros((trials, v * q, v * q))
        for t in np.flatnonzero(np.diff(edges)):
            of_trial = wide[edges[t] : edges[t + 1]]
            gram[t] = of_trial.T @ of_trial
        pairs = gram.reshape(trials, v, q, v, q).transpose(0, 1, 3, 2, 4)[:, a, b]
        both = pairs + pairs.swapaxes(2, 3)
        both[:, a == b] /= 2
        grams.append(both)
        counts.append(np.diff(edges))
        index.append(np.array([np.full(len(a), s), pattern.visits[a], pattern.visits[b]]))
    every = np.concatenate(grams, axis=1)
    observed = np.zeros((len(alike), m), dtype=bool)
    for s, pattern in enumerate(alike):
        observed[s, pattern.visits] = True
    return BatchSums(
        observed=observed,
        n=np.array(counts, dtype=float).T,
        index=np.concatenate(index, axis=1),
        times=np.arange(m, dtype=float) if times is None else times,
        xx=np.ascontiguousarray(every[:, :, :p, :p]).reshape(trials, -1, p * p),
        xy=np.ascontiguousarray(every[:, :, :p, p]),
        yy=np.ascontiguousarray(every[:, :, p, p]),
    )


@dataclass(frozen=True, slots=True)
class BatchLikelihood:
    """The log-likelihoods of B outcomes, each at a covariance of its own.

    loglik  : (B,) minus infinity where the covariance is singular
    beta    : (B, p)
    phi     : (B, p, p)
    inverse : (B, S, m, m)
    reml    : restricted likelihood, or the full one
    """

    loglik: np.ndarray
    beta: np.ndarray
    phi: np.ndarray
    inverse: np.ndarray
    reml: bool


@dataclass(frozen=True, slots=True)
class BatchDerivatives:
    """Derivatives of minus the log-likelihoods in K parameters: gradient (B, K), hessian (B, K, K).

    first         : (B, K, m, m) derivatives of the covariance
    half          : (B, S, m, K, m) inverse times first derivative, W_s E_k as [s, i, k, j]
    slopes        : (B, K, p, p) derivatives of Phi^-1
    """

    gradient: np.ndarray
    hessian: np.ndarray
    first: np.ndarray
    half: np.ndarray
    slopes: np.ndarray


def covariances_of(sums: BatchSums, structure: Structure, theta: np.ndarray) -> np.ndarray:
    """Return the covariances (B, m, m) at theta (B, K)."""
    return np.array([structure.matrix(own, sums.times) for own in theta])


def likelihoods(sums: BatchSums, covariance: np.ndarray, *, reml: bool) -> BatchLikelihood:
    """Return the log-likelihoods at covariances (B, m, m), one for each outcome."""
    n, p = sums.size, sums.p
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        scaled = correlation(covariance)
    usable = np.isfinite(scaled).all(axis=(1, 2))
    usable[usable] = np.linalg.eigvalsh(scaled[usable])[:, 0] >= SINGULAR
    safe = np.where(usable[:, None, None], covariance, np.eye(sums.m))
    inverse, log_det = padded_inverse(sums.observed, safe[:, None])
    picked = sums.picked(inverse)
    lower = np.linalg.cholesky(sums.folded(picked[:, None]).reshape(n, p, p))
    root = np.linalg.inv(lower)
    phi = root.swapaxes(1, 2) @ root
    c = (picked[:, None] @ sums.xy)[:, 0]
    beta = (phi @ c[:, :, None])[:, :, 0]
    quadratic = (picked * sums.yy).sum(axis=1) - (c * beta).sum(axis=1)
    minus_2 = (log_det * sums.n).sum(axis=1) + quadratic + sums.n_observations * np.log(2 * np.pi)
    if reml:
        minus_2 += 2 * np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1) - p * np.log(2 * np.pi)
    return BatchLikelihood(np.where(usable, -0.5 * minus_2, -np.inf), beta, phi, inverse, reml)


def residual_moments_of(sums: BatchSums, at: BatchLikelihood) -> np.ndarray:
    """Return T_s of each outcome, shape (B, S, m, m), as `residual_moments` of one."""
    kernel = at.beta[:, :, None] * at.beta[:, None, :]
    if at.reml:
        kernel = kernel + at.phi
    cross = (sums.xy @ at.beta[:, :, None])[:, :, 0]
    return sums.spread(sums.contracted(kernel) - 2 * cross + sums.yy)


def derivatives_of(sums: BatchSums, structure: Structure, theta: np.ndarray, at: BatchLikelihood) -> BatchDerivatives:
    """Return gradients and Hessians of minus the log-likelihoods at theta (B, K), where `at` was computed."""
    n, p, w = sums.size, sums.p, at.inverse
    s, m, size = w.shape[1], w.shape[2], theta.shape[1]
    first = np.array([structure.first(own, sums.times) for own in theta])

    whitened_moments = w @ residual_moments_of(sums, at)
    counts = sums.counts
    in_covariance = 0.5 * (counts * w - whitened_moments @ w).sum(axis=1)
    gradient = (first.reshape(n, size, -1) @ in_covariance.reshape(n, m * m, 1))[:, :, 0]
    bend = np.array([structure.inner(own, sums.times, a) for own, a in zip(theta, in_covariance, strict=True)])

    half = w @ first.transpose(0, 2, 1, 3).reshape(n, 1, m, size * m)
    weighted = (0.5 * counts * np.eye(m) - whitened_moments) @ half
    half = half.reshape(n, s, m, size, m)
    weighted = weighted.reshape(n, s, m, size, m).transpose(0, 3, 1, 4, 2).reshape(n, size, -1)
    traces = weighted @ half.transpose(0, 1, 2, 4, 3).reshape(n, -1, size)

    picked = picked_slopes(sums, half.reshape(n, s, m * size, m) @ w, size)
    slopes = -sums.folded(picked).reshape(n, size, p, p)
    u = -(slopes @ at.beta[:, None, :, None])[..., 0] - picked @ sums.xy
    hessian = bend - traces - u @ at.phi @ u.swapaxes(1, 2)
    if at.reml:
        phi_a = at.phi[:, None] @ slopes
        flat = phi_a.swapaxes(2, 3).reshape(n, size, -1).swapaxes(1, 2)
        hessian -= 0.5 * phi_a.reshape(n, size, -1) @ flat
    return BatchDerivatives(gradient, (hessian + hessian.swapaxes(1, 2)) / 2, first, half, slopes)


def picked_slopes(sums: BatchSums, slopes_w: np.ndarray, size: int) -> np.ndarray:
    """Return W_s E_k W_s at the pairs of visits of the sums, shape (B, K, R); slopes_w (B, S, m K, m)."""
    pattern, a, b = sums.index
    n, s, _, m = slopes_w.shape
    return slopes_w.reshape(n, s, m, size, m)[:, pattern, a, :, b].transpose(1, 2, 0)
