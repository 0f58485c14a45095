"""Exposures of counts: time, sessions or kilometres below 0, or none at all, in which nothing can be counted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from coxa.cohort.checks.checked import Checked, Draft
from coxa.cohort.row_findings import row_findings
from coxa.findings import Finding, Severity
from coxa.study.scales import outcome_scale


def check_exposures(draft: Draft) -> Checked:
    """Find exposures of counts that are 0 or below; a rate has no value there, and the row is left out of it."""
    return Checked(
        tuple(
            finding
            for name, outcome in draft.study.outcomes.items()
            if getattr(outcome, "exposure", None)
            for finding in _of_count(draft, name, str(outcome.exposure))
        )
    )


def _of_count(draft: Draft, name: str, exposure: str) -> Iterator[Finding]:
    table, frame, exposed, counted = _exposed(draft, name, exposure)
    outcome = draft.study.outcomes.get(exposure)
    reported = exposed < outcome_scale(outcome).low if outcome else exposed < -np.inf
    found: tuple[tuple[pd.Series, Severity, str, str], ...] = (
        ((exposed < 0) & ~reported, "error", "is below 0", "Correct it at the source."),
        (
            (exposed == 0) & (counted > 0),
            "error",
            f"is 0, and `{name}` is above 0",
            "Correct one of the two: nothing can be counted without exposure.",
        ),
        (
            (exposed == 0) & ~(counted > 0),
            "warning",
            "is 0",
            f"Correct it if it is wrong. Rates of `{name}` leave the row out.",
        ),
    )
    for rows, severity, rule, remedy in found:
        yield from row_findings(
            frame,
            rows,
            severity=severity,
            table=table,
            field=exposure,
            rule=f"`{exposure}`, the exposure of `{name}`, {rule}",
            remedy=remedy,
            value=exposed,
        )


def _exposed(draft: Draft, name: str, exposure: str) -> tuple[str, pd.DataFrame, pd.Series, pd.Series]:
    """Return table, rows, exposure of each row, and the count that is over it; the largest where there are several."""
    seen = draft.table("assessments")
    counts = seen[seen["outcome"] == name]
    if exposure in draft.study.outcomes:
        frame, by, numbers = seen[seen["outcome"] == exposure], ["participant_id", "visit"], "value"
        table = "assessments"
    else:
        frame, by, numbers = draft.table("participants"), ["participant_id"], exposure
        table = "participants"
    if frame.empty or numbers not in frame:
        nothing = pd.Series(dtype=float)
        return table, frame.iloc[:0], nothing, nothing
    keys = [frame[column].astype(object) for column in by]
    largest = counts.groupby([counts[column].astype(object) for column in by])["value"].max()
    places = pd.MultiIndex.from_arrays(keys) if len(by) > 1 else pd.Index(keys[0])
    counted = pd.Series(largest.reindex(places).to_numpy(dtype=float), frame.index)
    return table, frame, pd.to_numeric(frame[numbers], errors="coerce").astype(float), counted
