"""The mixed model from sums: sums that add up, variances at zero, what cannot be told apart, and its scale."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from coxa.audit import NestedFit, fit_nested, independent_columns, merge_sums, nested_sums
from coxa.audit.casemix.likelihood import evaluate, standardised
from coxa.audit.casemix.nested import _on_variances
from coxa.errors import FitError, OptionError

Rows = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def drawn(clinics: int = 6, seed: int = 1, sd: tuple[float, float] = (2.0, 1.0)) -> Rows:
    """Return design, outcome, clinic, therapist and weight of patients of 2 to 4 therapists in each clinic."""
    rng = np.random.default_rng(seed)
    home = np.repeat(np.arange(clinics), rng.integers(2, 5, clinics))
    therapist = np.repeat(np.arange(len(home)), rng.integers(2, 12, len(home)))
    clinic, n = home[therapist], len(therapist)
    x = np.column_stack([np.ones(n), rng.normal(size=n), rng.integers(0, 2, n)])
    effect = rng.normal(0, sd[0], clinics)[clinic] + rng.normal(0, sd[1], len(home))[therapist]
    return x, x @ [1.0, 2.0, -1.0] + effect + rng.normal(0, 3, n), clinic, therapist, rng.uniform(0.5, 2, n)


def numbers(fit: NestedFit) -> np.ndarray:
    parts = [fit.params, fit.variances, fit.df, fit.covariance.ravel(), fit.robust_covariance().ravel(), [fit.loglik]]
    return np.concatenate([np.asarray(part, dtype=float) for part in parts])


@pytest.mark.parametrize("weighted", [False, True])
def test_sums_of_two_parts_are_the_sums_of_all(weighted: bool) -> None:
    x, y, clinic, therapist, w = drawn()
    weights = w if weighted else None
    every = nested_sums(x, y, clinic, therapist, weights=weights)
    first = np.arange(len(y)) % 3 == 0
    parts = [
        nested_sums(x[k], y[k], clinic[k], therapist[k], weights=None if weights is None else weights[k])
        for k in (first, ~first)
    ]
    together = merge_sums(*parts)
    assert (together.clinics, together.therapists) == (every.clinics, every.therapists)
    np.testing.assert_allclose(numbers(fit_nested(together)), numbers(fit_nested(every)), rtol=1e-9)


def test_sums_of_products_of_all_together_give_the_same_model_but_no_robust_errors() -> None:
    x, y, clinic, therapist, _ = drawn()
    sums = nested_sums(x, y, clinic, therapist)
    total = {name: getattr(sums, name).sum(axis=0, keepdims=True) for name in ("xx", "xy", "yy")}
    of_all, each = fit_nested(replace(sums, **total)), fit_nested(sums)
    np.testing.assert_allclose(of_all.params, each.params, rtol=1e-12)
    np.testing.assert_allclose(fit_nested(merge_sums(of_all.sums)).variances, each.variances, rtol=1e-9)
    with pytest.raises(FitError, match="not of each clinic"):
        of_all.robust_covariance()


def test_sums_of_other_columns_are_not_merged() -> None:
    parts = [nested_sums([[1.0]], [1.0], ["A"], ["a"], names=[name]) for name in ("one", "two")]
    with pytest.raises(OptionError, match="different columns"):
        merge_sums(*parts)


def test_therapists_of_one_name_in_two_clinics_are_two() -> None:
    assert nested_sums(np.ones((2, 1)), [1.0, 2.0], ["A", "B"], ["x", "x"]).therapists == ("x", "x")


def test_balanced_data_have_the_variances_of_anova() -> None:
    """With c clinics of t therapists of m patients, mean squares give the REML variances where none is below zero."""
    rng, (c, t, m) = np.random.default_rng(4), (5, 4, 6)
    y = rng.normal(size=(c, t, m)) + rng.normal(0, 2, (c, t, 1)) + rng.normal(0, 3, (c, 1, 1))
    of_therapist, of_clinic = y.mean(axis=2), y.mean(axis=(1, 2))
    within = ((y - of_therapist[:, :, None]) ** 2).sum() / (c * t * (m - 1))
    therapists = m * ((of_therapist - of_clinic[:, None]) ** 2).sum() / (c * (t - 1))
    clinics = t * m * ((of_clinic - y.mean()) ** 2).sum() / (c - 1)
    expected = [(clinics - therapists) / (t * m), (therapists - within) / m, within]
    clinic, therapist, _ = np.indices(y.shape)
    fit = fit_nested(nested_sums(np.ones((y.size, 1)), y.ravel(), clinic.ravel(), therapist.ravel()))
    np.testing.assert_allclose(fit.variances, expected, rtol=1e-8)
    assert fit.bse.iloc[0] == pytest.approx(np.sqrt(clinics / y.size), rel=1e-8)
    assert fit.df.iloc[0] == pytest.approx(c - 1, rel=1e-6)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("g", [(0.0, 0.0), (0.4, 0.0), (0.0, 0.3), (0.7, 0.2)])
def test_gradient_and_hessian_are_those_of_the_likelihood(g: tuple[float, float], reml: bool) -> None:
    x, y, clinic, therapist, w = drawn()
    data = standardised(nested_sums(x, y, clinic, therapist, weights=w))
    s2, nu = 8.0, len(y) - (3 if reml else 0)

    def on_variances(v: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        at = evaluate(data, v[:2] / v[2], reml)
        value = (nu * np.log(v[2]) + at.log_parts + at.q / v[2]) / 2
        return float(value), *_on_variances(at, float(v[2]), nu)

    start = np.array([*(s2 * np.array(g)), s2])
    _, gradient, hessian = on_variances(start)
    for k, step in enumerate(1e-4 * np.eye(3)):
        up, down = on_variances(start + step), on_variances(start - step)
        assert gradient[k] == pytest.approx((up[0] - down[0]) / 2e-4, rel=1e-5, abs=1e-7)
        np.testing.assert_allclose(hessian[k], (up[1] - down[1]) / 2e-4, rtol=1e-5, atol=1e-6)


def test_an_optimum_is_proved() -> None:
    x, y, clinic, therapist, _ = drawn(clinics=20)
    fit = fit_nested(nested_sums(x, y, clinic, therapist))
    assert fit.at_zero == ()
    assert fit.distance < 1e-7
    assert np.abs(fit.gradient).max() < 1e-9
    assert fit.min_eigenvalue > 0


def test_a_variance_is_zero_where_the_likelihood_falls_from_zero() -> None:
    x, y, clinic, therapist, _ = drawn(sd=(0.0, 0.0), seed=8)
    fit = fit_nested(nested_sums(x, y, clinic, therapist))
    assert fit.at_zero == ("clinic",)
    assert fit.variances["clinic"] == 0
    assert fit.gradient[0] > 0
    assert (fit.clinics()["effect"] == 0).all()
    assert (fit.clinics()["reliability"] == 0).all()


def test_with_no_variance_it_is_least_squares() -> None:
    """Where clinics and therapists are as like as chance allows, both variances are zero."""
    rng = np.random.default_rng(5)
    therapist = np.repeat(np.arange(12), 5)
    error = np.tile([-2.0, -1, 0, 1, 2], 12) + 0.01 * rng.normal(size=60)
    x = np.column_stack([np.ones(60), rng.normal(size=60)])
    fit = fit_nested(nested_sums(x, x @ [3.0, 1.0] + error, therapist // 3, therapist))
    beta, rss, *_ = np.linalg.lstsq(x, x @ [3.0, 1.0] + error, rcond=None)
    assert fit.at_zero == ("clinic", "therapist")
    np.testing.assert_allclose(fit.params, beta, rtol=1e-10)
    assert fit.variances["patient"] == pytest.approx(rss[0] / 58, rel=1e-9)
    np.testing.assert_allclose(fit.df, 58, rtol=1e-9)


def test_effects_of_clinic_and_therapist_together_have_their_own_error() -> None:
    """The prediction error variance of a sum, from whole matrices."""
    x, y, clinic, therapist, w = drawn()
    fit = fit_nested(nested_sums(x, y, clinic, therapist, weights=w))
    vc, vt, s2 = fit.variances
    zc, zt = (np.equal.outer(each, np.unique(each)).astype(float) for each in (clinic, therapist))
    inverse = np.linalg.inv(vc * zc @ zc.T + vt * zt @ zt.T + np.diag(s2 / w))
    p = inverse - inverse @ x @ np.linalg.solve(x.T @ inverse @ x, x.T @ inverse)
    home = np.array([clinic[therapist == each][0] for each in np.unique(therapist)])
    cover = vc * zc[:, home] + vt * zt
    np.testing.assert_allclose(fit.therapists()["together"], cover.T @ p @ y, rtol=1e-8, atol=1e-10)
    variance = vc + vt - np.einsum("nj,nm,mj->j", cover, p, cover)
    np.testing.assert_allclose(fit.therapists()["together_error"] ** 2, variance, rtol=1e-8)


def test_the_robust_covariance_is_that_of_clinic_scores() -> None:
    x, y, clinic, therapist, w = drawn()
    fit = fit_nested(nested_sums(x, y, clinic, therapist, weights=w))
    vc, vt, s2 = fit.variances
    same = [np.equal.outer(each, each) for each in (clinic, therapist)]
    inverse = np.linalg.inv(vc * same[0] + vt * same[1] + np.diag(s2 / w))
    rows = (inverse @ (y - x @ fit.params.to_numpy()))[:, None] * x
    scores = pd.DataFrame(rows).groupby(clinic).sum().to_numpy()
    np.testing.assert_allclose(
        fit.robust_covariance(), fit.covariance @ scores.T @ scores @ fit.covariance, rtol=1e-7, atol=1e-12
    )


@pytest.mark.parametrize(
    ("clinic", "therapist", "levels", "message"),
    [
        ("AAAA", "aabb", ("clinic", "therapist"), "one clinic"),
        ("AABB", "aabb", ("clinic", "therapist"), "one therapist, so that clinics and therapists"),
        ("AABB", "abcd", ("clinic", "therapist"), "Every therapist has one episode"),
        ("AAAA", "aaaa", ("therapist",), "There is one therapist"),
        ("ABCD", "abcd", ("clinic",), "Every clinic has one episode"),
    ],
)
def test_levels_that_cannot_be_told_apart_are_refused(
    clinic: str, therapist: str, levels: tuple[str, ...], message: str
) -> None:
    sums = nested_sums(np.ones((4, 1)), [1.0, 3.0, 2.0, 5.0], list(clinic), list(therapist))
    with pytest.raises(FitError, match=message):
        fit_nested(sums, levels=levels)  # type: ignore[arg-type]


def test_therapists_of_one_clinic_and_clinics_without_therapists() -> None:
    x, y, clinic, therapist, _ = drawn()
    alone = fit_nested(nested_sums(x, y, np.zeros_like(clinic), therapist), levels=["therapist"])
    assert alone.variances["clinic"] == 0
    assert alone.at_zero == ()
    sums = nested_sums(x, y, clinic, therapist)
    same = nested_sums(x, y, clinic, clinic)
    np.testing.assert_allclose(
        numbers(fit_nested(sums, levels=["clinic"])), numbers(fit_nested(same, levels=["clinic"])), rtol=1e-9
    )


def test_columns_that_are_combinations_are_named() -> None:
    x, y, clinic, therapist, _ = drawn()
    sums = nested_sums(np.column_stack([x, 1 - x[:, 2]]), y, clinic, therapist, names=["one", "z", "m", "f"])
    with pytest.raises(FitError, match="combinations of others: f"):
        fit_nested(sums)
    assert independent_columns(sums.xx.sum(axis=0)) == (0, 1, 2)


def test_an_outcome_without_error_is_refused() -> None:
    x, _, clinic, therapist, _ = drawn()
    with pytest.raises(FitError, match="exactly"):
        fit_nested(nested_sums(x, x @ [1.0, 2.0, 3.0], clinic, therapist))


def test_faults_of_rows_are_named() -> None:
    with pytest.raises(OptionError, match="differ in number"):
        nested_sums([[1.0]], [1.0, 2.0], ["A"], ["a"])
    with pytest.raises(OptionError, match="is missing"):
        nested_sums([[1.0]], [np.nan], ["A"], ["a"])
    with pytest.raises(OptionError, match="weight"):
        nested_sums([[1.0]], [1.0], ["A"], ["a"], weights=[0.0])
    with pytest.raises(OptionError, match="levels"):
        fit_nested(nested_sums([[1.0]], [1.0], ["A"], ["a"]), levels=["patient"])  # type: ignore[list-item]


def test_thousands_of_therapists_have_no_matrix_of_therapists() -> None:
    """30,000 therapists by 30,000 would be 7 GB."""
    rng, n = np.random.default_rng(2), 30_000
    clinic_of = np.sort(rng.integers(0, 3000, n))
    therapist = np.repeat(np.arange(n), 2)
    effect = rng.normal(0, 1, 3000)[clinic_of] + rng.normal(0, 1, n)
    y = effect[therapist] + rng.normal(0, 1, 2 * n)
    fit = fit_nested(nested_sums(np.ones((2 * n, 1)), y, clinic_of[therapist], therapist))
    errors = np.sqrt(np.diag(np.linalg.inv(fit.hessian)))
    assert (np.abs(fit.variances - 1) < 4 * errors).all()
