"""Raw tables of the runner diary, in the columns and codes of the raw files."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthetic_data.runner_diary.simulator.course import RunnerCourse
from synthetic_data.runner_diary.simulator.design import ARMS
from synthetic_data.runner_diary.simulator.people import Runners

FIRST_DAY = pd.Timestamp("2024-03-04")


def raw_tables(people: Runners, course: RunnerCourse, weeks: int) -> dict[str, pd.DataFrame]:
    """Return file name (without ending) -> frame; dates are text, missing values empty."""
    return {"participants": participants_table(people, course, weeks), "diary": diary_table(people, course)}


def identifiers(people: Runners) -> NDArray[np.str_]:
    """Return (n,) identifiers in order of enrolment."""
    return np.array([f"R{number:02d}" for number in range(1, len(people) + 1)])


def participants_table(people: Runners, course: RunnerCourse, weeks: int) -> pd.DataFrame:
    """Return one row per participant, with the two ratings in the clinic."""
    retrained = people.arm == ARMS.index("movement_retraining")
    gave_up = ~np.isnan(course.left_day)
    return pd.DataFrame(
        {
            "participant_id": identifiers(people),
            "arm": np.array(ARMS)[people.arm],
            "therapist": np.where(retrained, [f"T{number + 1}" for number in people.therapist], ""),
            "randomised_on": dates(people.entry.astype(float)),
            "age": people.age.astype(int),
            "sex": np.where(people.female, "F", "M"),
            "pain_week_0": course.clinic[:, 0],
            f"pain_week_{weeks}": np.where(gave_up, np.nan, course.clinic[:, 1]),
            "left_on": dates(people.entry + course.left_day),
            "left_why": np.where(gave_up, "gave up the diary", ""),
        }
    )


def dates(day: NDArray[np.float64]) -> list[str]:
    """Return days counted from the first possible one as ISO text; empty where NaN."""
    shown = (FIRST_DAY + pd.to_timedelta(pd.Series(day), unit="D")).dt.strftime("%Y-%m-%d")
    return list(shown.fillna(""))


def diary_table(people: Runners, course: RunnerCourse) -> pd.DataFrame:
    """Return one row per day written down, by participant and day."""
    person, day = np.nonzero(course.written)
    training = course.training
    return pd.DataFrame(
        {
            "participant_id": identifiers(people)[person],
            "study_day": day + 1,
            "pain": course.pain[person, day],
            "pain_next_morning": np.where(course.blank_morning, np.nan, course.morning)[person, day],
            "training_minutes": training.minutes[person, day + 1].astype(int),
            "perceived_exertion": pd.Series(training.exertion[person, day + 1]).astype("Int64"),
            "sleep_hours": np.where(course.blank_sleep, np.nan, course.sleep)[person, day],
            "exercises_prescribed": course.prescribed[person, day],
            "exercises_done": course.reported[person, day],
        }
    )
