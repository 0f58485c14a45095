"""Three groups that were not randomised: against nnet in R, against two groups, and by counting participants twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.causal import (
    balance_of_groups,
    compare_group_courses,
    compare_group_times,
    compare_groups,
    compare_several_courses,
    compare_several_groups,
    compare_several_times,
    weights_of_groups,
)
from coxa.causal.courses import AskedOfCourses, outcomes_of
from coxa.causal.means import modelled_mean, side_by_side, weighted_mean
from coxa.causal.modelled_times import modelled_time_number
from coxa.causal.several_times import of_two_groups
from coxa.causal.several_weights import several_weights_of_columns, with_missing_of_groups
from coxa.causal.weighted_times import side_by_side_times, weighted_log_hazard_ratio, weighted_time_number
from coxa.errors import FitError, OptionError
from tests.reference.several_groups_numbers import KEPT, three
from tests.sizes import few

NUMBERS: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8"))
CONFOUNDERS = ["age", "severe"]
SEARCH = 1e-7
"""Relative. `multinom` and `optim` stop their quasi-Newton searches before the last digits."""
ASKED: dict[str, Any] = {"outcome": "y", "group": "group", "against": "a", "confounders": CONFOUNDERS}
OPTIONS: dict[str, dict[str, Any]] = {
    "ATE": {}, "ATT": {"target": "ATT", "focal": "c"}, "ATO": {"target": "ATO"}, "entropy": {"method": "entropy"},
    "robust": {"estimator": "doubly_robust"},
}  # fmt: skip


@cache
def cohort() -> pd.DataFrame:
    return three()


def arm_values(found: Any, term: str = "marginal_mean") -> list[float]:
    return list(found.estimates.only(term=term).frame["estimate"])


def test_scores_are_those_of_multinom() -> None:
    weights = weights_of_groups(cohort(), group="group", confounders=CONFOUNDERS)
    assert weights.score is not None
    assert weights.score[:5].tolist() == [pytest.approx(row, rel=SEARCH) for row in NUMBERS["score"]]


@pytest.mark.parametrize("way", OPTIONS)
def test_means_are_those_of_weights_in_r(way: str) -> None:
    found = compare_several_groups(cohort(), **ASKED, **OPTIONS[way])
    assert arm_values(found) == pytest.approx(NUMBERS["means"][way], rel=SEARCH)


def test_the_largest_difference_of_two_groups_is_that_of_r() -> None:
    table = balance_of_groups(
        cohort(), weights_of_groups(cohort(), group="group", confounders=CONFOUNDERS), CONFOUNDERS
    ).table
    assert table["before"].tolist() == pytest.approx(NUMBERS["before"], rel=1e-12)
    assert table["after"].tolist() == pytest.approx(NUMBERS["after"], abs=SEARCH)


def test_entropy_balancing_and_overlap_weights_make_all_means_equal() -> None:
    """Overlap weights too: the equations of the multinomial model are those of the weighted means (Li & Li 2019)."""
    for options in (OPTIONS["entropy"], {"method": "entropy", "target": "ATT", "focal": "b"}):
        found = weights_of_groups(cohort(), group="group", confounders=CONFOUNDERS, **options)
        assert balance_of_groups(cohort(), found, CONFOUNDERS).table["after"].max() < 1e-8


@pytest.mark.parametrize("options", [{}, {"target": "ATO"}, {"target": "ATT"}, {"target": "ATT", "method": "entropy"}])
@pytest.mark.parametrize("estimator", ["weighted", "doubly_robust", "g_computation"])
@pytest.mark.parametrize(("outcome", "kind"), [("y", "mean"), ("high", "yes_no"), ("n", "count")])
def test_two_groups_are_a_comparison_of_two(options: dict[str, Any], estimator: Any, outcome: str, kind: Any) -> None:
    rows = cohort()[cohort()["group"] != "b"].assign(n=lambda d: d["n"].where(d.index % 9 != 0))
    shared = {"outcome": outcome, "group": "group", "confounders": CONFOUNDERS, "estimator": estimator, "kind": kind}
    focal = {"focal": "c"} if options.get("target") == "ATT" else {}
    mine = compare_several_groups(rows, **shared, **options, **focal, against="a").pair("c")
    other = compare_groups(rows, **shared, **options, treated="c")
    assert mine.estimates.frame["term"].tolist() == other.estimates.frame["term"].tolist()
    for column in ("estimate", "std_error", "conf_low", "conf_high"):
        assert mine.estimates.frame[column].to_numpy() == pytest.approx(other.estimates.frame[column], rel=1e-6)
    if options.get("target") != "ATT":
        assert mine.balance.table["after"].to_numpy() == pytest.approx(other.balance.table["after"], abs=1e-9)


@pytest.mark.parametrize("estimator", ["weighted", "doubly_robust", "g_computation"])
def test_times_and_courses_of_two_groups_are_a_comparison_of_two(estimator: Any) -> None:
    rows = cohort()[cohort()["group"] != "b"].reset_index(drop=True)
    shared = {"group": "group", "confounders": CONFOUNDERS, "estimator": estimator}
    days = {"time": "time", "event": "event", "horizon": 26.0}
    pairs = [(compare_several_times(rows, **days, **shared, against="a").pair("c"),
              compare_group_times(rows, **days, **shared, treated="c"))]  # fmt: skip
    long = courses().query("group != 'b'")
    options = {"outcome": "y", "dropout": "weighted", "visits": ["one", "two"], **shared}
    mine, other = compare_several_courses(long, **options, against="a"), compare_group_courses(
        long, **options, treated="c"
    )  # fmt: skip
    pairs += [(mine[visit].pair("c"), other[visit]) for visit in ("one", "two")]
    for one, two in pairs:
        order = ["term", "arm"]
        left, right = (each.estimates.frame.sort_values(order, kind="stable") for each in (one, two))
        assert left["term"].tolist() == right["term"].tolist()
        assert left["estimate"].to_numpy() == pytest.approx(right["estimate"], rel=1e-7)
        assert left["std_error"].to_numpy() == pytest.approx(right["std_error"], rel=1e-6)


def courses(rows: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the outcome at two visits; some leave after the first, who is worse more often."""
    people = (cohort() if rows is None else rows).reset_index(drop=True).rename_axis("participant_id").reset_index()
    later = people["y"] + 2 * np.sin(7.0 * people["age"])
    stays = (np.sin(people["age"] * 13) > -0.6) | (people["y"] < 48)
    return pd.concat([people.assign(visit="one"), people.assign(visit="two", y=later.where(stays))], ignore_index=True)


COPIES = 25
Numbers = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""From places of rows (n,) to numbers (k,) and what each row adds to their errors (n, k)."""


def arrays() -> tuple[np.ndarray, np.ndarray]:
    """Return confounders and places of groups."""
    rows = cohort()
    return rows[CONFOUNDERS].to_numpy(), pd.Categorical(rows["group"]).codes.astype(np.intp)


def of_means(estimator: str, **options: Any) -> Numbers:
    def numbers(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        columns, codes = (each[rows] for each in arrays())
        y = cohort()["y"].where(cohort().index % 4 != 0).to_numpy()[rows]
        weights = several_weights_of_columns(columns, codes, ("a", "b", "c"), **options)
        full = with_missing_of_groups(weights, np.isfinite(y), columns, "weighted")
        if estimator == "weighted":
            found = side_by_side(weighted_mean(y, full, mine) for mine in weights.masks)
        else:
            augmented = estimator == "doubly_robust"
            found = side_by_side(
                modelled_mean(y, columns, full, mine, "normal", augmented=augmented) for mine in weights.masks
            )
        return found.mean, found.influence

    return numbers


def of_times(estimator: str, **options: Any) -> Numbers:
    def numbers(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        columns, codes = (each[rows] for each in arrays())
        time, event = (cohort()[name].to_numpy()[rows] for name in ("time", "event"))
        weights = several_weights_of_columns(columns, codes, ("a", "b", "c"), **options)
        if estimator == "weighted":
            found = side_by_side_times(weighted_time_number(time, event, weights, one, 26.0) for one in weights.masks)
            ratio, error = weighted_log_hazard_ratio(time, event, of_two_groups(weights, (2, 1)))
            return np.append(found.value, ratio), np.column_stack([found.influence, error])
        found = side_by_side_times(
            modelled_time_number(time, event, columns, weights, one, 26.0) for one in weights.masks
        )  # fmt: skip
        return found.value, found.influence

    return numbers


def of_courses(estimator: Any, dropout: Any, **options: Any) -> Numbers:
    def numbers(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        wide = outcomes_of(courses(cohort()), "y", "participant_id", "visit", ["one", "two"])
        columns, codes = cohort()[CONFOUNDERS].to_numpy()[rows], pd.Categorical(cohort()["group"]).codes[rows]
        weights = several_weights_of_columns(columns, codes.astype(np.intp), ("a", "b", "c"), **options)
        found = AskedOfCourses(estimator, dropout).means(wide.y[rows], columns, weights, weights.masks)
        return np.concatenate([one.value for one in found]), np.column_stack([one.error for one in found])

    return numbers


FOCAL: dict[str, Any] = {"target": "ATT", "focal": "c"}
CASES: dict[str, Numbers] = {
    "ATE": of_means("weighted"),
    "ATT": of_means("weighted", **FOCAL),
    "ATO": of_means("weighted", target="ATO"),
    "stabilised": of_means("weighted", stabilised=True),
    "entropy": of_means("weighted", method="entropy"),
    "entropy, ATT": of_means("weighted", method="entropy", **FOCAL),
    "doubly robust": of_means("doubly_robust"),
    "doubly robust, ATT": of_means("doubly_robust", **FOCAL),
    "standardised, ATO": of_means("g_computation", target="ATO"),
    "times, ATO": of_times("weighted", target="ATO"),
    "times, doubly robust": of_times("doubly_robust"),
    "courses, dropout": of_courses("weighted", "weighted"),
    "courses, standardised": of_courses("g_computation", "likelihood", target="ATO"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_participant_adds_to_the_error_is_what_one_copy_more_and_one_fewer_change(case: str) -> None:
    """Of many copies of everyone, half the change between one copy more and one fewer: no formula."""
    numbers, n = CASES[case], len(cohort())
    influence, everyone = numbers(np.arange(n))[1], np.repeat(np.arange(n), COPIES)
    for person in (1, 5, 30, 77, 110)[: few(3, 5)]:
        more, _ = numbers(np.append(everyone, person))
        fewer, _ = numbers(np.delete(everyone, person * COPIES))
        change = (more - fewer) / 2 * COPIES
        assert np.abs(change - influence[person]).max() < 5e-4 * np.abs(influence).max()


def test_differences_add_up_and_the_joint_test_is_that_of_all_of_them() -> None:
    found = compare_several_groups(cohort(), **ASKED, estimator="doubly_robust").estimates
    apart = found.only(term="difference").frame.set_index(["arm", "reference"])
    assert list(apart.index) == [("b", "a"), ("c", "a"), ("c", "b")]
    assert apart["estimate"].iloc[1] - apart["estimate"].iloc[0] == pytest.approx(apart["estimate"].iloc[2])
    variance = apart["std_error"].to_numpy() ** 2
    shared = (variance[0] + variance[1] - variance[2]) / 2
    differences, spread = apart["estimate"].to_numpy()[:2], np.array([[variance[0], shared], [shared, variance[1]]])
    test = found.only(term="joint_test").frame.iloc[0]
    assert test["statistic"] == pytest.approx(differences @ np.linalg.solve(spread, differences), rel=1e-9)
    assert test["df"] == 2


def test_a_bootstrap_has_the_errors_of_stacked_equations() -> None:
    replicates = few(120, 2000)
    stacked = compare_several_groups(cohort(), **ASKED)
    anew = compare_several_groups(cohort(), **ASKED, standard_error="bootstrap", replicates=replicates)
    ratio = anew.estimates.frame["std_error"].iloc[:6] / stacked.estimates.frame["std_error"].iloc[:6]
    assert ratio.to_numpy() == pytest.approx(np.ones(6), abs=4 / np.sqrt(2 * replicates) + 0.03)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"target": "ATT"}, "Name it as `focal`"),
        ({"focal": "a"}, "Leave `focal` out"),
        ({"target": "ATT", "focal": "z"}, "z"),
        ({"target": "ATO", "method": "entropy"}, "no target ATO"),
        ({"target": "ATO", "truncate": 0.9}, "between 0 and 1"),
        ({"against": "z"}, "z"),
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        compare_several_groups(cohort(), **{**ASKED, **options})


def test_a_group_that_the_confounders_rule_out_is_refused() -> None:
    rows = cohort().assign(severe=np.where(cohort()["group"] == "c", 1.0, cohort()["severe"]))
    with pytest.raises(FitError, match="The confounders separate the groups"):
        compare_several_groups(rows, **ASKED)
