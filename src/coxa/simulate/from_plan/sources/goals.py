"""Rows of goals that give back what was drawn: ratings, goals met and levels of attainment."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from coxa.errors import OptionError
from coxa.simulate.from_plan.sources.base import Sourced
from coxa.simulate.seeds import generator
from coxa.study.outcome_sources.goals import CENTRE, GOALS_EACH, GoalSource

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

COLUMN = {"mean_rating": "rating", "attainment": "attainment"}
"""What is taken -> the column that it is taken from; what is met is in `achieved`."""


def goal_rows(trial: Sourced, held: pd.DataFrame) -> pd.DataFrame:
    """Return one row per goal and visit; three goals of each term that outcomes are of.

    Raises
    ------
    OptionError
        Two outcomes are of the same goals in a way that independent draws of them contradict each other.
    """
    import pandas as pd

    frame, _, _ = trial.at_visits()
    sources = {name: cast(GoalSource, source) for name, source in trial.outcomes("goals").items()}
    terms = list(dict.fromkeys(source.term for source in sources.values()))
    if None in terms and len(terms) > 1:
        raise OptionError(
            "Goals of one term and goals of all terms cannot be simulated together. Simulate a plan with `term` in "
            "each source of goals, or in none."
        )
    parts = [held]
    for place, term in enumerate(terms):
        columns: dict[str, Counts] = {}
        for name, source in sources.items():
            if source.term == term:
                column = COLUMN.get(source.take, "achieved")
                if column in columns:
                    raise OptionError(
                        f"Outcome `{name}` and another are both of `{column}` of the same goals, and would contradict "
                        "each other. Simulate a plan with one of them."
                    )
                columns[column] = _of_goals(trial, name, source)
        for goal in range(GOALS_EACH):
            numbers = {column: values[:, goal] for column, values in columns.items()}
            made = frame.assign(goal_number=place * GOALS_EACH + goal + 1, **numbers)
            made = made.assign(activity=f"activity {place * GOALS_EACH + goal + 1}")
            parts.append(made if term is None else made.assign(term=term))
    rows = pd.concat([part for part in parts if len(part)], ignore_index=True)
    if any("achieved" in part for part in parts[1:]):
        rows["achieved"] = rows["achieved"].replace({1: "yes", 0: "no"})
    return rows


def _of_goals(trial: Sourced, name: str, source: GoalSource) -> Counts:
    """Return (r, g) the rating or level of each goal, or whether it is met (1 or 0), at each visit that took place."""
    value = trial.values(name)
    rng = generator(f"goals of {name}", trial.seed)
    if source.take == "attainment":
        grid = source.grid
        assert grid is not None
        return apportioned(np.round((value - CENTRE) / grid.step).astype(int), rng)
    if source.take == "mean_rating":
        return apportioned(np.round(GOALS_EACH * value).astype(int), rng)
    if source.take == "share_met":
        met = np.round(GOALS_EACH * value / 100.0).astype(int)
    elif source.take == "all_met":
        met = np.where(value > 0, GOALS_EACH, rng.integers(0, GOALS_EACH, len(value)))
    else:
        met = np.where(value > 0, rng.integers(1, GOALS_EACH + 1, len(value)), 0)
    return np.asarray(np.arange(GOALS_EACH) < met[:, None], dtype=np.int64)


def apportioned(total: Counts, rng: np.random.Generator) -> Counts:
    """Return (r, g) whole numbers of each goal whose sum is the total (r,), as even as can be, in a random order.

    Examples
    --------
    >>> apportioned(np.array([7, -1]), np.random.default_rng(0)).sum(axis=1).tolist()
    [7, -1]
    """
    base, rest = np.divmod(total, GOALS_EACH)
    order = rng.random((len(total), GOALS_EACH)).argsort(axis=1)
    return np.asarray(base[:, None] + (order < rest[:, None]), dtype=np.int64)
