"""Outcomes from clinical measures: tests, ranges of motion and strengths, on one side or both."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from coxa.errors import not_allowed
from coxa.instruments.measures import load_measures
from coxa.study.base import Name
from coxa.study.outcome_sources.base import FromTable
from coxa.study.words import OutcomeKind

Side = Literal["affected", "other", "left", "right", "mean", "symmetry"]


class ClinicalMeasureSource(FromTable):
    """A clinical measure at each visit."""

    table: Literal["clinical_measures"] = Field(description="Clinical measures: one row per measure, side and visit.")
    measure: Name = Field(
        description="One of the clinical measures that coxa knows (`coxa schema data clinical_measures`)."
    )
    side: Side | None = Field(
        None,
        description="The affected or the other side of the participant, left or right, the mean of both sides, or "
        "symmetry: the affected side as % of the other. The affected side where it is not given; of a measure of the "
        "whole person, none.",
    )
    position: Literal["supine", "prone", "sitting", "standing", "side_lying"] | None = Field(
        None, description="Position in which it was measured; where it is not given, every position counts."
    )
    trials: Literal["mean", "highest", "lowest", "first"] = Field(
        "mean", description="Which value of several repetitions counts."
    )

    @property
    def counted(self) -> str:
        """The side that counts: as given, else `affected`, or `whole` for a measure of the whole person."""
        return self.side or ("affected" if load_measures()[self.measure].sided else "whole")

    @property
    def scale(self) -> dict[str, Any]:
        """Range, unit and direction of the measure; a symmetry is in %, and its direction is the plan's."""
        measure = load_measures()[self.measure]
        if self.side == "symmetry":
            return {"range": (0.0, 1000.0), "unit": "%"}
        direction = {} if measure.higher_is_better is None else {"higher_is_better": measure.higher_is_better}
        return {"range": measure.hard, "unit": measure.unit, **direction}

    def problem(self, kind: OutcomeKind) -> str | None:
        """Return what is wrong with the measure, its side, or the kind of the outcome; None if nothing is."""
        if self.measure not in load_measures():
            return not_allowed("measure", self.measure, load_measures())
        measure = load_measures()[self.measure]
        kinds: dict[str, tuple[OutcomeKind, ...]] = {"sign": ("yes_no",), "grade": ("ordered",)}
        allowed = kinds.get(measure.kind, ("score", "count"))
        if kind not in allowed:
            return f"`{self.measure}` is a {measure.kind}, not of `kind: {kind}`; write `kind: {allowed[0]}`"
        if self.side is not None and not measure.sided:
            return f"`{self.measure}` is a measure of the whole person; remove `side`"
        if measure.kind != "number" and self.side in ("mean", "symmetry"):
            return f"`{self.measure}` is a {measure.kind}, of which there is no {self.side}; choose a side"
        return None
