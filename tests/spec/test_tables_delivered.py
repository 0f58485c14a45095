"""Tables of delivery: attendance, dose, co-interventions, and the items of TIDieR and CERT."""

from __future__ import annotations

from typing import Literal

import pandas as pd
import pytest

from coxa.derive.delivery import Delivered, derive_delivered
from coxa.report.topics.delivery.attendance import attendance_steps
from coxa.report.topics.delivery.co_interventions import co_interventions_table
from coxa.report.topics.delivery.delivered import delivered_table
from coxa.report.topics.delivery.intervention import intervention_table
from coxa.tables.table import Table
from tests.spec.treated_trial import cohort, plan

DELIVERY = {"provider": "a physiotherapist", "minutes": [45, 60], "delivered": "six sessions were held by telephone"}


@pytest.fixture(scope="module")
def delivered() -> Delivered:
    found = derive_delivered(cohort())
    assert found is not None
    return found


def shown(table: Table) -> dict[str, list[str]]:
    return {row.label: [cell.text for cell in row.cells] for row in table.rows()}


def test_attendance_by_hand(delivered: Delivered) -> None:
    """Usual care: 2, 1 and 0 of 2; exercise: 4, 2 and 1 of 4."""
    rows = shown(delivered_table(plan(), delivered))
    assert rows["Received another arm's treatment, participants (%)"] == ["0 (0.0%)", "1 (33.3%)"]
    assert rows["Attended, mean (SD)"] == ["1.0 (1.0)", "2.3 (1.5)"]
    assert rows["Attended, median [Q1, Q3]"] == ["1.0 [0.5, 1.5]", "2.0 [1.5, 3.0]"]
    assert rows["Attended of all planned, n/N (%)"] == ["3/6 (50.0%)", "7/12 (58.3%)"]
    assert rows["Attended none, participants (%)"] == ["1 (33.3%)", "0 (0.0%)"]
    assert rows["Attended at least half, participants (%)"] == ["2 (66.7%)", "2 (66.7%)"]
    at_least = "Attended at least 67% (per-protocol set), participants (%)"
    assert rows[at_least] == ["1 (33.3%)", "1 (33.3%)"]
    assert (
        "Per-protocol set: participants who attended at least 67% of the planned sessions and did not receive another "
        "arm's treatment."
    ) in [note.text for note in delivered_table(plan(), delivered).footnotes]
    assert rows["Attended all, participants (%)"] == ["1 (33.3%)", "1 (33.3%)"]


def test_reasons_dose_components_fidelity_and_home_by_hand(delivered: Delivered) -> None:
    rows = shown(delivered_table(plan(), delivered))
    assert rows["Missed, sessions"] == ["3", "5"]
    assert rows["Illness"] == ["0 (0.0%)", "1 (20.0%)"]
    assert rows["No row in the file"] == ["0 (0.0%)", "4 (80.0%)"]
    assert rows["Minutes per session, mean (SD)"] == ["30.0 (0.0)", "53.3 (12.1)"]
    assert rows["Minutes recorded, sessions, n/N (%)"] == ["3/3 (100.0%)", "6/7 (85.7%)"]
    assert rows["Sets of exercise done of prescribed, n/N (%)"] == ["–", "29/40 (72.5%)"]
    assert rows["Education"] == ["3 (100.0%)", "2 (28.6%)"]
    assert rows["Exercise therapy"] == ["0 (0.0%)", "6 (85.7%)"]
    assert rows["Sessions rated of those attended, n/N (%)"] == ["0/3 (0.0%)", "2/7 (28.6%)"]
    assert rows["Delivered of the protocol, %, mean (SD)"] == ["–", "90.0 (14.1)"]
    assert rows["Sessions done of prescribed, n/N (%)"] == ["–", "4/6 (66.7%)"]


def test_what_is_not_recorded_is_named_and_not_shown(delivered: Delivered) -> None:
    table = delivered_table(plan(), delivered)
    assert not any("Load" in row.label for row in table.rows())
    assert "Not recorded in the supervised sessions: load." in [note.text for note in table.footnotes]


def test_a_diary_comes_with_its_warning() -> None:
    diary = pd.DataFrame(
        {"participant_id": ["e1"], "study_day": [1.0], "exercises_prescribed": [4.0], "exercises_done": [3.0]}
    )
    found = derive_delivered(cohort(daily_diary=diary))
    assert found is not None
    table = delivered_table(plan(), found)
    assert shown(table)["Diary: sets done of prescribed, n/N (%)"] == ["–", "3/4 (75.0%)"]
    assert any("median of 220 exercises" in note.text and "176, 25% more" in note.text for note in table.footnotes)


def test_attendance_curves_count_those_who_came_at_least_so_often(delivered: Delivered) -> None:
    steps = attendance_steps(plan(), delivered)
    mine = steps[steps["arm"] == "exercise"]
    assert mine["attended"].tolist() == [0, 0.25, 0.5, 1]
    assert mine["participants"].tolist() == pytest.approx([1, 1, 2 / 3, 1 / 3])


def test_co_interventions_count_participants_and_occasions() -> None:
    found = pd.DataFrame(
        {
            "participant_id": ["u1", "u1", "u1", "e1"],
            "arm": ["usual_care"] * 3 + ["exercise"],
            "kind": ["analgesic", "analgesic", "injection", "analgesic"],
            "study_hip": pd.array([True, False, None, True], dtype="boolean"),
            "study_day": [1.0, 2.0, None, 4.0],
        }
    )
    table = co_interventions_table(plan(), found, 2, {"usual_care": 4, "exercise": 5})
    people, counted, where = table.groups
    assert [(row.label, [cell.text for cell in row.cells]) for row in people.rows] == [
        ("Any", ["1 (25.0%)", "1 (20.0%)"]),
        ("Analgesic", ["1 (25.0%)", "1 (20.0%)"]),
        ("Injection", ["1 (25.0%)", "0 (0.0%)"]),
    ]
    assert [cell.text for cell in counted.rows[0].cells] == ["3", "1"]
    assert [row.label for row in where.rows] == ["For the study hip", "For something else", "Not recorded what for"]
    said = [str(note.text) for note in table.footnotes]
    assert "Left out: 2 that began before randomisation." in said
    assert "Counted although no day is recorded: 1." in said


@pytest.mark.parametrize(("guideline", "items", "last"), [("TIDieR", 12, "12"), ("CERT", 19, "16b")])
def test_items_have_a_row_each_or_are_named_as_gaps(
    delivered: Delivered, guideline: Literal["TIDieR", "CERT"], items: int, last: str
) -> None:
    study = plan(exercise={"delivery": DELIVERY})
    table = intervention_table(study, guideline, None)
    rows = shown(table)
    (note,) = [str(each.text) for each in table.footnotes if "Not stated of any treatment" in str(each.text)]
    gaps = note.split("Not stated of any treatment: ")[1].split("; ")
    assert len(rows) + len(gaps) == items + 1
    provider = next(texts for label, texts in rows.items() if label.split(" ", 1)[1] in ("Who provided", "Provider"))
    assert provider == ["Not stated", "A physiotherapist"]
    actual = next(texts for label, texts in rows.items() if label.startswith(f"{last} "))
    assert actual == ["Not stated", "Six sessions were held by telephone"]
    told = shown(intervention_table(study, guideline, delivered))
    actual = next(texts for label, texts in told.items() if label.startswith(f"{last} "))
    assert actual == ["3 of 6 supervised sessions attended (50.0%)", "7 of 12 supervised sessions attended (58.3%)"]
    assert told["As the plan says"] == ["Not stated", "Six sessions were held by telephone"]
    assert told["Delivered of a session's protocol, %, mean (SD)"] == ["–", "90.0 (14.1)"]


def test_stated_items_are_counted() -> None:
    """Exercise: name, provider, sessions and minutes, and how it was delivered; usual care: name and sessions."""
    table = intervention_table(plan(exercise={"delivery": DELIVERY}), "TIDieR", None)
    assert shown(table)["Items stated, n/N (%)"] == ["2/12 (16.7%)", "4/12 (33.3%)"]
    assert shown(table)["8 When and how much"] == ["2 sessions", "4 sessions; 45 to 60 minutes a session"]
