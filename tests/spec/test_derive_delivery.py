"""What was delivered to whom, counted by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from coxa.derive.delivery import derive_co_interventions, derive_delivered
from tests.spec.treated_trial import cohort


def test_sessions_of_everybody_allocated_whoever_treated_them() -> None:
    delivered = derive_delivered(cohort())
    assert delivered is not None
    people = delivered.people.set_index("participant_id")
    assert people["planned"].to_dict() == {"u1": 2, "u2": 2, "u3": 2, "e1": 4, "e2": 4, "e3": 4}
    assert people["attended"].to_dict() == {"u1": 2, "u2": 1, "u3": 0, "e1": 4, "e2": 2, "e3": 1}
    assert people.loc["e2", "share"] == 0.5
    assert people.index[people["other_arm"]].tolist() == ["e3"]


def test_missed_sessions_have_a_reason_or_are_said_to_have_none() -> None:
    delivered = derive_delivered(cohort())
    assert delivered is not None
    assert delivered.missed.groupby(["arm", "reason"]).size().to_dict() == {
        ("exercise", "illness"): 1,
        ("exercise", "no row in the file"): 1 + 3,
        ("usual_care", "holiday"): 1,
        ("usual_care", "no reason recorded"): 2,
    }


def test_dose_is_summed_over_what_is_recorded() -> None:
    """e1 has four sessions of 60 minutes, and sets known in three of them: 24 of 30."""
    delivered = derive_delivered(cohort())
    assert delivered is not None
    people = delivered.people.set_index("participant_id")
    assert people.loc["e1", ["minutes", "sets_prescribed", "sets_done", "sets_share"]].tolist() == [240, 30, 24, 0.8]
    assert people.loc["e2", "minutes"] == 50
    assert pd.isna(people.loc["u3", "minutes"])
    assert not people["load"].notna().any()
    assert people.loc["e1", ["home_planned", "home_done", "home_share"]].tolist() == [4, 3, 0.75]


def test_the_diary_adds_up_days_that_have_both_numbers() -> None:
    diary = pd.DataFrame(
        {
            "participant_id": ["e1", "e1", "e1", "e2", "n1"],
            "study_day": [1.0, 2.0, 3.0, 1.0, 1.0],
            "exercises_prescribed": [4.0, 4.0, 4.0, 5.0, 9.0],
            "exercises_done": [4.0, 2.0, None, 0.0, 9.0],
        }
    )
    delivered = derive_delivered(cohort(daily_diary=diary))
    assert delivered is not None
    people = delivered.people.set_index("participant_id")
    assert people.loc["e1", ["diary_prescribed", "diary_done", "diary_share"]].tolist() == [8, 6, 0.75]
    assert people.loc["e2", "diary_share"] == 0
    assert pd.isna(people.loc["u1", "diary_share"])
    assert delivered.diary_days["exercise"] == 3


def test_without_sessions_and_diary_nothing_is_known() -> None:
    assert derive_delivered(cohort(treatment_sessions=None)) is None


def test_co_interventions_before_randomisation_are_left_out_and_counted() -> None:
    beside = pd.DataFrame(
        {
            "participant_id": ["u1", "u1", "e1", "e3", "n1"],
            "kind": ["analgesic", "injection", "analgesic", None, "exercise"],
            "study_day": [-5.0, 0.0, 20.0, None, 3.0],
            "study_hip": pd.array([True, True, False, None, True], dtype="boolean"),
        }
    )
    found = derive_co_interventions(cohort(co_interventions=beside))
    assert found is not None
    frame, before = found
    assert before == 1
    assert list(zip(frame["participant_id"], frame["arm"], frame["kind"], strict=True)) == [
        ("u1", "usual_care", "injection"),
        ("e1", "exercise", "analgesic"),
        ("e3", "exercise", "kind not recorded"),
    ]
    assert derive_co_interventions(cohort()) is None


@pytest.mark.parametrize("missing", ["reason_missed", "minutes", "planned", "setting", "fidelity", "components"])
def test_any_column_of_the_sessions_may_be_absent(missing: str) -> None:
    table = cohort().table("treatment_sessions").drop(columns=missing)
    delivered = derive_delivered(cohort(treatment_sessions=table))
    assert delivered is not None
    assert delivered.people["attended"].sum() >= 10
