"""The random effects of a model on its rows: levels of each factor, and the effects that vary between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from formulaic.errors import FormulaicError

from coxa.cards import counted
from coxa.errors import FitError, OptionError
from coxa.models.design.columns import check_text, coded, coded_as, columns_of, label_text, materialised
from coxa.models.design.formula import GRAMMAR, RandomTerm

APART = 1e-8
"""Part of an effect, relative to its size, that the others must leave over for it to be one of its own."""

FAR_APART = 1e-3
"""Part of an effect's mean square that the others leave over, from which sums show it without looking at each row."""

FEWEST_LEVELS = 2
"""Levels of a factor from which a variance between them can be estimated."""


@dataclass(frozen=True, slots=True)
class Effects:
    """Effects of one term that vary between the levels of a factor, and the recipe for new rows.

    term      : as read
    levels    : levels of the categorical ones among them
    spec      : formulaic's memory of their coding
    by_levels : levels of the factor that splits the variances, or ()
    names     : q names: ``Intercept``, ``week``; with a split ``arm[exercise]``, ``week, arm[exercise]``
    """

    term: RandomTerm
    levels: Mapping[str, tuple[Any, ...]]
    spec: Any
    by_levels: tuple[Any, ...]
    names: tuple[str, ...]

    @property
    def parts(self) -> tuple[int, ...]:
        """Numbers of effects that are correlated with each other."""
        each = len(self.names) // max(len(self.by_levels), 1)
        return ((each,) if self.term.correlated else (1,) * each) * max(len(self.by_levels), 1)

    def rows(self, frame: pd.DataFrame) -> np.ndarray:
        """Return the effects (N, q) of rows.

        Raises
        ------
        OptionError
            A categorical column has a level that the analysed rows do not have, or a numeric one has text.
        """
        if not len(frame):
            return np.ones((0, len(self.names)))
        effects = np.ones((len(frame), 1))
        if self.term.variables:
            effects = materialised(self.spec, coded_as(frame, self.term.variables, self.levels))
        return self.split(effects, frame) if self.by_levels else effects

    def split(self, effects: np.ndarray, frame: pd.DataFrame) -> np.ndarray:
        """Return the effects (N, q) once for each level that splits the variances, zero in rows of other levels."""
        own = frame[str(self.term.by)].map(label_text).to_numpy(dtype=object)
        return np.concatenate([effects * (own == label_text(level))[:, None] for level in self.by_levels], axis=1)


@dataclass(frozen=True, slots=True)
class RandomFactor:
    """A grouping factor with all effects that vary between its levels.

    name    : ``therapist``, ``clinic:therapist``
    columns : the columns whose combinations are its levels
    labels  : the levels as text, in order
    codes   : (N,) level of each row; -1 where a row has none
    effects : (N, q), zero where a row has no level
    terms   : the terms that the effects come from
    without : column and its levels, as text, whose rows are meant to be without the factor; or None
    """

    name: str
    columns: tuple[str, ...]
    labels: tuple[str, ...]
    codes: np.ndarray
    effects: np.ndarray
    terms: tuple[Effects, ...]
    without: tuple[str, tuple[str, ...]] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the q effects."""
        return tuple(name for term in self.terms for name in term.names)

    @property
    def parts(self) -> tuple[int, ...]:
        """Numbers of effects that are correlated with each other."""
        return tuple(part for term in self.terms for part in term.parts)

    def rows(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Return levels (N,), -1 where a level is new or missing, and effects (N, q) of new rows.

        Rows that are meant to be without the factor have no level, and effects of zero.
        """
        known = {label: k for k, label in enumerate(self.labels)}
        level_codes = (-1 if label is None else known.get(label, -1) for label in level_labels(frame, self.columns))
        codes = np.fromiter(level_codes, dtype=np.intp, count=len(frame))
        effects = np.concatenate([term.rows(frame) for term in self.terms], axis=1)
        out = self.meant_without(frame)
        codes[out], effects[out] = -1, 0.0
        for term in self.terms:
            if term.by_levels:
                by = str(term.term.by)
                coded_as(frame.loc[~out], [by], {by: term.by_levels})
        return codes, effects

    def meant_without(self, frame: pd.DataFrame) -> np.ndarray:
        """Return which rows (N,) are meant to be without the factor."""
        if self.without is None:
            return np.zeros(len(frame), dtype=bool)
        column, levels = self.without
        return np.array([label_text(value) in levels for value in frame[column]], dtype=bool)


def level_labels(frame: pd.DataFrame, columns: Sequence[str]) -> list[str | None]:
    """Return the level of each row as text, None where a column is missing."""
    parts = [frame[name].astype("object") for name in columns]
    missing = np.logical_or.reduce([part.isna().to_numpy() for part in parts])
    texts = zip(*(part.map(label_text) for part in parts), strict=True)
    return [None if gone else ":".join(text) for gone, text in zip(missing, texts, strict=True)]


def random_factors(
    formula: str,
    terms: Sequence[RandomTerm],
    frame: pd.DataFrame,
    without: Mapping[str, tuple[str, tuple[str, ...]]] | None = None,
) -> tuple[RandomFactor, ...]:
    """Return the factors of the terms on complete rows, those with one name together, in order of appearance.

    Parameters
    ----------
    formula : str
        For messages.
    terms : sequence of RandomTerm
    frame : DataFrame
        The analysed rows; only a factor of which rows may be without is missing anywhere.
    without : mapping, optional
        For columns of which rows may be without, the column and its levels that say which.

    Raises
    ------
    FitError
        A factor has a single level, or the levels of another.
    OptionError
        The effects of a term cannot be made.
    """
    together: dict[str, list[RandomTerm]] = {}
    for term in terms:
        together.setdefault(term.factor, []).append(term)
    factors = [factor_of(formula, name, own, frame) for name, own in together.items()]
    check_distinct(formula, factors)
    absent = without or {}
    return tuple(
        replace(factor, without=next((absent[name] for name in factor.columns if name in absent), None))
        for factor in factors
    )


def check_distinct(formula: str, factors: Sequence[RandomFactor]) -> None:
    """Raise FitError where two factors have the same levels under two names, and an effect in common."""
    for one, other in combinations(factors, 2):
        count = len(one.labels)
        if count != len(other.labels) or not set(one.names) & set(other.names):
            continue
        pairs = np.unique(one.codes * (count + 1) + other.codes)
        if len(pairs) == len(np.unique(one.codes)) == len(np.unique(other.codes)):
            raise FitError(
                f"formula '{formula}': '{one.name}' and '{other.name}' have the same levels: each of one belongs to "
                "one of the other, so that their variances cannot be distinguished",
                [f"Keep one of the two, such as (1 | {one.name}).", "Look whether identifiers were read correctly."],
            )


def check_not_fixed(
    formula: str, factors: Sequence[RandomFactor], terms: Iterable[str], categorical: Iterable[str]
) -> None:
    """Raise OptionError where the levels of a factor have a mean of their own among the fixed effects already."""
    fixed = {frozenset(term.split(":")) for term in terms}
    coded = set(categorical)
    for factor in factors:
        own = frozenset(factor.columns)
        if "Intercept" in factor.names and own in fixed and own <= coded:
            raise OptionError(
                f"Formula '{formula}': '{factor.name}' is a fixed effect and a random one, and the fixed "
                "effects leave nothing between its levels. Keep one of the two: fixed for a few levels that "
                "are of interest themselves, random for levels that represent others."
            )


def factor_of(formula: str, name: str, terms: Sequence[RandomTerm], frame: pd.DataFrame) -> RandomFactor:
    """Return one factor with the effects of all its terms."""
    columns = terms[0].columns
    codes, labels = level_codes(frame, columns)
    if len(labels) < FEWEST_LEVELS:
        raise FitError(
            (
                f"formula '{formula}': '{name}' has {counted(len(labels), 'level')} in the analysed rows, fewer "
                f"than the {FEWEST_LEVELS} of a variance"
            ),
            [f"Leave {terms[0].text} out of the formula.", "Look whether the column was read correctly."],
        )
    twice = [label for label, count in Counter(labels).items() if count > 1] if len(set(labels)) < len(labels) else []
    if twice:
        raise FitError(
            f"formula '{formula}': two levels of '{name}' read the same, '{twice[0]}', one as text and one as a number",
            [
                f"Make the column one kind: data['{columns[0]}'].astype(str).",
                "Look whether two files were put together.",
            ],
        )
    made = [effects_of(formula, term, frame) for term in terms]
    effects = tuple(each for each, _ in made)
    matrix = np.concatenate([rows for _, rows in made], axis=1)
    matrix[codes < 0] = 0.0
    check_effects(formula, name, effects, matrix)
    return RandomFactor(name, columns, labels, codes, matrix, effects)


def level_codes(frame: pd.DataFrame, columns: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the level of each row as a code, -1 where it is missing, and the levels in order as text."""
    code: np.ndarray = np.zeros(len(frame), dtype=np.intp)
    labels = [""]
    for name in columns:
        own, levels = pd.factorize(frame[name], sort=True)
        given = levels.tolist()
        texts = list(map(str, given)) if levels.dtype.kind in "iu" else [label_text(level) for level in given]
        if len(columns) == 1:
            return own, tuple(texts)
        both = np.where((code < 0) | (own < 0), -1, code * len(levels) + own)
        used, place = np.unique(both, return_inverse=True)  # pairs that occur: all pairs would be too many
        gone = int(len(used) > 0 and used[0] < 0)
        pairs = (divmod(pair, len(levels)) for pair in used[gone:].tolist())
        labels = [f"{labels[outer]}:{texts[inner]}" if labels[outer] else texts[inner] for outer, inner in pairs]
        code = place.reshape(both.shape) - gone
    return code, tuple(labels)


def effects_of(formula: str, term: RandomTerm, frame: pd.DataFrame) -> tuple[Effects, np.ndarray]:
    """Return the effects of a term with their recipe, and on the rows (N, q)."""
    if term.effects == "1" and term.by is None:
        return Effects(term, {}, None, (), ("Intercept",)), np.ones((len(frame), 1))
    check_text(frame, term.variables)
    right, levels, _ = coded(frame, term.variables, frame.index)
    try:
        plain, spec = columns_of(term.effects, right, levels)
    except FormulaicError as error:
        reason = str(error).split("\n", 1)[0]
        raise OptionError(f"Formula '{formula}': {term.text}: {reason} Allowed: {GRAMMAR}.") from error
    names = tuple(str(name).replace("[T.", "[") for name in spec.column_names)
    if not names:
        raise OptionError(f"Formula '{formula}': {term.text} has no effect left of the bar. Write 1 for an intercept.")
    by_levels: tuple[Any, ...] = ()
    if term.by is not None:
        _, by, _ = coded(frame[[term.by]].astype("category"), [term.by], frame.index)
        there = frame.loc[frame[list(term.columns)].notna().all(axis=1), term.by]
        by_levels = tuple(level for level in by[str(term.by)] if (there == level).any())
        names = tuple(
            f"{term.by}[{label_text(level)}]" if name == "Intercept" else f"{name}, {term.by}[{label_text(level)}]"
            for level in by_levels
            for name in names
        )
    effects = Effects(term, levels, spec, by_levels, names)
    return effects, plain if term.by is None else effects.split(plain, frame)


def check_effects(formula: str, name: str, effects: Sequence[Effects], matrix: np.ndarray) -> None:
    """Raise OptionError where an effect of a factor is nothing, or stands twice."""
    names = [label for each in effects for label in each.names]
    twice = [label for k, label in enumerate(names) if label in names[:k]]
    if twice:
        raise OptionError(f"Formula '{formula}': effect '{twice[0]}' of '{name}' occurs in two terms. Keep one.")
    if not np.isfinite(matrix).all():
        column = names[int((~np.isfinite(matrix)).any(axis=0).argmax())]
        raise FitError(
            f"formula '{formula}': the effect '{column}' of '{name}' has no finite value in "
            f"{(~np.isfinite(matrix)).any(axis=1).sum()} rows",
            ["Correct infinite values, or leave them empty so that they count as missing."],
        )
    empty = [label for label, column in zip(names, matrix.T, strict=True) if not column.any()]
    if empty:
        raise OptionError(f"Formula '{formula}': effect '{empty[0]}' of '{name}' is zero in every row. Leave it out.")
    check_apart(formula, name, names, matrix, [part for each in effects for part in each.parts])


def well_apart(before: np.ndarray, column: np.ndarray) -> bool:
    """Whether a column of length 1 has, by sums alone, far more than rounding that columns before it do not."""
    gram, across = before.T @ before, before.T @ column
    try:
        explained = across @ np.linalg.solve(gram, across)
    except np.linalg.LinAlgError:
        return False
    return bool(column @ column - explained > FAR_APART * len(column))


def check_apart(formula: str, name: str, names: Sequence[str], matrix: np.ndarray, parts: Sequence[int]) -> None:
    """Raise FitError where the variance of an effect of a factor cannot be told from others', as a slope at one time.

    An effect must not be a sum of those it is correlated with, nor a multiple of any other.
    """
    scaled = np.asfortranarray(matrix / np.sqrt(np.einsum("nq,nq->q", matrix, matrix) / len(matrix)))
    part = np.repeat(np.arange(len(parts)), parts)
    for k, column in enumerate(scaled.T):
        sets: list[np.ndarray] = [np.flatnonzero(part[:k] == part[k]), *(np.array([j]) for j in range(k))]
        for others in sets:
            before = scaled[:, others]
            if not len(others) or well_apart(before, column):
                continue
            if np.abs(column - before @ np.linalg.lstsq(before, column)[0]).max() > APART:
                continue
            said = " and ".join(f"'{names[j]}'" for j in others)
            raise FitError(
                f"formula '{formula}': the effect '{names[k]}' of '{name}' follows from {said} in every row, so that "
                "their variances cannot be distinguished",
                [
                    f"Leave '{names[k]}' out of the random effects.",
                    f"Look whether '{names[k]}' has more than one value.",
                ],
            )
