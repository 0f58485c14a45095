"""Episodes that began long ago and have no day of discharge: who was seen last and never closed is not followed up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from coxa.episodes.checks.draft import Draft, RowFault, day_text
from coxa.findings import Finding

LONG = timedelta(days=365)
"""An episode without a discharge is named where it began longer ago than this."""


def check_open(draft: Draft) -> Iterator[Finding]:
    """Yield a warning of episodes that are still open a year after their intake."""
    if not draft.has("discharge_date"):
        return
    bound = draft.reading.bound
    condition = f"discharge_date IS NULL AND intake_date < {bound.day(draft.last_day - LONG)}"
    n = int(draft.frame(f"SELECT COUNT(*) AS n FROM {{rows}} WHERE {condition}")["n"].iloc[0])
    total = int(draft.frame("SELECT COUNT(discharge_date) AS n FROM {rows}")["n"].iloc[0])
    if n and total:
        rule = f"the episode began more than a year before {draft.last_day} and has no day of discharge"
        remedy = (
            "Fill in the day of discharge where treatment has ended. Those who stay away are lost, not in treatment."
        )
        fault = RowFault(
            condition, "warning", rule, remedy, "discharge_date", f"'intake ' || {day_text('intake_date')}"
        )
        yield from draft.rows(condition, n, fault)
