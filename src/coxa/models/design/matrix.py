"""From a formula and a frame to a design matrix that remembers how it was made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from formulaic import model_matrix
from formulaic.errors import FormulaicError
from formulaic.transforms import TRANSFORMS
from formulaic.utils.stateful_transforms import stateful_transform

from coxa.errors import FitError, OptionError
from coxa.models.design.formula import GRAMMAR, Formula, read_formula
from coxa.models.design.recipe import direct


@stateful_transform
def natural_spline(x: Any, df: int = 3, *, _state: dict[str, Any]) -> Any:
    """Return `df` columns of a natural cubic spline with mean zero, so that it stands beside an intercept."""
    return TRANSFORMS["cr"](x, df=df, constraints="center", _state=_state)


NAMESPACE: Mapping[str, Any] = {"sqrt": np.sqrt, "cr": natural_spline}
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
    spec          : the recipe for new rows: a `Recipe`, or formulaic's memory of the coding and of stateful transforms
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

    @property
    def unused_said(self) -> tuple[str, ...]:
        """A sentence for each categorical column with levels that no analysed row has."""
        return tuple(
            f"no analysed row has {column} {', '.join(map(str, levels))}"
            for column, levels in self.unused_levels.items()
        )

    def rows(self, frame: pd.DataFrame) -> np.ndarray:
        """Return the design rows of new data, coded as the analysed rows were.

        Raises
        ------
        OptionError
            A categorical column has a level that the analysed rows do not have, or a numeric one has text.
        """
        if not self.formula.variables or not len(frame):
            return np.ones((len(frame), len(self.names)))
        coded = coded_as(frame, self.formula.variables, self.levels)
        return materialised(self.spec, coded)


def materialised(spec: Any, frame: pd.DataFrame) -> np.ndarray:
    """Return the columns (N, q) that a recipe makes of new rows.

    Raises
    ------
    OptionError
        A transform has no finite value in some row, such as a spline ``bs`` beyond the rows that it was made on.
    """
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            matrix = np.asarray(spec.get_model_matrix(frame, context=NAMESPACE), dtype=float)
    except FormulaicError as error:
        reason = str(error).split("\n", 1)[0]
        raise OptionError(
            f"{reason} In place of bs, the natural spline cr has values beyond the rows analysed"
        ) from error
    if not np.isfinite(matrix).all():
        bad = (~np.isfinite(matrix)).any(axis=1).sum()
        raise OptionError(f"a transform of the formula has no finite value in {bad} of these rows; a log is above 0")
    return matrix.reshape(len(frame), -1)


def coded_as(frame: pd.DataFrame, columns: Sequence[str], levels: Mapping[str, tuple[Any, ...]]) -> pd.DataFrame:
    """Return columns of new rows as numbers, or as categories with the levels they had; 1 is the level '1'.

    Raises
    ------
    OptionError
        There is another level, or text in place of a number.
    """
    coded: dict[str, Any] = {}
    for column in columns:
        values = frame[column]
        if column in levels:
            known = {label_text(level): k for k, level in enumerate(levels[column])}
            texts = [label_text(value) for value in values]
            unseen = [text for text in texts if text not in known]
            if unseen:
                raise OptionError(
                    f"'{column}' has no level '{unseen[0]}' in the analysed rows; it has {', '.join(known)}"
                )
            coded[column] = pd.Categorical.from_codes([known[text] for text in texts], pd.Index(levels[column]))
        else:
            numbers = pd.to_numeric(values, errors="coerce")
            if not pd.api.types.is_numeric_dtype(values.dtype) and numbers.isna().any():
                raise OptionError(f"'{column}' is a number in the analysed rows; in these it is not ({values.dtype})")
            coded[column] = numbers.to_numpy(dtype=float)
    return pd.DataFrame(coded)


def label_text(label: Any) -> str:
    """Return a level as text, whole numbers without a decimal point."""
    if isinstance(label, float | np.floating) and float(label).is_integer():
        return str(int(label))
    return str(label)


def in_order(values: Iterable[Any], column: Any) -> tuple[Any, ...]:
    """Return the levels of a column sorted.

    Raises
    ------
    OptionError
        They are of kinds that have no order, such as numbers and text.
    """
    levels = list(values)
    try:
        return tuple(sorted(levels))
    except TypeError:
        kinds = {type(level).__name__: level for level in reversed(levels)}
        shown = ", ".join(f"{level!r} ({kind})" for kind, level in sorted(kinds.items()))
        raise OptionError(
            f"column '{column}' has values of several kinds, which have no order: {shown}. Write all of them as text, "
            "or make the column categorical with its levels in order"
        ) from None


def design_matrix(text: str, data: pd.DataFrame, *, keep: np.ndarray | None = None, also: Sequence[str] = ()) -> Design:
    """Build the design of a formula, with treatment contrasts for categorical columns.

    A `pandas.Categorical` keeps the order of its categories, strings and booleans get their sorted levels;
    the first level is the reference. Numbers are numbers.

    Parameters
    ----------
    text : str
        ``response ~ terms``; see `coxa.models.design.formula`.
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
        The response is not a number, no row is complete, a transform has no value at some row, or a column is a date.

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
    check_once(data, used)
    considered = np.ones(len(data), dtype=bool) if keep is None else keep
    missing = data[used].isna().to_numpy() & considered[:, None]
    complete = considered & ~missing.any(axis=1)
    if not complete.any():
        raise FitError(
            f"formula '{text}': no row has all of {', '.join(used)}",
            ["Look at how many values each of these columns has: data[columns].count()."],
        )
    check_text(data.loc[complete, list(formula.variables)])
    right, levels, unused = coded(data.loc[complete, list(formula.variables)])
    check_levels(text, levels)
    try:
        with np.errstate(divide="ignore", invalid="ignore"):  # check_finite names what has no value
            x, spec = columns_of(formula.right, right, levels)
    except FormulaicError as error:
        reason = str(error).split("\n", 1)[0]
        raise OptionError(f"formula '{text}': {reason} Allowed: {GRAMMAR}") from error
    if x.shape[1] == 0:
        raise OptionError(f"formula '{text}' has no fixed effect on the right; write 1 for a mean alone")
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


def columns_of(terms: str, frame: pd.DataFrame, levels: Mapping[str, Sequence[Any]]) -> tuple[np.ndarray, Any]:
    """Return the columns (N, p) that terms make of coded columns, and the recipe for new rows.

    Raises
    ------
    FormulaicError
        The terms are not taken.
    """
    recipe = direct(terms, frame, levels)
    if recipe is not None:
        return recipe.get_model_matrix(frame), recipe
    matrix = model_matrix(terms, frame, context=NAMESPACE, na_action="ignore", output="numpy")
    return np.asarray(matrix, dtype=float).reshape(len(frame), -1), matrix.model_spec


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
            present = values.astype(pd.CategoricalDtype(list(in_order(values.unique(), name))))
        else:
            columns[name] = values.to_numpy(dtype=float)
            continue
        columns[name] = present.array
        levels[name] = tuple(present.cat.categories)
    return pd.DataFrame(columns, index=frame.index), levels, unused


def check_once(data: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raise OptionError where two columns have the name of one that is used."""
    names = [str(name) for name in data.columns]
    for column in columns:
        if names.count(column) > 1:
            raise OptionError(f"{names.count(column)} columns are named '{column}'; keep one, or rename the others")


def check_text(frame: pd.DataFrame) -> None:
    """Raise FitError where a column of text numbers, or of dates, would become a factor with a level for each."""
    for name in frame.columns:
        values = frame[name]
        if values.dtype.kind in "mM":
            raise FitError(
                f"'{name}' is a date or a duration ({values.dtype}), which would become a factor with a level for each",
                [f"Turn it into a number of days: (data['{name}'] - start).dt.days, or .dt.days of a duration."],
            )
        if not pd.api.types.is_string_dtype(values.dtype):
            continue
        distinct = pd.Series(values.unique()).astype(str)
        numbers = pd.to_numeric(distinct.str.replace(",", "."), errors="coerce")
        if len(distinct) > FEW_CODES and numbers.notna().all():
            raise FitError(
                f"'{name}' is text that reads as numbers, such as '{distinct.iloc[0]}'",
                [
                    f"Turn it into numbers: data['{name}'].str.replace(',', '.').astype(float).",
                    f"Make it a factor on purpose: data['{name}'].astype('category').",
                ],
            )


def check_levels(text: str, levels: Mapping[str, tuple[Any, ...]]) -> None:
    """Raise FitError where a factor has a single level: it would leave the model without a word."""
    for name, there in levels.items():
        if len(there) < 2:
            raise FitError(
                f"formula '{text}': every analysed row has {name} '{there[0]}'; a factor needs two levels",
                [f"Leave '{name}' out of the formula.", "Look whether rows were lost when the data were chosen."],
            )


def response(formula: Formula, values: pd.Series) -> np.ndarray:
    """Return the outcome as numbers."""
    if not pd.api.types.is_numeric_dtype(values.dtype):
        raise FitError(
            f"formula '{formula.text}': the outcome '{formula.response}' is not a number ({values.dtype})",
            ["Turn it into numbers first; text in a numeric column is a reading problem, not a model's."],
        )
    y = values.to_numpy(dtype=float)
    if not np.isfinite(y).all():
        raise FitError(
            f"the outcome '{formula.response}' is infinite in {(~np.isfinite(y)).sum()} rows",
            ["Correct these values, or leave them empty so that they count as missing."],
        )
    return y


def check_finite(formula: Formula, x: np.ndarray, names: list[str]) -> None:
    """Raise FitError where a transform has no finite value."""
    bad = ~np.isfinite(x)
    if bad.any():
        column = names[int(bad.any(axis=0).argmax())]
        raise FitError(
            f"formula '{formula.text}': '{column}' has no finite value in {bad.any(axis=1).sum()} rows",
            [
                "A logarithm needs values above 0 and a square root values from 0 up; look at the column.",
                "Correct infinite values, or leave them empty so that they count as missing.",
            ],
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
