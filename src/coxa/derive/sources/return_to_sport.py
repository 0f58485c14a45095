"""Values of outcomes from the return to sport."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.return_to_sport import statuses_at_visits
from coxa.study.outcome_sources.return_to_sport import ReturnSource
from coxa.study.words import RETURN_STATUSES

VALUES = ["participant_id", "visit", "value", "reason", "source_file", "source_row"]


def returned_at_visits(cohort: Cohort, source: ReturnSource) -> pd.DataFrame:
    """Return the level of return of each participant at each visit by which a status was recorded.

    Parameters
    ----------
    cohort
        Checked tables.
    source
        The statuses with which levels begin.

    Returns
    -------
    DataFrame
        participant_id, visit, value (how many of the source's statuses are reached), reason, source_file, source_row.
        Without a status by the visit there is no row.
    """
    found = statuses_at_visits(cohort)
    found = found[found["status"] != ""]
    place = found["status"].map({status: k for k, status in enumerate(RETURN_STATUSES)})
    cuts = [RETURN_STATUSES.index(status) for status in source.statuses]
    reached = sum(((place >= cut).astype(float) for cut in cuts), start=pd.Series(0.0, found.index))
    return found.assign(value=reached, reason=None)[VALUES].reset_index(drop=True)
