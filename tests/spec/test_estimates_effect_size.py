"""Differences in units of the model's standard deviation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coxa.errors import OptionError
from coxa.estimates import contrasts, marginal_means, standardised_by_model
from coxa.estimates.effect_size import hedges_correction
from coxa.models import fit_ancova, fit_mmrm
from tests.reference.tolerances import CLOSED_FORM
from tests.reference.trial import trial
from tests.sizes import few


def two_arms(n: int = 10) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    arm = np.repeat(["usual_care", "exercise"], n)
    change = rng.normal(0, 2, 2 * n) + (arm == "exercise") * 2.0
    return pd.DataFrame({"participant_id": range(2 * n), "arm": arm, "change": change})


def test_two_plain_groups_have_cohens_d_and_its_exact_limits() -> None:
    data = two_arms()
    fit = fit_ancova("change ~ arm", data)
    row = standardised_by_model(fit, contrasts(fit, against="usual_care")).frame.iloc[0]
    groups = [part["change"] for _, part in data.groupby("arm")]
    d = (groups[0].mean() - groups[1].mean()) / np.sqrt((groups[0].var() + groups[1].var()) / 2)
    assert row["estimate"] == pytest.approx(d, rel=CLOSED_FORM)
    root = np.sqrt(2 / 10)
    t = d / root
    assert stats.nct.cdf(t, 18, row["conf_high"] / root) == pytest.approx(0.025, rel=1e-8)
    assert stats.nct.sf(t, 18, row["conf_low"] / root) == pytest.approx(0.025, rel=1e-8)


def test_the_delta_method_written_out() -> None:
    fit = fit_ancova("change ~ arm", two_arms())
    row = standardised_by_model(fit, contrasts(fit, against="usual_care"), limits="delta").frame.iloc[0]
    se = np.sqrt(2 / 10 + row["estimate"] ** 2 / (2 * 18))
    assert row["std_error"] == pytest.approx(se, rel=CLOSED_FORM)
    assert row["conf_high"] - row["estimate"] == pytest.approx(stats.t.ppf(0.975, 18) * se, rel=CLOSED_FORM)


def test_each_visit_has_the_models_own_standard_deviation() -> None:
    fit = fit_mmrm("change ~ baseline * visit + arm * visit", trial())
    differences = contrasts(fit)
    got = standardised_by_model(fit, differences).frame
    sd = np.sqrt(np.diag(fit.covariance))
    np.testing.assert_allclose(got["estimate"], differences.frame["estimate"] / np.repeat(sd, 2), rtol=CLOSED_FORM)
    assert (got["conf_low"] < got["estimate"]).all()
    assert (got["estimate"] < got["conf_high"]).all()
    wide, narrow = (standardised_by_model(fit, differences, conf_level=level).frame for level in (0.99, 0.8))
    assert (wide["conf_low"] < narrow["conf_low"]).all()


def test_the_two_kinds_of_limits_are_close_in_a_trial_of_this_size() -> None:
    fit = fit_mmrm("change ~ baseline * visit + arm * visit", trial())
    one, other = (standardised_by_model(fit, contrasts(fit), limits=how).frame for how in ("noncentral_t", "delta"))
    np.testing.assert_allclose(one["conf_low"], other["conf_low"], atol=0.01)
    np.testing.assert_allclose(one["conf_high"], other["conf_high"], atol=0.01)


def test_only_differences_at_a_visit_have_a_standard_deviation() -> None:
    fit = fit_ancova("change ~ arm", two_arms())
    with pytest.raises(OptionError, match="rows of a marginal_mean, which has no standard deviation"):
        standardised_by_model(fit, marginal_means(fit))
    with pytest.raises(OptionError, match=r'`limits` is "normal". Choose one of noncentral_t, delta'):
        standardised_by_model(fit, contrasts(fit), limits="normal")


def test_hedges_g_is_the_corrected_effect_and_agrees_with_the_difference_about_zero() -> None:
    """Hedges 1981: the factor is 1 - 3 / (4 df - 1), to three decimals."""
    assert hedges_correction(9) == pytest.approx(1 - 3 / 35, abs=1e-3)
    assert hedges_correction(19) == pytest.approx(1 - 3 / 75, abs=1e-3)
    data = two_arms()
    fit = fit_ancova("change ~ arm", data)
    plain, g = (standardised_by_model(fit, contrasts(fit), small_samples=how).frame.iloc[0] for how in (False, True))
    for number in ("estimate", "std_error", "conf_low", "conf_high"):
        assert g[number] == pytest.approx(hedges_correction(18) * plain[number], rel=CLOSED_FORM)
    for shift in np.linspace(-3, 1, few(17, 81)):
        fit = fit_ancova("change ~ arm", data.assign(change=data["change"] + shift * (data["arm"] == "exercise")))
        difference = contrasts(fit)
        row, effect = (each.frame.iloc[0] for each in (difference, standardised_by_model(fit, difference)))
        assert (row["conf_low"] > 0) == (effect["conf_low"] > 0)
        assert (row["conf_high"] < 0) == (effect["conf_high"] < 0)


def test_limits_adjusted_for_multiplicity_are_those_of_the_effect_too() -> None:
    fit = fit_mmrm("change ~ baseline * visit + arm * visit", trial())
    wide = contrasts(fit, adjust="dunnett")
    found = standardised_by_model(fit, wide, conf_level=None).frame
    plain = standardised_by_model(fit, wide).frame
    assert (found["conf_low"] < plain["conf_low"]).all()
    assert (found["conf_level"] == 0.95).all()
    np.testing.assert_array_equal(found["conf_low"] > 0, wide.frame["conf_low"] > 0)
    same = contrasts(fit)
    np.testing.assert_allclose(
        standardised_by_model(fit, same, conf_level=None).frame["conf_low"],
        standardised_by_model(fit, same).frame["conf_low"],
        rtol=1e-8,
    )
