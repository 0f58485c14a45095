"""Linear mixed models against lme4, lmerTest, pbkrtest and nlme: every reference fit."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from coxa.estimates import contrasts, linear_combination, marginal_means
from coxa.models import Fit
from coxa.models.lmm.api import fit_lmm
from tests.reference.lmm_cases import CASES, in_r_order
from tests.reference.tolerances import COVARIANCE, DEVIANCE, DF, EFFECT, STANDARD_ERROR
from tests.reference.trial import reference

R = reference("lmm_r")
INDEPENDENT = [name for name, case in CASES.items() if case.serial is None]
SERIAL = [name for name, case in CASES.items() if case.serial is not None]
KENWARD_ROGER = [name for name in INDEPENDENT if CASES[name].reml]


@cache
def fitted(name: str, ddf: str = "satterthwaite") -> Fit:
    case = CASES[name]
    serial = {}
    if case.serial is not None:
        residual = {"car1": "sp_exp", "ar1": "ar1"}[case.serial]
        serial = {"covariance": residual, "time": case.time, "participant": case.within}
    return fit_lmm(case.formula, case.frame(), reml=case.reml, weights=case.weights, ddf=ddf, **serial)


def test_every_reference_fit_is_compared() -> None:
    assert set(CASES) == set(R) - {"meta"}
    assert len(CASES) == 25


@pytest.mark.parametrize("name", CASES)
def test_log_likelihood_and_fixed_effects(name: str) -> None:
    fit, r = fitted(name), R[name]
    assert fit.n_observations == r["n"]
    assert fit.loglik == pytest.approx(r["loglik"], rel=DEVIANCE)
    away = np.abs(in_r_order(fit.params, name) - r["estimate"]) / np.array(r["se"])
    assert away.max() < EFFECT
    np.testing.assert_allclose(in_r_order(fit.std_error, name), r["se"], rtol=STANDARD_ERROR)


@pytest.mark.parametrize("name", INDEPENDENT)
def test_satterthwaite(name: str) -> None:
    np.testing.assert_allclose(in_r_order(fitted(name).df, name), R[name]["df_satterthwaite"], rtol=DF)


@pytest.mark.parametrize("name", SERIAL)
def test_satterthwaite_with_correlated_residuals(name: str) -> None:
    np.testing.assert_allclose(in_r_order(fitted(name).df, name), R[name]["df_satterthwaite_numeric"], rtol=DF)


@pytest.mark.parametrize("name", KENWARD_ROGER)
def test_kenward_roger_also_at_the_boundary(name: str) -> None:
    fit, r = fitted(name, "kenward-roger"), R[name]
    np.testing.assert_allclose(in_r_order(fit.std_error, name), r["se_kr"], rtol=STANDARD_ERROR)
    np.testing.assert_allclose(in_r_order(fit.df, name), r["df_kr"], rtol=DF)


@pytest.mark.parametrize("name", KENWARD_ROGER)
def test_covariance_of_the_coefficients(name: str) -> None:
    r = R[name]
    for key, ddf in (("vcov", "satterthwaite"), ("vcov_kr", "kenward-roger")):
        found = fitted(name, ddf).cov_params()
        found = in_r_order(in_r_order(found.T, name).T, name).to_numpy()
        se = np.sqrt(np.diag(r[key]))
        assert (np.abs(found - np.array(r[key])) / np.outer(se, se)).max() < 2 * STANDARD_ERROR


def r_factor(name: str) -> str:
    """Return our name of a factor of R: cask:batch is batch:cask."""
    return ":".join(reversed(name.split(":")))


def r_effect(name: str | float | None) -> str:
    return "Intercept" if name == "(Intercept)" else name if isinstance(name, str) else ""


@pytest.mark.parametrize("name", INDEPENDENT)
def test_variance_components(name: str) -> None:
    ours = fitted(name).variance_components
    wanted = pd.DataFrame(R[name]["varcomp"])
    assert len(ours) == len(wanted)
    for row in wanted.itertuples():
        if row.group == "Residual":
            chosen = ours[ours["factor"] == "residual"]
        else:
            pair = {r_effect(row.var1), r_effect(row.var2)} - {""}
            mine = ours[ours["factor"].isin([row.group, r_factor(row.group)])]
            chosen = mine[[{a, b} - {""} == pair for a, b in zip(mine["effect"], mine["other"], strict=True)]]
        assert len(chosen) == 1
        size = max(abs(row.vcov), 1e-8)
        assert chosen["variance"].iloc[0] == pytest.approx(row.vcov, abs=COVARIANCE * size)


@pytest.mark.parametrize("name", INDEPENDENT)
def test_predicted_random_effects_and_both_their_errors(name: str) -> None:
    fit = fitted(name)
    every = fit.random_effects()
    for wanted in R[name]["blups"]:
        mine = every[every["factor"].isin([wanted["group"], r_factor(wanted["group"])])]
        mine = mine[mine["effect"] == r_effect(wanted["term"])].set_index("level")
        levels = [r_factor(level) if r_factor(level) in mine.index else level for level in wanted["levels"]]
        for column, key in (
            ("value", "value"),
            ("conditional_sd", "sd"),
            ("std_error", "sd_prediction_error"),
        ):
            there = [level in mine.index for level in levels]  # a therapist without patients in the arm has no effect
            scale = np.sqrt(wanted[key]["sum_of_squares"] / wanted["n_levels"]) + 1e-6
            first = np.array(wanted[key]["first"])[there]
            found = mine.loc[[level for level, here in zip(levels, there, strict=True) if here], column]
            np.testing.assert_allclose(found, first, atol=1e-5 * scale)


def test_means_contrasts_and_joint_tests() -> None:
    r = R["trial_therapist"]
    for key, ddf in (("satterthwaite", "satterthwaite"), ("kenward_roger", "kenward-roger")):
        fit = fitted("trial_therapist", ddf)
        wanted = r[f"emmeans_{key}"]
        means = marginal_means(fit).frame.set_index(["visit", "arm"])
        means = means.loc[list(zip(wanted["means"]["visit"], wanted["means"]["arm"], strict=True))]
        np.testing.assert_allclose(means["estimate"], wanted["means"]["emmean"], rtol=EFFECT)
        np.testing.assert_allclose(means["std_error"], wanted["means"]["SE"], rtol=STANDARD_ERROR)
        np.testing.assert_allclose(means["df"], wanted["means"]["df"], rtol=DF)
        pairs = contrasts(fit).frame
        names = pairs["arm"] + " - " + pairs["reference"]
        pairs = pairs.set_index([names, "visit"])
        order = list(zip(wanted["contrasts"]["contrast"], wanted["contrasts"]["visit"], strict=True))
        order = [pair for pair in order if pair in pairs.index]
        assert len(order) == 8
        place = [
            k
            for k, pair in enumerate(zip(wanted["contrasts"]["contrast"], wanted["contrasts"]["visit"], strict=True))
            if pair in pairs.index
        ]
        for column, name, tolerance in (
            ("estimate", "estimate", 1e-5),
            ("std_error", "SE", STANDARD_ERROR),
            ("df", "df", DF),
        ):
            np.testing.assert_allclose(
                pairs.loc[order, column], np.array(wanted["contrasts"][name])[place], rtol=tolerance
            )
        tested = fit.joint_test(np.eye(len(fit.params))[list(fit.design.terms["arm:visit"])])
        joint = r["joint"][key]
        assert tested.df == joint["df_numerator"]
        assert tested.statistic == pytest.approx(joint["f"], rel=STANDARD_ERROR)
        assert tested.df_denominator == pytest.approx(joint["df_denominator"], rel=DF)
        assert tested.p_value == pytest.approx(joint["p"], rel=DF)


@pytest.mark.parametrize("name", [name for name in INDEPENDENT if "predictions" in R[name]])
def test_predictions_with_random_effects_and_without(name: str) -> None:
    fit, wanted = fitted(name), R[name]["predictions"]
    rows = CASES[name].frame().iloc[np.array(wanted["row"]) - 1]
    np.testing.assert_allclose(fit.predict(rows)["estimate"], wanted["with_random"], rtol=EFFECT)
    np.testing.assert_allclose(fit.predict(rows, random=False)["estimate"], wanted["without_random"], rtol=EFFECT)


def test_the_optimum_is_proven() -> None:
    for name in CASES:
        record = fitted(name).optimisation
        assert record is not None
        assert record.gradient_norm < 1e-7
        assert record.min_eigenvalue > 0


def test_a_slope_of_a_random_slope_model_as_a_linear_combination() -> None:
    fit = fitted("trial_slope", "kenward-roger")
    found = linear_combination(fit, {"arm[exercise]:week": 10.0}).frame.iloc[0]
    k = list(fit.params.index).index("arm[exercise]:week")
    assert found["estimate"] == pytest.approx(10 * fit.params.iloc[k])
    assert found["df"] == pytest.approx(fit.df.iloc[k])
