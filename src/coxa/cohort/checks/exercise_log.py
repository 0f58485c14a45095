"""The exercise log: what was done has what was prescribed, and is not far more than that."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.checks.checked import Checked, Draft
from coxa.cohort.row_findings import in_words, row_findings
from coxa.findings import Finding

TABLE = "exercise_log"
FAR_MORE = 3
"""Times what was prescribed from which a number is more often a slip than a dose."""


def check_exercise_log(draft: Draft) -> Checked:
    """Warn of exercises without the sets done or prescribed, without a date, and of far more than was prescribed."""
    rows = draft.table(TABLE)
    if rows.empty:
        return Checked()
    findings = [
        *_found(
            rows, rows["sets"].isna() & rows["sets_prescribed"].notna(), "sets",
            "an exercise was prescribed and the sets done are empty",
            "Fill in 0 where it was not done. Without it the row is in no share of what was prescribed.",
        ),
        *_found(
            rows, rows["sets"].gt(0) & ~rows["sets_prescribed"].gt(0), "sets_prescribed",
            "an exercise was done and no sets are prescribed",
            "Add the sets prescribed. Without them the row is in no share of what was prescribed.",
        ),
        *_found(
            rows, rows["exercise_date"].isna() & rows["study_day"].isna(), "exercise_date",
            "an exercise has no day", "Add the date at the source. Without it the row is in no week and at no visit.",
        ),
    ]  # fmt: skip
    for name in ("sets", "repetitions", "hold", "load"):
        asked = rows[f"{name}_prescribed"]
        findings += row_findings(
            rows, (asked > 0) & (rows[name] > FAR_MORE * asked), severity="warning", table=TABLE, field=name,
            rule=f"{name} is more than {FAR_MORE} times what was prescribed",
            remedy="Check both numbers at the source.",
            value=(in_words(rows[name]) + " of " + in_words(asked)).astype(object),
        )  # fmt: skip
    return Checked(tuple(findings))


def _found(rows: pd.DataFrame, where: pd.Series, field: str, rule: str, remedy: str) -> list[Finding]:
    return row_findings(
        rows, where.fillna(False).astype(bool), severity="warning", table=TABLE, field=field, rule=rule, remedy=remedy,
        value=rows["exercise"].astype(object),
    )  # fmt: skip
