"""Rows of sport and training at the baseline visit that give back the covariates that were drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.between import numbers_of
from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.identifiers import participant_ids
from coxa.study.covariate_sources import SportSource

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

SPORT = "running"
"""The sport of rows of which the plan names none."""


def sport_table(design: TrialDesign, drawn: DrawnTrial, seed: int) -> pd.DataFrame:
    """Return a row per participant and sport that some covariate is taken from, at the baseline visit."""
    import pandas as pd

    by_sport: dict[str, dict[str, Any]] = {}
    ids = participant_ids(len(drawn.arm))
    for name, covariate in design.study.covariates.items():
        source = covariate.source
        if not isinstance(source, SportSource):
            continue
        values: Any = numbers_of(design, drawn, name, seed) if source.gives == "number" else None
        if values is None:
            values = np.array(list(covariate.level_labels()), dtype=object)[drawn.covariates[name]]
        by_sport.setdefault(source.sport or "", {})[source.field] = values
    whole = by_sport.pop("", {})
    if not by_sport and not whole:
        return pd.DataFrame()
    if not by_sport:
        by_sport = {SPORT: {}}
    first = next(iter(by_sport))
    by_sport[first] = {**whole, **by_sport[first]}
    parts = []
    for sport, columns in by_sport.items():
        named = {
            "participant_id": ids,
            "visit": design.visits[0],
            "sport": sport,
            "main": "yes" if sport == first else "no",
        }
        parts.append(pd.DataFrame(named | columns))
    return pd.concat(parts, ignore_index=True)
