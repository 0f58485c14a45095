"""Rows of goals that give back what was drawn: ratings, goals met and levels of attainment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coxa.simulate.from_plan.goal_rows import goals_of
from coxa.simulate.from_plan.sources.base import Sourced
from coxa.study.outcome_sources.goals import GOALS_EACH

if TYPE_CHECKING:
    import pandas as pd


def goal_rows(trial: Sourced, held: pd.DataFrame) -> pd.DataFrame:
    """Return one row per goal and visit; three goals of each term that outcomes are of.

    Raises
    ------
    OptionError
        Two outcomes that are both assumed are of the same goals, so that they need not agree.
    """
    import pandas as pd

    frame, person, visit = trial.at_visits()
    parts = [held]
    goals = goals_of(trial.design, trial.drawn)
    for place, (term, columns) in enumerate(goals.items()):
        for goal in range(GOALS_EACH):
            numbers = {column: values[person, visit, goal].astype(np.int64) for column, values in columns.items()}
            made = frame.assign(goal_number=place * GOALS_EACH + goal + 1, **numbers)
            made = made.assign(activity=f"activity {place * GOALS_EACH + goal + 1}")
            parts.append(made if term is None else made.assign(term=term))
    rows = pd.concat([part for part in parts if len(part)], ignore_index=True)
    if any("achieved" in part for part in parts[1:]):
        rows["achieved"] = rows["achieved"].replace({1: "yes", 0: "no"})
    return rows
