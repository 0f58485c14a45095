"""A study of a meta-analysis: its numbers as the paper prints them, and where they were read."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from coxa.study.base import Name, Part

SUMMARIES = ("estimate", "std_error", "interval", "p_value")


class ArmData(Part):
    """What is known of one arm of a study."""

    n: int | None = Field(None, ge=1, description="Participants with an outcome.")
    mean: float | None = Field(None, description="Mean, or mean change, in units of the study.")
    sd: float | None = Field(None, gt=0, description="Standard deviation of the same.")
    events: int | None = Field(None, ge=0, description="Participants with the event.")
    label: str | None = Field(None, description="What this arm was, for the table of studies.")

    @model_validator(mode="after")
    def _counts_agree(self) -> ArmData:
        if self.events is not None and self.n is not None and self.events > self.n:
            raise ValueError(f"{self.events} events are more than {self.n} participants; correct one of them")
        return self


class PresetFigures(Part):
    """The figures of a preset (`coxa presets`) that are taken."""

    name: str = Field(description="Name of the preset.")
    outcome: Name = Field(description="One of its outcomes.")
    arm: Name = Field(description="Its compared arm.")
    against: Name = Field(description="Its reference arm.")
    visit: Name | None = Field(None, description="One of its visits; the last with the figures unless given.")


class OwnResult(Part):
    """The estimate of a report of coxa: its `results.parquet`."""

    results: str = Field(description="The file, from the folder of the plan.")
    analysis: Name | None = Field(None, description="Analysis of the report; the first with a difference unless given.")
    visit: Name | None = Field(None, description="Visit of the estimate; that of the report's answer unless given.")
    arm: Name | None = Field(None, description="Compared arm; needed where there are several.")
    reference: Name | None = Field(None, description="Reference arm; needed where there are several.")


class PooledStudy(Part):
    """One comparison of one trial.

    Numbers of both arms, an estimate with its accuracy, the figures of a preset, or the result of a report of coxa.
    """

    label: str | None = Field(None, description="Name in tables and figures, such as `Krauss 2014`.")
    source: str | None = Field(None, description="Where the numbers were read: paper, table, address.")
    trial: Name | None = Field(
        None, description="The trial that the comparison is of; comparisons of one trial have the same. Its own name "
        "unless given."
    )  # fmt: skip
    compared: ArmData | None = Field(None, description="Numbers of the compared arm.")
    reference: ArmData | None = Field(None, description="Numbers of the reference arm.")
    estimate: float | None = Field(None, description="Effect as printed; ratios as ratios.")
    std_error: float | None = Field(None, gt=0, description="Its standard error; of the logarithm for a ratio.")
    interval: tuple[float, float] | None = Field(None, description="Its confidence interval as printed.")
    interval_level: float = Field(0.95, gt=0, lt=1, description="Level of the interval.")
    p_value: float | None = Field(None, gt=0, lt=1, description="Exact two-sided p-value, where there is no interval.")
    df: float | None = Field(None, gt=0, description="Degrees of freedom of the printed interval or p-value.")
    sd: float | None = Field(
        None, gt=0, description="Standard deviation of the outcome within arms, by which a difference is divided."
    )
    standardised: bool = Field(False, description="True: the estimate is a standardised difference already.")
    values: Literal["final", "change", "adjusted"] = Field(
        "final", description="What the means or the estimate are of: values at follow-up, changes, or adjusted."
    )
    preset: PresetFigures | None = Field(None, description="Take the figures of a preset.")
    own: OwnResult | None = Field(None, description="Take the estimate of a report of coxa.")
    higher_is_better: bool | None = Field(
        None, description="Direction of the study's scale, where it is not that of the outcome: the sign is turned."
    )
    multiply: float = Field(1.0, gt=0, description="Factor to the unit of the outcome, such as 10 from 0-10 to 0-100.")
    moderators: dict[Name, float | str] = Field(
        default_factory=dict, description="Value of each subgroup and moderator of the plan."
    )
    context: str | None = Field(None, description="What a reader has to know of the study: population, dose, time.")
    tag: Literal["read", "secondary", "computed"] = Field(
        "read", description="Whether the numbers were read in the paper, in a secondary source, or computed."
    )

    @model_validator(mode="after")
    def _has_one_kind_of_numbers(self) -> PooledStudy:
        kinds = {
            "`preset`": self.preset is not None,
            "`own`": self.own is not None,
            "`estimate`": self.estimate is not None,
            "numbers of both arms": self._arms_given,
        }
        given = [kind for kind, there in kinds.items() if there]
        if len(given) != 1:
            told = " and ".join(given) or "no numbers"
            raise ValueError(f"the study has {told}; give one of {', '.join(kinds)}")
        ways = [name for name in SUMMARIES[1:] if getattr(self, name) is not None]
        if self.estimate is not None and len(ways) != 1:
            told = " and ".join(f"`{way}`" for way in ways) or "nothing"
            raise ValueError(
                f"the accuracy of the estimate is given by {told}; give `std_error`, `interval` or `p_value`"
            )
        if self.estimate is None and ways:
            raise ValueError(f"`{ways[0]}` has no `estimate`; add it")
        if not (self.preset or self.own or self.source):
            raise ValueError("the study has no `source`; say where its numbers were read")
        return self

    @property
    def _arms_given(self) -> bool:
        return any(
            arm is not None and (arm.mean is not None or arm.events is not None)
            for arm in (self.compared, self.reference)
        )
