"""One block of episodes: drawn part by part, and as the rows of an export."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike

from coxa.simulate.registry.care import (
    Care,
    RedFlagSteps,
    Returned,
    draw_care,
    draw_red_flag_steps,
    draw_returned,
)
from coxa.simulate.registry.outcomes import Course, draw_course
from coxa.simulate.registry.patients import ETHNICITIES, Flags, People, Stays, draw_people, draw_stays
from coxa.simulate.registry.units import Units, Whole
from coxa.simulate.seeds import generator
from coxa.study.audit.assumptions import RegistryAssumptions

DIGITS = 8
"""Digits of the numbers of patients and episodes where there are many."""

IN_TIME = 7
"""Days within which a referral for a red flag is in time."""

GAPS = {"duration_months": 0.03, "comorbidities": 0.02, "ethnicity": 0.04, "deprivation": 0.02}
"""Descriptor -> share of the episodes in which it was not written down."""


@dataclass(frozen=True, slots=True)
class Block:
    """Episodes of a block as arrays, with what an export does not hold.

    place : of the first episode among all of the registry, from which identifiers are counted
    """

    stays: Stays
    people: People
    course: Course
    care: Care
    returned: Returned
    red_flags: RedFlagSteps | None
    gaps: dict[str, Flags]
    place: int


def draw_block(assumed: RegistryAssumptions, units: Units, seed: int, block: int, n: int, place: int) -> Block:
    """Return n episodes of a registry; a block depends on the seed and its number, not on other blocks."""
    stays = draw_stays(assumed, seed, block, n)
    people = draw_people(assumed, units, stays, seed, block)
    course = draw_course(assumed, units, stays, people, seed, block)
    care = draw_care(units, stays, people, seed, block)
    returned = draw_returned(assumed, units, stays, people, course, care, seed, block)
    rng = generator(f"gaps in block {block}", seed)
    gaps = {name: rng.random(n) < share for name, share in GAPS.items()}
    steps = draw_red_flag_steps(assumed, units, stays, people, seed, block)
    return Block(stays, people, course, care, returned, steps, gaps, place)


def block_frame(assumed: RegistryAssumptions, units: Units, drawn: Block) -> pd.DataFrame:
    """Return the rows of an export, one per episode, under coxa's names."""
    stays, people, course, care, returned = drawn.stays, drawn.people, drawn.course, drawn.care, drawn.returned
    n = len(stays.patient)
    there = care.asked & returned.done
    whole = dict.fromkeys(("patient", "episode"), DIGITS if drawn.place + n > 99_999 else 5)
    numbered = np.arange(drawn.place + 1, drawn.place + n + 1)
    columns = {
        "patient": _identifiers("P", drawn.place + 1 + stays.patient, whole["patient"]),
        "episode": _identifiers("E", numbered, whole["episode"]),
        "clinic": _words(people.clinic, units.clinics),
        "therapist": _words(people.therapist, units.therapists),
        "condition": _words(people.condition, list(assumed.conditions)),
        "referral_date": _days(assumed, stays.intake - care.wait),
        "intake_date": _days(assumed, stays.intake),
        "discharge_date": _days(assumed, stays.intake + stays.stay, returned.discharged),
        "booked": stays.booked.astype(np.int16),
        "attended": care.attended.astype(np.int16),
        "missed": care.missed.astype(np.int16),
        "eligible": care.eligible,
        "asked": care.asked,
        **_descriptors(people, drawn.gaps),
        "red_flags_asked": care.red_flags,
        "referral_needed": care.needed,
        "referral_made": care.referred,
        **_red_flag_columns(drawn.red_flags),
    }
    for name in ("pain", "function"):
        columns[f"{name}_intake"] = _numbers(getattr(course, f"{name}_intake"), care.intake)
        columns[f"{name}_discharge"] = _numbers(getattr(course, f"{name}_discharge"), there)
        columns[f"{name}_date"] = _days(assumed, returned.day, there)
    return pd.DataFrame(columns)


def _descriptors(people: People, gaps: dict[str, Flags]) -> dict[str, object]:
    """Return the columns that describe the patients, with gaps where nothing was written down."""
    deprivation = np.where(gaps["deprivation"], -1, people.deprivation - 1)
    return {
        "age": people.age.astype(np.int16),
        "sex": _words(np.where(people.female, 0, 1), ["female", "male"]),
        "duration_months": _numbers(people.duration, ~gaps["duration_months"]),
        "previous_surgery": _words(people.surgery.astype(np.int8), ["no", "yes"]),
        "comorbidities": _numbers(people.comorbidities, ~gaps["comorbidities"]),
        "ethnicity": _words(np.where(gaps["ethnicity"], -1, people.ethnicity), list(ETHNICITIES)),
        "deprivation": _words(deprivation, "12345"),
    }


def _red_flag_columns(steps: RedFlagSteps | None) -> dict[str, object]:
    """Return the columns of what followed from screening, in place of whether it was asked alone."""
    if steps is None:
        return {}
    return {
        "red_flags_asked": steps.asked,
        "flag_found": steps.found,
        "flag_acted_on": steps.acted_on,
        "flag_referred": steps.referred,
        "days_to_referral": _numbers(steps.days, steps.referred),
        "referred_in_7_days": steps.referred & (steps.days <= IN_TIME),
    }


def _words(codes: ArrayLike, words: Sequence[str]) -> pd.Series:
    """Return words by their places, missing where the place is -1."""
    places = np.asarray(codes).astype(np.int64)
    return pd.Series(pd.Categorical.from_codes(places, pd.Index(list(words))))


def _identifiers(letter: str, numbers: Whole, digits: int) -> pd.Series:
    """Return identifiers such as P00042."""
    padded = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), digits, "0")
    return pd.Series(pc.binary_join_element_wise(letter, padded, "").to_pandas())


def _days(assumed: RegistryAssumptions, day: Whole, there: Flags | None = None) -> pd.Series:
    """Return days as dates, missing where there is none."""
    dates = np.datetime64(assumed.start, "D") + day
    if there is not None:
        dates = np.where(there, dates, np.datetime64("NaT", "D"))
    return pd.Series(dates.astype("datetime64[s]"))


def _numbers(values: ArrayLike, there: Flags) -> pd.Series:
    """Return whole numbers, missing where there is none."""
    return pd.Series(pd.arrays.IntegerArray(np.asarray(values).astype(np.int16), ~there))
