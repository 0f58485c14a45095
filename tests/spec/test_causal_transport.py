"""A trial's difference in the case mix of a clinic: exact where strata say it, covering where they do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.causal import transport
from coxa.causal.transported import Transported
from coxa.errors import FitError
from tests.sizes import few

ESTIMATORS = ("weighted", "doubly_robust", "g_computation")


def difference(found: Transported, *, in_trial: bool = False) -> pd.Series:
    rows = found.in_trial if in_trial else found.estimates
    return rows.only(term="difference").frame.iloc[0]


def drawn(seed: int, n: int = 300, clinic: int = 400) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a trial and a clinic that is older; the effect is -0.2 per year from 50."""
    rng = np.random.default_rng(seed)
    age = rng.uniform(45, 80, n)
    arm = np.where(rng.random(n) < 0.5, "new", "old")
    pain = 0.3 * age - 0.2 * (age - 50) * (arm == "new") + rng.normal(0, 3, n)
    return pd.DataFrame({"arm": arm, "age": age, "pain": pain}), pd.DataFrame(
        {"age": rng.triangular(46, 78, 79, clinic)}
    )


TRUTH = -0.2 * ((46 + 78 + 79) / 3 - 50)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_with_one_category_it_is_the_stratum_differences_in_the_shares_of_the_clinic(estimator: Any) -> None:
    rng = np.random.default_rng(2)
    trial = pd.DataFrame({"arm": ["new", "old"] * 60, "severity": ["mild"] * 80 + ["severe"] * 40})
    trial["pain"] = rng.normal(5, 2, 120) - (trial["arm"] == "new") * np.where(trial["severity"] == "mild", 1, 3)
    clinic = pd.DataFrame({"severity": ["mild"] * 10 + ["severe"] * 30})
    found = transport(
        trial, clinic, outcome="pain", arm="arm", treated="new", covariates=["severity"], estimator=estimator
    )
    means = trial.groupby(["severity", "arm"])["pain"].mean().unstack()
    apart = means["new"] - means["old"]
    assert difference(found)["estimate"] == pytest.approx(0.25 * apart["mild"] + 0.75 * apart["severe"], abs=1e-8)
    plain = trial.groupby("arm")["pain"].mean()
    assert difference(found, in_trial=True)["estimate"] == pytest.approx(plain["new"] - plain["old"], abs=1e-10)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_intervals_have_the_effect_of_the_clinic_inside_as_often_as_they_say(estimator: Any) -> None:
    replicates, inside, ratio = few(80, 1000), [], []
    for seed in range(replicates):
        trial, clinic = drawn(seed)
        found = transport(
            trial, clinic, outcome="pain", arm="arm", treated="new", covariates=["age"], estimator=estimator
        )
        row = difference(found)
        inside.append(row["conf_low"] <= TRUTH <= row["conf_high"])
        ratio.append((row["estimate"], row["std_error"]))
    assert abs(np.mean(inside) - 0.95) < 4 * np.sqrt(0.95 * 0.05 / replicates)
    estimates, errors = np.array(ratio).T
    assert errors.mean() == pytest.approx(estimates.std(ddof=1), rel=0.2)


def test_the_trial_itself_has_another_answer() -> None:
    trial, clinic = drawn(1)
    found = transport(trial, clinic, outcome="pain", arm="arm", treated="new", covariates=["age"])
    assert difference(found, in_trial=True)["conf_low"] > TRUTH > difference(found)["conf_low"]
    assert found.effective_n < len(trial)


def test_patients_that_no_participant_resembles_are_counted_and_left_out() -> None:
    trial, clinic = drawn(1)
    trial["severity"] = np.where(np.arange(len(trial)) % 2, "mild", "severe")
    clinic["severity"] = np.where(np.arange(len(clinic)) % 4 == 0, "very severe", "mild")
    clinic.loc[:2, "age"] = [20.0, 90.0, 91.0]
    clinic.loc[:2, "severity"] = "severe"
    found = transport(trial, clinic, outcome="pain", arm="arm", treated="new", covariates=["age", "severity"])
    counted = {(row.covariate, row.reason): row.n for row in found.unlike.itertuples()}
    assert counted["age", "below the trial"] == 1
    assert counted["age", "above the trial"] == 2
    assert counted["severity", "very severe: not in the trial"] == 99
    assert found.n_like == len(clinic) - 102
    assert found.share_unlike == pytest.approx(102 / len(clinic))


def test_a_clinic_outside_the_trial_is_refused() -> None:
    trial, clinic = drawn(1)
    with pytest.raises(FitError, match="No patient of the clinic is within the range"):
        transport(trial, clinic + 100, outcome="pain", arm="arm", treated="new", covariates=["age"])


def test_participants_without_an_outcome_are_left_out() -> None:
    trial, clinic = drawn(1)
    gaps = trial.assign(pain=trial["pain"].mask(trial.index < 10))
    options: dict[str, Any] = {"outcome": "pain", "arm": "arm", "treated": "new", "covariates": ["age"]}
    assert difference(transport(gaps, clinic, **options))["estimate"] == pytest.approx(
        difference(transport(trial[10:], clinic, **options))["estimate"]
    )
