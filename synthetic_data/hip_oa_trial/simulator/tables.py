"""The raw files of the trial, as its data managers would export them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coxa.simulate.events import draw_event_counts
from coxa.simulate.from_plan.dose import draw_attendance, draw_minutes
from coxa.simulate.from_plan.measure import draw_rating
from coxa.simulate.seeds import generator
from synthetic_data.hip_oa_trial.simulator.course import Course
from synthetic_data.hip_oa_trial.simulator.delivered import (
    co_interventions,
    with_fidelity,
    with_soreness,
    with_treatment_stops,
)
from synthetic_data.hip_oa_trial.simulator.design import ARMS, DAYS, SESSIONS, SITES, HipOADesign
from synthetic_data.hip_oa_trial.simulator.people import People
from synthetic_data.hip_oa_trial.simulator.screening import screening_table

Floats = NDArray[np.float64]

FIRST_DAY = pd.Timestamp("2022-03-01")
WEEKS = np.array(DAYS) // 7
NOT_ANSWERED = -9
"""Code of the pain rating for "asked, not answered"."""

# Probability, kind, severity and relation to treatment of adverse events; terms are plain words.
ADVERSE_EVENTS = (
    (0.40, "flare", "flare of hip pain", "mild", "probable"),
    (0.25, "adverse_event", "muscle soreness over two days", "mild", "probable"),
    (0.15, "adverse_event", "low back pain", "mild", "possible"),
    (0.10, "adverse_event", "knee pain", "moderate", "possible"),
    (0.06, "adverse_event", "fall", "moderate", "unlikely"),
    (0.04, "adverse_event", "admission to hospital", "severe", "unrelated"),
)


def raw_tables(design: HipOADesign, people: People, course: Course, seed: int) -> dict[str, pd.DataFrame]:
    """Return file name (without ending) -> frame; dates are text, missing values empty."""
    participants, sessions = participants_table(people, course), sessions_table(people, course, seed)
    adverse = adverse_events_table(design, people, course, seed)
    return {
        "participants": with_treatment_stops(participants, sessions, seed),
        "screening": screening_table(people, identifiers(people), FIRST_DAY, seed),
        "items": items_table(design, people, course),
        "assessments": assessments_table(design, people, course, seed),
        "sessions": with_fidelity(sessions, seed),
        "events": events_table(people, course),
        "adverse_events": with_soreness(adverse, sessions, participants, seed),
        "co_interventions": co_interventions_table(people, course, seed),
    }


def identifiers(people: People) -> NDArray[np.str_]:
    """Return (n,) identifiers in order of enrolment."""
    return np.array([f"H{number:03d}" for number in range(1, len(people) + 1)])


def date_text(people: People, rows: NDArray[np.int64], day: Floats) -> list[str]:
    """Return the dates of study days of participants, as ISO text; empty where the day is NaN."""
    days = pd.Series(people.entry[rows] + np.asarray(day, dtype=float))
    return list((FIRST_DAY + pd.to_timedelta(days, unit="D")).dt.strftime("%Y-%m-%d").fillna(""))


def participants_table(people: People, course: Course) -> pd.DataFrame:
    """Return one row per participant."""
    everyone = np.arange(len(people))
    active = people.arm != ARMS.index("usual_care")
    therapist = [
        f"{SITES[site][0].upper()}{number}" if treated else ""
        for site, number, treated in zip(people.site, people.therapist, active, strict=True)
    ]
    left = ~np.isnan(course.left_day)
    return pd.DataFrame(
        {
            "participant_id": identifiers(people),
            "site": np.array(SITES)[people.site],
            "therapist": therapist,
            "arm": np.array(ARMS)[people.arm],
            "arm_received": np.array(ARMS)[course.received],
            "randomised_on": date_text(people, everyone, np.zeros(len(people))),
            "age": people.age.astype(int),
            "sex": np.where(people.female, "F", "M"),
            "bmi": people.bmi,
            "duration_months": people.duration.astype(int),
            "left_on": date_text(people, everyone, course.left_day),
            "left_why": np.where(left, "stopped answering", ""),
        }
    )


def items_table(design: HipOADesign, people: People, course: Course) -> pd.DataFrame:
    """Return one row per form filled in, the 40 HOOS items side by side."""
    scales = [outcome for outcome in design.outcomes if outcome.items]
    gaps = np.concatenate([course.gaps[scale.name] for scale in scales], axis=2)
    codes = np.concatenate([course.codes[scale.name] for scale in scales], axis=2)
    person, visit = np.nonzero(course.present & ~gaps.all(axis=2))
    names = [f"hoos_{scale.items[0]}{j + 1}" for scale in scales if scale.items for j in range(scale.items[1])]
    answers = pd.DataFrame(codes[person, visit], columns=names).astype("Int8").mask(gaps[person, visit])
    return pd.concat([visit_columns(people, course, person, visit), answers], axis=1)


def assessments_table(design: HipOADesign, people: People, course: Course, seed: int) -> pd.DataFrame:
    """Return one row per visit that took place, with the pain rating."""
    person, visit = np.nonzero(course.present)
    lost = generator("lost ratings", seed).random(course.present.shape) < design.lost_rating
    rating = np.where(lost, NOT_ANSWERED, course.rating)[person, visit].astype(int)
    return visit_columns(people, course, person, visit).assign(pain_0_10=rating)


def visit_columns(people: People, course: Course, person: NDArray[np.int64], visit: NDArray[np.int64]) -> pd.DataFrame:
    """Return participant, week and date of visits."""
    return pd.DataFrame(
        {
            "participant_id": identifiers(people)[person],
            "week": WEEKS[visit],
            "date": date_text(people, person, course.day[person, visit]),
        }
    )


def sessions_table(people: People, course: Course, seed: int) -> pd.DataFrame:
    """Return one row per planned session, by participant and date."""
    stop = np.fmin(course.left_day, course.surgery_day)
    parts = []
    for arm, plans in SESSIONS.items():
        rows = np.flatnonzero(course.received == ARMS.index(arm))
        for plan in plans:
            rng = generator(f"{plan.setting} sessions of {arm}", seed)
            day = plan.days() + rng.integers(-2, 3, (len(rows), plan.count))
            attended = draw_attendance(rng, np.full(len(rows), plan.attendance), plan.count, 8.0)
            attended &= ~(day > stop[rows, None])
            minutes = draw_minutes(rng, plan.minutes, day.size)
            pain = np.repeat(course.rating[rows, :3].mean(axis=1), plan.count) + rng.normal(0.3, 0.8, day.size)
            person = np.repeat(rows, plan.count)
            parts.append(
                pd.DataFrame(
                    {
                        "participant_id": identifiers(people)[person],
                        "date": date_text(people, person, day.ravel()),
                        "setting": plan.setting,
                        "attended": np.where(attended.ravel(), "yes", "no"),
                        "minutes": pd.Series(minutes).where(attended.ravel()).astype("Int64"),
                        "components": ";".join(plan.components),
                        "pain_during": pd.Series(draw_rating(rng, pain, low=0, high=10))
                        .where(attended.ravel())
                        .astype("Int64"),
                    }
                )
            )
    sessions = pd.concat(parts).sort_values(["participant_id", "date", "setting"], kind="stable", ignore_index=True)
    sessions.insert(1, "session", sessions.groupby("participant_id").cumcount() + 1)
    return sessions


def events_table(people: People, course: Course) -> pd.DataFrame:
    """Return one row per intercurrent event."""
    parts = []
    for event, day in {"hip_surgery": course.surgery_day, "new_injection": course.injection_day}.items():
        rows = np.flatnonzero(~np.isnan(day))
        dates = date_text(people, rows, day[rows])
        parts.append(pd.DataFrame({"participant_id": identifiers(people)[rows], "event": event, "date": dates}))
    return pd.concat(parts).sort_values(["participant_id", "date"], kind="stable", ignore_index=True)


def adverse_events_table(design: HipOADesign, people: People, course: Course, seed: int) -> pd.DataFrame:
    """Return one row per adverse event or flare; none after a participant left."""
    rng = generator("adverse events", seed)
    rate = np.array([design.adverse_events[arm] for arm in ARMS])[course.received]
    person = np.repeat(np.arange(len(people)), draw_event_counts(rng, rate, spread=0.5))
    day = np.sort(rng.integers(1, DAYS[-1] + 1, len(person)).astype(float))
    shuffled = rng.permutation(len(person))
    kind = rng.choice(len(ADVERSE_EVENTS), len(person), p=[row[0] for row in ADVERSE_EVENTS])
    frame = pd.DataFrame({"person": person, "day": day[shuffled], "kind": kind})
    frame = frame[~(frame["day"] > course.left_day[frame["person"]])]
    frame = frame.sort_values(["person", "day"], kind="stable", ignore_index=True)
    chosen = [ADVERSE_EVENTS[place] for place in frame["kind"]]
    rows = frame["person"].to_numpy()
    return pd.DataFrame(
        {
            "participant_id": identifiers(people)[rows],
            "number": frame.groupby("person").cumcount() + 1,
            "kind": [row[1] for row in chosen],
            "term": [row[2] for row in chosen],
            "date": date_text(people, rows, frame["day"].to_numpy()),
            "severity": [row[3] for row in chosen],
            "serious": ["yes" if row[3] == "severe" else "no" for row in chosen],
            "related": [row[4] for row in chosen],
        }
    )


def co_interventions_table(people: People, course: Course, seed: int) -> pd.DataFrame:
    """Return one row per treatment beside those of the trial."""
    person, day, frame = co_interventions(course, seed)
    who = pd.DataFrame({"participant_id": identifiers(people)[person], "date": date_text(people, person, day)})
    return pd.concat([who, frame], axis=1)[["participant_id", "number", "date", *frame.columns[1:]]]
