"""From a formula and a frame to a design matrix that remembers how it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from formulaic import model_matrix
from formulaic.errors import FormulaicError

from coxa.errors import FitError, OptionError
from coxa.models.formula import GRAMMAR, Formula, read_formula

NAMESPACE: Mapping[str, Any] = {"sqrt": np.sqrt}
"""What a formula can reach beside its columns and formulaic's own transforms."""

FEW_CODES = 5
"""Text columns with at most this many distinct numbers are taken for codes (visit 1 to 4), not for measurements."""


@dataclass(frozen=True, slots=True)
class Design:
    """The rows that are analysed, as arrays, and the recipe for new rows.

    formula       : the checked formula
    x             : (N, p) design
    y             : (N,) outcome
    names         : p readable coefficient names: ``Intercept``, ``visit[week_12]``, ``baseline:visit[week_12]``
    terms         : term -> positions of its coefficients; a term is named by its factors joined with ``:``
    levels        : levels of each categorical column, the reference first
    frame         : (N rows) the columns used on the right, categorical where they were coded so
    complete      : for every row that came in, whether it is analysed
    left_out      : one row per row left out: `row` (its label), `missing` (the columns that were empty)
    unused_levels : levels of a categorical column that no analysed row has
    spec          : formulaic's memory of the coding and of stateful transforms
    """

    formula: Formula
    x: np.ndarray
    y: np.ndarray
    names: tuple[str, ...]
    terms: Mapping[str, tuple[int, ...]]
    levels: Mapping[str, tuple[Any, ...]]
    frame: pd.DataFrame
    complete: np.ndarray
    left_out: pd.DataFrame
    unused_levels: Mapping[str, tuple[Any, ...]]
    spec: Any

    def rows(self, frame: pd.DataFrame) -> np.ndarray:
        """Return the design rows of new data, coded as the analysed rows were.

        Raises
        ------
        OptionError
            A categorical column has a level that the analysed rows do not have.
        """
        coded = {}
        for column in self.formula.variables:
            values = frame[column]
            if column in self.levels:
                unseen = [v for v in pd.unique(values) if v not in self.levels[column]]
                if unseen:
                    seen = ", ".join(map(str, self.levels[column]))
                    raise OptionError(f"'{column}' has no level '{unseen[0]}' in the analysed rows; it has {seen}")
                values = pd.Series(pd.Categorical(values, categories=list(self.levels[column])))
            coded[column] = values.to_numpy() if column not in self.levels else values.array
        if not coded:
            return np.ones((len(frame), len(self.names)))
        matrix = self.spec.get_model_matrix(pd.DataFrame(coded), context=NAMESPACE)
        return np.asarray(matrix, dtype=float)


def design_matrix(text: str, data: pd.DataFrame, *, keep: np.ndarray | None = None, also: Sequence[str] = ()) -> Design:
    """Build the design of a formula, with treatment contrasts for categorical columns.

    A `pandas.Categorical` keeps the order of its categories, strings and booleans get their sorted levels;
    the first level is the reference. Numbers are numbers.

    Parameters
    ----------
    text : str
        ``response ~ terms``; see `coxa.models.formula`.
    data : DataFrame
        Not changed.
    keep : (len(data),) bool, optional
        Rows to consider; the others are left out without being named.
    also : sequence of str
        Columns that an analysed row must have beside those of the formula.

    Raises
    ------
    OptionError
        The formula has something that is not allowed.
    FitError
        The response is not a number, no row is complete, or a transform has no value at some row.

    Examples
    --------
    >>> d = pd.DataFrame({"y": [1.0, 2, 3, None], "arm": ["a", "b", "b", "a"]})
    >>> design = design_matrix("y ~ arm", d)
    >>> design.names
    ('Intercept', 'arm[b]')
    >>> design.left_out.to_dict("records")
    [{'row': 3, 'missing': 'y'}]
    """
    formula = read_formula(text, [str(column) for column in data.columns])
    used = list(dict.fromkeys((formula.response, *formula.variables, *also)))
    considered = np.ones(len(data), dtype=bool) if keep is None else keep
    missing = data[used].isna().to_numpy() & considered[:, None]
    complete = considered & ~missing.any(axis=1)
    if not complete.any():
        raise FitError(
            f"formula '{text}': no row has all of {', '.join(used)}",
            ["look at how many values each of these columns has: data[columns].count()"],
        )
    check_text(data.loc[complete, list(formula.variables)])
    right, levels, unused = coded(data.loc[complete, list(formula.variables)])
    check_levels(text, levels)
    try:
        with np.errstate(divide="ignore", invalid="ignore"):  # check_finite names what has no value
            matrix = model_matrix(formula.right, right, context=NAMESPACE, na_action="ignore", output="numpy")
    except FormulaicError as error:
        reason = str(error).split("\n", 1)[0]
        raise OptionError(f"formula '{text}': {reason} Allowed: {GRAMMAR}") from error
    x = np.asarray(matrix, dtype=float).reshape(int(complete.sum()), -1)
    if x.shape[1] == 0:
        raise OptionError(f"formula '{text}' has no fixed effect on the right; write 1 for a mean alone")
    spec = matrix.model_spec
    columns = [str(name) for name in spec.column_names]
    check_finite(formula, x, columns)
    return Design(
        formula=formula,
        x=x,
        y=response(formula, data.loc[complete, formula.response]),
        names=tuple(name.replace("[T.", "[") for name in columns),
        terms={term_name(term): tuple(range(s.start, s.stop)) for term, s in spec.term_slices.items()},
        levels=levels,
        frame=right,
        complete=complete,
        left_out=left_out(data.index, missing, used),
        unused_levels=unused,
        spec=spec,
    )


def coded(
    frame: pd.DataFrame,
) -> tuple[pd.DataFrame, dict[str, tuple[Any, ...]], dict[str, tuple[Any, ...]]]:
    """Return the frame with text and booleans categorical, the levels of each such column, and unused ones."""
    columns: dict[str, Any] = {}
    levels: dict[str, tuple[Any, ...]] = {}
    unused: dict[str, tuple[Any, ...]] = {}
    for name in frame.columns:
        values = frame[name]
        if isinstance(values.dtype, pd.CategoricalDtype):
            present = values.cat.remove_unused_categories()
            gone = tuple(c for c in values.cat.categories if c not in set(present.cat.categories))
            if gone:
                unused[name] = gone
        elif pd.api.types.is_bool_dtype(values.dtype) or not pd.api.types.is_numeric_dtype(values.dtype):
            present = values.astype(pd.CategoricalDtype(sorted(values.unique())))
        else:
            columns[name] = values.to_numpy(dtype=float)
            continue
        columns[name] = present.array
        levels[name] = tuple(present.cat.categories)
    return pd.DataFrame(columns, index=frame.index), levels, unused


def check_text(frame: pd.DataFrame) -> None:
    """Raise FitError where a text column holds numbers: it would become a factor with a level for each."""
    for name in frame.columns:
        values = frame[name]
        if not pd.api.types.is_string_dtype(values.dtype):
            continue
        distinct = pd.Series(values.unique()).astype(str)
        numbers = pd.to_numeric(distinct.str.replace(",", "."), errors="coerce")
        if len(distinct) > FEW_CODES and numbers.notna().all():
            raise FitError(
                f"'{name}' is text that reads as numbers, such as '{distinct.iloc[0]}'",
                [
                    f"turn it into numbers: data['{name}'].str.replace(',', '.').astype(float)",
                    f"make it a factor on purpose: data['{name}'].astype('category')",
                ],
            )


def check_levels(text: str, levels: Mapping[str, tuple[Any, ...]]) -> None:
    """Raise FitError where a factor has a single level: it would leave the model without a word."""
    for name, there in levels.items():
        if len(there) < 2:
            raise FitError(
                f"formula '{text}': every analysed row has {name} '{there[0]}'; a factor needs two levels",
                [f"leave '{name}' out of the formula", "look whether rows were lost when the data were chosen"],
            )


def response(formula: Formula, values: pd.Series) -> np.ndarray:
    """Return the outcome as numbers."""
    if not pd.api.types.is_numeric_dtype(values.dtype):
        raise FitError(
            f"formula '{formula.text}': the outcome '{formula.response}' is not a number ({values.dtype})",
            ["turn it into numbers first; text in a numeric column is a reading problem, not a model's"],
        )
    y = values.to_numpy(dtype=float)
    if not np.isfinite(y).all():
        raise FitError(
            f"the outcome '{formula.response}' is infinite in {(~np.isfinite(y)).sum()} rows",
            ["correct these values, or leave them empty so that they count as missing"],
        )
    return y


def check_finite(formula: Formula, x: np.ndarray, names: list[str]) -> None:
    """Raise FitError where a transform has no finite value."""
    bad = ~np.isfinite(x)
    if bad.any():
        column = names[int(bad.any(axis=0).argmax())]
        raise FitError(
            f"formula '{formula.text}': '{column}' has no finite value in {bad.any(axis=1).sum()} rows",
            ["a logarithm needs values above 0 and a square root values from 0 up; look at the column"],
        )


def left_out(index: pd.Index, missing: np.ndarray, used: list[str]) -> pd.DataFrame:
    """Return label and missing columns of each row that has any."""
    rows = np.flatnonzero(missing.any(axis=1))
    reasons = [", ".join(name for name, gone in zip(used, missing[i], strict=True) if gone) for i in rows]
    return pd.DataFrame({"row": index[rows], "missing": pd.Series(reasons, dtype="str")})


def term_name(term: Any) -> str:
    """Return the name of a formulaic term: its factors joined with a colon."""
    name = ":".join(str(factor) for factor in term.factors)
    return "Intercept" if name in ("", "1") else name
