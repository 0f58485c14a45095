"""Cumulative logit models: direction, closed forms, derivatives, brute force, and what has no maximum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import expit, logit

from coxa import models
from coxa.errors import DataError, FitError, OptionError, SeparationError
from coxa.models import fit_glm, fit_ordinal, proportional_odds_test
from coxa.models.ordinal.likelihood import (
    expected_information,
    gradient_of,
    information_of,
    minus_loglik,
    thresholds_of,
)
from coxa.models.ordinal.separation import separation
from tests.reference.tolerances import CLOSED_FORM, FINITE_DIFFERENCE

LEVELS = ["none", "mild", "moderate", "severe"]


def drawn(n: int = 120, seed: int = 1, visits: int = 1, sd: float = 0.0) -> pd.DataFrame:
    """Return a trial whose arm b has higher pain, in four categories."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"participant_id": np.repeat(np.arange(n), visits)})
    frame["arm"] = np.where(frame["participant_id"] % 2 == 1, "b", "a")
    frame["age"] = np.repeat(rng.normal(60, 8, n), visits)
    frame["visit"] = np.tile([f"week_{k}" for k in range(visits)], n)
    latent = 0.9 * (frame["arm"] == "b") + 0.03 * (frame["age"] - 60) + np.repeat(rng.normal(0, sd, n), visits)
    codes = np.digitize(latent + rng.logistic(size=len(frame)), [-1.0, 0.5, 2.0])
    return frame.assign(pain=np.array(LEVELS)[codes])


def test_a_positive_coefficient_moves_to_higher_categories() -> None:
    fit = fit_ordinal("pain ~ arm + age", drawn(), levels=LEVELS)
    shares = fit.predict(pd.DataFrame({"arm": ["a", "b"], "age": [60, 60]})).to_numpy()
    assert fit.params["arm[b]"] > 0
    assert (np.cumsum(shares, axis=1)[1, :3] < np.cumsum(shares, axis=1)[0, :3]).all()
    turned = fit_ordinal("pain ~ arm + age", drawn(), levels=LEVELS[::-1])
    assert turned.params["arm[b]"] == pytest.approx(-fit.params["arm[b]"], rel=CLOSED_FORM)


def test_two_categories_are_logistic_regression() -> None:
    data = drawn().assign(bad=lambda d: d["pain"].isin(LEVELS[2:]).astype(int))
    fit = fit_ordinal("bad ~ arm + age", data, levels=[0, 1])
    logistic = fit_glm("bad ~ arm + age", data)
    assert fit.params["arm[b]"] == pytest.approx(logistic.params["arm[b]"], rel=CLOSED_FORM)
    assert fit.params["0|1"] == pytest.approx(-logistic.params["Intercept"], rel=CLOSED_FORM)
    assert fit.bse["age"] == pytest.approx(np.sqrt(np.diag(logistic.covariance))[2], rel=CLOSED_FORM)
    assert fit.loglik == pytest.approx(logistic.loglik, rel=CLOSED_FORM)
    assert proportional_odds_test(fit).empty


def test_without_covariates_thresholds_are_logits_of_shares() -> None:
    data = drawn()
    fit = fit_ordinal("pain ~ 1", data, levels=LEVELS)
    shares = data["pain"].value_counts(normalize=True)[LEVELS].cumsum()[:-1]
    assert fit.thresholds.to_numpy() == pytest.approx(logit(shares.to_numpy()), rel=CLOSED_FORM)
    assert fit.bse.to_numpy() == pytest.approx((120 * shares * (1 - shares)).to_numpy() ** -0.5, rel=CLOSED_FORM)


def test_an_effect_of_the_arm_at_each_threshold_is_the_log_odds_ratio_of_each_cut() -> None:
    data = drawn()
    fit = fit_ordinal("pain ~ arm", data, levels=LEVELS, partial=["arm"])
    for j, name in enumerate(["none|mild", "mild|moderate", "moderate|severe"]):
        above = data["pain"].isin(LEVELS[j + 1 :]).groupby(data["arm"]).mean()
        assert fit.params[f"arm[b]: {name}"] == pytest.approx(logit(above.to_numpy()) @ [-1, 1], rel=CLOSED_FORM)


@pytest.mark.parametrize("partial", [0, 1])
def test_gradient_and_hessian_are_exact(partial: int) -> None:
    rng = np.random.default_rng(2)
    x, z = rng.normal(size=(30, 2)), rng.normal(size=(30, partial)) / 10
    rows = thresholds_of(rng.integers(0, 4, 30), x, z, 3)
    at = np.r_[-1.0, 0.3, 1.9, 0.5, -0.4, np.tile([0.2, 0.1, 0.4], partial)]
    h = 1e-6 * np.eye(at.size)
    slope = [(minus_loglik(rows, at - e) - minus_loglik(rows, at + e)) / 2e-6 for e in h]
    assert gradient_of(rows, at) == pytest.approx(np.array(slope), abs=FINITE_DIFFERENCE)
    bend = [(gradient_of(rows, at - e) - gradient_of(rows, at + e)) / 2e-6 for e in h]
    assert information_of(rows, at) == pytest.approx(np.array(bend), abs=FINITE_DIFFERENCE)


def test_expected_information_is_the_mean_of_the_observed() -> None:
    rng = np.random.default_rng(3)
    x, z, at = rng.normal(size=(6, 1)), np.empty((6, 0)), np.array([-0.5, 0.8, 0.6])
    total = np.zeros((3, 3))
    for k in range(3):
        for i in range(6):
            rows = thresholds_of(np.array([k]), x[i : i + 1], z[i : i + 1], 2)
            total += np.exp(-minus_loglik(rows, at)) * information_of(rows, at)
    assert expected_information(x, z, 2, at) == pytest.approx(total, rel=CLOSED_FORM)


def test_the_log_probability_keeps_its_digits_far_from_the_thresholds() -> None:
    rows = thresholds_of(np.array([1]), np.array([[0.0]]), np.empty((1, 0)), 2)
    assert minus_loglik(rows, np.array([50.0, 51.0, 0.0])) == pytest.approx(50 - np.log(1 - np.exp(-1)), rel=1e-12)
    assert minus_loglik(rows, np.array([1.0, 0.5, 0.0])) == np.inf


def by_quadrature(data: pd.DataFrame, params: np.ndarray, sd: float) -> float:
    """Return the log-likelihood with a random intercept, each participant integrated over by itself."""
    codes = data["pain"].map({name: k for k, name in enumerate(LEVELS)}).to_numpy()
    ends = np.r_[-np.inf, params[:3], np.inf]
    eta = params[3] * (data["arm"] == "b").to_numpy()

    def density(u: float, rows: np.ndarray) -> float:
        high, low = ends[codes[rows] + 1] - eta[rows] - sd * u, ends[codes[rows]] - eta[rows] - sd * u
        return float(np.prod(expit(high) - expit(low)) * np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi))

    groups = data.groupby("participant_id").indices.values()
    return float(sum(np.log(quad(density, -9, 9, args=(rows,), epsabs=1e-13, epsrel=1e-12)[0]) for rows in groups))


def test_a_random_intercept_is_integrated_and_at_the_maximum() -> None:
    data = drawn(20, seed=4, visits=4, sd=1.5)
    fit = fit_ordinal("pain ~ arm + (1 | participant_id)", data, levels=LEVELS)
    assert fit.random is not None
    theta = np.append(fit.params, fit.random.sd)
    assert fit.loglik == pytest.approx(by_quadrature(data, theta[:-1], theta[-1]), rel=1e-10)
    for move in 0.1 * np.diag(np.append(fit.bse, fit.random.std_error)):
        other = by_quadrature(data, (theta + move)[:-1], (theta + move)[-1])
        assert other < fit.loglik
        back = by_quadrature(data, (theta - move)[:-1], (theta - move)[-1])
        assert abs(other - back) < 0.1 * (2 * fit.loglik - other - back)


def test_a_variance_of_zero_is_named_and_is_the_model_without() -> None:
    data = drawn(60, visits=2)
    codes = data["pain"].map({name: k for k, name in enumerate(LEVELS)})
    data["pain"] = [LEVELS[3 - code] if k % 2 else LEVELS[code] for k, code in enumerate(np.repeat(codes[::2], 2))]
    fit = fit_ordinal("pain ~ arm + (1 | participant_id)", data, levels=LEVELS)
    without = fit_ordinal("pain ~ arm", data.drop(columns="participant_id"), levels=LEVELS)
    assert fit.random is not None
    assert fit.random.sd == 0
    assert fit.params.to_numpy() == pytest.approx(without.params.to_numpy(), rel=CLOSED_FORM)
    assert "participant_id is estimated as zero" in " ".join(fit.warnings)


def test_effects_at_each_threshold_go_with_a_random_intercept() -> None:
    data = drawn(40, seed=5, visits=3, sd=1.0)
    fit = fit_ordinal("pain ~ arm + (1 | participant_id)", data, levels=LEVELS, partial=["arm"])
    test = proportional_odds_test(fit_ordinal("pain ~ arm + (1 | participant_id)", data, levels=LEVELS))
    same = fit_ordinal("pain ~ arm + (1 | participant_id)", data, levels=LEVELS)
    assert test["statistic"].tolist() == pytest.approx([2 * (fit.loglik - same.loglik)] * 2, rel=1e-8)


def test_the_score_test_of_two_arms_and_three_categories_by_hand() -> None:
    """At equal effects, information is that of two multinomial samples; by the chain rule on four free shares."""
    data = drawn().assign(pain=lambda d: d["pain"].replace("severe", "moderate"))
    fit = fit_ordinal("pain ~ arm", data, levels=LEVELS[:3])
    test = proportional_odds_test(fit, test="score")
    counts = pd.crosstab(data["arm"], data["pain"])[LEVELS[:3]].to_numpy()
    shares = fit.predict(pd.DataFrame({"arm": ["a", "b"]})).to_numpy()
    expected = counts.sum(axis=1, keepdims=True) * shares
    assert test["statistic"].tolist() == pytest.approx([((counts - expected) ** 2 / expected).sum()] * 2, rel=1e-8)


def separated() -> pd.DataFrame:
    return pd.DataFrame({"arm": list("aaaabbbb"), "pain": ["none", "mild", "none", "mild"] + ["severe"] * 4})


def test_separation_is_named() -> None:
    with pytest.raises(SeparationError, match=r"'pain' is separated: .* by 'arm\[b\]'"):
        fit_ordinal("pain ~ arm", separated(), levels=["none", "mild", "severe"])


def test_separation_at_one_threshold_only_is_named_by_the_threshold() -> None:
    data = drawn(80)
    data.loc[(data["arm"] == "a") & (data["pain"] == "severe"), "pain"] = "moderate"
    fit_ordinal("pain ~ arm", data, levels=LEVELS)
    with pytest.raises(SeparationError, match=r"'arm\[b\]: moderate\|severe'"):
        fit_ordinal("pain ~ arm", data, levels=LEVELS, partial=["arm"])


@pytest.mark.parametrize("seed", range(20))
def test_a_direction_is_found_exactly_where_the_likelihood_has_no_maximum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes = np.r_[0, 1, 2, rng.integers(0, 3, 4)]
    rows = thresholds_of(codes, rng.integers(0, 3, (7, 1)).astype(float), np.empty((7, 0)), 2)
    found = separation(rows)
    at = np.array([-0.5, 0.5, 0.0])
    along = [minus_loglik(rows, at + t * found.direction) for t in (0, 1, 5, 20)] if found else []
    assert along == sorted(along, reverse=True)
    grid = [minus_loglik(rows, np.array([a, b, c])) for a in (-40, 0) for b in (1, 41) for c in (-40, 0, 40)]
    if not found:
        assert min(grid) == minus_loglik(rows, np.array([0, 1, 0]))


def test_rows_without_a_value_are_counted_and_levels_without_a_row_are_named() -> None:
    data = drawn().replace({"pain": {"severe": "moderate"}})
    data.loc[[3, 7], "age"] = np.nan
    data.loc[9, "pain"] = None
    before = data.copy()
    fit = fit_ordinal("pain ~ arm + age", data, levels=LEVELS)
    assert (fit.nobs, fit.design.left_out["row"].tolist()) == (117, [3, 7, 9])
    assert fit.warnings == ("no analysed row has pain severe",)
    pd.testing.assert_frame_equal(data, before)


@pytest.mark.parametrize(
    ("change", "options", "error", "words"),
    [
        ({}, {"levels": LEVELS[:3]}, FitError, "is severe in row .*, which is not one of none, mild, moderate"),
        ({}, {"levels": None}, OptionError, "is not given, and 'pain' is not an ordered categorical"),
        ({}, {"levels": ["none"]}, OptionError, "two different categories"),
        ({}, {"levels": LEVELS, "partial": ["sex"]}, OptionError, "not a term of the formula. Choose from arm"),
        ({}, {"levels": LEVELS, "points": 0}, OptionError, "whole number from 1"),
        ({"pain": "mild"}, {"levels": LEVELS}, FitError, "is mild in all 120 analysed rows"),
        ({"participant_id": 1}, {"levels": LEVELS}, DataError, "measured twice"),
    ],
)
def test_what_cannot_be_fitted_is_answered(
    change: dict[str, Any], options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        fit_ordinal("pain ~ arm", drawn().assign(**change), **options)


@pytest.mark.parametrize(
    ("formula", "error", "words"),
    [
        ("pain ~ 0 + arm", OptionError, "has no intercept, in whose place thresholds are"),
        ("pain ~ arm + (arm | participant_id)", OptionError, "other random effects than one intercept"),
        ("pain ~ arm + (1 | participant_id)", FitError, "120 levels with at most 1 rows"),
    ],
)
def test_a_formula_that_is_not_offered_is_answered(formula: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        fit_ordinal(formula, drawn(), levels=LEVELS)


def test_an_ordered_column_has_its_levels_and_numbers_are_levels_too() -> None:
    data = drawn()
    ordered = data.assign(pain=pd.Categorical(data["pain"], LEVELS, ordered=True))
    numbers = data.assign(pain=data["pain"].map({name: k for k, name in enumerate(LEVELS)}).astype(float))
    by_name = fit_ordinal("pain ~ arm", data, levels=LEVELS)
    assert fit_ordinal("pain ~ arm", ordered).params.equals(by_name.params)
    assert fit_ordinal("pain ~ arm", numbers, levels=[0, 1, 2, 3]).params["arm[b]"] == by_name.params["arm[b]"]


def test_scale_and_origin_of_a_covariate_change_nothing_else() -> None:
    data = drawn()
    fit = fit_ordinal("pain ~ arm + age", data, levels=LEVELS, partial=["age"])
    days = fit_ordinal("pain ~ arm + age", data.assign(age=1e6 + data["age"] * 365), levels=LEVELS, partial=["age"])
    assert days.loglik == pytest.approx(fit.loglik, rel=1e-9)
    assert days.params["arm[b]"] == pytest.approx(fit.params["arm[b]"], rel=1e-6)
    assert days.params.iloc[-3:].to_numpy() * 365 == pytest.approx(fit.params.iloc[-3:].to_numpy(), rel=1e-6)


def test_the_recorded_call_gives_the_fit_again() -> None:
    data = drawn(40, visits=2, sd=1.0)
    fit = fit_ordinal("pain ~ arm + age + (1 | participant_id)", data, levels=LEVELS, partial=["arm"], points=9)
    again = eval(fit.spec.call(), {**vars(models), "fit_ordinal": fit_ordinal, "data": data})
    assert fit.spec.call().endswith("levels=['none', 'mild', 'moderate', 'severe'], partial=['arm'], points=9)")
    assert again.params.equals(fit.params)


def test_a_fit_answers_to_the_names_of_statsmodels() -> None:
    fit = fit_ordinal("pain ~ arm", drawn(), levels=LEVELS)
    assert fit.llf == fit.loglik
    assert fit.aic == pytest.approx(-2 * fit.llf + 8)
    assert fit.bic == pytest.approx(-2 * fit.llf + 4 * np.log(120))
    limits = [float(fit.params["arm[b]"]) + z * float(fit.bse["arm[b]"]) for z in (-1.959964, 1.959964)]
    assert fit.conf_int().loc["arm[b]"].to_numpy() == pytest.approx(np.array(limits), rel=1e-6)
    assert "Proportional odds" in fit.summary()
    assert "<table" in fit._repr_html_()
