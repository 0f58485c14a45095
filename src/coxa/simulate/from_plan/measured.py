"""Rows of clinical measures at the baseline visit that give back the covariates that were drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coxa.instruments.measures import load_measures
from coxa.simulate.from_plan.between import numbers_of
from coxa.simulate.from_plan.sources.base import Sourced
from coxa.simulate.from_plan.sources.clinical_measures import with_measures
from coxa.simulate.identifiers import participant_ids
from coxa.study.covariate_sources import BaselineMeasure

if TYPE_CHECKING:
    import pandas as pd


def measures_at_baseline(trial: Sourced, held: pd.DataFrame) -> pd.DataFrame:
    """Return the rows held, with one per participant and measure that some covariate is taken from."""
    import pandas as pd

    design, n = trial.design, len(trial.drawn.arm)
    asked: dict[tuple[str, str | None], dict[str, NDArray[np.float64]]] = {}
    for name, covariate in design.study.covariates.items():
        source = covariate.source
        if isinstance(source, BaselineMeasure):
            values = numbers_of(design, trial.drawn, name, trial.seed)
            if load_measures()[source.measure].kind != "number":
                values = np.floor(values)  # a sign is 1 or 0, a grade a whole number
            asked.setdefault((source.measure, source.position), {})[source.counted] = values
    if not asked:
        return held
    frame = pd.DataFrame({"participant_id": participant_ids(n), "visit": design.visits[0]})
    frame["assessment_date"] = trial.when(np.arange(n), trial.drawn.day[:, 0])
    return with_measures(held, frame, asked)
