"""Parquet files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.parquet as arrow_parquet

from coxa.cohort.readers.raw import DOUBLE, SINGLE, ReadOptions, Sheet, check_header
from coxa.cohort.readers.size import COLUMN_CELLS, check_bytes, check_cells


def read_parquet(path: Path, options: ReadOptions) -> Sheet:
    """Read a Parquet file; see `arrow_sheet`."""
    _check_size(arrow_parquet.read_metadata(path), options)
    return arrow_sheet(arrow_parquet.read_table(path))


def arrow_sheet(table: pa.Table) -> Sheet:
    """Return an Arrow table as a sheet; categories become their words, long whole numbers keep every digit."""
    check_header([str(name) for name in table.column_names])
    frame = table.to_pandas(ignore_metadata=True, strings_to_categorical=False)
    for name in frame.columns:
        if isinstance(frame[name].dtype, pd.CategoricalDtype):
            frame[name] = frame[name].astype(frame[name].cat.categories.dtype)
    long = {name: table[name].to_pandas(types_mapper=_nullable) for name in table.column_names if _is_long(table[name])}
    return Sheet(
        frame.assign(**long).reset_index(drop=True),
        np.arange(1, len(frame) + 1, dtype=np.int64),
        exact={name: _exact(table[name].type) for name in table.column_names if pa.types.is_floating(table[name].type)},
    )


def _check_size(found: arrow_parquet.FileMetaData, options: ReadOptions) -> None:
    check_cells(found.num_rows * found.num_columns, options, COLUMN_CELLS)
    groups = [found.row_group(k) for k in range(found.num_row_groups)]
    check_bytes(sum(group.total_byte_size for group in groups), options, COLUMN_CELLS)


def _is_long(column: pa.ChunkedArray) -> bool:
    """Say whether pandas would round whole numbers of a column to floats, as it does where there are gaps."""
    if not pa.types.is_integer(column.type) or not column.null_count or column.null_count == len(column):
        return False
    ends = compute.min_max(column)
    return max(abs(ends["min"].as_py()), abs(ends["max"].as_py())) > DOUBLE


def _nullable(kind: pa.DataType) -> pd.api.extensions.ExtensionDtype:
    return pd.UInt64Dtype() if pa.types.is_unsigned_integer(kind) else pd.Int64Dtype()


def _exact(kind: pa.DataType) -> float:
    return DOUBLE if pa.types.is_float64(kind) else SINGLE
