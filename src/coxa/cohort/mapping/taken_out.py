"""Rows of a file that a table does not use, each with its reason: a file without them, and a line for each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coxa.cohort.mapping.codes import code_texts
from coxa.cohort.mapping.columns import Origin
from coxa.cohort.readers.raw import RawFile


def take_out(origin: Origin, reason: NDArray[np.object_]) -> Origin:
    """Return the origin without the rows that have a reason; `reason` is (rows,), "" for those that stay."""
    out = reason != ""
    if not out.any():
        return origin
    sheet, name = origin.raw.sheet, origin.source.columns.get("participant_id", "participant_id")
    lines = pd.DataFrame({"source_row": sheet.source_row[out], "reason": reason[out]})
    lines["participant_id"] = code_texts(sheet.frame[name])[out].to_numpy() if name in sheet.frame else None
    excluded = pd.concat([part for part in (origin.excluded, lines) if len(part)], ignore_index=True)
    left = replace(sheet, frame=sheet.frame[~out].reset_index(drop=True), source_row=sheet.source_row[~out])
    return replace(origin, raw=RawFile(left, origin.raw.source), excluded=excluded)
