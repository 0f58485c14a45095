"""What a plan asks of a score itself: how reliable it is, whose change is reliable, and which change is important."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from coxa.study.base import Name, Part


class Coefficient(Part):
    """A coefficient of reliability that was published, and in whom."""

    value: float = Field(gt=0, lt=1, description="The coefficient.")
    population: str = Field(min_length=3, description="In whom it was estimated; it is not a property of the score.")
    source: str = Field(min_length=3, description="Where it was published.")


class Norm(Part):
    """Scores of a population without the complaint, from which a cutoff follows."""

    mean: float = Field(description="Mean score.")
    sd: float = Field(gt=0, description="Standard deviation.")
    population: str = Field(min_length=3, description="In whom.")
    source: str = Field(min_length=3, description="Where it was published.")


class Stable(Part):
    """Which participants count as unchanged between the repeated measurements, by another outcome."""

    outcome: Name = Field(description="An outcome that says so, such as a global rating of change.")
    visit: Name = Field(description="The visit of its answer.")
    at_least: float = Field(description="Lowest answer of a stable participant.")
    at_most: float = Field(description="Highest answer of a stable participant.")

    @model_validator(mode="after")
    def _in_order(self) -> Stable:
        if self.at_least > self.at_most:
            raise ValueError(f"`at_least` {self.at_least:g} is above `at_most` {self.at_most:g}; exchange them")
        return self


class Repeated(Part):
    """Visits between which participants are expected not to change, for reliability and measurement error."""

    visits: tuple[Name, ...] = Field(min_length=2, description="Two or more visits, such as a baseline and a retest.")
    stable: Stable | None = Field(None, description="Who did not change; all with every score unless given.")


class ReliableChangePlan(Part):
    """Whose change from baseline is more than measurement error, and who is like those without a complaint since."""

    visit: Name = Field(description="The visit after baseline.")
    reliability: Coefficient | Literal["repeated"] = Field(
        description="Published, with its population; or `repeated`: the intraclass correlation for agreement, "
        "ICC(2,1), of `repeated` in these data. There is no default, since statuses differ by it."
    )
    error: Literal["jacobson_truax", "both_spreads", "edwards_nunnally"] = Field(
        "jacobson_truax",
        description="Standard error of a change: SD sqrt(2 (1 - r)); from the spreads of both visits; about the true "
        "score estimated before. SD and mean are those of the participants at baseline.",
    )
    cutoff: Literal["a", "b", "c"] | None = Field(
        None,
        description="Score that has to be crossed to be recovered. a: two SD from the mean at baseline, towards "
        "better; b: two SD of `norm` from its mean, towards worse; c: where both are equally near. Without it no "
        "participant is called recovered.",
    )
    norm: Norm | None = Field(None, description="A population without the complaint; needed for the cutoffs b and c.")
    level: float = Field(0.95, gt=0.5, lt=1, description="Level at which a change is reliable, two-sided.")

    @model_validator(mode="after")
    def _cutoff_has_its_norm(self) -> ReliableChangePlan:
        if self.cutoff in ("b", "c") and self.norm is None:
            raise ValueError(
                f"cutoff {self.cutoff} needs the scores of a population without the complaint; give `norm` with its "
                "population and source"
            )
        return self


class AnchorPlan(Part):
    """The minimal important change of the score in these data, by an anchor."""

    visit: Name = Field(description="The visit after baseline, of change and anchor.")
    anchor: Name = Field(description="The outcome that asks whether a participant improved.")
    improved: float = Field(description="The answer from which on, towards better, a participant improved.")
    little: float | None = Field(
        None,
        description="The answer up to which this is a little; the mean change is then of these participants alone.",
    )
    anchor_reliability: Coefficient | None = Field(
        None, description="Of the anchor, published; for the adjustment of 2022, which has no default."
    )


class ScoreMeasurement(Part):
    """What is asked of one score; floor and ceiling, and alpha where the data have items, are always shown.

    Examples
    --------
    >>> from coxa.study import ScoreMeasurement
    >>> ScoreMeasurement.model_validate({"repeated": {"visits": ["baseline", "retest"]}}).repeated.visits
    ('baseline', 'retest')
    """

    repeated: Repeated | None = Field(None, description="Reliability, measurement error and agreement.")
    change: ReliableChangePlan | None = Field(None, description="Reliable and clinically significant change.")
    important: AnchorPlan | None = Field(None, description="Minimal important change by an anchor.")

    @model_validator(mode="after")
    def _reliability_is_known(self) -> ScoreMeasurement:
        if self.change and self.change.reliability == "repeated" and self.repeated is None:
            raise ValueError(
                "`reliability: repeated` is that of repeated measurements; add `repeated: {visits: [...]}`, or give a "
                "published coefficient with its population"
            )
        return self
