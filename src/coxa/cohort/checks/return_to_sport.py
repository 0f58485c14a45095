"""Returns to sport: recurrences after a return, levels that do not fall without one, and dates of what happened."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.checks.checked import Checked, Draft
from coxa.cohort.row_findings import row_findings
from coxa.findings import Finding
from coxa.study.words import RETURN_STATUSES

TABLE = "return_to_sport"


def check_return_to_sport(draft: Draft) -> Checked:
    """Warn of recurrences without a return before them, levels that fall without a recurrence, and missing dates.

    That a return is before the injury, or a recurrence before the return of the same row, is found with the other pairs
    of dates.
    """
    rows = draft.table(TABLE)
    if rows.empty:
        return Checked()
    place = rows["status"].astype(str).map({status: k for k, status in enumerate(RETURN_STATUSES)})
    again = rows["recurrence"].fillna(False).astype(bool)
    returned = rows["participant_id"].map(rows.groupby("participant_id")["return_date"].min())
    falls = _falls(rows, place)
    status, dated = rows["status"].astype(object), rows["recurrence_date"].notna()
    outside_row = dated & ~(rows["recurrence_date"] < rows["return_date"])  # of one row it is found there
    findings = [
        *_found(
            rows, outside_row & ~(rows["recurrence_date"] >= returned), "recurrence_date",
            "a recurrence has no return to sport before it",
            "Add the return with its date, or leave out the recurrence.", status,
        ),
        *_found(
            rows, again & ~dated, "recurrence_date", "a recurrence has no date",
            "Add the date at the source. Without it the recurrence is not counted.", status,
        ),
        *_found(
            rows, dated & rows["recurrence"].isin([False]), "recurrence",
            "a recurrence has a date and is marked as none", "Correct one of the two at the source.", status,
        ),
        *_found(
            rows, falls.notna(), "status", "the level of the return falls without a recurrence",
            "Check status and dates at the source, or record the recurrence.",
            falls.astype(object) + " to " + status,
        ),
        *_found(
            rows, place.gt(0) & rows["return_date"].isna() & ~_dated_elsewhere(rows, place), "return_date",
            "a return to sport has no date",
            "Add the date at the source. Without it the level counts at the visit only, and as no event.", status,
        ),
    ]  # fmt: skip
    return Checked(tuple(findings))


def _falls(rows: pd.DataFrame, place: pd.Series) -> pd.Series:
    """Return the status before, where that of a row is lower and no recurrence of the participant lies between."""
    order = rows.assign(place=place).sort_values(["participant_id", "assessment_date", "place"], kind="stable")
    order = order[order["assessment_date"].notna() & order["place"].notna()]
    of = order.groupby("participant_id")
    before, day = of["place"].shift(), of["assessment_date"].shift()
    recurrences = rows.loc[rows["recurrence_date"].notna(), ["participant_id", "recurrence_date"]]
    lower = order[order["place"] < before]
    explained = [
        bool(recurrences.loc[recurrences["participant_id"] == who, "recurrence_date"].between(day[index], last).any())
        for index, who, last in zip(lower.index, lower["participant_id"], lower["assessment_date"], strict=True)
    ]
    fallen = lower[[not one for one in explained]]
    words = before[fallen.index].astype(int).map(dict(enumerate(RETURN_STATUSES)))
    return words.reindex(rows.index)


def _dated_elsewhere(rows: pd.DataFrame, place: pd.Series) -> pd.Series:
    """Return which rows have a level that another row of the participant gives a date, or that one above it does."""
    highest = place.where(rows["return_date"].notna(), 0).groupby(rows["participant_id"]).max()
    return rows["participant_id"].map(highest) >= place


def _found(rows: pd.DataFrame, where: pd.Series, field: str, rule: str, remedy: str, value: pd.Series) -> list[Finding]:
    return row_findings(
        rows, where.astype(bool), severity="warning", table=TABLE, field=field, rule=rule, remedy=remedy, value=value
    )
