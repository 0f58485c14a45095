"""Funnels against FunnelPlotR, and exact limits against printed ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coxa.audit import binomial_limits, funnel_means, funnel_ratios, poisson_count_limits
from coxa.models import fit_lmm
from tests.reference.audit_numbers import audit_reference, medpar
from tests.reference.tolerances import CLOSED_FORM

PRINTED = 6e-8
"""Absolute. FunnelPlotR's test has seven digits after the point, of upper limits six."""

ORACLE = 5e-5
"""Absolute. The published oracle of the binomial limits has four digits."""

REML = 1e-7
"""Relative. A mixed model is fitted by iterations; its variance is flat around the optimum."""

R_QUANTILE = 3.090232
"""FunnelPlotR has the quantile of the 99.8 % limits in six digits."""

R = audit_reference("funnel_medpar")
UNITS = pd.DataFrame(R["units"])


def test_the_dispersion_of_the_model() -> None:
    assert medpar()[3] == pytest.approx(R["dispersion"], rel=CLOSED_FORM)


def test_observed_and_expected_are_those_of_the_reference() -> None:
    providers, observed, expected, _ = medpar()
    assert providers.tolist() == UNITS["provnum"].tolist()
    assert observed.tolist() == UNITS["observed"].tolist()
    assert expected.round(2).tolist() == UNITS["expected"].tolist()


@pytest.mark.parametrize(("screen", "key"), [("truncated", "SHMI"), ("winsorised", "SHMI_winsorised")])
def test_over_dispersion_on_the_scale_of_shmi(screen: str, key: str) -> None:
    spread = funnel_ratios(UNITS["observed"], UNITS["expected"], form="shmi", screen=screen).dispersion
    assert spread.phi == pytest.approx(R[key]["phi"], rel=CLOSED_FORM)
    assert spread.tau2 == pytest.approx(R[key]["tau2"], rel=CLOSED_FORM)
    assert spread.n_kept == R[key].get("n_kept", R["n_units"])


def test_over_dispersion_on_the_scale_of_cqc() -> None:
    """Expected counts are not rounded there."""
    _, observed, expected, _ = medpar()
    spread = funnel_ratios(observed, expected, form="cqc").dispersion
    assert spread.phi == pytest.approx(R["CQC"]["phi"], rel=CLOSED_FORM)
    assert spread.tau2 == pytest.approx(R["CQC"]["tau2"], rel=CLOSED_FORM)


def test_limits_and_z_scores_of_every_provider() -> None:
    frame = funnel_ratios(UNITS["observed"], UNITS["expected"], form="shmi", adjust="additive").frame
    np.testing.assert_allclose(frame["z"], UNITS["z"], rtol=CLOSED_FORM, atol=CLOSED_FORM)
    exact = stats.norm.ppf(0.999)
    for drawn, r in (("low_99_8", "od998_low"), ("high_99_8", "od998_high")):
        np.testing.assert_allclose(np.log(frame[drawn]) / exact, np.log(UNITS[r]) / R_QUANTILE, rtol=CLOSED_FORM)


def test_outliers() -> None:
    adjusted = funnel_ratios(UNITS["observed"], UNITS["expected"], form="shmi", adjust="additive")
    exact = funnel_ratios(UNITS["observed"], UNITS["expected"], form="shmi", exact="count")
    wanted = R["outliers"]
    assert np.abs(adjusted.outliers(0.998)).sum() == wanted["od_998_SHMI"] == 9
    assert np.abs(adjusted.outliers(0.95)).sum() == wanted["od_95_SHMI"] == 16
    assert np.abs(exact.outliers(0.998)).sum() == wanted["unadjusted_998"] == 25


def test_intervals_of_a_count() -> None:
    """nhs-r-community/FunnelPlotR@9020d497: tests/testthat/test-poisson_limits.R."""
    expected = [15, 20, 30]
    low, high = poisson_count_limits(expected, 0.95)
    np.testing.assert_allclose(low, [0.5596924, 0.6108260, 0.6746958], atol=PRINTED)
    np.testing.assert_allclose(high, [1.649348, 1.544419, 1.427562], atol=10 * PRINTED)
    low, high = poisson_count_limits(expected, 0.998)
    np.testing.assert_allclose(low, [0.3862650, 0.4479107, 0.5289724], atol=PRINTED)
    np.testing.assert_allclose(high, [2.082907, 1.902094, 1.702771], atol=10 * PRINTED)


def test_exact_binomial_limits() -> None:
    """Spiegelhalter 2005, with target 0.4."""
    oracle = {20: (0.0577, 0.1629, 0.5944, 0.7236), 50: (0.1834, 0.2559, 0.5283, 0.6087)}
    oracle[100] = (0.2470, 0.3001, 0.4920, 0.5486)
    (low95, high95), (low998, high998) = (binomial_limits(list(oracle), 0.4, level) for level in (0.95, 0.998))
    np.testing.assert_allclose(np.column_stack([low998, low95, high95, high998]), list(oracle.values()), atol=ORACLE)


def test_mean_residuals_of_clinics() -> None:
    """Clinics of 22 to 37 patients: z scores, phi, tau2 and the mean under random effects."""
    r = audit_reference("clinic_residuals")
    means, errors = np.array(r["mean_residual"]), r["sigma"] / np.sqrt(r["n"])
    zero = funnel_means(means, errors, target=0.0)
    np.testing.assert_allclose(zero.frame["z"], r["z"], rtol=r["rtol"])
    assert zero.dispersion.phi == pytest.approx(r["phi"], rel=r["rtol"])
    winsorised = funnel_means(means, errors, target=0.0, screen="winsorised")
    assert winsorised.dispersion.phi == pytest.approx(r["phi_winsorised"], rel=r["rtol"])
    free = funnel_means(means, errors, adjust="additive")
    assert free.dispersion.tau2 == pytest.approx(r["tau2"], rel=r["rtol"])
    assert free.dispersion.q == pytest.approx(r["q"], rel=r["rtol"])
    assert free.target == pytest.approx(r["mean"], rel=1e2 * r["rtol"])


def test_limits_of_means_are_the_predictive_spread_of_a_mixed_model() -> None:
    """Three clinics of four patients: the variance of a clinic's mean is that between clinics and that of its mean."""
    scores = np.array([[50.0, 54, 47, 53], [61, 66, 60, 65], [43, 41, 47, 45]])
    rows = pd.DataFrame({"participant_id": range(12), "clinic": np.repeat(["a", "b", "c"], 4), "score": scores.ravel()})
    fit = fit_lmm("score ~ (1 | clinic)", rows)
    between, within = (float(value) for value in fit.variance_components["variance"])
    error = np.sqrt(scores.var(axis=1, ddof=1).mean() / 4)
    funnel = funnel_means(scores.mean(axis=1), [error] * 3, adjust="additive")
    half = (funnel.frame["high_95"] - funnel.target) / 1.959963984540054
    np.testing.assert_allclose(half, np.sqrt(between + within / 4), rtol=REML)
    assert funnel.target == pytest.approx(scores.mean(), rel=CLOSED_FORM)
