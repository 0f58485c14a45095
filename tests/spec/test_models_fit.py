"""What a fit can be asked, and how it reads; the analysis of covariance has the same interface."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from coxa.errors import DataError, FitError, OptionError
from coxa.models import Fit, fit_ancova, fit_mmrm
from coxa.models.results.record import RESULT_COLUMNS
from coxa.selftest.rows import VISITS
from tests.reference.tolerances import CLOSED_FORM
from tests.reference.trial import trial

FORMULA = "change ~ baseline + arm * visit"


@pytest.fixture(scope="module", params=["mmrm", "ancova"])
def fit(request: pytest.FixtureRequest) -> Fit:
    if request.param == "mmrm":
        return fit_mmrm(FORMULA, trial())
    return fit_ancova("change ~ baseline + arm", trial(), at_visit="week_12")


def test_parameters_errors_and_limits_belong_together(fit: Fit) -> None:
    limits = fit.conf_int(0.9)
    assert list(limits.columns) == ["conf_low", "conf_high"]
    np.testing.assert_allclose(limits.mean(axis=1), fit.params, rtol=CLOSED_FORM)
    np.testing.assert_allclose(fit.std_error**2, np.diag(fit.cov_params()), rtol=CLOSED_FORM)
    assert (fit.conf_int(0.99)["conf_high"] > fit.conf_int(0.9)["conf_high"]).all()


def test_one_row_tested_jointly_is_its_t_squared(fit: Fit) -> None:
    row = np.eye(len(fit.params))[2]
    single, joint = fit.test(row), fit.joint_test(row[None])
    assert joint.statistic == pytest.approx(single.statistic[0] ** 2, rel=CLOSED_FORM)
    assert joint.df_denominator == pytest.approx(single.df[0], rel=1e-8)
    assert joint.p_value == pytest.approx(single.p_value[0], rel=1e-8)


def test_rows_that_repeat_others_count_once(fit: Fit) -> None:
    rows = np.eye(len(fit.params))[[1, 2]]
    once, again = fit.joint_test(rows), fit.joint_test(np.vstack([rows, rows.sum(axis=0), rows]))
    assert (again.df, again.statistic) == (2, pytest.approx(once.statistic, rel=CLOSED_FORM))


def test_a_row_can_be_named(fit: Fit) -> None:
    named = fit.test({"baseline": 10})
    assert named.estimate[0] == pytest.approx(10 * fit.params["baseline"], rel=CLOSED_FORM)
    with pytest.raises(OptionError, match=r"There is no coefficient 'base'. Choose from Intercept, baseline."):
        fit.test({"base": 1})
    with pytest.raises(OptionError, match=r"A row has 2 weights. Give \d+, one per coefficient."):
        fit.test(np.ones(2))
    with pytest.raises(OptionError, match="at least one row that is not zero"):
        fit.joint_test(np.zeros((1, len(fit.params))))


def test_tidy_has_the_columns_of_every_result(fit: Fit) -> None:
    table = fit.tidy()
    assert tuple(table.columns) == RESULT_COLUMNS
    assert table["term"].to_list() == list(fit.params.index)
    assert set(table["outcome"]) == {"change"}
    assert set(table["visit"]) == {""}


def test_every_row_is_used_or_left_out_with_its_reason(fit: Fit) -> None:
    assert fit.n_observations + len(fit.left_out) == 720
    assert set(fit.left_out["reason"]) <= {"change is missing", "visit is not among those analysed"}


def test_the_summary_reads(fit: Fit) -> None:
    text = fit.summary()
    for part in ("Outcome:", "Participants:", "AIC, AICC, BIC:", "arm[exercise]", "std err", "P>|t|", "[0.025"):
        assert part in text
    assert "<table" in fit._repr_html_()
    assert "arm[exercise]" in fit._repr_html_()


def test_the_record_of_an_mmrm() -> None:
    fit = fit_mmrm(FORMULA, trial())
    assert fit.optimisation is not None
    assert set(fit.optimisation.seconds) == {"formula", "sums", "optimiser", "df"}
    assert list(fit.correlation) == list(VISITS)
    assert np.diag(fit.correlation).tolist() == pytest.approx([1] * 4)
    assert fit.covariance_parameters["correlation[week_6, week_52]"] == pytest.approx(
        fit.correlation.loc["week_6", "week_52"], rel=CLOSED_FORM
    )
    assert fit.covariance_parameters["sd[week_6]"] ** 2 == pytest.approx(fit.covariance.loc["week_6", "week_6"])
    assert fit.method == "MMRM, unstructured covariance, REML, satterthwaite degrees of freedom"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"ddf": "kenward-roger-linear"}, "ddfm=kr"),
        ({"ddf": "kenward-roger-linear", "covariance": "ar1"}, "ddfm=kr(firstorder)"),
        ({"ddf": "kenward-roger"}, "not printed by SAS (it is what R's mmrm prints)"),
        ({"ddf": "residual", "vcov": "CR0"}, "ddfm=residual, empirical"),
        ({"vcov": "CR2"}, "not printed by SAS (CR2 is what R's mmrm prints)"),
    ],
)
def test_the_summary_says_what_sas_would_print(options: dict, said: str) -> None:
    assert f" {said}\n" in fit_mmrm(FORMULA, trial(), **options).summary()


@pytest.mark.parametrize("vcov", ["model", "HC3"])
def test_ancova_is_statsmodels_least_squares(vcov: Literal["model", "HC3"]) -> None:
    data = trial()
    here = data[data["visit"] == "week_12"].dropna(subset=["change"])
    wanted = smf.ols("change ~ baseline + arm", here).fit(cov_type={"model": "nonrobust"}.get(vcov, vcov), use_t=True)
    fit = fit_ancova("change ~ baseline + arm", data, at_visit="week_12", vcov=vcov)
    for got, name in (("Intercept", "Intercept"), ("baseline", "baseline"), ("arm[exercise]", "arm[T.exercise]")):
        assert fit.params[got] == pytest.approx(wanted.params[name], rel=CLOSED_FORM)
        assert fit.std_error[got] == pytest.approx(wanted.bse[name], rel=CLOSED_FORM)
        assert fit.p_values[got] == pytest.approx(wanted.pvalues[name], rel=1e-8)
    assert fit.loglik == pytest.approx(wanted.llf, rel=CLOSED_FORM)


def test_ancova_refuses_two_rows_of_a_participant() -> None:
    with pytest.raises(DataError, match=r"4 rows \(2, 3, 4, 5\), .*rows 2, 3, 4, 5 have the same participant_id"):
        fit_ancova("change ~ baseline + arm", trial())


def test_ancova_refuses_unknown_words_and_too_few_rows() -> None:
    with pytest.raises(OptionError, match=r'`vcov` is "HC2". Choose one of model, HC3; did you mean HC3'):
        fit_ancova("change ~ arm", trial(), at_visit="week_6", vcov="HC2")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match='no visit "week_51"'):
        fit_ancova("change ~ arm", trial(), at_visit="week_51")
    two = pd.DataFrame({"participant_id": ["a", "b"], "arm": ["x", "y"], "change": [1.0, 2.0]})
    with pytest.raises(FitError, match="2 rows, 2 fixed effects, outcome from 1 to 2: no variance is left"):
        fit_ancova("change ~ arm", two)
