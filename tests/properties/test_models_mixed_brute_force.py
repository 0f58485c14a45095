"""Likelihood, derivatives and Kenward-Roger of models with random effects against whole matrices and differences.

Two random effects of each block, two of each therapist above, one of crossed raters; with independent residuals and
with covariance structures, by sums of patterns and by rows.
"""

from __future__ import annotations

import numpy as np
import pytest

from coxa.models.inference.kenward_roger import adjustment
from coxa.models.numerics.mixed.blup import joint_error, outer_effects
from coxa.models.numerics.mixed.derivatives import derived
from coxa.models.numerics.mixed.likelihood import linear, state
from tests.properties.dense_mixed import Dense, drawn

STEP = 1e-5
"""Of differences: their error is about the square of it, and rounding over it."""

DIFFERENCE = 2e-5
"""What differences of first derivatives are good for here."""

CASES = [
    (kind, reml, kept, 1)
    for kind in ("coefficients", "us", "ar1h", "sp_exp")
    for reml in (True, False)
    for kept in (True, False)
] + [("csh", True, False, 2), ("csh", True, True, 2)]


@pytest.fixture(
    scope="module",
    params=CASES,
    ids=lambda case: f"{case[0]}-{'reml' if case[1] else 'ml'}-{'rows' if case[2] else 'sums'}-{case[3]}",
)
def dense(request: pytest.FixtureRequest) -> Dense:
    kind, reml, kept, groups = request.param
    return drawn(kind, reml=reml, kept=kept, groups=groups)


def moved(dense: Dense) -> list[np.ndarray]:
    return list(STEP * np.eye(len(dense.theta)))


def slopes_of_v(dense: Dense) -> np.ndarray:
    at = dense.theta
    return np.array([(dense.covariance(at + h) - dense.covariance(at - h)) / (2 * STEP) for h in moved(dense)])


def test_log_likelihood_and_coefficients(dense: Dense) -> None:
    at = state(dense.model, dense.theta)
    assert at.loglik == pytest.approx(dense.loglik(dense.theta), abs=1e-10)
    inverse = np.linalg.inv(dense.covariance(dense.theta))
    a = dense.x.T @ inverse @ dense.x
    np.testing.assert_allclose(at.phi, np.linalg.inv(a), atol=1e-10)
    np.testing.assert_allclose(at.beta, np.linalg.solve(a, dense.x.T @ inverse @ dense.y), atol=1e-10)


def test_gradient_and_hessian(dense: Dense) -> None:
    theta, found = dense.theta, derived(dense.model, state(dense.model, dense.theta))
    by_value = [-(dense.loglik(theta + h) - dense.loglik(theta - h)) / (2 * STEP) for h in moved(dense)]
    np.testing.assert_allclose(found.gradient, by_value, atol=DIFFERENCE)

    def gradient(at: np.ndarray) -> np.ndarray:
        return derived(dense.model, state(dense.model, at)).gradient

    by_gradient = [(gradient(theta + h) - gradient(theta - h)) / (2 * STEP) for h in moved(dense)]
    np.testing.assert_allclose(found.observed, by_gradient, atol=DIFFERENCE)


def test_expected_information(dense: Dense) -> None:
    at = state(dense.model, dense.theta)
    inverse = np.linalg.inv(dense.covariance(dense.theta))
    away = inverse - inverse @ dense.x @ at.phi @ dense.x.T @ inverse if dense.model.reml else inverse
    v = slopes_of_v(dense)
    wanted = [[np.trace(away @ one @ away @ other) / 2 for one in v] for other in v]
    np.testing.assert_allclose(derived(dense.model, at).expected, wanted, atol=DIFFERENCE)


def test_kenward_roger_adjustment(dense: Dense) -> None:
    at = state(dense.model, dense.theta)
    found = derived(dense.model, at)
    inverse = np.linalg.inv(dense.covariance(dense.theta))
    v = slopes_of_v(dense)
    k = len(v)
    root = np.random.default_rng(2).normal(size=(k, k))
    w = 0.01 * root @ root.T
    to_x = inverse @ dense.x
    middle = np.zeros_like(at.phi)
    for i in range(k):
        for j in range(k):
            p_i, p_j = -to_x.T @ v[i] @ to_x, -to_x.T @ v[j] @ to_x
            middle += w[i, j] * (to_x.T @ v[i] @ inverse @ v[j] @ to_x - p_i @ at.phi @ p_j)
    for own in dense.structured:
        for i in own:
            for j in own:
                middle -= 0.25 * w[i, j] * to_x.T @ bend(dense, i, j) @ to_x
    wanted = at.phi @ (middle + middle.T) @ at.phi
    np.testing.assert_allclose(adjustment(dense.model, at, found, w, curvature=True), wanted, rtol=1e-4, atol=1e-6)


def bend(dense: Dense, i: int, j: int, step: float = 1e-3) -> np.ndarray:
    """Return a second derivative of the covariance by differences."""
    one, other = step * np.eye(len(dense.theta))[[i, j]]
    at, v = dense.theta, dense.covariance
    return (v(at + one + other) - v(at + one - other) - v(at - one + other) + v(at - one - other)) / (4 * step**2)


@pytest.mark.parametrize("kind", ["coefficients", "ar1h", "sp_exp"])
def test_the_adjustment_does_not_depend_on_the_parameters_of_the_random_effects(kind: str) -> None:
    dense = drawn(kind, reml=True, kept=True)
    found = []
    for model in (dense.model, linear(dense.model)):
        at = state(model, dense.theta)
        slope = derived(model, at)
        found.append(adjustment(model, at, slope, np.linalg.inv(slope.expected), curvature=True))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-9, atol=1e-12)


def test_predictions_above_the_blocks_and_their_joint_error() -> None:
    dense = drawn("coefficients", reml=True, kept=False)
    at, k = state(dense.model, dense.theta), dense.model.outer_factors.width
    error = joint_error(dense.model, at)[0]
    np.testing.assert_allclose(error[k : k + 3, k : k + 3], at.phi, atol=1e-12)
    # the errors of Gamma U'Py, of variance Gamma - Gamma U'PU Gamma
    roots = dense.model.outer_factors.roots(dense.theta[dense.model.within.size :])
    gamma = dense.model.outer_factors.multiply([root @ root.T for root in roots], np.eye(k))
    across = at.moments[0, :k, k : k + 3]
    upu = at.moments[0, :k, :k] - across @ at.phi @ across.T
    np.testing.assert_allclose(error[:k, :k], gamma - gamma @ upu @ gamma, atol=1e-10)
    score = at.moments[0, :k, -1] - across @ at.beta
    np.testing.assert_allclose(outer_effects(dense.model, at)[0], gamma @ score, atol=1e-12)
