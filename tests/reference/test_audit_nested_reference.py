"""Patients in therapists in clinics against lme4, against a second engine, and against dense matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.audit import NestedFit, fit_nested, nested_sums
from coxa.models import fit_lmm
from tests.reference.audit_numbers import FOLDER, audit_reference
from tests.reference.make_clinic_patients import FILE, patients
from tests.reference.tolerances import DENSE, FINITE_DIFFERENCE, LME4_POLISHED, LMERTEST_DF, STOPPED_EARLY

R = audit_reference("clinic_patients")["cases"]
ROWS = pd.read_csv(FOLDER / "clinic_patients.csv")
X = np.column_stack([np.ones(len(ROWS)), ROWS["base"], ROWS["age"]])
NAMES = ("Intercept", "base", "age")
PUBLISHED = {"clinic": 7.81661477298482, "therapist": 2.82689442135625, "patient": 72.10956875104232}
"""REML of `fu` by an optimiser without derivatives, -2 log-likelihood 1743.003053907928."""


def fitted(case: dict[str, Any]) -> NestedFit:
    weights = ROWS["weight"] if case["weighted"] else None
    sums = nested_sums(X, ROWS[case["outcome"]], ROWS["clinic"], ROWS["therapist"], weights=weights, names=NAMES)
    levels = ["clinic", "therapist"] if "therapist" in case["formula"] else ["clinic"]
    return fit_nested(sums, levels=levels, reml=case["reml"])  # type: ignore[arg-type]


def dense_minus_loglik(case: dict[str, Any], variances: np.ndarray) -> float:
    """Return -loglik from the covariance of all patients."""
    clinic, therapist = (np.equal.outer(*[ROWS[name].to_numpy()] * 2) for name in ("clinic", "therapist"))
    weights = ROWS["weight"].to_numpy() if case["weighted"] else np.ones(len(ROWS))
    v = variances[0] * clinic + variances[1] * therapist + variances[2] * np.diag(1 / weights)
    y, inverse = ROWS[case["outcome"]].to_numpy(), np.linalg.inv(v)
    information = X.T @ inverse @ X
    r = y - X @ np.linalg.solve(information, X.T @ inverse @ y)
    twice = np.linalg.slogdet(v)[1] + r @ inverse @ r + len(y) * np.log(2 * np.pi)
    if case["reml"]:
        twice += np.linalg.slogdet(information)[1] - X.shape[1] * np.log(2 * np.pi)
    return float(twice) / 2


@pytest.mark.parametrize("name", R)
def test_lme4(name: str) -> None:
    case, fit = R[name], fitted(R[name])
    expected = [case["variances"].get(level, 0.0) for level in ("clinic", "therapist", "Residual")]
    np.testing.assert_allclose(fit.variances, expected, rtol=LME4_POLISHED)
    assert fit.loglik == pytest.approx(case["loglik"], rel=1e-12)
    np.testing.assert_allclose(fit.params, case["params"], rtol=LME4_POLISHED)
    np.testing.assert_allclose(fit.bse, case["std_error"], rtol=LME4_POLISHED)
    np.testing.assert_allclose(fit.df, case["df"], rtol=LMERTEST_DF)


@pytest.mark.parametrize("name", R)
def test_predictions_and_conditional_variances_of_lme4(name: str) -> None:
    case, fit = R[name], fitted(R[name])
    frames = {"clinic": fit.clinics(), "therapist": fit.therapists()}
    for level in fit.levels:
        frame, expected = frames[level], case[level]
        order = frame.sort_values(level) if level == "therapist" else frame
        np.testing.assert_allclose(order["effect"], expected["effect"], rtol=LME4_POLISHED, atol=1e-8)
        np.testing.assert_allclose(order["given"] ** 2, expected["given"], rtol=LME4_POLISHED, atol=1e-12)


def test_a_variance_of_zero_is_kept_as_in_lme4() -> None:
    assert fitted(R["no_clinic"]).at_zero == ("clinic",)
    assert fitted(R["no_therapist"]).at_zero == ("therapist",)


def test_an_optimiser_without_derivatives_stopped_beside_the_optimum() -> None:
    fit = fitted(R["reml"])
    np.testing.assert_allclose(fit.variances, pd.Series(PUBLISHED)[fit.variances.index], rtol=STOPPED_EARLY)
    assert -2 * fit.loglik == pytest.approx(1743.003053907928, rel=1e-12)
    assert -2 * fit.loglik <= 2 * dense_minus_loglik(R["reml"], np.array(list(PUBLISHED.values()))) + 1e-9


@pytest.mark.parametrize("name", ["reml", "ml", "weighted", "weighted_ml"])
def test_the_second_engine(name: str) -> None:
    """Linear mixed models of any rows, `fit_lmm`, have the same likelihood, df and prediction error variances."""
    case, fit = R[name], fitted(R[name])
    formula = f"{case['outcome']} ~ base + age + (1 | clinic/therapist)"
    weights = "weight" if case["weighted"] else None
    other = fit_lmm(formula, ROWS, weights=weights, reml=case["reml"], ddf="satterthwaite")
    assert fit.loglik == pytest.approx(other.loglik, rel=1e-13)
    np.testing.assert_allclose(fit.params, other.params, rtol=1e-11)
    np.testing.assert_allclose(fit.covariance, other.inference.covariance, rtol=1e-9)
    np.testing.assert_allclose(fit.df, other.df, rtol=1e-8)
    effects = other.random_effects()
    for frame, factor in ((fit.clinics(), "clinic"), (fit.therapists(), "clinic:therapist")):
        own = effects[effects["factor"] == factor]
        np.testing.assert_allclose(frame["effect"], own["value"], rtol=1e-8, atol=1e-9)
        np.testing.assert_allclose(frame["std_error"], own["std_error"], rtol=1e-8)


@pytest.mark.parametrize("name", R)
def test_dense_matrices_have_the_same_likelihood_gradient_and_hessian(name: str) -> None:
    case, fit = R[name], fitted(R[name])
    at = fit.variances.to_numpy()
    assert -fit.loglik == pytest.approx(dense_minus_loglik(case, at), rel=DENSE)
    steps = np.diag(1e-3 * np.maximum(at, 1.0))

    def central(f: Any, k: int) -> Any:
        return (f(at + steps[k]) - f(at - steps[k])) / (2 * steps[k, k])

    slope = np.array([central(lambda v: dense_minus_loglik(case, v), k) for k in range(3)])
    scale = float(np.abs(np.diag(fit.hessian) * np.diag(steps)).max())
    np.testing.assert_allclose(fit.gradient, slope, atol=2e-3 * scale)

    def dense_slope(v: np.ndarray) -> np.ndarray:
        small = np.diag(1e-3 * np.maximum(v, 1.0))
        ends = [[dense_minus_loglik(case, v + sign * step) for sign in (1, -1)] for step in small]
        return np.array([(up - down) / (2 * small[k, k]) for k, (up, down) in enumerate(ends)])

    hessian = np.column_stack([central(dense_slope, k) for k in range(3)])
    np.testing.assert_allclose(fit.hessian, hessian, atol=FINITE_DIFFERENCE * 100 * np.abs(hessian).max())


def test_the_patients_are_drawn_as_written() -> None:
    pd.testing.assert_frame_equal(patients(pd.read_csv(FILE)), pd.read_csv(FILE))
