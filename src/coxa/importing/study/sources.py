"""How a table of a file is read: what a plan says of it under `data: tables`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from coxa.cohort.readers.registry import READERS
from coxa.importing.profile import ColumnProfile
from coxa.importing.study.levels import as_code
from coxa.importing.study.tables import StudyTable

CODE = re.compile(r"-?(7+|8+|9+)")
"""Numbers that are often written where a value is missing: 9, 99, -9, 888."""


def source_of(table: StudyTable, columns: Iterable[str]) -> dict[str, Any]:
    """Return file, sheet, header and dates of a table, for the columns that are used."""
    file = table.file
    used = [table.profiles[name] for name in dict.fromkeys(columns)]
    source: dict[str, Any] = {"file": file.file}
    if file.sheet and file.n_sheets > 1:
        source["sheet"] = file.sheet
    if file.header_row and file.header_row != (1,):
        source["header_row"] = list(file.header_row)
    if file.decimal == "," and _is_text(file.file):
        source["decimal"] = file.decimal
    formats = list(dict.fromkeys(form for profile in used for form in profile.date_formats))
    if formats and formats != ["%Y-%m-%d"]:
        source["date_format"] = formats[0] if len(formats) == 1 else formats
    if table.where:
        source["where"] = dict(table.where)
    return source


def _is_text(file: str) -> bool:
    return READERS.get(file[file.rfind(".") :].lower()) in ("text", "excel")


def missing_words(profiles: Iterable[ColumnProfile]) -> list[str]:
    """Return the words that mean missing among the values of columns, such as `n/a`; codes are of their column."""
    words = {text for profile in profiles for text in profile.missing if not any(map(str.isdigit, text))}
    return sorted(words, key=str.casefold)


def outside(profile: ColumnProfile, low: float, high: float) -> list[str | int]:
    """Return the usual codes for a missing value, such as 999, that lie outside a range and are there.

    Examples
    --------
    >>> pain = ColumnProfile("a.csv", "", "pain", ("pain",), "number", 9, 0, {"4": 6, "999": 2, "12": 1}, 3)
    >>> outside(pain, 0, 10)
    [999]
    """
    return [as_code(text) for text in profile.values if CODE.fullmatch(text) and not low <= float(text) <= high]


def share_within(profile: ColumnProfile, low: float, high: float) -> float:
    """Return the share of the numbers that lie in a range, without the usual codes for a missing value outside it."""
    if profile.kind not in ("number", "category", "flag"):
        return 0.0
    numbers = [(_number(text), n) for text, n in profile.values.items()]
    numbers = [
        (value, n)
        for (value, n), text in zip(numbers, profile.values, strict=True)
        if not (CODE.fullmatch(text) and value is not None and not low <= value <= high)
    ]
    total = sum(n for _, n in numbers) + sum(profile.odd.values())
    inside = sum(n for value, n in numbers if value is not None and low <= value <= high)
    return inside / total if total else 0.0


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", ".")) if text.count(",") < 2 else None
    except ValueError:
        return None
