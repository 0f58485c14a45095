"""Read the item responses of one instrument from one file, without a plan."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from coxa.cohort.readers.registry import read_raw
from coxa.errors import DataError, not_allowed
from coxa.findings import Finding, Findings
from coxa.instruments import items_from_wide
from coxa.study.source import code_text

ONE_VISIT = "only"


def read_items(
    path: Path, instrument: str, prefix: str, participant: str, visit: str, missing: tuple[str, ...]
) -> pd.DataFrame:
    """Return a long item table: participant_id, visit, item, value, source_row.

    Parameters
    ----------
    path
        File of any known format, with one column per item, or with columns `item` and `value`.
    instrument, prefix
        Instrument, and what stands before the item code in the names of its columns.
    participant, visit
        Names of those columns; a file without the visit column is of one visit, called "only".
    missing
        Codes that mean missing.

    Raises
    ------
    DataError
        If the file cannot be read, has no participant column or no items.
    """
    result = read_raw(path)
    errors = Findings(tuple(result.findings)).errors
    if result.raw is None or errors:
        raise DataError(f"{path.name} cannot be read", errors)
    sheet = result.raw.sheet
    frame = sheet.frame
    if participant not in frame:
        remedy = f"name it with --participant; {not_allowed('column', participant, map(str, frame.columns))}"
        fault = Finding("error", path.name, "a column says whose row it is", remedy, field=participant)
        raise DataError(f"{path.name} cannot be scored", Findings((fault,)))
    keys = frame[[participant]].map(code_text, na_action="ignore").set_axis(["participant_id"], axis=1)
    keys["source_row"] = sheet.source_row
    keys["visit"] = frame[visit].map(code_text, na_action="ignore") if visit in frame else ONE_VISIT
    decimal = sheet.details.get("decimal", ".")
    answers = frame.drop(columns=[participant, visit], errors="ignore")
    answers = answers.map(lambda cell: _answer(cell, decimal, missing), na_action="ignore")
    table = keys.join(answers)
    if {"item", "value"} <= set(answers.columns):
        return table[["participant_id", "visit", "item", "value", "source_row"]]
    return items_from_wide(table, instrument, prefix=prefix)


def _answer(cell: object, decimal: str, missing: tuple[str, ...]) -> object:
    """Return a cell as it is scored: declared codes are missing, a decimal comma is a point."""
    text = code_text(cell)
    if text == "" or text in missing:
        return None
    return text.replace(decimal, ".") if decimal != "." else text
