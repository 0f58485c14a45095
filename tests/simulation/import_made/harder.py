"""Studies whose files invite mistakes: decoys among the names, dates without visits, units that differ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tests.simulation.import_made.made import UNUSED, MadeFile, people, time_truth, times, trial_tables, wide

DECOY_TIMES = times("T0", "T1", "T2")


def _write_decoys(folder: Path) -> None:
    rng = np.random.default_rng(12)
    frame = people()
    n = len(frame)
    pain = wide("assessments", ["pain_intensity"], DECOY_TIMES, "{time}_NRS").reset_index(drop=True)
    table = pd.DataFrame(
        {
            "RandNo": 1000 + np.arange(n),
            "Initials": ["AB", "CD", "EF"] * (n // 3),
            "Group": frame["arm"].map({"usual_care": "A", "exercise": "B", "manual_therapy": "C"}),
            "Age group": np.where(frame["age"] > 60, "60+", "under 60"),
            "start_date": frame["randomisation_date"],
            "end_date": "2024-01-31",
            "iHOT_12": rng.integers(20, 90, n),
            "stage_1": rng.integers(0, 2, n),
            "stage_2": rng.integers(0, 2, n),
            "Weight": rng.normal(78, 12, n).round(1),
            "Q1": rng.integers(0, 5, n),
            "Q2": rng.integers(0, 5, n),
            "Response": rng.choice(["yes", "no"], n),
            "T2 MRI done": rng.choice(["yes", "no"], n),
        }
    )
    pd.concat([table, pain], axis=1).to_csv(folder / "decoys.csv", index=False)


DECOYS = MadeFile(
    "decoys_csv",
    "trial",
    "names that look like times, items, arms or scores and are not; groups A, B and C",
    _write_decoys,
    ("decoys.csv",),
    {
        "RandNo": "participant_id",
        "Initials": UNUSED,
        "Group": "arm",
        "Age group": "covariates.age_group",
        "start_date": "treatment_start_date | ",
        "end_date": UNUSED,
        "iHOT_12": UNUSED,
        "stage_1": UNUSED,
        "stage_2": UNUSED,
        "Weight": "covariates.weight",
        "Q1": UNUSED,
        "Q2": UNUSED,
        "Response": UNUSED,
        "T2 MRI done": UNUSED,
        **time_truth("outcomes.nrs at", "{time}_NRS", DECOY_TIMES),
    },
    {
        "arm.reference": "a",
        "visits.days": "T1:42 T2:84",
        "outcomes.nrs": "nprs",
        "columns.age_group": "category",
        "columns.ihot_12": "unused",
        "outcomes.stage": "unused",
        "columns.q1": "unused",
        "columns.q2": "unused",
        "columns.response": "unused",
        "columns.t2_mri_done": "unused",
        "columns.initials": "unused",
        "primary.outcome": "nrs",
        "primary.visit": "week_12",
    },
)


def _write_two_units(folder: Path) -> None:
    """Two files of one trial: weeks in the names of one, and ages, arms and codes without labels in the other."""
    frame = people()
    codes = pd.DataFrame(
        {
            "subjid": frame["participant_id"],
            "trt": frame["arm"].map({"usual_care": 0, "exercise": 1, "manual_therapy": 2}),
            "sex": frame["sex"].map({"female": 2, "male": 1}),
            "ageyrs": frame["age"],
            "smoke": np.arange(len(frame)) % 2,
        }
    )
    codes.to_csv(folder / "people.csv", index=False)
    weeks = times("wk0", "wk6", "wk12", "wk26")
    pain = wide("assessments", ["pain_intensity"], weeks, "{time}_pain").reset_index()
    pain.columns = ["subjid", *[f"vas_{time}" for time in weeks.values()]]
    scores = [name for name in pain.columns if name != "subjid"]
    pain[scores] = 10 * pain[scores].astype(float)
    pain.loc[[3, 5, 8, 13], "vas_wk6"] = 999
    pain.to_csv(folder / "vas.csv", index=False)


TWO_FILES = MadeFile(
    "codes_and_scores",
    "trial",
    "two files joined by participant; arms and sexes as codes without labels, 999 for missing",
    _write_two_units,
    ("people.csv", "vas.csv"),
    {
        "subjid": "participant_id",
        "trt": "arm",
        "sex": "covariates.sex",
        "ageyrs": "covariates.age | covariates.ageyrs",
        "smoke": "covariates.smoke | covariates.smoker",
        **time_truth("outcomes.vas at", "vas_{time}", times("wk0", "wk6", "wk12", "wk26")),
    },
    {
        "arm.labels": "0:usual_care 1:exercise 2:manual_therapy",
        "arm.reference": "usual_care",
        "values.sex": "1:male 2:female",
        "columns.smoke": "category",
        "columns.ageyrs": "number",
        "primary.outcome": "vas",
        "primary.visit": "week_12",
    },
)


def _write_service(folder: Path) -> None:
    table = trial_tables()["assessments"].merge(people()[["participant_id", "age", "sex"]], on="participant_id")
    table = table[table["visit"].isin(["baseline", "week_12"])]
    out = pd.DataFrame(
        {
            "Patient ID": table["participant_id"],
            "Timepoint": table["visit"].map({"baseline": "Intake", "week_12": "12 weeks"}),
            "Date": pd.to_datetime(table["assessment_date"]).dt.strftime("%d-%b-%Y"),
            "Age": table["age"],
            "Gender": table["sex"].str.title(),
            "NPRS": table["pain_intensity"].map(lambda value: "n/a" if pd.isna(value) else str(int(value))),
        }
    )
    out.to_csv(folder / "service.csv", index=False)


SERVICE = MadeFile(
    "service_long",
    "service",
    "a service evaluation: a row per visit, months in words, n/a for missing",
    _write_service,
    ("service.csv",),
    {
        "Patient ID": "participant_id",
        "Timepoint": "visit",
        "Date": "assessment_date",
        "Age": "covariates.age",
        "Gender": "covariates.sex",
        "NPRS": "outcomes.nprs",
    },
)

ADAM_VISITS = {"baseline": "Baseline", "week_6": "Week 6", "week_12": "Week 12"}


def _write_adam(folder: Path) -> None:
    long = trial_tables()["assessments"].query("visit in @ADAM_VISITS").merge(people(), on="participant_id")
    pain = long["pain_intensity"].astype(float)
    first = long["participant_id"].map(long[long["visit"] == "baseline"].set_index("participant_id")["pain_intensity"])
    parts = []
    for code, value, base in (("NPRS", pain, first), ("LEFS", 80 - 6 * pain, 80 - 6 * first)):
        parts.append(
            pd.DataFrame(
                {
                    "USUBJID": long["participant_id"],
                    "TRT01P": long["arm"].str.replace("_", " ").str.capitalize(),
                    "TRT01PN": long["arm"].map({"usual_care": 1, "exercise": 2, "manual_therapy": 3}),
                    "AVISIT": long["visit"].map(ADAM_VISITS),
                    "AVISITN": long["visit"].map({"baseline": 0, "week_6": 6, "week_12": 12}),
                    "ADT": long["assessment_date"],
                    "PARAMCD": code,
                    "AVAL": value,
                    "BASE": base,
                    "CHG": value - base.astype(float),
                }
            )
        )
    pd.concat(parts).to_csv(folder / "adqs.csv", index=False)


ADAM = MadeFile(
    "adam_long",
    "trial",
    "ADaM: a row for each outcome and visit, numbers next to the names of arms and visits",
    _write_adam,
    ("adqs.csv",),
    {
        "USUBJID": "participant_id",
        "TRT01P": "arm",
        "TRT01PN": "arm | ",
        "AVISIT": "visit",
        "AVISITN": "visit | ",
        "ADT": "assessment_date",
        "PARAMCD": "outcome",
        "AVAL": "value | outcomes.aval",
        "BASE": UNUSED,
        "CHG": UNUSED,
    },
    {"arm.reference": "usual_care", "primary.outcome": "nprs", "primary.visit": "week_12"},
)

HARDER = (ADAM, DECOYS, TWO_FILES, SERVICE)
