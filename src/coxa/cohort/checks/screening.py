"""The screening log: everybody who was assessed is either a participant or has a reason not to be one."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from coxa.cohort.checks.checked import Checked, Draft, LeaveOut
from coxa.cohort.checks.keys import participant_dates
from coxa.cohort.row_findings import row_findings
from coxa.findings import Finding
from coxa.frames import among


def check_screening(draft: Draft) -> Checked:
    """Find participants without an assessment, or with two, and assessments that do not agree with what followed.

    Without table `screening`, or where it has no row, nothing is asked.
    """
    screened = draft.table("screening")
    if screened.empty:
        return Checked()
    enrolled = screened["participant_id"].notna()
    twice = enrolled & screened["participant_id"].duplicated(keep=False)
    findings = [
        *_not_screened(draft, screened),
        *row_findings(
            screened[twice].drop_duplicates("participant_id"),
            severity="error",
            table="screening",
            field="participant_id",
            rule="a participant is enrolled from several assessments",
            remedy="Keep `participant_id` on the row that led to enrolment and empty it on the others, or correct it.",
            value=screened["screening_id"],
        ),
        *_contradictions(draft, screened, enrolled & ~twice),
    ]
    left_out = (LeaveOut("screening", screened.index[twice], "duplicate participant"),) if twice.any() else ()
    return Checked(tuple(findings), left_out)


def _not_screened(draft: Draft, screened: pd.DataFrame) -> Iterator[Finding]:
    people = draft.table("participants")
    yield from row_findings(
        people,
        people["participant_id"].notna() & ~among(people["participant_id"], screened["participant_id"].dropna()),
        severity="error",
        table="participants",
        field="participant_id",
        rule="the participant is not in table screening",
        remedy="Add the assessment with this `participant_id`. If the log is not complete, take `screening` out of "
        "`data: tables:`, and the flow diagram starts at randomisation.",
    )


def _contradictions(draft: Draft, screened: pd.DataFrame, enrolled: pd.Series) -> Iterator[Finding]:
    """Yield what the log and the participants disagree about."""
    yes, no = ({name: screened[name].eq(said).fillna(False) for name in ("eligible", "consented")}
               for said in (True, False))  # fmt: skip
    yield from row_findings(
        screened,
        enrolled & no["eligible"],
        severity="warning",
        table="screening",
        field="eligible",
        rule="a participant was not eligible",
        remedy="Correct `eligible` or `participant_id`. A participant allocated in error counts as allocated, "
        "and is left "
        "out with `excluded_after_randomisation` where the protocol says so.",
        value=screened["exclusion_reason"],
    )
    yield from row_findings(
        screened,
        enrolled & no["consented"],
        severity="error",
        table="screening",
        field="consented",
        rule="a participant declined",
        remedy="Correct `consented` or `participant_id`.",
        value=screened["exclusion_reason"],
    )
    silent = screened["exclusion_reason"].fillna("").astype(str).str.strip() == ""
    yield from row_findings(
        screened,
        screened["participant_id"].isna() & yes["eligible"] & yes["consented"] & silent,
        severity="warning",
        table="screening",
        field="exclusion_reason",
        rule="an eligible person who agreed is no participant and has no reason",
        remedy="Fill in `participant_id` or `exclusion_reason`. Without them the flow diagram says that it is "
        "not recorded.",
    )
    randomised = participant_dates(draft, screened, "randomisation_date")
    yield from row_findings(
        screened,
        enrolled & (screened["screening_date"] > randomised).fillna(False),
        severity="warning",
        table="screening",
        field="screening_date",
        rule=f"the assessment for eligibility is after {draft.study.words.start}",
        remedy="Check both dates at the source.",
        value=screened["screening_date"],
    )
