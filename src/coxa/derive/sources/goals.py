"""Values of outcomes from goals."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.goals import derive_goals, goal_values
from coxa.study.outcome_sources.goals import GoalSource

VALUES = ["participant_id", "visit", "value", "reason", "source_file", "source_row"]


def goals_at_visits(cohort: Cohort, source: GoalSource) -> pd.DataFrame:
    """Return one number of the goals of each participant at each visit at which one of them was rated.

    Parameters
    ----------
    cohort
        Checked tables.
    source
        What is taken, and of which goals.

    Returns
    -------
    DataFrame
        participant_id, visit, value, reason, source_file, source_row; as `coxa.derive.goals.goal_values` has them.
    """
    goals = derive_goals(cohort)
    if goals is None:
        return pd.DataFrame(columns=VALUES)
    return goal_values(goals, source.take, source.term, source.correlation)
