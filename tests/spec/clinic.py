"""A clinic's spreadsheet: sixty patients, one row each, with gaps, and a plan without arms; nothing in it is real."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

PLAN = """
study: hip-clinic
title: Hip osteoarthritis in one clinic
design: service
visits:
  intake: {label: Intake, day: 0}
  week_6: {label: 6 weeks, day: 42}
  week_12: {label: 3 months, day: 84}
outcomes:
  pain: {label: Hip pain, range: [0, 10], unit: points, higher_is_better: false}
  function: {label: Hip function, range: [0, 100], unit: points, higher_is_better: true, summary: median_iqr}
covariates:
  age: {type: number, unit: years}
  sex: {type: category, levels: [female, male]}
data:
  folder: .
  missing: [-9]
  tables:
    participants:
      file: patients.csv
      columns: {participant_id: Patient, age: Age, sex: Sex}
      values: {sex: {f: female, m: male}}
    assessments:
      file: patients.csv
      columns: {participant_id: Patient}
      outcomes:
        pain: {intake: NRS 0, week_6: NRS 6, week_12: NRS 12}
        function: {intake: HF 0, week_12: HF 12}
"""
PATIENTS = 60


def patients() -> pd.DataFrame:
    """Return the spreadsheet: every fourth patient has no value at 6 weeks, every third none at 3 months."""
    rng = np.random.default_rng(20)
    number = np.arange(PATIENTS)
    pain = rng.integers(4, 9, PATIENTS)
    columns = {
        "Patient": [f"H{place:03d}" for place in number],
        "Age": rng.integers(45, 85, PATIENTS),
        "Sex": rng.choice(["f", "m"], PATIENTS),
        "NRS 0": pain,
        "NRS 6": pain - rng.integers(0, 3, PATIENTS),
        "NRS 12": pain - rng.integers(0, 4, PATIENTS),
        "HF 0": rng.integers(30, 70, PATIENTS),
        "HF 12": rng.integers(40, 90, PATIENTS),
    }
    frame = pd.DataFrame(columns).astype(object)
    frame.loc[number % 4 == 0, "NRS 6"] = ""
    frame.loc[number % 3 == 0, "NRS 12"] = ""
    frame.loc[number % 3 == 0, "HF 12"] = -9
    return frame


def clinic(folder: Path, plan: str = PLAN) -> Path:
    """Write plan and spreadsheet into a folder, and return the study file."""
    patients().to_csv(folder / "patients.csv", index=False)
    path = folder / "study.yaml"
    path.write_text(plan, encoding="utf-8")
    return path
