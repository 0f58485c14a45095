"""Exports of practice systems and registries: a row for each episode of care."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
from openpyxl import Workbook

from tests.simulation.import_made.made import UNUSED, MadeFile, registry

SURNAMES = ("Okafor", "Lindqvist", "Santos", "Novak", "Idris", "Brandt", "Ueda", "Moreau", "Haugen", "Petrov")

BASIC = {
    "patient": "patient",
    "clinic": "clinic",
    "therapist": "therapist",
    "condition": "condition",
    "intake_date": "intake_date",
    "discharge_date": "discharge_date",
    "pain_intake": "outcomes.pain at intake",
    "pain_discharge": "outcomes.pain at discharge",
    "function_intake": "outcomes.function at intake",
    "function_discharge": "outcomes.function at discharge",
}
"""Column of the registry -> what it is in an audit."""


def _truth(names: dict[str, str], **more: str) -> dict[str, str]:
    """Return the truth of columns that are called otherwise than in the registry."""
    return {names[name]: role for name, role in BASIC.items() if name in names} | more


def _write_registry(folder: Path) -> None:
    registry().to_csv(folder / "registry.csv", index=False)


REGISTRY = MadeFile(
    "registry_csv",
    "audit",
    "a registry under coxa's names, with descriptors, standards and two scores",
    _write_registry,
    ("registry.csv",),
    {
        **BASIC,
        "episode": "episode",
        "referral_date": "referral_date",
        "booked": "booked",
        "attended": "attended",
        "missed": "missed",
        "eligible": "eligible",
        "asked": "asked",
        "age": "descriptors.age",
        "sex": "descriptors.sex",
        "duration_months": "descriptors.symptom_duration | descriptors.duration_months",
        "previous_surgery": "descriptors.previous_surgery",
        "comorbidities": "descriptors.comorbidities",
        "ethnicity": "descriptors.ethnicity",
        "deprivation": "descriptors.deprivation",
        "red_flags_asked": "standards.red_flags",
        "referral_needed": "standards.referral | ",
        "referral_made": "standards.referral | ",
        "pain_date": "day of outcomes.pain",
        "function_date": "day of outcomes.function",
    },
    {"instrument:pain": "nprs", "instrument:function": "lefs"},
)

NAMES = {
    "patient": "MRN",
    "clinic": "Site",
    "therapist": "Physio",
    "condition": "Diagnosis",
    "intake_date": "First visit",
    "discharge_date": "Discharged",
    "pain_intake": "NPRS initial",
    "pain_discharge": "NPRS final",
    "function_intake": "LEFS initial",
    "function_discharge": "LEFS final",
}


def _short(n: int = 160) -> pd.DataFrame:
    return registry().head(n)[list(NAMES)].copy()


def _write_parquet(folder: Path) -> None:
    _short().rename(columns=NAMES).assign(Age=registry().head(160)["age"]).to_parquet(folder / "episodes.parquet")


PARQUET = MadeFile(
    "registry_parquet",
    "audit",
    "Parquet: heads of its own, initial and final scores",
    _write_parquet,
    ("episodes.parquet",),
    _truth(NAMES, Age="descriptors.age"),
)


def _write_sqlite(folder: Path) -> None:
    frame = _short().rename(columns=NAMES)
    for name in ("First visit", "Discharged"):
        frame[name] = frame[name].dt.strftime("%Y-%m-%d")
    with closing(sqlite3.connect(folder / "clinic.sqlite")) as connection:
        frame.to_sql("episodes", connection, index=False)
        pd.DataFrame({"Site": sorted(frame["Site"].unique()), "Town": "made up"}).to_sql(
            "sites", connection, index=False
        )


SQLITE = MadeFile(
    "registry_sqlite",
    "audit",
    "SQLite: a table of episodes and one of sites",
    _write_sqlite,
    ("clinic.sqlite",),
    {**_truth(NAMES), "clinic.sqlite#sites: Site": UNUSED, "Town": UNUSED},
)


def _spelt(frame: pd.DataFrame) -> list[str]:
    """Return the name of the therapist of each row, now and then written otherwise."""
    numbers = {name: k % len(SURNAMES) for k, name in enumerate(sorted(frame["therapist"].unique()))}
    names = [SURNAMES[numbers[name]] for name in frame["therapist"]]
    ways = {0: "{0}, J", 1: "j. {0} ", 2: "{0}, J"}
    return [ways.get(k % 11, "{0}, J").format(name) for k, name in enumerate(names)]


def _whole(cell: object) -> int | None:
    return None if pd.isna(cell) else int(cell)  # type: ignore[call-overload]


def _write_two_rows(folder: Path) -> None:
    """A title, two rows of heads with the same names under both, mixed dates, and a row of totals."""
    frame = _short(120)
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Outcome register, all sites, exported 31/03/2025 17:40"])
    sheet.append([])
    sheet.append(["Patient", None, None, "Episode", None, None, "Start", None, "End", None, "Attendance", None])
    sheet.append(["Pat. no", "Born", "M/F", "Site", "Physio", "From", "NPRS", "LEFS", "NPRS", "LEFS", "Booked", "Came"])
    whole, therapists = registry().head(120), _spelt(frame)
    for k, (row, more) in enumerate(zip(frame.to_dict("records"), whole.to_dict("records"), strict=True)):
        day = row["intake_date"]
        dates = (day.strftime("%d/%m/%Y"), day.to_pydatetime(), day.strftime("%d.%m.%Y"))
        function = _whole(row["function_intake"])
        end = [_whole(row[f"{name}_discharge"]) for name in ("pain", "function")]
        sheet.append(
            [
                f"{int(row['patient'][1:]):06d}", f"{10 + k % 18}/0{1 + k % 9}/{1940 + k % 50}", more["sex"][0].upper(),
                row["clinic"], therapists[k], dates[k % 3], _whole(row["pain_intake"]),
                f"{function},0" if k % 7 == 0 and function is not None else function,
                "n/a" if end[0] is None and k % 2 else end[0], end[1], int(more["booked"]), int(more["attended"]),
            ]
        )  # fmt: skip
    sheet.append([])
    sheet.append(["Total", *[None] * 9, int(whole["booked"].sum()), int(whole["attended"].sum())])
    book.save(folder / "register.xlsx")


TWO_ROWS = MadeFile(
    "practice_two_rows",
    "audit",
    "Excel: a title, two rows of heads, mixed dates, decimal commas as text, spellings, a row of totals",
    _write_two_rows,
    ("register.xlsx",),
    {
        "Patient Pat. no": "patient",
        "Patient Born": "descriptors.age by birth_date",
        "Patient M/F": "descriptors.sex",
        "Episode Site": "clinic",
        "Episode Physio": "therapist",
        "Episode From": "intake_date",
        "Start NPRS": "outcomes.pain at intake",
        "Start LEFS": "outcomes.function at intake",
        "End NPRS": "outcomes.pain at discharge",
        "End LEFS": "outcomes.function at discharge",
        "Attendance Booked": "booked",
        "Attendance Came": "attended",
    },
    {"column:discharge_date": "none"},
)


def _write_german(folder: Path) -> None:
    frame, whole = _short(), registry().head(160)
    table = pd.DataFrame(
        {
            "Patientennummer": frame["patient"],
            "Standort": frame["clinic"],
            "Therapeut": _spelt(frame),
            "Diagnose": frame["condition"].str.replace("_", " "),
            "Behandlungsbeginn": frame["intake_date"].dt.strftime("%d.%m.%Y"),
            "Entlassung": frame["discharge_date"].dt.strftime("%d.%m.%Y"),
            "Alter": whole["age"],
            "Geschlecht": whole["sex"].map({"male": "männlich", "female": "weiblich"}),
            "BMI": [f"{24 + (k % 60) / 10:.1f}".replace(".", ",") for k in range(160)],
            "NRS Schmerz Eingang": frame["pain_intake"],
            "NRS Schmerz Ende": frame["pain_discharge"],
            "Bemerkung": np.where(np.arange(160) % 9 == 0, "hat angerufen", ""),
        }
    )
    table.to_csv(folder / "klinik.csv", sep=";", index=False, encoding="latin-1")


GERMAN_CLINIC = MadeFile(
    "practice_german",
    "audit",
    "semicolons, Latin-1, decimal commas, German heads and words",
    _write_german,
    ("klinik.csv",),
    {
        "Patientennummer": "patient",
        "Standort": "clinic",
        "Therapeut": "therapist",
        "Diagnose": "condition",
        "Behandlungsbeginn": "intake_date",
        "Entlassung": "discharge_date",
        "Alter": "descriptors.age",
        "Geschlecht": "descriptors.sex",
        "BMI": "descriptors.bmi",
        "NRS Schmerz Eingang": "outcomes.pain at intake",
        "NRS Schmerz Ende": "outcomes.pain at discharge",
        "Bemerkung": UNUSED,
    },
)


def _write_totals(folder: Path) -> None:
    frame, whole = _short(), registry().head(160)
    table = pd.DataFrame(
        {
            "Client": frame["patient"],
            "Name": "withheld",
            "Branch": frame["clinic"],
            "Clinician": _spelt(frame),
            "Start date": frame["intake_date"].dt.strftime("%m/%d/%Y"),
            "End date": frame["discharge_date"].dt.strftime("%m/%d/%Y").fillna("open"),
            "Pain start": frame["pain_intake"],
            "Pain end": frame["pain_discharge"],
            "Appts": whole["booked"],
            "DNA": whole["missed"],
            "Red flags checked": np.where(whole["red_flags_asked"], "Y", "N"),
        }
    )
    total = pd.DataFrame([{"Client": "Total", "Appts": whole["booked"].sum(), "DNA": whole["missed"].sum()}])
    pd.concat([table, total]).to_csv(folder / "practice.csv", index=False)


TOTALS = MadeFile(
    "practice_totals",
    "audit",
    "dates with the month first, open episodes, a row of totals, pain without an instrument",
    _write_totals,
    ("practice.csv",),
    {
        "Client": "patient",
        "Name": UNUSED,
        "Branch": "clinic",
        "Clinician": "therapist",
        "Start date": "intake_date",
        "End date": "discharge_date",
        "Pain start": "outcomes.pain at intake",
        "Pain end": "outcomes.pain at discharge",
        "Appts": "booked",
        "DNA": "missed",
        "Red flags checked": "standards.red_flags",
    },
    {"instrument:pain": "nprs", "role:Appts": "booked"},
)


def _write_labelled(folder: Path) -> None:
    frame, whole = _short(), registry().head(160)
    clinics = sorted(frame["clinic"].unique())
    table = pd.DataFrame(
        {
            "patid": frame["patient"],
            "site": frame["clinic"].map({name: float(k) for k, name in enumerate(clinics, start=1)}),
            "gender": whole["sex"].map({"female": 1.0, "male": 2.0}),
            "age": whole["age"].astype(float),
            "intakedate": frame["intake_date"].dt.date,
            "dischargedate": frame["discharge_date"].dt.date,
            "nprs_pre": frame["pain_intake"].astype(float),
            "nprs_post": frame["pain_discharge"].astype(float).fillna(99.0),
        }
    )
    labels = {
        "site": {float(k): name for k, name in enumerate(clinics, start=1)},
        "gender": {1.0: "Female", 2.0: "Male"},
    }
    missing = {"nprs_post": [99.0]}
    pyreadstat.write_sav(table, str(folder / "clinic.sav"), variable_value_labels=labels, missing_ranges=missing)


SPSS_CLINIC = MadeFile(
    "clinic_spss",
    "audit",
    "SPSS: sites and sexes as labelled codes, a user-missing value, scores before and after",
    _write_labelled,
    ("clinic.sav",),
    {
        "patid": "patient",
        "site": "clinic",
        "gender": "descriptors.sex",
        "age": "descriptors.age",
        "intakedate": "intake_date",
        "dischargedate": "discharge_date",
        "nprs_pre": "outcomes.pain at intake",
        "nprs_post": "outcomes.pain at discharge",
    },
    {"column:patient": "patid", "column:intake_date": "intakedate", "column:discharge_date": "dischargedate"},
)


def _write_workbook(folder: Path) -> None:
    frame, whole = _short(90), registry().head(90)
    episodes = frame.rename(columns=NAMES).assign(Episode=whole["episode"])
    rows = [
        {"Episode": row["episode"], "Session no": k + 1, "Attended": "yes" if k < row["attended"] else "no"}
        for row in whole.to_dict("records")
        for k in range(int(row["booked"]))
    ]
    with pd.ExcelWriter(folder / "clinic.xlsx") as book:
        pd.DataFrame({"About": ["Exported by the practice", "Ask the front desk"]}).to_excel(
            book, sheet_name="Info", index=False
        )
        episodes.to_excel(book, sheet_name="Episodes", index=False)
        pd.DataFrame(rows).to_excel(book, sheet_name="Sessions", index=False)


WORKBOOK = MadeFile(
    "clinic_workbook",
    "audit",
    "Excel: episodes on one sheet, sessions on another, and a sheet of notes",
    _write_workbook,
    ("clinic.xlsx",),
    {
        **_truth(NAMES),
        "Episode": "episode | sessions.episode",
        "About": UNUSED,
        "Session no": UNUSED,
        "Attended": "sessions.attended",
    },
)

CLINICS = (REGISTRY, PARQUET, SQLITE, TWO_ROWS, GERMAN_CLINIC, TOTALS, SPSS_CLINIC, WORKBOOK)
