"""SAS files: data sets (.sas7bdat) and transport files (.xpt)."""

from __future__ import annotations

from pathlib import Path

import pyreadstat

from coxa.cohort.readers.labelled import read_labelled
from coxa.cohort.readers.raw import FileFault, ReadOptions, Sheet

RECORD_BYTES = 80


def read_sas(path: Path, options: ReadOptions) -> Sheet:
    """Read a SAS file; in a data set special missing values (.A to .Z) are listed as missing codes A to Z."""
    if path.suffix.lower() == ".xpt":
        if path.stat().st_size % RECORD_BYTES:
            rule = f"the file does not consist of whole records of {RECORD_BYTES} bytes"
            raise FileFault(rule, "The file is cut off; export or copy it again.")
        return read_labelled(pyreadstat.read_xport, path, options)
    return read_labelled(pyreadstat.read_sas7bdat, path, options, user_missing=True)
