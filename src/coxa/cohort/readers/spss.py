"""SPSS files (.sav, .zsav) with value labels and user-missing values."""

from __future__ import annotations

from pathlib import Path

import pyreadstat

from coxa.cohort.readers.labelled import read_labelled
from coxa.cohort.readers.raw import ReadOptions, Sheet


def read_spss(path: Path, options: ReadOptions) -> Sheet:
    """Read an SPSS file; user-missing values stay in the frame and are listed as missing codes."""
    return read_labelled(pyreadstat.read_sav, path, options, user_missing=True)
