"""Episodes whose intake is outside the days that are audited are left out."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.episodes.checks.draft import Draft, RowFault


def period_faults(draft: Draft) -> Iterator[RowFault]:
    """Yield the days of intake before the start of the audit, and after its end."""
    plan, bound = draft.plan, draft.reading.bound
    for sign, day, words in (("<", plan.start, "before the start"), (">", plan.end, "after the end")):
        if day is not None:
            yield RowFault(
                f"intake_date {sign} {bound.day(day)}",
                None,
                f"the intake is {words} of the audit",
                "Nothing needs to be done.",
                "intake_date",
                reason=f"intake {words} of the audit ({day})",
            )
