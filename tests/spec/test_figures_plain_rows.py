"""Data of charts as plain values: those of Altair's own conversion."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd
import pytest

from coxa.figures.figure import Figure
from coxa.figures.plain_rows import plain_rows
from tests.spec.small_trial import built

FRAMES = {
    "numbers": pd.DataFrame({"a": [1, 2], "b": [0.1, np.nan], "c": [np.inf, -1e300]}),
    "nullable": pd.DataFrame({"n": pd.array([1, None], "Int64"), "x": pd.array([None, 0.5], "Float64")}),
    "truth": pd.DataFrame({"t": [True, False], "u": pd.array([True, None], "boolean")}),
    "texts": pd.DataFrame({"s": ["a", None], "k": pd.Categorical(["x", None]), "o": np.array(["", np.nan], object)}),
    "mixed": pd.DataFrame({"o": np.array([1, "one"], object)}),
    "dates": pd.DataFrame({"d": pd.to_datetime(["2024-02-29", None])}),
    "lists": pd.DataFrame({"l": [[1, 2], [3]]}),
    "no rows": pd.DataFrame({"a": pd.Series([], dtype=float)}),
    "no columns": pd.DataFrame(),
}


@pytest.mark.parametrize("name", FRAMES)
def test_rows_are_those_of_altair(name: str) -> None:
    mine, theirs = plain_rows(FRAMES[name]), alt.default_data_transformer(FRAMES[name])
    assert mine == theirs
    assert [[type(value) for value in row.values()] for row in mine["values"]] == [
        [type(value) for value in row.values()] for row in theirs["values"]
    ]


def test_more_rows_than_altair_allows_are_drawn() -> None:
    points = pd.DataFrame({"x": np.arange(6000.0)})
    figure = Figure("points", "Points", alt.Chart(points).mark_point().encode(x="x:Q"), "Points.", points)
    assert figure.spec().count(".0}") == 6000
    assert alt.data_transformers.active == "default"


def test_charts_of_a_report_are_valid() -> None:
    charts = [figure.chart for figure in built().figures() if figure.spec()]
    assert len(charts) > 5
    for chart in charts:
        assert chart.to_dict(validate=True)["$schema"].startswith("https://vega.github.io/schema/vega-lite/")
