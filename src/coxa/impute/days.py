"""Values of days that were not written, drawn from a location scale model of the days that were."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coxa.models import LocationScaleFit

Floats = NDArray[np.float64]


def drawn_days(fit: LocationScaleFit, rows: pd.DataFrame, number: int, seed: int) -> Iterator[Floats]:
    """Yield values of days for several completed sets.

    Parameters
    ----------
    fit
        A location scale model, whose participants are those of the rows.
    rows : DataFrame
        One per day: the participant and the columns of the model.
    number
        Of sets.
    seed
        Not negative.

    Yields
    ------
    array (n,)
        For each set the coefficients of mean and log variance are drawn from their distribution; level and SD of a
        participant are those predicted, and the days are normal about them.
    """
    rng = np.random.default_rng(seed)
    part = fit.coefficients["part"].to_numpy()
    at = np.flatnonzero(np.isin(part, ("mean", "within")))
    root = np.linalg.cholesky(fit.covariance[np.ix_(at, at)])
    middle, of = fit.coefficients["estimate"].to_numpy(dtype=float)[at], part[at]
    designs = {one: fit.designs[one].rows(rows) for one in ("mean", "within")}
    who = fit.persons.set_index("participant_id").reindex(rows[fit.spec.participant].astype(str))
    level, ratio = (who[name].to_numpy(dtype=float) for name in ("level", "sd_ratio"))
    for _ in range(number):
        drawn = middle + root @ rng.standard_normal(len(at))
        mean, log_variance = (designs[one] @ drawn[of == one] for one in ("mean", "within"))
        yield mean + level + np.exp(log_variance / 2.0) * ratio * rng.standard_normal(len(rows))
