"""The patients of a block of episodes: whose episode it is, when, with whom, and what describes the patient."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coxa.simulate.registry.units import Floats, Units, Whole
from coxa.simulate.seeds import generator
from coxa.study.audit.assumptions import RegistryAssumptions

Flags = NDArray[np.bool_]

ETHNICITIES = {"white": 0.74, "asian": 0.11, "black": 0.07, "mixed": 0.03, "other": 0.05}
"""Ethnicity -> its share."""

DAYS_PER_SESSION, GAP = 12.0, 150.0
"""Mean days of care for each session booked, and mean days from the end of an episode to the patient's next."""

AFTER_INTAKE = 90
"""Days from the last possible intake to the export of the data."""


def last_day(assumed: RegistryAssumptions) -> date:
    """Return the last day of intake."""
    return assumed.start.replace(year=assumed.start.year + assumed.years, day=min(assumed.start.day, 28)) - timedelta(1)


def export_day(assumed: RegistryAssumptions) -> date:
    """Return the day of the export."""
    return last_day(assumed) + timedelta(AFTER_INTAKE)


@dataclass(frozen=True, slots=True)
class Stays:
    """Episodes (n,) in the order of intake; days are counted from the first day of the registry.

    patient  : whose it is, by number within the block, in the order of the first intake
    intake   : day of intake
    stay     : days until discharge
    booked   : sessions
    patients : number of patients
    """

    patient: Whole
    intake: Whole
    stay: Whole
    booked: Whole
    patients: int


@dataclass(frozen=True, slots=True)
class People:
    """What describes the patients, one entry per episode (n,).

    therapist, clinic, condition, ethnicity : places in the lists of them
    age, female, duration, surgery, comorbidities, deprivation : years, months, a count, fifths from 1 (most deprived)
    effect    : what the patient adds to the improvement
    tolerance : what the patient adds to pain at intake
    """

    therapist: Whole
    clinic: Whole
    condition: Whole
    ethnicity: Whole
    age: Whole
    female: Flags
    duration: Whole
    surgery: Flags
    comorbidities: Whole
    deprivation: Whole
    effect: Floats
    tolerance: Floats


def draw_stays(assumed: RegistryAssumptions, seed: int, block: int, n: int) -> Stays:
    """Return n episodes with their days; a further episode begins after the patient's last one has ended."""
    rng = generator(f"stays in block {block}", seed)
    booked = 1 + rng.poisson(5.5, n)
    stay = np.maximum(np.rint(booked * rng.gamma(8.0, DAYS_PER_SESSION / 8.0, n)), 1).astype(np.int64)
    first = rng.random(n) >= assumed.repeats
    first[0] = True
    end = (last_day(assumed) - assumed.start).days
    intake = rng.integers(0, end + 1, n)
    gap = 14 + rng.exponential(GAP, n).astype(np.int64)
    rows = np.flatnonzero(~first)
    while rows.size:  # rows whose previous episode has its day already, then the rows after them
        ready = rows[~np.isin(rows - 1, rows, assume_unique=True)]
        day = intake[ready - 1] + stay[ready - 1] + gap[ready]
        fits = day <= end
        intake[ready[fits]] = day[fits]
        first[ready[~fits]] = True  # too late for a further episode: another patient, on the day drawn
        rows = np.setdiff1d(rows, ready, assume_unique=True)
    order = np.argsort(intake, kind="stable")
    patient, names = pd.factorize(np.cumsum(first)[order])
    return Stays(patient, intake[order], stay[order], booked[order], len(names))


def draw_people(assumed: RegistryAssumptions, units: Units, stays: Stays, seed: int, block: int) -> People:
    """Return the patients of these episodes; what is the patient's own is the same in each episode."""
    rng = generator(f"patients in block {block}", seed)
    n, who = stays.patients, stays.patient
    therapist = _places(rng, units.share, n)
    clinic = units.clinic_of[therapist]
    condition = _by_clinic(rng, units.conditions, clinic)
    kinds = list(assumed.conditions.values())
    age = rng.normal(np.array([one.age for one in kinds])[condition] + units.age[clinic], 9.0)
    female = rng.random(n) < np.array([one.female for one in kinds])[condition]
    ethnicity = _places(rng, np.array(list(ETHNICITIES.values())), n)
    deprivation = 1 + np.clip(np.floor(5 * rng.random(n) + units.deprivation[clinic]), 0, 4).astype(np.int64)
    surgery = rng.random(n) < 0.15
    effect = assumed.improvement.patient_sd * rng.normal(size=n)
    tolerance = 1.1 * rng.normal(size=n)
    comorbidities = np.minimum(rng.poisson(0.3 + 0.025 * np.maximum(age - 30, 0)), 6)
    years = np.clip(age[who] + stays.intake / 365.25, 16, 97).astype(np.int64)
    duration = np.clip(np.rint(np.exp(rng.normal(np.log(9.0), 1.0, len(who)))), 1, 240).astype(np.int64)
    return People(
        therapist=therapist[who],
        clinic=clinic[who],
        condition=condition[who],
        ethnicity=ethnicity[who],
        age=years,
        female=female[who],
        duration=duration,
        surgery=surgery[who],
        comorbidities=comorbidities[who],
        deprivation=deprivation[who],
        effect=effect[who],
        tolerance=tolerance[who],
    )


def _places(rng: np.random.Generator, shares: Floats, n: int) -> Whole:
    """Draw n places with these shares."""
    ends = np.cumsum(shares)
    return np.searchsorted(ends[:-1], rng.random(n) * ends[-1], side="right")


def _by_clinic(rng: np.random.Generator, shares: Floats, clinic: Whole) -> Whole:
    """Draw a place for each patient, with the shares of the patient's clinic."""
    ends = np.cumsum(shares, axis=1)[:, :-1] + np.arange(len(shares))[:, None]
    u = rng.random(len(clinic))
    return np.searchsorted(ends.ravel(), clinic + u, side="right") - clinic * ends.shape[1]
