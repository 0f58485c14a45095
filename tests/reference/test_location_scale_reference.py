"""Mixed location scale models against nlme, glmmTMB, and an integral over both effects by brute force."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from coxa.errors import FitError, OptionError
from coxa.models import LocationScaleSpec, fit_location_scale
from coxa.models.location_scale.fit import _problem
from coxa.models.location_scale.likelihood import likelihood, nodes_for
from coxa.selftest.rows import drawn_diary

FOLDER = Path(__file__).parent
R = json.loads((FOLDER / "location_scale_r.json").read_text())


def rows() -> pd.DataFrame:
    return drawn_diary()


def test_one_sd_in_each_arm_is_nlme_with_varident() -> None:
    found, expected = fit_location_scale("pain ~ arm + day", rows(), within="arm", random_scale=False), R["lme"]
    by = found.coefficients.set_index(["part", "term"])["estimate"]
    assert found.loglik == pytest.approx(expected["loglik"], abs=1e-6)
    assert by["mean"].to_numpy() == pytest.approx(expected["fixed"], abs=1e-6)
    assert found.sd_ratio("arm[exercise]")["estimate"] == pytest.approx(expected["ratio"], abs=1e-6)
    assert np.exp(by["within", "Intercept"] / 2) == pytest.approx(expected["sigma"], abs=1e-6)
    assert np.exp(by["between", "Intercept"] / 2) == pytest.approx(expected["between"], abs=1e-6)


def test_a_model_of_the_variance_is_glmmtmb_with_its_errors() -> None:
    found, expected = (
        fit_location_scale("pain ~ arm + day", rows(), within="arm + day", random_scale=False),
        R["glmmTMB"],
    )
    table = found.coefficients.set_index("part")
    assert found.loglik == pytest.approx(expected["loglik"], abs=1e-6)
    assert table.loc["mean", "estimate"].to_numpy() == pytest.approx(expected["fixed"], abs=1e-5)
    assert table.loc["within", "estimate"].to_numpy() == pytest.approx(expected["disp"], abs=1e-5)
    assert table.loc["mean", "std_error"].to_numpy() == pytest.approx(expected["se"], abs=1e-4)
    assert table.loc["within", "std_error"].to_numpy() == pytest.approx(expected["disp_se"], abs=1e-4)


def problem_of(n: int = 8) -> tuple:
    data = rows()
    few = data[data["participant_id"] < n]
    return _problem(LocationScaleSpec(formula="pain ~ arm + day", within="arm"), few)[0], few


THETA = np.array([5.0, -0.7, -0.04, 0.1, 0.2, -0.7, np.log(0.5), np.arctanh(0.4)])


def test_the_likelihood_is_the_integral_over_both_effects() -> None:
    problem, _ = problem_of()
    beta, (alpha,), tau, sd, rho = THETA[:3], THETA[3:4], THETA[4:6], np.exp(THETA[6]), np.tanh(THETA[7])
    grid = np.linspace(-7, 7, 401)
    first, second = np.meshgrid(grid, grid, indexing="ij")
    step, total = grid[1] - grid[0], 0.0
    u, scale = np.exp(alpha / 2) * first, sd * (rho * first + np.sqrt(1 - rho**2) * second)
    for person in range(len(problem.days)):
        mine = problem.who == person
        joint = -0.5 * (first**2 + second**2) - np.log(2 * np.pi)
        for y, x, w in zip(problem.y[mine], problem.x[mine], problem.w[mine], strict=True):
            log_variance = w @ tau + scale
            joint = joint - 0.5 * (np.log(2 * np.pi) + log_variance + (y - x @ beta - u) ** 2 / np.exp(log_variance))
        total += np.log(np.exp(joint).sum() * step**2)
    at = likelihood(problem, THETA, nodes_for(problem, sd))
    assert at.loglik == pytest.approx(total, abs=1e-8)


def test_the_gradient_is_that_of_differences() -> None:
    problem, _ = problem_of()
    nodes = nodes_for(problem, 0.5)
    for theta in (THETA, THETA + 0.2, THETA * 0.7):
        by_steps = optimize.approx_fprime(theta, lambda at: likelihood(problem, at, nodes).loglik, 1e-6)
        assert likelihood(problem, theta, nodes).gradient == pytest.approx(by_steps, abs=2e-3, rel=1e-4)


def test_a_day_of_weight_two_is_that_day_twice() -> None:
    problem, _ = problem_of()
    nodes, twice = nodes_for(problem, 0.5), np.random.default_rng(2).random(len(problem.y)) < 0.4
    weights = 1.0 + twice
    weighted = replace(problem, weights=weights, days=np.bincount(problem.who, weights=weights))
    again = np.repeat(np.arange(len(problem.y)), weights.astype(int))
    rows_twice = replace(
        problem, y=problem.y[again], x=problem.x[again], w=problem.w[again], who=problem.who[again],
        weights=np.ones(len(again)), days=np.bincount(problem.who[again]).astype(float),
    )  # fmt: skip
    one, other = (likelihood(each, THETA, nodes, by_person=True) for each in (weighted, rows_twice))
    assert one.loglik == pytest.approx(other.loglik, abs=1e-9)
    assert one.gradient == pytest.approx(other.gradient, abs=1e-9)
    assert one.scores == pytest.approx(other.scores, abs=1e-9)
    assert one.scores.sum(axis=0) == pytest.approx(one.gradient, abs=1e-9)


def test_the_sandwich_is_near_the_model_where_the_model_is_right_and_wider_where_days_correlate() -> None:
    rng = np.random.default_rng(8)
    who, arm = np.repeat(np.arange(150), 20), np.repeat(np.tile(["a", "b"], 75), 20)
    independent = rng.normal(size=(150, 20))
    serial = independent.copy()
    for day in range(1, 20):
        serial[:, day] = 0.7 * serial[:, day - 1] + np.sqrt(1 - 0.49) * independent[:, day]
    ratios = []
    for days in (independent, serial):
        rows_of = pd.DataFrame({"participant_id": who, "arm": arm, "y": 5 + days.ravel() + rng.normal(size=150)[who]})
        error = {
            vcov: fit_location_scale("y ~ arm", rows_of, within="arm", random_scale=False, vcov=vcov).bse[
                "within: arm[b]"
            ]
            for vcov in ("model", "CR0")
        }
        ratios.append(error["CR0"] / error["model"])
    assert ratios[0] == pytest.approx(1.0, abs=0.2)
    assert ratios[1] > 1.3


def test_a_fit_answers_as_other_fits_do() -> None:
    fit = fit_location_scale("pain ~ arm + day", rows(), within="arm", ddf="between-within")
    assert fit.df == fit.n_participants - 2  # the intercept and the arm
    assert list(fit.params.index[:4]) == ["Intercept", "arm[exercise]", "day", "between: Intercept"]
    tidy = fit.tidy(0.9)
    assert tidy["term"].tolist() == list(fit.params.index)
    limits = fit.conf_int(alpha=0.1)
    assert tidy["conf_low"].to_numpy() == pytest.approx(limits["conf_low"].to_numpy())
    whole = fit.coefficients[["conf_low", "conf_high"]].to_numpy()
    assert fit.conf_int().to_numpy() == pytest.approx(whole)
    assert fit.resid.to_numpy() == pytest.approx(rows()["pain"].to_numpy() - fit.fittedvalues.to_numpy())
    assert abs(fit.resid.mean()) < 0.01
    new = pd.DataFrame({"arm": ["usual", "exercise"], "day": [0.0, 0.0]})
    found = fit.predict(new)
    assert found["sd"].iloc[1] / found["sd"].iloc[0] == pytest.approx(fit.sd_ratio("arm[exercise]")["estimate"])
    assert found["level"].iloc[0] == pytest.approx(fit.params["Intercept"])
    assert fit.aic == pytest.approx(2 * len(fit.params) - 2 * fit.llf)
    again = eval(fit.spec.call(), {"fit_location_scale": fit_location_scale, "data": rows()})
    assert again.params.to_numpy() == pytest.approx(fit.params.to_numpy(), abs=1e-10)
    assert again.df == fit.df


def test_weights_are_known_and_need_a_sandwich() -> None:
    data = rows().assign(weight=1.0)
    plain = fit_location_scale("pain ~ arm + day", data, within="arm", vcov="CR0")
    weighted = fit_location_scale(
        "pain ~ arm + day", data.assign(weight=3.0), within="arm", vcov="CR0", weights="weight"
    )
    assert weighted.params.to_numpy() == pytest.approx(plain.params.to_numpy(), abs=1e-6)
    with pytest.raises(OptionError, match="no standard errors by the model"):
        fit_location_scale("pain ~ arm", data, weights="weight")
    with pytest.raises(OptionError, match="not above 0"):
        fit_location_scale("pain ~ arm", data.assign(weight=0.0), weights="weight", vcov="CR0")


def test_a_random_scale_finds_the_planted_spread() -> None:
    rng = np.random.default_rng(6)
    who = np.repeat(np.arange(120), 25)
    arm = np.where(who % 2 == 0, "usual", "exercise")
    first, second = rng.normal(size=(2, 120))
    scale = 0.5 * (0.6 * first + 0.8 * second)
    pain = 5 + 1.2 * first[who] + np.exp((-0.5 * (arm == "exercise") + scale[who]) / 2) * rng.normal(size=len(who))
    data = pd.DataFrame({"participant_id": who, "arm": pd.Categorical(arm, ["usual", "exercise"]), "pain": pain})
    found = fit_location_scale("pain ~ arm", data, within="arm")
    by = found.coefficients.set_index(["part", "term"])
    for key, planted in ((("scale", "sd"), 0.5), (("scale", "correlation"), 0.6), (("within", "arm[exercise]"), -0.5)):
        assert by.loc[key, "estimate"] == pytest.approx(planted, abs=4 * by.loc[key, "std_error"]), key
        assert by.loc[key, "std_error"] < 0.2
    true = np.exp(scale[found.persons["participant_id"].astype(int)] / 2)
    assert np.corrcoef(found.persons["sd_ratio"], true)[0, 1] > 0.6


def test_no_random_scale_is_said_and_left_out() -> None:
    rng = np.random.default_rng(3)
    who = np.repeat(np.arange(30), 8)
    pain = 5 + rng.normal(size=30)[who] + rng.permutation(np.tile(np.linspace(-1, 1, 8), 30))
    found = fit_location_scale("pain ~ 1", pd.DataFrame({"participant_id": who, "pain": pain}))
    assert not found.random_scale
    assert "zero" in found.warnings[0]


def test_what_cannot_be_fitted_is_named() -> None:
    data = rows()
    with pytest.raises(OptionError, match="changes within"):
        fit_location_scale("pain ~ arm", data, between="day")
    with pytest.raises(OptionError, match="no column 'who'"):
        fit_location_scale("pain ~ arm", data, participant="who")
    with pytest.raises(FitError, match="participants"):
        fit_location_scale("pain ~ 1", data[data["participant_id"] < 2])
    with pytest.raises(OptionError, match="no term 'sex'"):
        fit_location_scale("pain ~ arm", data, within="arm", random_scale=False).sd_ratio("sex")
