"""Episodes without a clinic are counted as `not recorded`."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.episodes.checks.draft import Draft, RowFault

NOT_RECORDED = "not recorded"


def clinic_faults(draft: Draft) -> Iterator[RowFault]:
    """Yield the warning of rows whose clinic is empty."""
    if draft.has("clinic"):
        yield RowFault(
            f"clinic = '{NOT_RECORDED}'",
            "warning",
            f"the episode has no clinic and is counted as `{NOT_RECORDED}`",
            "Fill it in at the source.",
            "clinic",
        )
