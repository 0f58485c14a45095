"""Average, slope and area over the visits, and any linear combination, against the participants' own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coxa.errors import OptionError
from coxa.estimates import auc, average, contrasts, linear_combination, marginal_means, slope
from coxa.estimates.profile import Profile, planned_profile
from coxa.models import Fit, fit_ancova, fit_mmrm
from tests.reference.trial import trial

DAYS = {"week_6": 42, "week_12": 84, "week_26": 182}
OPTIMUM = 1e-7
"""Relative. Closed forms of a complete trial hold at the optimum, which is within 1e-6 standard errors of theta."""


def complete() -> pd.DataFrame:
    """Return 24 people in two arms, each seen at all three visits."""
    rng = np.random.default_rng(12)
    own = rng.normal(0, 6, (24, 1)) + rng.normal(0, 4, (24, 3)) + [[3.0, 6.0, 8.0]]
    data = pd.DataFrame(own, columns=list(DAYS)).assign(participant_id=range(24), arm=["usual_care", "exercise"] * 12)
    long = data.melt(["participant_id", "arm"], var_name="visit", value_name="change")
    return long.assign(
        arm=pd.Categorical(long["arm"], ["usual_care", "exercise"]), visit=pd.Categorical(long["visit"], list(DAYS))
    )


@pytest.fixture(scope="module")
def fit() -> Fit:
    return fit_mmrm("change ~ arm * visit", complete())


@pytest.mark.parametrize("profile", [average(list(DAYS)), average({"week_6": 1, "week_26": 2}), slope(DAYS), auc(DAYS)])
def test_a_complete_trial_gives_the_t_test_of_the_participants_own_numbers(fit: Fit, profile: Profile) -> None:
    wide = complete().pivot(index=["arm", "participant_id"], columns="visit", values="change")
    own = sum(weight * wide[visit] for visit, weight in profile.weights.items())
    exercise, usual = own.loc["exercise"], own.loc["usual_care"]
    expected = stats.ttest_ind(exercise, usual)
    row = contrasts(fit, over_time=profile).frame.iloc[0]
    assert (row["term"], row["visit"]) == (f"difference_in_{profile.term}", "")
    assert row["estimate"] == pytest.approx(exercise.mean() - usual.mean(), rel=OPTIMUM)
    assert row["statistic"] == pytest.approx(expected.statistic, rel=OPTIMUM)
    assert row["df"] == pytest.approx(22, rel=OPTIMUM)
    assert row["p_value"] == pytest.approx(expected.pvalue, rel=1e-6)


def test_a_slope_is_that_of_a_line_and_an_area_that_of_trapezoids(fit: Fit) -> None:
    means = marginal_means(fit).frame.query("arm == 'exercise'")["estimate"].to_numpy()
    days = np.array(list(DAYS.values()))
    line = np.polyfit(days, means, 1)[0]
    got = marginal_means(fit, over_time=slope(DAYS, per=7)).frame.set_index("arm")
    assert got.loc["exercise", "estimate"] == pytest.approx(7 * line, rel=1e-9)
    assert got.loc["exercise", "term"] == "slope"
    assert "per 7 days over week_6 (day 42), week_12 (day 84)" in got.loc["exercise", "method"]
    area = marginal_means(fit, over_time=auc(DAYS)).frame["estimate"].iloc[1]
    assert area == pytest.approx(np.trapezoid(means, days), rel=1e-9)
    from_zero = marginal_means(fit, over_time=auc(DAYS, zero_at=0, per="span")).frame["estimate"].iloc[1]
    assert from_zero == pytest.approx(np.trapezoid([0, *means], [0, *days]) / 182, rel=1e-9)


def test_weights_written_out() -> None:
    assert dict(average(["a", "b"]).weights) == {"a": 0.5, "b": 0.5}
    assert dict(slope({"c": 20, "a": 0, "b": 10}).weights) == {"a": -0.05, "b": 0.0, "c": 0.05}
    assert dict(slope({"a": 0, "b": 10, "c": 20}, per="span").weights) == {"a": -1.0, "b": 0.0, "c": 1.0}
    assert dict(auc({"b": 10}, zero_at=0).weights) == {"b": 5.0}


def test_the_words_of_a_plan() -> None:
    assert planned_profile("by_visit", DAYS) is None
    assert planned_profile("average", DAYS) == average(list(DAYS))
    assert planned_profile("slope", DAYS) == slope(DAYS, per=7)
    assert planned_profile("auc", DAYS, zero_at=0) == auc(DAYS, per="span", zero_at=0)
    with pytest.raises(OptionError, match=r'`contrast` is "area". Choose one of by_visit, average, slope, auc'):
        planned_profile("area", DAYS)


def test_observations_are_those_at_the_visits_that_count() -> None:
    fit = fit_mmrm("change ~ arm * visit", trial())
    row = contrasts(fit, over_time=average(["week_12", "week_52"])).frame.iloc[0]
    by_visit = contrasts(fit).frame.query("arm == 'exercise' and visit in ['week_12', 'week_52']")
    assert row["n_observations"] == by_visit["n_observations"].sum()


def test_combinations_by_the_name_of_means_and_of_coefficients(fit: Fit) -> None:
    named = {
        "late": {
            "exercise@week_12": 0.5,
            "exercise@week_26": 0.5,
            "usual_care@week_12": -0.5,
            "usual_care@week_26": -0.5,
        }
    }
    row = linear_combination(fit, named).frame.iloc[0]
    average_row = contrasts(fit, over_time=average(["week_12", "week_26"])).frame.iloc[0]
    for column in ("estimate", "std_error", "df", "p_value", "conf_low"):
        assert row[column] == pytest.approx(average_row[column], rel=1e-9)
    assert (row["arm"], row["term"]) == ("late", "linear_combination")
    mixed = linear_combination(fit, {"arm[exercise]": 1, "exercise@week_6": 1, "usual_care@week_6": -1}).frame.iloc[0]
    assert mixed["estimate"] == pytest.approx(2 * fit.params["arm[exercise]"], rel=1e-9)
    assert mixed["arm"] == "1 arm[exercise] + 1 exercise@week_6 - 1 usual_care@week_6"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: contrasts(f, over_time=average(["week_7"])), 'no visit of the model "week_7". Choose one of week_6'),
        (lambda _: average(["a", "a"]), "a list in which each occurs once"),
        (lambda _: average({"a": 1, "b": -1}), "Give numbers of 0 or more, not all 0"),
        (lambda _: slope({"a": 5}), "Give 2 or more on different days"),
        (lambda _: auc({"a": 5, "b": 5}), "Give 2 or more on different days"),
        (lambda _: slope(DAYS, per=0), "`per` is 0. Give a number of days above 0"),
        (lambda _: auc(DAYS, zero_at=50), r"`zero_at` is 50. Give a day before the first visit \(week_6, day 42\)"),
        (lambda f: linear_combination(f, {"exercise@week12": 1}), "did you mean exercise@week_12"),
        (lambda f: linear_combination(f, {}), "neither a mapping from name to weight nor from label"),
        (lambda f: linear_combination(f, {"a": 1, "b": {"c": 1}}), "Give one of the two, with at least one weight"),
        (lambda f: linear_combination(f, {"exercise@week_6": 0}), "is zero for all coefficients"),
    ],
)
def test_what_cannot_be_asked_is_said(fit: Fit, call: object, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        call(fit)  # type: ignore[operator]


def test_one_visit_has_no_course() -> None:
    data = complete().query("visit == 'week_6'")
    with pytest.raises(OptionError, match="The model has one visit, and so no slope over visits"):
        contrasts(fit_ancova("change ~ arm", data), over_time=slope(DAYS))
