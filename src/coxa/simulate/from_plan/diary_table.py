"""The table of the daily diary of a simulated trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.diary import daily_course, one_diary
from coxa.simulate.from_plan.diary_days import diary_days
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.tables import Calendar
from coxa.simulate.from_plan.treatment import home_tables
from coxa.simulate.identifiers import participant_ids

if TYPE_CHECKING:
    import pandas as pd

WHOLE = ("training_minutes", "perceived_exertion", "training_load")
"""Columns that an assumed diary has in whole numbers."""


def diary_tables(design: TrialDesign, drawn: DrawnTrial, when: Calendar) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the daily diary, one row per day written, and what was really done at home."""
    import pandas as pd

    daily = daily_table(design, drawn, when)
    if design.assumptions.sessions is None:
        return daily, pd.DataFrame()
    plan, written = design.assumptions.diary, None
    if plan is not None:
        written = daily_course(design, drawn, plan).written[:, 1 - plan.first_day :]
    at_home, done = home_tables(design, drawn, when, written)
    return one_diary(daily, at_home), done


def daily_table(design: TrialDesign, drawn: DrawnTrial, when: Calendar) -> pd.DataFrame:
    """Return one row per day on which something is written; nothing where the plan assumes nothing of the diary."""
    import pandas as pd

    days = diary_days(design, drawn)
    if days is None:
        return pd.DataFrame()
    written = np.any([np.isfinite(values) for values in days.columns.values()], axis=0)
    person, at = np.nonzero(written)
    columns: dict[str, object] = {
        "participant_id": participant_ids(len(drawn.arm))[person],
        "diary_date": when(person, np.asarray(at + float(days.first))),
    }
    for name, values in days.columns.items():
        column = values[person, at]
        known = column[np.isfinite(column)]
        whole = name in WHOLE and bool((known == np.round(known)).all())
        columns[name] = pd.Series(column).astype("Int64") if whole else column
    return pd.DataFrame(columns)
