"""Files of REDCap, whose rows are events and repeated forms: which of them describe participants."""

from __future__ import annotations

from coxa.cohort.mapping.codes import code_texts
from coxa.cohort.mapping.columns import Origin

EVENTS = ("redcap_event_name", "Event Name")
REPEATS = ("redcap_repeat_instrument", "Repeat Instrument")
"""Columns of an export with codes and of one with labels."""

UNCHECKED = ("0", "unchecked")
"""What REDCap writes for a checkbox at every event without its form."""


def same_on_all_rows(origin: Origin, field: str) -> str:
    """Return what to do about a field that differs between the rows of a participant."""
    event = next((name for name in EVENTS if name in origin.frame), None)
    column = origin.source.columns.get(field, field)
    if event is None or column not in origin.frame:
        return "correct the rows that differ from the participant's first row, or map another column"
    cells = code_texts(origin.frame[column])
    checked = cells.notna() & ~cells.str.lower().isin(UNCHECKED).fillna(False)
    events = code_texts(origin.frame[event])[checked].dropna()
    repeat = next((name for name in REPEATS if name in origin.frame and origin.frame[name].notna().any()), None)
    condition = f"{event}: {events.mode().iloc[0] if len(events) else '...'}" + (f', {repeat}: ""' if repeat else "")
    return (
        f"REDCap writes 0 for a checkbox at every event. Write `where: {{{condition}}}` in this table if these rows "
        f"describe participants, or `columns_where: {{{field}: {{{condition}}}}}` for this column alone"
    )
