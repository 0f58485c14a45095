"""Red flags: one that is present has an action, and screening and action have their dates."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.checks.checked import Checked, Draft
from coxa.cohort.row_findings import row_findings
from coxa.findings import Finding

TABLE = "red_flag_screening"
AT_THE_SOURCE = "Complete it at the source."


def check_red_flags(draft: Draft) -> Checked:
    """Warn of flags without an action, of actions and screenings without a date, and of referrals never seen.

    That an action is before the screening, or seen before referred, is found with the other pairs of dates.
    """
    rows = draft.table(TABLE)
    if rows.empty:
        return Checked()
    present = rows["present"].fillna(False).astype(bool)
    action = rows["action"].astype(object)
    acted = action.notna() & action.ne("none")
    findings = [
        *_found(
            rows,
            present & action.isna() & rows["referral_date"].isna(),
            "action",
            "a red flag is present and its action is empty",
            "Complete it at the source. Write `none` where it was decided to take none.",
        ),
        *_found(
            rows,
            present & action.eq("none") & rows["referral_date"].isna(),
            "action",
            "a red flag is present and no action was taken",
            "Check that this was decided, and that the reason is recorded in the notes.",
        ),
        *_found(
            rows,
            rows["screening_date"].isna() & rows["study_day"].isna(),
            "screening_date",
            "a screening for red flags has no date",
            AT_THE_SOURCE,
        ),
        *_found(
            rows,
            present & acted & rows["action_date"].isna() & rows["referral_date"].isna(),
            "action_date",
            "a red flag was acted on and the action has no date",
            AT_THE_SOURCE,
        ),
        *_found(
            rows,
            rows["seen_date"].notna() & ~(acted & action.astype(str).str.startswith("referred_"))
            & rows["referral_date"].isna(),
            "seen_date",
            "a participant was seen after a referral that is not recorded",
            "Complete the action or the date of the referral at the source, or leave out the date.",
        ),
    ]  # fmt: skip
    return Checked(tuple(findings))


def _found(rows: pd.DataFrame, where: pd.Series, field: str, rule: str, remedy: str) -> list[Finding]:
    return row_findings(
        rows, where.astype(bool), severity="warning", table=TABLE, field=field, rule=rule, remedy=remedy,
        value=rows["flag"].astype(object),
    )  # fmt: skip
