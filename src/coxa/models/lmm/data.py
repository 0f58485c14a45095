"""The analysed rows of a model with random effects, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from coxa.errors import FitError, OptionError, not_allowed
from coxa.models.design.columns import label_text
from coxa.models.design.formula import RandomTerm, read_terms, split_random
from coxa.models.design.matrix import Design, complete_rows, design_matrix, nothing_left_out
from coxa.models.design.rows import check_cells, check_frame, check_keys
from coxa.models.lmm.factors import RandomFactor, check_not_fixed, random_factors
from coxa.models.mmrm.data import checked_weights
from coxa.models.results.records import Sample
from coxa.models.spec import LMMSpec

WITHOUT = "without"
"""Level that stands in for the missing one where rows are meant to be without, while complete rows are chosen."""


@dataclass(frozen=True, slots=True)
class MixedData:
    """Rows of a model with random effects, N analysed of those that came in.

    design  : design, outcome, and which rows are analysed
    factors : the grouping factors with their effects
    weights : (N,) or None
    sample  : what is kept of all this in the fit
    """

    design: Design
    factors: tuple[RandomFactor, ...]
    weights: np.ndarray | None
    sample: Sample


def mixed_data(spec: LMMSpec, data: pd.DataFrame) -> MixedData:
    """Read and check the rows; the errors are those of `coxa.models.fit_lmm`."""
    formula, participant, visit, time, weights = spec.formula, spec.participant, spec.visit, spec.time, spec.weights
    data = check_frame(data)
    fixed, written = split_random(formula)
    columns = [str(name) for name in data.columns]
    if not written:
        raise OptionError(
            f"Formula '{formula}' has no random effect. Write (1 | participant_id), or use fit_ancova or fit_mmrm."
        )
    terms = read_terms(formula, written, columns)
    for name in (participant, weights, time):
        if name is not None and name not in columns:
            raise OptionError(not_allowed("column", name, columns))
    table, without = with_own_level(data, terms, spec.partially_nested)
    also = list(dict.fromkeys([*used_by(terms), *(name for name in (weights, time) if name)]))
    who = participant or ("participant_id" if "participant_id" in columns else None)
    if who is not None:
        check_keys(data, (who,))
    design = design_matrix(fixed, table, also=also)
    design = replace(design, formula=replace(design.formula, text=formula))
    check_cells(design)
    used = complete_rows(data, design.complete)
    check_outcome(design, terms)
    factors = random_factors(formula, terms, used, without)
    check_not_fixed(formula, factors, design.terms, design.levels)
    if who is None:
        largest = max(factors, key=lambda factor: len(factor.labels))
        who, people = largest.name, largest.codes
    else:
        people = used[who].to_numpy(copy=True)
    has_visit = visit in design.levels
    visits = tuple(label_text(level) for level in design.levels[visit]) if has_visit else ("",)
    there = np.full(len(used), "", dtype=object)
    if has_visit:
        there[:] = [label_text(value) for value in used[visit]]
    sample = Sample(
        participant_column=who,
        visit_column=visit if has_visit else None,
        participant=people,
        visit=there,
        visits=visits,
        left_out=left_out(data, design, who, visit),
        weights=None if weights is None else checked_weights(used[weights], np.flatnonzero(design.complete)),
    )
    check_rows(formula, design, factors)
    return MixedData(design, factors, sample.weights, sample)


def used_by(terms: Sequence[RandomTerm]) -> list[str]:
    """Return the columns that random effects use."""
    return [name for term in terms for name in (*term.columns, *([term.by] if term.by else []), *term.variables)]


def check_outcome(design: Design, terms: Sequence[RandomTerm]) -> None:
    """Raise OptionError where the outcome stands in a random effect."""
    for term in terms:
        if design.formula.response in used_by([term]):
            raise OptionError(
                f"Formula '{design.formula.text}': the outcome '{design.formula.response}' occurs in "
                f"{term.text}. Leave it out there."
            )


def with_own_level(
    data: pd.DataFrame, terms: Sequence[RandomTerm], nested: Mapping[str, str] | None
) -> tuple[pd.DataFrame, dict[str, tuple[str, tuple[str, ...]]]]:
    """Return the data with a level of its own wherever rows are meant to be without a factor, and which these are.

    Which they are: for each factor a column, and its levels as text.

    Raises
    ------
    OptionError
        A factor or column is unknown, or no level of the column is without the factor.
    """
    table, own_levels = data, {}
    factors = list(dict.fromkeys(name for term in terms for name in term.columns))
    for factor, by in (nested or {}).items():
        if factor not in factors:
            raise OptionError(not_allowed("factor of a random effect", factor, factors))
        if by not in data.columns:
            raise OptionError(not_allowed("column", by, map(str, data.columns)))
        has = data[factor].notna().groupby(data[by], observed=True).any()
        without = list(has.index[~has])
        if not without:
            counts = data[factor].notna().groupby(data[by], observed=True).agg(["sum", "size"])
            said = "; ".join(f"'{level}' in {have} of {of} rows" for level, have, of in counts.itertuples())
            raise OptionError(
                f"`partially_nested`: every {by} has rows with a {factor} ({said}). Leave '{factor}' out of "
                f"`partially_nested`, or leave the {factor} empty in the {by} without one."
            )
        own_levels[factor] = (by, tuple(label_text(level) for level in without))
        filled = data[factor].astype("object").where(~data[by].isin(without), WITHOUT)
        table = table.assign(**{factor: filled})
    return table, own_levels


def left_out(data: pd.DataFrame, design: Design, who: str, visit: str) -> pd.DataFrame:
    """Return every row that is not analysed: its label, participant, visit (if there is one) and the reason."""
    rows = np.flatnonzero(~design.complete)
    there = [name for name in (who, visit) if name in data.columns]
    if not len(rows):
        return nothing_left_out(("row", *there, "reason")).copy()
    columns: dict[str, Any] = {"row": data.index[rows]}
    for name in there:
        columns[name] = ["" if pd.isna(value) else label_text(value) for value in data[name].iloc[rows]]
    columns["reason"] = [f"{missing} is missing" for missing in design.left_out["missing"]]
    return pd.DataFrame(columns)


def check_rows(formula: str, design: Design, factors: Sequence[RandomFactor]) -> None:
    """Raise FitError where there is no variance, or nothing left to estimate one from."""
    n, p = len(design.y), len(design.names)
    if np.ptp(design.y) == 0:
        raise FitError(
            f"the outcome is {design.y[0]:g} in every row, so that there is no variance to model",
            ["Look whether the right column is the outcome, and whether a reader filled its gaps."],
        )
    if n <= p + 1:
        raise FitError(f"{n} rows are too few for {p} fixed effects and a variance", ["Use a smaller formula."])
    for factor in factors:
        q = len(factor.names)
        if q == 1 and len(factor.labels) >= n:
            raise FitError(
                f"formula '{formula}': '{factor.name}' has a level for every row, so that its variance cannot be "
                "distinguished from the residual's",
                [f"Leave ({factor.terms[0].term.text.strip('()')}) out, or look whether rows were lost."],
            )
