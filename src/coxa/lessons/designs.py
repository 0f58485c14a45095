"""Lessons on what was compared: therapists, chance at baseline, many outcomes, selection at the worst moment, time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coxa import models
from coxa.lessons.lesson import Drawn, Interval, effect
from coxa.lessons.missing import ARMS, two_arms
from coxa.simulate.identifiers import participant_ids

OUTCOMES = ("pain", "function", "sleep", "mood", "strength")


def _draw_therapists(rng: np.random.Generator) -> pd.DataFrame:
    per_arm, patients = 6, 15
    therapist = np.repeat(np.arange(2 * per_arm), patients)
    n = len(therapist)
    arm = pd.Categorical(np.where(therapist < per_arm, "usual_care", "exercise"), ARMS)
    pain = 40 + rng.normal(0, 5, 2 * per_arm)[therapist] + rng.normal(0, 13, n)
    return pd.DataFrame({"participant_id": participant_ids(n), "arm": arm, "pain": pain.round(1),
                         "therapist": [f"T{each + 1:02d}" for each in therapist]})  # fmt: skip


def _draw_imbalance(rng: np.random.Generator) -> pd.DataFrame:
    """Return a trial whose arms differ at baseline by more than chance usually brings."""
    n = 100
    arm = two_arms(n)
    exercise = np.asarray(arm == "exercise")
    while True:
        baseline = rng.normal(55, 14, n)
        if baseline[exercise].mean() - baseline[~exercise].mean() > 4.5:
            break
    week_12 = 15 + 0.7 * baseline + np.where(exercise, -6.0, 0.0) + rng.normal(0, 10, n)
    return pd.DataFrame({"participant_id": participant_ids(n), "arm": arm, "baseline": baseline.round(1),
                         "week_12": week_12.round(1)})  # fmt: skip


def _draw_outcomes(rng: np.random.Generator) -> pd.DataFrame:
    n = 120
    shared = rng.normal(0, 0.5, n)
    scores = {name: (50 + 10 * (shared + rng.normal(0, np.sqrt(0.75), n))).round(1) for name in OUTCOMES}
    return pd.DataFrame({"participant_id": participant_ids(n), "arm": two_arms(n), **scores})


def _of_outcome(data: pd.DataFrame, name: str) -> Interval:
    return effect(models.fit_ancova(f"{name} ~ arm", data), "arm[exercise]")


def _largest(data: pd.DataFrame) -> Interval:
    found = [_of_outcome(data, name) for name in OUTCOMES]
    return max(found, key=lambda one: abs(one.estimate) / (one.high - one.low))


def _draw_regression(rng: np.random.Generator) -> pd.DataFrame:
    people = rng.normal(50, 10, 2000)
    screening = people + rng.normal(0, 8, 2000)
    chosen = np.flatnonzero(screening > 65)[:100]
    n = len(chosen)
    later = [people[chosen] + rng.normal(0, 8, n) for _ in range(2)]
    return pd.DataFrame({"participant_id": participant_ids(n), "screening": screening[chosen].round(1),
                         "first_session": later[0].round(1), "discharge": later[1].round(1)})  # fmt: skip


def _mean_change(data: pd.DataFrame, start: str) -> Interval:
    change = data["discharge"] - data[start]
    half = 1.96 * change.std() / np.sqrt(len(change))
    return Interval(float(change.mean()), float(change.mean() - half), float(change.mean() + half))


def _draw_immortal(rng: np.random.Generator) -> pd.DataFrame:
    n, end = 400, 365.0
    event = rng.exponential(400, n)
    start = np.where(rng.random(n) < 0.6, rng.exponential(120, n), np.inf)
    stop = np.minimum(event, end)
    started = start < stop
    returned = (event <= end).astype(int)
    return pd.DataFrame({"participant_id": participant_ids(n), "days": stop.round(1) + 0.1, "returned": returned,
                         "training_from": np.where(started, start.round(1), np.nan)})  # fmt: skip


def _ratio(fit: models.CoxFit) -> Interval:
    return Interval(*map(float, fit.tidy().loc[0, ["hazard_ratio", "conf_low", "conf_high"]]))


def _ever(data: pd.DataFrame) -> Interval:
    ever = data["training_from"].notna().astype(float).to_frame()
    return _ratio(models.fit_cox_arrays(data["days"], data["returned"], ever))


def _since(data: pd.DataFrame) -> Interval:
    trained = data[data["training_from"].notna()]
    before = pd.DataFrame({"start": 0.0, "stop": trained["training_from"], "event": 0, "on": 0.0})
    after = pd.DataFrame(
        {"start": trained["training_from"], "stop": trained["days"], "event": trained["returned"], "on": 1.0}
    )
    never = data[data["training_from"].isna()]
    rest = pd.DataFrame({"start": 0.0, "stop": never["days"], "event": never["returned"], "on": 0.0})
    rows = pd.concat([before, after, rest], ignore_index=True)
    rows = rows[rows["stop"] > rows["start"]]
    return _ratio(models.fit_cox_arrays(rows["stop"], rows["event"], rows[["on"]], start=rows["start"]))


DRAWN = {
    "therapist_ignored": Drawn(
        _draw_therapists,
        lambda data: effect(models.fit_ancova("pain ~ arm", data), "arm[exercise]"),
        lambda data: effect(models.fit_lmm("pain ~ arm + (1 | therapist)", data, ddf="kenward-roger"), "arm[exercise]"),
    ),
    "baseline_imbalance": Drawn(
        _draw_imbalance,
        lambda data: effect(models.fit_ancova("week_12 ~ arm", data), "arm[exercise]"),
        lambda data: effect(models.fit_ancova("week_12 ~ arm + baseline", data), "arm[exercise]"),
    ),
    "switched_outcome": Drawn(_draw_outcomes, _largest, lambda data: _of_outcome(data, "pain")),
    "regression_to_the_mean": Drawn(
        _draw_regression, lambda data: _mean_change(data, "screening"), lambda data: _mean_change(data, "first_session")
    ),
    "immortal_time": Drawn(_draw_immortal, _ever, _since),
}
"""Lesson -> how its data are drawn, the obvious analysis and the right one; `lessons.yaml` has its words."""
