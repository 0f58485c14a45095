"""The mixed model for repeated measures with random effects of factors above the participants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from coxa.errors import OptionError
from coxa.models.design.random_terms import read_terms
from coxa.models.lmm.data import check_outcome, used_by, with_own_level
from coxa.models.lmm.factors import check_not_fixed, random_factors
from coxa.models.lmm.options import chosen_ddf, chosen_information
from coxa.models.lmm.structured import fit_repeated
from coxa.models.mmrm.data import repeated_data
from coxa.models.results.fit import Fit
from coxa.models.spec import MMRMSpec


def check_no_levels(levels: Mapping[str, Sequence[Any]] | None) -> None:
    """Raise OptionError where levels are given with one data frame."""
    if levels is not None:
        raise OptionError("levels are for chunks; in one data frame make the column categorical")


def fit_with_random(spec: MMRMSpec, data: pd.DataFrame | Iterable[pd.DataFrame], *, clock: list[float]) -> Fit:
    """Fit the model; the errors are those of `coxa.models.mmrm.fit_mmrm`, and `clock` says when it began.

    Raises
    ------
    OptionError
        Rows come in chunks, or what belongs to chunks is asked for.
    """
    if not isinstance(data, pd.DataFrame):
        raise OptionError("random effects need the rows as one data frame; chunks are for models without them")
    check_no_levels(spec.levels)
    formula = spec.formula
    terms = read_terms(formula, spec.random, [str(name) for name in data.columns])
    table, without = with_own_level(data, terms, spec.partially_nested)
    found = repeated_data(spec, table, also=used_by(terms))
    design = replace(found.design, formula=replace(found.design.formula, text=formula))
    found = replace(found, design=design)
    check_outcome(design, terms)
    factors = random_factors(formula, terms, data.loc[design.complete], without)
    check_not_fixed(formula, factors, design.terms, design.levels)
    method = chosen_ddf(spec.ddf, "kenward-roger-linear", factors, found.sample, reml=spec.reml)
    chosen = replace(spec, ddf=method, information=chosen_information(spec.information, method))
    return fit_repeated(found, factors, chosen, clock=clock)
