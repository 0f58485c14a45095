"""Stata files (.dta) with value labels and extended missing values."""

from __future__ import annotations

from pathlib import Path

import pyreadstat

from coxa.cohort.readers.labelled import read_labelled
from coxa.cohort.readers.raw import ReadOptions, Sheet


def read_stata(path: Path, options: ReadOptions) -> Sheet:
    """Read a Stata file; extended missing values (.a to .z) are listed as missing codes a to z."""
    return read_labelled(pyreadstat.read_dta, path, options, user_missing=True)
