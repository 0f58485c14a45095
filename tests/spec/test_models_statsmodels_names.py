"""A fit answers to statsmodels' names, and where both mean the same they give the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from coxa.models import Fit, fit_ancova, fit_lmm, fit_mmrm, residuals
from tests.reference.tolerances import CLOSED_FORM
from tests.reference.trial import trial


def week_12() -> pd.DataFrame:
    data = trial()
    return data[data["visit"] == "week_12"].dropna(subset=["change"])


@pytest.fixture(scope="module")
def least_squares() -> tuple[Fit, Any]:
    data = week_12()
    return fit_ancova("change ~ baseline", data), smf.ols("change ~ baseline", data).fit()


@pytest.mark.parametrize("name", ["params", "bse", "tvalues", "pvalues", "resid", "fittedvalues"])
def test_columns_of_least_squares_are_those_of_statsmodels(least_squares: tuple[Fit, Any], name: str) -> None:
    fit, wanted = least_squares
    got = getattr(fit, name)
    assert got.index.equals(getattr(wanted, name).index)
    np.testing.assert_allclose(got, getattr(wanted, name), rtol=1e-8, atol=1e-9)


def test_numbers_of_least_squares_are_those_of_statsmodels(least_squares: tuple[Fit, Any]) -> None:
    fit, wanted = least_squares
    assert (fit.nobs, fit.df_resid) == (wanted.nobs, wanted.df_resid)
    assert fit.llf == pytest.approx(wanted.llf, rel=CLOSED_FORM)
    np.testing.assert_allclose(fit.conf_int(alpha=0.1), wanted.conf_int(alpha=0.1), rtol=1e-8)
    assert fit.conf_int().equals(fit.conf_int(alpha=0.05)) or np.allclose(fit.conf_int(), fit.conf_int(alpha=0.05))


def test_the_criteria_of_least_squares_count_the_variance_too(least_squares: tuple[Fit, Any]) -> None:
    fit, wanted = least_squares
    assert fit.aic == pytest.approx(wanted.aic + 2, rel=CLOSED_FORM)
    assert fit.bic == pytest.approx(wanted.bic + np.log(wanted.nobs), rel=CLOSED_FORM)


@pytest.mark.parametrize("reml", [True, False])
def test_a_random_intercept_is_that_of_statsmodels(reml: bool) -> None:
    data = trial().dropna(subset=["change"])
    fit = fit_lmm("change ~ baseline + (1 | participant_id)", data, reml=reml, ddf="satterthwaite")
    wanted = smf.mixedlm("change ~ baseline", data, groups="participant_id").fit(reml=reml)
    assert fit.llf == pytest.approx(wanted.llf, abs=1e-5)
    assert (fit.nobs, fit.df_resid) == (wanted.nobs, wanted.nobs - 2)
    np.testing.assert_allclose(fit.params, wanted.fe_params, rtol=1e-4)
    np.testing.assert_allclose(fit.bse, wanted.bse_fe, rtol=1e-3)
    np.testing.assert_allclose(fit.fittedvalues, wanted.fittedvalues, atol=1e-2)
    np.testing.assert_allclose(fit.resid, wanted.resid, atol=1e-2)
    if not reml:
        assert fit.aic == pytest.approx(wanted.aic, abs=1e-4)
        participants = data["participant_id"].nunique()
        assert fit.bic == pytest.approx(-2 * wanted.llf + 4 * np.log(participants), abs=1e-4)


def test_residuals_of_a_repeated_measures_model_are_observed_less_fitted() -> None:
    fit = fit_mmrm("change ~ arm * visit", trial())
    np.testing.assert_allclose(fit.resid, residuals(fit)["residual"])
    np.testing.assert_allclose(fit.fittedvalues + fit.resid, fit.design.y)
    np.testing.assert_allclose(fit.tvalues, fit.tidy()["statistic"])
