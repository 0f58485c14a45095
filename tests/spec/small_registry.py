"""Eight episodes at two clinics, and their plan: small enough to count by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from coxa.study.audit.plan import AuditPlan

SCORES = {"pain": {"intake": "NPRS first", "discharge": "NPRS last"}}
COLUMNS = {
    "patient": "Pat. no",
    "episode": "Case",
    "clinic": "Site",
    "therapist": "Physio",
    "condition": "Problem",
    "intake_date": "From",
    "discharge_date": "Until",
    "booked": "Booked",
    "attended": "Came",
    "missed": "DNA",
    "sex": "M/F",
    "asked_flags": "Red flags",
}
VALUES = {"sex": {"M": "male", "F": "female"}, "asked_flags": {"Y": True, "N": False}}

ROWS = [
    ["001", "a", "Harbour", "J. Okafor", "Hip OA", date(2025, 1, 7), date(2025, 3, 7), 7.0, 3.0, 8, 7, 1, "F", "Y"],
    ["002", "a", "Harbour", "J. Okafor", "Hip OA", date(2025, 1, 9), date(2025, 3, 1), 6.0, 5.0, 6, 6, 0, "M", "N"],
    ["003", "a", "Harbour", "R. Idris", "FAI", date(2025, 2, 3), date(2025, 4, 3), 8.0, None, 9, 5, 4, "F", "Y"],
    ["003", "b", "Harbour", "R. Idris", "FAI", date(2025, 6, 3), None, 5.0, None, 4, 3, 0, "F", "Y"],
    ["004", "a", "Old Mill", "T. Ueda", "Hip OA", date(2025, 2, 11), date(2025, 4, 1), 9.0, 4.0, 5, 5, 0, "M", None],
    ["005", "a", "Old Mill", "T. Ueda", "Hip OA", date(2025, 3, 4), date(2025, 5, 6), 4.0, 4.0, 7, 7, 0, "F", "N"],
    ["006", "a", "Old Mill", "K. Brandt", "FAI", date(2025, 4, 8), date(2025, 6, 2), 7.0, 1.0, 6, 4, 2, "M", "Y"],
    ["007", "a", "Old Mill", "K. Brandt", "FAI", date(2025, 5, 6), date(2025, 7, 1), None, 2.0, 6, 6, 0, "M", "Y"],
]
NAMES = [*list(COLUMNS.values())[:7], "NPRS first", "NPRS last", *list(COLUMNS.values())[7:]]


def registry(rows: list[list[Any]] | None = None) -> pd.DataFrame:
    """Return the registry under its own names; days are dates."""
    return pd.DataFrame(ROWS if rows is None else rows, columns=NAMES)


def changed(row: int, **cells: Any) -> pd.DataFrame:
    """Return the registry with other cells in a row, counted from 1; names are coxa's, `pain` words included."""
    frame = registry().astype(object)
    for name, value in cells.items():
        column = {"pain_intake": "NPRS first", "pain_discharge": "NPRS last"}.get(name) or COLUMNS[name]
        frame.loc[row - 1, column] = value
    return frame.infer_objects()


def audit_plan(source: dict[str, Any] | None = None, **parts: Any) -> AuditPlan:
    """Return the plan of the registry; `source` changes what is under `data`, `parts` the rest."""
    data = {"file": "registry.csv", "columns": COLUMNS, "values": VALUES, "scores": SCORES} | (source or {})
    whole = {
        "audit": "two_clinics",
        "title": "Two clinics",
        "data_cut": date(2025, 12, 31),
        "data": {name: part for name, part in data.items() if part is not None},
        "outcomes": {"pain": {"instrument": "nprs"}},
        "descriptors": {"sex": {"type": "category", "levels": ["female", "male"]}},
        "standards": {"flags": {"met": "asked_flags"}},
    }
    return AuditPlan.model_validate(whole | parts)


def rules(findings: Any, severity: str | None = None) -> list[str]:
    """Return the rules of findings, each once."""
    return list(dict.fromkeys(each.rule for each in findings if severity in (None, each.severity)))
