"""What the files of statistical packages share: value labels and codes that the file declares missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coxa.cohort.mapping.codes import is_text
from coxa.cohort.readers.raw import SINGLE, FileFault, ReadOptions, Sheet, check_header
from coxa.cohort.readers.size import COLUMN_CELLS, check_cells
from coxa.study.source import code_text


def read_labelled(read: Callable[..., tuple[pd.DataFrame, Any]], path: Path, options: ReadOptions, **how: Any) -> Sheet:
    """Read a file with one of pyreadstat's functions, after a look at the size that its header gives."""
    _, header = read(path, metadataonly=True, encoding=options.encoding)
    check_cells(max(header.number_rows or 0, 0) * header.number_columns, options, COLUMN_CELLS)
    return labelled_sheet(*read(path, encoding=options.encoding, **how))


def labelled_sheet(frame: pd.DataFrame, meta: Any) -> Sheet:
    """Return a sheet from what pyreadstat read, with value labels and user-missing codes as text."""
    check_header([str(name) for name in frame.columns])
    if meta.number_rows is not None and meta.number_rows >= 0 and meta.number_rows != len(frame):
        raise FileFault(
            "the file has another number of rows than its header gives",
            "Export or copy the file again; it may be cut off.",
            f"{len(frame)} of {meta.number_rows} rows",
        )
    labels = {
        name: {code_text(code): str(label).strip() for code, label in codes.items()}
        for name, codes in meta.variable_value_labels.items()
    }
    missing = {str(name): _missing_codes(frame[name], meta, str(name)) for name in frame.columns}
    return Sheet(
        _without_blank_text(frame).reset_index(drop=True),
        np.arange(1, len(frame) + 1, dtype=np.int64),
        labels=labels,
        exact={name: exact for name in map(str, frame.columns) if (exact := _exact(meta, name))},
        missing_codes={name: codes for name, codes in missing.items() if codes},
        details={"encoding": str(meta.file_encoding)} if meta.file_encoding else {},
    )


def _without_blank_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame in which text of length 0 is missing: these packages have no other empty text."""
    texts = [name for name in frame.columns if is_text(frame[name])]
    return frame.assign(**{name: frame[name].mask(frame[name].eq("").fillna(False).astype(bool)) for name in texts})


def _exact(meta: Any, name: str) -> float | None:
    """Return the largest whole number that a column of fractions keeps; SAS can store numbers in 3 to 8 bytes."""
    kind = meta.readstat_variable_types.get(name)
    if kind == "float":
        return SINGLE
    n_bytes = meta.variable_storage_width.get(name, 8)
    return 2.0 ** min(8 * n_bytes - 11, 53) if kind == "double" else None


def _missing_codes(column: pd.Series, meta: Any, name: str) -> frozenset[str]:
    """Return the codes of a column that the file declares missing: single codes and ranges of numbers."""
    codes = {code_text(code) for code in meta.missing_user_values.get(name, ())}
    for span in meta.missing_ranges.get(name, ()):
        if isinstance(span["lo"], str) or column.dtype == object:
            codes |= {code_text(span["lo"]), code_text(span["hi"])}
        elif pd.api.types.is_numeric_dtype(column):
            inside = column[column.between(span["lo"], span["hi"])]
            codes |= {code_text(float(code)) for code in inside.unique()}
    return frozenset(codes)
