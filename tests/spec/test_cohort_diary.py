"""The diary: one entry per day, within the study, and numbers that agree with each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from coxa.cohort.cohort import Cohort
from coxa.findings import Finding
from tests.spec.cohort_trial import LONG, read_tiny

DATA = LONG + "    daily_diary: {file: diary.csv, columns: {participant_id: id}}\n"
WEEKS = LONG + "    sport_training: {file: weeks.csv, columns: {participant_id: id}}\n"


def read(folder: Path, rows: str, name: str = "diary.csv", data: str = DATA) -> Cohort:
    """Read the tiny trial, randomised on 10 January, with a diary that is drawn."""
    lines = [[cell.strip() for cell in line.split("|")] for line in rows.strip().splitlines()]
    (folder / name).write_text("\n".join(map(",".join, lines)), encoding="utf-8")
    return read_tiny(folder, data=data)


def found(cohort: Cohort, field: str) -> list[Finding]:
    """Return what was found about a column of the diary."""
    return [one for one in cohort.findings if one.table == "daily_diary" and one.field == field]


def test_a_diary_in_order_has_nothing_wrong(tmp_path: Path) -> None:
    cohort = read(
        tmp_path,
        """
        id | diary_date | study_day | pain | training_minutes | perceived_exertion | sleep_quality | protein | hydration
        01 | 2025-01-11 | 1         | 3    | 30               | 5                  | 6             | 80      | 2.5
        01 | 2025-01-12 | 2         | 4    | 0                |                    | 7             | 95      | 2
        """,
    )
    assert [one for one in cohort.findings if one.table == "daily_diary"] == []
    assert cohort.table("daily_diary")["protein"].tolist() == [80, 95]


def test_two_entries_of_a_day_are_found_by_day_and_by_date(tmp_path: Path) -> None:
    cohort = read(
        tmp_path,
        """
        id | diary_date | study_day | pain
        01 | 2025-01-12 |           | 3
        01 |            | 2         | 4
        02 | 2025-01-12 |           | 5
        03 | 2025-01-12 |           | 5
        03 | 2025-01-12 |           | 6
        """,
    )
    twice = found(cohort, "study_day")
    assert [(one.severity, one.row, one.value) for one in twice if "two entries" in one.rule] == [
        ("error", 2, "day 2"),
        ("error", 3, "day 2"),
    ]
    assert cohort.table("daily_diary")["participant_id"].tolist() == ["02"]


def test_an_entry_without_a_day_is_left_out(tmp_path: Path) -> None:
    cohort = read(tmp_path, "id | study_day | pain\n01 | 3 | 4\n01 | | 5")
    (only,) = found(cohort, "diary_date")
    assert (only.severity, only.row) == ("error", 3)
    assert cohort.table("daily_diary")["study_day"].tolist() == [3]


@pytest.mark.parametrize(
    ("entry", "field", "rule", "value"),
    [
        ("01 | 2025-11-30 |  | 3 |  |  |", "diary_date", "outside of the study, days -28 to 105", "day 324"),
        ("01 | 2024-11-30 |  | 3 |  |  |", "diary_date", "outside of the study, days -28 to 105", "day -41"),
        ("01 | 2025-01-12 | 3 | 3 |  |  |", "study_day", "not `diary_date` minus", "recorded 3, from dates 2"),
        ("01 | 2025-01-12 | 2 | 3 | 40 |  |", "perceived_exertion", "minutes of training have no exertion", "40"),
        ("01 | 2025-01-12 | 2 | 3 | 0 | 4 |", "training_minutes", "exertion on a day without minutes", "4"),
        ("01 | 2025-01-12 | 2 | 3 | 40 | 4 | 60", "training_load", "not minutes times", "recorded 60, computed 160"),
    ],
)
def test_what_does_not_agree_is_a_warning(tmp_path: Path, entry: str, field: str, rule: str, value: str) -> None:
    head = "id | diary_date | study_day | pain | training_minutes | perceived_exertion | training_load"
    cohort = read(tmp_path, f"{head}\n{entry}\n02 | 2025-01-12 | 2 | 3 | 30 | 5 | 150")
    (only,) = found(cohort, field)
    assert rule in only.rule
    assert (only.severity, only.value) == ("warning", value)
    assert len(cohort.table("daily_diary")) == 2


def test_a_slip_of_the_decimal_point_is_a_jump(tmp_path: Path) -> None:
    sleep = ["7.5", "7", "8", "6.5", "7", "0.7"]
    rows = [f"01 | {day} | {hours} | {30 + day}" for day, hours in enumerate(sleep, start=1)]
    cohort = read(tmp_path, "\n".join(["id | study_day | sleep_hours | training_minutes", *rows]))
    (only,) = [one for one in found(cohort, "sleep_hours") if "plausible" in one.rule]
    assert (only.row, only.value) == (7, "0.7, usual 7")
    assert found(cohort, "training_minutes") == []


def test_a_week_of_ten_times_the_distance_is_a_jump(tmp_path: Path) -> None:
    kilometres = [20, 22, 25, 24, 240]
    rows = [f"01 | running | 2025-0{2 + k}-03 | {km} | trail" for k, km in enumerate(kilometres)]
    lines = "\n".join(["id | sport | week_start | distance | surface", *rows])
    cohort = read(tmp_path, lines, "weeks.csv", WEEKS)
    (only,) = [one for one in cohort.findings if one.table == "sport_training"]
    assert (only.field, only.value) == ("distance", "240, usual 24")
    assert cohort.table("sport_training")["surface"].unique().tolist() == ["trail"]


def test_an_entry_of_an_arm_that_keeps_no_diary_is_found(tmp_path: Path) -> None:
    rows = """
        id | diary_date | pain
        01 | 2025-01-12 | 3
        02 | 2025-01-12 | 5
        """
    (one,) = found(read(tmp_path, rows, data=f"{DATA}diary: {{only_in: [exercise]}}\n"), "participant_id")
    assert (one.severity, one.row, one.value) == ("warning", 2, "usual_care")
    assert one.rule == "the diary has an entry of an arm that keeps none (`diary: only_in: [exercise]`)"
    assert not found(read(tmp_path, rows), "participant_id")
