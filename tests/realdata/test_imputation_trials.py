"""The antidepressant trial by reference-based multiple imputation, against the tables of CAMIS.

Numbers of SAS (the five macros) and R (rbmi) with 5,000 imputations: PSIAIMS/CAMIS@74a06c12,
SAS/rbmi_continuous_joint_SAS.qmd:281-293 and R/rbmi_continuous_joint.qmd:593-605; deltas SAS/tipping_point.qmd:294-301.
Where the trial is looked for is in test_models_trials.py.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from coxa import read_cohort
from coxa.analyses.imputed.sets import imputed_sets
from coxa.analyses.methods import method_of
from coxa.derive import AnalysisDataset, derive_dataset
from coxa.impute import (
    Delta,
    Draws,
    Imputations,
    Pooled,
    analyse_ancova,
    draw_parameters,
    impute_outcomes,
    incomplete_outcomes,
    pool_imputations,
)
from coxa.models import Fit, fit_mmrm
from coxa.study.comparative import ComparativeStudy
from coxa.study.kinds import study_of
from tests.realdata.test_models_trials import DATA, SAS

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no real trials in {DATA.name} (set COXA_REALDATA)"),
]

M = 5000
ERRORS = 3 * np.sqrt(2)
"""Monte Carlo errors by which two runs of M imputations may differ: three of their difference."""

ROUNDED = 0.0005
"""Half of the last printed digit."""

SAS_TABLE = {"mar": (-2.825, 1.123), "cr": (-2.400, 1.115), "j2r": (-2.144, 1.136), "cir": (-2.481, 1.115)}
RBMI_TABLE = {"mar": (-2.830, 1.123), "cr": (-2.394, 1.112), "j2r": (-2.148, 1.135), "cir": (-2.479, 1.112)}
TIPPING = {"mar": (3, -2.096), "cr": (1, -2.157), "cir": (2, -1.995), "j2r": (-1, -2.387)}
"""Strategy -> the whole delta in the drug arm at which the conclusion changes, and the difference there (SAS)."""


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return pd.read_csv(SAS / "antidepressant.csv").assign(
        visit=lambda d: d["VISIT"].astype(int).astype(str),
        THERAPY=lambda d: pd.Categorical(d["THERAPY"], ["PLACEBO", "DRUG"]),
    )


@pytest.fixture(scope="module")
def fit(data: pd.DataFrame) -> Fit:
    return fit_mmrm(
        "change ~ GENDER + basval * visit + THERAPY * visit",
        data,
        participant="PATIENT",
        visit="visit",
        covariance="us",
    )


@pytest.fixture(scope="module")
def drawn(fit: Fit) -> Draws:
    draws = draw_parameters(fit, M, arm="THERAPY", seed=20261130)
    assert draws.convergence is not None
    assert draws.convergence.rhat < 1.01
    return draws


def imputed(fit: Fit, data: pd.DataFrame, drawn: Draws, strategy: str, delta: Delta | None = None) -> Imputations:
    outcomes = incomplete_outcomes(fit, data, reference="PLACEBO", arm="THERAPY", strategy=strategy)
    return impute_outcomes(fit, outcomes, drawn, arm="THERAPY", delta=delta, seed=20261201)


def difference(sets: Imputations) -> Pooled:
    results = pool_imputations(analyse_ancova(sets, "~ GENDER + basval + THERAPY", visits=["7"]))
    return results.pooled.take(np.array([2]))


@pytest.mark.parametrize("strategy", SAS_TABLE)
def test_the_table_of_camis(strategy: str, fit: Fit, data: pd.DataFrame, drawn: Draws) -> None:
    """SAS has the same prior of the covariance. That of rbmi is another one: its standard errors agree to 1%."""
    pooled = difference(imputed(fit, data, drawn, strategy))
    for estimate, std_error, more in ((*SAS_TABLE[strategy], 0.0), (*RBMI_TABLE[strategy], 0.01)):
        assert abs(pooled.estimate[0] - estimate) < ERRORS * pooled.mc_error[0] + ROUNDED
        assert abs(pooled.std_error[0] - std_error) < ERRORS * pooled.mc_std_error[0] + ROUNDED + more


@pytest.mark.parametrize("strategy", TIPPING)
def test_the_delta_at_which_the_conclusion_changes(strategy: str, fit: Fit, data: pd.DataFrame, drawn: Draws) -> None:
    """The delta of SAS spares the gap of patient 3618, which is missing at random."""
    tipping, estimate = TIPPING[strategy]
    at, before = (
        difference(imputed(fit, data, drawn, strategy, Delta(shift={"DRUG": shift}, of="after_event")))
        for shift in (tipping, tipping - int(np.sign(tipping)))
    )
    assert (at.p_value[0] > 0.05) != (before.p_value[0] > 0.05)
    assert abs(at.estimate[0] - estimate) < ERRORS * at.mc_error[0] + ROUNDED


PLAN = Path(__file__).parents[2] / "analyses" / "antidepressant" / "study.yaml"


@cache
def through_the_plan() -> tuple[ComparativeStudy, AnalysisDataset]:
    """Return the plan of the trial with each strategy by drawn data sets, and the rows of its estimand."""
    content = yaml.safe_load(PLAN.read_text(encoding="utf-8"))
    drawn = {"estimand": "primary", "model": "imputation", "role": "sensitivity", "adjust": ["baseline * visit", "sex"]}
    for word in SAS_TABLE:
        content["analyses"][word] = {**drawn, "strategy": word, "by": "multiple", "imputations": 1000}
    study = study_of(content)
    assert isinstance(study, ComparativeStudy)
    return study, derive_dataset(read_cohort(study, SAS / "chapter15_example.sas7bdat"), "primary")


@pytest.mark.parametrize("strategy", SAS_TABLE)
def test_the_table_of_camis_through_the_plan(strategy: str) -> None:
    study, rows = through_the_plan()
    planned = study.planned(strategy)
    (fit,) = method_of(planned.analysis).fits(planned, rows)
    assert isinstance(fit, Fit)
    pooled = imputed_sets(planned, fit, rows).results.pooled.take(np.array([-1]))
    estimate, std_error = SAS_TABLE[strategy]
    assert abs(pooled.estimate[0] - estimate) < 3 * pooled.mc_error[0] + ROUNDED
    assert abs(pooled.std_error[0] - std_error) < 3 * pooled.mc_std_error[0] + ROUNDED
