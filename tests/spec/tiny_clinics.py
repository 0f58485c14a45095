"""A tiny clinic audit: its plan, and one row per episode whose expected numbers can be counted by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from coxa.episodes import Episodes, episodes_of_frame
from coxa.study.audit.plan import AuditPlan

CUT = date(2025, 12, 31)
PLAN: dict[str, Any] = {
    "audit": "tiny",
    "title": "Tiny",
    "data": {"file": "episodes.csv"},
    "outcomes": {"pain": {"instrument": "nprs", "important": {"value": 2, "source": "Somebody 2020"}}},
}


def plan_of(**parts: Any) -> AuditPlan:
    """Return the plan with other parts."""
    return AuditPlan.model_validate(PLAN | parts)


def rows_of(columns: Sequence[str], rows: Sequence[Sequence[Any]], **same: Any) -> pd.DataFrame:
    """Return a frame of episodes; columns of days are given as text."""
    frame = pd.DataFrame(rows, columns=list(columns)).assign(**same)
    for name in ("intake_date", "discharge_date", "pain_date"):
        if name in frame:
            frame[name] = pd.to_datetime(frame[name])
    return frame


def episodes_in(
    clinic: str, month: str, changes: Sequence[float | None], start: float = 8.0, **same: Any
) -> list[Mapping[str, Any]]:
    """Return the episodes of a clinic that begin in a month and end 30 days later, one per change (None is lost)."""
    day = pd.Timestamp(f"{month}-05")
    common = {"clinic": clinic, "intake_date": day, "discharge_date": day + pd.Timedelta(days=30), **same}
    return [common | {"pain_intake": start, "pain_discharge": None if one is None else start - one} for one in changes]


def episodes_of(rows: Sequence[Mapping[str, Any]] | pd.DataFrame, cut: date = CUT, **parts: Any) -> Episodes:
    """Return episodes of rows under the plan."""
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
    return episodes_of_frame(plan_of(**parts), frame, data_cut=cut)
