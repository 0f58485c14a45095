"""The mixed model for repeated measures against R's mmrm, every reference fit, to the tolerances of `tolerances.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import coxa.selftest
from coxa.models import Fit
from tests.reference.cases import KEYS, fitted
from tests.reference.make_reference_trial import reference_trial
from tests.reference.tolerances import COVARIANCE, DEVIANCE, DF, EFFECT, STANDARD_ERROR
from tests.reference.trial import in_r_order, reference

CASES = {
    "us_satt": ("satterthwaite", True),
    "us_kr": ("kenward-roger", True),
    "us_krl": ("kenward-roger-linear", True),
    "us_ml_satt": ("satterthwaite", False),
}
"""Method of the degrees of freedom, and whether REML, of the fits on which the tests of estimates rest."""
R = reference("mmrm")
TRIAL = Path(coxa.selftest.__file__).parent / "data" / "reference_trial.csv"


@pytest.fixture(scope="module", params=KEYS)
def case(request: pytest.FixtureRequest) -> tuple[dict, Fit]:
    return R[request.param], fitted(request.param)


def test_the_trial_is_what_its_script_draws() -> None:
    assert reference_trial().to_csv(index=False) == TRIAL.read_text(encoding="utf-8")


def test_every_reference_fit_is_compared() -> None:
    assert len(KEYS) == len(R) - 1 == 73


def test_rows_and_participants(case: tuple[dict, Fit]) -> None:
    r, fit = case
    assert (fit.n_observations, fit.n_participants) == (r["n_obs"], r["n_subjects"]) == (605, 179)


def test_log_likelihood(case: tuple[dict, Fit]) -> None:
    r, fit = case
    assert fit.loglik == pytest.approx(r["logLik"], rel=DEVIANCE)


def test_fixed_effects(case: tuple[dict, Fit]) -> None:
    r, fit = case
    away = np.abs(in_r_order(fit.params, r["coef"]) - r["estimate"]) / r["se"]
    assert away.max() < EFFECT


def test_standard_errors(case: tuple[dict, Fit]) -> None:
    r, fit = case
    np.testing.assert_allclose(in_r_order(fit.std_error, r["coef"]), r["se"], rtol=STANDARD_ERROR)


def test_degrees_of_freedom(case: tuple[dict, Fit]) -> None:
    r, fit = case
    np.testing.assert_allclose(in_r_order(fit.df, r["coef"]), r["df"], rtol=DF)


def test_covariance_over_visits(case: tuple[dict, Fit]) -> None:
    r, fit = case
    if fit.structure == "sp_exp":  # R gives it for two assessments one week apart
        sd, correlation = fit.covariance_parameters[["sd", "correlation[distance 1]"]]
        np.testing.assert_allclose(sd**2 * np.array([1, correlation]), r["varcor"][0], rtol=COVARIANCE)
    elif fit.group is not None:
        assert list(r["varcor"]) == ["usual_care", "exercise", "manual_therapy"]
        for arm, wanted in r["varcor"].items():
            np.testing.assert_allclose(fit.covariance.loc[arm], wanted, rtol=COVARIANCE)
    else:
        np.testing.assert_allclose(fit.covariance, r["varcor"], rtol=COVARIANCE)


def test_criteria(case: tuple[dict, Fit]) -> None:
    r, fit = case
    p = 0 if fit.reml else len(fit.params)  # under ML we count the fixed effects too, as SAS does and mmrm does not
    assert fit.criteria["aic"] == pytest.approx(r["aic"] + 2 * p, rel=DEVIANCE)
    assert fit.criteria["bic"] == pytest.approx(r["bic"] + np.log(r["n_subjects"]) * p, rel=DEVIANCE)


def test_joint_test_of_the_interaction(case: tuple[dict, Fit]) -> None:
    r, fit = case
    tested = fit.joint_test(np.eye(len(fit.params))[list(fit.design.terms["arm:visit"])])
    wanted = r["interaction_F"]
    assert tested.df == wanted["num_df"] == 6
    assert tested.statistic == pytest.approx(wanted["f_stat"], rel=STANDARD_ERROR)
    assert tested.df_denominator == pytest.approx(wanted["denom_df"], rel=DF)
    assert tested.p_value == pytest.approx(wanted["p_val"], rel=DF)


def test_the_optimum_is_proven(case: tuple[dict, Fit]) -> None:
    _, fit = case
    assert fit.optimisation is not None
    assert fit.optimisation.gradient_norm < 1e-8  # R's reference was polished to 1e-6
    assert fit.optimisation.min_eigenvalue > 0
    assert fit.optimisation.iterations <= 10


@pytest.mark.parametrize("key", [key for key in KEYS if "beta_vcov" in R[key]])
def test_covariance_of_the_coefficients(key: str) -> None:
    r, fit = R[key], fitted(key)
    found = fit.cov_params()
    found = in_r_order(found.T, r["coef"]).T
    found = in_r_order(found, r["coef"]).to_numpy()
    se = np.array(r["se"])
    assert (np.abs(found - np.array(r["beta_vcov"])) / np.outer(se, se)).max() < 2 * STANDARD_ERROR
