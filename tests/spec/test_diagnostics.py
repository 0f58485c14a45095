"""Residuals, their quantiles, and the covariance of the data beside that of the model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from coxa.errors import OptionError
from coxa.models import Fit, fit_ancova, fit_mmrm
from coxa.models.results.diagnostics import covariance_check, qq_points, residuals
from tests.reference.tolerances import CLOSED_FORM
from tests.reference.trial import FORMULA, trial

OPTIMUM = 1e-6
"""Relative. Likelihood equations hold at the optimum, which is within 1e-6 standard errors of theta."""


@pytest.fixture(scope="module")
def fit() -> Fit:
    return fit_mmrm(FORMULA, trial())


def complete() -> pd.DataFrame:
    """Return the participants of the trial whom no visit is missing of."""
    data = trial().dropna(subset="change")
    return data[data.groupby("participant_id")["visit"].transform("size") == 4]


def test_one_visit_has_the_residuals_of_least_squares() -> None:
    data = trial().query("visit == 'week_12'").dropna(subset="change")
    fit = fit_ancova("change ~ baseline + arm", data)
    influence = sm.OLS(fit.design.y, fit.design.x).fit().get_influence()
    got = residuals(fit)
    np.testing.assert_allclose(got["studentised"], influence.resid_studentized_internal, rtol=1e-8)
    np.testing.assert_allclose(got["standardised"], got["residual"] / np.sqrt(fit.covariance.iloc[0, 0]), rtol=1e-8)
    np.testing.assert_allclose(got["normalised"], got["standardised"], rtol=CLOSED_FORM)


def test_rows_are_in_the_order_of_the_data(fit: Fit) -> None:
    got = residuals(fit)
    np.testing.assert_allclose(got["observed"] - got["fitted"], got["residual"], rtol=CLOSED_FORM)
    assert got["participant_id"].to_list() == trial().dropna(subset="change")["participant_id"].to_list()
    by_visit = got["residual"] / np.sqrt(np.diag(fit.covariance))[got["visit"].cat.codes]
    np.testing.assert_allclose(got["standardised"], by_visit, rtol=1e-7)


def test_normalised_residuals_are_those_of_the_inverse_cholesky_factor(fit: Fit) -> None:
    got = residuals(fit)
    for _, rows in list(got.groupby("participant_id"))[:25]:
        at = rows["visit"].to_list()
        lower = np.linalg.cholesky(fit.covariance.loc[at, at])
        np.testing.assert_allclose(lower @ rows["normalised"], rows["residual"], rtol=1e-6, atol=1e-6)


def test_with_full_likelihood_and_no_gaps_normalised_residuals_have_the_identity_as_their_moments() -> None:
    fit = fit_mmrm("change ~ arm * visit", complete(), reml=False)
    wide = residuals(fit).pivot(index="participant_id", columns="visit", values="normalised").to_numpy()
    np.testing.assert_allclose(wide.T @ wide / len(wide), np.eye(4), atol=OPTIMUM)


@pytest.mark.parametrize("group", [None, "arm"])
def test_without_gaps_the_covariance_of_the_residuals_is_the_unstructured_one(group: str | None) -> None:
    check = covariance_check(fit_mmrm("change ~ arm * visit + baseline", complete(), group=group))
    np.testing.assert_allclose(check["empirical"], check["fitted"], rtol=1e-5)
    assert len(check) == 10 * (3 if group else 1)
    assert set(check["group"]) == ({"usual_care", "exercise", "manual_therapy"} if group else {""})


def test_a_wrong_structure_is_seen_in_the_correlations(fit: Fit) -> None:
    same = covariance_check(fit_mmrm(FORMULA, trial(), covariance="cs")).query("visit != other")
    assert same["fitted_correlation"].std() < 1e-9
    assert same["empirical_correlation"].max() - same["empirical_correlation"].min() > 0.2
    own = covariance_check(fit).query("visit != other")
    apart = [(check["fitted_correlation"] - check["empirical_correlation"]).abs().max() for check in (own, same)]
    assert apart[0] < apart[1]
    assert own["n"].min() == 121  # seen at both of the two visits that fewest were seen at both of


def test_weights_and_irregular_times_are_taken_account_of() -> None:
    data = trial()
    weighted = fit_mmrm(FORMULA, data, weights="weight")
    got = residuals(weighted)
    used = data.dropna(subset="change")["weight"].to_numpy()
    sd = np.sqrt(np.diag(weighted.covariance))[got["visit"].cat.codes]
    np.testing.assert_allclose(got["standardised"], got["residual"] * np.sqrt(used) / sd, rtol=1e-6)
    weeks = data["visit"].astype(str).map({"week_6": 6.0, "week_12": 12.0, "week_26": 26.0, "week_52": 52.0})
    jitter = np.tile([0.0, 0.5, -0.5], len(data) // 3)
    spatial = fit_mmrm(FORMULA, data.assign(week=weeks + jitter), covariance="sp_exp", time="week")
    spread = residuals(spatial)
    assert spread["normalised"].std() == pytest.approx(1, abs=0.1)
    sd_all = spatial.covariance_parameters["sd"]
    np.testing.assert_allclose(spread["standardised"], spread["residual"] / sd_all, rtol=1e-5)


def test_quantiles_written_out() -> None:
    points = qq_points(np.array([2.0, -1.0, 0.5]), conf_level=0.9)
    assert points["sample"].to_list() == [-1.0, 0.5, 2.0]
    assert points["theoretical"].iloc[1] == pytest.approx(0, abs=1e-12)
    smallest = stats.norm.cdf(points["low"].iloc[0])
    assert 1 - (1 - smallest) ** 3 == pytest.approx(0.05, rel=1e-9)  # the smallest of three lies below it with 5%
    assert (points["low"] < points["theoretical"]).all()
    assert points["high"].to_list() == pytest.approx((-points["low"]).to_list()[::-1])


def test_the_band_holds_the_share_it_should_of_normal_values() -> None:
    drawn = np.random.default_rng(5).normal(size=(400, 60))
    inside = [((p["sample"] > p["low"]) & (p["sample"] < p["high"])).mean() for p in map(qq_points, drawn)]
    assert np.mean(inside) == pytest.approx(0.95, abs=3 * np.std(inside) / np.sqrt(400))


def test_too_few_values_have_no_quantiles() -> None:
    with pytest.raises(OptionError, match="Give three values or more"):
        qq_points(np.array([1.0, 2.0]))
