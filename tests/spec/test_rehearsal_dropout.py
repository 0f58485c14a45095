"""A rehearsal with informative dropout: who leaves, by which outcome, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.design.by_simulation.rehearsal import rehearse
from coxa.design.by_simulation.rehearsed import planted
from coxa.errors import OptionError
from coxa.simulate import trial_design
from tests.spec.power_plan import MMRM, power_plan

N = 900
VISITS = ("w6", "w12", "w26")


def rows() -> pd.DataFrame:
    """Return a blinded trial without gaps, as the dataset of the estimand has it."""
    rng = np.random.default_rng(2)
    baseline, own = rng.normal(50, 15, N), rng.normal(0, 10, N)
    frame = pd.DataFrame({"participant_id": np.repeat([f"P{k:03d}" for k in range(N)], 3), "visit": list(VISITS) * N})
    frame["baseline"] = np.repeat(baseline, 3)
    frame["value"] = frame["baseline"] + np.repeat(own, 3) + rng.normal(0, 8, 3 * N)
    return frame.assign(visit=pd.Categorical(frame["visit"], VISITS), change=np.nan, responder=np.nan, age=60.0)


def made(mechanism: str, odds_ratio: float, *, dropout: bool = True) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a rehearsed trial with dropout, and the same without."""
    part = {"probability": 0.4, "mechanism": mechanism, "odds_ratio": odds_ratio}
    study: Any = power_plan({"primary": MMRM}, dropout=part)
    design = trial_design(study)
    both = [planted(study, design, "primary", rows(), 3, 0, 1.0, dropout=one) for one in (dropout, False)]
    return both[0], both[1]


def wide(frame: pd.DataFrame) -> np.ndarray:
    return frame["value"].to_numpy(dtype=float).reshape(N, 3)


def test_as_many_leave_as_assumed_and_none_comes_back() -> None:
    left, whole = made("mar", 2.0)
    gone = np.isnan(wide(left))
    assert gone[:, -1].mean() == pytest.approx(0.4, abs=0.05)
    assert (np.diff(gone.astype(int), axis=1) >= 0).all()
    np.testing.assert_array_equal(wide(left)[~gone], wide(whole)[~gone])
    assert left.loc[left["value"].isna(), "change"].isna().all()
    assert left["arm"].equals(whole["arm"])


@pytest.mark.parametrize(("mechanism", "by_last", "by_missed"), [("mar", True, False), ("mnar", False, True)])
def test_leaving_goes_by_the_outcome_that_the_mechanism_names(mechanism: str, by_last: bool, by_missed: bool) -> None:
    """A logistic model of leaving before the last visit on both outcomes has the assumed odds ratio on one of them."""
    from coxa.models import fit_glm

    left, whole = made(mechanism, 3.0)
    seen, there = ~np.isnan(wide(left)), wide(whole)
    arm = left["arm"].astype(str).to_numpy().reshape(N, 3)[:, 0]
    z = np.array([[there[arm == a, v].mean() for v in range(3)] for a in arm])
    sd = np.array([[there[arm == a, v].std() for v in range(3)] for a in arm])
    worse = -(there - z) / sd
    at_risk = seen[:, 1]
    data = pd.DataFrame({"gone": ~seen[:, 2], "last": worse[:, 1], "missed": worse[:, 2]})[at_risk]
    fit = fit_glm("gone ~ last + missed", data.assign(gone=data["gone"].astype(float)), family="binomial")
    slopes, errors = fit.params, np.sqrt(np.diag(fit.covariance.to_numpy()))
    for place, (name, drives) in enumerate((("last", by_last), ("missed", by_missed)), start=1):
        assert abs(slopes[name] - (np.log(3.0) if drives else 0.0)) < 3.5 * errors[place]


def test_a_rehearsal_counts_dropout_in_its_record() -> None:
    import coxa

    study = coxa.preset("bennell-2014")
    trial = coxa.simulate_study(study, participants=40, truth_size=2000, seed=1)
    content = trial.study.model_dump(mode="json", exclude_unset=True)
    content["assumptions"]["dropout"] = {"probability": 0.4, "mechanism": "mnar", "odds_ratio": 3}
    informative: Any = coxa.study.kinds.study_of(content)
    plain, left = (
        rehearse(informative, trial.tables, replicates=10, analyses=["primary"], dropout=one) for one in (False, True)
    )
    assert (plain.inputs["dropout"], left.inputs["dropout"]) == (False, True)
    assert (left.frame["truth"] == plain.frame["truth"]).all()
    assert (left.frame["width"] > plain.frame["width"]).all()


def test_dropout_that_is_not_assumed_cannot_be_planted() -> None:
    study: Any = power_plan({"primary": MMRM}, dropout={"probability": 0.0})
    with pytest.raises(OptionError, match="no dropout to plant"):
        rehearse(study, replicates=10, dropout=True)
