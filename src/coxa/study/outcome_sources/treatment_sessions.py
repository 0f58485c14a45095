"""Outcomes from treatment sessions: how many were attended until a visit, their minutes, or their share."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from coxa.study.outcome_sources.base import FromTable
from coxa.study.words import OutcomeKind

MOST_SESSIONS, MOST_MINUTES = 1000.0, 100_000.0
"""Ends of the ranges of sessions attended and of their minutes; working limits."""


class SessionSource(FromTable):
    """Sessions that are not at home, up to the end of each visit's window."""

    table: Literal["treatment_sessions"] = Field(
        description="Treatment sessions: one row per session of a participant."
    )
    take: Literal["attended", "minutes", "share"] = Field(
        "attended",
        description="attended: sessions attended; minutes: of the sessions attended, added up; share: sessions "
        "attended, in % of those listed.",
    )
    since: Literal["start", "last_visit"] = Field(
        "start",
        description="Sessions that count, up to the end of the visit's window: all, or those after the visit before.",
    )

    @property
    def scale(self) -> dict[str, Any]:
        """Range and unit; more is better."""
        high, unit = {"attended": (MOST_SESSIONS, "sessions"), "minutes": (MOST_MINUTES, "min")}.get(
            self.take, (100.0, "%")
        )
        return {"range": (0.0, high), "unit": unit, "higher_is_better": True}

    def problem(self, kind: OutcomeKind) -> str | None:
        """Return what is wrong with the kind of the outcome for what is taken; None if nothing is."""
        allowed: tuple[OutcomeKind, ...] = ("score", "count") if self.take == "attended" else ("score",)
        if kind not in allowed:
            return f"`take: {self.take}` of sessions is not of `kind: {kind}`; write `kind: {allowed[0]}`"
        return None
