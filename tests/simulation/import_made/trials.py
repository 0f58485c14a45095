"""Trials as statistical packages and spreadsheets export them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat

from coxa.instruments import load_instrument
from tests.simulation.import_made.made import (
    HOOS,
    HOOS_COLUMNS,
    UNUSED,
    MadeFile,
    item_truth,
    people,
    time_truth,
    times,
    trial_tables,
    wide,
)

ARM_CODES = {"usual_care": 0, "exercise": 1, "manual_therapy": 2}
ARM_LABELS = {0: "Usual care", 1: "Exercise therapy", 2: "Manual therapy"}
SEX_CODES = {"male": 0, "female": 1}
SELF = dict(zip(HOOS, HOOS, strict=True))


def _numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with floating-point numbers where it has whole numbers with gaps."""
    numeric = frame.select_dtypes("number").columns
    return frame.astype(dict.fromkeys(numeric, float))


SPSS_TIMES = times("t0", "t1", "t2", "t3")


def _write_spss(folder: Path) -> None:
    frame = people().set_index("participant_id")[["therapist_id", "randomisation_date", "age", "bmi"]]
    pain = wide("assessments", ["pain_intensity"], SPSS_TIMES, "nprs_{time}")
    dates = wide("assessments", ["assessment_date"], SPSS_TIMES, "date_{time}")
    answers = wide("item_responses", HOOS_COLUMNS, SPSS_TIMES, "{column}_{time}")
    frame = _numbers(frame.join([dates, pain, answers])).copy().reset_index()
    frame.loc[[4, 9, 30], "nprs_t1"] = 999.0
    frame.loc[[5, 6], "bmi"] = 999.0
    frame["grp"] = people()["arm"].map(ARM_CODES).astype(float)
    frame["sexn"] = people()["sex"].map(SEX_CODES).astype(float)
    for name in ("randomisation_date", *dates.columns):
        frame[name] = pd.to_datetime(frame[name]).dt.date
    labels = {"grp": {float(k): v for k, v in ARM_LABELS.items()}, "sexn": {0.0: "Male", 1.0: "Female"}}
    missing = {name: [999.0] for name in ("nprs_t1", "bmi")}
    pyreadstat.write_sav(frame, str(folder / "trial.sav"), variable_value_labels=labels, missing_ranges=missing)


SPSS = MadeFile(
    "spss_wide",
    "trial",
    "SPSS: value labels, user-missing values, 160 items over four times",
    _write_spss,
    ("trial.sav",),
    {
        "participant_id": "participant_id",
        "therapist_id": "therapist_id",
        "randomisation_date": "randomisation_date",
        "age": "covariates.age",
        "bmi": "covariates.bmi",
        "grp": "arm",
        "sexn": "covariates.sex",
        **time_truth("date of", "date_{time}", SPSS_TIMES),
        **time_truth("outcomes.nprs at", "nprs_{time}", SPSS_TIMES),
        **item_truth("hoos", SPSS_TIMES, "hoos_{column}_{time}", SELF),
    },
    {
        "arm.reference": "usual_care",
        "visits.days": "t0:0 t1:42 t2:84 t3:182",
        "primary.outcome": "hoos_pain",
        "primary.visit": "week_12",
    },
)

STATA_TIMES = times("0", "6", "12")


def _write_stata(folder: Path) -> None:
    frame = people()[["participant_id", "age", "duration"]].rename(columns={"participant_id": "id"})
    frame["treat"] = people()["arm"].map(ARM_CODES).astype(float)
    frame["female"] = people()["sex"].map(SEX_CODES).astype(float)
    frame["centre"] = people()["site"]
    pain = wide("assessments", ["pain_intensity"], STATA_TIMES, "pain_{time}").reset_index(drop=True)
    function = (80 - 5 * pain.astype(float)).clip(0, 80).round().set_axis(["lefs_0", "lefs_6", "lefs_12"], axis=1)
    pain = pain.set_axis(["pain_0", "pain_6", "pain_12"], axis=1)
    labels = {"treat": ARM_LABELS, "female": {0: "no", 1: "yes"}}
    frame = _numbers(pd.concat([frame, pain, function], axis=1))
    frame["treat"], frame["female"] = frame["treat"].astype(int), frame["female"].astype(int)
    pyreadstat.write_dta(frame, str(folder / "trial.dta"), variable_value_labels=labels, version=15)


STATA = MadeFile(
    "stata_wide",
    "trial",
    "Stata: outcomes of three times whose unit the names do not say",
    _write_stata,
    ("trial.dta",),
    {
        "id": "participant_id",
        "age": "covariates.age",
        "duration": "covariates.duration",
        "treat": "arm",
        "female": "covariates.sex | covariates.female",
        "centre": "site_id | covariates.centre",
        **time_truth("outcomes.pain at", "pain_{time}", STATA_TIMES),
        **time_truth("outcomes.lefs at", "lefs_{time}", STATA_TIMES),
    },
    {
        "arm.reference": "usual_care",
        "visits.unit": "weeks",
        "outcomes.pain": "nprs",
        "primary.outcome": "pain",
        "primary.visit": "week_12",
    },
)

XPT_VISITS = {"baseline": "BASELINE", "week_6": "WEEK 6", "week_12": "WEEK 12"}


def _write_xpt(folder: Path) -> None:
    long = trial_tables()["assessments"].query("visit in @XPT_VISITS").merge(people(), on="participant_id")
    first = long[long["visit"] == "baseline"].set_index("participant_id")["pain_intensity"].astype(float)
    frame = pd.DataFrame(
        {
            "USUBJID": "HIP-" + long["participant_id"],
            "TRT01P": long["arm"].map(lambda arm: ARM_LABELS[ARM_CODES[arm]]),
            "AGE": long["age"].astype(float),
            "SEX": long["sex"].map({"male": "M", "female": "F"}),
            "SITEID": long["site"],
            "AVISIT": long["visit"].map(XPT_VISITS),
            "ADT": pd.to_datetime(long["assessment_date"]).dt.date,
            "NPRS": long["pain_intensity"].astype(float),
            "BASE": long["participant_id"].map(first),
        }
    )
    frame["CHG"] = frame["NPRS"] - frame["BASE"]
    pyreadstat.write_xport(frame, str(folder / "adqs.xpt"))


XPT = MadeFile(
    "sas_xpt_long",
    "trial",
    "SAS transport file: a row per visit, with baseline and change on every row",
    _write_xpt,
    ("adqs.xpt",),
    {
        "USUBJID": "participant_id",
        "TRT01P": "arm",
        "AGE": "covariates.age",
        "SEX": "covariates.sex",
        "SITEID": "site_id",
        "AVISIT": "visit",
        "ADT": "assessment_date",
        "NPRS": "outcomes.nprs",
        "BASE": "baseline of outcomes.nprs | ",
        "CHG": UNUSED,
    },
    {"arm.reference": "usual_care", "primary.outcome": "nprs", "primary.visit": "week_12"},
)

GERMAN_TIMES = times("0", "6", "12")


def _write_german(folder: Path) -> None:
    frame = people()
    pain = wide("assessments", ["pain_intensity"], GERMAN_TIMES, "Schmerz_{time}Wo").reset_index(drop=True)
    pain = pain.set_axis([f"Schmerz_{time}Wo" for time in GERMAN_TIMES.values()], axis=1)
    arm = {"usual_care": "Übliche Versorgung", "exercise": "Übungstherapie", "manual_therapy": "Manuelle Therapie"}
    text = pd.DataFrame(
        {
            "Pat.-Nr.": frame["participant_id"],
            "Gruppe": frame["arm"].map(arm),
            "Geschlecht": frame["sex"].map({"male": "männlich", "female": "weiblich"}),
            "Alter": frame["age"].astype(str),
            "BMI": frame["bmi"].map(lambda value: f"{value:.1f}".replace(".", ",")),
            "Randomisierung": pd.to_datetime(frame["randomisation_date"]).dt.strftime("%d.%m.%Y"),
        }
    )
    whole = pd.concat([text, pain], axis=1).assign(Bemerkung=np.where(frame["age"] > 70, "wünscht Rückruf", ""))
    whole.to_csv(folder / "studie.csv", sep=";", index=False, encoding="latin-1")


GERMAN = MadeFile(
    "german_csv",
    "trial",
    "semicolons, Latin-1, decimal commas, German heads and dates",
    _write_german,
    ("studie.csv",),
    {
        "Pat.-Nr.": "participant_id",
        "Gruppe": "arm",
        "Geschlecht": "covariates.sex",
        "Alter": "covariates.age",
        "BMI": "covariates.bmi",
        "Randomisierung": "randomisation_date",
        "Bemerkung": UNUSED,
        **time_truth("outcomes.schmerz at", "Schmerz_{time}Wo", GERMAN_TIMES),
    },
    {
        "arm.reference": "uebliche_versorgung",
        "outcomes.schmerz": "nprs",
        "primary.outcome": "schmerz",
        "primary.visit": "week_12",
    },
)


def _write_sheets(folder: Path) -> None:
    tables = trial_tables()
    frame = people()[["participant_id", "arm", "age", "sex", "randomisation_date"]]
    frame.columns = ["Subject ID", "Treatment", "Age (years)", "Sex", "Date randomised"]
    visits = tables["assessments"].copy()
    visits.columns = ["Subject ID", "Visit", "Visit date", "NPRS"]
    visits["Visit"] = visits["Visit"].map(
        {
            "baseline": "Baseline",
            "week_6": "6 weeks",
            "week_12": "12 weeks",
            "week_26": "26 weeks",
            "week_52": "52 weeks",
        }
    )
    harms = tables["adverse_events"][["participant_id", "event_number", "term", "start_date", "severity", "serious"]]
    harms.columns = ["Subject ID", "AE no", "Description", "Start", "Severity", "Serious"]
    with pd.ExcelWriter(folder / "trial.xlsx") as book:
        pd.DataFrame({"About": ["Exported 2024-09-30", "Contact: data manager"]}).to_excel(
            book, sheet_name="Read me", index=False
        )
        frame.assign(**{"Date randomised": pd.to_datetime(frame["Date randomised"])}).to_excel(
            book, sheet_name="Subjects", index=False
        )
        visits.assign(**{"Visit date": pd.to_datetime(visits["Visit date"])}).to_excel(
            book, sheet_name="Visits", index=False
        )
        harms.assign(Start=pd.to_datetime(harms["Start"])).to_excel(book, sheet_name="AE", index=False)


SHEETS = MadeFile(
    "excel_sheets",
    "trial",
    "Excel: subjects, visits and adverse events on sheets of their own, and a sheet of notes",
    _write_sheets,
    ("trial.xlsx",),
    {
        "About": UNUSED,
        "Subject ID": "participant_id",
        "Treatment": "arm",
        "Age (years)": "covariates.age",
        "Sex": "covariates.sex",
        "Date randomised": "randomisation_date",
        "Visit": "visit",
        "Visit date": "assessment_date",
        "NPRS": "outcomes.nprs",
        "AE no": "adverse_events.event_number",
        "Description": "adverse_events.term",
        "Start": "adverse_events.start_date",
        "Severity": "adverse_events.severity",
        "Serious": "adverse_events.serious",
    },
    {"arm.reference": "usual_care", "primary.outcome": "nprs", "primary.visit": "week_12"},
)

HOUSE = ("participants.csv", "items.csv", "assessments.csv", "sessions.csv", "events.csv", "adverse_events.csv")


def _write_house(folder: Path) -> None:
    tables = trial_tables()
    names = (
        "participants",
        "item_responses",
        "assessments",
        "treatment_sessions",
        "intercurrent_events",
        "adverse_events",
    )
    frames = {name: tables[name].copy() for name in names}
    weeks = {"baseline": 0, "week_6": 6, "week_12": 12, "week_26": 26, "week_52": 52}
    for name in ("item_responses", "assessments"):
        frames[name]["visit"] = frames[name]["visit"].map(weeks)
        frames[name] = frames[name].rename(columns={"visit": "week", "assessment_date": "date"})
    frames["assessments"] = (
        frames["assessments"].rename(columns={"pain_intensity": "pain_0_10"}).fillna({"pain_0_10": -9})
    )
    frames["assessments"].loc[[3, 8, 40], "pain_0_10"] = -9
    for name, file in zip(names, HOUSE, strict=True):
        frames[name].to_csv(folder / file, index=False)


HOUSE_CSV = MadeFile(
    "several_csv",
    "trial",
    "a file per table, visits by the number of the week, -9 for missing",
    _write_house,
    HOUSE,
    {
        "participant_id": "participant_id",
        "participants.csv: therapist_id": "therapist_id",
        "arm": "arm",
        "arm_received": "arm_received",
        "randomisation_date": "randomisation_date",
        "age": "covariates.age",
        "sex": "covariates.sex",
        "site": "site_id | covariates.site",
        "bmi": "covariates.bmi",
        "duration": "covariates.duration",
        "discontinuation_date": "discontinuation_date",
        "discontinuation_reason": "discontinuation_reason",
        "week": "visit",
        "date": "assessment_date",
        "pain_0_10": "outcomes.pain_0_10",
        **{f"hoos_{item}": f"item {item} of hoos" for item in HOOS},
        **{
            f"sessions.csv: {name}": f"treatment_sessions.{name}"
            for name in (
                "session_number",
                "session_date",
                "setting",
                "attended",
                "minutes",
                "components",
                "fidelity",
                "fidelity_source",
            )
        },
        "event": "intercurrent_events.event",
        "event_date": "intercurrent_events.event_date",
        **{
            f"adverse_events.csv: {name}": f"adverse_events.{name}"
            for name in ("event_number", "kind", "term", "start_date", "severity", "serious", "relatedness", "expected")
        },
    },
    {
        "arm.reference": "usual_care",
        "visits.unit": "weeks",
        "outcomes.pain_0_10": "nprs",
        "primary.outcome": "hoos_pain",
        "primary.visit": "week_12",
    },
)

PRE_POST = times("pre", "post", visits=("baseline", "post"))
OHS = load_instrument("ohs").items


def _questionnaire(rng: np.random.Generator, n: int, low: int, high: int, shift: float) -> np.ndarray:
    person = rng.normal(shift, 0.8, (n, 1))
    return np.clip(np.round((low + high) / 2 + person + rng.normal(0, 0.8, (n, 12))), low, high).astype(int)


def _write_numbered(folder: Path) -> None:
    rng = np.random.default_rng(5)
    frame = people()[["participant_id", "arm", "age", "sex"]]
    frame.columns = ["ID", "Arm", "Age", "Gender"]
    parts = [frame]
    for time, shift in (("in", -0.6), ("out", 0.5)):
        answers = _questionnaire(rng, len(frame), 0, 4, shift)
        parts.append(pd.DataFrame(answers, columns=[f"Q{k} {time}" for k in range(1, 13)]))
    pd.concat(parts, axis=1).to_csv(folder / "answers.tsv", sep="\t", index=False)


NUMBERED = MadeFile(
    "numbered_items",
    "trial",
    "tabs; items Q1 to Q12 before and after, and three questionnaires have 12 items",
    _write_numbered,
    ("answers.tsv",),
    {
        "ID": "participant_id",
        "Arm": "arm",
        "Age": "covariates.age",
        "Gender": "covariates.sex",
        **item_truth(
            "ohs",
            {"baseline": "in", "week_12": "out"},
            "Q{column} {time}",
            {str(k): item for k, item in enumerate(OHS, 1)},
        ),
    },
    {
        "arm.reference": "usual_care",
        "items.q": "ohs",
        "visits.days": "in:0 out:84",
        "primary.outcome": "ohs_total",
        "primary.visit": "week_12",
    },
)

EQ_TIMES = {"baseline": "bl", "month_3": "3m", "month_12": "12m"}
EQ = {
    "mobility": "mobility",
    "selfcare": "self_care",
    "usual": "usual_activities",
    "pain": "pain_discomfort",
    "anxiety": "anxiety_depression",
    "vas": "vas",
}


def _write_eq5d(folder: Path) -> None:
    rng = np.random.default_rng(8)
    frame = people()[["participant_id", "arm", "age", "sex", "site"]].rename(
        columns={"participant_id": "studyid", "arm": "allocation"}
    )
    for time in EQ_TIMES.values():
        for part in EQ:
            values = rng.integers(20, 100, len(frame)) if part == "vas" else rng.integers(1, 6, len(frame))
            frame[f"eq5d_{part}_{time}"] = values
    frame.loc[[2, 3, 11, 19], ["eq5d_vas_3m", "eq5d_vas_12m"]] = 999
    frame.loc[[2, 3, 11], "eq5d_pain_3m"] = 999
    frame.to_csv(folder / "eq5d.csv", index=False)


EQ5D = MadeFile(
    "eq5d_wide",
    "trial",
    "EQ-5D-5L with its visual scale at three times, months in the names, 999 for missing",
    _write_eq5d,
    ("eq5d.csv",),
    {
        "studyid": "participant_id",
        "allocation": "arm",
        "age": "covariates.age",
        "sex": "covariates.sex",
        "site": "site_id | covariates.site",
        **item_truth("eq_5d_5l", EQ_TIMES, "eq5d_{column}_{time}", EQ),
        **{
            f"eq5d_vas_{time}": f"item vas of eq_5d_5l at {visit} | outcomes.eq5d_vas at {visit}"
            for visit, time in EQ_TIMES.items()
        },
    },
    {"arm.reference": "usual_care", "primary.outcome": "eq_5d_5l_vas", "primary.visit": "month_12"},
)


def _write_cohort(folder: Path) -> None:
    rng = np.random.default_rng(21)
    frame = people()
    operated = rng.permutation(np.repeat(["Surgery", "Physiotherapy"], [26, 34]))
    table = pd.DataFrame(
        {
            "Patient": frame["participant_id"].str.replace("P", "H"),
            "Surname": rng.choice(["Archer", "Bell", "Cole", "Dunn", "Ellis"], len(frame)),
            "Treatment group": operated,
            "Age": frame["age"],
            "Sex": frame["sex"].str.title(),
            "Smoker": rng.choice(["yes", "no"], len(frame)),
        }
    )
    for time in ("Baseline", "6 months", "12 months"):
        table[f"HOOS Pain {time}"] = rng.normal(60, 15, len(frame)).clip(0, 100).round(1)
        table[f"HOOS QoL {time}"] = rng.normal(50, 15, len(frame)).clip(0, 100).round(1)
    table.to_excel(folder / "cohort.xlsx", index=False)


COHORT_TIMES = {"baseline": "Baseline", "month_6": "6 months", "month_12": "12 months"}
COHORT = MadeFile(
    "excel_cohort",
    "cohort",
    "Excel: groups as found, scores of scales at three times, surnames",
    _write_cohort,
    ("cohort.xlsx",),
    {
        "Patient": "participant_id",
        "Surname": UNUSED,
        "Treatment group": "arm",
        "Age": "covariates.age",
        "Sex": "covariates.sex",
        "Smoker": "covariates.smoker",
        **time_truth("outcomes.hoos_pain at", "HOOS Pain {time}", COHORT_TIMES),
        **time_truth("outcomes.hoos_qol at", "HOOS QoL {time}", COHORT_TIMES),
    },
    {"arm.reference": "physiotherapy", "primary.outcome": "hoos_pain", "primary.visit": "month_12"},
)

TRIALS = (SPSS, STATA, XPT, GERMAN, SHEETS, HOUSE_CSV, NUMBERED, EQ5D, COHORT)
