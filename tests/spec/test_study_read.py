"""A faulty plan is answered with every fault at once: line, key, what is allowed, the nearest match."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coxa.errors import PlanError
from coxa.study import Study, read_study
from coxa.study.json_schema import study_schema
from coxa.study.read import parse_study

PLAN = """\
study: tiny
title: A tiny trial
arms:
  usual_care: {reference: true}
  exercise: {label: Exercise therapy, delivers: [exercise_therapy]}
visits:
  baseline: {day: 0}
  week_12: {day: 84, window: [-14, 21]}
outcomes:
  pain: {range: [0, 100], higher_is_better: true}
covariates:
  site: {type: category, levels: [north, south]}
intercurrent_events:
  hip_surgery: {label: Hip surgery}
estimands:
  primary:
    treatment: {compare: exercise, against: usual_care}
    endpoint: {outcome: pain, measure: change, visit: week_12}
    intercurrent_events: {hip_surgery: hypothetical}
analyses:
  main: {estimand: primary, model: mmrm, adjust: [baseline * visit, site], covariance: [UN]}
"""


def parse(text: str) -> Study:
    return parse_study(text.encode())


def faults(text: str) -> list[tuple[int | None, str | None, str]]:
    with pytest.raises(PlanError) as caught:
        parse(text)
    return [(item.row, item.field, f"{item.rule}. {item.remedy}") for item in caught.value.findings]


def test_a_good_plan_is_read_with_its_lines_and_hash() -> None:
    study = parse(PLAN)
    assert study.reference_arm == "usual_care"
    assert study.arm_order == ("usual_care", "exercise")
    assert study.baseline_visit == "baseline"
    assert study.post_visits == ("week_12",)
    assert study.analyses["main"].covariance == ("us",)  # the SAS word UN
    assert study.origin is not None
    assert study.origin.line("estimands", "primary", "endpoint") == 18
    assert len(study.origin.sha256) == 64


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "message"),
    [
        ("label: Exercise", "labl: Exercise", 5, "arms.exercise.labl", "did you mean `label`?"),
        ("day: 84", "day: twelve", 8, "visits.week_12.day", "a whole number is expected"),
        (
            "exercise: {label",
            "exercise: {reference: true, label",
            3,
            "arms",
            "exactly one arm is the reference, this plan has 2 (usual_care, exercise)",
        ),
        ("visit: week_12}", "visit: week_13}", 18, "estimands.primary.endpoint.visit", "did you mean 'week_12'?"),
        ("against: usual_care", "against: usual", 17, "estimands.primary.treatment", "unknown arm 'usual'"),
        ("measure: change", "measure: chnge", 18, "estimands.primary.endpoint.measure", "did you mean `change`?"),
        ("baseline * visit", "baselin * visit", 21, "analyses.main.adjust", "did you mean 'baseline'?"),
        ("site], cov", "'__import__(\"os\")'], cov", 21, "analyses.main.adjust", "is not a term"),
        ("[UN]", "[unn]", 21, "analyses.main.covariance.0", "one of the known words is expected"),
        ("[-14, 21]", "[14, 21]", 8, "visits.week_12", "does not contain the planned day"),
        ("hip_surgery: hypothetical", "", 19, "estimands.primary.intercurrent_events", "nothing is said of"),
        ("hip_surgery: hypothetical", "hip_surgery: principal_stratum", 19, None, "no estimator is offered"),
        ("hypothetical}", "composite}", 19, None, "a composite strategy needs a `value`"),
        ("measure: change", "measure: responder", 16, "estimands.primary", "responders go with risk_difference"),
        (", higher_is_better: true", "", 10, "outcomes.pain", "needs its range and direction"),
        ("type: category, levels: [north, south]", "type: category", 12, "covariates.site", "needs its `levels`"),
        ("model: mmrm", "model: proportions", 21, None, "proportions are not adjusted"),
        ("model: mmrm", "estimation: ml, model: mmrm", 21, "analyses.main", "Kenward-Roger needs REML"),
        ("  exercise: {label", "  Exercise Arm: {label", 5, None, "a name is lower-case letters"),
    ],
)
def test_a_fault_names_its_line_key_and_remedy(old: str, new: str, line: int, field: str | None, message: str) -> None:
    assert old in PLAN
    found = faults(PLAN.replace(old, new))
    matching = [fault for fault in found if message in fault[2]]
    assert matching, found
    assert matching[0][0] == line
    if field is not None:
        assert matching[0][1] == field


def test_a_duplicate_key_names_both_lines() -> None:
    text = PLAN.replace("outcomes:\n", "outcomes:\n  pain: {range: [0, 10], higher_is_better: false}\n")
    assert faults(text) == [
        (11, "outcomes.pain", "a key is written once; `pain` is already on line 10. keep one of the two")
    ]


def test_all_faults_are_reported_at_once_in_the_order_of_the_file() -> None:
    text = PLAN.replace("day: 84", "day: x").replace("label: Ex", "labl: Ex").replace("[UN]", "[tope]")
    assert [line for line, _, _ in faults(text)] == [5, 8, 21]


def test_broken_yaml_and_wrong_encodings_are_findings(tmp_path: Path) -> None:
    assert "valid YAML" in faults("arms: {a: [1, 2\nb: 3")[0][2]
    assert "plan (a mapping of keys)" in faults("- just\n- a list\n")[0][2]
    with pytest.raises(PlanError, match="UTF-8"):
        parse_study("study: caf\xe9".encode("latin-1"))
    with pytest.raises(PlanError, match=r"the study\.yaml in it"):
        read_study(tmp_path)


def test_overlapping_windows_are_refused() -> None:
    text = PLAN.replace("  week_12:", "  week_10: {day: 77, window: [-7, 7]}\n  week_12:")
    assert "overlap on days 70 to 84" in faults(text)[0][2]


def test_a_finding_about_a_plan_counts_in_lines() -> None:
    with pytest.raises(PlanError, match=r"study\.yaml, line 8, visits\.week_12\.day"):
        parse(PLAN.replace("day: 84", "day: twelve"))


def test_the_published_schema_is_the_one_of_the_code() -> None:
    published = Path(__file__).parents[2] / "src/coxa/study/study.schema.json"
    assert published.read_text(encoding="utf-8") == study_schema()
    schema = json.loads(study_schema())
    assert "additionalProperties" in schema
    assert {"study", "title", "arms", "estimands"} <= set(schema["required"])
