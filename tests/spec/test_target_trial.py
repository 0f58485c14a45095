"""A cohort that emulates a target trial: what its plan says, what its data must not have, what a report may say."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.causal import compare_groups
from coxa.cohort.checks.target_trial import check_target_trial
from coxa.errors import CoxaError
from coxa.report.analyse import analyse
from coxa.report.build import build_document
from coxa.report.output.render import render_document
from coxa.report.report import Report
from coxa.report.topics.analyses.sentences import question
from coxa.report.topics.answer.section import comparison_cautions
from coxa.simulate import simulate_study
from coxa.simulate.from_plan.confounding import with_shares
from tests.spec import confounded_cohort as made
from tests.spec.pages import without_scripts

EFFECT = re.compile(r"\beffects?\b", re.I)


def changed(*path: str, to: Any) -> dict[str, Any]:
    plan = deepcopy(made.plan())
    part = plan
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = to
    return plan


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (("target_trial", "confounders"), {"height": "A reason."}, "height"),
        (("target_trial", "confounders"), {"age": ""}, "confounders.age"),
        (("target_trial", "confounders"), {}, "confounders"),
        (("target_trial", "strategies"), {"usual": "Advice."}, "'programme' has no strategy"),
        (("target_trial", "negative_controls"), "pain", "the outcome of an estimand"),
        (("analyses", "primary", "method"), "entropy", "entropy balancing is of the treated"),
        (("assumptions", "confounding"), {"usual": {"age": 1}}, "the reference group"),
        (("assumptions", "confounding"), {"programme": {"severity": 1}}, "a number by level"),
        (("assumptions", "confounding"), {"programme": {"severity": {"bad": 1}}}, "bad"),
    ],
)
def test_a_target_trial_that_does_not_fit_its_plan_is_refused_by_name(path: Any, value: Any, fault: str) -> None:
    with pytest.raises(CoxaError, match=re.escape(fault)):
        made.study(**changed(*path, to=value))


def test_an_analysis_without_declared_confounders_is_refused() -> None:
    with pytest.raises(CoxaError, match="declares none"):
        made.study(target_trial=None)


def test_confounding_is_not_assumed_of_a_trial() -> None:
    trial = changed("analyses", "primary", to={"estimand": "pain", "role": "primary", "model": "ancova"})
    with pytest.raises(CoxaError, match="randomised, not confounded"):
        made.study(**{**trial, "design": "parallel", "target_trial": None})


class Drafted:
    """What a check sees: a plan and its participants."""

    def __init__(self, days: list[float], arms: list[str]) -> None:
        self.study = made.study()
        start = pd.Timestamp("2024-01-10")
        self.people = pd.DataFrame(
            {
                "participant_id": [f"p{k}" for k in range(len(days))],
                "arm": arms,
                "randomisation_date": start,
                "treatment_start_date": [start + pd.Timedelta(days=d) if np.isfinite(d) else pd.NaT for d in days],
                "source_file": "participants.csv",
                "source_row": range(2, len(days) + 2),
            }
        )

    def table(self, name: str) -> pd.DataFrame:
        assert name == "participants"
        return self.people


@pytest.mark.parametrize(
    ("day", "arm", "fault"),
    [
        (-30, "programme", "prevalent user"),
        (20, "programme", "immortal time"),
        (90, "programme", "on or after the first outcome visit (day 84)"),
        (3, "usual", "a participant of the reference group began the treatment"),
        (0, "programme", None),
        (14, "programme", None),
        (100, "usual", None),
    ],
)
def test_time_that_no_weight_repairs_is_refused_by_name(day: float, arm: str, fault: str | None) -> None:
    found = check_target_trial(Drafted([day, 5.0, np.nan], [arm, "programme", "usual"])).findings  # type: ignore[arg-type]
    assert [one.severity for one in found] == (["error"] if fault else [])
    assert all(fault in one.rule and one.row == 2 for one in found if fault)


def test_a_start_of_treatment_that_is_not_known_is_a_warning() -> None:
    found = check_target_trial(Drafted([5.0, np.nan], ["programme", "programme"])).findings  # type: ignore[arg-type]
    assert [(one.severity, one.row) for one in found] == [("warning", 3)]


def test_groups_have_their_shares_and_the_planted_odds() -> None:
    age = np.random.default_rng(1).normal(0, 1, 20_000)
    odds = with_shares(np.column_stack([0 * age, 0.8 * age]), np.array([0.7, 0.3]))
    assert odds.mean(axis=0) == pytest.approx([0.7, 0.3], abs=1e-9)
    assert np.polyfit(age, np.log(odds[:, 1] / odds[:, 0]), 1)[0] == pytest.approx(0.8)


def read(report: Report) -> str:
    page = without_scripts(str(render_document(build_document(report), "html")))
    return re.sub(r"<[^>]+>", " ", re.sub(r"<style.*?</style>", "", page, flags=re.S))


def test_the_doubly_robust_answer_has_the_planted_truth_and_the_naive_one_has_not() -> None:
    row = made.report().estimates.only(term="difference").frame.iloc[0]
    assert row["conf_low"] < made.TRUTH < row["conf_high"]
    rows = made.report().datasets["pain"].frame
    means = rows[rows["visit"] == "week_12"].groupby("arm", observed=True)["value"].mean()
    assert means["programme"] - means["usual"] < row["conf_low"]


def test_a_report_speaks_of_an_effect_only_where_the_plan_declares_confounders() -> None:
    with_trial = made.report()
    assert "effect of" in question(with_trial.study.main_analysis)
    assert "only if the declared confounders" in str(comparison_cautions(with_trial)[0])
    crude = changed("analyses", "primary", to={"estimand": "pain", "role": "primary", "model": "ancova"})
    described = simulate_study(made.study(**{**crude, "target_trial": None}), truth_size=2000, seed=5)
    report = analyse(described)
    said = [line for line in re.split(r"\n|(?<=\.) ", read(report)) if EFFECT.search(line)]
    assert [line for line in said if not re.search(r"adverse|fixed effect|unified approach", line, re.I)] == []
    assert "effect" not in question(report.study.main_analysis)
    assert "association" in str(comparison_cautions(report)[0])


def sections(report: Report) -> dict[str, Any]:
    return {one.id: one for one in build_document(report).walk()}


def tables(section: Any) -> dict[str, Any]:
    return {block.table.title: block.table for block in section.blocks if hasattr(block, "table")}


def cells(table: Any) -> dict[str, list[str]]:
    return {row.label: [cell.text for cell in row.cells] for row in table.rows()}


def test_the_report_prints_the_target_trial_with_what_the_data_support_and_how_alike_the_groups_became() -> None:
    found = sections(made.report())
    shown = tables(found["target-trial-section"])
    trial = cells(shown["The target trial, and what the data can support"])
    assert trial["Treatment strategies"][0] == "Usual care: Advice; Programme: Twelve sessions"
    assert "cannot be seen" in trial["Start of follow-up"][1]
    assert cells(shown["Confounders, with the reason for each"])["Motivation"][0] == "Not measured"
    alike = found["comparability-primary-programme-week-12"]
    balance = cells(tables(alike)["Balance before and after weighting"])
    assert float(balance["Age"][0].replace("\N{MINUS SIGN}", "-")) < -0.3
    assert abs(float(balance["Age"][1].replace("\N{MINUS SIGN}", "-"))) < 0.1
    assert set(cells(tables(alike)["Weights and overlap"])) >= {
        "Effective sample size",
        "Largest weight, as a multiple of the mean",
    }
    assert [block.figure.id for block in alike.blocks if hasattr(block, "figure")] == [
        "love-primary-programme-week-12",
        "overlap-primary-programme-week-12",
    ]
    unseen = tables(found["not-measured"])
    assert set(unseen) >= {"With and without adjustment, and E-values", "Negative controls"}
    assert cells(unseen["An unmeasured confounder as strong as a measured one"]).keys() == {"Age", "Severity: Severe"}


def test_a_confounder_that_is_still_apart_is_a_finding_and_a_caution() -> None:
    plan = changed("assumptions", "confounding", to={"programme": {"age": -0.25}})
    plan["analyses"]["primary"] = {"estimand": "pain", "role": "primary", "model": "weighting", "truncate": 0.8}
    report = analyse(simulate_study(made.study(**plan), truth_size=2000, seed=5))
    warned = [one for one in report.findings.items if "differ after weighting" in one.rule]
    assert [(one.severity, one.field) for one in warned] == [("warning", "analyses.primary")]
    assert re.search(r"Age \(-\d", warned[0].rule)
    assert any("differ after weighting" in str(text) for text in comparison_cautions(report))
    assert not [one for one in made.report().findings.items if "differ after weighting" in one.rule]


@pytest.mark.parametrize("model", ["weighting", "standardisation"])
@pytest.mark.parametrize("target", ["ATT", "ATO"])
def test_every_target_and_model_has_its_numbers(model: str, target: str) -> None:
    plan = changed("target_trial", "estimand", to=target)
    plan["analyses"]["primary"] = {"estimand": "pain", "role": "primary", "model": model}
    report = analyse(simulate_study(made.study(**plan), truth_size=2000, seed=5))
    row = report.estimates.only(term="difference").frame.iloc[0]
    assert row["conf_low"] < made.TRUTH < row["conf_high"]
    assert target in row["method"]


def analysed(target: str = "ATE", **analysis: Any) -> Report:
    plan = changed("target_trial", "estimand", to=target)
    plan["analyses"]["primary"] = {"estimand": "pain", "role": "primary", **analysis}
    return analyse(simulate_study(made.study(**plan), truth_size=2000, seed=5))


def test_pairs_of_a_plan_go_through_to_the_report() -> None:
    report = analysed(target="ATT", model="matching", caliper=0.1)
    row = report.estimates.only(term="difference").frame.iloc[0]
    assert row["conf_low"] < made.TRUTH < row["conf_high"]
    assert "errors by pair" in row["method"]
    fit = report.fits["primary"][0]
    left = fit.left_out
    assert set(left["reason"]) == {"no partner within the caliper"}
    shown = tables(sections(report)["comparability-primary-programme-week-12"])
    pairs = cells(shown["Pairs and overlap"])
    assert pairs["In a pair"][0] == pairs["In a pair"][1]
    assert int(pairs["Without a partner"][0]) == len(left)
    assert "Balance before and after matching" in shown
    said = read(report)
    assert "Standard errors are clustered by pair" in said
    assert "have a partner; the answer is about them" in said
    assert not re.search(r"(before|after) weighting", said)


def test_a_bootstrap_of_a_plan_is_told_with_seed_number_and_monte_carlo_error() -> None:
    report = analysed(model="doubly_robust", standard_error="bootstrap", replicates=100, seed=9)
    row = report.estimates.only(term="difference").frame.iloc[0]
    rows = report.datasets["pain"].frame
    options: dict[str, Any] = {"group": "arm", "treated": "programme", "confounders": ["age", "severity"]}
    direct = compare_groups(
        rows[rows["visit"] == "week_12"], outcome="value", estimator="doubly_robust", **options
    ).estimates.only(term="difference")
    stacked = direct.frame.iloc[0]
    assert row["estimate"] == pytest.approx(stacked["estimate"], rel=1e-12)
    assert row["std_error"] == pytest.approx(stacked["std_error"], rel=0.3)
    assert "100 bootstrap samples of participants (seed 9)" in re.sub(r"\s+", " ", read(report))


def test_matching_is_of_the_treated_and_says_so() -> None:
    plan = changed("analyses", "primary", to={"estimand": "pain", "role": "primary", "model": "matching"})
    with pytest.raises(CoxaError, match="estimand: ATT"):
        made.study(**plan)


@pytest.mark.parametrize("model", ["matching", "doubly_robust"])
def test_groups_are_compared_within_the_levels_of_a_subgroup(model: str) -> None:
    report = analysed(target="ATT", model=model, subgroups=["severity"])
    found = report.estimates.frame
    within = found[found["term"] == "subgroup_difference"]
    assert len(within) == 2
    assert ((within["estimate"] - made.TRUTH).abs() < 3 * within["std_error"]).all()
    test = found[found["term"] == "interaction_test"].iloc[0]
    apart = float(within["estimate"].iloc[1] - within["estimate"].iloc[0])
    spread = float((within["std_error"] ** 2).sum())
    assert test["statistic"] == pytest.approx(apart**2 / spread, rel=1e-9)
    assert "Severity" in read(report)


def test_the_recorded_calls_give_the_comparisons_again() -> None:
    import coxa

    report = analysed(target="ATT", model="matching")
    again = eval(report.fits["primary"][0].spec.call(), {"coxa": coxa, "data": report.datasets["pain"].frame})
    row = again["programme"].estimates.only(term="difference").frame.iloc[0]
    assert row["std_error"] == report.estimates.only(term="difference").frame.iloc[0]["std_error"]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"dropout": "weighted", "estimator": "doubly_robust"},
        {"estimator": "g_computation", "standard_error": "bootstrap", "replicates": 100},
    ],
)
def test_one_model_of_all_visits_goes_through_to_the_report(options: dict[str, Any]) -> None:
    import coxa

    report = analysed(model="weighted_mmrm", subgroups=["severity"], **options)
    frame = report.estimates.frame
    row = frame[frame["term"] == "difference"].iloc[0]
    assert row["conf_low"] < made.TRUTH < row["conf_high"]
    assert (frame["term"] == "subgroup_difference").sum() == 2
    again = eval(report.fits["primary"][0].spec.call(), {"coxa": coxa, "data": report.datasets["pain"].frame})
    assert again["programme"].estimates.only(term="difference").frame["estimate"].iloc[0] == row["estimate"]
    assert "comparability-primary-programme-week-12" in sections(report)
    said = re.sub(r"\s+", " ", read(report))
    standardised = options.get("estimator") == "g_computation"
    assert ("one repeated-measures model of weighted participants" in said) != standardised
    assert ("whom the estimand is about (g-computation)" in said) == standardised
    assert ("standardised regressions, without these weights" in said) == standardised
    assert ("100 bootstrap samples of participants" in said) == ("standard_error" in options)
    assert ("times those of each outcome for dropout" in said) == ("dropout" in options)
