"""Mixed location scale models against nlme, glmmTMB, and an integral over both effects by brute force."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from coxa.errors import FitError, OptionError
from coxa.models import fit_location_scale
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
    return _problem("pain ~ arm + day", few, "arm", "1", "participant_id", True)[0], few


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
