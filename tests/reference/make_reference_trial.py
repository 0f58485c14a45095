"""Draw the reference trial: three arms, four visits, gaps and dropout; seeded.

participant_id, site, therapist, sex, age, arm, visit, baseline, change, weight. `change` is like the change of HOOS
pain from baseline, higher is better; it is empty where the visit was missed.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

SEED = 20261122
N = 180
VISITS = ("week_6", "week_12", "week_26", "week_52")
ARMS = ("usual_care", "exercise", "manual_therapy")
SD = np.array([11.0, 13.0, 14.0, 16.0])
CORRELATION = 0.7 ** np.abs(np.subtract.outer(range(4), range(4)))
EFFECT = np.array([[6, 9, 9, 8], [9, 15, 14, 12], [10, 13, 12, 11]], float)


def reference_trial() -> pd.DataFrame:
    """Return the trial, one row per participant and visit."""
    rng = np.random.default_rng(SEED)
    arm = rng.permutation(np.arange(N) % 3)
    site = rng.choice(["north", "south", "west"], N, p=[0.5, 0.3, 0.2])
    therapist = np.array([f"T{a}{k}" for a, k in zip(arm, rng.integers(1, 7, N), strict=True)])
    sex = rng.choice(["female", "male"], N, p=[0.62, 0.38])
    age = np.round(rng.normal(52, 13, N), 1)
    baseline = np.round(np.clip(rng.normal(55, 15, N), 0, 100), 1)
    error = rng.multivariate_normal(np.zeros(4), CORRELATION * np.outer(SD, SD), size=N)
    shift = {name: rng.normal(0, 3) for name in np.unique(therapist)}
    y = EFFECT[arm] - 0.35 * (baseline[:, None] - 55) + (sex == "male")[:, None] * 1.5
    y = y + np.array([shift[name] for name in therapist])[:, None] + error
    y = np.round(np.clip(baseline[:, None] + y, 0, 100) - baseline[:, None], 1)
    missing = dropout(rng, y)
    missing |= rng.random((N, 4)) < 0.04
    rows = [
        {
            "participant_id": f"H{i + 1:03d}",
            "site": site[i],
            "therapist": therapist[i],
            "sex": sex[i],
            "age": age[i],
            "arm": ARMS[arm[i]],
            "visit": VISITS[j],
            "baseline": baseline[i],
            "change": np.nan if missing[i, j] else y[i, j],
            "weight": np.round(rng.uniform(0.5, 2), 3),
        }
        for i in range(N)
        for j in range(4)
    ]
    return pd.DataFrame(rows)


def dropout(rng: np.random.Generator, y: np.ndarray) -> np.ndarray:
    """Return which visits are missed for good, likelier after a poor outcome."""
    gone = np.zeros(N, bool)
    missing = np.zeros(y.shape, bool)
    for j in range(1, 4):
        gone |= rng.random(N) < 0.07 * np.exp(-0.03 * (y[:, j - 1] - 10))
        missing[:, j] = gone
    return missing


if __name__ == "__main__":
    reference_trial().to_csv("reference_trial.csv", index=False)
