"""Find the reader of a file by its suffix, and answer a file that cannot be read with a finding."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

import pandas as pd

from coxa.cohort.cohort import SourceFile
from coxa.cohort.number_text import is_text, proven_decimal
from coxa.cohort.readers.raw import FileFault, HeaderFault, RawFile, ReadOptions, Sheet
from coxa.errors import nearest
from coxa.findings import Finding

Reader = Callable[[Path, ReadOptions], Sheet]

READERS = {
    ".csv": "text",
    ".tsv": "text",
    ".txt": "text",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".parquet": "parquet",
    ".sav": "spss",
    ".zsav": "spss",
    ".dta": "stata",
    ".sas7bdat": "sas",
    ".xpt": "sas",
}
"""Suffix -> module of this package; its function is `read_` and the module's name."""

FORMATS = {"text": "csv"}
"""How a format is called in `SourceFile`, where it differs from the module."""

WITH_ROWS = ("excel", "text")
"""Formats in which a row names the columns."""

SIGNATURES = {
    b"PK\x03\x04": ("excel", "a zip archive, as an Excel workbook is"),
    b"$FL2": ("spss", "an SPSS file"),
    b"$FL3": ("spss", "a compressed SPSS file"),
    b"PAR1": ("parquet", "a Parquet file"),
    b"<stata_dta>": ("stata", "a Stata file"),
    b"HEADER RECORD***": ("sas", "a SAS transport file"),
    b"\xd0\xcf\x11\xe0": ("", "an old Office file (.xls) or one with a password"),
    b"%PDF": ("", "a PDF"),
}
"""First bytes of a file -> the module that reads it, and what the file is."""


@dataclass(frozen=True, slots=True)
class ReadResult:
    """A file as read, or None, and what was wrong with it; `header_row` are the rows that look like its header.

    They are given only where the first row is no header, and the file was therefore not read.
    """

    raw: RawFile | None
    findings: tuple[Finding, ...]
    header_row: tuple[int, ...] | None = None


def read_raw(path: Path, options: ReadOptions | None = None) -> ReadResult:
    """Read one file of any known format.

    Parameters
    ----------
    path
        File; its suffix says the format.
    options
        Sheet, encoding, delimiter and decimal mark, where the plan names them.

    Returns
    -------
    ReadResult
        Never raises for what is in the file: a file that cannot be read is a finding with the remedy.
    """
    try:
        sheet, raw_format = _read(path, options or ReadOptions())
    except FileFault as fault:
        likely = fault.likely if isinstance(fault, HeaderFault) else None
        return ReadResult(None, (Finding("error", path.name, fault.rule, fault.remedy, value=fault.value),), likely)
    except Exception as error:  # any fault inside a reading library is a fault of the file
        rule, remedy = f"the file cannot be read as {path.suffix.lstrip('.')}", "Export or copy it again."
        return ReadResult(None, (Finding("error", path.name, rule, remedy, value=str(error) or repr(error)),))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return as_read(path.name, FORMATS.get(raw_format, raw_format), sha256, sheet, options)


def as_read(name: str, raw_format: str, sha256: str, sheet: Sheet, options: ReadOptions | None = None) -> ReadResult:
    """Return a sheet with where it came from, and what is wrong with it as a whole."""
    sheet = _composed_names(sheet)
    decimal = (options and options.decimal) or proven_decimal(_text_columns(sheet))
    if decimal:
        sheet = replace(sheet, details={**sheet.details, "decimal": decimal})
    n_rows = len(sheet.frame) + len(sheet.unreadable)
    source = SourceFile(name, raw_format, sha256, n_rows, sheet.details)
    if source.n_rows == 0:
        nothing = Finding("error", name, "the file has no rows below its header", "Export it again, with its data.")
        return ReadResult(RawFile(sheet, source), (*sheet.findings, nothing))
    return ReadResult(RawFile(sheet, source), sheet.findings)


def _composed_names(sheet: Sheet) -> Sheet:
    """Return a sheet with names of columns as a plan has them: letters composed, no blanks around them."""
    plain = {name: unicodedata.normalize("NFC", str(name)).strip() for name in sheet.frame.columns}
    if all(name == new for name, new in plain.items()) or len(set(plain.values())) < len(plain):
        return sheet
    return replace(
        sheet,
        frame=sheet.frame.rename(columns=plain),
        labels={plain.get(name, name): labels for name, labels in sheet.labels.items()},
        missing_codes={plain.get(name, name): codes for name, codes in sheet.missing_codes.items()},
        exact={plain.get(name, name): largest for name, largest in sheet.exact.items()},
    )


def _text_columns(sheet: Sheet) -> Iterator[pd.Series]:
    """Yield the columns that can hold text."""
    frame = sheet.frame
    yield from (frame[name] for name in frame.columns if is_text(frame[name]))


def _read(path: Path, options: ReadOptions) -> tuple[Sheet, str]:
    suffix = path.suffix.lower()
    if suffix not in READERS:
        hint = nearest(suffix, READERS)
        more = f" Did you mean {hint}?" if hint else ""
        raise FileFault(
            "the format of the file is unknown", f"Save it as one of {', '.join(READERS)}.{more}", suffix or None
        )
    with path.open("rb") as stream:
        first = stream.read(16)
    if not first.strip():
        raise FileFault("the file is empty", "Export it again, with its data.")
    for signature, (module, what) in SIGNATURES.items():
        if first.startswith(signature) and module != READERS[suffix]:
            right = [known for known, name in READERS.items() if name == module]
            remedy = (
                f"Rename it to {right[0]}." if right else "Open it in its own program and save it as .xlsx or .csv."
            )
            raise FileFault(f"the file is not a {suffix} file", remedy, f"it is {what}")
    module = READERS[suffix]
    if options.header_row and module not in WITH_ROWS:
        raise FileFault(f"a {suffix} file has no header row; it names its columns by itself", "Remove `header_row`.")
    reader: Reader = getattr(import_module(f"coxa.cohort.readers.{module}"), f"read_{module}")
    return reader(path, options), module
