"""Rows of sport and training, by visit or by week, that give back the outcomes that are taken of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from coxa.errors import OptionError
from coxa.simulate.from_plan.sources.base import Sourced
from coxa.simulate.from_plan.sport import SPORT
from coxa.simulate.from_plan.windows import about, with_total
from coxa.simulate.seeds import generator
from coxa.study.outcome_sources.sport_training import SPORT_SCALES, SportTrainingSource

if TYPE_CHECKING:
    import pandas as pd

WEEK = 7
KEYS = ["participant_id", "sport", "visit", "week_start"]


def training_rows(trial: Sourced, held: pd.DataFrame) -> pd.DataFrame:
    """Return a row per sport and visit, or week, with what was drawn; columns of covariates stay.

    Raises
    ------
    OptionError
        A covariate, or another outcome, is of the same column and sport.
    """
    import pandas as pd

    taken: set[tuple[str, str, bool]] = set()
    rows = held.reindex(columns=[*dict.fromkeys([*KEYS, *held])]).astype(dict.fromkeys(KEYS, object))
    for name, one in trial.outcomes("sport_training").items():
        source = cast(SportTrainingSource, one)
        sport = source.sport or (str(rows["sport"].iloc[0]) if len(rows) else SPORT)
        column = (source.field, sport, source.weeks is None)
        if column in taken or (source.weeks is None and source.field in rows and rows[source.field].notna().any()):
            raise OptionError(
                f"Outcome `{name}` and another outcome or covariate are of `{source.field}` in sport and training, and "
                "would contradict each other. Simulate a plan with one of them."
            )
        taken.add(column)
        made = (_at_visits if source.weeks is None else _by_week)(trial, name, source).assign(sport=sport)
        made = made.astype({key: object for key in KEYS if key in made})
        rows = rows.merge(made, on=[key for key in KEYS if key in made], how="outer", suffixes=("", "_new"))
        if f"{source.field}_new" in rows:
            new = rows.pop(f"{source.field}_new")
            rows[source.field] = new.fillna(rows[source.field])
        rows = rows.drop(columns=[name for name in rows if str(name).endswith("_new")])
    return pd.DataFrame(rows).sort_values(KEYS, ignore_index=True)


def _at_visits(trial: Sourced, name: str, source: SportTrainingSource) -> pd.DataFrame:
    frame, _, _ = trial.at_visits()
    return frame[["participant_id", "visit"]].assign(**{source.field: trial.values(name)})


def _by_week(trial: Sourced, name: str, source: SportTrainingSource) -> pd.DataFrame:
    """Return the weeks before each visit that took place, whose mean is the value."""
    import pandas as pd

    low, high, _, step = SPORT_SCALES[source.field]
    n_weeks = source.weeks or 1
    frame, person, visit = trial.at_visits()
    target = trial.values(name)
    x = about(generator(f"weeks of {name}", trial.seed), target, n_weeks, low, high)
    values = with_total(x, target * n_weeks, low, high, step)
    planned = np.array([trial.design.study.visits[one].day for one in trial.design.visits], dtype=float)[visit]
    parts = []
    for back in range(n_weeks):
        starts = planned - WEEK * back - (WEEK - 1)
        dates = trial.when(person, starts)
        one = frame[["participant_id"]].assign(week_start=dates, **{source.field: np.round(values[:, back], 6)})
        parts.append(one)
    return pd.concat(parts, ignore_index=True)
