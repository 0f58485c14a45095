"""The columns that groups are made alike in: numbers as they are, and categories as levels against their first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coxa.errors import CoxaError, FitError, OptionError, check_known

FIRST_ROWS = 5
"""Rows that a message names."""


def confounder_matrix(data: pd.DataFrame, confounders: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the columns (n, p) of confounders, without a constant, and their names.

    A number is one column. Of a category, text or a yes-or-no variable each level but the first is one, in the order
    of its categories, else sorted.

    Raises
    ------
    OptionError
        No confounder is named, or a column is unknown.
    FitError
        A confounder is missing in some row; the message names the rows.

    Examples
    --------
    >>> data = pd.DataFrame({"age": [50.0, 60.0], "sex": ["female", "male"]})
    >>> values, names = confounder_matrix(data, ["age", "sex"])
    >>> names, values.tolist()
    (('age', 'sex=male'), [[50.0, 0.0], [60.0, 1.0]])
    """
    if not confounders:
        raise OptionError("`confounders` is empty. Name the variables that both the groups and the outcome depend on.")
    columns, names = [], []
    for name in confounders:
        check_known("column", name, [str(column) for column in data.columns])
        values = data[name]
        missing = [str(label) for label in data.index[values.isna()]]
        if missing:
            more = f" and {len(missing) - FIRST_ROWS} more" if len(missing) > FIRST_ROWS else ""
            rows = "row" if len(missing) == 1 else "rows"
            raise FitError(
                f"`{name}` is missing in {len(missing)} {rows}: {', '.join(missing[:FIRST_ROWS])}{more}",
                ["Impute it first by `coxa.impute.impute_covariates`.", "Leave these participants out by name."],
            )
        if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
            columns.append(values.to_numpy(dtype=float))
            names.append(name)
            continue
        for level in levels_of(values)[1:]:
            columns.append((values.astype(str) == level).to_numpy(dtype=float))
            names.append(f"{name}={level}")
    return np.column_stack(columns) if columns else np.empty((len(data), 0)), tuple(names)


def levels_of(values: pd.Series) -> list[str]:
    """Return the levels that occur: categories in their order, else sorted.

    Examples
    --------
    >>> levels_of(pd.Series(["no", "yes", "no"]))
    ['no', 'yes']
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        return [str(level) for level in values.cat.remove_unused_categories().cat.categories]
    return sorted(set(values.astype(str)))


def two_groups(data: pd.DataFrame, group: str, treated: object) -> np.ndarray:
    """Return (n,) whether a row is of the treated group; the column has exactly two groups.

    Raises
    ------
    CoxaError
        The column is unknown, has a missing value, or does not have two groups.
    """
    check_known("column", group, [str(column) for column in data.columns])
    if data[group].isna().any():
        row = data.index[data[group].isna()][0]
        raise FitError(f"`{group}` is missing in row {row}", ["Fill it in, or leave the row out."])
    there = sorted(set(data[group].astype(str)))
    if str(treated) not in there or len(there) != 2:
        raise CoxaError(
            f"`{group}` has the groups {', '.join(there)}. Give rows of two groups, and name one of them as `treated`."
        )
    return (data[group].astype(str) == str(treated)).to_numpy()
