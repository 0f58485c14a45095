"""Small drawn trials with gaps, for the tests of imputation."""

from __future__ import annotations

import numpy as np
import pandas as pd

FORMULA = "change ~ baseline * visit + arm * visit"
VISITS = ("week_6", "week_12", "week_26")
SPREAD = np.array([[30.0, 18, 15], [18, 40, 24], [15, 24, 50]])


def trial(n: int = 90, *, seed: int = 1, effect: float = 5.0, missing: float = 0.3, arms: int = 2) -> pd.DataFrame:
    """Draw a trial: baseline, three visits, dropout that goes by the last value, and a gap in the first participant.

    The effect grows to `effect` at the last visit; about `missing` of the participants lack the last visit.
    """
    rng = np.random.default_rng(seed)
    arm = np.arange(n) % arms
    baseline = rng.normal(50, 8, n)
    mean = np.outer(arm, [0.3, 0.6, 1.0]) * effect + np.array([1.0, 2.0, 3.0]) - 0.2 * (baseline[:, None] - 50)
    y = mean + rng.multivariate_normal(np.zeros(3), SPREAD, n)
    if missing:
        y[lost(y, missing, rng)] = np.nan
        y[0] = [1.0, np.nan, 2.0]
    names = np.array(["usual", "exercise", "manual"])[arm]
    return pd.DataFrame(
        {
            "participant_id": np.repeat(np.arange(n), 3),
            "visit": pd.Categorical(list(VISITS) * n, VISITS),
            "arm": pd.Categorical(np.repeat(names, 3), ["usual", "exercise", "manual"][:arms]),
            "baseline": np.repeat(baseline, 3),
            "change": y.ravel(),
        }
    )


def lost(y: np.ndarray, missing: float, rng: np.random.Generator) -> np.ndarray:
    """Return which outcomes (n, 3) are lost: after a visit with a low value dropout is likelier."""
    out = np.zeros(y.shape, dtype=bool)
    for v in (1, 2):
        drop = rng.random(len(y)) < missing / 2 * np.clip(1 - y[:, v - 1] / 15, 0.2, 2.0)
        out[:, v] = out[:, v - 1] | drop
    return out
