"""Each bad input, and what the user reads about it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from coxa.cohort.read import read_cohort
from coxa.errors import DataError
from coxa.study.reading.read import parse_study
from tests.spec.cohort_trial import LONG, PARTICIPANTS, PLAN, assessments, messages, only, read_tiny, read_with


def changed(frame: pd.DataFrame, row: int, **cells: str | None) -> pd.DataFrame:
    frame = frame.copy()
    for name, value in cells.items():
        frame.loc[row, name] = value
    return frame


def test_clean_data_have_no_findings(tmp_path: Path) -> None:
    cohort = read_tiny(tmp_path)
    assert messages(cohort) == []
    assert cohort.require_clean() is cohort
    assert len(cohort.table("assessments")) == 24
    assert cohort.table("assessments")["study_day"].tolist()[:5] == [0, 0, 42, 42, 84]


def test_missing_column(tmp_path: Path) -> None:
    cohort = read_tiny(tmp_path, PARTICIPANTS.rename(columns={"arm": "arms"}))
    first = messages(cohort)[0]
    assert first == (
        "error: participants, arm: file participants.csv lacks the column for arm (found 'no column arm'). "
        "Its columns: id, arms, age, sex, birth_date, randomisation_date. Did you mean arms? Name the right one under "
        "`columns: {arm: ...}`."
    )


def test_unmapped_arm_label(tmp_path: Path) -> None:
    cohort = read_tiny(tmp_path, changed(PARTICIPANTS, 1, arm="exercises"))
    assert messages(cohort, "error") == [
        "error: participants, row 3, participant 02, arm: the word of arm is unknown (found 'exercises'). If it "
        'is a slip of exercise, correct it. If not, add it under `values: {arm: {"exercises": ...}}`. Allowed: '
        "usual_care (Usual care), exercise (Exercise therapy)."
    ]
    lost = cohort.disposition.left_out
    assert lost.loc[lost["table"] == "participants", "reason"].tolist() == ["unmapped arm (exercises)"]
    assert set(lost.loc[lost["table"] == "assessments", "reason"]) == {"the participant is left out"}


def test_unmapped_code_lists_what_it_can_mean_and_proposes_nothing(tmp_path: Path) -> None:
    people = PARTICIPANTS.assign(arm=["0", "1", "2", "1"])
    data = LONG.replace("{participant_id: id}}", "{participant_id: id}, values: {arm: {0: usual_care, 1: exercise}}}")
    assert only(read_tiny(tmp_path, people, data=data), "error").remedy == (
        'Add it under `values: {arm: {"2": ...}}`. Allowed: usual_care (Usual care), exercise (Exercise therapy).'
    )


def test_arm_that_nobody_is_in(tmp_path: Path) -> None:
    finding = only(read_tiny(tmp_path, PARTICIPANTS.assign(arm="usual_care")))
    assert finding.rule == "no participant is in arm exercise"
    assert finding.severity == "error"


def test_duplicate_participant_visit_names_all_rows(tmp_path: Path) -> None:
    values = pd.concat([assessments(), assessments().iloc[[3]]])
    cohort = read_tiny(tmp_path, values=values)
    assert messages(cohort, "error") == [
        "error: assessments, row 5, participant 01, outcome: there is more than one row per participant-visit-outcome "
        "(found 'week_6, function, rows 5 and 26, identical'). Leave one out with `exclude_rows: [{file: "
        "assessments.csv, row: ..., because: ...}]`, or correct their key."
        " `drop_identical_rows: true` uses rows that are repeated as a whole once."
    ]
    assert cohort.disposition.left_out["reason"].tolist() == ["duplicate participant-visit-outcome"] * 2


def test_duplicate_participant(tmp_path: Path) -> None:
    people = pd.concat([PARTICIPANTS, PARTICIPANTS.iloc[[0]]])
    finding = only(read_tiny(tmp_path, people), "error")
    assert (finding.row, finding.rule, finding.value) == (
        2,
        "there is more than one row per participant",
        "rows 2 and 6, identical",
    )
    other = only(read_tiny(tmp_path, changed(people.reset_index(drop=True), 4, age="62")), "error")
    assert other.value == "rows 2 and 6, not identical"


def test_unknown_participant(tmp_path: Path) -> None:
    finding = only(read_tiny(tmp_path, values=changed(assessments(), 5, id="1")), "error")
    assert finding.rule == "the participant is not in table participants"
    assert (finding.row, finding.participant_id, finding.value) == (7, "1", "1 row(s)")


def test_value_out_of_range(tmp_path: Path) -> None:
    cohort = read_tiny(tmp_path, values=changed(assessments(), 2, value="104"))
    assert messages(cohort, "error") == [
        "error: assessments, row 4, participant 01, pain: `pain` is not between 0 and 100 points (found '104'). "
        "Correct it at the source or under `corrections`. A range is never stretched to fit a value."
    ]
    assert cohort.disposition.left_out["reason"].tolist() == ["out of range"]


def test_undeclared_missing_code(tmp_path: Path) -> None:
    values = changed(assessments(), 2, value="999")
    finding = only(read_tiny(tmp_path, values=values), "error")
    assert finding.rule == "`pain` is not between 0 and 100 points, and 999 looks like a code for missing"
    assert finding.remedy == (
        "Write `missing: [999]` in `data: tables: assessments` if it means missing. If not, correct it."
    )
    declared = read_tiny(tmp_path, values=values, data=LONG + "  missing: [999]\n")
    assert messages(declared) == []
    assert declared.disposition.left_out["reason"].tolist() == ["declared missing (999)"]


def test_undeclared_missing_code_in_a_covariate(tmp_path: Path) -> None:
    cohort = read_tiny(tmp_path, changed(PARTICIPANTS, 0, age="999"))
    assert only(cohort, "error").rule == "`age` is not between 18 and 95 years, and 999 looks like a code for missing"
    assert cohort.table("participants")["age"].isna().tolist() == [True, False, False, False]


def test_text_in_a_number(tmp_path: Path) -> None:
    finding = only(read_tiny(tmp_path, values=changed(assessments(), 2, value="about 40")), "error")
    assert finding.rule == "the value is not a number"
    assert (finding.row, finding.value) == (4, "about 40")
    assert finding.remedy == "Correct it at the source: a number and nothing else."


def test_numbers_as_text_are_converted(tmp_path: Path) -> None:
    values = changed(changed(assessments(), 2, value="12,5"), 3, value=" 7 ")
    cohort = read_tiny(tmp_path, values=values)
    assert messages(cohort) == []
    assert cohort.table("assessments")["value"].tolist()[2:4] == [12.5, 7.0]


def test_a_number_that_may_have_a_thousands_mark_is_not_guessed(tmp_path: Path) -> None:
    assert only(read_tiny(tmp_path, values=changed(assessments(), 2, value="1,234")), "error").value == "1,234"


@pytest.mark.parametrize(
    ("date", "rule"),
    [
        ("1954-12-31", "the date is before the participant's birth"),
        ("2999-02-21", "the date is after 2025-12-31, the data cut"),
    ],
)
def test_impossible_dates(tmp_path: Path, date: str, rule: str) -> None:
    errors = read_tiny(tmp_path, values=changed(assessments(), 14, date=date)).findings.errors
    value = date if date > "2000" else f"{date}, birth_date 1955-01-01"
    assert [(item.row, item.field, item.rule, item.value) for item in errors] == [(16, "assessment_date", rule, value)]


def test_date_that_is_not_a_date(tmp_path: Path) -> None:
    finding = only(read_tiny(tmp_path, values=changed(assessments(), 14, date="21/02/2025")), "error")
    assert finding.rule == "the value is not a date"
    assert finding.remedy == (
        'Dates of the column are read as year-month-day (2026-03-31). Write `date_format: ["%Y-%m-%d", '
        '"%d/%m/%Y"]` in its table.'
    )


def test_named_visit_outside_its_window_is_a_warning(tmp_path: Path) -> None:
    values = assessments()
    values.loc[2:3, "date"] = "2025-03-20"
    finding = only(read_tiny(tmp_path, values=values))
    assert (finding.severity, finding.rule, finding.value) == (
        "warning",
        "the visit is outside its window: week_6, 28 to 56",
        "69",
    )


def test_unnamed_visit_outside_every_window_is_an_error(tmp_path: Path) -> None:
    values = assessments().drop(columns="visit")
    values.loc[2:3, "date"] = "2025-12-01"
    cohort = read_tiny(tmp_path, values=values)
    rule = "an assessment without a named visit is in no visit's window"
    assert [(item.row, item.rule) for item in cohort.findings] == [(4, rule), (5, rule)]
    assert cohort.disposition.left_out["reason"].tolist() == ["outside every visit window"] * 2
    assert cohort.table("assessments")["visit"].value_counts().to_dict() == {"baseline": 8, "week_12": 8, "week_6": 6}


def test_assessment_before_randomisation(tmp_path: Path) -> None:
    values = assessments()
    values.loc[2:3, "date"] = "2025-01-03"
    rules = [item.rule for item in read_tiny(tmp_path, values=values).findings]
    assert rules == [
        "an assessment after baseline is not after randomisation",
        "the visit is outside its window: week_6, 28 to 56",
        "a later visit has an earlier date",
    ]


def test_baseline_missing(tmp_path: Path) -> None:
    finding = only(read_tiny(tmp_path, values=assessments().drop(index=0)))
    assert (finding.severity, finding.field, finding.value) == ("warning", "pain", "missing in 1 of 4")


def test_covariate_missing(tmp_path: Path) -> None:
    finding = only(read_tiny(tmp_path, changed(PARTICIPANTS, 1, sex=None)))
    assert (finding.severity, finding.rule, finding.value) == (
        "warning",
        "`sex` is missing for the participant",
        "missing in 1 of 4",
    )


def test_outcome_without_values_and_constant_outcome(tmp_path: Path) -> None:
    values = assessments()
    values.loc[values["outcome"] == "pain", "value"] = "40"
    values = values[values["outcome"] == "pain"]
    found = {(item.severity, item.rule) for item in read_tiny(tmp_path, values=values).findings}
    assert found == {
        ("error", "outcome `function` has no values in the data"),
        ("warning", "outcome `pain` is the same for all participants"),
    }


def test_other_unit(tmp_path: Path) -> None:
    finding = only(read_tiny(tmp_path, values=changed(assessments().assign(unit="points"), 4, unit="mm")), "error")
    assert (finding.rule, finding.value) == ("`pain` is in another unit than points", "mm")


def test_outcome_outside_the_plan_is_left_out_and_said(tmp_path: Path) -> None:
    values = changed(assessments(), 4, outcome="stiffness")
    cohort = read_tiny(tmp_path, values=values)
    assert only(cohort).severity == "warning"
    assert cohort.disposition.left_out["reason"].tolist() == ["unmapped outcome (stiffness)"]
    assert messages(read_tiny(tmp_path, values=values, data=LONG + "  ignore_unlisted: true\n")) == []


def test_columns_that_nobody_uses_are_noted(tmp_path: Path) -> None:
    finding = only(read_tiny(tmp_path, PARTICIPANTS.assign(shoe_size="41")))
    assert (finding.severity, finding.table, finding.value) == ("note", "participants.csv", "shoe_size")


def test_cells_with_only_blanks_are_empty_and_noted(tmp_path: Path) -> None:
    cohort = read_tiny(tmp_path, values=changed(assessments(), 2, value="  "))
    finding = only(cohort)
    assert (finding.severity, finding.row, finding.remedy) == ("note", 4, "A cell with only blanks is read as empty.")
    assert len(cohort.table("assessments")) == 23


def test_a_map_to_a_word_that_is_no_level(tmp_path: Path) -> None:
    data = LONG.replace("{participant_id: id}}", "{participant_id: id}, values: {sex: {female: woman, male: male}}}")
    remedies = {item.remedy for item in read_tiny(tmp_path, data=data).findings.errors}
    assert remedies == {
        "The plan maps female to woman, which is not a level. Choose one of female (Female), male (Male)."
    }


def test_markup_and_formulas_stay_text(tmp_path: Path) -> None:
    people = PARTICIPANTS.assign(exclusion_reason=["<script>alert(1)</script>", "=2+5", "moved away", "-"])
    cohort = read_tiny(tmp_path, people)
    assert [(item.severity, item.row) for item in cohort.findings] == [("note", 2), ("note", 3)]
    assert cohort.table("participants")["exclusion_reason"][0] == "<script>alert(1)</script>"


def test_events(tmp_path: Path) -> None:
    events = pd.DataFrame({"id": ["01", "02", "03"], "event": ["hip_surgery", "hip_surgery", "surgery"],
                           "event_date": ["2025-03-01", "2025-01-01", "2025-03-01"]})  # fmt: skip
    events.to_csv(tmp_path / "events.csv", index=False)
    data = LONG + "    intercurrent_events: {file: events.csv, columns: {participant_id: id}}\n"
    cohort = read_tiny(tmp_path, data=data)
    assert [(item.severity, item.row, item.rule) for item in cohort.findings] == [
        ("error", 4, "the word of event is unknown"),
        ("warning", 3, "an intercurrent event is before randomisation"),
    ]


def test_many_like_rows_are_one_finding(tmp_path: Path) -> None:
    finding = read_tiny(tmp_path, values=assessments().assign(value="x")).findings.items[0]
    assert (finding.row, finding.n_rows) == (2, 24)
    assert finding.value == "x"


def test_zero_where_everything_else_is_missing(tmp_path: Path) -> None:
    people = pd.DataFrame({"id": [f"{k:02}" for k in range(20)], "arm": ["usual_care", "exercise"] * 10, "age": "60",
                           "sex": "female"})  # fmt: skip
    wide = people.assign(p0="50", f0="30", p12="40", f12=[str(20 + k) for k in range(20)])
    wide.loc[:3, ["p12", "f12"]] = [None, "0"]
    wide.to_csv(tmp_path / "wide.csv", index=False)
    data = """
data:
  tables:
    participants: {file: wide.csv, columns: {participant_id: id}}
    assessments:
      file: wide.csv
      columns: {participant_id: id}
      outcomes: {pain: {baseline: p0, week_12: p12}, function: {baseline: f0, week_12: f12}}
"""
    finding = only(read_with(tmp_path, data))
    assert finding.rule == "`function` has a value at Week 12 where everything else is missing"
    assert (finding.value, finding.n_rows) == ("0 in 4 participants, and in 0 of 16 with other outcomes", 4)
    assert "`missing_when: [{column: f12, equals: 0, when_missing: [p12], because: ...}]`" in finding.remedy
    declared = data + "      missing_when: [{column: f12, equals: 0, when_missing: [p12], because: not returned}]\n"
    cohort = read_with(tmp_path, declared)
    assert messages(cohort) == []
    assert cohort.disposition.left_out["reason"].tolist() == ["declared missing: not returned"] * 4
    values = cohort.disposition.counts.query("counted == 'values'").iloc[0]
    assert values[["entered", "kept", "empty", "left_out"]].tolist() == [80, 72, 4, 4]


def test_require_clean_raises_with_every_error(tmp_path: Path) -> None:
    cohort = read_tiny(tmp_path, values=changed(changed(assessments(), 2, value="104"), 3, value="x"))
    with pytest.raises(DataError, match=r"The data of tiny have 2 errors") as raised:
        cohort.require_clean()
    assert len(raised.value.findings) == 2


def test_plan_without_data() -> None:
    assert only(read_cohort(parse_study(PLAN.encode()))).remedy == "Add `data:` with the file of each table."


def test_a_file_for_a_plan_with_two(tmp_path: Path) -> None:
    read_tiny(tmp_path)
    study = parse_study((PLAN + LONG).encode(), folder=str(tmp_path))
    finding = only(read_cohort(study, tmp_path / "participants.csv"))
    assert finding.rule == "one file cannot replace several"
    assert "participants.csv, assessments.csv" in finding.remedy


def test_file_that_is_not_there(tmp_path: Path) -> None:
    read_tiny(tmp_path)
    finding = only(read_with(tmp_path, LONG.replace("assessments.csv", "assessment.csv")), "error")
    assert (finding.table, finding.rule) == ("assessment.csv", "the file does not exist")
    assert (
        finding.remedy
        == "Name one of the files in its folder: assessments.csv, participants.csv. Did you mean assessments.csv?"
    )
