"""What an analysis of the plan may ask for: courses, margins, subgroups, factorial arms."""

from __future__ import annotations

import pytest

from coxa.study.analysis import Margin
from coxa.study.parts import arm_factors
from coxa.study.wording import model_formula
from tests.spec.test_study_read import faults, parse

PLAN = """\
study: factorial
title: Exercise and manual therapy
design: factorial
arms:
  usual_care: {reference: true, delivers: [education]}
  exercise: {delivers: [education, exercise_therapy]}
  manual_therapy: {delivers: [education, manual_therapy]}
  combined: {delivers: [education, exercise_therapy, manual_therapy]}
visits:
  baseline: {day: 0}
  week_12: {day: 84}
  week_26: {day: 182}
outcomes:
  pain: {range: [0, 100], higher_is_better: true}
covariates:
  sex: {type: category, levels: [female, male]}
  age: {type: number}
estimands:
  primary:
    treatment: {compare: [exercise, manual_therapy, combined], against: usual_care}
    endpoint: {outcome: pain, measure: change, visit: week_12}
analyses:
  main:
    estimand: primary
    model: mmrm
    adjust: [baseline * visit]
    contrasts: [by_visit, average, slope, auc]
    multiplicity: dunnett
    averaging: counterfactual
    margin: {type: noninferiority, value: 5, source: agreed with patients}
    subgroups: [sex]
"""


def test_what_is_asked_for_is_read() -> None:
    study = parse(PLAN)
    analysis = study.analyses["main"]
    assert analysis.contrasts == ("by_visit", "average", "slope", "auc")
    assert analysis.margin == Margin(type="noninferiority", value=5, source="agreed with patients")
    assert analysis.subgroups == ("sex",)
    assert (analysis.multiplicity, analysis.averaging) == ("dunnett", "counterfactual")
    assert parse(PLAN.replace("contrasts: [by_visit, average, slope, auc]", "contrasts: slope")).analyses[
        "main"
    ].contrasts == ("slope",)


def test_unless_asked_arms_are_compared_by_visit() -> None:
    analysis = parse(PLAN.replace("    contrasts: [by_visit, average, slope, auc]\n", "")).analyses["main"]
    assert analysis.contrasts == ("by_visit",)


def test_the_joint_model_of_a_subgroup_has_its_interaction() -> None:
    study = parse(PLAN)
    assert model_formula(study, "main") == "change ~ arm * visit + baseline * visit"
    assert model_formula(study, "main", subgroup="sex") == "change ~ arm * visit * sex + baseline * visit"
    one_visit = parse(
        PLAN.replace("model: mmrm", "model: ancova").replace("    contrasts: [by_visit, average, slope, auc]\n", "")
    )
    assert model_formula(one_visit, "main", subgroup="sex") == "change ~ arm * sex + baseline"


def test_factors_are_what_some_arms_deliver_and_others_do_not() -> None:
    assert arm_factors(parse(PLAN).arms) == {
        "usual_care": (),
        "exercise": ("exercise_therapy",),
        "manual_therapy": ("manual_therapy",),
        "combined": ("exercise_therapy", "manual_therapy"),
    }
    said = PLAN.replace("exercise: {", "exercise: {factors: [moving], ").replace(
        "therapy: {", "therapy: {factors: [hands], "
    )
    said = said.replace("combined: {", "combined: {factors: [moving, hands], ")
    assert arm_factors(parse(said).arms) == {
        "usual_care": (),
        "exercise": ("moving",),
        "manual_therapy": ("hands",),
        "combined": ("moving", "hands"),
    }


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "message"),
    [
        ("  combined: {delivers: [education, exercise_therapy, manual_therapy]}\n", "", 4, "arms", "has four arms"),
        (
            "[education, exercise_therapy, manual_therapy]",
            "[education, exercise_therapy]",
            4,
            "arms",
            "combined: exercise_therapy; write what each arm adds",
        ),
        ("average, slope", "average, slop", 27, "analyses.main.contrasts.2", "did you mean slope?"),
        (
            "type: noninferiority",
            "type: non_inferiority",
            30,
            "analyses.main.margin.type",
            "did you mean noninferiority?",
        ),
        ("value: 5", "value: -5", 30, "analyses.main.margin.value", "greater than or equal to 0"),
        ("value: 5", "value: 0", 30, "analyses.main.margin", "a margin of 0 cannot show noninferiority"),
        ("value: 5", "value: 5, alpha: 0.95", 30, "analyses.main.margin.alpha", "less than 0.5"),
        ("subgroups: [sex]", "subgroups: [sexe]", 31, "analyses.main.subgroups", "did you mean sex?"),
        (
            "subgroups: [sex]",
            "subgroups: [age]",
            31,
            "analyses.main.subgroups",
            "'age' is a number and has no subgroups",
        ),
        ("model: mmrm", "model: ancova", 27, "analyses.main.contrasts", "`contrasts` does not belong to model ancova"),
        ("  week_26: {day: 182}\n", "", 26, "analyses.main.contrasts", "a course needs two visits after baseline"),
        ("multiplicity: dunnett", "multiplicity: dunnet", 28, "analyses.main.multiplicity", "did you mean dunnett?"),
    ],
)
def test_a_fault_names_its_line_key_and_remedy(old: str, new: str, line: int, field: str, message: str) -> None:
    assert old in PLAN
    matching = [fault for fault in faults(PLAN.replace(old, new)) if message in fault[2]]
    assert matching, faults(PLAN.replace(old, new))
    assert matching[0][:2] == (line, field)


def test_tukey_is_over_all_arms() -> None:
    every = PLAN.replace("dunnett", "tukey")
    assert parse(every).analyses["main"].multiplicity == "tukey"
    some = every.replace("compare: [exercise, manual_therapy, combined]", "compare: [exercise]")
    assert "this estimand compares some of them" in faults(some)[0][2]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("subgroups: [sex]", "`subgroups` does not belong to model proportions"),
        ("multiplicity: tukey", "Choose one of none, bonferroni, holm, hochberg"),
        ("averaging: counterfactual", "`averaging` does not belong to model proportions"),
    ],
)
def test_proportions_have_no_model_to_ask(line: str, message: str) -> None:
    head = PLAN[: PLAN.index("    model: mmrm")].replace("measure: change", "measure: responder")
    plan = head.replace("visit: week_12}", "visit: week_12}\n    summary: risk_difference").replace(
        "higher_is_better: true}", "higher_is_better: true, responder: {measure: change, at_least: 10}}"
    )
    parse(plan + "    model: proportions\n")
    assert message in faults(plan + f"    model: proportions\n    {line}\n")[0][2]


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "message"),
    [
        ("model: mmrm", "model: mmrn", 25, "analyses.main.model", "did you mean mmrm?"),
        ("    model: mmrm\n", "", 23, "analyses.main.model", "the key `model` is required"),
        (
            "    subgroups: [sex]",
            "    missing_response: observed",
            31,
            "analyses.main.missing_response",
            "use `model: proportions` or `model: logistic`.",
        ),
        ("    multiplicity:", "    multiplicty:", 28, "analyses.main.multiplicty", "did you mean multiplicity?"),
    ],
)
def test_the_word_of_the_model_says_which_options_there_are(
    old: str, new: str, line: int, field: str, message: str
) -> None:
    (found,) = faults(PLAN.replace(old, new))
    assert found[:2] == (line, field)
    assert message in found[2]
