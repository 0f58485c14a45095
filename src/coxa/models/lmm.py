"""The linear mixed model: fixed effects, and effects that vary between participants, therapists, clinics."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter

import pandas as pd

from coxa.errors import OptionError, check_option
from coxa.models.fit import Fit
from coxa.models.inference import check_ddf
from coxa.models.mixed_data import mixed_data
from coxa.models.mixed_fit import few_levels, fit_independent
from coxa.models.numerics.one_thread import one_thread

INFORMATION = ("observed", "expected")


def fit_lmm(
    formula: str,
    data: pd.DataFrame,
    *,
    participant: str | None = None,
    visit: str = "visit",
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
        few = bool(few_levels(found.factors, found.sample))
        chosen = ddf or ("kenward-roger" if few and reml else "satterthwaite")
        check_ddf(chosen, reml=reml)
        if chosen == "between-within":
            raise OptionError(
                "ddf 'between-within' counts participants and has no rule for random effects; use satterthwaite"
            )
        default = "expected" if chosen.startswith("kenward-roger") else "observed"
        kind = check_option("information", information or default, INFORMATION)
        return fit_independent(found, reml=reml, ddf=chosen, information=kind, clock=clock)
