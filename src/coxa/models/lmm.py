"""The linear mixed model: fixed effects, and effects that vary between participants, therapists, clinics."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter

import pandas as pd

from coxa.models.covariance import structure_named
from coxa.models.fit import Fit
from coxa.models.mixed_data import mixed_data
from coxa.models.mixed_fit import fit_independent
from coxa.models.mixed_options import chosen_ddf, chosen_information
from coxa.models.mixed_structured import fit_with_structure
from coxa.models.numerics.one_thread import one_thread


def fit_lmm(
    formula: str,
    data: pd.DataFrame,
    *,
    participant: str | None = None,
    visit: str = "visit",
    residual: str = "independent",
    time: str | None = None,
    weights: str | None = None,
    partially_nested: Mapping[str, str] | None = None,
    reml: bool = True,
    ddf: str | None = None,
    information: str | None = None,
) -> Fit:
    """Fit."""
    clock = [perf_counter()]
    with one_thread():
        found = mixed_data(
            formula, data, participant=participant, visit=visit, weights=weights, partially_nested=partially_nested
        )
        chosen = chosen_ddf(ddf, "kenward-roger", found.factors, found.sample, reml=reml)
        kind = chosen_information(information, chosen)
        if residual != "independent":
            structure = structure_named(residual)
            return fit_with_structure(
                found, data, structure, visit=visit, time=time, reml=reml, ddf=chosen, information=kind, clock=clock
            )
        return fit_independent(found, reml=reml, ddf=chosen, information=kind, clock=clock)
