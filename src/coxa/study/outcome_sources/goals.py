"""Outcomes from goals: how they are rated, how many are met, and how far they are attained."""

from __future__ import annotations

from math import sqrt
from typing import Any, Literal

from pydantic import Field

from coxa.study.outcome_sources.base import FromTable, Grid
from coxa.study.words import OutcomeKind

GOALS_EACH = 3
"""Goals that a simulated participant sets; forms ask for three to five."""
CENTRE, WIDTH, FARTHEST = 50.0, 10.0, 2
"""Score of attainment where every goal is at the level expected, its spread, and the level farthest from that."""

KINDS: dict[str, tuple[OutcomeKind, ...]] = {"all_met": ("yes_no",), "any_met": ("yes_no",)}


class GoalSource(FromTable):
    """One number of the goals of a participant at each visit."""

    table: Literal["goals"] = Field(description="Goals: one row per goal of a participant and visit.")
    take: Literal["mean_rating", "share_met", "all_met", "any_met", "attainment"] = Field(
        "mean_rating",
        description="mean_rating: mean of the ratings of the goals of the first visit (Patient-Specific Functional "
        "Scale); share_met: goals met until the visit, in % of those set until then; all_met, any_met: the same as yes "
        "or no; attainment: T-score of goal attainment scaling, 50 where all goals are at the level expected.",
    )
    term: Literal["short", "long"] | None = Field(
        None, description="Short-term or long-term goals; all of them where it is not given."
    )
    correlation: float = Field(
        0.3, ge=0, lt=1, description="Of `take: attainment`: correlation between the goals of a person in the score."
    )

    @property
    def scale(self) -> dict[str, Any]:
        """Range, unit and direction of what is taken."""
        ends: dict[str, tuple[float, float, str]] = {
            "mean_rating": (0.0, 10.0, "points"),
            "share_met": (0.0, 100.0, "%"),
            "attainment": (0.0, 100.0, "points"),
        }
        low, high, unit = ends.get(self.take, (0.0, 1.0, ""))
        return {"range": (low, high), "unit": unit, "higher_is_better": True}

    @property
    def grid(self) -> Grid | None:
        """The values that three goals can have: thirds of a rating or of goals met, and steps of a level."""
        if self.take == "attainment":
            step = WIDTH / sqrt((1.0 - self.correlation) * GOALS_EACH + self.correlation * GOALS_EACH**2)
            reach = FARTHEST * GOALS_EACH * step
            return Grid(step, CENTRE, CENTRE - reach, CENTRE + reach)
        if self.take in KINDS:
            return None
        low, high = self.scale["range"]
        return Grid((1.0 if self.take == "mean_rating" else high) / GOALS_EACH, low, low, high)

    def problem(self, kind: OutcomeKind) -> str | None:
        """Return what is wrong with the kind of the outcome for what is taken; None if nothing is."""
        allowed = KINDS.get(self.take, ("score",))
        if kind not in allowed:
            return f"`take: {self.take}` of goals is not of `kind: {kind}`; write `kind: {allowed[0]}`"
        return None
