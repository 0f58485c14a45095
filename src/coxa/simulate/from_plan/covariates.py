"""Covariates that follow from others, or from an outcome at baseline, and are not drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coxa.study.covariate_sources import BaselineOutcome, ParticipantSource
from coxa.study.parts import Covariate

Floats = NDArray[np.float64]


def followed(
    planned: Mapping[str, Covariate], drawn: Mapping[str, NDArray[Any]], baseline: Mapping[str, Floats]
) -> dict[str, NDArray[Any]]:
    """Return the covariates that are not drawn: outcomes at baseline, and numbers of the participants.

    Parameters
    ----------
    planned
        Covariates of the plan.
    drawn
        Covariate -> (n,) numbers, or codes of levels.
    baseline
        Outcome -> (n,) values at baseline.

    Returns
    -------
    dict
        Covariate -> (n,) numbers; codes of levels where the plan cuts them.
    """
    found: dict[str, NDArray[Any]] = {}
    for name, covariate in planned.items():
        source = covariate.source
        if isinstance(source, BaselineOutcome):
            values = baseline[source.outcome]
        elif isinstance(source, ParticipantSource):
            values = drawn[source.field]
        else:
            continue
        found[name] = np.searchsorted(covariate.cuts, values, side="right") if covariate.cuts else values
    return found
