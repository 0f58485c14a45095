"""Outcomes from clinical measures: tests, ranges of motion and strengths, on one side or both."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from coxa.errors import not_allowed
from coxa.instruments.measures import load_measures
from coxa.study.base import Name
from coxa.study.outcome_sources.base import FromTable
from coxa.study.words import OutcomeKind

Side = Literal["affected", "other", "left", "right", "mean", "symmetry", "none"]


class ClinicalMeasureSource(FromTable):
    """A clinical measure at each visit."""

    kinds = ("score", "yes_no", "ordered", "count")

    table: Literal["clinical_measures"] = Field(description="Clinical measures: one row per measure, side and visit.")
    measure: Name = Field(description="One of the clinical measures that coxa knows (`coxa schema clinical_measures`).")
    side: Side = Field(
        "affected",
        description="The affected or the other side of the participant, left or right, the mean of both sides, "
        "symmetry: affected side as % of the other; none: a measure without sides.",
    )
    position: Literal["supine", "prone", "sitting", "standing", "side_lying"] | None = Field(
        None, description="Position in which it was measured; where it is not given, every position counts."
    )
    trials: Literal["mean", "highest", "lowest", "first"] = Field(
        "mean", description="Which value of several repetitions counts."
    )

    @property
    def scale(self) -> dict[str, Any]:
        """Range, unit and direction of the measure; symmetry is in % and better where it is higher."""
        measure = load_measures().get(self.measure)
        if measure is None or measure.unit == "sign":
            return {}
        if self.side == "symmetry":
            return {"range": (0.0, 1000.0), "unit": "%"}
        direction = {} if measure.higher_is_better is None else {"higher_is_better": measure.higher_is_better}
        return {"range": measure.hard, "unit": measure.unit, **direction}

    def problem(self, kind: OutcomeKind) -> str | None:
        """Return what is wrong with the measure, its side, or the kind of the outcome; None if nothing is."""
        if self.measure not in load_measures():
            return not_allowed("measure", self.measure, load_measures())
        is_sign = load_measures()[self.measure].unit == "sign"
        if is_sign and kind != "yes_no":
            return f"`{self.measure}` is positive or negative; write `kind: yes_no`"
        if not is_sign and kind == "yes_no":
            return f"`{self.measure}` is a number; remove `kind: yes_no`, or choose a sign"
        if is_sign and self.side in ("mean", "symmetry"):
            return f"`{self.measure}` is positive or negative, and has no {self.side}; choose a side"
        return super().problem(kind)
