"""A faulty plan is answered with every fault at once: line, key, what is allowed, the nearest match."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from coxa.errors import PlanError
from coxa.study import Study, read_study
from coxa.study.describing.document import study_schema
from coxa.study.reading.read import parse_study
from coxa.study.words import Design

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
        ("label: Exercise", "labl: Exercise", 5, "arms.exercise.labl", "did you mean label?"),
        (
            "day: 84",
            "day: twelve",
            8,
            "visits.week_12.day",
            "`day` is not a whole number. Write a whole number, for example `day: 84`",
        ),
        (
            "exercise: {label",
            "exercise: {reference: true, label",
            3,
            "arms",
            "2 arms are the reference (usual_care, exercise)",
        ),
        ("visit: week_12}", "visit: week_13}", 18, "estimands.primary.endpoint.visit", "did you mean week_12?"),
        ("against: usual_care", "against: usual", 17, "estimands.primary.treatment", 'no arm "usual"'),
        ("measure: change", "measure: chnge", 18, "estimands.primary.endpoint.measure", "did you mean change?"),
        ("baseline * visit", "baselin * visit", 21, "analyses.main.adjust", "did you mean baseline?"),
        ("site], cov", "'__import__(\"os\")'], cov", 21, "analyses.main.adjust", "is not a term"),
        ("[UN]", "[unn]", 21, "analyses.main.covariance.0", "`covariance` is not one of the known words"),
        ("[-14, 21]", "[14, 21]", 8, "visits.week_12", "does not contain the planned day"),
        ("hip_surgery: hypothetical", "", 19, "estimands.primary.intercurrent_events", "no strategy for"),
        ("hip_surgery: hypothetical", "hip_surgery: principal_stratum", 19, None, "no estimator is offered"),
        ("hypothetical}", "composite}", 19, None, "a composite strategy has no `value` after the event. Add"),
        ("hypothetical}", "{strategy: hypothetical, value: 3}}", 19, None, "a composite strategy, and no other, has a"),
        ("measure: change", "measure: responder", 16, "estimands.primary.summary", "does not fit `measure: responder`"),
        (", higher_is_better: true", "", 10, "outcomes.pain", "needs its range and direction"),
        (
            "type: category, levels: [north, south]",
            "type: category",
            12,
            "covariates.site",
            "the category has no `levels`",
        ),
        ("model: mmrm", "model: proportions", 21, None, "`adjust` does not belong to model proportions"),
        ("model: mmrm", "reml: false, model: mmrm", 21, "analyses.main", "Kenward-Roger needs REML"),
        (
            "  exercise: {label",
            "  Exercise Arm: {label",
            5,
            None,
            "the name has other characters than lower-case letters",
        ),
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
    assert faults(text) == [(11, "outcomes.pain", "the key `pain` is already on line 10. Keep one of the two.")]


def test_all_faults_are_reported_at_once_in_the_order_of_the_file() -> None:
    text = PLAN.replace("day: 84", "day: x").replace("label: Ex", "labl: Ex").replace("[UN]", "[tope]")
    assert [line for line, _, _ in faults(text)] == [5, 8, 21]


def test_faults_between_parts_are_found_beside_faults_in_parts() -> None:
    text = (
        PLAN.replace("day: 84", "day: x").replace("visit: week_12}", "visit: week_13}").replace("site], c", "sit], c")
    )
    assert [(line, said.partition(";")[0].partition(".")[0]) for line, _, said in faults(text)] == [
        (8, "`day` is not a whole number"),
        (18, 'there is no visit "week_13"'),
        (21, 'there is no variable "sit"'),
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("day: 84", "day: x", 8, "`day` is not"),  # not: unknown visit 'week_12'
        ("arms:", "armz:", 3, "did you mean arms?"),  # not: `arms` is required, unknown arm 'usual_care'
        ("reference: true", "refrence: true", 4, "did you mean reference?"),  # not: no arm is the reference
        ("reference: true", "reference: yess", 4, "`reference` is not true or false"),
        ("{day: 0}", "[0]", 7, "`baseline` is not a mapping of keys"),  # not: no visit is the baseline
        ("estimand: primary, ", "", 21, "the key `estimand` is required"),
        ("title: A tiny trial\n", "", None, "the key `title` is required"),
        ("against: usual_care", "", 17, "the key `against` is required"),
        (
            "against: usual_care",
            "control: usual_care",
            17,
            "there is no key `control`, and the key `against` is missing",
        ),
        ("visits:", "timepoints:", 6, "there is no key `timepoints`, and the key `visits` is missing"),
        ("range:", "limits:", 10, "there is no key `limits`"),  # not: an outcome without an instrument needs its range
    ],
)
def test_one_fault_is_said_once(old: str, new: str, line: int | None, said: str) -> None:
    ((found, _, message),) = faults(PLAN.replace(old, new, 1))
    assert found == line
    assert said in message


def test_a_misspelt_table_is_read_as_the_one_meant() -> None:
    tables = "data:\n  tables:\n    participants: {file: a.csv}\n    assessmnts: {file: b.csv, outcomes: {pane: x}}\n"
    first, second = faults(PLAN + tables)
    assert first[:2] == (25, "data.tables.assessmnts")
    assert "did you mean assessments?" in first[2]
    assert 'no outcome "pane"' in second[2]


def test_an_empty_plan_lacks_every_part_once() -> None:
    lacking = [field for _, field, _ in faults("{}")]
    assert lacking == ["study", "title", "visits", "arms", "estimands", "analyses", "outcomes"]


def test_a_part_that_cannot_be_used_does_not_hide_the_rest() -> None:
    text = PLAN.replace("compare: exercise, ", "").replace("reference: true", "")
    assert [(line, said.partition(",")[0].partition(".")[0]) for line, _, said in faults(text)] == [
        (3, "0 arms are the reference (none) in place of one"),
        (17, "the key `compare` is required"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("study: tiny", "study: Tiny trial", "the long form in `title`"),
        (
            "visit: week_12}",
            "visit: 12}",
            "`visit` is not a name from the plan. Use one of the visits of this plan: baseline, week_12.",
        ),
        ("[-14, 21]", "[14]", "`window` does not have two values. Write for example `window: [-14, 21]`."),
        ("range: [0, 100]", "range: 0-100", "Write a list, for example `range: [0, 100]`"),
        ("delivers: [exercise_therapy]", "delivers: exercise", "did you mean exercise_therapy?"),
        ("levels: [north, south]", "levels: 3", "`levels` is not a mapping of keys or a list"),
    ],
)
def test_a_hint_fits_the_key(old: str, new: str, said: str) -> None:
    ((_, field, message),) = faults(PLAN.replace(old, new))
    assert said in message
    assert field is not None
    assert "[" not in field  # the file's own keys, without the names that a library gives to unions


def test_no_far_fetched_word_is_suggested() -> None:
    ((_, _, message),) = faults(PLAN.replace("label: Exercise", "legend: Exercise"))
    assert message.startswith("there is no key `legend`. Choose one of label, reference")
    assert "id you mean" not in message


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("study: x\n\ttitle: y\n", 2, "the line is indented with a tab. Replace the tab with spaces."),
        ("study: x\ntitle: A: b\n", 2, "a text with a colon in it is not in quotes. Put the text in quotes"),
        (
            "arms:\n  a: 1\n   b: 2\n",
            3,
            "the line does not start in the column of its level. It starts after 3 spaces, line 2 after 2",
        ),
        (
            "arms:\n  a: 1\n b: 2\n",
            3,
            "the line does not start in the column of its level. It starts after 1 spaces, line 2 after 2",
        ),
        (
            "study: x\n  title: y\n",
            2,
            "the line does not start in the column of its level. It starts after 2 spaces, line 1 after 0",
        ),
        ("arms: {a: [1, 2\nb: 3", 1, "the bracket opened on this line lacks its end or a comma"),
        ("title: 'abc\nb: 2\n", 1, "the quote opened on this line is not closed"),
        ('title: "a" b\n', 1, "a text goes on after its closing quote"),
        ("study\ntitle: y\n", 1, "the key on this line has no colon"),
        ("title: @x\n", 1, "a text starts with a character that has a meaning in YAML. Put the text in quotes"),
        ("arms: *x\n", 1, "the file is not valid YAML: found undefined alias"),
    ],
)
def test_broken_yaml_is_answered_in_plain_words(text: str, line: int, said: str) -> None:
    ((found, _, message),) = faults(text)
    assert found == line
    assert said in message


def test_a_file_that_holds_no_plan_is_a_finding() -> None:
    assert "the file has no plan (a mapping of keys)" in faults("- just\n- a list\n")[0][2]
    with pytest.raises(PlanError, match="is not UTF-8"):
        parse_study("study: caf\xe9".encode("latin-1"))


def test_a_file_that_is_not_there_is_no_fault_of_a_plan(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="name the study file in it"):
        read_study(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_study(tmp_path / "study.yaml")


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
    kinds = {kind: schema["$defs"][kind] for kind in ("Trial", "CohortStudy", "ServiceEvaluation")}
    assert not any(kind["additionalProperties"] for kind in kinds.values())
    assert {"study", "title", "arms", "estimands"} <= set(kinds["Trial"]["required"])
    assert {"design", "arms"} <= set(kinds["CohortStudy"]["required"])
    assert kinds["ServiceEvaluation"]["required"] == ["study", "title", "design", "visits", "outcomes"]
    assert "arms" not in kinds["ServiceEvaluation"]["properties"]
    assert set(schema["discriminator"]["mapping"]) == set(get_args(Design))


@pytest.mark.parametrize("high", [".nan", ".inf"])
def test_a_range_has_finite_ends(high: str) -> None:
    found = faults(PLAN.replace("range: [0, 100]", f"range: [0, {high}]"))
    assert ["`range` is not a finite number" in text for *_, text in found] == [True]


def test_a_plan_that_is_not_there_is_said_with_the_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no such plan; it is looked for in") as caught:
        read_study(tmp_path / "study.yaml")
    assert str(tmp_path) in str(caught.value)
