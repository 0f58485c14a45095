"""Sums of many outcomes on one design: what the outcomes share is summed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from coxa.models.numerics.pattern_sums import sums_of
from coxa.models.numerics.patterns import Pattern
from coxa.models.numerics.stack import Stack, stack


@dataclass(frozen=True, slots=True)
class BatchSums:
    """The sums of B outcomes that were observed at the same places, over R pairs of visits of all patterns.

    design : sums of the design (p columns); its outcome is zero
    xx     : (R, p^2) the part of them that belongs to the design alone
    xy     : (B, R, p) sums of x_a y_b + x_b y_a for a < b, of x_a y_a for a = b
    yy     : (B, R) sums of 2 y_a y_b for a < b, of y_a^2 for a = b
    """

    design: Stack
    xx: np.ndarray
    xy: np.ndarray
    yy: np.ndarray

    @property
    def size(self) -> int:
        """Number of outcomes B."""
        return len(self.yy)

    def take(self, which: np.ndarray) -> BatchSums:
        """Return the sums of some of the outcomes, by position or as a mask."""
        return replace(self, xy=self.xy[which], yy=self.yy[which])

    def one(self, b: int) -> Stack:
        """Return the sums of one outcome, for a fit of its own."""
        p = self.design.p
        gram = self.design.gram.reshape(-1, p + 1, p + 1).copy()
        gram[:, :p, p] = gram[:, p, :p] = self.xy[b]
        gram[:, p, p] = self.yy[b]
        return replace(self.design, gram=gram.reshape(len(gram), -1))

    def picked(self, weights: np.ndarray) -> np.ndarray:
        """Return the elements of symmetric weights (B, S, m, m) that meet the sums, shape (B, R)."""
        pattern, a, b = self.design.index
        return weights[:, pattern, a, b]

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Return values (B, R) of pairs of visits as symmetric matrices (B, S, m, m), both halves of a pair alike."""
        pattern, a, b = self.design.index
        found = np.zeros((len(values), len(self.design.n), self.design.m, self.design.m))
        found[:, pattern, a, b] = found[:, pattern, b, a] = values / np.where(a == b, 1.0, 2.0)
        return found


def batch_sums(alike: Sequence[Pattern], x: np.ndarray, y: np.ndarray, m: int, times: np.ndarray | None) -> BatchSums:
    """Sum outcomes (B, N) on one design (N, p) over m visits, of participants in one covariance group.

    times : (m,) when the visits are, as for `stack`
    """
    p = x.shape[1]
    blank = np.column_stack([x, np.zeros(len(x))])
    design = stack((sums_of(pattern, blank) for pattern in alike), m, times)
    by_pattern = [crossed(x[pattern.rows], y[:, pattern.rows]) for pattern in alike]
    return BatchSums(
        design=design,
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
