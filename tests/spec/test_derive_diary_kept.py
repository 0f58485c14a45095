"""How a diary was kept: days due and written, runs of missing days, periods, weekdays."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from coxa.cohort.cohort import Cohort
from coxa.cohort.contracts import contract
from coxa.cohort.disposition import Disposition
from coxa.derive.diary_kept import KeptDiary, derive_kept, missing_runs
from coxa.errors import PlanError
from coxa.findings import Findings
from coxa.report.topics.diary.kept import kept_table
from coxa.report.topics.diary.section import diary_section, of_exercises_alone
from tests.spec.drawn_diary import diary
from tests.spec.test_derive_dataset import PLAN_3, drawn
from tests.spec.test_study_read import parse

PEOPLE = drawn(
    """
    participant_id | arm        | randomisation_date | discontinuation_date | site
    a              | exercise   | 2026-01-05         |                      | north
    b              | usual_care | 2026-01-05         | 2026-01-10           | south
    c              | usual_care | 2026-01-05         |                      | south
    """
)
DUE = "diary: {last_day: 10}\n"


def kept(days: pd.DataFrame, plan: str = DUE) -> KeptDiary | None:
    """Return how the diary of three participants, randomised on a Monday, was kept."""
    study = parse(PLAN_3 + plan)
    rows = days.reindex(columns=[*contract(study, "daily_diary").fields])
    return derive_kept(Cohort(study, {"participants": PEOPLE, "daily_diary": rows}, Findings(), Disposition(), ()))


DAYS = diary(a="3 3 . . 4 4 4 . 5 5", b="2 . 2 2 2", c=".")


def test_days_are_due_to_the_last_or_until_leaving() -> None:
    found = kept(DAYS)
    assert found is not None
    people = found.people.set_index("participant_id")
    assert people[["days_due", "days_written"]].to_numpy().tolist() == [[10, 7], [5, 4], [10, 0]]
    assert people["completion"].tolist() == pytest.approx([0.7, 0.8, 0.0])
    assert people["kept"].tolist() == [False, True, False]


def test_runs_of_missing_days_and_the_silence_at_the_end() -> None:
    found = kept(DAYS)
    assert found is not None
    people = found.people.set_index("participant_id")
    assert people["gaps"].tolist() == [2, 1, 1]
    assert people["longest_gap"].tolist() == [2, 1, 10]
    assert people["silent_at_end"].tolist() == [0, 0, 10]


@pytest.mark.parametrize(("line", "runs"), [("1111", ([], 0)), ("0000", ([4], 4)), ("0101", ([1, 1], 0))])
def test_runs(line: str, runs: tuple[list[int], int]) -> None:
    assert missing_runs(np.array([mark == "1" for mark in line])) == runs


def test_weeks_and_weekdays_add_up_to_the_days_due() -> None:
    found = kept(DAYS)
    assert found is not None
    assert found.periods.groupby("period")[["days_due", "days_written"]].sum().to_numpy().tolist() == [[19, 9], [6, 2]]
    by_day = found.weekdays.groupby("weekday")[["days_due", "days_written"]].sum()
    assert by_day.loc["Tuesday"].tolist() == [5, 2]  # days 1 and 8, of b only day 1; on day 8 nothing was written
    assert by_day.sum().tolist() == [25, 11]


def test_an_entry_on_a_day_that_is_not_due_is_counted_apart() -> None:
    found = kept(diary(a="1 1 1 1 1 1 1 1 1 1 1 1"))
    assert found is not None
    assert found.outside == 2


def test_without_a_last_day_that_of_the_last_entry_is_taken_and_long_diaries_have_periods_of_four_weeks() -> None:
    found = kept(diary(a=" ".join(["3"] * 120)), plan="")
    assert found is not None
    assert (found.last_day, found.period_weeks, found.periods["period"].max()) == (120, 4, 5)


def test_a_row_without_any_value_is_no_entry() -> None:
    assert kept(diary(a="? ?")) is None


def test_in_an_arm_that_keeps_no_diary_nothing_is_due() -> None:
    found = kept(DAYS, "diary: {last_day: 10, only_in: [exercise]}\n")
    assert found is not None
    assert (found.arms, found.people["participant_id"].tolist()) == (("exercise",), ["a"])
    assert found.periods["days_due"].sum() == 10
    table = kept_table(parse(PLAN_3 + "diary: {last_day: 10, only_in: [exercise]}\n"), found)
    assert [str(column.label) for column in table.columns] == [
        "Exercise therapy (N\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}1)"
    ]
    assert "No diary was kept in usual care." in [str(note.text) for note in table.footnotes]


def test_an_arm_without_an_entry_has_its_days_due_and_a_note() -> None:
    found = kept(diary(a="3 3 . . 4 4 4 . 5 5"))
    assert found is not None
    notes = " ".join(str(note.text) for note in kept_table(parse(PLAN_3 + DUE), found).footnotes)
    assert "No participant in usual care has an entry. If no diary was kept there, the plan names the arms" in notes
    everybody = kept(DAYS)
    assert everybody is not None
    assert "has an entry" not in " ".join(str(note.text) for note in kept_table(parse(PLAN_3), everybody).footnotes)


def test_a_plan_names_arms_of_the_diary_that_it_has() -> None:
    with pytest.raises(PlanError, match=r"diary.only_in.*no arm \"excercise\""):
        parse(PLAN_3 + "diary: {only_in: [excercise]}\n")


@pytest.mark.parametrize(("plan", "shown"), [("", False), (DUE, True)])
def test_a_log_of_exercises_at_home_is_no_daily_diary_unless_the_plan_says_when_it_is_due(
    plan: str, shown: bool
) -> None:
    rows = diary("exercises_done", a="3 . 3", b="2 . 2")
    study = parse(PLAN_3 + plan)
    full = rows.reindex(columns=[*contract(study, "daily_diary").fields])
    cohort = Cohort(study, {"participants": PEOPLE, "daily_diary": full}, Findings(), Disposition(), ())
    assert of_exercises_alone(cohort)
    assert (diary_section(SimpleNamespace(study=study, cohort=cohort)) is not None) is shown  # type: ignore[arg-type]


def test_an_estimand_of_the_diary_is_of_arms_that_keep_one() -> None:
    of_diary = PLAN_3.replace("  pain: {", "  pain: {source: {table: daily_diary, field: pain}, ", 1)
    parse(of_diary)
    with pytest.raises(PlanError, match="which usual_care does not keep"):
        parse(of_diary + "diary: {only_in: [exercise]}\n")
