"""Small drawn data with levels in which outcomes are alike, and the mean squares of their textbook analysis."""

from __future__ import annotations

import numpy as np
import pandas as pd

ARMS = ["usual_care", "exercise"]
VISITS = ["week_6", "week_12", "week_26"]


def one_way(levels: int = 8, each: int = 5, *, sd: float = 2.0, seed: int = 1) -> pd.DataFrame:
    """Return outcomes of therapists with `each` patients, with standard deviations `sd` between and 1 within them."""
    rng = np.random.default_rng(seed)
    therapist = np.repeat(np.arange(levels), each)
    pain = 40 + sd * rng.normal(size=levels)[therapist] + rng.normal(size=levels * each)
    return pd.DataFrame({"therapist": [f"T{k}" for k in therapist], "pain": pain})


def mean_squares(data: pd.DataFrame, outcome: str = "pain", level: str = "therapist") -> tuple[float, float]:
    """Return the mean squares between and within levels of a balanced layout."""
    groups = data.groupby(level)[outcome]
    between = groups.size().iloc[0] * groups.mean().var(ddof=1)
    within = groups.var(ddof=1).mean()
    return float(between), float(within)


def visits_trial(participants: int = 24, *, therapists: int = 6, sd: float = 2.0, seed: int = 2) -> pd.DataFrame:
    """Return a trial with two arms and three visits; every other participant has exercise with one of the therapists.

    `therapist` is empty in usual care, `leads` is not; `week` is the visit as a number.
    """
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(participants), len(VISITS))
    arm, leads = who % 2, who // 2 % therapists
    data = pd.DataFrame({"participant_id": [f"P{k:02d}" for k in who]})
    data["visit"] = pd.Categorical(VISITS * participants, VISITS)
    data["week"] = np.tile([6.0, 12.0, 26.0], participants)
    data["arm"] = pd.Categorical.from_codes(arm, ARMS)
    data["leads"] = [f"T{k}" for k in leads]
    data["therapist"] = data["leads"].where(arm == 1)
    effect = sd * rng.normal(size=therapists)[leads] * arm
    data["change"] = 3 * arm + effect + 2 * rng.normal(size=participants)[who] + rng.normal(size=len(who))
    return data
