"""A drawn model with random effects as whole matrices, beside the same as the blocks and columns of the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag

from coxa.models.covariance import structure_named
from coxa.models.numerics.mixed.coefficients import Coefficients
from coxa.models.numerics.mixed.likelihood import Mixed
from coxa.models.numerics.mixed.patterns import KeptRows, Sparse, summed
from coxa.models.numerics.mixed.random_design import CholeskyFactor, OuterFactors, single
from coxa.models.numerics.mixed.structured import Structured

N, M, P = 14, 4, 3
"""Blocks, places of a block, columns of the design."""


@dataclass(frozen=True, slots=True)
class Dense:
    """One model both ways.

    model      : for the engine
    theta      : parameters at which the two are compared
    covariance : of the rows that are there, as a function of the parameters
    x, y       : their design and outcome
    structured : positions of the parameters of a covariance structure, which enter second derivatives, by group
    """

    model: Mixed
    theta: np.ndarray
    covariance: Callable[[np.ndarray], np.ndarray]
    x: np.ndarray
    y: np.ndarray
    structured: tuple[range, ...]

    def loglik(self, theta: np.ndarray) -> float:
        v = self.covariance(theta)
        inverse = np.linalg.inv(v)
        a = self.x.T @ inverse @ self.x
        r = self.y - self.x @ np.linalg.solve(a, self.x.T @ inverse @ self.y)
        free = len(self.y) - (P if self.model.reml else 0)
        minus_2 = np.linalg.slogdet(v)[1] + r @ inverse @ r + free * np.log(2 * np.pi)
        return -0.5 * float(minus_2 + (np.linalg.slogdet(a)[1] if self.model.reml else 0.0))


def drawn(kind: str, *, reml: bool, kept: bool, groups: int = 1, seed: int = 1) -> Dense:
    """Draw a model: two correlated effects of each block, two of each of 4 therapists, one of each of 3 crossed raters.

    kind : "coefficients" for independent residuals, or the name of a covariance structure
    kept : whether blocks differ in the times of their rows, so that every one is a pattern of its own
    """
    rng = np.random.default_rng(seed)
    seen = rng.random((N, M)) < 0.8
    seen[:, 0] = True
    xy = rng.normal(size=(N, M, P + 1))
    week = np.tile(np.arange(float(M)), (N, 1)) + (rng.normal(scale=0.1, size=(N, M)) if kept else 0.0)
    t = np.stack([np.ones((N, M)), week], axis=-1)
    therapist, rater = rng.integers(0, 4, N), rng.integers(0, 3, (N, M))
    places = np.stack(
        [np.repeat(2 * therapist[:, None], M, 1), np.repeat(2 * therapist[:, None] + 1, M, 1), 8 + rater], -1
    )
    values = np.stack([np.ones((N, M)), rng.normal(size=(N, M)), np.ones((N, M))], axis=-1)
    every = Sparse(places.reshape(N * M, -1), values.reshape(N * M, -1), 11).matrix.toarray()
    above = OuterFactors((single(0, 4, CholeskyFactor((2,))), single(8, 3, CholeskyFactor((1,)))))
    group = np.arange(N) % groups
    shown = [np.where(seen[..., None], part, 0.0) for part in (xy, t, values)]
    if kind == "coefficients":
        within, theta = coefficients(*shown, places, kept=kept), np.array([0.3, 0.8, 0.2, 0.5])
    else:
        within = structured(kind, shown[0], t, shown[2], places, seen, group, kept=kept)
        residual = rng.normal(scale=0.3, size=within.each * groups)
        theta = np.concatenate([[0.8, 0.2, 0.5], residual])
    there = seen.ravel()

    def covariance(at: np.ndarray) -> np.ndarray:
        inner, outer = at[: within.size], at[within.size :]
        blocks = [block_covariance(kind, within, inner, t[i if kept else 0], int(group[i])) for i in range(N)]
        lower = CholeskyFactor((2,)).matrix(outer[:3])
        gamma = block_diag(*[lower @ lower.T] * 4, *[[[outer[3] ** 2]]] * 3)
        return (block_diag(*blocks) + every @ gamma @ every.T)[np.ix_(there, there)]

    each = 0 if kind == "coefficients" else within.each
    return Dense(
        model=Mixed(within, above, P, reml),
        theta=np.concatenate([theta, [0.6, 0.3, 0.4, 0.7]]),
        covariance=covariance,
        x=xy.reshape(N * M, -1)[there, :P],
        y=xy.reshape(N * M, -1)[there, P],
        structured=tuple(range(3 + g * each, 3 + (g + 1) * each) for g in range(groups)) if each else (),
    )


def block_covariance(
    kind: str, within: Coefficients | Structured, theta: np.ndarray, t: np.ndarray, group: int
) -> np.ndarray:
    """Return the covariance (M, M) of one block."""
    if isinstance(within, Coefficients):
        lower = CholeskyFactor((2,)).matrix(theta[1:])
        return np.exp(theta[0]) * (np.eye(M) + t @ lower @ lower.T @ t.T)
    lower = CholeskyFactor((2,)).matrix(theta[:3])
    residual = structure_named(kind).matrix(within.own(theta, group), np.arange(float(M)))
    return t @ lower @ lower.T @ t.T + residual


def coefficients(xy: np.ndarray, t: np.ndarray, values: np.ndarray, places: np.ndarray, *, kept: bool) -> Coefficients:
    """Return the blocks by their projected rows."""
    projected = np.einsum("nmq,nmc->nqc", t, xy)
    gram = np.einsum("nmq,nmr->nqr", t, t)
    spread = np.repeat(places.reshape(N, 1, -1), 2, axis=1).reshape(2 * N, -1)
    u = Sparse(spread, np.einsum("nmq,nmf->nqmf", t, values).reshape(2 * N, -1), 11)
    every = Sparse(places.reshape(N * M, -1), values.reshape(N * M, -1), 11).matrix.toarray()
    z = np.hstack([every, xy.reshape(N * M, -1)])
    rows = int((t[..., 0] != 0).sum())
    if kept:
        return Coefficients(KeptRows(projected, u), gram, (z.T @ z)[None], CholeskyFactor((2,)), rows)
    alike: dict[bytes, list[int]] = {}
    for i, matrix in enumerate(gram):
        alike.setdefault(matrix.round(9).tobytes(), []).append(i)
    members = [np.array(mine) for mine in alike.values()]
    firsts = [mine[0] for mine in members]
    return Coefficients(summed(members, projected, u), gram[firsts], (z.T @ z)[None], CholeskyFactor((2,)), rows)


def structured(
    kind: str,
    xy: np.ndarray,
    t: np.ndarray,
    values: np.ndarray,
    places: np.ndarray,
    seen: np.ndarray,
    group: np.ndarray,
    *,
    kept: bool,
) -> Structured:
    """Return the blocks by their padded rows."""
    u = Sparse(places.reshape(N * M, -1), values.reshape(N * M, -1), 11)
    if kept:
        columns, firsts, cover = KeptRows(xy, u), np.arange(N), np.arange(N)
    else:
        key = seen @ 2 ** np.arange(M) + 100 * group
        members = [np.flatnonzero(key == value) for value in np.unique(key)]
        columns, firsts = summed(members, xy, u), np.array([mine[0] for mine in members])
        cover = np.zeros(len(firsts), dtype=int)
    rows = t if kept else t[:1]
    times = np.tile(np.arange(float(M)), (len(rows), 1))
    groups = int(group.max()) + 1
    total = int(seen.sum())
    structure = structure_named(kind)
    return Structured(
        columns, seen[firsts], cover, group[firsts], times, rows, structure, CholeskyFactor((2,)), groups, total
    )
