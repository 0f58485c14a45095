"""Values of outcomes from treatment sessions."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.study_day import study_days
from coxa.study.outcome_sources.treatment_sessions import SessionSource
from coxa.study.visit_ends import visit_ends

VALUES = ["participant_id", "visit", "value", "reason", "source_file", "source_row"]

HOME = "home"


def attended_at_visits(cohort: Cohort, source: SessionSource) -> pd.DataFrame:
    """Return sessions attended, their minutes or their share until each visit.

    Parameters
    ----------
    cohort
        Checked tables.
    source
        What is taken, and since when sessions count.

    Returns
    -------
    DataFrame
        participant_id, visit, value, reason, source_file, source_row. A session belongs to the first visit whose window
        ends on its day or later; sessions at home do not count. There is no row for a participant without a session
        listed in that time, attended or not. Minutes are missing where an attended session has none.
    """
    rows = cohort.table("treatment_sessions")
    day = study_days(rows, cohort.table("participants"), "session_date")
    at_home = rows["setting"].astype(object).eq(HOME) if "setting" in rows else pd.Series(False, rows.index)
    came = rows["attended"].astype("boolean").fillna(False).astype(bool)
    minutes = pd.to_numeric(rows["minutes"]) if "minutes" in rows else pd.Series(float("nan"), rows.index)
    lineage = [name for name in ("source_file", "source_row") if name in rows]
    listed = rows[["participant_id", *lineage]].assign(
        day=day, listed=1.0, came=came.astype(float), minutes=minutes.astype(float).where(came, 0.0)
    )
    listed = listed.assign(unknown=listed["minutes"].isna().astype(float))[day.notna() & ~at_home]
    ends, parts, before = visit_ends(cohort.study.visits), [], float("-inf")
    for visit, end in ends.items():
        since = before if source.since == "last_visit" else float("-inf")
        parts.append(_summed(listed[(listed["day"] > since) & (listed["day"] <= end)], source).assign(visit=visit))
        before = end
    return pd.concat(parts, ignore_index=True).reindex(columns=VALUES)


def _summed(rows: pd.DataFrame, source: SessionSource) -> pd.DataFrame:
    """Return value, reason and lineage by participant."""
    by_person = rows.sort_values("day", kind="stable").groupby("participant_id", sort=True)
    sums = by_person[["listed", "came", "minutes", "unknown"]].sum()
    value = {
        "attended": sums["came"],
        "minutes": sums["minutes"].where(sums["unknown"] == 0),
        "share": 100.0 * sums["came"] / sums["listed"],
    }[source.take]
    reason = pd.Series(None, index=sums.index, dtype=object)
    reason = reason.mask(value.isna(), "an attended session has no minutes")
    lineage = {name: by_person[name].first() for name in ("source_file", "source_row") if name in rows}
    return pd.DataFrame({"value": value, "reason": reason, **lineage}).reset_index()
