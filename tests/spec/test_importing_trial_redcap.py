"""Exports of REDCap: events, repeated forms, checkboxes, calculated fields and the data dictionary."""

from __future__ import annotations

from pathlib import Path

import pytest

import coxa
from coxa.importing import Proposal, propose, write_plan
from coxa.importing.study.tables import is_checkbox

DICTIONARY = """\
Variable / Field Name,Form Name,Field Type,Field Label,"Choices, Calculations, OR Slider Labels"
record_id,start,text,Record ID,
group,start,radio,Group,"0, Usual care | 1, Exercise"
comorb,start,checkbox,Comorbidity,"1, Asthma | 2, Diabetes"
nprs,visit,text,NPRS,
pct,visit,calc,Percent,[nprs] * 10
ae_term,harm,text,AE term,
ae_severity,harm,dropdown,AE severity,"1, Mild | 2, Severe"
"""

HEAD = (
    "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,group,comorb___1,comorb___2,"
    "start_complete,nprs,pct,ae_term,ae_severity"
)
DECIDED = {"arm.reference": "usual_care", "primary.outcome": "nprs", "primary.visit": "week_6"}


def files(folder: Path) -> list[Path]:
    rows = []
    for k in range(1, 21):
        rows.append(f"{k},baseline_arm_1,,,{k % 2},{k % 3 // 2},{k % 4 // 3},2,{k % 9},{10 * (k % 9)},,")
        rows.append(f"{k},week_6_arm_1,,,,0,0,,{k % 7},{10 * (k % 7)},,")
        rows.append(f"{k},close_out_arm_1,,,,0,0,,,,,")
        if k % 5 == 0:
            rows.append(f"{k},baseline_arm_1,harm,1,,0,0,,,,sore hip,{k % 2 + 1}")
    (folder / "export.csv").write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
    (folder / "dictionary.csv").write_text(DICTIONARY, encoding="utf-8")
    return [folder / "export.csv", folder / "dictionary.csv"]


@pytest.fixture
def proposal(tmp_path: Path) -> Proposal:
    return propose(files(tmp_path), "trial", DECIDED)


def test_rows_of_participants_visits_and_repeated_forms_are_told_apart(proposal: Proposal) -> None:
    tables = proposal.plan["data"]["tables"]
    assert tables["participants"]["where"] == {"redcap_repeat_instrument": ""}
    assert tables["assessments"]["where"] == {
        "redcap_repeat_instrument": "",
        "redcap_event_name": ["baseline_arm_1", "week_6_arm_1"],
    }
    assert tables["adverse_events"]["where"] == {"redcap_repeat_instrument": "harm"}
    assert tables["adverse_events"]["columns"]["event_number"] == "redcap_repeat_instance"


def test_an_event_in_which_nothing_is_measured_is_no_visit(proposal: Proposal) -> None:
    assert list(proposal.plan["visits"]) == ["baseline", "week_6"]


def test_choices_of_the_dictionary_are_levels(proposal: Proposal) -> None:
    tables = proposal.plan["data"]["tables"]
    assert tables["participants"]["values"]["arm"] == {0: "usual_care", 1: "exercise"}
    assert tables["adverse_events"]["values"] == {"severity": {1: "mild", 2: "severe"}}


def test_checkboxes_are_read_in_the_rows_of_their_event(proposal: Proposal) -> None:
    where = proposal.plan["data"]["tables"]["participants"]["columns_where"]
    event = {"redcap_event_name": "baseline_arm_1", "redcap_repeat_instrument": ""}
    assert where == {"comorb_1": event, "comorb_2": event}


def test_what_redcap_computes_or_adds_is_not_used(proposal: Proposal) -> None:
    unused = {each.column: each.why for each in proposal.readings if each.file == "export.csv" and not each.role}
    assert unused == {
        "start_complete": "REDCap adds it to every form.",
        "pct": "REDCap computes it from other fields.",
    }


def test_the_plan_reads_the_export_without_an_error(proposal: Proposal, tmp_path: Path) -> None:
    cohort = coxa.read_cohort(coxa.read_study(write_plan(proposal, tmp_path)))
    assert not cohort.findings.errors
    counts = {name: len(table) for name, table in cohort.tables.items()}
    assert counts == {"participants": 20, "assessments": 40, "adverse_events": 4}
    people = cohort.tables["participants"]
    assert people["comorb_1"].value_counts().to_dict() == {"no": 13, "yes": 7}


def test_names_of_checkboxes() -> None:
    assert is_checkbox("comorb___2") == ("comorb", "2")
    assert is_checkbox("Comorbidity (choice=Asthma)") == ("Comorbidity", "Asthma")
    assert is_checkbox("comorb_2") is None
