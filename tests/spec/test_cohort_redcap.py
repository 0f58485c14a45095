"""Files of REDCap: checkboxes at other events, repeated forms, labels instead of codes."""

from __future__ import annotations

from pathlib import Path

from coxa.cohort.cohort import Cohort
from coxa.cohort.read import read_cohort
from coxa.study import read_study

PLAN = """
study: s
title: T
arms: {usual: {reference: true}, exercise: {}}
visits: {baseline: {day: 0}, week_6: {day: 42}}
outcomes: {pain: {range: [0, 10], unit: points, higher_is_better: false}}
covariates: {hypertension: {type: category, levels: {no: "No", yes: "Yes"}}}
estimands:
  primary:
    treatment: {compare: [exercise], against: usual}
    endpoint: {outcome: pain, measure: change, visit: week_6}
    summary: difference_in_means
analyses: {primary: {estimand: primary, role: primary, model: ancova, adjust: [baseline]}}
data:
  ignore_unlisted: true
  tables:
    participants:
      file: export.csv
      columns: {participant_id: record_id, arm: group, randomisation_date: rand_date, hypertension: comorb___1}
      values: {arm: {0: usual, 1: exercise}, hypertension: {0: no, 1: yes}}
CONDITION
    assessments:
      file: export.csv
      columns: {participant_id: record_id, visit: redcap_event_name}
      values: {visit: {baseline_arm_1: baseline, 6_weeks_arm_1: week_6}}
      outcomes: {pain: pain}
"""

EXPORT = """\
record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,group,rand_date,comorb___1,pain
1,baseline_arm_1,,,,,1,6
1,randomisation_arm_1,,,0,2024-02-05,0,
1,6_weeks_arm_1,,,,,0,4
1,baseline_arm_1,adverse_event,1,,,0,
2,baseline_arm_1,,,,,0,7
2,randomisation_arm_1,,,1,2024-02-07,0,
2,6_weeks_arm_1,,,,,0,3
"""

CHECKED = '{redcap_event_name: baseline_arm_1, redcap_repeat_instrument: ""}'


def cohort(tmp_path: Path, condition: str = "", export: str = EXPORT, plan: str = PLAN) -> Cohort:
    (tmp_path / "export.csv").write_text(export)
    (tmp_path / "study.yaml").write_text(plan.replace("CONDITION", condition))
    return read_cohort(read_study(tmp_path / "study.yaml"))


def test_a_checkbox_at_other_events_is_answered_with_the_condition_of_its_event(tmp_path: Path) -> None:
    found = cohort(tmp_path)
    (error,) = [item for item in found.findings.errors if item.field == "hypertension"]
    assert error.rule == "`hypertension` differs between the rows of the participant"
    assert f"`columns_where: {{hypertension: {CHECKED}}}`" in error.remedy
    assert f"`where: {CHECKED}`" in error.remedy


def test_a_column_is_read_in_the_rows_of_its_event_and_the_others_in_all(tmp_path: Path) -> None:
    found = cohort(tmp_path, f"      columns_where: {{hypertension: {CHECKED}}}")
    assert not found.findings
    people = found.table("participants").set_index("participant_id")
    assert people["hypertension"].to_dict() == {"1": "yes", "2": "no"}
    assert people["arm"].to_dict() == {"1": "usual", "2": "exercise"}
    assert len(found.table("assessments")) == 4
    assert found.disposition.imbalance().empty


def test_only_rows_of_one_event_describe_participants(tmp_path: Path) -> None:
    export = EXPORT.replace("randomisation_arm_1", "baseline_arm_1").replace(",,,1,6\n", ",0,2024-02-05,1,6\n")
    export = export.replace("1,baseline_arm_1,,,0,2024-02-05,0,\n", "").replace(",,,0,7\n", ",1,2024-02-07,0,7\n")
    export = export.replace("2,baseline_arm_1,,,1,2024-02-07,0,\n", "")
    found = cohort(tmp_path, f"      where: {CHECKED}", export)
    assert not found.findings.errors
    assert found.table("participants")["hypertension"].tolist() == ["yes", "no"]
    left_out = found.disposition.left_out.query("table == 'participants'")["reason"].unique().tolist()
    assert left_out == [
        "where: redcap_event_name is not baseline_arm_1",
        "where: redcap_repeat_instrument is not empty",
    ]
    assert found.disposition.imbalance().empty


def test_words_in_the_range_of_a_condition_are_errors_that_name_the_condition(tmp_path: Path) -> None:
    found = cohort(tmp_path, "      columns_where: {hypertension: {redcap_event_name: {from: 0, to: 3}}}")
    rules = {item.rule for item in found.findings.errors if item.field == "redcap_event_name"}
    assert rules
    assert all(rule.endswith("for the condition `columns_where: hypertension: redcap_event_name`") for rule in rules)


def test_conditions_of_columns_that_are_not_there_are_named(tmp_path: Path) -> None:
    found = cohort(tmp_path, "      columns_where: {hypertensoin: {redcap_event_name: baseline_arm_1}}")
    (error,) = [item for item in found.findings.errors if item.field == "columns_where"]
    assert "did you mean hypertension?" in error.remedy
    found = cohort(tmp_path, "      columns_where: {hypertension: {event: baseline_arm_1}}")
    assert any(item.value == "no column event" for item in found.findings.errors)
    found = cohort(tmp_path, "      columns_where: {hypertension: {redcap_event_name: base_arm_1}}")
    rules = [item.rule for item in found.findings.warnings]
    assert rules.count("no row has base_arm_1 in column redcap_event_name") == 1


LABELS = """\
Record ID,Event Name,Repeat Instrument,Group,Randomised on,Comorbidity (choice=Hypertension),Complete?,Pain,Complete?
1,Baseline,,Usual care,2024-02-05,Checked,Complete,Moderate,Complete
1,6 weeks,,,,Unchecked,,Mild,Complete
2,Baseline,,Exercise,2024-02-07,Unchecked,Complete,Severe,Incomplete
2,6 weeks,,,,Unchecked,,Mild,Complete
"""

LABEL_PLAN = (
    PLAN.split("data:", maxsplit=1)[0]
    + """
data:
  ignore_unlisted: true
  tables:
    participants:
      file: export.csv
      where: {Event Name: Baseline}
      columns:
        participant_id: Record ID
        arm: Group
        randomisation_date: Randomised on
        hypertension: Comorbidity (choice=Hypertension)
      values: {arm: {Usual care: usual, Exercise: exercise}, hypertension: {Unchecked: no, Checked: yes}}
    assessments:
      file: export.csv
      columns: {participant_id: Record ID, visit: Event Name}
      values: {visit: {Baseline: baseline, 6 weeks: week_6}, value: {Mild: 2, Moderate: 5, Severe: 8}}
      outcomes: {pain: Pain}
"""
)


def test_an_export_with_labels_is_read_by_its_labels(tmp_path: Path) -> None:
    found = cohort(tmp_path, export=LABELS, plan=LABEL_PLAN)
    assert not found.findings.errors, found.findings.as_text()
    assert found.table("participants")["hypertension"].tolist() == ["yes", "no"]
    assert found.table("assessments")["value"].tolist() == [5, 2, 8, 2]


def test_labels_without_numbers_are_errors_that_say_where_to_write_them(tmp_path: Path) -> None:
    plan = LABEL_PLAN.replace(", value: {Mild: 2, Moderate: 5, Severe: 8}", "")
    errors = [
        item for item in cohort(tmp_path, export=LABELS, plan=plan).findings.errors if item.rule.endswith("a number")
    ]
    assert '`values: {pain: {"Moderate": ...}}`' in errors[0].remedy


def test_two_columns_with_one_label_are_refused_with_the_export_that_has_names(tmp_path: Path) -> None:
    found = cohort(tmp_path, export=LABELS.replace("Randomised on", "Group"), plan=LABEL_PLAN)
    (error,) = [item for item in found.findings.errors if item.table == "export.csv"]
    assert "export the data from REDCap with the variables' names (raw) as headers" in error.remedy
