"""Rates, ratios and differences by a model of counts: closed forms, standardisation, delta errors, what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coxa.errors import OptionError
from coxa.estimates import model_rates, standardised_risks
from coxa.models import fit_glm
from tests.spec.test_models_counts import fit, trial


def test_without_covariates_rates_and_contrasts_have_closed_forms() -> None:
    rows = trial()
    a, t, c, u = rows.groupby("arm")[["falls", "years"]].sum().to_numpy().ravel()
    found = model_rates(fit(rows, "falls ~ arm", exposure="years"), against="usual_care", per=100)
    rate = found.only(term="rate", arm="exercise").frame.to_dict("records")[0]
    assert rate["estimate"] == pytest.approx(100 * a / t)
    assert rate["std_error"] == pytest.approx(100 * np.sqrt(a) / t)
    ratio, difference = (
        found.only(term=term).frame.to_dict("records")[0] for term in ("rate_ratio", "rate_difference")
    )
    error = np.sqrt(1 / a + 1 / c)
    assert ratio["estimate"] == pytest.approx((a / t) / (c / u))
    assert ratio["std_error"] == pytest.approx(error)
    assert ratio["conf_low"] == pytest.approx(ratio["estimate"] * np.exp(-stats.norm.ppf(0.975) * error))
    assert difference["estimate"] == pytest.approx(100 * (a / t - c / u))
    assert difference["std_error"] == pytest.approx(100 * np.sqrt(a / t**2 + c / u**2))
    assert "per 100 years" in ratio["method"]


def test_standardised_rates_are_averages_over_everybody_in_every_arm() -> None:
    rows = trial()
    found = fit(rows, "falls ~ arm * age", family="negative_binomial", exposure="years")
    rates = model_rates(found, averaging="counterfactual")
    by_hand = [found.predict(rows.assign(arm=arm)).mean() for arm in ("exercise", "usual_care")]
    assert rates.only(term="rate").frame["estimate"].to_list() == pytest.approx(by_hand)
    assert rates.only(term="rate_difference").frame["estimate"].to_list() == pytest.approx([by_hand[1] - by_hand[0]])
    ge = standardised_risks(found, rows, variance="ge").only(term="difference").frame
    assert rates.only(term="rate_difference").frame["std_error"].to_list() == pytest.approx(ge["std_error"].to_list())


def test_delta_errors_are_those_of_numerical_derivatives() -> None:
    found = fit(trial(), "falls ~ arm * age", exposure="years")
    covariance, at = found.covariance.to_numpy(), found.params.to_numpy()
    x = [found.design.rows(trial().assign(arm=arm)) for arm in ("exercise", "usual_care")]

    def difference(beta: np.ndarray) -> float:
        return float(np.exp(x[1] @ beta).mean() - np.exp(x[0] @ beta).mean())

    steps = 1e-6 * np.eye(len(at))
    gradient = np.array([(difference(at + step) - difference(at - step)) / 2e-6 for step in steps])
    row = model_rates(found, averaging="counterfactual").only(term="rate_difference").frame.iloc[0]
    assert row["std_error"] == pytest.approx(np.sqrt(gradient @ covariance @ gradient), rel=1e-5)


def test_ratios_collapse_and_do_not_depend_on_the_averaging() -> None:
    found = fit(trial(), family="negative_binomial", exposure="years")
    ratios = [
        model_rates(found, averaging=averaging).only(term="rate_ratio").frame["estimate"].iloc[0]
        for averaging in ("equal", "proportional", "counterfactual")
    ]
    assert ratios == pytest.approx([np.exp(found.params["arm[usual_care]"])] * 3)


def test_factors_are_averaged_alike_or_by_their_number_and_can_be_fixed() -> None:
    rows = trial().assign(site=lambda d: np.where(d["participant_id"] % 6 == 0, "north", "south"))
    found = fit(rows, "falls ~ arm + site", exposure="years")
    logs = {
        site: np.log(model_rates(found, at={"site": site}).frame["estimate"].iloc[0]) for site in ("north", "south")
    }
    equal, own = (
        np.log(model_rates(found, averaging=averaging).frame["estimate"].iloc[0])
        for averaging in ("equal", "proportional")
    )
    assert equal == pytest.approx((logs["north"] + logs["south"]) / 2)
    assert own == pytest.approx(logs["north"] / 6 + logs["south"] * 5 / 6)


def test_limits_have_the_degrees_of_freedom_of_the_fit() -> None:
    found = fit(trial(), vcov="CR2", cluster="therapist", exposure="years")
    row = model_rates(found).only(term="rate_ratio").frame.iloc[0]
    assert row["df"] == pytest.approx(found.df["arm[usual_care]"])
    assert row["p_value"] == pytest.approx(found.pvalues["arm[usual_care]"])
    quasi = fit(trial(), family="quasi-poisson", exposure="years")
    assert model_rates(quasi).frame["df"].tolist() == [117.0] * 4


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"arm": "age"}, "factor in the formula"),
        ({"against": "usual"}, "did you mean usual_care"),
        ({"averaging": "same"}, "proportional"),
        ({"averaging": "counterfactual", "at": {"age": 60}}, "Leave `at` out"),
        ({"at": {"sex": "f"}}, "covariate of the model"),
    ],
)
def test_what_cannot_be_estimated_is_refused(options: dict, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        model_rates(fit(trial(), exposure="years"), **options)


def test_a_yes_or_no_outcome_has_no_rate_and_exposure_has_no_variance_of_ye() -> None:
    rows = trial().assign(fell=lambda d: (d["falls"] > 0).astype(int))
    with pytest.raises(OptionError, match="standardised_risks"):
        model_rates(fit_glm("fell ~ arm", rows))
    with pytest.raises(OptionError, match="model_rates"):
        standardised_risks(fit(rows, exposure="years"), rows)
    assert isinstance(standardised_risks(fit(rows), rows).frame, pd.DataFrame)
