"""Draws answers to items from true scores, and ratings of change from personal thresholds: the truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

ITEMS = ("p1", "p2", "p3", "p4")
PER_ITEM = 25.0
"""Points of the score in one step of an item."""
SPREAD, NOISE = 15.0, 0.75
"""SD of true scores, in points, and of an answer about what the true score makes of it, in steps."""
CHANGE = {"usual_care": 8.0, "exercise": 20.0}
CHANGE_SD = 10.0
THRESHOLD, THRESHOLD_SD = 10.0, 4.0
"""True change from which a person calls it an improvement: its mean is the minimal important change."""
RATING = 0.8
"""Reliability of the rating."""
STEPS = (-22.0, -14.0, -6.0, 0.0, 8.0, 16.0)
"""Change less threshold at which the rating goes up by one; 0 is where improvement begins."""
VISITS = {"screening": -14, "baseline": 0, "week_12": 84}


def answers(true: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return (n, 4) answers from 0 (none) to 4 (extreme) to items, from true scores where 100 is no pain."""
    ideal = (100 - true[:, None]) / PER_ITEM + rng.normal(0, NOISE, (len(true), len(ITEMS)))
    return np.asarray(np.clip(np.round(ideal), 0, 4))


def score(items: np.ndarray) -> np.ndarray:
    """Return the score, 0 to 100, higher is better."""
    return np.asarray(100 - PER_ITEM * items.mean(axis=1))


def people(n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return arm (1 exercise), true scores before and after, and the rating of change."""
    arm = rng.permutation(np.arange(n) % 2)
    before = rng.normal(50, SPREAD, n)
    change = np.where(arm == 1, CHANGE["exercise"], CHANGE["usual_care"]) + rng.normal(0, CHANGE_SD, n)
    felt = change - rng.normal(THRESHOLD, THRESHOLD_SD, n)
    felt = felt + rng.normal(0, float(felt.std()) * np.sqrt(1 / RATING - 1), n)
    return {"arm": arm, "before": before, "after": before + change, "rating": np.searchsorted(STEPS, felt) - 3}


def write(folder: Path, n: int, seed: int) -> None:
    """Write the three tables of the study to a folder."""
    rng = np.random.default_rng(seed)
    drawn = people(n, rng)
    ids = [f"P{number:03d}" for number in range(n)]
    start = pd.Timestamp("2025-01-06") + pd.to_timedelta(np.arange(n), unit="D")
    arm = np.where(drawn["arm"] == 1, "exercise", "usual_care")
    folder.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame({"participant_id": ids, "arm": arm, "randomisation_date": start})
    table.to_csv(folder / "participants.csv", index=False)
    rated = pd.DataFrame({"participant_id": ids, "visit": "week_12", "assessment_date": start + pd.Timedelta(days=84)})
    rated.assign(rating=drawn["rating"]).to_csv(folder / "assessments.csv", index=False)
    forms = []
    for visit, day in VISITS.items():
        given = answers(drawn["after" if day > 0 else "before"], rng)
        form = pd.DataFrame(given.astype(int), columns=list(ITEMS))
        when = start + pd.Timedelta(days=day)
        form.insert(0, "assessment_date", when)
        forms.append(form.assign(participant_id=ids, visit=visit))
    pd.concat(forms).to_csv(folder / "items.csv", index=False)


def truth(n: int = 400_000, seed: int = 1) -> dict[str, float]:
    """Return what a very large sample has: reliability, errors, alpha, shares; the threshold is known exactly."""
    rng = np.random.default_rng(seed)
    drawn = people(n, rng)
    items = answers(drawn["before"], rng)
    first, second, after = score(items), score(answers(drawn["before"], rng)), score(answers(drawn["after"], rng))
    error = float(np.sqrt(np.mean((first - second) ** 2) / 2))
    icc = 1 - error**2 / float(np.concatenate([first, second]).var())
    sd = float(second.std())
    index = (after - second) / (sd * np.sqrt(2 * (1 - icc)))
    cutoff = (sd * 88 + 11 * float(second.mean())) / (sd + 11)
    k, treated = len(ITEMS), drawn["arm"] == 1
    better = index >= 1.959964
    crossed = better & (second < cutoff) & (after >= cutoff)
    return {
        "alpha": k / (k - 1) * (1 - float(items.var(axis=0).sum() / items.sum(axis=1).var())),
        "ICC(2,1)": icc,
        "SEM": error,
        "SDC": 1.959964 * np.sqrt(2) * error,
        "important change": THRESHOLD,
        "recovered, exercise": float(crossed[treated].mean()),
        "recovered, usual care": float(crossed[~treated].mean()),
        "improved or recovered, exercise": float(better[treated].mean()),
        "improved or recovered, usual care": float(better[~treated].mean()),
    }
