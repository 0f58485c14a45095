"""Data of charts as plain values, and charts that are not checked piece by piece: both take longer than drawing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from typing import Any

import pandas as pd

PLAIN = (str, int, float, bool, type(None))
NAME = "coxa"
"""Of the conversion among those of Altair."""


@contextmanager
def with_plain_rows() -> Iterator[None]:
    """Have Altair convert the data of charts by `plain_rows`, however many rows they have."""
    import altair as alt

    alt.data_transformers.register(NAME, plain_rows)
    with alt.data_transformers.enable(NAME):
        yield


@contextmanager
def unchecked() -> Iterator[None]:
    """Have Altair not check each part of a chart against its schema while the chart is made.

    The charts of a report are of coxa's own making, and a test checks them whole.
    """
    from altair.utils.schemapi import debug_mode

    with debug_mode(False):
        yield


def plain_rows(data: Any) -> Any:
    """Return the data of a chart as a record for each row; what is missing or not finite is None.

    Altair's conversion copies the whole table for each of its columns. It is asked where a value is no text, number or
    truth value, such as a date.

    Examples
    --------
    >>> plain_rows(pd.DataFrame({"day": [0, 42], "pain": [6.1, float("nan")]}))
    {'values': [{'day': 0, 'pain': 6.1}, {'day': 42, 'pain': None}]}
    """
    columns = [_plain(data[name].tolist()) for name in data] if isinstance(data, pd.DataFrame) else [None]
    if any(column is None for column in columns):
        import altair as alt

        return alt.to_values(data)
    return {"values": [dict(zip(data.columns, row, strict=True)) for row in zip(*columns, strict=True)]}


def _plain(values: list[Any]) -> list[Any] | None:
    """Return values of a column; None where one of them is of another kind."""
    known = [None if value is pd.NA else value for value in values]
    if not all(isinstance(value, PLAIN) for value in known):
        return None
    return [None if isinstance(value, float) and not isfinite(value) else value for value in known]
