"""Corrections and excluded rows of the plan: applied before the checks, each said, each accounted for."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.spec.cohort_trial import LONG, PARTICIPANTS, assessments, messages, only, read_tiny, read_with
from tests.spec.test_cohort_findings import changed

WIDE = """
data:
  corrections:
    - {table: assessments, participant_id: "01", visit: week_12, outcome: pain, from: 400, to: 40, because: query 7}
  tables:
    participants: {file: wide.csv, columns: {participant_id: id}}
    assessments:
      file: wide.csv
      columns: {participant_id: id}
      outcomes: {pain: {baseline: p0, week_12: p12}, function: {baseline: f0}}
"""


def corrected(entry: str, data: str = LONG) -> str:
    return data + f"  corrections: [{{{entry}, because: site query}}]\n"


def test_a_value_of_a_wide_file(tmp_path: Path) -> None:
    wide = PARTICIPANTS.assign(p0=["50", "51", "52", "53"], p12=["400", "30", "35", "38"], f0=["20", "21", "22", "23"])
    wide.to_csv(tmp_path / "wide.csv", index=False)
    cohort = read_with(tmp_path, WIDE)
    assert messages(cohort) == [
        "note: assessments, row 2, participant 01, pain (p12): the plan corrects this value to 40 (found '400'). "
        "query 7"
    ]
    assert cohort.table("assessments").query("source_column == 'p12'")["value"].tolist() == [40.0, 30.0, 35.0, 38.0]


def test_a_value_of_a_long_file_and_nothing_else(tmp_path: Path) -> None:
    values = changed(assessments(), 2, value="n/a")
    entry = 'table: assessments, participant_id: "01", visit: week_6, outcome: pain, to: 41.5'
    cohort = read_tiny(tmp_path, values=values, data=corrected(entry))
    assert [item.row for item in cohort.findings] == [4]
    assert cohort.table("assessments")["value"].tolist()[:4] == [40.0, 10.0, 41.5, 11.0]


def test_an_arm_is_corrected_in_the_words_of_the_plan(tmp_path: Path) -> None:
    people = PARTICIPANTS.assign(arm=["0", "1", "7", "1"])
    data = LONG.replace("{participant_id: id}}", "{participant_id: id}, values: {arm: {0: usual_care, 1: exercise}}}")
    entry = 'table: participants, participant_id: "03", field: arm, from: 7, to: usual_care'
    cohort = read_tiny(tmp_path, people, data=corrected(entry, data))
    assert messages(cohort, "error") == []
    assert cohort.table("participants")["arm"].tolist() == ["usual_care", "exercise"] * 2


def test_a_date_is_corrected(tmp_path: Path) -> None:
    people = changed(PARTICIPANTS, 0, birth_date="1.1.1964")
    entry = 'table: participants, participant_id: "01", field: birth_date, to: 1964-01-01'
    cohort = read_tiny(tmp_path, people, data=corrected(entry))
    assert messages(cohort, "error") == []
    assert cohort.table("participants")["birth_date"].iloc[0] == pd.Timestamp("1964-01-01")


def test_null_sets_a_value_missing_and_the_account_says_why(tmp_path: Path) -> None:
    entry = 'table: assessments, participant_id: "01", visit: week_6, outcome: pain, to: null'
    cohort = read_tiny(tmp_path, data=corrected(entry))
    assert messages(cohort) == [
        "note: assessments, row 4, participant 01, pain (value): the plan corrects this value to missing (found '41'). "
        "site query"
    ]
    assert cohort.disposition.left_out["reason"].tolist() == ["set missing: site query"]


@pytest.mark.parametrize(
    ("entry", "remedy"),
    [
        ('participant_id: "05", outcome: pain, visit: week_6, to: 4',
         "No row has participant_id 05; quote it if it has leading zeros. Correct or remove the entry."),
        ("participant_id: 1, outcome: pain, visit: week_6, to: 4",
         "No row has participant_id 1; quote it if it has leading zeros. Correct or remove the entry."),
        ('participant_id: "01", outcome: pain, visit: week_9, '
            'to: 4', "No row has visit week_9. Correct or remove the entry."),
        ('participant_id: "01", outcome: pain, visit: week_6, from: 12, to: 4',
         "The file has 41 there, not 12. Correct or remove the entry."),
        ('participant_id: "01", field: valeu, visit: week_6, to: 4', 'There is no field "valeu". Choose one of '),
    ],
)  # fmt: skip
def test_a_correction_that_matches_nothing_is_an_error(tmp_path: Path, entry: str, remedy: str) -> None:
    finding = only(read_tiny(tmp_path, data=corrected(f"table: assessments, {entry}")))
    assert (finding.severity, finding.rule) == ("error", "the correction matches no value of the file")
    assert finding.remedy.startswith(remedy)


def test_a_correction_to_a_word_that_is_no_level(tmp_path: Path) -> None:
    entry = 'table: participants, participant_id: "01", field: sex, to: femal'
    finding = only(read_tiny(tmp_path, data=corrected(entry)), "error")
    assert finding.rule == "`to` of a correction is no possible value of sex: femal"
    assert "llowed: female (Female), male (Male)" in finding.remedy


def test_a_corrected_value_is_checked_like_any_other(tmp_path: Path) -> None:
    entry = 'table: assessments, participant_id: "01", visit: week_6, outcome: pain, to: 400'
    assert only(read_tiny(tmp_path, data=corrected(entry)), "error").rule == "`pain` is not between 0 and 100 points"


def test_an_excluded_row_is_noted_and_accounted_for(tmp_path: Path) -> None:
    values = pd.concat([assessments(), assessments().iloc[[3]]])
    data = LONG + "  exclude_rows: [{table: assessments, row: 26, because: entered twice}]\n"
    cohort = read_tiny(tmp_path, values=values, data=data)
    assert messages(cohort) == ["note: assessments, row 26: the plan excludes this row. entered twice"]
    lost = cohort.disposition.left_out[["table", "source_row", "participant_id", "reason"]]
    assert lost.to_numpy().tolist() == [["assessments", 26, "01", "excluded: entered twice"]]
    assert len(cohort.table("assessments")) == 24


def test_a_row_excluded_from_a_file_is_excluded_from_every_table_of_it(tmp_path: Path) -> None:
    wide = PARTICIPANTS.assign(p0=["50", "51", "52", "53"], p12=["30", "31", "32", "33"], f0=["20", "21", "22", "23"])
    pd.concat([wide, wide.iloc[[0]]]).to_csv(tmp_path / "wide.csv", index=False)
    data = WIDE[: WIDE.index("  corrections")] + WIDE[WIDE.index("  tables") :]
    cohort = read_with(tmp_path, data + "  exclude_rows: [{file: wide.csv, row: 6, because: entered twice}]\n")
    assert messages(cohort) == ["note: wide.csv, row 6: the plan excludes this row. entered twice"]
    assert cohort.disposition.left_out["table"].tolist() == ["participants", "assessments"]
    assert len(cohort.table("participants")) == 4


def test_an_excluded_row_that_is_not_there(tmp_path: Path) -> None:
    data = LONG + "  exclude_rows: [{table: participants, row: 9, because: test}, {file: a.csv, row: 2, because: x}]\n"
    assert messages(read_tiny(tmp_path, data=data)) == [
        "error: a.csv, row 2: `exclude_rows` names no file of the plan. Choose one of participants.csv, "
        "assessments.csv.",
        "error: participants, row 9: a row that the plan excludes is not in the file. Correct its number, or remove "
        "it. The file has rows 2 to 5.",
    ]


def test_the_values_of_an_excluded_participant_are_left_out_with_a_reason(tmp_path: Path) -> None:
    data = LONG + "  exclude_rows: [{table: participants, row: 5, because: consent withdrawn}]\n"
    cohort = read_tiny(tmp_path, data=data)
    assert messages(cohort, "error") == []
    assert cohort.disposition.left_out["reason"].value_counts().to_dict() == {
        "the participant is left out": 6,
        "excluded: consent withdrawn": 1,
    }
