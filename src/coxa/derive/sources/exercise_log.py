"""Values of outcomes from the exercise log."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.exercise_dose import derive_exercises
from coxa.study.outcome_sources.exercise_log import ExerciseSource
from coxa.study.visit_ends import visit_ends

VALUES = ["participant_id", "visit", "value", "reason", "source_file", "source_row"]


def done_at_visits(cohort: Cohort, source: ExerciseSource) -> pd.DataFrame:
    """Return the dose done of that prescribed until each visit, in %, at most 100.

    Parameters
    ----------
    cohort
        Checked tables.
    source
        Which days and exercises count.

    Returns
    -------
    DataFrame
        participant_id, visit, value, reason, source_file, source_row. A row of the log belongs to the first visit whose
        window ends on its day or later; without anything prescribed there is no row.
    """
    log = derive_exercises(cohort)
    if log is None:
        return pd.DataFrame(columns=VALUES)
    log = log[log["day"].notna() & log["dose_done"].notna()]
    if source.exercises:
        log = log[log["exercise"].isin(list(source.exercises))]
    ends = visit_ends(cohort.study.visits)
    until = log["day"].map(lambda day: next((visit for visit, end in ends.items() if day <= end), None))
    log = log.assign(visit=until)[until.notna()].sort_values("source_row", kind="stable")
    sums = log.groupby(["participant_id", "visit"], sort=False).agg(
        asked=("dose_prescribed", "sum"), done=("dose_done", "sum"), source_file=("source_file", "first"),
        source_row=("source_row", "first"),
    ).reset_index()  # fmt: skip
    if source.since == "start" and len(sums):
        order = {visit: place for place, visit in enumerate(ends)}
        sums = sums.assign(place=sums["visit"].map(order)).sort_values(["participant_id", "place"], kind="stable")
        sums[["asked", "done"]] = sums.groupby("participant_id")[["asked", "done"]].cumsum()
    value = 100.0 * (sums["done"] / sums["asked"]).clip(upper=1.0)
    return sums.assign(value=value, reason=None)[VALUES].reset_index(drop=True)
