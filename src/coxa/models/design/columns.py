"""The columns of a formula: numbers and factors of a frame coded, and the products that the formula makes of them.

Which columns a formula has depends on its words and on the levels of its factors, never on the numbers. formulaic is
asked once, on a few made-up rows; the columns of the analysed rows are then products of arrays, to the last bit the
ones that formulaic gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from formulaic import model_matrix
from formulaic.errors import FormulaicError
from formulaic.transforms import TRANSFORMS
from formulaic.utils.stateful_transforms import stateful_transform

from coxa.errors import FitError, OptionError

Kinds = tuple[tuple[str, tuple[tuple[str, Any], ...] | None], ...]
"""The columns of a formula; of a factor the levels, each with the name of its type, as 1 and True are equal."""

Part = tuple[str, int | None]
"""A column of numbers; or a factor and the place of the level whose rows have 1."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the columns of a design are made of the columns of a frame.

    column_names : as formulaic gives them
    term_slices  : term of formulaic -> its columns
    columns      : for each column of the design, the parts whose product it is; of none, it is 1
    """

    column_names: tuple[str, ...]
    term_slices: Mapping[Any, slice]
    columns: tuple[tuple[Part, ...], ...]

    def get_model_matrix(self, frame: pd.DataFrame, context: Mapping[str, Any] | None = None) -> np.ndarray:  # noqa: ARG002
        """Return the columns (N, p) of rows whose factors are categorical with the levels of the recipe."""
        used = dict.fromkeys(part for made in self.columns for part in made)
        arrays: dict[str, Any] = {name: frame[name].array for name, _ in used}
        parts = {(name, place): _values(arrays[name], place) for name, place in used}
        x = np.ones((len(frame), len(self.columns)))
        for place, made in enumerate(self.columns):
            for part in made:
                x[:, place] *= parts[part]
        return x


def direct(terms: str, frame: pd.DataFrame, levels: Mapping[str, Sequence[Any]]) -> Recipe | None:
    """Return the recipe of terms, or None where they are more than products of numbers and factors.

    Parameters
    ----------
    terms
        The right side of a formula.
    frame
        Its columns, of numbers or categorical.
    levels
        Of each categorical column.

    Raises
    ------
    FormulaicError
        formulaic does not take the terms.
    """
    if "(" in terms:
        return None
    kinds = tuple(
        (str(name), tuple((type(level).__name__, level) for level in levels[name]) if name in levels else None)
        for name in frame.columns
    )
    return _asked(terms, kinds)


@lru_cache(maxsize=256)
def _asked(terms: str, kinds: Kinds) -> Recipe | None:
    """Ask formulaic for the columns, on made-up rows; None where the products are not what it gives."""
    rows = max((len(levels) for _, levels in kinds if levels is not None), default=1) + 3
    numbers = np.sqrt(np.arange(2.0, rows * (len(kinds) + 1) + 2)).reshape(len(kinds) + 1, rows)
    frame = pd.DataFrame({
        name: numbers[place] if levels is None else _factor([level for _, level in levels], rows)
        for place, (name, levels) in enumerate(kinds)
    }, index=range(rows))  # fmt: skip
    matrix = model_matrix(terms, frame, na_action="ignore", output="numpy")
    spec = matrix.model_spec
    number = {name: None if levels is None else len(levels) for name, levels in kinds}
    columns = tuple(
        column for term in spec.structure for scoped in term.scoped_terms for column in _columns(scoped, number)
    )
    recipe = Recipe(tuple(map(str, spec.column_names)), dict(spec.term_slices), columns)
    given = np.asarray(matrix, dtype=float).reshape(rows, -1)
    return recipe if given.shape[1] and np.array_equal(recipe.get_model_matrix(frame), given) else None


def _columns(scoped: Any, number: Mapping[str, int | None]) -> list[tuple[Part, ...]]:
    """Return the columns of a term; the levels of its first factor change fastest."""
    parts: list[list[Part]] = []
    for factor in scoped.factors:
        name = str(factor.factor.expr)
        levels = number[name]
        parts.append([(name, None)] if levels is None else [(name, k) for k in range(int(factor.reduced), levels)])
    return [made[::-1] for made in product(*reversed(parts))]


def _factor(levels: list[Any], rows: int) -> pd.Categorical:
    return pd.Categorical.from_codes(np.arange(rows) % len(levels), pd.Index(levels))


def _values(column: Any, place: int | None) -> np.ndarray:
    return np.asarray(column, dtype=float) if place is None else (column.codes == place).astype(float)


@stateful_transform
def natural_spline(x: Any, df: int = 3, *, _state: dict[str, Any]) -> Any:
    """Return `df` columns of a natural cubic spline with mean zero, so that it stands beside an intercept."""
    return TRANSFORMS["cr"](x, df=df, constraints="center", _state=_state)


NAMESPACE: Mapping[str, Any] = {"sqrt": np.sqrt, "cr": natural_spline}
"""What a formula can reach beside its columns and formulaic's own transforms."""

FEW_CODES = 5
"""Text columns with at most this many distinct numbers are taken for codes (visit 1 to 4), not for measurements."""


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
            f"{reason} Use the natural spline cr, which has values beyond the rows analysed, in place of bs."
        ) from error
    if not np.isfinite(matrix).all():
        bad = (~np.isfinite(matrix)).any(axis=1).sum()
        raise OptionError(
            f"A transform of the formula has no finite value in {bad} of these rows. Leave them out, or correct "
            "their values (a log needs values above 0)."
        )
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
            coded[column] = pd.Categorical.from_codes(places_of(values, levels[column]), pd.Index(levels[column]))
        else:
            numbers = pd.to_numeric(values, errors="coerce")
            if not pd.api.types.is_numeric_dtype(values.dtype) and numbers.isna().any():
                raise OptionError(
                    f"'{column}' is a number in the analysed rows, and {values.dtype} in these. Give numbers."
                )
            coded[column] = numbers.to_numpy(dtype=float)
    return pd.DataFrame(coded)


def places_of(values: pd.Series, levels: tuple[Any, ...]) -> np.ndarray:
    """Return the place of each value (N,) among the levels that its column had.

    Raises
    ------
    OptionError
        There is another level.
    """
    known = {label_text(level): k for k, level in enumerate(levels)}
    codes, distinct = pd.factorize(values, use_na_sentinel=False)
    texts = [label_text(value) for value in distinct]
    unseen = [text for text in texts if text not in known]
    if unseen:
        raise OptionError(
            f"'{values.name}' has no level '{unseen[0]}' in the analysed rows. Choose from {', '.join(known)}."
        )
    return np.array([known[text] for text in texts], dtype=np.intp)[codes]


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
            f"Column '{column}' has values of several kinds, which have no order: {shown}. Write all of them "
            "as text, or make the column categorical with its levels in order."
        ) from None


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
    frame: pd.DataFrame | Mapping[str, pd.Series], names: Sequence[str], index: pd.Index
) -> tuple[pd.DataFrame, dict[str, tuple[Any, ...]], dict[str, tuple[Any, ...]]]:
    """Return columns with text and booleans categorical, the levels of each such one, and unused ones.

    `index` is that of the columns; looking each of them up in a frame takes longer than coding it.
    """
    columns: dict[str, Any] = {}
    levels: dict[str, tuple[Any, ...]] = {}
    unused: dict[str, tuple[Any, ...]] = {}
    for name in names:
        values = frame[name]
        if isinstance(values.dtype, pd.CategoricalDtype):
            present, gone = used_levels(values.array)
            if gone:
                unused[name] = gone
        elif pd.api.types.is_bool_dtype(values.dtype) or not pd.api.types.is_numeric_dtype(values.dtype):
            codes, distinct = pd.factorize(values)
            order = in_order(distinct, name)
            place = {level: k for k, level in enumerate(order)}
            places = np.array([place[level] for level in distinct], dtype=np.intp)[codes]
            present = pd.Categorical.from_codes(places, pd.Index(list(order)))
        else:
            columns[name] = np.array(values, dtype=float)
            continue
        columns[name] = present
        levels[name] = tuple(present.categories)
    return pd.DataFrame(columns, index=index, copy=False), levels, unused


def used_levels(values: Any) -> tuple[pd.Categorical, tuple[Any, ...]]:
    """Return a categorical array with the levels alone that occur, as a copy, and the others."""
    counts = np.bincount(values.codes + 1, minlength=len(values.categories) + 1)[1:]
    if counts.all():
        return values.copy(), ()
    return values.remove_unused_categories(), tuple(values.categories[counts == 0])


def check_text(frame: pd.DataFrame | Mapping[str, pd.Series], names: Iterable[str]) -> None:
    """Raise FitError where a column of text numbers, or of dates, would become a factor with a level for each."""
    for name in names:
        values = frame[name]
        if values.dtype.kind in "mM":
            raise FitError(
                f"'{name}' is a date or a duration ({values.dtype}), which would become a factor with a level for each",
                [f"Turn it into a number of days: (data['{name}'] - start).dt.days, or .dt.days of a duration."],
            )
        if not pd.api.types.is_string_dtype(values.dtype):
            continue
        different = values.unique()
        if len(different) <= FEW_CODES:
            continue
        distinct = pd.Series(different).astype(str)
        if pd.to_numeric(distinct.str.replace(",", "."), errors="coerce").notna().all():
            raise FitError(
                f"'{name}' is text that reads as numbers, such as '{distinct.iloc[0]}'",
                [
                    f"Turn it into numbers: data['{name}'].str.replace(',', '.').astype(float).",
                    f"Make it a factor on purpose: data['{name}'].astype('category').",
                ],
            )
