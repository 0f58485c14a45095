"""Frames in memory, read as files of them would be."""

from __future__ import annotations

import hashlib
import io

import pyarrow as pa
import pyarrow.csv as arrow_csv

from coxa.cohort.readers.parquet import arrow_sheet
from coxa.cohort.readers.raw import FileFault, ReadOptions
from coxa.cohort.readers.registry import ReadResult, as_read
from coxa.findings import Finding
from coxa.frames import Frame, as_arrow

FORMAT = "frame"
"""What a table that was never a file is called in `SourceFile.format`."""


def read_frame(name: str, frame: Frame, options: ReadOptions | None = None) -> ReadResult:
    """Read a frame under a name, as a Parquet file with these columns would be read.

    Parameters
    ----------
    name
        Takes the place of the file's name in findings and lineage; rows are counted from 1.
    frame
        Of pandas, polars or pyarrow; an index is not read. Not changed.

    Returns
    -------
    ReadResult
        Its hash is that of the rows as text, whichever library they came from.
    """
    try:
        table = as_arrow(frame)
        sheet, sha256 = arrow_sheet(table), _sha256(table)
    except FileFault as fault:
        return ReadResult(None, (Finding("error", name, fault.rule, fault.remedy, value=fault.value),))
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        rule, remedy = "A column mixes kinds of values", "Give every column one kind: numbers, text or dates."
        return ReadResult(None, (Finding("error", name, rule, remedy, value=str(error)),))
    return as_read(name, FORMAT, sha256, sheet, options)


def _sha256(table: pa.Table) -> str:
    text = io.BytesIO()
    arrow_csv.write_csv(table, text)
    return hashlib.sha256(text.getvalue()).hexdigest()
