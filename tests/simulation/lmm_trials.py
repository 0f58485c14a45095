"""The designs of the simulation of random effects, and outcomes drawn for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coxa.simulate.events import draw_serial
from coxa.simulate.seeds import generator

VISITS = ("week_6", "week_12", "week_26", "week_52")
SD = np.array([10.0, 12, 14, 15])
COVARIANCE = 0.7 ** np.abs(np.subtract.outer(range(4), range(4))) * np.outer(SD, SD)
COMPOUND = 100.0 * (np.eye(4) + 1)
"""Of visits that share a participant's intercept and nothing else: its variance is that of the residual."""
DROPOUT = 0.2
TREATED = {4: 60, 6: 72, 10: 80, 20: 100}
"""Participants of the treated arm by the number of its therapists."""
PER_CLINIC = (6, 15)
"""Participants of a clinic, from and below."""
LARGE = (25, 36)
"""The same, where clinics are large."""
WEEKS = (0, 6, 12, 26, 52)
DAYS = 30
LAG = 0.3
"""Effect of yesterday's load on today's pain."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One design, and outcomes drawn for it.

    rows     : one row per observation; `outcome` is not a number where it was not seen
    outcomes : (B, len(rows))
    """

    rows: pd.DataFrame
    outcomes: np.ndarray


def between_sd(icc: float, other_variance: float) -> float:
    """Return the standard deviation between levels whose variance is a share `icc` of the whole."""
    return float(np.sqrt(icc / (1 - icc) * other_variance))


def unequal(levels: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return a level for each of n participants: each level has two at least, some three times as many as others."""
    weights = rng.uniform(0.5, 1.5, levels)
    rest = rng.choice(levels, n - 2 * levels, p=weights / weights.sum())
    return np.concatenate([np.repeat(np.arange(levels), 2), rest])


def last_seen(n: int, rng: np.random.Generator) -> np.ndarray:
    """Return the number of visits that each of n participants came to: four, or one to three after dropping out."""
    gone = rng.permutation(n) < round(DROPOUT * n)
    return np.where(gone, rng.integers(1, 4, n), 4)


def four_visits(people: dict[str, np.ndarray], values: np.ndarray, last: np.ndarray) -> Drawn:
    """Return the rows of participants at four visits; `values` is (B, n, 4), `people` has a value for each of n."""
    n = len(last)
    rows = pd.DataFrame(people).loc[np.repeat(np.arange(n), 4)].reset_index(drop=True)
    rows["visit"] = pd.Categorical.from_codes(np.tile(np.arange(4), n), categories=list(VISITS))
    rows["arm"] = pd.Categorical.from_codes(rows["arm"].to_numpy(), categories=["usual_care", "exercise"])
    rows["outcome"] = np.where(np.arange(4) < last[:, None], values[0], np.nan).ravel()
    return Drawn(rows, values.reshape(len(values), -1))


def partially_nested(
    therapists: int, icc: float, sets: int, name: str, seed: int, covariance: np.ndarray = COVARIANCE
) -> Drawn:
    """Draw a trial in which one arm has therapists and the other none, 4 visits, 20% dropout, no effect.

    icc        : share of the therapists in the variance of the last visit
    covariance : (4, 4) of the visits of a participant beside the therapist
    """
    rng = generator(f"partially nested, {therapists} therapists, icc {icc:g}, {name}", seed)
    treated = TREATED[therapists]
    n = 2 * treated
    arm = np.repeat([0, 1], treated)
    who = np.concatenate([np.full(treated, -1), unequal(therapists, treated, rng)])
    baseline, last = rng.normal(50, 15, n), last_seen(n, rng)
    noise = rng.normal(size=(sets, n, 4)) @ np.linalg.cholesky(covariance).T
    effects = between_sd(icc, covariance[-1, -1]) * rng.normal(size=(sets, therapists))
    of_therapist = np.where(who >= 0, effects[:, who], 0.0)
    values = 5 - 0.3 * (baseline - 50)[None, :, None] + noise + of_therapist[:, :, None]
    names = np.array([*[f"T{k}" for k in range(therapists)], None], dtype=object)
    people = {"participant_id": np.arange(n), "arm": arm, "therapist": names[who], "baseline": baseline}
    return four_visits(people, values, last)


def clusters(
    clinics: int, icc: float, sets: int, name: str, seed: int, per_clinic: tuple[int, int] = PER_CLINIC
) -> Drawn:
    """Draw a trial with so many clinics in each of two arms, 4 visits, 20% dropout, no effect.

    icc : share of the clinics in the variance of an observation; participants and residual have half of the rest each
    """
    rng = generator(f"clusters, {clinics} clinics, icc {icc:g}, {name}", seed)
    sizes = rng.integers(*per_clinic, 2 * clinics)
    clinic = np.repeat(np.arange(2 * clinics), sizes)
    n = len(clinic)
    baseline, last = rng.normal(50, 15, n), last_seen(n, rng)
    effects = between_sd(icc, 200.0) * rng.normal(size=(sets, 2 * clinics))
    own = 10 * rng.normal(size=(sets, n, 1))
    values = 5 - 0.3 * (baseline - 50)[None, :, None] + effects[:, clinic, None] + own
    values = values + 10 * rng.normal(size=(sets, n, 4))
    people = {
        "participant_id": np.arange(n),
        "arm": clinic % 2,
        "clinic": np.array([f"C{k}" for k in range(2 * clinics)], dtype=object)[clinic],
        "baseline": baseline,
    }
    return four_visits(people, values, last)


def trajectories(n: int, slope_sd: float, sets: int, name: str, seed: int) -> Drawn:
    """Draw n participants in two arms at 5 times that differ between them: intercepts and slopes vary, no effect.

    slope_sd : per week; the slopes correlate with the intercepts (SD 8) by -0.3, and the residual has an SD of 8
    """
    rng = generator(f"trajectories, {n} participants, slopes {slope_sd:g}, {name}", seed)
    arm = np.arange(n) % 2
    week = np.array(WEEKS) + np.where(np.array(WEEKS) > 0, rng.uniform(-2, 2, (n, 5)), 0.0)
    covariance = np.outer([8, slope_sd], [8, slope_sd]) * np.array([[1.0, -0.3], [-0.3, 1.0]])
    effects = rng.normal(size=(sets, n, 2)) @ np.linalg.cholesky(covariance).T
    values = 50 - 0.3 * week + effects[:, :, :1] + effects[:, :, 1:] * week + 8 * rng.normal(size=(sets, n, 5))
    rows = pd.DataFrame(
        {
            "participant_id": np.repeat(np.arange(n), 5),
            "arm": pd.Categorical.from_codes(np.repeat(arm, 5), categories=["usual_care", "exercise"]),
            "week": week.ravel(),
            "outcome": values[0].ravel(),
        }
    )
    return Drawn(rows, values.reshape(sets, -1))


def diaries(n: int, sets: int, name: str, seed: int) -> Drawn:
    """Draw a diary of n participants on 30 days, of which a tenth are missed; pain depends on the load of yesterday.

    Load and the residual of pain are alike from day to day (correlations 0.6 and 0.5); intercepts vary.
    """
    rng = generator(f"diaries, {n} participants, {name}", seed)
    load = rng.normal(size=(n, 1)) + draw_serial(rng, n, DAYS + 1, 1.0, 0.6)
    yesterday = load[:, :-1]
    mean = yesterday.mean(axis=1, keepdims=True)
    seen = rng.random((n, DAYS)) > 0.1
    serial = draw_serial(rng, sets * n, DAYS, 1.0, 0.5).reshape(sets, n, DAYS)
    values = 4 + LAG * (yesterday - mean) + rng.normal(size=(sets, n, 1)) + serial
    rows = pd.DataFrame(
        {
            "participant_id": np.repeat(np.arange(n), DAYS),
            "day": np.tile(np.arange(DAYS, dtype=float), n),
            "load_yesterday": (yesterday - mean).ravel(),
            "load_mean": np.repeat(mean, DAYS),
            "outcome": np.where(seen, values[0], np.nan).ravel(),
        }
    )
    return Drawn(rows, values.reshape(sets, -1))
