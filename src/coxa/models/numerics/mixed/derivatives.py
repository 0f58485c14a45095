"""Derivatives of the likelihood of a model with random effects: exact gradient, Hessian and expected information.

With K, B, M and Phi as in `likelihood`: within a component the projection P = V^-1 - V^-1 X Phi X'V^-1 is
W - W Z E Z'W with a matrix E of the size of the columns, and PZ = W Z C with another, so that every trace and every
quadratic form is one of K and its derivatives. Between components P is -V^-1 X Phi X'V^-1 alone, which `between` adds.

Sources: Harville, JASA 1977, 72:320-338; Searle, Casella & McCulloch, Variance Components, 1992, chapter 6, for the
derivatives of the restricted likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from coxa.models.numerics.mixed.coefficients import Curvature, Slopes
from coxa.models.numerics.mixed.likelihood import Mixed, State
from coxa.models.numerics.mixed.random_design import OuterFactors


@dataclass(frozen=True, slots=True)
class Derived:
    """Derivatives of minus the log-likelihood in the K parameters, and what inference needs.

    gradient : (K,)
    observed : (K, K) Hessian
    expected : (K, K) expected information; not numbers where it was not asked for and takes more work
    slopes   : (K, p, p) derivatives of Phi^-1
    inner    : derivatives within blocks
    """

    gradient: np.ndarray
    observed: np.ndarray
    expected: np.ndarray
    slopes: np.ndarray
    inner: Slopes


def embedded(model: Mixed, at: State) -> np.ndarray:
    """Return E with P = W - W Z E Z'W under REML, or V^-1 = W - W Z E Z'W under ML; shape of the moments."""
    k, p = model.outer_factors.width, model.p
    every = np.zeros_like(at.moments)
    every[:, :k, :k] = at.b
    if model.reml:
        across = at.c_z[..., k : k + p]
        every += across @ at.phi @ across.swapaxes(1, 2)
    return every


def derived(model: Mixed, at: State, *, expected: bool = True) -> Derived:
    """Return gradient, observed information, the expected one where it is wanted, and the slopes of Phi^-1."""
    k, p = model.outer_factors.width, model.p
    e = embedded(model, at)
    # r: Py = W Z r
    r = residual_columns(model, at)
    inner, kernels = model.within.derivatives(at.within, [e, r[:, :, None] * r[:, None]], expected=expected)
    to_x = at.c_z[..., k : k + p]
    by_x = to_x.swapaxes(1, 2) @ inner.moments @ to_x  # X'V^-1 V_k V^-1 X of each component
    gradient, observed, information = inner_part(inner, kernels, e, r, by_x, at, model)
    slopes = -by_x.sum(axis=1)
    if k:
        outer = outer_part(model, at, inner, r, by_x, gradient, observed, information)
        slopes = np.concatenate([slopes, outer])
    return Derived(gradient, observed, information, slopes, inner)


def residual_columns(model: Mixed, at: State) -> np.ndarray:
    """Return r (C, width) with Py = W Z r: 1 for y, minus the coefficients, minus the effects above."""
    k, p = model.outer_factors.width, model.p
    projected = np.zeros(at.moments.shape[-1])
    projected[-1] = 1.0
    projected[k : k + p] = -at.beta
    return np.asarray(at.c_z @ projected)


def between(phi: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return tr(A_k Phi B_l Phi), (K, L), summed over pairs of different components; A (K, C, p, p), B (L, C, p, p)."""
    if left.shape[1] == 1:
        return np.zeros((len(left), len(right)))
    one, other = left @ phi, right @ phi
    every = np.einsum("kab,lba->kl", one.sum(axis=1), other.sum(axis=1))
    return np.asarray(every - np.einsum("kcab,lcba->kl", one, other, optimize=True))


def quadratic_forms(left: np.ndarray, middle: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return sum_c left_kc' M_c right_lc, shape (K, L), for left (K, C, a), M (C, a, b) and right (L, C, b)."""
    moved = (left[:, :, None] @ middle)[:, :, 0]
    return np.asarray(moved.reshape(len(left), -1) @ right.reshape(len(right), -1).T)


def inner_part(
    inner: Slopes,
    kernels: list[Curvature],
    e: np.ndarray,
    r: np.ndarray,
    by_x: np.ndarray,
    at: State,
    model: Mixed,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return gradient and information with the part of the parameters within blocks filled in.

    by_x : (K, C, p, p) X'V^-1 V_k V^-1 X of each component
    """
    own, k, p = model.within.size, model.outer_factors.width, model.p
    gradient = np.zeros(model.size)
    observed, expected = np.zeros((model.size, model.size)), np.zeros((model.size, model.size))
    with_e = inner.moments @ e
    with_r = (inner.moments @ r[:, :, None])[..., 0]
    by_trace, by_square = kernels
    gradient[:own] = 0.5 * (inner.trace - np.einsum("kcaa->k", with_e) - np.einsum("kca,ca->k", with_r, r))
    flat, across = with_e.reshape(own, -1), with_e.swapaxes(2, 3).reshape(own, -1)
    traces = flat @ across.T
    if model.reml:
        traces += between(at.phi, by_x, by_x)
    # y'P V_k P V_l P y needs the projection of REML also under ML, where beta is estimated too
    to_u = with_r[..., :k]
    to_x = np.einsum("kca,cap->kp", with_r, at.c_z[..., k : k + p])
    squares = quadratic_forms(to_u, at.b, to_u) + to_x @ at.phi @ to_x.T
    second = inner.second + by_trace.second + by_square.second
    observed[:own, :own] = 0.5 * (second - traces - 2 * squares)
    expected[:own, :own] = 0.5 * (inner.pairs - 2 * by_trace.pairs + traces)
    return gradient, observed, expected


def each_first(model: Mixed, at: State) -> list[tuple[int, np.ndarray]]:
    """Return factor and first derivative (q, q) of its covariance for each parameter above the blocks."""
    products = model.outer_factors.products(at.theta[model.within.size :])
    return [(f, first) for f, (every, _) in enumerate(products) for first in every]


def outer_part(
    model: Mixed,
    at: State,
    inner: Slopes,
    r: np.ndarray,
    by_x: np.ndarray,
    gradient: np.ndarray,
    observed: np.ndarray,
    expected: np.ndarray,
) -> np.ndarray:
    """Fill in the part of the parameters above the blocks; return their slopes of Phi^-1.

    by_x : (K, C, p, p) X'V^-1 V_k V^-1 X of each component, for the parameters within blocks
    """
    outer_factors, own, k, p = model.outer_factors, model.within.size, model.outer_factors.width, model.p
    x, y = slice(k, k + p), k + p
    across = at.moments[:, :k, x]  # U'V^-1 X
    squares = at.moments[:, :k, :k] - across @ at.phi @ across.swapaxes(1, 2)  # U'PU
    traces = squares if model.reml else at.moments[:, :k, :k]
    score = at.moments[:, :k, y] - across @ at.beta  # U'Py
    products = outer_factors.products(at.theta[own:])
    ends = own + np.cumsum([0, *(factor.cholesky.size for factor in outer_factors.factors)])
    places = [slice(int(low), int(high)) for low, high in pairwise(ends)]
    blocks = outer_factors.diagonal(traces)
    for f, (factor, (first, second)) in enumerate(zip(outer_factors.factors, products, strict=True)):
        by_level = score[:, factor.columns].reshape(-1, factor.cholesky.q)
        gap = blocks[f] - by_level.T @ by_level
        gradient[places[f]] = 0.5 * np.einsum("kab,ab->k", first, gap)
        observed[places[f], places[f]] += 0.5 * np.einsum("klab,ab->kl", second, gap)
    firsts = each_first(model, at)
    shifted = np.array(
        [padded(outer_factors, f, outer_factors.moved(f, first, score[..., None])) for f, first in firsts]
    )[..., 0]
    by_outer = np.array(
        [
            across[:, outer_factors.factors[f].columns].swapaxes(1, 2) @ outer_factors.moved(f, first, across)
            for f, first in firsts
        ]
    )  # X'V^-1 U Gamma_j U'V^-1 X of each component
    to_x = np.einsum("kca,cap->kp", shifted, across)
    outer = slice(own, model.size)
    quadratic = quadratic_forms(shifted, at.moments[:, :k, :k], shifted)
    observed[outer, outer] += quadratic - to_x @ at.phi @ to_x.T
    for f, g in product(range(len(products)), repeat=2):
        four = outer_factors.squares(traces, f, g)  # [a, b, c, d]: M[la, kb] M[kc, ld]
        expected[places[f], places[g]] = 0.5 * np.einsum("ida,abcd,jbc->ij", products[f][0], four, products[g][0])
    if model.reml:
        expected[outer, outer] += 0.5 * between(at.phi, by_outer, by_outer)
    observed[outer, outer] -= expected[outer, outer]
    crossed(model, at, inner, r, by_x, by_outer, shifted, places, observed, expected)
    return -by_outer.sum(axis=1)


def padded(outer_factors: OuterFactors, f: int, rows: np.ndarray) -> np.ndarray:
    """Return one factor's rows (C, ., n) among zeros for the rows of the others, (C, width, n)."""
    every = np.zeros((len(rows), outer_factors.width, rows.shape[-1]))
    every[:, outer_factors.factors[f].columns] = rows
    return every


def crossed(
    model: Mixed,
    at: State,
    inner: Slopes,
    r: np.ndarray,
    by_x: np.ndarray,
    by_outer: np.ndarray,
    shifted: np.ndarray,
    places: list[slice],
    observed: np.ndarray,
    expected: np.ndarray,
) -> None:
    """Fill in what parameters within blocks and above them share.

    by_outer : (J, C, p, p) X'V^-1 U Gamma_j U'V^-1 X of each component
    shifted  : (J, C, k) Gamma_j U'Py
    places   : of the parameters of each factor above
    """
    outer_factors, own, k, p = model.outer_factors, model.within.size, model.outer_factors.width, model.p
    across, to_x = at.moments[:, :k, k : k + p], at.c_z[..., k : k + p]
    through = at.phi @ across.swapaxes(1, 2)
    full_u = at.c_z[..., :k] - to_x @ through  # PU = W Z full_u within a component
    away = full_u if model.reml else at.c_z[..., :k]
    sums = outer_factors.diagonal_of(away, inner.moments @ away)  # of U'P V_k P U
    with_r = (inner.moments @ r[:, :, None])[..., 0]
    by_r = np.einsum("kca,cap->kp", with_r, to_x)
    # y'P V_k P U
    score_slopes = np.einsum("kca,cau->kcu", with_r, at.c_z[..., :k]) - np.einsum("kp,cpu->kcu", by_r, through)
    firsts = [first for first, _ in outer_factors.products(at.theta[own:])]
    traces = np.concatenate([np.einsum("kab,lab->kl", *each) for each in zip(sums, firsts, strict=True)], axis=1)
    if model.reml:
        traces += between(at.phi, by_x, by_outer)
    outer = slice(places[0].start, places[-1].stop)
    expected[:own, outer] = 0.5 * traces
    observed[:own, outer] = np.einsum("kcu,jcu->kj", score_slopes, shifted) - 0.5 * traces
    expected[outer, :own] = expected[:own, outer].T
    observed[outer, :own] = observed[:own, outer].T
