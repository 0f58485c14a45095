"""The dose of exercise that was done of what was prescribed: exercise by exercise, by week, and by participant."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.cohort.cohort import Cohort
from coxa.derive.adherence import weekly_sums
from coxa.derive.delivery import derive_delivered
from coxa.derive.groups import participants_by_group
from coxa.derive.once import once
from coxa.derive.study_day import study_days

TABLE = "exercise_log"
AMOUNTS = ("repetitions", "hold")
"""What a set is made of; a part that is recorded both as done and as prescribed counts."""

ELSEWHERE = {
    "daily_diary": ("diary_prescribed", "diary_done"),
    "treatment_sessions": ("sets_prescribed", "sets_done"),
}
"""Table -> its sets of exercise prescribed and done, as `coxa.derive.delivery.Delivered` has them."""

DOSE_COLUMNS = (
    "participant_id", "arm", "sessions_planned", "sessions_attended", "session_share", "minutes", "load",
    "dose_prescribed", "dose_done", "dose_share", "dose_source", "load_share", "exertion",
)  # fmt: skip


@kinds(data=FRAME)
def exercise_doses(data: pd.DataFrame) -> pd.DataFrame:
    """Return the dose of each row of an exercise log, in sets as prescribed.

    Parameters
    ----------
    data : DataFrame
        `sets` and `sets_prescribed`; may have `repetitions`, `hold` (seconds) and `load` (kg), each done and with
        `_prescribed`. Not changed.

    Returns
    -------
    DataFrame
        `dose_prescribed` (sets), `dose_done` (sets of the prescribed size: sets x repetitions x seconds done, divided
        by repetitions x seconds prescribed, of those parts that are recorded both ways; above what was prescribed if
        more was done), `load_share` (load done / prescribed), with the index of `data`. Missing where sets done or
        prescribed are, or nothing was prescribed.

    Examples
    --------
    >>> log = pd.DataFrame({"sets": [3, 2, 0], "sets_prescribed": 3, "repetitions": [10, 8, None],
    ...     "repetitions_prescribed": 10})
    >>> exercise_doses(log)["dose_done"].tolist()
    [3.0, 1.6, 0.0]
    """
    sets, asked = _numbers(data, "sets"), _numbers(data, "sets_prescribed")
    done = sets.copy()
    for name in AMOUNTS:
        amount, prescribed = _numbers(data, name), _numbers(data, f"{name}_prescribed")
        part = (amount / prescribed.where(prescribed > 0)).fillna(1.0)
        done = done * part
    known = asked.gt(0) & done.notna()
    load, load_asked = _numbers(data, "load"), _numbers(data, "load_prescribed")
    return pd.DataFrame(
        {
            "dose_prescribed": asked.where(known),
            "dose_done": done.where(known),
            "load_share": (load / load_asked.where(load_asked > 0)).where(sets > 0),
        }
    )


@once
def derive_exercises(cohort: Cohort) -> pd.DataFrame | None:
    """Return the exercise log of the participants in an arm, a group, or a service; None without a row of them.

    Returns
    -------
    DataFrame
        participant_id, arm, day (since randomisation), exercise, dose_prescribed, dose_done, load_share,
        perceived_exertion, load, source_file, source_row; one row per row of the table.
    """
    people = participants_by_group(cohort)[["participant_id", "arm"]].dropna().astype({"arm": str})
    rows = cohort.table(TABLE)
    rows = rows.merge(people, on="participant_id") if len(rows) else rows
    if rows.empty:
        return None
    day = study_days(rows, cohort.table("participants"), "exercise_date")
    kept = rows.reindex(columns=["participant_id", "arm", "exercise", "source_file", "source_row"])
    numbers = {name: _numbers(rows, name) for name in ("perceived_exertion", "load")}
    return pd.concat([kept.assign(day=day, **numbers), exercise_doses(rows)], axis=1)


@once
def derive_weekly_doses(cohort: Cohort) -> pd.DataFrame | None:
    """Return the dose of exercise of each participant and week since randomisation; None where none is recorded.

    The exercise log counts where it has doses, else the sets of the daily diary.

    Returns
    -------
    DataFrame
        participant_id, arm, week (1 is days 1 to 7), dose_prescribed, dose_done, share; weeks in which something was
        prescribed.
    """
    people = participants_by_group(cohort)[["participant_id", "arm"]].dropna().astype({"arm": str})
    rows = _dated_doses(cohort)
    if rows is None:
        return None
    return weekly_sums(rows.merge(people, on="participant_id"), ["participant_id", "arm"])


@once
def derive_dose(cohort: Cohort) -> pd.DataFrame | None:
    """Return the dose that each participant had, as a dose-response model takes it.

    Parameters
    ----------
    cohort
        Checked tables: `treatment_sessions` or `session_totals`, `exercise_log`, `daily_diary`.

    Returns
    -------
    DataFrame or None
        One row per participant: participant_id, arm (allocated), sessions_planned, sessions_attended, session_share,
        minutes, load (AU; summed over the sessions attended), dose_prescribed, dose_done (sets of exercise), dose_share
        (done / prescribed), dose_source (`exercise_log`, `daily_diary` or `treatment_sessions`, whichever is the first
        to have sets), load_share (mean of load done / prescribed), exertion (mean, 0 to 10). Missing where nothing is
        recorded. None where no table records a dose.

    Notes
    -----
    A dose is not randomised: those who do more differ from those who do less in other ways, so that a difference by
    dose is not an effect of the dose.

    Examples
    --------
    >>> import coxa
    >>> trial = coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1)
    >>> dose = derive_dose(coxa.read_cohort(trial.study, trial.tables))
    >>> len(dose), dose["session_share"].dropna().between(0, 1).all()
    (40, np.True_)
    """
    people = participants_by_group(cohort)[["participant_id", "arm"]].dropna().reset_index(drop=True)
    delivered, log = derive_delivered(cohort), derive_exercises(cohort)
    if delivered is None and log is None:
        return None
    found = people
    names = {"planned": "sessions_planned", "attended": "sessions_attended", "share": "session_share"}
    if delivered is not None:
        columns = [*names, "minutes", "load"]
        found = found.merge(
            delivered.people.reindex(columns=["participant_id", *columns]).rename(columns=names), how="left"
        )
    return _with_sets(found, delivered.people if delivered is not None else people, log).reindex(
        columns=list(DOSE_COLUMNS)
    )


def _with_sets(found: pd.DataFrame, delivered: pd.DataFrame, log: pd.DataFrame | None) -> pd.DataFrame:
    """Add sets done of prescribed from the first table that has any, and intensity from the log."""
    doses = ["dose_prescribed", "dose_done"]
    by_source: dict[str, pd.DataFrame] = {}
    if log is not None and log["dose_done"].notna().any():
        by_source[TABLE] = log.groupby("participant_id")[doses].sum(min_count=1)
    for source, (asked, done) in ELSEWHERE.items():
        if asked in delivered and delivered[asked].notna().any():
            by_source[source] = delivered.set_index("participant_id")[[asked, done]].set_axis(doses, axis=1)
    if by_source:
        source, by_person = next(iter(by_source.items()))
        found = found.merge(by_person.reset_index(), on="participant_id", how="left")
        share = found["dose_done"] / found["dose_prescribed"].where(found["dose_prescribed"] > 0)
        found = found.assign(
            dose_share=share, dose_source=pd.Series(source, found.index, dtype=object).where(share.notna())
        )
    if log is not None:
        names = {"load_share": "load_share", "perceived_exertion": "exertion"}
        intensity = log.groupby("participant_id")[list(names)].mean().rename(columns=names).reset_index()
        found = found.merge(intensity, on="participant_id", how="left")
    return found


def _dated_doses(cohort: Cohort) -> pd.DataFrame | None:
    """Return participant_id, day, dose_prescribed and dose_done of each row, from the log or else the diary."""
    log = derive_exercises(cohort)
    if log is not None and log["dose_done"].notna().any():
        return log[["participant_id", "day", "dose_prescribed", "dose_done"]].dropna()
    diary = cohort.table("daily_diary")
    if diary.empty or not {"exercises_prescribed", "exercises_done"} <= set(diary):
        return None
    rows = pd.DataFrame(
        {
            "participant_id": diary["participant_id"],
            "day": study_days(diary, cohort.table("participants"), "diary_date"),
            "dose_prescribed": _numbers(diary, "exercises_prescribed"),
            "dose_done": _numbers(diary, "exercises_done"),
        }
    ).dropna()
    return rows if rows["dose_prescribed"].gt(0).any() else None


def _numbers(rows: pd.DataFrame, name: str) -> pd.Series:
    found = rows[name] if name in rows else pd.Series(np.nan, index=rows.index)
    return pd.to_numeric(found).astype(float)
