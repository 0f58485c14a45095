"""A practice system's export with its habits: a title, two header rows, dates in four ways, words for missing."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from openpyxl import Workbook

from coxa.episodes import Episodes, read_episodes
from coxa.study.audit.plan import AuditPlan

GROUPS = ["Patient", None, None, "Episode", None, None, None, "Start", None, "End", None, "Attendance", None, None]
NAMES = [
    "Pat. no",
    "Born",
    "M/F",
    "Site",
    "Physio",
    "From",
    "Until",
    "NPRS",
    "LEFS",
    "NPRS",
    "LEFS",
    "Booked",
    "Came",
    "DNA",
]
EPISODES = [
    ["004000", "03/02/1950", "M", "Hillside", "J. Okafor", "07/01/2025", "07.03.25", 7, "45,0", 3, "55/80", 8, 7, 1],
    ["004001", None, "f", "Hillside", "Okafor, J", datetime(2025, 1, 9), datetime(2025, 3, 1), 6, 50, 5, 52, 6, 6, 0],
    ["004002", None, "F", "Harbour", "M. Santos", "3 Feb 2025", "open", 8, "38,5", "not done", None, 9, 5, 4],
    ["004002", None, "F", "Harbour", "m santos", "11.06.25", "open", 5, 41, "-", "n/a", 4, 3, 0],
    ["004003", None, "x", "Harbour", "m santos", "04/03/2025", "06/05/2025", 4, 60, 4, 61, 7, 7, 0],
]  # fmt: skip


def workbook(folder: Path) -> str:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"] = "Outcome register, export 03/11/2025 17:42, all sites"
    sheet.merge_cells("A1:N1")
    sheet.append([])
    sheet.append(GROUPS)
    for group in ("A3:C3", "D3:G3", "H3:I3", "J3:K3", "L3:N3"):
        sheet.merge_cells(group)
    sheet.append(NAMES)
    for row in (*EPISODES, EPISODES[2]):
        sheet.append(row)
    sheet.append([])
    sheet.append(["Total", *[None] * 10, "=SUM(L5:L10)"])
    book.save(folder / "export.xlsx")
    return str(folder)


COLUMNS = {
    "patient": "Patient Pat. no",
    "clinic": "Episode Site",
    "therapist": "Episode Physio",
    "intake_date": "Episode From",
    "discharge_date": "Episode Until",
    "booked": "Attendance Booked",
    "attended": "Attendance Came",
    "missed": "Attendance DNA",
    "sex": "Patient M/F",
}
SOURCE = {
    "file": "export.xlsx",
    "header_row": [3, 4],
    "date_format": ["%d/%m/%Y", "%d.%m.%y", "%d %b %Y"],
    "decimal": ",",
    "missing": ["open", "n/a", "-", "not done"],
    "exclude_rows": [12],
    "drop_identical_rows": True,
    "columns": COLUMNS,
    "values": {"sex": {"M": "male", "F": "female", "f": "female", "x": "other"}},
    "scores": {
        "pain": {"intake": "Start NPRS", "discharge": "End NPRS"},
        "function": {"intake": "Start LEFS", "discharge": "End LEFS"},
    },
}


def read(folder: str, **source: Any) -> Episodes:
    plan = {
        "audit": "register",
        "title": "Register",
        "data_cut": "2025-11-03",
        "data": SOURCE | {"folder": folder} | source,
        "outcomes": {"pain": {"instrument": "nprs"}, "function": {"instrument": "lefs"}},
        "descriptors": {"sex": {"type": "category", "levels": ["female", "male", "other"]}},
    }
    return read_episodes(AuditPlan.model_validate(plan))


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return workbook(tmp_path)


def test_the_workbook_is_read_as_its_people_mean_it(folder: str) -> None:
    episodes = read(folder)
    rows = episodes.query("SELECT * FROM episodes ORDER BY source_row")
    assert rows["patient"].tolist() == ["004000", "004001", "004002", "004002", "004003"]
    days = [None if pd.isna(day) else day.date().isoformat() for day in (*rows["intake_date"], *rows["discharge_date"])]
    assert days == ["2025-01-07", "2025-01-09", "2025-02-03", "2025-06-11", "2025-03-04",
                    "2025-03-07", "2025-03-01", None, None, "2025-05-06"]  # fmt: skip
    assert rows["function_intake"].tolist() == [45, 50, 38.5, 41, 60]
    assert rows["pain_discharge"].fillna(-1).tolist() == [3, 5, -1, -1, 4]
    assert rows["sex"].tolist() == ["male", "female", "female", "female", "other"]
    assert rows["source_row"].tolist() == [5, 6, 7, 8, 9]


def test_the_only_error_is_the_cell_that_is_no_number_and_says_how_to_map_it(folder: str) -> None:
    (error,) = read(folder).findings.errors
    assert error.as_text() == (
        "error: episodes, row 5, function_discharge (End LEFS): the value is not a number (found '55/80'). Correct it "
        'at the source, or write `values: {function_discharge: {"55/80": ...}}` under `data`.'
    )
    mapped = read(folder, values=SOURCE["values"] | {"function_discharge": {"55/80": 55}}).require_clean()  # type: ignore[operator]
    assert mapped.query("SELECT MAX(function_discharge) AS best FROM episodes")["best"].tolist() == [61]


def test_therapists_in_two_spellings_are_proposed(folder: str) -> None:
    (found,) = [each for each in read(folder).findings if "written in several ways" in each.rule]
    assert (
        found.value
        == "J. Okafor (1 episode) and Okafor, J (1 episode); M. Santos (1 episode) and m santos (2 episodes)"
    )
    assert found.remedy == (
        'If they mean the same, add `therapist: {"Okafor, J": "J. Okafor", "m santos": "M. Santos"}` to `values` under '
        "`data`."
    )


def test_every_row_of_the_workbook_is_accounted_for(folder: str) -> None:
    disposition = read(folder).disposition
    counts = disposition.counts[["stage", "entered", "kept", "empty", "left_out"]].to_numpy().tolist()
    assert counts == [["reading", 8, 5, 1, 2], ["checking", 5, 5, 0, 0]]
    assert disposition.left_out[["source_row", "participant_id", "reason"]].to_numpy().tolist() == [
        [12, "Total", "excluded by the plan"],
        [10, "004002", "identical to an earlier row"],
    ]
    assert disposition.imbalance().empty


def test_without_the_words_of_the_plan_each_is_a_finding(folder: str) -> None:
    episodes = read(folder, missing=[], exclude_rows=[], date_format="%d/%m/%Y")
    found = {(each.field, each.row): each for each in episodes.findings.errors}
    assert {
        ("discharge_date (Episode Until)", 7),
        ("pain_discharge (End NPRS)", 7),
        ("intake_date (Episode From)", 8),
    } <= set(found)
    assert 'write `missing: ["open"]` under `data`' in found["discharge_date (Episode Until)", 7].remedy
    assert "its table" not in episodes.findings.as_text(500)
    assert "corrections" not in episodes.findings.as_text(500)
    assert any(each.rule == "the episode has no day of intake" and each.row == 12 for each in episodes.findings)


def test_a_header_that_is_not_named_is_proposed(folder: str) -> None:
    (error,) = read(folder, header_row=None, exclude_rows=[]).findings.errors
    assert error.rule == "Row 1 does not name every column"
    assert "write `header_row: [3, 4]` under `data`" in error.remedy
