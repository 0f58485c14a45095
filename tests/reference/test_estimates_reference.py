"""Marginal means and differences against R's emmeans, after mmrm and after lm."""

from __future__ import annotations

import numpy as np
import pytest

from coxa.estimates import contrasts, joint_test, marginal_means
from coxa.models import Fit, fit_ancova, fit_mmrm
from coxa.selftest.rows import VISITS
from tests.reference.test_models_mmrm_reference import CASES
from tests.reference.tolerances import DF, EFFECT, P_VALUE, STANDARD_ERROR
from tests.reference.trial import FORMULA, reference, trial

MVT_P_VALUE = 5e-5
"""Absolute. R's mvtnorm takes whole degrees of freedom and random points; what is left here is 5e-6."""

R = reference("mmrm")
ANCOVA = reference("ancova")


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[dict, Fit]:
    ddf, reml = CASES[request.param]
    return R[request.param], fit_mmrm(FORMULA, trial(), ddf=ddf, reml=reml)


@pytest.mark.parametrize(("weights", "key"), [("equal", "emmeans"), ("proportional", "emmeans_proportional")])
def test_marginal_means(case: tuple[dict, Fit], weights: str, key: str) -> None:
    r, fit = case
    wanted = r[key]
    se = np.array(wanted.get("SE", wanted.get("se")))
    got = marginal_means(fit, averaging=weights).frame.set_index(["visit", "arm"])
    got = got.loc[list(zip(wanted["visit"], wanted["arm"], strict=True))]
    assert (np.abs(got["estimate"] - wanted["emmean"]) / se).max() < EFFECT
    np.testing.assert_allclose(got["std_error"], se, rtol=STANDARD_ERROR)
    np.testing.assert_allclose(got["df"], wanted["df"], rtol=DF)


def test_limits_of_marginal_means(case: tuple[dict, Fit]) -> None:
    r, fit = case
    wanted = r["emmeans"]
    got = marginal_means(fit).frame.set_index(["visit", "arm"])
    got = got.loc[list(zip(wanted["visit"], wanted["arm"], strict=True))]
    np.testing.assert_allclose(got["conf_low"], wanted["lower.CL"], rtol=STANDARD_ERROR)
    np.testing.assert_allclose(got["conf_high"], wanted["upper.CL"], rtol=STANDARD_ERROR)


def test_all_pairs_within_visits(case: tuple[dict, Fit]) -> None:
    r, fit = case
    wanted, got = r["contrasts"], contrasts(fit, against="pairwise").frame
    assert (got["arm"] + " - " + got["reference"]).to_list() == wanted["contrast"]
    assert got["visit"].to_list() == wanted["visit"]
    assert (np.abs(got["estimate"] - wanted["estimate"]) / wanted["SE"]).max() < EFFECT
    np.testing.assert_allclose(got["std_error"], wanted["SE"], rtol=STANDARD_ERROR)
    np.testing.assert_allclose(got["df"], wanted["df"], rtol=DF)
    np.testing.assert_allclose(got["statistic"], wanted["t.ratio"], rtol=STANDARD_ERROR)


@pytest.mark.some(1)
def test_all_pairs_by_tukey(case: tuple[dict, Fit]) -> None:
    r, fit = case
    wanted, got = r["contrasts"], contrasts(fit, against="pairwise", adjust="tukey").frame
    np.testing.assert_allclose(got["p_value"], wanted["p.value"], atol=P_VALUE)
    assert (np.abs(got["conf_low"] - wanted["lower.CL"]) / wanted["SE"]).max() < STANDARD_ERROR
    assert (np.abs(got["conf_high"] - wanted["upper.CL"]) / wanted["SE"]).max() < STANDARD_ERROR


@pytest.mark.parametrize("key", ["us_satt", "us_kr"])
def test_comparisons_with_usual_care_by_dunnett(key: str) -> None:
    wanted = R[key]["dunnett"]
    got = contrasts(fit_mmrm(FORMULA, trial(), ddf=CASES[key][0]), adjust="dunnett").frame
    assert (got["arm"] + " - " + got["reference"]).to_list() == wanted["contrast"]
    np.testing.assert_allclose(got["std_error"], wanted["se"], rtol=STANDARD_ERROR)
    np.testing.assert_allclose(got["p_value"], wanted["p"], atol=MVT_P_VALUE)
    order = np.argsort(np.abs(got["statistic"]))[::-1]
    assert (np.diff(np.array(got["p_value"])[order]) > -MVT_P_VALUE).all()


def test_joint_test_by_name(case: tuple[dict, Fit]) -> None:
    r, fit = case
    row = joint_test(fit, "visit:arm").frame.iloc[0]
    assert row["statistic"] == pytest.approx(r["interaction_F"]["f_stat"], rel=STANDARD_ERROR)
    assert row["df"] == pytest.approx(r["interaction_F"]["denom_df"], rel=DF)


@pytest.mark.parametrize("visit", VISITS)
def test_ancova_at_each_visit(visit: str) -> None:
    r = ANCOVA[f"ancova_{visit}"]
    fit = fit_ancova("change ~ baseline + arm + site + sex", trial(), at_visit=visit)
    means, differences = marginal_means(fit).frame, contrasts(fit).frame
    assert fit.n_observations == r["n"]
    assert set(means["visit"]) == {visit}
    assert (np.abs(means["estimate"] - r["emmean"]) / r["se"]).max() < EFFECT
    np.testing.assert_allclose(means["std_error"], r["se"], rtol=STANDARD_ERROR)
    np.testing.assert_allclose(means["df"], r["df"], rtol=DF)
    assert (np.abs(differences["estimate"] - r["estimate"]) / r["c_se"]).max() < EFFECT
    np.testing.assert_allclose(differences["conf_low"], r["lower"], rtol=STANDARD_ERROR)
    np.testing.assert_allclose(differences["conf_high"], r["upper"], rtol=STANDARD_ERROR)
    np.testing.assert_allclose(differences["p_value"], r["p"], atol=P_VALUE)
