"""Risks over all clusters: by integration of the model, by draws of it, and in the models it contains."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats
from scipy.special import expit

from coxa.errors import OptionError
from coxa.estimates import population_averaged, standardised_risks
from coxa.estimates.over_clusters import averaged
from coxa.models import GLMMFit, fit_glm, fit_glmm
from tests.spec.test_models_glmm import trial

VISITS = {0.0: "week_6", 1.0: "week_12", 2.0: "week_26", 3.0: "week_52"}


def visits() -> pd.DataFrame:
    """Return the trial with its weeks as visits and an age."""
    d = trial()
    visit = pd.Categorical(d["week"].map(VISITS), list(VISITS.values()))
    return d.assign(visit=visit, age=30 + d["participant_id"] % 7)


def number(fit: GLMMFit, term: str, visit: str = "", column: str = "estimate") -> float:
    return float(population_averaged(fit).only(term=term, visit=visit).frame[column].iloc[-1])


def test_a_risk_is_the_integral_over_the_random_intercept() -> None:
    fit = fit_glmm("y ~ arm + (1 | participant_id)", trial())
    for level, eta in (("usual_care", fit.params.iloc[0]), ("exercise", fit.params.sum())):
        risk = integrate.quad(lambda z, eta=eta: expit(eta + fit.sd * z) * stats.norm.pdf(z), -9, 9)[0]
        found = population_averaged(fit).only(term="risk", arm=level).frame["estimate"].item()
        assert found == pytest.approx(risk, abs=1e-9)


def test_standard_errors_are_those_of_many_parameters_drawn_from_the_fit() -> None:
    fit = fit_glmm("y ~ arm + (1 | participant_id)", trial(n=200))
    mean = [*fit.params, fit.sd]
    drawn = np.random.default_rng(1).multivariate_normal(mean, fit.joint.to_numpy(), 4000)
    z = np.linspace(-6, 6, 61)
    weights = stats.norm.pdf(z) / stats.norm.pdf(z).sum()
    usual = expit(drawn[:, :1] + drawn[:, 2:] * z) @ weights
    exercise = expit(drawn[:, :1] + drawn[:, 1:2] + drawn[:, 2:] * z) @ weights
    assert number(fit, "risk_difference", column="std_error") == pytest.approx((exercise - usual).std(), rel=0.05)
    assert number(fit, "risk_ratio", column="std_error") == pytest.approx(np.log(exercise / usual).std(), rel=0.05)


def test_gradients_are_those_by_differences() -> None:
    d = visits()
    fit = fit_glmm("y ~ arm * visit + age + (1 | participant_id)", d)
    found = averaged(fit, ["arm", "visit"])
    z, weights = np.linspace(-8, 8, 161), stats.norm.pdf(np.linspace(-8, 8, 161))
    x = fit.design.rows(fit.design.frame.assign(arm="exercise", visit="week_26"))
    share = 1 / d.groupby("participant_id")["y"].transform("size").to_numpy() / 30

    def mean(theta: np.ndarray) -> float:
        risks = expit((x @ theta[:-1])[:, None] + theta[-1] * z) @ (weights / weights.sum())
        return float(share @ risks)

    theta = np.array([*fit.params, fit.sd])
    steps = 1e-5 * np.eye(len(theta))
    by_differences = [(mean(theta + h) - mean(theta - h)) / 2e-5 for h in steps]
    k = found.keys.index(("exercise", "week_26"))
    assert found.means[k] == pytest.approx(mean(theta), abs=1e-9)
    assert found.gradients[k] == pytest.approx(by_differences, abs=1e-7)


def test_the_conditional_odds_ratio_is_that_of_the_coefficients() -> None:
    fit = fit_glmm("y ~ arm * visit + age + (1 | participant_id)", visits())
    at = fit.test({"arm[exercise]": 1, "arm[exercise]:visit[week_26]": 1})
    assert number(fit, "conditional_odds_ratio", "week_26") == pytest.approx(np.exp(at.estimate[0]))
    assert number(fit, "conditional_odds_ratio", "week_26", "std_error") == pytest.approx(at.std_error[0])
    assert 1 < number(fit, "odds_ratio", "week_12") < number(fit, "conditional_odds_ratio", "week_12")


def test_without_variance_they_are_the_standardised_risks_of_a_logistic_regression() -> None:
    d = trial(sd=0.0, seed=3).iloc[:-3]  # every participant with all rows counts as much as a row
    fit, plain = (
        fit_glmm("y ~ arm + week + (1 | participant_id)", d),
        fit_glm("y ~ arm + week", d.drop(columns="participant_id")),
    )
    assert fit.at_zero
    theirs = standardised_risks(plain, d, variance="ge").frame
    ours = population_averaged(fit).frame
    ours = ours[ours["term"] != "conditional_odds_ratio"]
    assert ours["term"].tolist() == theirs["term"].tolist()
    for column in ("estimate", "std_error", "conf_low", "conf_high"):
        assert ours[column].to_numpy() == pytest.approx(theirs[column].to_numpy(), rel=1e-6)


def test_a_ratio_of_rates_is_that_of_the_coefficient_and_rates_are_per_unit_of_exposure() -> None:
    fit = fit_glmm("y ~ arm + (1 | participant_id)", trial("poisson"), family="poisson", exposure="years")
    assert number(fit, "rate_ratio") == pytest.approx(np.exp(fit.params["arm[exercise]"]))
    assert number(fit, "rate_ratio", column="std_error") == pytest.approx(fit.bse["arm[exercise]"])
    usual = population_averaged(fit).only(term="rate", arm="usual_care").frame["estimate"].item()
    assert usual == pytest.approx(np.exp(fit.params["Intercept"] + fit.sd**2 / 2))


def test_an_arm_that_is_not_in_the_model_is_refused() -> None:
    with pytest.raises(OptionError, match='There is no factor of the model "group"'):
        population_averaged(fit_glmm("y ~ arm + (1 | participant_id)", trial()), "group")
