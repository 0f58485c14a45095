"""From a formula and a frame to a design matrix that remembers how it was made, and to an orthonormal basis of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from formulaic.errors import FormulaicError
from scipy.linalg import qr, solve_triangular

from coxa.errors import FitError, OptionError, RankDeficientError
from coxa.models.design.columns import check_text, coded, coded_as, columns_of, materialised
from coxa.models.design.formula import GRAMMAR, Formula, read_formula


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

    def rows_as(self, column: str, place: int) -> np.ndarray:
        """Return the design rows of the analysed rows with a factor at one level, given by its place among these."""
        levels = self.frame[column].cat.categories
        same = pd.Categorical.from_codes(np.full(len(self.frame), place), levels)
        return materialised(self.spec, self.frame.assign(**{column: same}))


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
    columns: Mapping[str, pd.Series] = {name: data[name] for name in used}
    missing = np.array([values.array.isna() for values in columns.values()]) & considered
    complete = considered & ~missing.any(axis=0)
    if not complete.any():
        raise FitError(
            f"formula '{text}': no row has all of {', '.join(used)}",
            ["Look at how many values each of these columns has: data[columns].count()."],
        )
    if not complete.all():
        columns = {name: values[complete] for name, values in columns.items()}
    check_text(columns, formula.variables)
    right, levels, unused = coded(columns, formula.variables, columns[formula.response].index)
    check_levels(text, levels)
    try:
        with np.errstate(divide="ignore", invalid="ignore"):  # check_finite names what has no value
            x, spec = columns_of(formula.right, right, levels)
    except FormulaicError as error:
        reason = str(error).split("\n", 1)[0]
        raise OptionError(f"Formula '{text}': {reason} Allowed: {GRAMMAR}.") from error
    if x.shape[1] == 0:
        raise OptionError(f"Formula '{text}' has no fixed effect on the right. Write 1 for a mean alone.")
    names = [str(name) for name in spec.column_names]
    check_finite(formula, x, names)
    return Design(
        formula=formula,
        x=x,
        y=response(formula, columns[formula.response]),
        names=tuple(name.replace("[T.", "[") for name in names),
        terms={term_name(term): tuple(range(s.start, s.stop)) for term, s in spec.term_slices.items()},
        levels=levels,
        frame=right,
        complete=complete,
        left_out=left_out(data.index, missing, used),
        unused_levels=unused,
        spec=spec,
    )


def complete_rows(data: pd.DataFrame, complete: np.ndarray) -> pd.DataFrame:
    """Return the complete rows of a frame: the frame itself where all are complete.

    Taking rows copies them, which for a small model takes as long as fitting it. What is kept of them must be a copy.
    """
    return data if complete.all() else data.loc[complete]


def check_once(data: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raise OptionError where two columns have the name of one that is used."""
    names = [str(name) for name in data.columns]
    for column in columns:
        if names.count(column) > 1:
            raise OptionError(f"{names.count(column)} columns are named '{column}'. Keep one, or rename the others.")


def check_levels(text: str, levels: Mapping[str, tuple[Any, ...]]) -> None:
    """Raise FitError where a factor has a single level: it would leave the model without a word."""
    for name, there in levels.items():
        if len(there) < 2:
            raise FitError(
                f"formula '{text}': every analysed row has {name} '{there[0]}', and a factor has two levels or more",
                [f"Leave '{name}' out of the formula.", "Look whether rows were lost when the data were chosen."],
            )


def response(formula: Formula, values: pd.Series) -> np.ndarray:
    """Return the outcome as numbers."""
    if not pd.api.types.is_numeric_dtype(values.dtype):
        raise FitError(
            f"formula '{formula.text}': the outcome '{formula.response}' is not a number ({values.dtype})",
            ["Turn it into numbers first, where the data are read."],
        )
    y = np.array(values, dtype=float)
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
                "Check the column. A logarithm needs values above 0, and a square root values from 0 up.",
                "Correct infinite values, or leave them empty so that they count as missing.",
            ],
        )


def left_out(index: pd.Index, missing: np.ndarray, used: list[str]) -> pd.DataFrame:
    """Return label and missing columns of each row that has any; `missing` is (used, rows)."""
    rows = np.flatnonzero(missing.any(axis=0))
    if not len(rows):
        return nothing_left_out(("row", "missing")).copy()
    reasons = [", ".join(name for name, gone in zip(used, missing[:, i], strict=True) if gone) for i in rows]
    return pd.DataFrame({"row": index[rows], "missing": pd.Series(reasons, dtype="str")})


@lru_cache(maxsize=64)
def nothing_left_out(columns: tuple[str, ...]) -> pd.DataFrame:
    """Return the frame of rows left out where none was, to be copied: making one takes as long as coding a design."""
    return pd.DataFrame({name: pd.Series([], dtype="int64" if name == "row" else "str") for name in columns})


def term_name(term: Any) -> str:
    """Return the name of a formulaic term: its factors joined with a colon."""
    name = ":".join(str(factor) for factor in term.factors)
    return "Intercept" if name in ("", "1") else name


DEPENDENT = 1e-9
"""Part of a column's length that the other columns must leave unexplained for it to count as its own."""

WELL_CONDITIONED = 1e-3
"""Part of a column's length that the columns before it must leave for Cholesky's factor to be used."""

FAR_APART = 0.1
"""The same part, above which one pass of Cholesky's factor is enough."""

IN_COMBINATION = 1e-6
"""Smallest coefficient, between columns of unit length, at which a column is named in a combination."""


@dataclass(frozen=True, slots=True)
class Basis:
    """Orthonormal coordinates of a design: x = q r.

    The likelihood is computed in these, where no scale and no origin of a covariate can cost accuracy.

    wide : (N, p + beside) orthonormal columns, and room for what is analysed with them
    back : (p, p) inverse of r; coefficients are back @ coefficients in the basis
    log_det : log |det r|
    """

    wide: np.ndarray
    back: np.ndarray
    log_det: float

    @property
    def q(self) -> np.ndarray:
        """The orthonormal columns (N, p)."""
        return self.wide[:, : len(self.back)]


def orthonormal(x: np.ndarray, names: Sequence[str], *, beside: int = 0) -> Basis:
    """Return the basis of x (N, p), with room for some columns on its right, which are not set.

    Raises
    ------
    RankDeficientError
        Columns are combinations of others; the message names both.
    """
    gram = x.T @ x
    length = np.sqrt(np.diag(gram))
    wide = np.empty((len(x), x.shape[1] + beside))
    upper = by_cholesky(x, gram, length, wide)
    if upper is not None:
        back = solve_triangular(upper, np.eye(len(upper))) / length[:, None]
        return Basis(wide, back, float(np.log(np.diag(upper)).sum() + np.log(length).sum()))
    unit = x / np.where(length > 0, length, 1)
    r = np.asarray(np.linalg.qr(unit, mode="r"))
    _, pivoted, order = qr(r, mode="economic", pivoting=True)
    diagonal = np.abs(np.diag(pivoted))
    rank = int((diagonal > DEPENDENT).sum()) if len(diagonal) else 0
    if rank < x.shape[1]:
        raise RankDeficientError(*dependence(pivoted, order, rank, names))
    back = solve_triangular(r, np.eye(len(r))) / length[:, None]
    log_det = float(np.log(np.abs(np.diag(r))).sum() + np.log(length).sum())
    np.matmul(x, back, out=wide[:, : x.shape[1]])
    return Basis(wide, back, log_det)


def by_cholesky(x: np.ndarray, gram: np.ndarray, length: np.ndarray, wide: np.ndarray) -> np.ndarray | None:
    """Return r of x over its columns' lengths by Cholesky's factor; None where they are nearly dependent.

    The first columns of `wide` become q.

    A second pass, without which they would not be orthogonal to the last digits, is made where the columns are not far
    from dependent. Two passes are as accurate as reflections where the condition is below the root of 1 / epsilon, and
    several times faster (Yamamoto, Nakatsukasa, Yanagisawa & Fukaya, ETNA 2015, 44:306-326).
    """
    if not (length > 0).all():
        return None
    upper = upper_factor(gram / np.outer(length, length))
    if upper is None:
        return None
    q = np.matmul(x, solve_triangular(upper, np.eye(len(upper))) / length[:, None], out=wide[:, : len(upper)])
    if np.diag(upper).min(initial=1.0) > FAR_APART:
        return upper
    again = upper_factor(q.T @ q)
    if again is None:
        return None
    q[:] = q @ solve_triangular(again, np.eye(len(again)))
    return np.asarray(again @ upper)


def upper_factor(gram: np.ndarray) -> np.ndarray | None:
    """Return the upper triangular factor of products of columns of length 1; None where these are nearly dependent."""
    try:
        upper = np.linalg.cholesky(gram).T
    except np.linalg.LinAlgError:
        return None
    return upper if np.diag(upper).min(initial=1.0) > WELL_CONDITIONED else None


def dependence(pivoted: np.ndarray, order: np.ndarray, rank: int, names: Sequence[str]) -> tuple[str, list[str]]:
    """Return message and remedies that name the dependent columns and what they are combinations of."""
    basis = order[:rank]
    weights = solve_triangular(pivoted[:rank, :rank], pivoted[:rank, rank:])
    lines = []
    for k, column in enumerate(order[rank:]):
        parts = [names[j] for j, w in zip(basis, weights[:, k], strict=True) if abs(w) > IN_COMBINATION]
        lines.append(f"'{names[column]}' is " + (f"a combination of {', '.join(parts)}" if parts else "zero"))
    message = f"{len(lines)} of {len(names)} fixed effects cannot be estimated: {'; '.join(lines)}"
    return message, [
        "leave out of the formula a term that repeats another (two codings of one thing, a nested factor)",
        "look for combinations of levels that no row has: pandas.crosstab of the factors in the interaction",
        "with fewer rows than fixed effects, use a smaller formula",
    ]
