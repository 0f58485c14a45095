"""Sessions that were booked are attended, missed, or still to come: no more than were booked."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.episodes.checks.draft import Draft, RowFault
from coxa.study.audit.plan import COUNTS

SHOWN = "CAST(CAST({} AS INTEGER) AS VARCHAR)"


def attendance_faults(draft: Draft) -> Iterator[RowFault]:
    """Yield what more sessions than were booked are: none of the row's numbers counts."""
    attended, missed = (f"COALESCE({name}, 0)" for name in ("attended", "missed"))
    shown = [SHOWN.format(part) for part in (attended, missed, "booked")]
    if not draft.has("booked") and draft.plan.data.sessions is None:
        return
    yield RowFault(
        f"{attended} + {missed} > booked",
        "warning",
        "more sessions were attended and missed than booked, and the row's sessions are not counted",
        "Correct the numbers at the source.",
        "booked",
        f"{shown[0]} || ' + ' || {shown[1]} || ' of ' || {shown[2]}",
        unused=COUNTS,
    )
