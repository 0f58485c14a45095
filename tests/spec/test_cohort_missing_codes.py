"""Missing codes: they hold for measured values only, and what is proposed never hides a measured value."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from tests.spec.cohort_trial import LONG, PARTICIPANTS, assessments, messages, only, read_tiny, read_with
from tests.spec.test_cohort_findings import changed

EVERYWHERE = LONG.replace("data:\n", "data:\n  missing: [9, usual_care, week_6, pain, '2025-01-10']\n")


def test_codes_never_apply_to_identifiers_arms_visits_outcomes_and_dates(tmp_path: Path) -> None:
    people = PARTICIPANTS.assign(id=["9", "009", "09", "9.5"], age=["61", "9", "70", "66"])
    values = assessments().assign(id=assessments()["id"].map(dict(zip(PARTICIPANTS["id"], people["id"], strict=True))))
    cohort = read_tiny(tmp_path, people, values, EVERYWHERE)
    assert cohort.table("participants")["participant_id"].tolist() == ["9", "009", "09", "9.5"]
    assert cohort.table("participants")["arm"].tolist() == ["usual_care", "exercise"] * 2
    assert cohort.table("participants")["randomisation_date"].notna().all()
    assert len(cohort.table("assessments")) == 24
    assert cohort.table("participants")["age"].isna().tolist() == [False, True, False, False]


def test_a_declared_code_that_could_be_measured_is_a_warning(tmp_path: Path) -> None:
    data = LONG.replace("{participant_id: id}}", "{participant_id: id}, missing: [67, 999]}")
    finding = only(read_tiny(tmp_path, data=data), "warning")
    assert finding.table == "participants"
    assert finding.rule == "the missing code 67 is also a possible value of age (18 to 95)"
    assert finding.remedy == "List it only for the columns that use it: `missing: {column: [67]}` in this table."


def test_the_warning_names_every_outcome_that_could_be_hit(tmp_path: Path) -> None:
    data = LONG.replace("assessment_date: date}", "assessment_date: date}, missing: [66]")
    finding = only(read_tiny(tmp_path, data=data), "warning")
    assert finding.rule.endswith("66 is also a possible value of pain (0 to 100), function (0 to 80)")


def test_a_code_that_is_mapped_to_a_word_could_be_measured(tmp_path: Path) -> None:
    people = PARTICIPANTS.assign(sex=["1", "2", "1", "1"])
    data = LONG.replace("{participant_id: id}}", "{participant_id: id}, values: {sex: {1: female, 2: male}}}")
    cohort = read_tiny(tmp_path, people, data=data + "  missing: [2]\n")
    assert "the missing code 2 is also a possible value of sex" in messages(cohort, "warning")[0]


def test_codes_of_one_outcome_of_a_long_table(tmp_path: Path) -> None:
    values = changed(changed(assessments(), 2, value="99"), 3, value="77")
    data = LONG.replace("assessment_date: date}", "assessment_date: date}, missing: {pain: 99}")
    cohort = read_tiny(tmp_path, values=values, data=data)
    assert messages(cohort) == []
    assert cohort.disposition.left_out[["outcome", "reason"]].to_numpy().tolist() == [["pain", "declared missing (99)"]]
    assert 77.0 in set(cohort.table("assessments")["value"])


def test_codes_of_one_column_of_a_wide_file(tmp_path: Path) -> None:
    PARTICIPANTS.assign(p="99", f=["40", "41", "42", "43"]).to_csv(tmp_path / "wide.csv", index=False)
    data = """
data:
  tables:
    participants: {file: wide.csv, columns: {participant_id: id}, missing: {age: [70]}}
    assessments:
      file: wide.csv
      columns: {participant_id: id}
      outcomes: {pain: {baseline: p}, function: {baseline: f}}
      missing: {pain: [99], function: [43]}
"""
    cohort = read_with(tmp_path, data)
    assert cohort.disposition.left_out["reason"].tolist() == ["declared missing (99)"] * 4 + ["declared missing (43)"]
    assert cohort.table("participants")["age"].isna().sum() == 1


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("arm", "Remove it, and correct the value at the source or under `corrections`."),
        ("aeg", "Choose one of sequence, age,"),
    ],
)
def test_codes_of_a_column_that_takes_none(tmp_path: Path, name: str, remedy: str) -> None:
    data = LONG.replace("{participant_id: id}}", f"{{participant_id: id}}, missing: {{{name}: [9]}}}}")
    finding = only(read_tiny(tmp_path, data=data), "error")
    assert finding.field == f"missing.{name}"
    assert finding.remedy.startswith(remedy[:20])


def test_a_row_that_the_file_itself_declares_missing_is_an_error(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": [1.0, 2.0, 3.0], "arm": [0.0, 1.0, 9.0], "age": 60.0, "sex": 1.0,
                          "p0": [30.0, 40.0, 50.0], "f0": [20.0, 30.0, 40.0]})  # fmt: skip
    labels = {"arm": {0: "usual_care", 1: "exercise"}, "sex": {1: "Female"}}
    pyreadstat.write_sav(frame, tmp_path / "t.sav", variable_value_labels=labels, missing_ranges={"arm": [9]})
    data = """
data:
  tables:
    participants: {file: t.sav, columns: {participant_id: id}}
    assessments:
      {file: t.sav, columns: {participant_id: id}, outcomes: {pain: {baseline: p0}, function: {baseline: f0}}}
"""
    finding = only(read_with(tmp_path, data), "error")
    assert (finding.rule, finding.row, finding.participant_id, finding.value) == (
        "`arm` is empty",
        3,
        "3",
        "declared missing (9)",
    )


def test_a_participant_without_an_arm_on_any_row_is_an_error(tmp_path: Path) -> None:
    rows = PARTICIPANTS.loc[[0, 0, 1, 1]].assign(visit=["week_6", "week_12"] * 2, p="40", f="20").reset_index(drop=True)
    rows.loc[2:, "arm"] = None
    rows.to_csv(tmp_path / "visits.csv", index=False)
    data = """
data:
  tables:
    participants: {file: visits.csv, columns: {participant_id: id}}
    assessments: {file: visits.csv, columns: {participant_id: id}, outcomes: {pain: p, function: f}}
"""
    errors = read_with(tmp_path, data).findings.errors
    assert next((item.participant_id, item.rule) for item in errors) == ("02", "`arm` is empty")


@pytest.mark.parametrize("value", ["107", "108", "-8", "101"])
def test_a_number_that_nobody_writes_for_missing_is_not_proposed(tmp_path: Path, value: str) -> None:
    finding = only(read_tiny(tmp_path, values=changed(assessments(), 2, value=value)), "error")
    assert finding.remedy.startswith("Correct it at the source")


def test_where_another_outcome_can_have_the_code_it_is_proposed_for_one_column_only(tmp_path: Path) -> None:
    finding = only(read_tiny(tmp_path, values=changed(assessments(), 3, value="99")), "error")
    assert finding.remedy == (
        "Write `missing: {function: [99]}` in `data: tables: assessments` if it means missing, not "
        "`[99]` for the whole "
        "table, which could also be pain (0 to 100). If not, correct it."
    )


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        (">90", "Correct it at the source: a number and nothing else."),
        ("1.045,5", 'Write `thousands: "."` in its table if that marks thousands, or correct it'),
        ("k.A.", 'Correct it. If it means missing, write `missing: ["k.A."]`.'),
    ],
)
def test_only_words_are_proposed_as_missing(tmp_path: Path, text: str, remedy: str) -> None:
    assert only(read_tiny(tmp_path, values=changed(assessments(), 2, value=text)), "error").remedy == remedy
