"""One weighted repeated-measures model of groups that were not randomised: limit cases, brute force, known truth."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.causal import compare_group_courses, compare_groups
from coxa.causal.confounders import confounder_matrix
from coxa.causal.course_model import fit_course
from coxa.causal.courses import AskedOfCourses, outcomes_of
from coxa.causal.means import both_sides
from coxa.causal.staying import staying_weights
from coxa.causal.weights import Weighing
from coxa.errors import DataError, FitError, OptionError
from coxa.impute import fit_dropout
from coxa.models import fit_mmrm
from tests.sizes import few

VISITS = ["w1", "w2", "w3"]
TRUTH = {"w1": -0.5, "w2": -1.0, "w3": -1.5}
ASKED: dict[str, Any] = {"outcome": "pain", "group": "group", "treated": "new", "confounders": ["age", "sex"]}


def drawn(seed: int, n: int = 300, *, leave: bool = True) -> pd.DataFrame:
    """Return outcomes at three visits; who is older is treated more often, and who has pain leaves more often."""
    rng = np.random.default_rng([seed, 61])
    people = pd.DataFrame({"participant_id": range(n), "age": rng.normal(0, 1, n), "sex": rng.integers(0, 2, n)})
    chance = 1 / (1 + np.exp(-0.7 * people["age"] + 0.4 * people["sex"]))
    people["group"] = np.where(rng.random(n) < chance, "new", "old")
    level = 5 + 0.8 * people["age"] + 0.3 * people["sex"] + rng.normal(0, 1, n)
    rows, still = [], np.ones(n, dtype=bool)
    for visit in VISITS:
        pain = level + TRUTH[visit] * (people["group"] == "new") * (1 + 0.3 * people["age"]) + rng.normal(0, 1, n)
        rows.append(people.assign(visit=visit, pain=pain.where(still)))
        if leave:
            still &= rng.random(n) > 0.45 / (1 + np.exp(-(pain - 5.5)))
    return pd.concat(rows, ignore_index=True)


@cache
def whole() -> pd.DataFrame:
    return drawn(1, leave=False)


def row_of(found: Any) -> pd.Series:
    return found.estimates.only(term="difference").frame.iloc[0]


@pytest.mark.parametrize("dropout", ["likelihood", "weighted"])
@pytest.mark.parametrize("target", ["ATE", "ATT", "ATO"])
@pytest.mark.parametrize("estimator", ["weighted", "g_computation"])
def test_with_complete_outcomes_each_visit_is_that_of_a_comparison_there(
    target: Any, dropout: Any, estimator: Any
) -> None:
    options = {**ASKED, "target": target, "estimator": estimator}
    found = compare_group_courses(whole(), **options, dropout=dropout)
    for visit in VISITS:
        alone = compare_groups(whole()[whole()["visit"] == visit].reset_index(drop=True), **options)
        pair = row_of(found[visit]), row_of(alone)
        assert pair[0]["estimate"] == pytest.approx(pair[1]["estimate"], abs=1e-10)
        assert pair[0]["std_error"] == pytest.approx(pair[1]["std_error"], rel=1e-8)


def test_with_equal_weights_the_means_are_those_of_a_mixed_model_for_repeated_measures() -> None:
    rows = drawn(2)
    rows = rows[rows["group"] == "new"].reset_index(drop=True)
    wide = rows.pivot(index="participant_id", columns="visit", values="pain")[VISITS].to_numpy()
    own = fit_course(wide, np.ones((len(wide), 1)), np.ones(len(wide)))
    seen = rows[rows["pain"].notna()]
    fit = fit_mmrm("pain ~ visit", seen, participant="participant_id", visit="visit", covariance="us", reml=False)
    means = fit.params.to_numpy()
    assert own.coefficient[0] == pytest.approx([means[0], means[0] + means[1], means[0] + means[2]], abs=1e-6)


def test_standardised_means_are_those_of_a_mixed_model_in_each_group_at_the_mean_of_all() -> None:
    """With gaps, against `fit_mmrm` of each group: its prediction for every participant of both, averaged."""
    rows = drawn(5, 250)
    found = compare_group_courses(rows, **ASKED, estimator="g_computation")
    people = rows.drop_duplicates("participant_id")
    for group in ("new", "old"):
        mine = rows[(rows["group"] == group) & rows["pain"].notna()]
        fit = fit_mmrm(
            "pain ~ visit + age:visit + sex:visit", mine, participant="participant_id", visit="visit",
            covariance="us", reml=False,
        )  # fmt: skip
        for visit in VISITS:
            everyone = people.assign(visit=visit)
            frame = found[visit].estimates.only(term="marginal_mean").frame.set_index("arm")
            assert frame.loc[group, "estimate"] == pytest.approx(fit.predict(everyone)["estimate"].mean(), abs=1e-5)


@pytest.mark.parametrize("dropout", ["likelihood", "weighted"])
def test_a_bootstrap_has_the_errors_of_standardised_means(dropout: Any) -> None:
    options = {**ASKED, "estimator": "g_computation", "dropout": dropout}
    replicates = few(40, 1000)
    stacked = compare_group_courses(drawn(6, 200), **options)
    drawn_anew = compare_group_courses(drawn(6, 200), **options, standard_error="bootstrap", replicates=replicates)
    ratio = [row_of(drawn_anew[one])["std_error"] / row_of(stacked[one])["std_error"] for one in VISITS]
    assert ratio == pytest.approx([1, 1, 1], abs=3.5 / np.sqrt(2 * replicates) + 0.02)


def arrays(rows: pd.DataFrame, estimator: Any, dropout: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the means of both groups by visit (6,) and what each participant adds to their error (n, 6)."""
    wide = outcomes_of(rows, "pain", "participant_id", "visit", VISITS)
    chosen = (wide.people["group"] == "new").to_numpy()
    columns, _ = confounder_matrix(wide.people, ["age", "sex"])
    weights = Weighing().weights(columns, chosen)
    found = AskedOfCourses(estimator, dropout).means(wide.y, columns, weights, np.array(both_sides(chosen)))
    return np.concatenate([one.value for one in found]), np.hstack([one.error for one in found])


@pytest.mark.parametrize("dropout", ["likelihood", "weighted"])
@pytest.mark.parametrize("estimator", ["weighted", "doubly_robust", "g_computation"])
def test_what_a_participant_adds_to_the_error_is_what_leaving_out_changes(estimator: str, dropout: str) -> None:
    rows = drawn(3, 400)
    means, influence = arrays(rows, estimator, dropout)
    for k in range(0, 400, few(100, 20)):
        change = means - arrays(rows[rows["participant_id"] != k], estimator, dropout)[0]
        assert change == pytest.approx(influence[k], abs=0.06 * np.abs(influence).max())


def test_the_weights_of_those_who_stay_are_those_of_the_models_of_dropout() -> None:
    rows = drawn(4, 400)
    wide = outcomes_of(rows, "pain", "participant_id", "visit", VISITS)
    columns, _ = confounder_matrix(wide.people, ["age", "sex"])
    own = staying_weights(wide.y, columns, np.array(both_sides((wide.people["group"] == "new").to_numpy()))).weight
    other = fit_dropout(rows, "pain", ["age", "sex"], arm="group", visits=VISITS)
    assert own[:, -1] == pytest.approx(other.weights, rel=1e-6)


@pytest.mark.parametrize(
    ("estimator", "dropout"), [("weighted", "weighted"), ("doubly_robust", "likelihood"), ("g_computation", "weighted")]
)
def test_intervals_have_the_truth_inside_as_often_as_they_say(estimator: Any, dropout: Any) -> None:
    replicates, inside = few(16, 400), []
    for seed in range(replicates):
        found = compare_group_courses(drawn(seed), **ASKED, estimator=estimator, dropout=dropout)
        row = row_of(found["w3"])
        inside.append(row["conf_low"] <= TRUTH["w3"] <= row["conf_high"])
    assert abs(np.mean(inside) - 0.95) < 4 * np.sqrt(0.95 * 0.05 / replicates)


def test_outcomes_of_those_who_stayed_alone_are_too_good() -> None:
    """The naive answer: groups as they are, of those who stayed."""
    parts = [drawn(seed) for seed in range(8)]
    rows = pd.concat([one.assign(participant_id=one["participant_id"] + 1000 * k) for k, one in enumerate(parts)])
    last = rows[(rows["visit"] == "w3") & rows["pain"].notna()]
    means = last.groupby("group")["pain"].mean()
    found = row_of(compare_group_courses(rows, **ASKED, estimator="doubly_robust")["w3"])
    assert abs(found["estimate"] - TRUTH["w3"]) < 0.25 < abs(means["new"] - means["old"] - TRUTH["w3"])


def test_faults_are_named() -> None:
    rows = drawn(5)
    with pytest.raises(OptionError, match="no outcome at visit w9"):
        compare_group_courses(rows, **ASKED, visits=[*VISITS, "w9"])
    with pytest.raises(DataError, match="has two rows at visit w1"):
        compare_group_courses(pd.concat([rows, rows.head(1)]), **ASKED)
    few_left = rows.assign(pain=rows["pain"].mask((rows["visit"] == "w3") & (rows["participant_id"] > 2)))
    with pytest.raises(FitError, match="outcomes at a visit"):
        compare_group_courses(few_left, **ASKED, estimator="doubly_robust")
