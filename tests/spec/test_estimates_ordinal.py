"""Odds ratios, probabilities and the probability to win of ordered outcomes, and the test of row mean scores."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.errors import DataError, FitError, OptionError
from coxa.estimates import (
    Estimates,
    category_probabilities,
    cumulative_odds_ratios,
    row_mean_scores_test,
    standardised_win_probability,
    win_probability,
    win_statistics,
)
from coxa.estimates.ordinal import distributions
from coxa.estimates.row_mean_scores import stratum_sums
from coxa.estimates.win_ratio import MeasuredEndpoint
from coxa.models import OrdinalFit, fit_ordinal
from tests.reference.tolerances import CLOSED_FORM
from tests.spec.test_models_ordinal import LEVELS, drawn


def numbers(estimates: Estimates, *columns: str) -> Any:
    return estimates.frame[list(columns)].to_numpy()


def test_the_odds_ratio_is_that_of_the_coefficient() -> None:
    fit = fit_ordinal("pain ~ arm + age", drawn(), levels=LEVELS)
    row = cumulative_odds_ratios(fit, against="b").frame.iloc[0]
    assert (row["arm"], row["reference"], row["term"]) == ("a", "b", "cumulative_odds_ratio")
    assert np.log(row["estimate"]) == pytest.approx(-fit.params["arm[b]"], rel=CLOSED_FORM)
    assert row["std_error"] == pytest.approx(fit.bse["arm[b]"], rel=CLOSED_FORM)
    assert row["p_value"] == pytest.approx(fit.pvalues["arm[b]"], rel=CLOSED_FORM)


def test_with_effects_at_each_threshold_there_is_an_odds_ratio_above_each() -> None:
    fit = fit_ordinal("pain ~ arm", drawn(), levels=LEVELS, partial=["arm"])
    found = cumulative_odds_ratios(fit).frame
    assert found["analysis"].tolist() == ["above=none", "above=mild", "above=moderate"]
    assert np.log(found["estimate"]).tolist() == pytest.approx(fit.params.iloc[3:].tolist(), rel=CLOSED_FORM)


def test_an_odds_ratio_that_depends_on_the_visit_is_asked_for_at_one() -> None:
    fit = fit_ordinal("pain ~ arm * visit + (1 | participant_id)", drawn(40, visits=2, sd=1.0), levels=LEVELS)
    with pytest.raises(OptionError, match=r"at=\{'visit': 'week_12'\}"):
        cumulative_odds_ratios(fit)
    late = cumulative_odds_ratios(fit, at={"visit": "week_1"}).frame.iloc[0]
    both = fit.params["arm[b]"] + fit.params["arm[b]:visit[week_1]"]
    assert (np.log(late["estimate"]), late["visit"]) == (pytest.approx(both, rel=CLOSED_FORM), "week_1")


def saturated() -> tuple[pd.DataFrame, OrdinalFit]:
    data = drawn()
    return data, fit_ordinal("pain ~ arm", data, levels=LEVELS, partial=["arm"])


def test_of_a_saturated_model_probabilities_are_shares_with_binomial_errors() -> None:
    data, fit = saturated()
    own = category_probabilities(fit).only(term="level_share", arm="b")
    shares = data.loc[data["arm"] == "b", "pain"].value_counts(normalize=True)[LEVELS].to_numpy()
    errors = np.sqrt(shares * (1 - shares) / 60)
    assert own.frame["analysis"].tolist() == [f"level={level}" for level in LEVELS]
    assert numbers(own, "estimate", "std_error") == pytest.approx(np.column_stack([shares, errors]), rel=1e-8)
    higher = category_probabilities(fit, at_least=True).only(term="level_share", arm="b")
    tail = shares[::-1].cumsum()[::-1][1:]
    assert numbers(higher, "estimate", "std_error")[:, 1] == pytest.approx(np.sqrt(tail * (1 - tail) / 60), rel=1e-8)


def test_of_a_saturated_model_the_win_probability_is_mann_and_whitneys() -> None:
    data, fit = saturated()
    standardised = standardised_win_probability(fit).frame.iloc[0]
    pairs = win_probability(data, "pain", levels=LEVELS, method="delong").frame.iloc[0]
    assert standardised["estimate"] == pytest.approx(pairs["estimate"], rel=1e-10)
    assert standardised["std_error"] == pytest.approx(pairs["std_error"] * np.sqrt(59 / 60), rel=1e-8)


@pytest.mark.parametrize("random", ["", " + (1 | participant_id)"])
def test_errors_are_the_derivatives_of_the_averages(random: str) -> None:
    """Each coefficient is moved, and what is averaged is predicted anew."""
    data = drawn(40, visits=3, sd=1.2)
    if not random:
        data = data[data["visit"] == "week_0"]
    fit = fit_ordinal("pain ~ arm + age" + random, data, levels=LEVELS)
    found = distributions(fit, "arm", None)
    theta = fit.params.to_numpy() if not random else np.append(fit.params, fit.random.sd)  # type: ignore[union-attr]
    slopes = []
    for move in 1e-5 * np.eye(len(theta)):
        up, down = (distributions(moved(fit, theta + sign * move), "arm", None).shares for sign in (1, -1))
        slopes.append((up - down).ravel() / 2e-5)
    gradient = np.array(slopes).T
    assert found.covariance == pytest.approx(gradient @ fit.joint @ gradient.T, rel=1e-5, abs=1e-10)


def moved(fit: OrdinalFit, theta: np.ndarray) -> OrdinalFit:
    random = None if fit.random is None else replace(fit.random, sd=float(theta[-1]))
    return replace(fit, params=pd.Series(theta[: len(fit.params)], fit.params.index), random=random)


def test_probabilities_average_over_covariates_and_intercepts() -> None:
    data = drawn(40, visits=3, sd=1.2)
    fit = fit_ordinal("pain ~ arm + age + (1 | participant_id)", data, levels=LEVELS)
    assert fit.random is not None
    own = category_probabilities(fit).only(term="level_share", arm="b").frame["estimate"].to_numpy()
    by_hand = fit.predict(data.assign(arm="b")).to_numpy().mean(axis=0)
    assert own == pytest.approx(by_hand, rel=CLOSED_FORM)
    assert own.sum() == pytest.approx(1)
    u = fit.random.sd * np.random.default_rng(1).normal(size=200_000)
    shift = fit.params["arm[b]"] + fit.params["age"] * 60 + u
    drawn_share = (1 / (1 + np.exp(-(fit.params["none|mild"] - shift)))).mean()
    shares = fit.predict(pd.DataFrame({"arm": ["b"], "age": [60.0]})).to_numpy()
    assert shares[0, 0] == pytest.approx(drawn_share, abs=3e-3)


def test_differences_are_of_probabilities() -> None:
    _, fit = saturated()
    e = category_probabilities(fit, at_least=True)
    own = {arm: numbers(e.only(term="level_share", arm=arm), "estimate", "std_error") for arm in "ab"}
    apart = numbers(e.only(term="difference_in_shares"), "estimate", "std_error")
    assert apart[:, 0] == pytest.approx(own["b"][:, 0] - own["a"][:, 0])
    assert apart[:, 1] == pytest.approx(np.hypot(own["b"][:, 1], own["a"][:, 1]))


def test_the_win_probability_is_half_of_one_and_the_net_benefit() -> None:
    data = drawn(50)
    codes = data["pain"].map({name: k for k, name in enumerate(LEVELS)}).to_numpy()
    net = win_statistics([MeasuredEndpoint(codes)], (data["arm"] == "b").to_numpy().astype(int)).table.iloc[1]
    row = win_probability(data, "pain", levels=LEVELS).frame.iloc[0]
    assert (row["estimate"], row["std_error"]) == pytest.approx(((1 + net["estimate"]) / 2, net["se"] / 2))
    assert win_probability(data, "pain", against="b", levels=LEVELS).frame["estimate"][0] == pytest.approx(
        1 - row["estimate"]
    )


@pytest.mark.parametrize("method", ["brunner_munzel", "delong"])
@pytest.mark.parametrize("shift", [0.0, 1.0, 3.0])
def test_limits_and_test_agree(method: Any, shift: float) -> None:
    rng = np.random.default_rng(5)
    d = pd.DataFrame({"arm": ["a"] * 12 + ["b"] * 12, "y": np.r_[rng.normal(0, 1, 12), rng.normal(shift, 3, 12)]})
    for level in (0.8, 0.95):
        row = win_probability(d, "y", method=method, conf_level=level).frame.iloc[0]
        assert (row["p_value"] < 1 - level) == (not row["conf_low"] <= 0.5 <= row["conf_high"])
        assert 0 <= row["conf_low"] < row["conf_high"] <= 1


def test_missing_values_are_counted_and_what_has_no_variance_is_answered() -> None:
    d = pd.DataFrame({"participant_id": range(7), "arm": [*list("aaabbb"), None], "y": [1.0, 2, 3, 4, 5, 6, 7]})
    with pytest.raises(FitError, match="All pairs are decided for the same arm"):
        win_probability(d, "y")
    d.loc[[0, 4], "y"] = [5.5, np.nan]
    assert set(win_probability(d, "y").frame["warning"]) == {"2 rows without y or arm are left out"}
    with pytest.raises(DataError, match="measured twice"):
        win_probability(d.assign(participant_id=1), "y")


def test_row_sums_have_the_moments_of_all_permutations() -> None:
    scores, arms = np.array([1.0, 2, 2, 5, 7]), np.array([0, 0, 1, 1, 2])
    gap, covariance = stratum_sums(scores, arms, 3)
    sums = np.array([np.bincount(order, scores, minlength=3) for order in permutations(arms)])
    assert gap == pytest.approx(np.bincount(arms, scores) - sums.mean(axis=0))
    assert covariance == pytest.approx(np.cov(sums.T, ddof=0))


def test_row_mean_scores_in_strata_are_van_elterens_with_modified_ridits() -> None:
    data = drawn(60).assign(site=np.repeat(["x", "y", "z"], 20))
    test = row_mean_scores_test(data, "pain", strata=["site"], levels=LEVELS, scores="modridit")
    codes = data["pain"].map({name: k for k, name in enumerate(LEVELS)})
    top = bottom = 0.0
    for _, rows in data.assign(code=codes).groupby("site"):
        ranks = rows["code"].rank().to_numpy() / 21
        mine = (rows["arm"] == "b").to_numpy()
        top += ranks[mine].sum() - mine.sum() * ranks.mean()
        bottom += mine.sum() * (~mine).sum() / 20 * ranks.var(ddof=1)
    assert (test.statistic, test.df, test.n_strata) == (pytest.approx(top**2 / bottom, rel=CLOSED_FORM), 1, 3)


def test_mean_scores_and_counts_are_shown_and_odd_strata_say_nothing() -> None:
    data = drawn(20).assign(site=[*["x"] * 18, "y", np.nan])
    test = row_mean_scores_test(data, "pain", strata=["site"], levels=LEVELS)
    assert (test.n_strata, test.left_out) == (1, 1)
    assert test.means["n"].sum() == 19
    assert test.means["arm"].tolist() == ["a", "b"]
    with pytest.raises(FitError, match="are not all compared"):
        row_mean_scores_test(data.assign(site=data["arm"]), "pain", strata=["site"], levels=LEVELS)
    with pytest.raises(OptionError, match="3 numbers for 4 categories"):
        row_mean_scores_test(data, "pain", levels=LEVELS, scores=[1, 2, 3])


def test_a_column_or_arm_that_is_not_there_is_answered() -> None:
    fit = fit_ordinal("pain ~ arm + age", drawn(), levels=LEVELS)
    with pytest.raises(OptionError, match='no factor in the formula "age"'):
        cumulative_odds_ratios(fit, "age")
    with pytest.raises(OptionError, match='`against` is "c"'):
        category_probabilities(fit, against="c")
    with pytest.raises(OptionError, match='no column in the formula "site"'):
        standardised_win_probability(fit, at={"site": "x"})
    with pytest.raises(OptionError, match='no column "hip"'):
        win_probability(drawn(), "hip")


def test_the_better_value_wins_and_odds_are_of_the_same_comparison() -> None:
    data = drawn(50)
    lower = win_probability(data, "pain", levels=LEVELS, higher_is_better=False).frame
    higher = win_probability(data, "pain", levels=LEVELS).frame
    assert lower["estimate"][0] == pytest.approx(1 - higher["estimate"][0])
    assert lower["term"].tolist() == ["win_probability", "win_odds"]
    assert lower["estimate"][1] == pytest.approx(lower["estimate"][0] / (1 - lower["estimate"][0]))
    assert lower["p_value"][0] == lower["p_value"][1] == pytest.approx(higher["p_value"][0])
    fit = fit_ordinal("pain ~ arm", data, levels=LEVELS, partial=["arm"])
    model = standardised_win_probability(fit, higher_is_better=False).frame
    assert model["estimate"].tolist() == pytest.approx(lower["estimate"].tolist())


def test_participants_of_the_arms_that_are_compared_are_counted() -> None:
    data = drawn(60, visits=2, sd=1.0)
    data.loc[data["participant_id"] % 3 == 0, "arm"] = "c"
    fit = fit_ordinal("pain ~ arm * visit + (1 | participant_id)", data, levels=LEVELS)
    row = cumulative_odds_ratios(fit, at={"visit": "week_1"}).only(arm="b").frame.iloc[0]
    assert (row["n_participants"], row["n_observations"]) == (40, 40)
