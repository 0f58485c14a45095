"""A plan that compares three groups without randomisation: one population, every two groups, the page and its calls."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np
import pytest

from coxa.causal import SeveralGroups, compare_several_groups
from coxa.errors import CoxaError
from coxa.report.report import Report
from coxa.simulate import draw_outcomes, trial_design, true_values
from coxa.simulate.from_plan.confounding import chances
from coxa.study.target_trial import target_trial_of, target_words
from tests.spec import confounded_cohort as made
from tests.spec.test_target_trial import cells, read, sections, tables


@cache
def report() -> Report:
    return made.of_three(subgroups=["severity"])


def together(of: Report) -> SeveralGroups:
    found = next(iter(of.fits["primary"][0].model.values())).together
    assert isinstance(found, SeveralGroups)
    return found


def test_the_planted_differences_are_inside_and_those_of_the_groups_as_they_are_are_not() -> None:
    frame = report().estimates.only(term="difference").frame.set_index("arm")
    for arm, truth in made.DIFFERENCES.items():
        assert frame.loc[arm, "conf_low"] < truth < frame.loc[arm, "conf_high"]
    rows = report().datasets["pain"].frame
    means = rows[rows["visit"] == "week_12"].groupby("arm", observed=True)["value"].mean()
    assert means["programme"] - means["usual"] < frame.loc["programme", "conf_low"]
    assert means["manual"] - means["usual"] > frame.loc["manual", "conf_high"] - 1.0


def test_the_plan_gives_the_numbers_of_the_library() -> None:
    rows = report().datasets["pain"].frame
    direct = compare_several_groups(
        rows[rows["visit"] == "week_12"], outcome="value", group="arm", against="usual",
        confounders=["age", "severity"], estimator="doubly_robust",
    ).estimates  # fmt: skip
    mine = report().estimates
    for term in ("difference", "marginal_mean", "joint_test"):
        ours, theirs = (
            {(row.arm, row.reference): (row.estimate, row.std_error, row.p_value) for row in one.frame.itertuples()}
            for one in (mine.only(term=term), direct.only(term=term))
        )
        for key, values in ours.items():
            assert values == pytest.approx(theirs[key], rel=1e-9, nan_ok=True)


def test_levels_of_a_subgroup_are_compared_in_one_population_each() -> None:
    within = report().estimates.only(term="subgroup_difference").frame
    assert sorted(within["arm"].unique()) == ["manual", "programme"]
    for row in within.itertuples():
        assert abs(row.estimate - made.DIFFERENCES[row.arm]) < 3.5 * row.std_error


def test_the_recorded_call_gives_all_groups_again() -> None:
    import coxa

    again = eval(report().fits["primary"][0].spec.call(), {"coxa": coxa, "data": report().datasets["pain"].frame})
    for arm, one in again.items():
        row = report().estimates.only(term="difference").frame.set_index("arm").loc[arm]
        assert one.estimates.only(term="difference").frame.iloc[0]["std_error"] == row["std_error"]


def test_the_report_shows_weights_balance_and_overlap_of_all_groups_and_every_two() -> None:
    shown = tables(sections(report())["comparability-primary-week-12"])
    weights = cells(shown["Weights and overlap"])
    assert [int(n) for n in weights["Outcomes"]] == [154, 128, 118]
    name = next(title for title in shown if title.startswith("Balance before and after weighting"))
    balance, largest = cells(shown[name]), together(report()).balance.table.set_index("confounder")
    assert float(balance["Age"][0]) == pytest.approx(largest.loc["age", "before"], abs=0.005)
    assert {"Programme", "Manual therapy"} == set(balance["Age"][1].split(" and "))
    every = cells(tables(sections(report())["every-two-groups"])["Every two groups, from the same equations"])
    assert list(every)[:3] == ["Programme and Usual care", "Manual therapy and Usual care",
                               "Manual therapy and Programme"]  # fmt: skip
    said = re.sub(r"\s+", " ", read(report()))
    assert "multinomial logistic regression" in said
    assert "All 3 groups are compared in the same people, so that the differences of every two add up" in said


@pytest.mark.parametrize(
    ("estimand", "focal", "analysis"),
    [
        ("ATO", None, {"model": "weighting"}),
        ("ATT", "programme", {"model": "standardisation"}),
        ("ATE", None, {"model": "weighting", "method": "entropy"}),
        ("ATE", None, {"model": "weighted_mmrm", "estimator": "g_computation"}),
        ("ATE", None, {"groups": "apart"}),
        ("ATT", None, {"model": "matching"}),
    ],
)
def test_every_target_and_model_has_its_numbers(estimand: str, focal: str | None, analysis: dict[str, Any]) -> None:
    import coxa

    found = made.of_three(estimand, focal, **analysis)
    frame = found.estimates.only(term="difference").frame.set_index("arm")
    for arm, truth in made.DIFFERENCES.items():
        assert abs(frame.loc[arm, "estimate"] - truth) < 3 * frame.loc[arm, "std_error"]
    apart = analysis.get("groups") == "apart" or analysis.get("model") == "matching"
    assert ("joint_test" in set(found.estimates.frame["term"])) != apart
    again = eval(found.fits["primary"][0].spec.call(), {"coxa": coxa, "data": found.datasets["pain"].frame})
    assert (
        again["manual"].estimates.only(term="difference").frame["estimate"].iloc[0] == frame.loc["manual", "estimate"]
    )
    trial = target_trial_of(found.study)
    assert trial is not None
    assert ("in those of Programme (ATT)" in target_words(found.study, trial)) == (focal is not None)


@pytest.mark.parametrize(
    ("estimand", "focal", "analysis", "fault"),
    [
        ("ATT", None, {"model": "weighting"}, "Name it as `focal`"),
        ("ATE", "programme", {"model": "weighting"}, "Leave it out"),
        ("ATT", "nobody", {"model": "weighting"}, "nobody"),
        ("ATO", None, {"model": "weighting", "method": "entropy"}, "or of all"),
    ],
)
def test_a_target_that_does_not_fit_is_refused_by_name(
    estimand: str, focal: str | None, analysis: dict[str, Any], fault: str
) -> None:
    with pytest.raises(CoxaError, match=fault):
        made.study(**made.three(estimand, focal, **analysis))


def test_the_truth_is_that_of_the_people_whom_the_target_trial_is_about() -> None:
    """The programme takes 0.3 more off per year of age: the value follows from the mean age of the target."""
    truths, n = {}, 40_000
    for target in ("ATE", "ATT", "ATO"):
        plan = made.plan()
        plan["target_trial"]["estimand"] = target
        plan["assumptions"]["outcomes"]["pain"]["modifiers"] = {"age": {"programme": -0.3}}
        design = trial_design(made.study(**plan), n)
        truths[target] = true_values(design, n=n).values[0]
    drawn = draw_outcomes(design, 8)
    age, p = drawn.covariates["age"], chances(design, drawn.covariates)[:, design.arms.index("programme")]
    weights = {"ATE": np.ones(n), "ATT": p, "ATO": p * (1 - p)}
    for target, weight in weights.items():
        by_age = made.TRUTH - 0.3 * (np.average(age, weights=weight) - 60)
        assert truths[target].value == pytest.approx(by_age, abs=0.05)
    treated = drawn.arm == design.arms.index("programme")
    assert truths["ATT"].value == pytest.approx(made.TRUTH - 0.3 * (age[treated].mean() - 60), abs=0.06)
    assert truths["ATT"].value - truths["ATE"].value > 0.5
