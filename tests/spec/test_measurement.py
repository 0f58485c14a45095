"""Reliability, agreement, important and reliable change: what they refuse, and what has to hold of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from coxa.errors import FitError, OptionError
from coxa.measurement import (
    bland_altman,
    clinical_cutoffs,
    cronbach_alpha,
    floor_and_ceiling,
    important_change,
    intraclass_correlation,
    reliable_change,
)

DRAW = np.random.default_rng(3)
IMPROVED = np.repeat([1, 0], [60, 60])
CHANGE = DRAW.normal(8 * IMPROVED, 6)


def test_incomplete_rows_are_left_out_and_counted():
    scores = [[1, 2], [3, np.nan], [4, 4], [6, 7], [8, 8]]
    found = intraclass_correlation(scores)
    assert (found.n, found.occasions, found.left_out) == (4, 2, 1)


def test_a_shift_of_one_occasion_costs_agreement_and_no_consistency():
    true = np.arange(20.0)
    even = np.column_stack([true, true + DRAW.normal(0, 0.5, 20)])
    shifted = even + np.array([0, 5])
    a, b = (intraclass_correlation(one).frame.set_index("form")["estimate"] for one in (even, shifted))
    assert a["ICC(3,1)"] == pytest.approx(b["ICC(3,1)"])
    assert b["ICC(2,1)"] < a["ICC(2,1)"] - 0.1


def test_limits_of_a_single_pair_are_wider_than_those_of_the_bias():
    found = bland_altman(CHANGE, CHANGE + DRAW.normal(1, 2, len(CHANGE)))
    assert found.lower < found.bias < found.upper
    width = found.bias_limits[1] - found.bias_limits[0]
    assert found.upper_limits[1] - found.upper_limits[0] > 1.5 * width


@pytest.mark.parametrize("repeated", ["varying", "varying_reml"])
def test_repeated_pairs_in_balance_agree_by_both_ways(repeated):
    whose = np.repeat(np.arange(12), 3)
    x = DRAW.normal(0, 1, 36) + np.repeat(DRAW.normal(0, 2, 12), 3)
    d = x - x.mean()
    by_hand = bland_altman(d, np.zeros(36), participant=whose, repeated="varying")
    found = bland_altman(d, np.zeros(36), participant=whose, repeated=repeated)
    assert found.sd == pytest.approx(by_hand.sd, rel=1e-6)


def test_floor_and_ceiling_count_the_ends():
    found = floor_and_ceiling([0, 0, 5, 100, np.nan], 0, 100)
    assert (found["n"], found["floor"], found["ceiling"], found["has_floor"]) == (4, 0.5, 0.25, True)


def test_with_half_improved_all_predictive_thresholds_agree():
    found = important_change(CHANGE, IMPROVED, anchor_reliability=0.6)
    assert found.estimate("adjusted_2017") == pytest.approx(found.estimate("predictive"))
    assert found.estimate("adjusted_2022") == pytest.approx(found.estimate("predictive"))


def test_the_area_is_the_share_of_pairs():
    found = important_change(CHANGE, IMPROVED)
    better = stats.mannwhitneyu(CHANGE[IMPROVED == 1], CHANGE[IMPROVED == 0]).statistic
    assert found.auc == pytest.approx(better / 3600)


def test_mean_change_is_of_those_who_improved_a_little_where_they_are_known():
    little = np.arange(120) < 20
    found = important_change(CHANGE, IMPROVED, minimally=little)
    assert found.estimate("mean_change") == pytest.approx(CHANGE[:20].mean())


def test_warnings_name_a_poor_anchor_and_an_uneven_share():
    y = np.repeat([1, 0], [20, 80])
    d = DRAW.normal(0.4 * y, 2) + 0.2 * y
    said = " ".join(important_change(d, y).warnings)
    assert "20% improved" in said
    assert "poor anchor" in said


def test_statuses_follow_direction_and_cutoff():
    before, after = np.array([70, 70, 70, 70, np.nan]), np.array([40, 60, 66, 85, 50])
    found = reliable_change(before, after, sd=8, reliability=0.9, cutoff=50, higher_is_better=False)
    assert found.status == ("recovered", "improved", "unchanged", "deteriorated", "")
    assert found.counts == {"recovered": 1, "improved": 1, "unchanged": 1, "deteriorated": 1}


def test_errors_of_change_differ_as_their_formulas():
    options = {"sd": 8, "reliability": 0.84, "higher_is_better": True}
    jt, both, en = (
        reliable_change([30], [40], **options),
        reliable_change([30], [40], error="both_spreads", sd_after=6, **options),
        reliable_change([30], [40], error="edwards_nunnally", mean=40, **options),
    )
    assert (jt.std_error, both.std_error, en.std_error) == pytest.approx((8 * 0.32**0.5, 4.0, 3.2))
    assert en.frame["index"].iloc[0] == pytest.approx((40 - (0.84 * -10 + 40)) / 3.2)


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        (lambda: intraclass_correlation([1, 2, 3]), "two or more"),
        (lambda: intraclass_correlation([[1, 2], [2, 3]]), "at least 3"),
        (lambda: intraclass_correlation(np.ones((4, 2))), "do not vary"),
        (lambda: cronbach_alpha(np.ones((4, 2))), "same total"),
        (lambda: bland_altman([1, 2], [1, 2]), "at least 3"),
        (lambda: bland_altman([1, 2, 3], [1, 2]), "for every row"),
        (lambda: bland_altman([1, 2, 3], [1, 2, 4], participant=[1, 2, 3]), "Leave out"),
        (lambda: floor_and_ceiling([1, 11], 0, 10), "ends of the range"),
        (lambda: important_change(CHANGE[:15], IMPROVED[:15]), "at least 10"),
        (lambda: important_change(CHANGE, IMPROVED + 1), "yes and no"),
        (lambda: important_change(CHANGE, IMPROVED, anchor_reliability=1.2), "anchor_reliability"),
        (lambda: reliable_change([1], [2], sd=1, reliability=1.0, higher_is_better=True), "between 0 and 1"),
        (lambda: reliable_change([1], [2], sd=1, reliability=0.5, higher_is_better=True, error="both_spreads"),
         "sd_after"),
        (lambda: clinical_cutoffs(40, 8, 30, 8, higher_is_better=True), "not better than"),
        (lambda: clinical_cutoffs(40, 8, 60, higher_is_better=True), "Give both"),
    ],
)  # fmt: skip
def test_options_that_do_not_fit_are_refused(call, fault):
    with pytest.raises(OptionError, match=fault):
        call()


def test_an_anchor_against_the_change_is_refused():
    with pytest.raises(FitError, match="does not rise"):
        important_change(-CHANGE, IMPROVED)
    with pytest.raises(FitError, match="separates"):
        important_change(np.where(IMPROVED == 1, 10.0, 0.0) + np.linspace(0, 1, 120), IMPROVED)
