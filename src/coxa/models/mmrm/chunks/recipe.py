"""What has to be known before the first chunk is summed: levels, visits, and the recipe of the design."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from coxa.errors import FitError, OptionError, check_kind, not_allowed
from coxa.models.design.columns import in_order
from coxa.models.design.formula import Formula, read_formula
from coxa.models.design.matrix import Design, design_matrix
from coxa.models.design.rows import VisitOrder, visit_order
from coxa.models.mmrm.data import label_text
from coxa.models.spec import MMRMSpec

OF_ALL_ROWS = ("center", "poly", "bs", "cr")
"""Transforms whose coefficients depend on all rows at once."""


@runtime_checkable
class ByColumn(Protocol):
    """A source that can be read again, with some of its columns."""

    def only(self, names: Sequence[str]) -> Iterable[pd.DataFrame]:
        """Return the same rows with some of the columns."""
        ...


@dataclass(frozen=True, slots=True)
class ChunkRecipe:
    """How each chunk is turned into design rows.

    columns      : columns that are read, in the order participant, visit, then the others
    participant, visit, group, weights, time : the columns with these roles
    levels       : levels of each factor other than the visit, and of the group, the reference first
    order        : the visits, as the data have them
    labels       : the visits as text
    take_all     : whether a visit that is not among them is an error; else its rows are left out
    design       : the recipe for design rows; it has no rows itself
    """

    columns: tuple[str, ...]
    participant: str
    visit: str
    group: str | None
    weights: str | None
    time: str | None
    levels: Mapping[str, tuple[Any, ...]]
    order: VisitOrder
    labels: tuple[str, ...]
    take_all: bool
    design: Design

    @property
    def formula(self) -> Formula:
        """The checked formula."""
        return self.design.formula


def chunk_recipe(spec: MMRMSpec, source: Iterable[pd.DataFrame]) -> tuple[ChunkRecipe, Iterator[pd.DataFrame]]:
    """Return the recipe, and the chunks from the first on.

    The levels of a factor are those in `levels`; else the categories of the first chunk; else, where the source can
    be read twice, all that it holds, sorted.

    Raises
    ------
    OptionError
        A column or a part of the formula is not allowed; levels of a factor are not known.
    FitError
        There are no chunks, or a factor has no value in any.
    """
    formula, participant, visit, visits = spec.formula, spec.participant, spec.visit, spec.visits
    group, weights, time, levels = spec.group, spec.weights, spec.time, spec.levels
    chunks = iter(source)
    first = next(chunks, None)
    if first is None:
        raise FitError("there are no rows: the source has no chunks", ["Look at the query, or at the path."])
    check_kind("first chunk of data", first, pd.DataFrame, "a pandas DataFrame")
    checked = read_formula(formula, [str(name) for name in first.columns])
    stateful = [word for word in OF_ALL_ROWS if re.search(rf"\b{word}\s*\(", checked.right)]
    if stateful:
        raise OptionError(
            f"Formula '{formula}': {stateful[0]}() needs all rows at once, and these are chunks. Make it a "
            "column of the source, or give the rows as one data frame."
        )
    extra = [name for name in (group, weights, time) if name is not None]
    columns = tuple(dict.fromkeys((participant, visit, checked.response, *checked.variables, *extra)))
    for name in columns:
        if name not in first.columns:
            raise OptionError(not_allowed("column", name, map(str, first.columns)))
    given = {name: tuple(values) for name, values in (levels or {}).items()}
    for name in given:
        if name not in columns:
            raise OptionError(not_allowed("column to give levels of", name, columns))
    wanted = [name for name in (*checked.variables, *([group] if group else [])) if name != visit]
    known = known_levels(first, wanted, given)
    factors = [name for name in checked.variables if name in known]
    if group is not None:
        known.setdefault(group, ())
    unknown = [name for name, values in known.items() if not values]
    if visit not in given and visits is None and not isinstance(first[visit].dtype, pd.CategoricalDtype):
        unknown.append(visit)
    if unknown:
        distinct_values = distinct(source, chunks, unknown)
        known |= {name: in_order(distinct_values[name], name) for name in unknown if name != visit}
    nowhere = [name for name, values in known.items() if not values]
    if nowhere:
        raise FitError(f"no row has a value of {nowhere[0]}", ["Look at the query, or at how the column was written."])
    given_visits = visits if visits is not None else given.get(visit)
    seen = pd.Series(distinct_values[visit], name=visit) if visit in unknown else first[visit]
    order = VisitOrder(tuple(given_visits)) if given_visits is not None else ordered(seen)
    labels = tuple(label_text(label) for label in order.labels)
    recipe = ChunkRecipe(
        columns=columns,
        participant=participant,
        visit=visit,
        group=group,
        weights=weights,
        time=time,
        levels=known,
        order=order,
        labels=labels,
        take_all=visits is None,
        design=blank_design(checked, {**{name: known[name] for name in factors}, visit: labels}),
    )
    if isinstance(source, ByColumn):
        left(chunks)
        return recipe, iter(source.only(columns))
    return recipe, (iter(source) if unknown else chained(first, chunks))


def left(chunks: Iterator[pd.DataFrame]) -> None:
    """Leave a source that is not read to its end, so that a database takes the next query."""
    if isinstance(chunks, Generator):
        chunks.close()


def chained(first: pd.DataFrame, rest: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Yield the first chunk, then the others."""
    yield first
    yield from rest


def ordered(values: pd.Series) -> VisitOrder:
    """Return the visits of a categorical column in the order of its categories, of another as `visit_order` does."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return VisitOrder(tuple(values.cat.categories))
    return visit_order(values, None)


def known_levels(
    first: pd.DataFrame, wanted: Sequence[str], given: Mapping[str, tuple[Any, ...]]
) -> dict[str, tuple[Any, ...]]:
    """Return the levels of each factor that are given or that a column's type says; empty where neither does."""
    known: dict[str, tuple[Any, ...]] = {}
    for name in wanted:
        kind = first[name].dtype
        if name in given:
            known[name] = given[name]
        elif isinstance(kind, pd.CategoricalDtype):
            known[name] = tuple(kind.categories)
        elif not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind):
            known[name] = ()
    return known


def distinct(
    source: Iterable[pd.DataFrame], chunks: Iterator[pd.DataFrame], names: Sequence[str]
) -> dict[str, list[Any]]:
    """Return the values in columns of a source, in order of appearance, by reading it once.

    Raises
    ------
    OptionError
        The source can be read once only.
    """
    if chunks is source:
        raise OptionError(
            f"The levels of {', '.join(names)} are needed before the first chunk, and this source can be read "
            f"only once. Give levels={{'{names[0]}': [...]}} (visits=[...] for the visits), make the columns "
            "categorical, or give a source that can be read twice."
        )
    left(chunks)
    values_of: dict[str, dict[Any, None]] = {name: {} for name in names}
    for chunk in source.only(names) if isinstance(source, ByColumn) else source:
        for name in names:
            values_of[name] |= dict.fromkeys(pd.unique(chunk[name].dropna()))
    return {name: list(values) for name, values in values_of.items()}


def blank_design(formula: Formula, levels: Mapping[str, Sequence[Any]]) -> Design:
    """Return the design of a formula with factors of these levels, without rows."""
    longest = max([1, *(len(values) for values in levels.values())])
    frame = pd.DataFrame({formula.response: np.ones(longest)})
    for name in formula.variables:
        values = levels.get(name)
        if values is None:
            frame[name] = 1.0
        else:
            frame[name] = pd.Categorical.from_codes(np.arange(longest) % len(values), pd.Index(values))
    design = design_matrix(formula.text, frame)
    return replace(design, x=design.x[:0], y=design.y[:0], frame=design.frame[:0], complete=np.empty(0, dtype=bool))
