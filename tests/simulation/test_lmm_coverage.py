"""A trial with therapists in one arm: the default keeps its coverage, and leaving the therapists out does not.

The long run is `nox -s simulation`; its tables are in docs/methods/random-effects-size.md.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from coxa.models.lmm.predictions import random_part_of
from tests.simulation.lmm_refits import (
    ALPHA,
    Asked,
    counted,
    counted_without,
    first_fit,
    fit_again,
    of_variance,
    summed,
)
from tests.simulation.lmm_size import ARM, LAST, WITHOUT, with_therapist
from tests.simulation.lmm_trials import SD, Drawn, between_sd, partially_nested

REPLICATES, DESIGNS, SEED = 200, 5, 7
MONTE_CARLO = 100 * 3 * (ALPHA * (1 - ALPHA) / REPLICATES) ** 0.5
"""Three standard errors of a share of 5% among the replicates, in percent."""


def drawn(icc: float) -> list[Drawn]:
    return [partially_nested(10, icc, REPLICATES // DESIGNS, f"quick {k}", SEED) for k in range(DESIGNS)]


@cache
def default(icc: float) -> pd.DataFrame:
    """Return the tests by the method that fit_mmrm takes for ten therapists."""
    fit = first_fit(Asked("", with_therapist, LAST), drawn(icc)[0])
    methods = ((fit.ddf, random_part_of(fit).information),)
    return counted(Asked("", with_therapist, LAST, methods, factor="therapist"), drawn(icc))


@pytest.mark.parametrize("icc", [pytest.param(0.05, marks=pytest.mark.slow), 0.15])
def test_default_covers_the_difference_between_arms(icc: float) -> None:
    found = summed(default(icc)).iloc[0]
    assert found["fitted"] >= 0.99 * REPLICATES
    assert found["rejected"] == pytest.approx(100 * ALPHA, abs=MONTE_CARLO)


@pytest.mark.parametrize("icc", [pytest.param(0.05, marks=pytest.mark.slow), 0.15])
def test_variance_of_the_therapists_is_the_planted_one(icc: float) -> None:
    """Estimates do not go below zero, so that with a small variance their mean is above the truth."""
    found, planted = of_variance(default(icc)), between_sd(icc, SD[-1] ** 2) ** 2
    assert found["mean"] == pytest.approx(planted, abs=3 * found["mean_error"])


def test_without_its_therapists_a_trial_rejects_too_often() -> None:
    found = summed(counted_without(WITHOUT, ARM, LAST, drawn(0.15), "kenward-roger-linear")).iloc[0]
    assert found["rejected"] > 100 * ALPHA + MONTE_CARLO


def test_fit_to_another_outcome_is_the_fit_of_the_model() -> None:
    trial = drawn(0.15)[0]
    seen = trial.rows["outcome"].notna()
    fit = with_therapist(trial.rows)
    for outcome in trial.outcomes[:3]:
        whole = with_therapist(trial.rows.assign(outcome=np.where(seen, outcome, np.nan)))
        again = fit_again(fit, outcome[fit.design.complete])
        assert again is not None
        assert again.covariances[0] == pytest.approx(random_part_of(whole).covariances[0], rel=1e-6)
        assert again.informed.covariance == pytest.approx(random_part_of(whole).informed.covariance, rel=1e-6, abs=1e-9)
