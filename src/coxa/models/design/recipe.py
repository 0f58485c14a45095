"""Columns of a formula of numbers and factors as products: what formulaic makes of it is asked once, not for each fit.

Which columns a formula has depends on its words and on the levels of its factors, never on the numbers. formulaic is
given a few made-up rows for that; the columns of the analysed rows are then products of arrays, to the last bit the
ones that formulaic gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from formulaic import model_matrix

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
        parts = {part: _values(frame, part) for part in dict.fromkeys(part for made in self.columns for part in made)}
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


def _values(frame: pd.DataFrame, part: Part) -> np.ndarray:
    name, place = part
    values = frame[name]
    if place is None:
        return values.to_numpy(dtype=float)
    return (values.cat.codes.to_numpy() == place).astype(float)
