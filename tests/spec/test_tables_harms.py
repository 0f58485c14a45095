"""Tables of harms: counts by hand, limits by formula, and what stands below."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest
from scipy import stats

from coxa.derive.harms import YEAR, Harms, derive_harms
from coxa.estimates import fit_rates
from coxa.report.topics.harms.tables import harm_rates_table, harm_risks, harm_terms_table, harms_table
from coxa.tables.formats import write
from coxa.tables.table import Table
from tests.spec.treated_trial import cohort, events, plan

STUDY = plan()


@pytest.fixture(scope="module")
def harms() -> Harms:
    found = derive_harms(cohort())
    assert found is not None
    return found


def shown(table: Table) -> dict[tuple[str, str], list[str]]:
    return {(group.label, row.label): [cell.text for cell in row.cells] for group in table.groups for row in group.rows}


def notes(table: Table) -> str:
    return " ".join(str(note.text) for note in table.footnotes)


def test_counts_by_hand(harms: Harms) -> None:
    table = harms_table(STUDY, harms)
    assert [str(column.label).replace("\xa0", " ") for column in table.columns] == [
        "Usual care (N = 3)", "Exercise (N = 2)", "Exercise",
    ]  # fmt: skip
    rows = shown(table)
    assert rows["Expected soreness", "Participants, n (%)"][:2] == ["0 (0.0%)", "1 (50.0%)"]
    assert rows["Flare of symptoms", "Participants, n (%)"][:2] == ["1 (33.3%)", "0 (0.0%)"]
    assert rows["Flare of symptoms", "Events"][:2] == ["2", "0"]
    assert rows["Flare of symptoms", "Related, events"][:2] == ["1", "0"]
    assert rows["Flare of symptoms", "Mild, events (%)"][:2] == ["1 (50.0%)", "–"]
    assert rows["Adverse event", "Participants, n (%)"][:2] == ["1 (33.3%)", "2 (100.0%)"]
    assert rows["Adverse event", "Events"][:2] == ["1", "3"]
    assert rows["Adverse event", "Not recorded, events (%)"][:2] == ["0 (0.0%)", "1 (33.3%)"]
    assert rows["Adverse event", "Led to stopping, participants (%)"][:2] == ["0 (0.0%)", "1 (50.0%)"]
    assert rows["Serious adverse event", "Participants, n (%)"][:2] == ["0 (0.0%)", "1 (50.0%)"]
    assert ("Serious adverse event", "Mild, events (%)") not in rows


def test_risk_differences_are_newcombes(harms: Harms) -> None:
    """Method 10: the square root of the squared distances to the Wilson limits of both risks."""
    risks = harm_risks(STUDY, harms).set_index(["term", "arm"]).loc[("serious_adverse_event", "exercise")]
    z = stats.norm.ppf(0.975)

    def wilson(x: int, n: int) -> tuple[float, float]:
        centre, half = x + z * z / 2, z * math.sqrt(x * (n - x) / n + z * z / 4)
        return (centre - half) / (n + z * z), (centre + half) / (n + z * z)

    (l1, u1), (l2, u2) = wilson(1, 2), wilson(0, 3)
    assert risks["difference"] == 0.5
    assert risks["conf_low"] == pytest.approx(0.5 - math.hypot(0.5 - l1, u2 - 0), abs=1e-10)
    assert risks["conf_high"] == pytest.approx(0.5 + math.hypot(u1 - 0.5, 0 - l2), abs=1e-10)


def test_rates_by_hand(harms: Harms) -> None:
    """Three adverse events of exercise in 132 days and 6 sessions, one of usual care in 220 days and 4 sessions."""
    rows = shown(harm_rates_table(STUDY, harms))
    assert rows["Exposure", "Person-years of follow-up"][:2] == [f"{220 / YEAR:.1f}", f"{132 / YEAR:.1f}"]
    assert rows["Exposure", "Supervised sessions attended"][:2] == ["4", "6"]
    low, high = stats.chi2.ppf(0.025, 6) / 2, stats.chi2.ppf(0.975, 8) / 2
    per_year, per_session = YEAR / 132, 100 / 6
    usual, exercise, ratio = rows["Adverse event", "Per person-year"]
    assert exercise == f"{3 * per_year:.2f} ({low * per_year:.2f} to {high * per_year:.2f})"
    assert usual.startswith(f"{YEAR / 220:.2f} (")
    assert ratio.startswith(f"{3 / 1 * 220 / 132:.2f} (")
    assert rows["Adverse event", "Per 100 sessions attended"][1] == (
        f"50.00 ({low * per_session:.2f} to {high * per_session:.2f})"
    )
    assert rows["Serious adverse event", "Per person-year"][2] == "–"


def test_an_arm_whose_sessions_are_not_treatment_has_no_rate_per_session(harms: Harms) -> None:
    """Talks of usual care are no exposure to treatment; its rate over time is the same as before."""
    talks = plan(usual_care={"delivers": ["usual_care", "education"]})
    table = harm_rates_table(talks, harms)
    before, rows = shown(harm_rates_table(STUDY, harms)), shown(table)
    per_session, per_year = ("Adverse event", "Per 100 sessions attended"), ("Adverse event", "Per person-year")
    assert rows[per_session] == ["–", before[per_session][1], "–"]
    assert rows[per_year] == before[per_year]
    assert "No rate per session for Usual care, where sessions are not treatment." in notes(table)
    assert "No rate per session" not in notes(harm_rates_table(STUDY, harms))
    assert "also those after the last session" in notes(table)


def test_what_no_row_shows_is_not_explained(harms: Harms) -> None:
    silent = replace(harms, lacking={**harms.lacking, "action": len(harms.events)})
    assert "Led to stopping" not in notes(harms_table(STUDY, silent))
    assert "Led to stopping: treatment was stopped because of it." in notes(harms_table(STUDY, harms))


def test_terms_are_those_of_the_data_but_for_capitals_and_spaces(harms: Harms) -> None:
    rows = shown(harm_terms_table(STUDY, harms))
    assert rows["Flare of symptoms", "Flare"] == ["1 (33.3%)", "2", "0 (0.0%)", "0"]
    assert rows["Adverse event", "knee pain"] == ["0 (0.0%)", "0", "1 (50.0%)", "1"]
    assert ("Adverse event", "cold") not in rows
    assert rows["Serious adverse event", "flare, in hospital"] == ["0 (0.0%)", "0", "1 (50.0%)", "1"]


def test_notes_say_what_is_left_out_and_not_known(harms: Harms) -> None:
    said = notes(harms_table(STUDY, harms))
    assert "Left out, before randomisation: 0 of Usual care and 1 of Exercise" in said
    assert "not in the safety set: 1 of Usual care and 0 of Exercise" in said
    assert "Counted although no day is recorded: 1." in said
    assert "severity (1 of 7), relation to treatment (1 of 7), action on treatment (3 of 7)" in said
    assert "in the arm they received" in said


def test_arms_are_those_allocated_where_the_treatment_received_is_not_recorded() -> None:
    made = cohort()
    people = made.table("participants").drop(columns="arm_received")
    without = derive_harms(replace(made, tables={**made.tables, "participants": people}))
    assert without is not None
    said = "The treatment received is not recorded: participants as allocated."
    assert said in notes(harms_table(STUDY, without))
    assert said not in notes(harms_table(STUDY, derive_harms(made)))


def test_a_kind_that_is_not_in_the_data_has_no_row() -> None:
    found = derive_harms(cohort(adverse_events=events().query("kind != 'soreness'")))
    assert found is not None
    assert "Expected soreness" not in {group.label for group in harms_table(STUDY, found).groups}


def test_serious_adverse_events_that_nobody_recorded_are_not_none() -> None:
    found = derive_harms(cohort(adverse_events=events().drop(columns="serious")))
    assert found is not None
    table = harms_table(STUDY, found)
    assert "Serious adverse event" not in {group.label for group in table.groups}
    assert "Not recorded of any event: whether it was serious." in notes(table)


def test_nothing_of_a_kind_is_one_row() -> None:
    found = derive_harms(cohort(adverse_events=events().iloc[:2]))
    assert found is not None
    rows = shown(harms_table(STUDY, found))
    assert [row for group, row in rows if group == "Adverse event"] == ["Participants, n (%)"]


def test_every_number_has_an_address_of_its_own(harms: Harms) -> None:
    tables = (harms_table(STUDY, harms), harm_rates_table(STUDY, harms), harm_terms_table(STUDY, harms))
    cells = [cell for table in tables for row in table.rows() for cell in row.cells]
    keys = [(one.key, one.reference) for cell in cells for one in cell.statistics]
    assert len(keys) == len(set(keys)) > 100
    every = {((one.key, one.reference), one.value) for table in tables for one in table.statistics()}
    assert len({key for key, _ in every}) == len(every)  # notes repeat a number, and never with another value


def test_an_arm_that_nobody_received_has_no_risk() -> None:
    people = cohort().table("participants").assign(arm_received="usual_care")
    found = derive_harms(cohort(participants=people))
    assert found is not None
    rows = shown(harms_table(STUDY, found))
    assert rows["Adverse event", "Participants, n (%)"][1:] == ["–", "–"]
    assert pd.isna(harm_risks(STUDY, found).set_index(["term", "arm"]).loc[("flare", "exercise"), "estimate"])


def test_the_table_of_rates_is_what_fit_rates_gives(harms: Harms) -> None:
    rows = shown(harm_rates_table(STUDY, harms))["Adverse event", "Per person-year"]
    frame = fit_rates(harms.per_participant(harms.of("adverse_event")), "events", "years", against="usual_care").frame
    limits = frame[["estimate", "conf_low", "conf_high"]].to_dict("records")
    written = [write("two_decimals_interval", {str(name): n for name, n in row.items()}) for row in limits]
    by_arm = dict(zip(zip(frame["term"], frame["arm"], strict=True), written, strict=True))
    assert rows == [by_arm["rate", "usual_care"], by_arm["rate", "exercise"], by_arm["rate_ratio", "exercise"]]
