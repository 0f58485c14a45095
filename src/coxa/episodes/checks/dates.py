"""Days in the right order, and none after the export."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.episodes.checks.draft import Draft, RowFault, day_text
from coxa.episodes.columns import quoted
from coxa.study.audit.plan import DATES


def late_faults(draft: Draft) -> Iterator[RowFault]:
    """Yield what days after the data cut are; without one in the plan, days after that of reading."""
    limit = draft.reading.bound.day(draft.last_day)
    what = "data cut" if draft.plan.data_cut else "day of reading"
    for name in (*DATES, *(f"{outcome}_date" for outcome in draft.plan.outcomes)):
        if draft.has(name):
            yield RowFault(
                f"{quoted(name)} > {limit}",
                "error",
                f"the date is after {draft.last_day}, the {what}",
                "Correct the date (day and month, century), or `data_cut` in the plan.",
                name,
                day_text(name),
                unused=(name,),
                reason="intake_date after the data cut" if name == "intake_date" else None,
            )


def order_faults(draft: Draft) -> Iterator[RowFault]:
    """Yield what a discharge, or a discharge questionnaire, before intake is: neither its date nor its scores count."""
    plan = draft.plan
    scores = tuple(f"{outcome}_discharge" for outcome in plan.outcomes)
    dates = tuple(f"{outcome}_date" for outcome in plan.outcomes)
    if draft.has("discharge_date"):
        yield RowFault(
            "discharge_date < intake_date",
            "warning",
            "the discharge is before the intake, and neither its date nor its scores are used",
            "Correct one of the two dates.",
            "discharge_date",
            f"{day_text('discharge_date')} || ', intake ' || {day_text('intake_date')}",
            unused=("discharge_date", *scores, *dates),
        )
    for outcome, day in zip(plan.outcomes, dates, strict=True):
        if draft.has(day):
            yield RowFault(
                f"{quoted(day)} < intake_date",
                "warning",
                "the discharge questionnaire is dated before the intake and is not used",
                "Correct one of the two dates.",
                day,
                f"{day_text(day)} || ', intake ' || {day_text('intake_date')}",
                unused=(day, f"{outcome}_discharge"),
            )
