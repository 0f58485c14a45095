"""Patients with several episodes: those that overlap, and those that are not counted."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.episodes.checks.draft import Draft, RowFault, day_text
from coxa.findings import Finding

LATER = (
    "SELECT *, ROW_NUMBER() OVER (PARTITION BY why IS NULL, patient ORDER BY intake_date, episode) AS coxa_nth "
    "FROM ({rows}) AS r"
)
"""Episodes of a patient, numbered among those that are not left out for another reason."""

NOT_FIRST = "not the first episode of the patient (repeats: first)"


def check_overlaps(draft: Draft) -> Iterator[Finding]:
    """Yield a warning of episodes that begin before the one before them has ended; that day may be the same."""
    earlier = "MAX(discharge_date) OVER (PARTITION BY patient ORDER BY intake_date, episode ROWS BETWEEN UNBOUNDED " \
              "PRECEDING AND 1 PRECEDING)"  # fmt: skip
    several = "SELECT patient FROM {rows} GROUP BY patient HAVING COUNT(*) > 1"
    seen = Draft(
        draft.plan,
        draft.reading,
        f"SELECT *, {earlier} AS coxa_until FROM ({draft.relation}) AS r "
        f"WHERE patient IN ({several.replace('{rows}', f'({draft.relation}) AS s')})",
        draft.last_day,
    )
    condition = "intake_date < coxa_until"
    n = int(seen.frame(f"SELECT COUNT(*) AS n FROM {{rows}} WHERE {condition}")["n"].iloc[0])
    if n:
        yield from seen.rows(
            condition,
            n,
            RowFault(
                condition,
                "warning",
                "the episode begins before an earlier one of the patient has ended",
                "Check whether they are one episode. Each is counted.",
                "intake_date",
                f"{day_text('intake_date')} || ', earlier one until ' || {day_text('coxa_until')}",
            ),
        )
