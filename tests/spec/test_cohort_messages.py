"""What a user reads: one slip is one finding, and the finding shows where and what."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from coxa.cohort.visits import describe_windows
from coxa.study.reading.read import parse_study
from coxa.study.source import code_text
from tests.spec.cohort_trial import LONG, PARTICIPANTS, PLAN, assessments, messages, only, read_tiny, read_with
from tests.spec.test_cohort_findings import changed

WIDE = """
data:
  tables:
    participants: {file: wide.csv, columns: {participant_id: id}}
    assessments:
      file: wide.csv
      columns: {participant_id: id}
      outcomes: {pain: {baseline: PAIN_W0, week_12: PAIN_W12}, function: {baseline: FUN_W0, week_12: FUN_W12}}
"""


def wide() -> pd.DataFrame:
    numbers = {"PAIN_W0": 50, "PAIN_W12": 40, "FUN_W0": 20, "FUN_W12": 30}
    return PARTICIPANTS.assign(**{name: [str(first + k) for k in range(4)] for name, first in numbers.items()})


def read_wide(folder: Path, frame: pd.DataFrame, data: str = WIDE) -> list[str]:
    frame.to_csv(folder / "wide.csv", index=False)
    return messages(read_with(folder, data))


def test_a_value_of_a_wide_file_is_found_by_its_column(tmp_path: Path) -> None:
    assert read_wide(tmp_path, changed(wide(), 1, FUN_W12="85")) == [
        "error: assessments, row 3, participant 02, function (FUN_W12): `function` is not between 0 and 80 points "
        "(found '85'). Correct it at the source or under `corrections`. A range is never stretched to fit a value."
    ]
    assert read_wide(tmp_path, changed(wide(), 1, FUN_W12="?"))[0] == (
        "error: assessments, row 3, participant 02, function (FUN_W12): the value is not a number (found '?'). "
        'Correct it. If it means missing, write `missing: ["?"]`.'
    )


def test_a_column_of_a_wide_file_that_is_not_there(tmp_path: Path) -> None:
    first, second = read_wide(tmp_path, wide().rename(columns={"FUN_W12": "FUNC_W12", "PAIN_W12": "x"}))[:2]
    assert "file wide.csv lacks the column for function at week_12 (found 'no column FUN_W12')" in second
    assert second.endswith("Did you mean FUNC_W12? Name the right one under `outcomes: {function: {week_12: ...}}`.")
    assert first.endswith("FUN_W0, FUNC_W12. Name the right one under `outcomes: {pain: {week_12: ...}}`.")


def test_a_participant_entered_twice_is_one_finding(tmp_path: Path) -> None:
    assert read_wide(tmp_path, pd.concat([wide(), wide().iloc[[1]]])) == [
        "error: participants, row 3, participant 02, participant_id: there is more than one row per participant (found "
        "'rows 3 and 6, identical'). Leave one out with `exclude_rows: [{file: wide.csv, row: ..., because: ...}]`, or "
        "correct their key. `drop_identical_rows: true` uses rows that are repeated as a whole once."
    ]


def test_a_birth_date_after_everything_else_is_one_finding(tmp_path: Path) -> None:
    cohort = read_tiny(tmp_path, changed(PARTICIPANTS, 0, birth_date="2025-06-01"))
    assert messages(cohort) == [
        "error: participants, row 2, participant 01, birth_date: birth_date is after another date of the "
        "participant (found '2025-06-01, first date 2025-01-10'). Correct the birth_date (day and month, century)."
    ]
    assert cohort.table("participants")["birth_date"].isna().tolist() == [True, False, False, False]
    assert cohort.table("assessments")["assessment_date"].notna().all()


@pytest.mark.parametrize(
    ("dates", "proposed"),
    [
        (["10.01.2025", "13.01.2025"], 'Write `date_format: "%d.%m.%Y"` in its table.'),
        (["13/01/2025", "10/01/2025"], 'Write `date_format: "%d/%m/%Y"` in its table.'),
        (
            ["10/01/2025", "11/01/2025"],
            'Write `date_format: "%d/%m/%Y"` or `date_format: "%m/%d/%Y"` in its table, whichever is meant.',
        ),
        (["10 Jan", "11 Jan"], "Correct it, or name the `date_format` of the file, such as %d/%m/%Y."),
    ],
)
def test_the_date_format_that_the_text_has_is_proposed(tmp_path: Path, dates: list[str], proposed: str) -> None:
    people = PARTICIPANTS.assign(randomisation_date=dates * 2)
    values = assessments().drop(columns="date")
    finding = read_tiny(tmp_path, people, values, LONG.replace(", assessment_date: date", "")).findings.items[0]
    assert finding.remedy == f"Dates of the column are read as year-month-day (2026-03-31). {proposed}"


@pytest.mark.parametrize(
    ("declared", "remedy"),
    [
        (
            "",
            'Dates of the column are read as year-month-day (2026-03-31). Write `date_format: ["%Y-%m-%d", '
            '"%d/%m/%Y"]` in its table.',
        ),
        (
            ', date_format: "%d/%m/%Y"',
            'Dates of the column are read as %d/%m/%Y. Correct it, or add the format: `date_format: ["%d/%m/%Y", '
            '"%Y-%m-%d"]`.',
        ),
        (', date_format: ["%Y-%m-%d", "%d/%m/%Y"]', None),
    ],
)
def test_a_column_with_iso_dates_and_others_is_read_after_what_the_remedy_says(
    tmp_path: Path, declared: str, remedy: str | None
) -> None:
    people = PARTICIPANTS.assign(randomisation_date=["2025-01-10", "13/01/2025", "2025-01-10 00:00:00", "14/01/2025"])
    data = LONG.replace(", assessment_date: date", "").replace("participants.csv", f"participants.csv{declared}")
    findings = read_tiny(tmp_path, people, assessments().drop(columns="date"), data).findings.errors.items
    assert {finding.remedy for finding in findings} == ({remedy} if remedy else set())


def test_of_many_columns_those_most_like_the_missing_one_are_named(tmp_path: Path) -> None:
    answers = pd.DataFrame(0, index=PARTICIPANTS.index, columns=[f"q{item}" for item in range(300)])
    people = pd.concat([answers, PARTICIPANTS.rename(columns={"arm": "GRP"})], axis=1)
    data = LONG.replace("participant_id: id", "participant_id: id, arm: group", 1)
    first = messages(read_tiny(tmp_path, people, data=data), "error")[0]
    assert "Of its 306 columns, the most like it: GRP, " in first
    assert first.count("q") < 20


def test_a_late_visit_is_told_once_for_its_scores_and_its_answers(tmp_path: Path) -> None:
    values = assessments()
    values.loc[values["visit"] == "week_6", "date"] = "2025-03-20"
    values[values["id"] == "01"].assign(instrument="hoos", item="p1", value="1").drop(
        columns="outcome"
    ).drop_duplicates(["id", "visit"]).to_csv(tmp_path / "items.csv", index=False)
    data = LONG + "    item_responses: {file: items.csv, columns: {participant_id: id, assessment_date: date}}\n"
    found = read_tiny(tmp_path, values=values, data=data).findings.warnings
    assert [(item.table, item.participant_id) for item in found] == [
        ("assessments", person) for person in ("01", "02", "03", "04")
    ]
    assert found.items[0].rule == "the visit is outside its window: week_6, 28 to 56"


def test_a_visit_without_a_window_is_said_so() -> None:
    study = parse_study(PLAN.replace("{day: 0, window: [-28, 0]}", "{day: 0}").encode())
    assert describe_windows(study) == "baseline only day 0 (no window), week_6 28 to 56, week_12 70 to 105"


def test_how_an_outcome_without_values_is_mapped(tmp_path: Path) -> None:
    values = assessments().query("outcome == 'pain'")
    assert only(read_tiny(tmp_path, values=values)).remedy == (
        "In `data: tables: assessments: outcomes` write `function: COLUMN` (a row per visit) or `function: {baseline: "
        "COLUMN, week_6: COLUMN, week_12: COLUMN}` (a row per participant), or take the outcome out of the plan."
    )


def test_the_wrong_sheet_is_one_finding(tmp_path: Path) -> None:
    with pd.ExcelWriter(tmp_path / "wide.xlsx") as book:
        pd.DataFrame({"about": ["this trial"]}).to_excel(book, sheet_name="notes", index=False)
        wide().to_excel(book, sheet_name="data", index=False)
    data = WIDE.replace("wide.csv", "wide.xlsx")
    assert messages(read_with(tmp_path, data)) == [
        "error: wide.xlsx: the sheet lacks columns that the plan names (found 'no column id, PAIN_W0, "
        "PAIN_W12, FUN_W0, FUN_W12'). The first sheet, notes, was read. Name `sheet:` in the plan, one of: notes, data."
    ]
    right = data.replace("file: wide.xlsx", "file: wide.xlsx\n      sheet: data").replace(
        "{file: wide.xlsx\n      sheet: data,", "{file: wide.xlsx, sheet: data,"
    )
    assert messages(read_with(tmp_path, right)) == []


def test_the_label_of_an_unmapped_code_is_shown(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": [1.0, 2.0], "arm": [1.0, 2.0], "age": 60.0, "sex": ["male"] * 2})
    pyreadstat.write_sav(
        frame, tmp_path / "t.sav", variable_value_labels={"arm": {1: "Kontrolle", 2: "Übungstherapie"}}
    )
    data = """
data:
  tables:
    participants: {file: t.sav, columns: {participant_id: id}, values: {arm: {1: usual_care}}}
    assessments: {file: t.sav, columns: {participant_id: id, value: age}, constants: {outcome: pain, visit: week_6}}
"""
    finding = next(item for item in read_with(tmp_path, data).findings if item.field == "arm")
    assert (finding.rule, finding.remedy) == (
        "the code of arm is unknown",
        'Add it under `values: {arm: {"2": ...}}`. Allowed: usual_care (Usual care), exercise (Exercise therapy). '
        "Its label in the file is: Übungstherapie.",
    )


def test_a_code_is_the_same_with_and_without_a_decimal(tmp_path: Path) -> None:
    assert {code_text(code) for code in (2, 2.0, "2", "2.0", "2,0", " 2 ")} == {"2"}
    assert [code_text(code) for code in ("2,5", "02", "1,000")] == ["2,5", "02", "1,000"]
    people = PARTICIPANTS.assign(arm=["1,0", "2,0", "1.0", "2"])
    data = LONG.replace("{participant_id: id}}", "{participant_id: id}, values: {arm: {1: usual_care, 2: exercise}}}")
    assert messages(read_tiny(tmp_path, people, data=data)) == []


def test_age_is_computed_from_the_two_dates(tmp_path: Path) -> None:
    people = changed(PARTICIPANTS, 3, birth_date=None).drop(columns="age")
    cohort = read_tiny(tmp_path, people)
    assert cohort.table("participants")["age"].tolist()[:3] == [61.0, 58.0, 70.0]
    assert messages(cohort) == [
        "note: participants, age: age is computed from birth_date and randomisation_date. Map a column if "
        "the files have the age. The computed age is in years with one decimal.",
        "warning: participants, age: `age` is missing for the participant (found 'missing in 1 of 4'). Complete "
        "it at the source. Analyses that adjust for it leave these participants out.",
    ]


def test_age_without_a_column_and_without_the_dates(tmp_path: Path) -> None:
    people = PARTICIPANTS.drop(columns=["age", "birth_date"])
    finding = only(read_tiny(tmp_path, people), "error")
    assert finding.rule == "file participants.csv lacks the column for age"
    assert finding.remedy.endswith("or map birth_date and randomisation_date, from which it is computed.")
