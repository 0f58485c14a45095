"""Rows of returns to sport that give back the levels that were drawn at each visit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coxa.simulate.from_plan.return_levels import places_at_visits, returns_drawn
from coxa.simulate.from_plan.sources.base import Sourced
from coxa.study.outcome_sources.return_to_sport import ReturnSource
from coxa.study.words import RETURN_STATUSES

if TYPE_CHECKING:
    import pandas as pd

KEYS = ["participant_id", "assessment_date"]


def return_rows(trial: Sourced, held: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of events, and one per visit that took place, with the status there.

    Raises
    ------
    OptionError
        Two outcomes, or an outcome and an event, are assumed of the return to sport.
    """
    import pandas as pd

    of = [trial.design.study.outcomes[name].source for name in trial.design.outcomes]
    returns_drawn(trial.design)
    if not any(isinstance(source, ReturnSource) for source in of):
        return held
    frame, person, visit = trial.at_visits()
    place = places_at_visits(trial.design, trial.drawn)[person, visit]
    rows = frame.assign(place=place)
    if len(held):
        seen = pd.MultiIndex.from_frame(rows[KEYS]).isin(pd.MultiIndex.from_frame(held[KEYS]))
        rows = rows[~seen]
    rows = rows.assign(status=np.array(RETURN_STATUSES, dtype=object)[rows["place"].astype(int)]).drop(columns="place")
    if not len(held):
        return rows
    return pd.concat([held, rows.reindex(columns=[*dict.fromkeys([*held, *rows])])], ignore_index=True)
