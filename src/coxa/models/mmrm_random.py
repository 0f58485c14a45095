"""The mixed model for repeated measures with random effects of factors above the participants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from coxa.errors import OptionError, check_option
from coxa.models.covariance.structure import Structure
from coxa.models.fit import Fit
from coxa.models.inference import COVARIANCE_METHODS
from coxa.models.mixed_data import check_outcome, used_by, with_own_level
from coxa.models.mixed_options import chosen_ddf, chosen_information
from coxa.models.mixed_structured import fit_repeated
from coxa.models.mmrm_data import repeated_data
from coxa.models.mmrm_fit import check_ladder
from coxa.models.numerics.one_thread import one_thread
from coxa.models.random_factors import check_not_fixed, random_factors
from coxa.models.random_terms import read_terms, split_random


def check_no_levels(levels: Mapping[str, Sequence[Any]] | None) -> None:
    """Raise OptionError where levels are given with one data frame."""
    if levels is not None:
        raise OptionError("levels are for chunks; in one data frame make the column categorical")


def fit_with_random(
    formula: str,
    data: pd.DataFrame | Iterable[pd.DataFrame],
    ladder: Sequence[Structure],
    *,
    participant: str,
    visit: str,
    group: str | None,
    weights: str | None,
    time: str | None,
    reml: bool,
    ddf: str | None,
    vcov: str,
    visits: Sequence[Any] | None,
    levels: Mapping[str, Sequence[Any]] | None,
    partially_nested: Mapping[str, str] | None,
    information: str | None,
    clock: list[float],
) -> Fit:
    """Fit the model; the arguments and errors are those of `coxa.models.mmrm.fit_mmrm`, and when it began.

    Raises
    ------
    OptionError
        Rows come in chunks, or what belongs to chunks or a sandwich is asked for.
    """
    if not isinstance(data, pd.DataFrame):
        raise OptionError("random effects need the rows as one data frame; chunks are for models without them")
    check_no_levels(levels)
    check_option("vcov", vcov, COVARIANCE_METHODS)
    if vcov != "model":
        raise OptionError(
            f"vcov '{vcov}' is a sandwich over participants, who are not independent with "
            f"{' and '.join(split_random(formula)[1])} in the formula; use vcov='model'"
        )
    fixed, written = split_random(formula)
    columns = [str(name) for name in data.columns]
    terms = read_terms(formula, written, columns)
    table, without = with_own_level(data, terms, partially_nested)
    with one_thread():
        found = repeated_data(
            fixed,
            table,
            participant=participant,
            visit=visit,
            visits=visits,
            group=group,
            weights=weights,
            time=time,
            also=used_by(terms),
        )
        check_ladder(ladder, len(found.labels), time)
        design = replace(found.design, formula=replace(found.design.formula, text=formula))
        found = replace(found, design=design)
        check_outcome(design, terms)
        factors = random_factors(formula, terms, data.loc[design.complete], without)
        check_not_fixed(formula, factors, design.terms, design.levels)
        method = chosen_ddf(ddf, "kenward-roger-linear", factors, found.sample, reml=reml)
        return fit_repeated(
            found,
            factors,
            ladder,
            group=group,
            reml=reml,
            ddf=method,
            information=chosen_information(information, method),
            clock=clock,
        )
