"""Frames from pandas, polars or pyarrow, taken as they come and turned into one kind at the edge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

import pandas as pd

if TYPE_CHECKING:
    import pyarrow as pa


@runtime_checkable
class ColumnarFrame(Protocol):
    """A table with named columns that other libraries can read: `polars.DataFrame`, `pyarrow.Table` and the like."""

    @property
    def columns(self) -> Any:
        """The columns, or their names."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Hand the columns over in the format of Apache Arrow."""


Frame: TypeAlias = pd.DataFrame | ColumnarFrame
"""A frame of pandas, polars or pyarrow."""


def as_pandas(frame: Frame) -> pd.DataFrame:
    """Return a frame as a pandas frame: a pandas frame as it is, any other as a copy.

    Parameters
    ----------
    frame
        Of pandas, polars or pyarrow. Not changed.

    Returns
    -------
    DataFrame
        The same columns and rows. Missing values become pandas' own; whole numbers with gaps become fractions.

    Examples
    --------
    >>> import pyarrow as pa
    >>> as_pandas(pa.table({"arm": ["a", "b"], "pain": [2.5, None]}))
      arm  pain
    0   a   2.5
    1   b   NaN
    """
    if isinstance(frame, pd.DataFrame):
        return frame
    import narwhals.stable.v2 as narwhals

    native: Any = frame
    return narwhals.from_native(native, eager_only=True).to_pandas()


def as_arrow(frame: Frame) -> pa.Table:
    """Return a frame as an Arrow table, without an index.

    Examples
    --------
    >>> as_arrow(pd.DataFrame({"pain": [2.5, 3.0]})).column_names
    ['pain']
    """
    import pyarrow as pa

    if isinstance(frame, pd.DataFrame):
        return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata()
    import narwhals.stable.v2 as narwhals

    native: Any = frame
    return narwhals.from_native(native, eager_only=True).to_arrow()


def among(column: pd.Series, listed: pd.Series) -> pd.Series:
    """Return which cells of a column are one of those listed, as `isin` does, in one pass over long lists of text.

    Examples
    --------
    >>> among(pd.Series(["a", "b", "c"]), pd.Series(["c", "a"])).tolist()
    [True, False, True]
    """
    if not all(isinstance(part.dtype, pd.StringDtype) for part in (column, listed)):
        return column.isin(listed)
    import pyarrow as pa
    import pyarrow.compute as compute

    cells, words = (pa.array(part, pa.large_string(), from_pandas=True) for part in (column, listed))
    found = compute.is_in(cells, value_set=words)
    return pd.Series(found.to_numpy(zero_copy_only=False), index=column.index, dtype=bool)
