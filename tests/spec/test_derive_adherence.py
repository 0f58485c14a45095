"""Adherence by the diary: what is due, what counts as filled in, and who is called adherent."""

from __future__ import annotations

import pandas as pd
import pytest

from coxa.diary import diary_adherence
from coxa.errors import DataError, OptionError


def entries(*rows: tuple[str, int, float | None, float | None, float | None]) -> pd.DataFrame:
    names = ["participant_id", "study_day", "pain", "exercises_prescribed", "exercises_done"]
    return pd.DataFrame(list(rows), columns=names)


TWO_WEEKS = entries(
    ("a", 1, 3, 3, 3),
    ("a", 2, 4, 3, 1),
    ("a", 3, None, 3, 3),  # exercises noted, pain not
    ("a", 8, 2, 3, None),  # what was done is not known
    ("a", 9, 2, 0, 0),
    ("b", 1, 5, 2, 2),
)


def test_a_day_is_filled_in_if_it_has_pain() -> None:
    found = diary_adherence(TWO_WEEKS, last_day=14).set_index("participant_id")
    assert found["days_due"].to_dict() == {"a": 14, "b": 14}
    assert found["days_filled"].to_dict() == {"a": 4, "b": 1}
    assert found["completion"].to_dict() == {"a": 4 / 14, "b": 1 / 14}


def test_exercises_are_counted_on_days_on_which_both_numbers_are_known() -> None:
    found = diary_adherence(TWO_WEEKS, last_day=14).set_index("participant_id")
    assert found["exercises_prescribed"].to_dict() == {"a": 9, "b": 2}
    assert found["exercises_done"].to_dict() == {"a": 7, "b": 2}
    assert found["exercise_adherence"].to_dict() == {"a": 7 / 9, "b": 1.0}


def test_the_cut_is_an_option_and_reached_by_equality() -> None:
    data = entries(("a", 1, 1, 5, 4))
    assert diary_adherence(data, 1)["adherent"].tolist() == [True]
    assert diary_adherence(data, 1, cut=0.81)["adherent"].tolist() == [False]


def test_more_than_prescribed_is_not_cut_off() -> None:
    assert diary_adherence(entries(("a", 1, 1, 2, 4)), 1)["exercise_adherence"].tolist() == [2.0]


def test_by_week() -> None:
    weeks = diary_adherence(TWO_WEEKS, last_day=14, by="week")
    assert weeks[["participant_id", "week"]].to_numpy().tolist() == [["a", 1], ["a", 2], ["b", 1], ["b", 2]]
    assert weeks["days_due"].tolist() == [7, 7, 7, 7]
    assert weeks["days_filled"].tolist() == [2, 2, 1, 0]
    assert weeks["adherent"].tolist() == [False, pd.NA, True, pd.NA]  # nothing prescribed is not adherent, nor not


def test_whoever_never_wrote_is_counted_if_named() -> None:
    found = diary_adherence(TWO_WEEKS, last_day=14, participants=["c", "b", "a"])
    assert found["participant_id"].tolist() == ["c", "b", "a"]
    assert found["completion"].tolist()[0] == 0.0


def test_the_last_day_may_differ() -> None:
    found = diary_adherence(TWO_WEEKS, last_day={"a": 8, "b": 2})
    assert found["days_due"].tolist() == [8, 2]
    assert found["days_filled"].tolist() == [3, 1]
    assert found["days_outside"].tolist() == [1, 0]  # day 9 of a: filled in, not due, counted nowhere else
    assert diary_adherence(TWO_WEEKS, pd.Series({"a": 8, "b": 2})).equals(found)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(DataError, match="row 7, participant b, participant_id: the participant has a diary"):
        diary_adherence(TWO_WEEKS, last_day=14, participants=["a"])
    with pytest.raises(OptionError, match="`last_day` has a day for 1 participants, but none for 'b'"):
        diary_adherence(TWO_WEEKS, last_day={"a": 14})
    with pytest.raises(OptionError, match="due on no day"):
        diary_adherence(TWO_WEEKS, last_day=0)
    with pytest.raises(OptionError, match="Choose one of participant, week"):
        diary_adherence(TWO_WEEKS, last_day=14, by="month")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match=r"`cut` is 80, not a share"):
        diary_adherence(TWO_WEEKS, last_day=14, cut=80)
    with pytest.raises(DataError, match="row 2, participant a, exercises_done: exercises_done is below 0"):
        diary_adherence(entries(("a", 1, 1, 2, -1)), last_day=1)
    with pytest.raises(DataError, match="earlier row of this day"):
        diary_adherence(pd.concat([TWO_WEEKS, TWO_WEEKS]), last_day=14)
