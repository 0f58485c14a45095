"""Comparisons without randomisation on small tables: limit cases, brute force, and answers to faults."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.causal import (
    Weights,
    balance_of,
    balancing_weights,
    bootstrap_groups,
    compare_group_times,
    compare_groups,
    compare_matched,
    compare_matched_times,
    e_value,
    match_nearest,
    matched_difference,
    unadjusted,
    unmeasured_confounding,
)
from coxa.causal.compare_times import AskedOfTimes
from coxa.causal.confounders import confounder_matrix
from coxa.causal.means import GroupMeans, weighted_group_means
from coxa.causal.weighted_times import weighted_hazard_ratio, weighted_restricted_means
from coxa.causal.weights import Weighing
from coxa.errors import CoxaError, FitError, OptionError
from coxa.models.survival.kaplan_meier import kaplan_meier


def cohort(n: int = 120, seed: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    age, sex = rng.normal(60, 8, n), rng.choice(["female", "male"], n)
    new = rng.random(n) < 1 / (1 + np.exp(-(age - 60) / 8 - 0.5 * (sex == "male")))
    pain = 0.2 * age - 1.5 * new + (sex == "male") + rng.normal(0, 1, n)
    return pd.DataFrame({"age": age, "sex": sex, "group": np.where(new, "new", "old"), "pain": pain})


ASKED: dict[str, Any] = {"group": "group", "treated": "new", "confounders": ["age", "sex"]}


def row_of(frame: pd.DataFrame, term: str = "difference", **options: Any) -> pd.Series:
    found = compare_groups(frame, outcome="pain", **{**ASKED, **options}).estimates
    return found.only(term=term).frame.iloc[0]


def test_every_estimator_comes_nearer_the_truth_than_the_naive_one() -> None:
    data = cohort(2000)
    naive = unadjusted(data, outcome="pain", group="group", treated="new").only(term="difference").frame
    assert abs(naive["estimate"].iloc[0] + 1.5) > 0.8
    for estimator in ("weighted", "doubly_robust", "g_computation"):
        for target in ("ATE", "ATT", "ATO"):
            row = row_of(data, estimator=estimator, target=target)
            assert row["conf_low"] < -1.5 < row["conf_high"]


def test_within_strata_of_one_category_weighting_is_standardisation() -> None:
    data = cohort().assign(confounder=lambda d: d["sex"])
    within = data.groupby(["sex", "group"])["pain"].mean().unstack()
    shares = data["sex"].value_counts(normalize=True)
    by_hand = float(((within["new"] - within["old"]) * shares).sum())
    for estimator in ("weighted", "doubly_robust", "g_computation"):
        assert row_of(data, estimator=estimator, confounders=["sex"])["estimate"] == pytest.approx(by_hand, abs=1e-10)


def test_stabilised_weights_give_the_same_means_and_errors() -> None:
    plain, stable = row_of(cohort()), row_of(cohort(), stabilised=True)
    assert stable["estimate"] == pytest.approx(plain["estimate"], rel=1e-10)
    assert stable["std_error"] == pytest.approx(plain["std_error"], rel=1e-10)


def means_of(frame: pd.DataFrame, horizon: float | None = None) -> GroupMeans:
    weights = balancing_weights(frame, **ASKED)
    if horizon is None:
        return weighted_group_means(frame["pain"].to_numpy(), weights)
    return weighted_restricted_means(frame["days"].to_numpy(), frame["seen"].to_numpy(), weights, horizon)


@pytest.mark.parametrize("horizon", [None, 30.0])
def test_what_a_participant_adds_to_the_error_is_what_leaving_out_changes(horizon: float | None) -> None:
    rng = np.random.default_rng(6)
    data = cohort(300).assign(seen=1, days=lambda d: np.ceil(rng.exponential(d["age"] / 4)))
    whole = means_of(data, horizon)
    for k in range(0, 300, 15):
        change = whole.mean - means_of(data.drop(index=k), horizon).mean
        assert change == pytest.approx(whole.influence[k], abs=0.03 * np.abs(whole.influence).max())


def test_a_bootstrap_is_the_second_way_to_the_error() -> None:
    data = cohort()
    found = bootstrap_groups(data, lambda rows: row_of(rows)["estimate"], group="group", replicates=60, seed=3)
    assert found.std_error == pytest.approx(row_of(data)["std_error"], rel=0.3)


def test_a_bootstrap_keeps_the_rows_of_a_participant_together() -> None:
    rows = pd.DataFrame({"who": np.repeat(range(6), 2), "group": np.repeat(list("ab"), 6), "y": [1.0, -1.0] * 6})

    def checked(sample: pd.DataFrame) -> float:
        assert (sample.groupby("who")["y"].sum() == 0).all()
        return float(len(sample))

    found = bootstrap_groups(rows, checked, group="group", participant="who", replicates=5, seed=1)
    assert set(found.samples) == {12.0}


def test_truncation_cuts_the_largest_weights_and_says_how_many() -> None:
    whole = balancing_weights(cohort(), **ASKED)
    cut = balancing_weights(cohort(), **ASKED, truncate=0.95)
    assert cut.truncated == 6
    assert cut.value.max() == pytest.approx(np.quantile(whole.value, 0.95))
    assert cut.effective_n(True) > whole.effective_n(True)


def test_outcomes_missing_by_a_confounder_are_weighted_for() -> None:
    data = cohort(3000)
    truth = row_of(data)["estimate"]
    new = (data["group"] == "new").to_numpy()
    rng = np.random.default_rng(1)
    # in the treated the elder are lost, which moves the mean of those who are left
    lost = new & (rng.random(3000) < 1 / (1 + np.exp(-(data["age"].to_numpy() - 62) / 3)))
    seen = data.assign(pain=data["pain"].mask(lost))
    complete = row_of(seen, missing_outcome="complete", confounders=["age", "sex"])["estimate"]
    weighted = row_of(seen)["estimate"]
    assert abs(weighted - truth) < 0.25
    assert abs(complete - truth) > 0.5


def test_matched_pairs_are_the_greedy_nearest() -> None:
    data = cohort(60)
    pairs = match_nearest(data, **ASKED, caliper=None, distance="score")
    free = set(np.flatnonzero(~pairs.treated))
    for row in sorted(np.flatnonzero(pairs.treated), key=lambda k: -pairs.score[k]):
        if not free:
            break
        partner = min(free, key=lambda k: (abs(pairs.score[k] - pairs.score[row]), k))
        free.remove(partner)
        assert pairs.pairs.set_index("treated").loc[row, "reference"] == partner


def test_a_caliper_leaves_treated_participants_without_a_partner_by_name() -> None:
    pairs = match_nearest(cohort(60), **ASKED, caliper=0.05)
    assert pairs.unmatched
    assert pairs.pairs["distance"].max() <= pairs.caliper
    assert len(pairs.pairs) + len(pairs.unmatched) == (cohort(60)["group"] == "new").sum()
    assert matched_difference(cohort(60)["pain"], pairs)["n_pairs"] == len(pairs.pairs)


def test_a_gap_of_a_confounder_is_named_with_its_row() -> None:
    data = cohort().assign(age=lambda d: d["age"].mask(d.index == 7))
    with pytest.raises(FitError, match="`age` is missing in 1 row: 7"):
        balancing_weights(data, **ASKED)


def test_groups_without_overlap_are_refused() -> None:
    data = cohort().assign(seen_by=lambda d: np.where(d["group"] == "new", "surgeon", "physiotherapist"))
    with pytest.raises(FitError, match="separate the groups"):
        balancing_weights(data, group="group", treated="new", confounders=["age", "seen_by"])


def test_means_outside_what_the_reference_group_has_cannot_be_balanced() -> None:
    data = pd.DataFrame({"group": ["old"] * 5 + ["new"] * 5, "age": [50.0, 51, 52, 53, 54, 70, 71, 72, 73, 74]})
    with pytest.raises(FitError, match="No weights of a group have the means of the target"):
        balancing_weights(data, group="group", treated="new", confounders=["age"], target="ATT", method="entropy")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"confounders": []}, "`confounders` is empty"),
        ({"confounders": ["weight"]}, "weight"),
        ({"target": "ATC"}, "ATC"),
        ({"method": "entropy"}, "target ATT"),
        ({"truncate": 0.2}, "quantile"),
        ({"target": "ATO", "truncate": 0.99}, "Overlap"),
        ({"treated": "surgery"}, "groups"),
    ],
)
def test_an_option_that_does_not_fit_is_answered_by_name(options: dict[str, Any], words: str) -> None:
    with pytest.raises(CoxaError, match=words):
        balancing_weights(cohort(), **{**ASKED, **options})


def test_with_equal_weights_restricted_means_are_areas_under_kaplan_meier() -> None:
    data = pd.DataFrame({"group": list("aaabbb"), "x": [1.0, 2, 3, 1, 2, 3], "t": [2.0, 4, 6, 3, 3, 6]})
    weights = balancing_weights(data, group="group", treated="b", confounders=["x"])
    found = weighted_restricted_means(data["t"].to_numpy(), np.array([1, 1, 1, 1, 0, 1]), weights, 6.0)
    assert found.mean.tolist() == pytest.approx([3 + 2 / 3 * 3, (2 + 4 + 6) / 3])


def test_times_give_restricted_means_and_a_hazard_ratio() -> None:
    rng = np.random.default_rng(6)
    data = cohort(2000).assign(seen=1, days=lambda d: rng.exponential(np.exp(-(d["age"] - 60) / 20) * 20))
    naive = weighted_hazard_ratio(data["days"].to_numpy(), data["seen"].to_numpy(), equal(data))[0]
    found = compare_group_times(data, **ASKED, time="days", event="seen", horizon=30.0).estimates
    ratio = found.only(term="hazard_ratio").frame.iloc[0]
    apart = found.only(term="difference_in_restricted_means").frame.iloc[0]
    assert naive > 0.2
    assert ratio["conf_low"] < 1 < ratio["conf_high"]
    assert apart["conf_low"] < 0 < apart["conf_high"]


def equal(data: pd.DataFrame) -> Weights:
    """Return weights of 1: those of a confounder that tells nothing."""
    found = balancing_weights(data.assign(none=[0.0, 1.0] * (len(data) // 2)), **{**ASKED, "confounders": ["none"]})
    return replace(found, value=np.ones(len(data)))


def test_balance_names_its_standard_deviation_and_what_is_not_balanced() -> None:
    data = cohort()
    att = balance_of(data, balancing_weights(data, **ASKED, target="ATT"), ["age", "sex"])
    ate = balance_of(data, balancing_weights(data, **ASKED), ["age", "sex"])
    assert (att.denominator, ate.denominator) == ("treated", "pooled")
    spread = data.loc[data["group"] == "new", "age"].std()
    means = data.groupby("group")["age"].mean()
    assert att.table["before"].iloc[0] == pytest.approx((means["new"] - means["old"]) / spread)
    assert set(ate.unbalanced["confounder"]) == set(ate.table.loc[ate.table["after"].abs() > 0.1, "confounder"])


@pytest.mark.parametrize(
    ("given", "scale", "expected"),
    [
        ((3.9, 1.8, 8.7), "risk_ratio", (7.263034344160, 3.0)),
        ((3.9, 2.4, 8.7), "risk_ratio", (7.263034344160, 4.233030277982)),
        ((0.8, 0.71, 0.91), "risk_ratio", (1.809016994375, 1.428571428571)),
        ((10.73, 8.02, 14.36), "risk_ratio", (20.947774, 15.523359)),
        ((1.2, 0.9, 1.5), "risk_ratio", (1.689897948557, 1.0)),
        ((0.5, 0.5, 0.5), "standardised_difference", (2.529141981861, 2.529141981861)),
    ],
)
def test_e_values_are_those_of_the_published_examples(given: Any, scale: Any, expected: tuple[float, float]) -> None:
    found = e_value(*given, scale=scale)
    assert (found.estimate, found.limit) == pytest.approx(expected, rel=3e-5)


def test_the_e_value_of_a_common_hazard_ratio() -> None:
    assert e_value(0.6, 0.5, 0.7, scale="hazard_ratio", common=True).estimate == pytest.approx(2.199622395660)


def test_limits_that_do_not_hold_the_estimate_have_no_e_value() -> None:
    with pytest.raises(OptionError, match="limits"):
        e_value(2.0, 2.5, 3.0)


def test_leaving_a_confounder_out_moves_the_estimate_by_its_benchmark() -> None:
    """With one confounder the least-squares difference without it is off by imbalance times association."""
    data = cohort(200)
    found = unmeasured_confounding(
        data, outcome="pain", group="group", treated="new", confounders=["age"], estimate=-1.5, low=-2.0, high=-1.0
    )
    naive = data.groupby("group")["pain"].mean()
    chosen = (data["group"] == "new").to_numpy(float)
    design = np.column_stack([np.ones(200), chosen, data["age"]])
    adjusted = np.linalg.lstsq(design, data["pain"].to_numpy(), rcond=None)[0][1]
    row = found.table.iloc[0]
    assert row["imbalance"] * row["association"] == pytest.approx(naive["new"] - naive["old"] - adjusted)
    assert row["multiple"] * row["bias"] == pytest.approx(1.5)
    assert found.tipping_limit == 1.0


def test_entropy_balancing_converges_where_the_last_step_is_below_rounding() -> None:
    for seed in range(60):
        rng = np.random.default_rng([99, seed + 20])
        age, severe = rng.normal(0, 1, 400), rng.integers(0, 2, 400)
        rng.normal(0, 1, 400)
        chosen = rng.random(400) < 1 / (1 + np.exp(0.5 + 0.7 * age - 0.8 * severe))
        data = pd.DataFrame({"age": 60 + 10 * age, "severe": severe, "group": np.where(chosen, "new", "old")})
        made = balancing_weights(
            data, group="group", treated="new", confounders=["age", "severe"], target="ATT", method="entropy"
        )
        for name in ("age", "severe"):
            old = np.average(data.loc[~chosen, name], weights=made.value[~chosen])
            assert old == pytest.approx(data.loc[chosen, name].mean(), abs=1e-7)


def test_errors_by_pair_are_those_of_the_differences_within_pairs() -> None:
    data = cohort(200)
    found = compare_matched(data, outcome="pain", **ASKED)
    row = found.estimates.only(term="difference").frame.iloc[0]
    direct = matched_difference(data["pain"], found.matched)  # type: ignore[arg-type]
    assert (row["estimate"], row["std_error"]) == pytest.approx((direct["estimate"], direct["std_error"]), rel=1e-12)
    assert found.weights.target == "ATT"
    assert found.complete.sum() == 2 * direct["n_pairs"] == sum(found.observed)


def test_a_pair_of_whom_one_has_no_outcome_is_left_out() -> None:
    data = cohort(200)
    pairs = match_nearest(data, **ASKED).pairs
    gaps = data.assign(pain=data["pain"].mask(data.index == pairs["treated"].iloc[0]))
    found = compare_matched(gaps, outcome="pain", **ASKED)
    assert found.observed == (len(pairs) - 1, len(pairs) - 1)
    assert found.weights.value.sum() == 2 * len(pairs)


def followed(seed: int = 6, n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    data = cohort(n)
    days, end = np.ceil(rng.exponential(data["age"] / 4)), np.ceil(rng.uniform(10, 60, n))
    return data.assign(seen=(days <= end).astype(int), days=np.minimum(days, end))


TIMES: dict[str, Any] = {"time": "days", "event": "seen", "horizon": 30.0, **ASKED}


def test_matched_times_have_the_curves_of_the_pairs() -> None:
    data = followed()
    found = compare_matched_times(data, **TIMES)
    pairs = found.matched
    assert pairs is not None
    rows = data[pairs.weight > 0]
    for arm in ("new", "old"):
        mine = rows[rows["group"] == arm]
        curve = kaplan_meier(mine["days"], mine["seen"])
        risk = found.estimates.only(term="risk", arm=arm).frame["estimate"].iloc[0]
        assert risk == pytest.approx(1 - curve.at([30.0])["survival"].iloc[0], abs=1e-12)


@pytest.mark.parametrize("estimator", ["g_computation", "doubly_robust"])
def test_what_a_participant_adds_to_the_error_of_modelled_times_is_what_leaving_out_changes(estimator: Any) -> None:
    data, plan = followed(), AskedOfTimes(estimator, Weighing(), 30.0)

    def numbers(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        columns, _ = confounder_matrix(rows, ["age", "sex"])
        arrays = rows["days"].to_numpy(), rows["seen"].to_numpy(), columns, (rows["group"] == "new").to_numpy()
        return plan.found(*arrays)[2:]

    whole, influence = numbers(data)
    near = 0.05 if estimator == "g_computation" else 0.25  # doubly robust errors count the Cox models as known
    for k in range(0, 300, 15):
        change = whole - numbers(data.drop(index=k))[0]
        assert change == pytest.approx(influence[k], abs=near * np.abs(influence).max())


def test_doubly_robust_times_without_confounding_are_those_of_the_curves() -> None:
    """With a confounder that tells nothing the standardised curves are those of each group, by Nelson and Aalen."""
    data = followed().assign(none=np.tile([0.0, 1.0], 150))
    asked = {**TIMES, "confounders": ["none"]}
    modelled = compare_group_times(data, **asked, estimator="doubly_robust").estimates
    weighted = compare_group_times(data, **asked).estimates
    for term in ("restricted_mean", "risk"):
        pair = [found.only(term=term).frame["estimate"].to_numpy() for found in (modelled, weighted)]
        assert pair[0] == pytest.approx(pair[1], rel=0.02)


def test_a_group_with_few_events_is_refused_by_the_models_and_not_by_the_weights() -> None:
    data = followed().assign(seen=lambda d: d["seen"] * ((d["group"] == "old") | (d.index < 5)))
    with pytest.raises(FitError, match="events for 2 columns of confounders"):
        compare_group_times(data, **TIMES, estimator="doubly_robust")
    assert len(compare_group_times(data, **TIMES).estimates.frame)


def test_a_bootstrap_of_the_comparison_says_its_number_its_seed_and_its_monte_carlo_error() -> None:
    data = cohort()
    stacked, sampled = row_of(data), row_of(data, standard_error="bootstrap", replicates=200, seed=5)
    assert sampled["estimate"] == stacked["estimate"]
    assert sampled["std_error"] == pytest.approx(stacked["std_error"], rel=0.2)
    assert "200 samples, seed 5; Monte Carlo error 5.0% of a standard error" in sampled["method"]
    again = row_of(data, standard_error="bootstrap", replicates=200, seed=5)
    assert again["std_error"] == sampled["std_error"]
    with pytest.raises(OptionError, match="standard_error"):
        row_of(data, standard_error="robust")
