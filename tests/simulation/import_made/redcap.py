"""A trial in REDCap, exported with codes and with labels, each with the data dictionary."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tests.simulation.import_made.made import UNUSED, MadeFile, people, trial_tables

EVENTS = {"baseline": "baseline_arm_1", "week_6": "week_6_arm_1", "week_12": "week_12_arm_1"}
EVENT_LABELS = {
    "baseline_arm_1": "Baseline",
    "randomisation_arm_1": "Randomisation",
    "week_6_arm_1": "Week 6",
    "week_12_arm_1": "Week 12",
}
ARMS = {"usual_care": 1, "exercise": 2, "manual_therapy": 3}
DICTIONARY = [
    ("record_id", "eligibility", "text", "Record ID", ""),
    ("age", "eligibility", "text", "Age", ""),
    ("sex", "eligibility", "radio", "Sex", "1, Female | 2, Male"),
    ("comorb", "eligibility", "checkbox", "Comorbidity", "1, Diabetes | 2, Asthma"),
    ("rand_date", "randomisation", "text", "Randomisation date", ""),
    ("group", "randomisation", "radio", "Group", "1, Usual care | 2, Exercise therapy | 3, Manual therapy"),
    ("visit_date", "visit", "text", "Visit date", ""),
    ("nprs", "visit", "text", "NPRS", ""),
    ("lefs", "visit", "text", "LEFS", ""),
    ("pain_pct", "visit", "calc", "Pain, percent of the scale", "[nprs] * 10"),
    ("ae_term", "adverse_event", "text", "AE term", ""),
    ("ae_start", "adverse_event", "text", "AE start", ""),
    ("ae_severity", "adverse_event", "dropdown", "AE severity", "1, Mild | 2, Moderate | 3, Severe"),
    ("ae_serious", "adverse_event", "yesno", "AE serious", ""),
]  # fmt: skip
SEVERITY = {"mild": 1, "moderate": 2, "severe": 3}


ORDER = (
    "record_id redcap_event_name redcap_repeat_instrument redcap_repeat_instance age sex comorb___1 comorb___2 "
    "eligibility_complete rand_date group randomisation_complete visit_date nprs lefs pain_pct visit_complete "
    "ae_term ae_start ae_severity ae_serious adverse_event_complete"
)


def _dictionary() -> pd.DataFrame:
    names = [
        "Variable / Field Name",
        "Form Name",
        "Field Type",
        "Field Label",
        "Choices, Calculations, OR Slider Labels",
    ]
    return pd.DataFrame(DICTIONARY, columns=names)


def _export() -> pd.DataFrame:
    """Return the export with codes: rows of three events and of randomisation, and repeated adverse events."""
    tables, frame = trial_tables(), people()
    rng = np.random.default_rng(4)
    number = {name: str(k) for k, name in enumerate(frame["participant_id"], start=1)}
    rows = []
    for person in frame.to_dict("records"):
        key = {"record_id": number[person["participant_id"]]}
        comorb = {"comorb___1": int(rng.random() < 0.2), "comorb___2": int(rng.random() < 0.3)}
        none = {"comorb___1": 0, "comorb___2": 0}
        start = {"age": person["age"], "sex": {"female": 1, "male": 2}[person["sex"]], "eligibility_complete": 2}
        visits = tables["assessments"].query("participant_id == @person['participant_id']").set_index("visit")
        for visit, event in EVENTS.items():
            at = visits.loc[visit] if visit in visits.index else None
            row = {**key, "redcap_event_name": event, **(comorb | start if visit == "baseline" else none)}
            if at is not None:
                pain = int(at["pain_intensity"]) if pd.notna(at["pain_intensity"]) else None
                lefs = None if pain is None else 78 - 6 * pain + int(rng.integers(0, 3))
                row |= {"visit_date": at["assessment_date"], "nprs": pain, "lefs": lefs, "visit_complete": 2}
                row |= {"pain_pct": None if pain is None else 10 * pain}
            rows.append(row)
        arm = {"rand_date": person["randomisation_date"], "group": ARMS[person["arm"]], "randomisation_complete": 2}
        rows.append({**key, "redcap_event_name": "randomisation_arm_1", **none, **arm})
        for event in tables["adverse_events"].query("participant_id == @person['participant_id']").to_dict("records"):
            harm = {
                "ae_term": event["term"],
                "ae_start": event["start_date"],
                "ae_severity": SEVERITY[event["severity"]],
            }
            harm |= {"ae_serious": int(event["serious"] == "yes"), "adverse_event_complete": 2}
            again = {"redcap_repeat_instrument": "adverse_event", "redcap_repeat_instance": event["event_number"]}
            rows.append({**key, "redcap_event_name": "baseline_arm_1", **again, **none, **harm})
    whole = pd.DataFrame(rows)[ORDER.split()]
    return whole.astype(dict.fromkeys(whole.select_dtypes("number").columns, "Int64"))


def _write_raw(folder: Path) -> None:
    _export().to_csv(folder / "export.csv", index=False)
    _dictionary().to_csv(folder / "dictionary.csv", index=False)


COMPLETE = ("eligibility_complete", "randomisation_complete", "visit_complete", "adverse_event_complete")
OF_DICTIONARY = {f"dictionary.csv: {name}": UNUSED for name in _dictionary().columns}
RAW_TRUTH = {
    "record_id": "participant_id",
    "redcap_event_name": "visit",
    "redcap_repeat_instrument": "where",
    "redcap_repeat_instance": "adverse_events.event_number",
    "age": "covariates.age",
    "sex": "covariates.sex",
    "comorb___1": "covariates.comorb_1",
    "comorb___2": "covariates.comorb_2",
    "rand_date": "randomisation_date",
    "group": "arm",
    "visit_date": "assessment_date",
    "nprs": "outcomes.nprs",
    "lefs": "outcomes.lefs",
    "pain_pct": UNUSED,
    "ae_term": "adverse_events.term",
    "ae_start": "adverse_events.start_date",
    "ae_severity": "adverse_events.severity",
    "ae_serious": "adverse_events.serious",
}
ANSWERS = {"arm.reference": "usual_care", "primary.outcome": "nprs", "primary.visit": "week_12"}

RAW = MadeFile(
    "redcap_raw",
    "trial",
    "REDCap with codes: events, a repeated form, checkboxes, a calculated field, the data dictionary",
    _write_raw,
    ("export.csv", "dictionary.csv"),
    {**RAW_TRUTH, **dict.fromkeys(COMPLETE, UNUSED), **OF_DICTIONARY},
    ANSWERS,
)

LABELS = {name: label for name, _, _, label, _ in DICTIONARY} | {
    "redcap_event_name": "Event Name",
    "redcap_repeat_instrument": "Repeat Instrument",
    "redcap_repeat_instance": "Repeat Instance",
    "comorb___1": "Comorbidity (choice=Diabetes)",
    "comorb___2": "Comorbidity (choice=Asthma)",
    **dict.fromkeys(COMPLETE, "Complete?"),
}


def _write_labelled(folder: Path) -> None:
    frame = _export().astype(object)
    choices = {
        name: dict(part.split(", ", 1) for part in text.split(" | "))
        for name, _, kind, _, text in DICTIONARY
        if kind in ("radio", "dropdown")
    }
    choices |= {"ae_serious": {"0": "No", "1": "Yes"}, "redcap_event_name": EVENT_LABELS}
    choices |= {"redcap_repeat_instrument": {"adverse_event": "Adverse event"}}
    choices |= {name: {"0": "Unchecked", "1": "Checked"} for name in ("comorb___1", "comorb___2")}
    choices |= {name: {"2": "Complete"} for name in COMPLETE}
    for name, labels in choices.items():
        frame[name] = frame[name].map(lambda code, labels=labels: labels[str(code)] if pd.notna(code) else None)
    frame.set_axis([LABELS[name] for name in frame.columns], axis=1).to_csv(folder / "export.csv", index=False)
    _dictionary().to_csv(folder / "dictionary.csv", index=False)


LABELLED = MadeFile(
    "redcap_labelled",
    "trial",
    "the same with labels for names and codes",
    _write_labelled,
    ("export.csv", "dictionary.csv"),
    {
        **{LABELS[name]: role for name, role in RAW_TRUTH.items()},
        "Comorbidity (choice=Diabetes)": "covariates.comorbidity_choice_diabetes | covariates.diabetes",
        "Comorbidity (choice=Asthma)": "covariates.comorbidity_choice_asthma | covariates.asthma",
        **{f"Complete? (column {k})": UNUSED for k in range(1, 30)},
        **OF_DICTIONARY,
    },
    ANSWERS,
)

REDCAP = (RAW, LABELLED)
