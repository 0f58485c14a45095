"""A file that is used as a whole, without a plan that says what its columns are."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from coxa.cohort.mapping.missing import coded
from coxa.cohort.readers.raw import ReadOptions, Sheet, Unstored
from coxa.cohort.readers.registry import read_raw
from coxa.errors import DataError
from coxa.findings import Finding, Findings


def read_whole(path: Path, options: ReadOptions | None = None) -> Sheet:
    """Return the sheet of a file of any known format.

    Raises
    ------
    DataError
        The file cannot be read, or a cell of it has no value to use (a formula without a result, a merged cell).
    """
    result = read_raw(path, options)
    errors = Findings(tuple(result.findings)).errors
    if result.raw is None or errors:
        raise DataError(f"{path} cannot be read", errors)
    sheet = result.raw.sheet
    problems = [
        Finding(
            "error", path.name, cell.rule, cell.remedy, int(sheet.source_row[row]), field=str(name), value=str(cell)
        )
        for name, values in sheet.frame.items()
        for row, cell in enumerate(values if values.dtype == object else ())
        if isinstance(cell, Unstored)
    ]
    if problems:
        raise DataError(f"{path} cannot be used as a whole", Findings.of(problems))
    return sheet


def without_declared(sheet: Sheet) -> pd.DataFrame:
    """Return the values of a sheet, missing where the file declares their code missing (SPSS, Stata, SAS)."""
    measured = {
        name: sheet.frame[name].mask(coded(sheet.frame[name], codes)) for name, codes in sheet.missing_codes.items()
    }
    return sheet.frame.assign(**measured)
