"""Weights, doubly robust estimates, matching and weighted times against R and a second engine of stacked equations."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.causal import balance_of, balancing_weights, compare_groups, match_nearest
from coxa.causal.weighted_times import weighted_hazard_ratio, weighted_restricted_means
from tests.reference.lmm_cases import packaged
from tests.reference.tolerances import CLOSED_FORM

NUMBERS: dict[str, Any] = json.loads((Path(__file__).parent / "causal_weights.json").read_text(encoding="utf-8"))
CONFOUNDERS = ["age", "educ", "race", "married", "nodegree", "re74", "re75"]
PRINTED = 5e-5
SECOND_ENGINE = 1e-6
"""Relative. The second engine takes derivatives by differences."""


@cache
def lalonde() -> pd.DataFrame:
    return packaged("MatchIt", "lalonde")


def difference(frame: pd.DataFrame, **options: Any) -> tuple[float, float]:
    found = compare_groups(
        frame, outcome="re78", group="treat", treated=1, confounders=CONFOUNDERS, **options
    ).estimates.only(term="difference")
    return float(found.frame["estimate"].iloc[0]), float(found.frame["std_error"].iloc[0])


@pytest.mark.parametrize("target", ["ATT", "ATE", "ATO", "entropy"])
def test_weighted_differences_and_their_errors_with_weights_estimated(target: str) -> None:
    options = {"target": "ATT", "method": "entropy"} if target == "entropy" else {"target": target}
    assert difference(lalonde(), **options) == pytest.approx(NUMBERS["estimates"][target], rel=SECOND_ENGINE)


def test_the_error_of_the_att_is_that_of_stacked_equations_to_the_last_digit() -> None:
    estimate, error = difference(lalonde(), target="ATT")
    assert (estimate, error) == pytest.approx(NUMBERS["estimates"]["ATT"], rel=CLOSED_FORM)


def test_weights_taken_as_known_have_a_larger_error() -> None:
    weights = balancing_weights(lalonde(), group="treat", treated=1, confounders=CONFOUNDERS, target="ATT")
    blank = np.empty((614, 0))
    known = replace(weights, slope=blank, influence=blank)
    gradient = []
    y = lalonde()["re78"].to_numpy()
    for side in (True, False):
        mine = weights.treated == side
        total = weights.value[mine].sum()
        mean = (weights.value * y)[mine].sum() / total
        gradient.append(np.where(mine, (y - mean) / total, 0.0))
    errors = known.error_of(np.column_stack(gradient))
    assert np.sqrt(((errors[:, 0] - errors[:, 1]) ** 2).sum()) == pytest.approx(NUMBERS["fixed_weights_att"], abs=0.5)


@pytest.mark.parametrize("target", ["ATE", "ATT", "ATO"])
@pytest.mark.parametrize("estimator", ["doubly_robust", "g_computation"])
def test_outcome_models_agree_with_a_second_engine(estimator: str, target: str) -> None:
    found = difference(lalonde(), estimator=estimator, target=target)
    assert found == pytest.approx(NUMBERS[estimator][target], rel=SECOND_ENGINE)


@pytest.mark.parametrize(
    ("name", "kind", "term"),
    [("yes_over_5000", "yes_no", "risk_difference"), ("count_of_thousands", "count", "rate_difference")],
)
def test_yes_or_no_and_counts_agree_with_a_second_engine(name: str, kind: Any, term: str) -> None:
    scaled = lalonde().assign(re74=lambda d: d["re74"] / 1000, re75=lambda d: d["re75"] / 1000)
    scaled["y"] = (scaled["re78"] > 5000).astype(float) if kind == "yes_no" else np.floor(scaled["re78"] / 1000)
    found = compare_groups(
        scaled, outcome="y", group="treat", treated=1, confounders=CONFOUNDERS, estimator="doubly_robust", kind=kind
    ).estimates.only(term=term)
    row = found.frame.iloc[0]
    assert [row["estimate"], row["std_error"]] == pytest.approx(NUMBERS[name], rel=SECOND_ENGINE)


def test_effective_sample_size_and_largest_weight() -> None:
    att = balancing_weights(lalonde(), group="treat", treated=1, confounders=CONFOUNDERS, target="ATT")
    ate = balancing_weights(lalonde(), group="treat", treated=1, confounders=CONFOUNDERS)
    exact = balancing_weights(
        lalonde(), group="treat", treated=1, confounders=CONFOUNDERS, target="ATT", method="entropy"
    )
    assert att.effective_n(False) == pytest.approx(NUMBERS["effective_n"]["ATT"][0], rel=1e-6)
    assert [ate.effective_n(side) for side in (False, True)] == pytest.approx(NUMBERS["effective_n"]["ATE"], rel=1e-6)
    assert exact.effective_n(False) == pytest.approx(NUMBERS["effective_n"]["entropy"][0], rel=1e-6)
    assert att.value[~att.treated].max() == pytest.approx(NUMBERS["largest_att"], rel=1e-6)


def test_standardised_differences_before_and_after() -> None:
    att = balancing_weights(lalonde(), group="treat", treated=1, confounders=CONFOUNDERS, target="ATT")
    table = balance_of(lalonde(), att, CONFOUNDERS).table.set_index("confounder").loc[NUMBERS["smd_columns"]]
    shares = lalonde()[["treat"]].assign(n=1).groupby("treat")["n"].sum()
    binary = table["ratio_before"].isna().to_numpy()
    by_sample = np.where(binary, np.sqrt(1 - 1 / shares[1]), 1.0)  # the reference divides by n - 1, coxa p (1 - p)
    assert (table["before"].to_numpy() * by_sample).tolist() == pytest.approx(NUMBERS["smd_before"], abs=1e-6)
    assert (table["after"].to_numpy() * by_sample).tolist() == pytest.approx(NUMBERS["smd_att"], abs=1e-6)


def test_entropy_balancing_leaves_no_difference_of_means() -> None:
    exact = balancing_weights(
        lalonde(), group="treat", treated=1, confounders=CONFOUNDERS, target="ATT", method="entropy"
    )
    assert balance_of(lalonde(), exact, CONFOUNDERS).table["after"].abs().max() < 1e-8


def test_nearest_neighbours_have_the_balance_that_cobalt_prints() -> None:
    pairs = match_nearest(lalonde(), group="treat", treated=1, confounders=CONFOUNDERS, caliper=None, distance="score")
    table = balance_of(lalonde(), pairs, CONFOUNDERS).table.set_index("confounder")["after"]
    share = (lalonde()["race"] == "black").to_numpy()
    apart = (
        share[pairs.weight.astype(bool) & pairs.treated].mean()
        - share[pairs.weight.astype(bool) & ~pairs.treated].mean()
    )
    assert len(pairs.pairs) == 185
    assert [table["age"], table["re74"], apart] == pytest.approx(list(NUMBERS["matched"].values()), abs=PRINTED)


def survivors() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    x = rng.normal(size=300)
    t = rng.random(300) < 1 / (1 + np.exp(-x))
    days = np.ceil(rng.exponential(20 * np.exp(-0.3 * x + 0.4 * t)))
    censored = np.ceil(rng.uniform(5, 60, 300))
    return pd.DataFrame(
        {"x": x, "t": t.astype(int), "ev": (days <= censored).astype(int), "tm": np.minimum(days, censored)}
    )


def test_weighted_times_agree_with_survival() -> None:
    data, expected = survivors(), NUMBERS["survival"]
    weights = balancing_weights(data, group="t", treated=1, confounders=["x"])
    blank = np.empty((300, 0))
    known = replace(weights, slope=blank, influence=blank)
    time, event = data["tm"].to_numpy(), data["ev"].to_numpy()
    assert weighted_hazard_ratio(time, event, known) == pytest.approx(
        (expected["log_hazard_ratio"], expected["robust_se"]), rel=1e-9
    )
    means = weighted_restricted_means(time, event, weights, 40.0)
    assert means.mean.tolist() == pytest.approx(expected["restricted_means"], abs=1e-8)
