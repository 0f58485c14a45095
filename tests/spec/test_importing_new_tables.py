"""`coxa import` knows tables of measures, goals, returns to sport, exercise, training, red flags and the diary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.spec.test_importing_trial import DECIDED, answered, checked, csv, keys, propose

TABLES: dict[str, tuple[str, list[str], dict[str, str], dict[str, Any]]] = {
    "exercise_log": (
        "id,Date,Exercise,Sets done,Reps,Weight (kg),RPE,Prescribed sets,Prescribed reps",
        ["P01,2024-02-03,Clamshell,3,10,5,4,3,10", "P02,2024-02-04,own one,2,8,,6,3,10"],
        {"exercise_date": "Date", "sets": "Sets done", "repetitions": "Reps", "load": "Weight (kg)",
         "perceived_exertion": "RPE", "sets_prescribed": "Prescribed sets"},
        {"exercise": {"Clamshell": "clamshell"}},
    ),
    "clinical_measures": (
        "id,Timepoint,Test,Leg,Result,Unit,Attempt,Rater",
        [f"P01,{when},Hip abductor strength,Left,1.5,Nm/kg,1,R1" for when in ("baseline", "6wk")],
        {"measure": "Test", "side": "Leg", "value": "Result", "trial_number": "Attempt", "assessor_id": "Rater"},
        {
            "side": {"Left": "left"},
            "visit": {"6wk": "week_6"},
            "measure": {"Hip abductor strength": "abductor_strength"},
        },
    ),
    "goals": (
        "id,Timepoint,Goal no,Goal text,PSFS,GAS level,Goal achieved,Horizon",
        [f"P01,{when},1,climb stairs,{k},{k - 4},{'yn'[k % 2]},short" for k, when in ((3, "baseline"), (6, "6wk"))],
        {"goal_number": "Goal no", "rating": "PSFS", "attainment": "GAS level", "achieved": "Goal achieved",
         "term": "Horizon", "activity": "Goal text"},
        {"achieved": {"n": "no", "y": "yes"}, "visit": {"6wk": "week_6"}},
    ),
    "return_to_sport": (
        "id,Status date,RTS status,RTS date,Reinjury,Date of reinjury,Sport",
        ["P01,2024-03-01,Full training,2024-03-01,no,,run", "P02,2024-04-01,Not returned,,yes,2024-03-20,run"],
        {"status": "RTS status", "return_date": "RTS date", "recurrence": "Reinjury",
         "recurrence_date": "Date of reinjury", "assessment_date": "Status date"},
        {"status": {"Full training": "full_training", "Not returned": "not_returned"}},
    ),
    "sport_training": (
        "id,Week beginning,Sport,Sessions per week,Weekly km,Shoe km,sRPE",
        ["P01,2024-02-05,running,3,25.5,300,900", "P02,2024-02-05,running,2,12,80,400"],
        {"week_start": "Week beginning", "sessions": "Sessions per week", "distance": "Weekly km",
         "footwear_distance": "Shoe km", "load": "sRPE"},
        {},
    ),
    "red_flag_screening": (
        "id,Screened on,Red flag,Present,Action taken,Referred on",
        ["P01,2024-01-03,night pain,no,,", "P02,2024-01-04,fever,yes,,2024-01-06"],
        {"screening_date": "Screened on", "flag": "Red flag", "present": "Present", "referral_date": "Referred on"},
        {"flag": {"night pain": "night_pain"}},
    ),
    "daily_diary": (
        "id,Day,Pain score,Morning pain,Session RPE,Training time,Hours slept,Protein intake",
        ["P01,2024-02-03,4,3,5,30,7.5,80", "P02,2024-02-03,5,4,,0,6,95"],
        {"diary_date": "Day", "pain": "Pain score", "pain_next_morning": "Morning pain", "perceived_exertion":
         "Session RPE", "training_minutes": "Training time", "sleep_hours": "Hours slept", "protein": "Protein intake"},
        {},
    ),
}  # fmt: skip


def people(folder: Path) -> Path:
    """Write the participants, with the day from which days are counted."""
    rows = [
        f"P{k:02},{('usual care', 'exercise')[k % 2]},2024-01-02,{k % 9},{(k + 3) % 9},{(k + 5) % 9}"
        for k in range(1, 21)
    ]
    return csv(folder, "trial.csv", "id,arm,randomised on,nprs_bl,nprs_6wk,nprs_12wk", rows)


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_known_by_its_columns_and_read_without_a_fault(table: str, tmp_path: Path) -> None:
    header, rows, columns, values = TABLES[table]
    found = propose([people(tmp_path), csv(tmp_path, f"{table}.csv", header, rows)], "trial", DECIDED)
    assert keys(found) == []
    source = found.plan["data"]["tables"][table]
    assert {key: source["columns"][key] for key in columns} == columns
    for field, codes in values.items():
        assert source["values"][field] == codes
    assert set(source.get("values", {})) == set(values)
    cohort = checked(answered(found, {}), tmp_path)
    assert len(cohort.table(table)) == len(rows)
    assert not [finding for finding in cohort.findings.errors if finding.field not in ("exercise",)]
