"""From a frame to what the likelihood of ordered categories needs: codes, columns, clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from coxa.errors import FitError, OptionError, in_brief
from coxa.models.design.columns import label_text
from coxa.models.design.formula import RandomTerm, read_formula, read_terms, split_random
from coxa.models.design.matrix import Design, design_matrix, orthonormal
from coxa.models.design.rows import check_cells, check_unique, place
from coxa.models.ordinal.likelihood import Thresholds, thresholds_of
from coxa.models.ordinal.spec import OrdinalSpec

INTERCEPT = "Intercept"


@dataclass(frozen=True, slots=True)
class OrdinalData:
    """The analysed rows.

    design    : their design, whose outcome is the number of the category, 0 the lowest
    levels    : categories that occur, in order
    absent    : declared categories that no analysed row has
    codes     : (N,) category of each row
    partial   : positions in the design of the columns with an effect at each threshold
    factor    : column of the random intercept; None where there is none
    cluster   : (N,) number of each row's cluster; None where there is none
    labels    : of the clusters
    participant : (N,) whose row each is; the number of the row where no column says so
    """

    design: Design
    levels: tuple[Any, ...]
    absent: tuple[Any, ...]
    codes: np.ndarray
    partial: tuple[int, ...]
    factor: str | None
    cluster: np.ndarray | None
    labels: tuple[Any, ...]
    participant: np.ndarray

    @property
    def n_participants(self) -> int:
        """Participants with an analysed row."""
        return len(pd.unique(self.participant))

    @property
    def k(self) -> int:
        """Number of thresholds."""
        return len(self.levels) - 1

    @property
    def common(self) -> tuple[int, ...]:
        """Positions in the design of the columns with one coefficient, without the intercept."""
        return tuple(j for j, name in enumerate(self.design.names) if name != INTERCEPT and j not in self.partial)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the q coefficients: thresholds, effects, and effects at each threshold."""
        names, between = self.design.names, threshold_names(self.levels)
        each = [f"{names[j]}: {threshold}" for j in self.partial for threshold in between]
        return (*between, *(names[j] for j in self.common), *each)

    def parts(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the columns of design rows (N, .) with one coefficient, and those with one at each threshold."""
        return x[:, list(self.common)], x[:, list(self.partial)]

    def thresholds(self, x: np.ndarray) -> Thresholds:
        """Return the thresholds around the categories of the analysed rows, of a design like theirs."""
        return thresholds_of(self.codes, *self.parts(x), self.k)

    def with_partial(self, columns: Sequence[int]) -> OrdinalData:
        """Return the same rows with effects at each threshold of these columns too."""
        return replace(self, partial=tuple(sorted({*self.partial, *columns})))


def threshold_names(levels: Sequence[Any]) -> tuple[str, ...]:
    """Return the names of the thresholds, such as ``none|mild``."""
    texts = list(map(label_text, levels))
    return tuple(f"{low}|{high}" for low, high in pairwise(texts))


def ordinal_data(spec: OrdinalSpec, data: pd.DataFrame) -> OrdinalData:
    """Read the formula and the outcome; see `coxa.models.fit_ordinal` for what is refused."""
    fixed, terms = split_random(spec.formula)
    columns = [str(column) for column in data.columns]
    outcome = read_formula(fixed, columns).response
    random = random_intercept(spec.formula, read_terms(spec.formula, terms, columns))
    declared = declared_levels(data[outcome], spec.levels)
    numbers = category_numbers(data[outcome], declared)
    design = design_matrix(fixed, data.assign(**{outcome: numbers}), also=[random] if random else [])
    check_cells(design)
    if INTERCEPT not in design.names:
        raise OptionError(f"Formula '{fixed}' has no intercept, in whose place thresholds are. Leave 0 and - 1 out.")
    orthonormal(design.x, design.names)
    present = np.unique(design.y).astype(int)
    if len(present) < 2:
        raise FitError(
            f"the outcome '{outcome}' is {label_text(declared[present[0]])} in all {len(design.y)} analysed rows",
            ["Look whether the right column is the outcome."],
        )
    cluster, labels = (None, ()) if random is None else clusters_in(data.loc[design.complete, random], random)
    known = spec.participant in data.columns
    if known and random != spec.participant:
        check_unique(data, design.complete, (spec.participant,))
    participant = data.loc[design.complete, spec.participant].to_numpy() if known else np.arange(len(design.y))
    return OrdinalData(
        design=design,
        levels=tuple(declared[code] for code in present),
        absent=tuple(level for code, level in enumerate(declared) if code not in present),
        codes=np.searchsorted(present, design.y.astype(int)),
        partial=partial_columns(design, spec.partial),
        factor=random,
        cluster=cluster,
        labels=labels,
        participant=participant,
    )


def declared_levels(values: pd.Series, levels: Sequence[Any] | None) -> tuple[Any, ...]:
    """Return the categories in order: as given, or those of an ordered categorical column."""
    if levels is None:
        if isinstance(values.dtype, pd.CategoricalDtype) and values.cat.ordered:
            return tuple(values.cat.categories)
        raise OptionError(
            f"`levels` is not given, and '{values.name}' is not an ordered categorical column. Give the categories "
            "from the lowest to the highest: levels=['none', 'mild', 'severe']."
        )
    texts = list(map(label_text, levels))
    if len(texts) < 2 or len(set(texts)) < len(texts):
        raise OptionError(f"`levels` is {in_brief(list(levels))}. Give two different categories or more, in order.")
    return tuple(levels)


def category_numbers(values: pd.Series, levels: Sequence[Any]) -> np.ndarray:
    """Return the number of each row's category (N,), NaN where it is missing; 1 is the level '1'."""
    number = {label_text(level): code for code, level in enumerate(levels)}
    texts = [None if pd.isna(value) else label_text(value) for value in values]
    wrong = [row for row, text in enumerate(texts) if text is not None and text not in number]
    if wrong:
        raise FitError(
            f"the outcome '{values.name}' is {texts[wrong[0]]} in row {place(wrong[0])}, which is not one of "
            f"{', '.join(number)} ({len(wrong)} such rows)",
            ["Add the category to `levels`, in its place.", "Correct the value, or leave it empty."],
        )
    return np.array([np.nan if text is None else number[text] for text in texts])


def random_intercept(formula: str, terms: Sequence[RandomTerm]) -> str | None:
    """Return the column of the one random intercept that there may be."""
    if not terms:
        return None
    term = terms[0]
    if len(terms) > 1 or term.effects != "1" or term.by is not None or len(term.columns) > 1:
        raise OptionError(
            f"Formula '{formula}' has other random effects than one intercept. Write one, such as (1 | participant_id)."
        )
    return term.factor


def clusters_in(values: pd.Series, column: str) -> tuple[np.ndarray, tuple[Any, ...]]:
    """Return the cluster of each row and the labels, or refuse what has no variance."""
    codes, labels = pd.factorize(values, sort=False)
    counts = np.bincount(codes)
    if len(counts) < 2 or counts.max() < 2:
        raise FitError(
            f"'{column}' has {len(counts)} levels with at most {counts.max()} rows, too few for a variance",
            [f"Leave (1 | {column}) out of the formula.", "Give several rows of each level."],
        )
    return codes, tuple(labels)


def partial_columns(design: Design, partial: Sequence[str]) -> tuple[int, ...]:
    """Return the columns of the terms that are to have an effect at each threshold."""
    terms = [term for term in design.terms if term != INTERCEPT]
    for term in partial:
        if term not in terms:
            raise OptionError(
                f"`partial` has '{term}', which is not a term of the formula. Choose from {', '.join(terms) or 'none'}."
            )
    return tuple(sorted(j for term in partial for j in design.terms[term]))
