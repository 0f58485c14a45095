"""Many simulated trials, analysed as planned: estimates are right on average, intervals cover the truth."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pandas as pd
import pytest

from synthetic_data.hip_oa_trial.simulator.course import Course, follow
from synthetic_data.hip_oa_trial.simulator.design import ARMS, SITES, VISITS, HipOADesign
from synthetic_data.hip_oa_trial.simulator.people import People, draw_people
from synthetic_data.hip_oa_trial.simulator.truths import true_values

TRIALS, N_PER_ARM = 40, 63
MONTE_CARLO = 3.0
"""Standard errors of the simulation itself."""


def analysis_rows(people: People, course: Course) -> pd.DataFrame:
    """Return change in HOOS pain as the primary estimand sees it: nothing after hip surgery, gaps as recorded."""
    gaps = course.gaps["pain"]
    answered = (~gaps).sum(axis=2)
    mean = np.where(gaps, 0, course.codes["pain"]).sum(axis=2) / np.maximum(answered, 1)
    usable = course.present & (answered >= 5) & ~(course.day > course.surgery_day[:, None])
    value = np.where(usable, 100.0 - 25.0 * mean, np.nan)
    later = len(VISITS) - 1
    rows = pd.DataFrame(
        {
            "participant_id": np.repeat(np.arange(len(people)), later),
            "arm": pd.Categorical(np.repeat(np.array(ARMS)[people.arm], later), categories=ARMS),
            "visit": pd.Categorical(np.tile(VISITS[1:], len(people)), categories=VISITS[1:]),
            "site": pd.Categorical(np.repeat(np.array(SITES)[people.site], later), categories=SITES),
            "baseline": np.repeat(value[:, 0], later),
            "change": (value[:, 1:] - value[:, :1]).ravel(),
        }
    )
    return rows.dropna(subset=["change"])


def test_the_planned_analysis_recovers_the_planted_truth() -> None:
    from coxa.estimates import contrasts
    from coxa.models import fit_mmrm

    design = HipOADesign()
    truth = true_values(design)
    found = []
    for seed in range(1, TRIALS + 1):
        people = draw_people(design, N_PER_ARM, seed)
        rows = analysis_rows(people, follow(design, people, people.arm, seed))
        fit = fit_mmrm("change ~ arm * visit + baseline * visit + site", rows)
        estimates = contrasts(fit, "arm", against="usual_care", by="visit").frame
        found.append(truth.beside(estimates.assign(estimand="primary")))
    results = pd.concat(found)
    assert len(results) == 2 * TRIALS
    for arm, mine in results.groupby("arm"):
        error = mine["estimate"] - mine["truth"]
        assert abs(error.mean()) < MONTE_CARLO * error.std() / sqrt(TRIALS), arm
        assert mine["inside"].mean() > 0.95 - MONTE_CARLO * sqrt(0.95 * 0.05 / TRIALS), arm
        # The interval is about as wide as the scatter: its half-width is near two standard deviations.
        width = (mine["conf_high"] - mine["conf_low"]).mean() / (2 * 1.97)
        assert width == pytest.approx(error.std(), rel=MONTE_CARLO / sqrt(2 * TRIALS)), arm
