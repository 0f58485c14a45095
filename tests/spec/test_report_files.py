"""Files beside the report: nothing in a CSV is computed by a spreadsheet."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest

from coxa.report.output.csv_files import harmless, write_csv
from coxa.report.write import write_results
from tests.spec.small_trial import report


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=HYPERLINK(x)", "＝1+1"]
)
def test_a_formula_gets_an_apostrophe(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("value", ["-2.5", "+3", "-1e-5", "", "a=b", "'=1", -2.5, 3, None, "−1.2"])
def test_numbers_and_other_texts_stay(value: object) -> None:
    assert harmless(value) == value


def test_a_csv_keeps_numbers_and_disarms_texts(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "text": ["=1+1", "-2.5", "fine"],
            "number": [-1.5, 2.0, None],
            "mixed": ["@x", -3, 4.5],
            "level": pd.Categorical(["+a", "b", "b"]),
        }
    )
    before = frame.copy(deep=True)
    with write_csv(frame, tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[1:] == [["'=1+1", "-1.5", "'@x", "'+a"], ["-2.5", "2.0", "-3", "b"], ["fine", "", "4.5", "b"]]
    pd.testing.assert_frame_equal(frame, before)


def test_no_cell_of_a_results_file_begins_a_formula(tmp_path: Path) -> None:
    made = report("=HYPERLINK(1)")
    for path in write_results(made, tmp_path):
        if path.suffix == ".csv":
            with path.open(newline="") as file:
                cells = [cell for row in csv.reader(file) for cell in row]
            assert all(harmless(cell) == cell for cell in cells), path.name


def test_estimates_are_marked_where_the_estimand_does_not_name_their_visit(tmp_path: Path) -> None:
    """The estimand is about week 12, the model has three visits more."""
    made = report()
    write_results(made, tmp_path)
    frame = pd.read_csv(tmp_path / "estimates.csv")
    assert list(frame.columns) == [*made.estimates.frame.columns, "of_estimand"]
    marked = frame[frame["analysis"] == "primary"].groupby("visit")["of_estimand"].unique().map(list).to_dict()
    assert marked == {"week_6": [False], "week_12": [True], "week_26": [False], "week_52": [False]}
    kept = pd.read_parquet(tmp_path / "estimates.parquet")
    assert kept["of_estimand"].to_list() == frame["of_estimand"].to_list()
