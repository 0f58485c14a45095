"""Outcomes from the return to sport: the level at each visit, as ordered levels or as yes or no."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from coxa.study.base import OneOrMany
from coxa.study.outcome_sources.base import FromTable
from coxa.study.words import NOT_RETURNED, RETURN_STATUSES, OutcomeKind, ReturnLevel


class ReturnSource(FromTable):
    """The level of the return to sport at each visit, by the last status recorded until then."""

    table: Literal["return_to_sport"] = Field(description="Return to sport: one row per status of a participant.")
    statuses: OneOrMany[ReturnLevel] = Field(
        description="Of `kind: ordered`: the status that each level above the lowest begins with, in order; the lowest "
        "level is 0, below all of them. Of `kind: yes_no`: the one status from which it is a yes.",
    )

    @field_validator("statuses")
    @classmethod
    def _in_order(cls, statuses: tuple[ReturnLevel, ...]) -> tuple[ReturnLevel, ...]:
        places = [RETURN_STATUSES.index(status) for status in statuses]
        if places != sorted(set(places)):
            raise ValueError(f"the `statuses` are not in order; write them as in {', '.join(RETURN_STATUSES[1:])}")
        return statuses

    @property
    def scale(self) -> dict[str, Any]:
        """The levels, named after their statuses; a higher one is better."""
        words = (NOT_RETURNED, *self.statuses)
        levels = {code: word.replace("_", " ").capitalize() for code, word in enumerate(words)}
        return {"levels": levels, "higher_is_better": True}

    def problem(self, kind: OutcomeKind) -> str | None:
        """Return what is wrong with the kind of the outcome, or the number of statuses; None if nothing is."""
        if kind not in ("ordered", "yes_no"):
            return f"a level of return is not of `kind: {kind}`; write `kind: ordered`, or `kind: yes_no`"
        if (kind == "yes_no") != (len(self.statuses) == 1):
            return (
                "a yes or no has one of the `statuses`, and ordered levels have several; correct `kind` or `statuses`"
            )
        return None
