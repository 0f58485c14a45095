"""Totals of sessions: known for everybody, not above those planned, the same as sessions listed one by one."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from coxa.cohort.checks.checked import Checked, Draft
from coxa.cohort.row_findings import in_words, row_findings
from coxa.findings import Finding


def check_session_totals(draft: Draft) -> Checked:
    """Warn of participants without a total, of more sessions than were planned, and of totals that rows contradict."""
    totals = draft.table("session_totals")
    if totals.empty:
        return Checked()
    return Checked((*_unknown(draft, totals), *_above_planned(totals), *_contradicted(draft, totals)))


def _unknown(draft: Draft, totals: pd.DataFrame) -> Iterator[Finding]:
    people = draft.table("participants")
    known = totals.loc[totals["attended"].notna(), "participant_id"]
    yield from row_findings(
        people,
        ~people["participant_id"].isin(known),
        severity="warning",
        table="session_totals",
        field="attended",
        rule="the sessions that a participant attended are not known",
        remedy="Fill in 0 for who came to none. Until then the participant counts as treated, in every analysis set.",
    )


def _above_planned(totals: pd.DataFrame) -> Iterator[Finding]:
    yield from row_findings(
        totals,
        totals["attended"] > totals["planned"],
        severity="warning",
        table="session_totals",
        field="attended",
        rule="more sessions were attended than planned",
        remedy="Check both numbers at the source.",
        value=(in_words(totals["attended"]) + " of " + in_words(totals["planned"])).astype(object),
    )


def _contradicted(draft: Draft, totals: pd.DataFrame) -> Iterator[Finding]:
    sessions = draft.table("treatment_sessions")
    if sessions.empty:
        return
    came = sessions["attended"].fillna(False).astype(bool) & sessions["setting"].ne("home")
    listed = totals["participant_id"].map(came.groupby(sessions["participant_id"]).sum()).fillna(0)
    yield from row_findings(
        totals,
        totals["attended"].notna() & (totals["attended"] != listed),
        severity="warning",
        table="session_totals",
        field="attended",
        rule="the total is not the number of sessions in table treatment_sessions",
        remedy="Correct one of them, or keep one of the tables in the plan. The sessions listed one by one are used.",
        value=(in_words(totals["attended"]) + ", listed " + in_words(listed.astype(float))).astype(object),
    )
