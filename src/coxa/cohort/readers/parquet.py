"""Parquet files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as arrow_parquet

from coxa.cohort.readers.raw import ReadOptions, Sheet, check_header


def read_parquet(path: Path, options: ReadOptions) -> Sheet:  # noqa: ARG001 - the file describes itself
    """Read a Parquet file; categories become their words."""
    table = arrow_parquet.read_table(path)
    check_header([str(name) for name in table.column_names])
    frame = table.to_pandas(ignore_metadata=True, strings_to_categorical=False)
    for name in frame.columns:
        if isinstance(frame[name].dtype, pd.CategoricalDtype):
            frame[name] = frame[name].astype(frame[name].cat.categories.dtype)
    return Sheet(frame.reset_index(drop=True), np.arange(1, len(frame) + 1, dtype=np.int64))
