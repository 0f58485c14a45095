"""Rows of returns to sport that give back the levels that were drawn at each visit."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from coxa.errors import OptionError
from coxa.simulate.from_plan.sources.base import Sourced
from coxa.study.outcome_sources.return_to_sport import ReturnSource
from coxa.study.words import NOT_RETURNED

if TYPE_CHECKING:
    import pandas as pd


def return_rows(trial: Sourced, held: pd.DataFrame) -> pd.DataFrame:
    """Return one row per visit that took place, with the status of the level drawn.

    Raises
    ------
    OptionError
        Two outcomes, or an outcome and an event, are of the return to sport: independent draws contradict each other.
    """
    sources = trial.outcomes("return_to_sport")
    if len(sources) > 1 or len(held):
        raise OptionError(
            "Several outcomes, or outcomes and events, are of `return_to_sport`, and would contradict each other. "
            "Simulate a plan with one outcome of it, or with its events (`happenings`) alone."
        )
    frame, _, _ = trial.at_visits()
    [(name, source)] = sources.items()
    words = np.array([NOT_RETURNED, *cast(ReturnSource, source).statuses], dtype=object)
    return frame.assign(status=words[np.round(trial.values(name)).astype(int)])
