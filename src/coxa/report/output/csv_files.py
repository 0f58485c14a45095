"""Tables as files; as CSV one that a spreadsheet opens without computing anything."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from coxa.files import save_parquet, whole_file

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula, and the wide forms of the same signs."""


def write_csv(frame: pd.DataFrame, path: Path, private: bool = False) -> Path:
    """Write a table as CSV; a text that a spreadsheet would take for a formula gets an apostrophe before it.

    Parameters
    ----------
    frame
        The table; its index is not written.
    path
        Of the file; it gets this name when it is complete.
    private
        Whether only the owner may read the file, because it identifies participants.
    """
    text = csv_text(frame)
    with whole_file(path, private) as part:
        part.write_bytes(text.encode("utf-8"))
    return path


def csv_text(frame: pd.DataFrame) -> str:
    """Return a table as CSV; a text that a spreadsheet would take for a formula gets an apostrophe before it."""
    safe = frame.copy()
    for name in safe.select_dtypes(include=["object", "string", "category"]).columns:
        if any(harmless(value) is not value for value in safe[name].unique()):
            safe[name] = safe[name].map(harmless, na_action="ignore")
    return str(safe.to_csv(index=False, lineterminator="\n"))


def write_table(frame: pd.DataFrame, path: Path, private: bool = False) -> Path:
    """Write a table as Parquet where its path ends so, else as CSV; see `write_csv`."""
    if path.suffix.lower() == ".parquet":
        return save_parquet(frame, path, private)
    return write_csv(frame, path, private)


def harmless(value: object) -> object:
    """Return a text that a spreadsheet shows and does not compute; a number stays what it is.

    Examples
    --------
    >>> harmless("=1+1"), harmless("-2.5"), harmless("- none")
    ("'=1+1", '-2.5', "'- none")
    """
    if not isinstance(value, str) or not value.startswith(FORMULA_STARTS) or _is_number(value):
        return value
    return f"'{value}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return not text[0].isspace()
