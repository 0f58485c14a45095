"""Rows of an exercise log that give back the shares that were drawn at each visit."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from coxa.errors import OptionError
from coxa.simulate.from_plan.sources.base import Sourced
from coxa.study.delivery.exercises import exercises
from coxa.study.outcome_sources.exercise_log import EXERCISES_EACH, SETS_EACH, ExerciseSource

if TYPE_CHECKING:
    import pandas as pd


def exercise_rows(trial: Sourced, held: pd.DataFrame) -> pd.DataFrame:
    """Return ten exercises of each visit that took place, on its day, with the sets done that were drawn.

    Raises
    ------
    OptionError
        Several outcomes are of the log, or it is assumed as well, or the share is of all days since the start.
    """
    import pandas as pd

    sources = trial.outcomes("exercise_log")
    if len(sources) > 1 or len(held):
        raise OptionError(
            "Several outcomes are of `exercise_log`, or an outcome and the assumption `exercise_log`, and would "
            "contradict each other. Simulate a plan with one of them."
        )
    [(name, given)] = sources.items()
    source = cast(ExerciseSource, given)
    if source.since == "start":
        raise OptionError(
            f"The values of `{name}` at two visits share the days until the first of them, and cannot be drawn "
            "one by one. Simulate a plan with `since: last_visit`."
        )
    names = (source.exercises or tuple(exercises()))[:EXERCISES_EACH]
    frame, _, _ = trial.at_visits()
    frame = frame.rename(columns={"assessment_date": "exercise_date"}).drop(columns="visit")
    done = np.round(trial.values(name) * EXERCISES_EACH * SETS_EACH / 100.0).astype(int)
    each = -(-EXERCISES_EACH // len(names))  # of few exercises each has more sets
    asked = [SETS_EACH * each] * len(names)
    asked[-1] -= SETS_EACH * each * len(names) - EXERCISES_EACH * SETS_EACH
    parts, left = [], done.copy()
    for exercise, sets in zip(names, asked, strict=True):
        here = np.minimum(left, sets)
        left = left - here
        if sets > 0:
            parts.append(frame.assign(exercise=exercise, side="both", sets=here, sets_prescribed=sets))
    return pd.concat(parts, ignore_index=True)
