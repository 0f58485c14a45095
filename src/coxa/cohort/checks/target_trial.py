"""Faults of a cohort that no weight repairs: treated before the start, immortal time, treatment after the outcome."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.checks.checked import Checked, Draft
from coxa.cohort.row_findings import in_words, row_findings
from coxa.cohort.visits import days_since_randomisation
from coxa.findings import Finding
from coxa.study.comparative import ComparativeStudy
from coxa.study.target_trial import target_trial_of

START = "treatment_start_date"
LEAVE_OUT = "Leave the participant out with `exclude_rows` and a reason"


def check_target_trial(draft: Draft) -> Checked:
    """Refuse prevalent users, immortal time and treatment that begins after the outcome, participant by participant.

    Only where the plan has a `target_trial:` and the data have the date on which treatment began.
    """
    study = draft.study
    trial = target_trial_of(study)
    people = draft.table("participants")
    if trial is None or not isinstance(study, ComparativeStudy) or people.empty:
        return Checked()
    treated = trial.start.treated or tuple(name for name in study.arms if name != study.reference_arm)
    day = days_since_randomisation(people, people, START)
    mine = people["arm"].astype("str").isin(treated)
    first = min(study.visits[visit].day for visit in study.post_visits) if study.post_visits else 0
    grace = trial.start.treatment_within_days
    late = day > grace
    found: list[Finding] = [
        *_rows(people, mine & (day < 0), day,
               "treatment began before the start of follow-up (prevalent user)",
               f"{LEAVE_OUT}, or start follow-up on the day on which treatment began in every participant."),
        *_rows(people, mine & late & (day >= first), day,
               f"treatment began on or after the first outcome visit (day {first})",
               f"{LEAVE_OUT}, or correct the date: the outcome cannot come from this treatment."),
        *_rows(people, mine & late & (day < first), day,
               f"treatment began later than {grace} days after the start of follow-up (immortal time)",
               f"{LEAVE_OUT}, or write a longer `treatment_within_days` in `target_trial: start:` and say why: until "
               "treatment began the participant could have been in either group."),
        *_rows(people, ~mine & day.notna() & (day <= grace), day,
               "a participant of the reference group began the treatment within the time allowed for it",
               "Correct the group or the date."),
    ]  # fmt: skip
    if mine.any() and day[mine].isna().any() and day[mine].notna().any():
        found += row_findings(
            people,
            mine & day.isna(),
            severity="warning",
            table="participants",
            field=START,
            rule="the day on which treatment began is not known",
            remedy="Fill it in. Until then immortal time of this participant cannot be seen.",
        )
    return Checked(tuple(found))


def _rows(people: pd.DataFrame, where: pd.Series, day: pd.Series, rule: str, remedy: str) -> list[Finding]:
    return row_findings(
        people,
        where.to_numpy(dtype=bool),
        severity="error",
        table="participants",
        field=START,
        rule=rule,
        remedy=remedy,
        value=("day " + in_words(day)).astype(object),
    )
