"""Answers of two days under one named visit: two questionnaires, not one."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.checks.checked import Checked, Draft, LeaveOut
from coxa.cohort.row_findings import in_words, row_findings

FORM = ["participant_id", "visit", "instrument"]
REASON = "answers of two days under one visit"


def check_forms(draft: Draft) -> Checked:
    """Find visits of a participant with answers to one instrument from different days; none of them is used.

    Rows of one day are one form, even where its items are in several rows. Where items are also answered twice, the
    check for duplicates reports it.
    """
    frame = draft.table("item_responses")
    if frame.empty:
        return Checked()
    if not any(_of_two_days(form).any() for _, form in draft.forms(["item_responses"])):
        return Checked()
    dated = frame[frame["participant_id"].notna() & frame["visit"].notna()]
    mixed = dated[_of_two_days(dated)]
    twice = mixed.duplicated([*FORM, "item"], keep=False).groupby([mixed[name] for name in FORM], observed=True)
    told = twice.transform("any")
    days = mixed["assessment_date"].dt.strftime("%Y-%m-%d").astype(object)
    days = days.where(mixed["assessment_date"].notna(), "day " + in_words(mixed["study_day"]))
    listed = days.groupby([mixed[name] for name in FORM], observed=True).transform(
        lambda day: " and ".join(map(str, day.unique()))
    )
    findings = row_findings(
        mixed[~told].drop_duplicates(FORM),
        severity="error",
        table="item_responses",
        field="visit",
        rule="the answers of one visit are of two days",
        remedy="Correct the date or the visit of one of them, or leave out the visit: it is then found from the date, "
        "and one form is used.",
        value=mixed["visit"].astype(object) + ", " + listed,
    )
    return Checked(tuple(findings), (LeaveOut("item_responses", mixed.index, REASON),))


def _of_two_days(answers: pd.DataFrame) -> pd.Series:
    """Return which rows are of a participant, visit and instrument that has rows of several days."""
    groups = answers.groupby(FORM, sort=False, observed=True)
    return (groups["study_day"].transform("nunique") > 1) | (groups["assessment_date"].transform("nunique") > 1)
