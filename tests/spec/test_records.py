"""Rows of a frame as records are those of pandas, for each kind of column."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coxa.tables.records import records

COLUMNS = {
    "text": pd.Series(["a", None], dtype="str"),
    "text with NA": pd.Series(["a", None], dtype="string"),
    "number": pd.Series([1.5, np.nan]),
    "count": pd.Series([1, None], dtype="Int64"),
    "whole": pd.Series([1, 2]),
    "boolean": pd.Series([True, False]),
    "day": pd.to_datetime(pd.Series(["2024-01-31", None])),
    "days": pd.Series([pd.Timedelta(days=2), pd.NaT]),
    "category": pd.Series(["a", "b"], dtype="category"),
    "anything": pd.Series([np.float64(1.5), "a"], dtype=object),
    "numbers in objects": pd.Series([np.int64(2), np.bool_(True)], dtype=object),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_record_has_the_values_that_pandas_gives(kind: str) -> None:
    frame = pd.DataFrame({kind: COLUMNS[kind], "other": ["x", "y"]})
    expected = frame.to_dict("records")
    got = records(frame)
    assert repr(got) == repr(expected)
    assert [type(row[kind]) for row in got] == [type(row[kind]) for row in expected]


def test_a_frame_without_columns_or_rows_has_records_without_values() -> None:
    assert records(pd.DataFrame(index=[0, 1])) == [{}, {}]
    assert records(pd.DataFrame(columns=["a"])) == []
