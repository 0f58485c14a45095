"""Lessons on what is not there: dropout that depends on the outcome, values carried forward, gaps in a diary."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coxa import models
from coxa.lessons.lesson import Drawn, Interval, effect
from coxa.simulate.identifiers import participant_ids

ARMS = ["usual_care", "exercise"]
LEAVE_WORSE = 12.0
"""Points by which those who leave exercise are worse than their baseline tells."""


def two_arms(n: int) -> pd.Categorical:
    """Return the arms of n participants, half in each, usual care being the reference."""
    return pd.Categorical(np.repeat(ARMS, n // 2), ARMS)


def _draw_mnar(rng: np.random.Generator) -> pd.DataFrame:
    n = 240
    arm = two_arms(n)
    exercise = np.asarray(arm == "exercise")
    baseline = rng.normal(55, 14, n)
    leaves = rng.random(n) < np.where(exercise, 0.30, 0.10)
    shift = np.where(exercise & leaves, LEAVE_WORSE, 0.0) - np.where(exercise, LEAVE_WORSE * 0.30, 0.0)
    week_12 = 12 + 0.6 * baseline + np.where(exercise, -6.0, 0.0) + shift + rng.normal(0, 11, n)
    return pd.DataFrame(
        {"participant_id": participant_ids(n), "arm": arm, "baseline": baseline.round(1),
         "week_12": np.where(leaves, np.nan, week_12.round(1))}
    )  # fmt: skip


def _complete_cases(data: pd.DataFrame) -> Interval:
    return effect(models.fit_ancova("week_12 ~ arm + baseline", data.dropna()), "arm[exercise]")


def _with_delta(data: pd.DataFrame) -> Interval:
    observed = _complete_cases(data)
    gone = data.loc[data["arm"] == "exercise", "week_12"].isna()
    added = LEAVE_WORSE * gone.mean()
    spread = (observed.high - observed.low) / 3.92
    half = 1.96 * np.hypot(spread, LEAVE_WORSE * np.sqrt(gone.mean() * (1 - gone.mean()) / len(gone)))
    return Interval(observed.estimate + added, observed.estimate + added - half, observed.estimate + added + half)


def _draw_locf(rng: np.random.Generator) -> pd.DataFrame:
    n, visits = 200, ("week_4", "week_8", "week_12")
    arm = two_arms(n)
    exercise = np.asarray(arm == "exercise")
    person = rng.normal(0, 10, n)
    baseline = 58 + person + rng.normal(0, 6, n)
    course = np.array([-6.0, -12.0, -18.0]) + np.where(exercise, 1.0, 0.0)[:, None] * np.array([-2.0, -4.0, -6.0])
    pain = 58 + person[:, None] + course + rng.normal(0, 6, (n, 3))
    last = np.where(rng.random(n) < np.where(exercise, 0.4, 0.1), rng.integers(1, 3, n), 3)
    rows = [
        {"participant_id": who, "arm": arm[place], "visit": visit, "baseline": round(baseline[place], 1),
         "pain": round(pain[place, at], 1)}
        for place, who in enumerate(participant_ids(n))
        for at, visit in enumerate(visits)
        if at < last[place]
    ]  # fmt: skip
    return pd.DataFrame(rows).astype({"arm": pd.CategoricalDtype(ARMS), "visit": pd.CategoricalDtype(list(visits))})


def _carried_forward(data: pd.DataFrame) -> Interval:
    last = data.sort_values("visit").groupby("participant_id", observed=True).tail(1)
    return effect(models.fit_ancova("pain ~ arm + baseline", last.drop(columns="visit")), "arm[exercise]")


def _by_mmrm(data: pd.DataFrame) -> Interval:
    from coxa.estimates import contrasts

    fit = models.fit_mmrm("pain ~ baseline * visit + arm * visit", data, covariance="us", ddf="satterthwaite")
    found = contrasts(fit, "arm", against="usual_care", by="visit").frame
    row = found[found["visit"] == "week_12"].iloc[0]
    return Interval(float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"]))


def _draw_gaps(rng: np.random.Generator) -> pd.DataFrame:
    n, days = 120, 28
    arm = two_arms(n)
    exercise = np.asarray(arm == "exercise")
    person = 5.0 + rng.normal(0, 1.0, n)
    pain = np.clip(person[:, None] + rng.normal(0, 1.5, (n, days)), 0, 10)
    above = pain - person[:, None]
    skips = rng.random((n, days)) < np.where(exercise[:, None], 1 / (1 + np.exp(-1.2 * above)), 0.3)
    recall = np.clip(pain.mean(axis=1) + rng.normal(0, 0.5, n), 0, 10).round(1)
    who, day = np.nonzero(~skips)
    return pd.DataFrame(
        {"participant_id": participant_ids(n)[who], "arm": pd.Categorical(np.asarray(arm)[who], ARMS),
         "day": day + 1, "pain": pain[who, day].round(1), "month_recall": recall[who]}
    )  # fmt: skip


def _mean_by_person(data: pd.DataFrame, column: str) -> Interval:
    people = data.groupby(["participant_id", "arm"], observed=True)[column].mean().reset_index()
    return effect(models.fit_ancova(f"{column} ~ arm", people), "arm[exercise]")


DRAWN = {
    "mnar_dropout": Drawn(_draw_mnar, _complete_cases, _with_delta),
    "locf": Drawn(_draw_locf, _carried_forward, _by_mmrm),
    "diary_gaps": Drawn(
        _draw_gaps, lambda data: _mean_by_person(data, "pain"), lambda data: _mean_by_person(data, "month_recall")
    ),
}
"""Lesson -> how its data are drawn, the obvious analysis and the right one; `lessons.yaml` has its words."""
