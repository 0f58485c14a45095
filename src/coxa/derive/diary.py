"""The diary of a study as one frame: who kept it, in which arm, on which day, with which training load."""

from __future__ import annotations

import pandas as pd

from coxa.arguments import kinds
from coxa.cohort.cohort import COHORT, Cohort
from coxa.derive.participant_days import DAYS_PER_WEEK
from coxa.derive.session_rpe import session_load
from coxa.derive.study_day import study_days
from coxa.errors import CoxaError
from coxa.study.comparative import ComparativeStudy


@kinds(cohort=COHORT)
def derive_diary(cohort: Cohort) -> pd.DataFrame:
    """Return the daily diary with what the plan and the participants add to it.

    Parameters
    ----------
    cohort
        Checked tables, `daily_diary` among them.

    Returns
    -------
    DataFrame
        One row per participant and day in the diary, by participant and day: the columns of the table that have a
        value; of the participant the arm (a category, the reference first), `site_id`, `therapist_id` and the plan's
        covariates, where there are any. `study_day` is the recorded one, else days since randomisation. `week` is
        `study_day` / 7, so that a slope over it is per week. `training_load` is the recorded one, else minutes times
        exertion (see `session_load`).

    Raises
    ------
    CoxaError
        The study has no diary.

    Examples
    --------
    >>> from coxa.study import read_study
    >>> from coxa.cohort.read import read_cohort
    >>> derive_diary(read_cohort(read_study("study.yaml")))  # doctest: +SKIP
    """
    rows, study = cohort.table("daily_diary"), cohort.study
    if rows.empty:
        raise CoxaError(
            f"The plan of {study.study} has no diary. Name the file of `daily_diary` under `data: tables:`."
        )
    people = cohort.table("participants")
    rows = rows.assign(study_day=study_days(rows, people, "diary_date"))
    rows = _with_load(rows)
    kept = rows.loc[:, rows.notna().any()]
    told = [name for name in ("arm", "site_id", "therapist_id", *study.covariates) if name in people]
    told = [name for name in told if people[name].notna().any()]
    joined = kept.merge(people[["participant_id", *told]], on="participant_id", how="left", validate="many_to_one")
    if isinstance(study, ComparativeStudy):
        joined["arm"] = pd.Categorical(joined["arm"], categories=list(study.arm_order))
    joined["week"] = joined["study_day"] / DAYS_PER_WEEK
    if joined["study_day"].notna().all():
        joined["study_day"] = joined["study_day"].astype("int64")
    return joined.sort_values(["participant_id", "study_day"], kind="stable", ignore_index=True)


def _with_load(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a load where it was not recorded but minutes and exertion were."""
    recorded = rows["training_load"]
    computed = session_load(rows.drop(columns="training_load"))["training_load"]
    return rows.assign(training_load=recorded.fillna(computed))
