"""Rows of the tables that outcomes are worked out from: one file per table, which gives back the drawn values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from coxa.simulate.from_plan.sources.base import Sourced as Sourced
from coxa.simulate.from_plan.sources.clinical_measures import measure_rows
from coxa.simulate.from_plan.sources.exercise_log import exercise_rows
from coxa.simulate.from_plan.sources.goals import goal_rows
from coxa.simulate.from_plan.sources.return_to_sport import return_rows
from coxa.simulate.from_plan.sources.sport_training import training_rows

if TYPE_CHECKING:
    import pandas as pd

Rows = Callable[[Sourced, "pd.DataFrame"], "pd.DataFrame"]
"""From a drawn trial, and the rows that the table has already, to all its rows."""

BY_TABLE: dict[str, Rows] = {
    "clinical_measures": measure_rows,
    "exercise_log": exercise_rows,
    "goals": goal_rows,
    "sport_training": training_rows,
}
"""Table -> what makes rows of it from which `coxa.derive.sources` works out the drawn values.

The diary has a module of its own (`coxa.simulate.from_plan.diary_table`), since every part of it is in its days.
"""


def sourced_tables(trial: Sourced, held: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the tables that outcomes of the plan are worked out from, with the rows that they have already."""
    import pandas as pd

    found = {
        table: rows(trial, held.get(table, pd.DataFrame())) for table, rows in BY_TABLE.items() if trial.outcomes(table)
    }
    return found | {"return_to_sport": return_rows(trial, held.get("return_to_sport", pd.DataFrame()))}
