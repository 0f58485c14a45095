"""Cells whose type says more than their value: formulas without a result, truth values, percentages, long numbers."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import pandas as pd

from coxa.cohort.dictionary import Field
from coxa.cohort.mapping.codes import Mask
from coxa.cohort.mapping.problem import Problem
from coxa.cohort.readers.raw import Percent, Unstored

PercentReading = Literal["shown", "stored"]


def checked_types(
    values: pd.Series, wanted: Field, percent: PercentReading | None, exact: float | None
) -> tuple[pd.Series, tuple[Problem, ...]]:
    """Return the values without the cells that their type makes unusable for a field, and the problems.

    Parameters
    ----------
    values
        Cells of a column of the file; it is not changed.
    wanted
        The field that they are read as.
    percent
        How the plan reads numbers that are shown as percentages.
    exact
        Largest whole number that the column keeps digit by digit, where it holds fractions as well.
    """
    problems = list(_unstored(values))
    if wanted.type in ("integer", "number"):
        problems += _truth_values(values)
        if percent is None:
            problems += _percentages(values)
    if wanted.type == "id" and exact is not None:
        problems += _long_numbers(values, exact)
    for problem in problems:
        unusable = np.zeros(len(values), dtype=bool)
        unusable[problem.rows] = True
        values = values.mask(unusable)
    if percent == "shown" and values.dtype == object:
        values = values.map(lambda cell: _as_shown(cell) if isinstance(cell, Percent) else cell)
    return values, tuple(problems)


def truth_values(column: pd.Series) -> Mask:
    """Return which cells are true or false by their type, as in Excel and Parquet; the words are text."""
    if column.dtype == object:
        return _where(column, lambda cell: isinstance(cell, bool | np.bool_))
    if not pd.api.types.is_bool_dtype(column.dtype):
        return np.zeros(len(column), dtype=bool)
    return column.notna().to_numpy(dtype=bool)


def _where(values: pd.Series, kind: Callable[[Any], bool]) -> Mask:
    if values.dtype != object:
        return np.zeros(len(values), dtype=bool)
    return values.map(kind).to_numpy(dtype=bool)


def _unstored(values: pd.Series) -> list[Problem]:
    if values.dtype != object:
        return []
    rules = values.map(lambda cell: (cell.rule, cell.remedy) if isinstance(cell, Unstored) else None)
    return [
        Problem(np.flatnonzero(rules == (rule, remedy)), rule, remedy, rule[:1].lower() + rule[1:])
        for rule, remedy in rules.dropna().unique()
    ]


def _truth_values(values: pd.Series) -> list[Problem]:
    rows = np.flatnonzero(truth_values(values))
    rule = "The cell holds TRUE or FALSE, not a number"
    remedy = "Correct it in the file or under `corrections`. A spreadsheet stores a logical value there."
    return [Problem(rows, rule, remedy, "true or false, not a number")] if len(rows) else []


def _percentages(values: pd.Series) -> list[Problem]:
    rows = np.flatnonzero(_where(values, lambda cell: isinstance(cell, Percent)))
    if not len(rows):
        return []
    first = values.iloc[rows[0]]
    shown = _as_shown(first)
    rule = f"the cell shows a percentage and stores a fraction, as {float(first):g} for {shown:g}%"
    remedy = f"Write `percent: shown` in its table to read {shown:g}, or `percent: stored` to read {float(first):g}."
    return [Problem(rows, rule, remedy, "a percentage of unknown scale")]


def _long_numbers(values: pd.Series, exact: float) -> list[Problem]:
    if values.dtype == object:
        sizes = values.map(lambda cell: abs(cell) if isinstance(cell, int | float) else np.nan).astype(float)
    elif pd.api.types.is_float_dtype(values.dtype):
        sizes = values.abs().astype(float)
    else:
        return []
    rows = np.flatnonzero((sizes > exact).fillna(False).to_numpy(dtype=bool))
    rule = (
        f"The identifier is stored as a number that keeps its digits only up to {exact:,.0f}, so that the last are lost"
    )
    remedy = "Store the identifiers as text at the source, and export them again."
    return [Problem(rows, rule, remedy, "identifier with lost digits")] if len(rows) else []


def _as_shown(share: float) -> float:
    """Return a share as its percentage, in decimals: 0.57 times 100 is not 57 in binary."""
    return float(Decimal(repr(float(share))) * 100)
