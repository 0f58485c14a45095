"""Red flags: screened, found, acted on and the days between, in small tables and in a simulated trial."""

from __future__ import annotations

from typing import get_args

import pandas as pd
import pytest

from coxa import analyse, read_cohort
from coxa.cohort.dictionary import load_table
from coxa.derive.red_flags import RedFlags, derive_red_flags
from coxa.report.build import build_document
from coxa.report.topics.red_flags.section import NOTHING_FOUND, red_flags_section
from coxa.report.topics.red_flags.tables import found_table, screened_table, waits_table
from coxa.simulate import simulate_study
from coxa.study.assumptions.red_flags import RedFlag
from coxa.tables.table import Table
from tests.spec.assumed_trial import assumed
from tests.spec.topic_cohort import plan, read, rules

# participant, screened, flag, present, action, action date, referred, seen
ROWS = [
    ("u1", "2024-01-01", "night_pain", "yes", "referred_specialist", "2024-01-04", None, "2024-01-24"),
    ("u1", "2024-01-01", "fever", "no", None, None, None, None),
    ("u1", "2024-02-12", "night_pain", "yes", "monitored", "2024-02-13", None, None),
    ("u2", "2024-01-02", "night_pain", "no", None, None, None, None),
    ("e1", "2024-01-01", "night_pain", "yes", "none", None, None, None),
    ("e2", "2024-01-01", "fever", "yes", None, None, None, None),
    ("e2", "2024-01-01", "trauma", "yes", "imaging", None, None, None),
    ("e3", "2024-06-30", "severe_pain", "yes", "referred_emergency", "2024-06-29", "2024-07-01", "2024-06-30"),
]
NAMES = ["participant_id", "screening_date", "flag", "present", "action", "action_date", "referral_date", "seen_date"]


def screening() -> pd.DataFrame:
    return pd.DataFrame(ROWS, columns=NAMES)


def flags() -> RedFlags:
    found = derive_red_flags(read(red_flag_screening=screening()))
    assert found is not None
    return found


def texts(table: Table) -> dict[str, list[str]]:
    return {f"{group.label}: {row.label}": [cell.text for cell in row.cells] for group in table.groups
            for row in group.rows}  # fmt: skip


def test_days_are_counted_from_the_screening_and_wrong_orders_have_none() -> None:
    found = flags().found.set_index(["participant_id", "flag", "visit"])
    days = found[["days_to_action", "days_to_referral", "days_to_seen"]]
    assert days.loc["u1", "night_pain", "baseline"].tolist() == [3, 3, 20]
    assert days.loc["u1", "night_pain", "week_6"].fillna(-1).tolist() == [1, -1, -1]
    assert days.loc["e3", "severe_pain", ""].fillna(-1).tolist() == [-1, 1, -1]
    assert found["acted_on"].tolist() == [True, True, False, False, True, True]
    assert found["referred"].tolist() == [True, False, False, False, False, True]


def test_participants_are_counted_by_visit_and_flags_by_what_was_done() -> None:
    study, found = plan(), flags()
    screened = texts(screened_table(study, found))
    assert screened["Screened, participants, n (%): At any time"] == ["2 (66.7%)", "3 (100.0%)"]
    assert screened["Screened, participants, n (%): Week 6"] == ["1 (33.3%)", "0 (0.0%)"]
    assert screened["Screened, participants, n (%): At no planned visit"] == ["0 (0.0%)", "1 (33.3%)"]
    done = texts(found_table(study, found))
    assert done["Flags found: Acted on, n/N (%)"] == ["2/2 (100.0%)", "2/4 (50.0%)"]
    assert done["Flags found: Action not recorded"] == ["0 (0.0%)", "1 (25.0%)"]
    assert done["Present, of screenings that asked for it, n/N (%): Night pain"] == ["2/3 (66.7%)", "1/1 (100.0%)"]
    waits = texts(waits_table(study, found))
    assert waits["Action: Days from screening to action, median [Q1, Q3]"] == ["2.0 [1.5, 2.5]", "–"]
    assert waits["Seen: Days known from referral to being seen, n/N (%)"] == ["1/1 (100.0%)", "0/1 (0.0%)"]


def test_every_gap_and_wrong_order_is_a_finding() -> None:
    found = rules(read(red_flag_screening=screening()), "red_flag_screening")
    assert sorted(found) == [
        ("a participant was seen before the referral", "e3"),
        ("a red flag is present and its action is empty", "e2"),
        ("a red flag is present and no action was taken", "e1"),
        ("a red flag was acted on and the action has no date", "e2"),
        ("an action on a red flag is before the screening", "e3"),
    ]
    undated = screening().assign(screening_date=None).iloc[[1]]
    assert rules(read(red_flag_screening=undated), "red_flag_screening") == [
        ("a screening for red flags has no date", "u1")
    ]
    seen = (
        screening().iloc[[1]].assign(present="yes", action="imaging", seen_date="2024-02-01", action_date="2024-01-02")
    )
    assert rules(read(red_flag_screening=seen), "red_flag_screening") == [
        ("a participant was seen after a referral that is not recorded", "u1")
    ]


def test_a_service_shows_them_without_words_of_a_trial() -> None:
    report = analyse(read(plan("service"), red_flag_screening=screening()))
    section = next(one for one in build_document(report).walk() if one.id == "red-flags")
    tables = [block.table for block in section.blocks]
    assert [str(column.label) for column in tables[0].columns] == [
        "All participants (N\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}6)"
    ]
    assert texts(tables[0])["Screened, participants, n (%): At any time"] == ["5 (83.3%)"]
    assert not any("arm" in str(note.text).split() for table in tables for note in table.footnotes)


def test_there_is_no_section_without_rows_and_a_sentence_without_a_flag() -> None:
    nothing = analyse(read())
    assert red_flags_section(nothing) is None
    none = analyse(read(red_flag_screening=screening().assign(present="no")))
    section = red_flags_section(none)
    assert section is not None
    assert [getattr(block, "text", "") for block in section.blocks][1:] == [NOTHING_FOUND]


RED = """\
  red_flags:
    at: [baseline, week_6]
    screened: {usual_care: 0.6, exercise: 0.9}
    present: {night_pain: 0.2, fever: 0.05}
    acted_on: {usual_care: 0.5, exercise: 0.8}
    referred: 0.7
    delay: 4
    wait: 10
"""


def test_what_is_planted_is_found_again() -> None:
    trial = simulate_study(assumed(more=RED), participants={"usual_care": 800, "exercise": 800}, truth_size=200, seed=3)
    cohort = read_cohort(trial.study, trial.tables)
    found = derive_red_flags(cohort)
    assert found is not None
    assert {rule for rule, _ in rules(cohort, "red_flag_screening")} == {
        "a red flag is present and no action was taken"
    }
    came = pd.Series(trial.drawn.present[:, :2].sum(axis=1)).groupby(trial.tables["participants"]["arm"]).sum()
    screened = found.screened.groupby("arm").size() / came
    assert screened.to_dict() == pytest.approx({"usual_care": 0.6, "exercise": 0.9}, abs=0.03)
    prevalence = found.asked.groupby("flag")["present"].mean()
    assert prevalence.to_dict() == pytest.approx({"night_pain": 0.2, "fever": 0.05}, abs=0.025)
    acted = found.found.groupby("arm")["acted_on"].mean()
    assert acted.to_dict() == pytest.approx({"usual_care": 0.5, "exercise": 0.8}, abs=0.09)
    assert found.found["days_to_action"].mean() == pytest.approx(4, abs=1.2)
    assert found.found["days_to_seen"].mean() == pytest.approx(10, abs=2.5)
    referred = found.found["referred"].sum() / found.found["acted_on"].sum()
    assert referred == pytest.approx(0.7, abs=0.08)


def test_what_is_done_after_the_data_end_is_an_empty_action_and_none_a_flag_not_acted_on() -> None:
    slow = RED.replace("at: [baseline, week_6]", "at: [week_12]").replace("delay: 4", "delay: 60")
    shares = "acted_on: {usual_care: 0, exercise: 1}"
    slow = slow.replace("acted_on: {usual_care: 0.5, exercise: 0.8}", shares)
    trial = simulate_study(
        assumed(more=slow), participants={"usual_care": 100, "exercise": 100}, truth_size=200, seed=3
    )
    rows = trial.tables["red_flag_screening"].query("present == 'yes'")
    arm = rows["participant_id"].map(trial.tables["participants"].set_index("participant_id")["arm_received"])
    assert set(rows.loc[arm == "usual_care", "action"]) == {"none"}
    late = rows.loc[arm == "exercise", "action"]
    assert late.isna().mean() > 0.5
    assert "none" not in set(late)


def test_the_flags_of_assumptions_are_those_of_the_table() -> None:
    assert list(get_args(RedFlag)) == list(load_table("red_flag_screening").fields["flag"].levels)
