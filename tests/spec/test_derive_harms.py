"""Harms: which of the four rows an event is in, in whom, and over what time."""

from __future__ import annotations

import pandas as pd
import pytest

from coxa.derive.harms import YEAR, derive_harms, harm_kind, last_days
from tests.spec import treated_trial
from tests.spec.treated_trial import cohort


def test_every_event_is_in_one_row_by_kind_serious_and_expected() -> None:
    table = [
        ("soreness", False, True, "soreness"),
        ("soreness", False, None, "soreness"),
        ("soreness", False, False, "adverse_event"),
        ("soreness", True, True, "adverse_event"),
        ("flare", False, None, "flare"),
        ("flare", False, False, "flare"),
        ("flare", True, None, "adverse_event"),
        ("adverse_event", False, True, "adverse_event"),
        ("", False, None, "adverse_event"),
    ]
    kind, serious, expected, row = (pd.Series(column) for column in zip(*table, strict=True))
    assert harm_kind(kind, serious, expected.astype("boolean")).tolist() == row.tolist()


def test_events_are_counted_in_the_safety_set_by_arm_received() -> None:
    harms = derive_harms(cohort())
    assert harms is not None
    assert harms.people.groupby("arm")["participant_id"].agg(list).to_dict() == {
        "exercise": ["e1", "e2"],
        "usual_care": ["u1", "u2", "e3"],
    }
    found = harms.events.groupby(["kind", "arm"])["participant_id"].agg(list).to_dict()
    assert found == {
        ("soreness", "exercise"): ["e1"],
        ("flare", "usual_care"): ["u1", "u1"],
        ("adverse_event", "exercise"): ["e1", "e2", "e2"],
        ("adverse_event", "usual_care"): ["e3"],
    }
    assert harms.of("adverse_event", serious=True)["term"].tolist() == ["flare, in hospital"]
    assert harms.events.loc[harms.events["stopped"], "participant_id"].tolist() == ["e2"]
    assert int(harms.events["related"].sum()) == 4


def test_what_is_left_out_and_what_is_not_known_is_counted() -> None:
    harms = derive_harms(cohort())
    assert harms is not None
    assert harms.before == {"exercise": 1}
    assert harms.outside == {"usual_care": 1}
    assert harms.undated == 1
    assert harms.lacking == {"severity": 1, "relatedness": 1, "action": 3, "serious": 1}
    assert len(harms.events) + 1 + 1 == len(treated_trial.EVENTS)


def test_follow_up_ends_with_the_last_thing_recorded() -> None:
    """The assessment; e2 has an event on day 40 and a session later than the assessment on day 42."""
    late = treated_trial.sessions().assign(study_day=[*[float("nan")] * 10, 70.0, *[float("nan")] * 9])
    people = cohort().table("participants").assign(
        randomisation_date=pd.Timestamp("2024-01-01"), discontinuation_date=pd.NaT
    )  # fmt: skip
    people.loc[people["participant_id"] == "u2", "discontinuation_date"] = pd.Timestamp("2024-04-10")
    days = last_days(cohort(treatment_sessions=late, participants=people))
    assert days.dropna().to_dict() == {"u1": 84, "u2": 100, "u3": 84, "e1": 90, "e2": 70, "e3": 56}
    harms = derive_harms(cohort())
    assert harms is not None
    years = harms.people.groupby("arm")["years"].sum()
    assert years.to_dict() == pytest.approx({"exercise": (90 + 42) / YEAR, "usual_care": (84 + 80 + 56) / YEAR})
    assert harms.people.groupby("arm")["sessions"].sum().to_dict() == {"exercise": 6, "usual_care": 4}


def test_no_table_is_not_the_same_as_no_event() -> None:
    assert derive_harms(cohort(adverse_events=None)) is None
    empty = derive_harms(cohort(adverse_events=treated_trial.events().iloc[:0]))
    assert empty is not None
    assert empty.events.empty
    assert len(empty.people) == 5


def test_without_sessions_everybody_who_was_allocated_started() -> None:
    harms = derive_harms(cohort(treatment_sessions=None))
    assert harms is not None
    assert not harms.counted_sessions
    assert len(harms.people) == 6
    assert harms.outside == {}


def test_the_table_that_comes_in_is_not_changed() -> None:
    given = cohort()
    before = {name: frame.copy() for name, frame in given.tables.items()}
    derive_harms(given)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(given.tables[name], frame)
