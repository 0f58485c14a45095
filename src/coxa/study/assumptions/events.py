"""What a plan assumes of its intercurrent events, and of how participants go on after them."""

from __future__ import annotations

from pydantic import Field, model_validator

from coxa.study.assumptions.numbers import Finite, NotNegative, Positive, Probabilities, Probability
from coxa.study.parts import Name, Part


class AssumedEvent(Part):
    """An intercurrent event of the plan: how often it happens, and what happens after it."""

    probability: Probabilities = Field(description="Of happening before the last visit; one, or by arm.")
    odds_ratio: Positive = Field(1.0, description="Odds ratio of it per standard deviation of a worse last value.")
    effect: Finite | dict[Name, Finite] = Field(
        0.0, description="What it adds to values afterwards; one for the driving outcome, or by outcome."
    )
    build_up_days: NotNegative = Field(0.0, description="Time constant with which the effect builds up; 0: at once.")
    fading_days: Positive | None = Field(None, description="Time constant with which it fades; it lasts unless given.")
    switch_to: Name | None = Field(
        None,
        description="Arm whose course the participant follows afterwards: crossing over, or stopping treatment. Events "
        "that recur have the rate of that arm from then on.",
    )
    keeps: Probability = Field(
        0.0,
        description="With `switch_to`: share kept of what the arms differ by when it happens; 0: all is lost, as in a "
        "jump to reference; 1: as in copied increments. Of events that recur, the share of the difference between the "
        "rates.",
    )
    of_last_visit: bool = Field(
        False,
        description="With `keeps`: False: the share is of what the arms differ by on the day of the event. True: of "
        "what they differed by at the last visit before, as copied increments have it.",
    )
    copies: bool = Field(
        False,
        description="With `switch_to`: True: of what the arms differed by at the visits before, as much is left as the "
        "correlations between visits have it, as in copy reference.",
    )
    stays: bool = Field(
        False,
        description="True: the mean of an outcome stays afterwards as it was at the last visit before, as in last mean "
        "carried forward.",
    )
    leaves: Probability = Field(0.0, description="Of leaving the trial with the event.")
    ends_treatment: bool = Field(False, description="True: no sessions after it.")

    @model_validator(mode="after")
    def _one_way_to_go_on(self) -> AssumedEvent:
        if self.copies and (self.switch_to is None or self.keeps):
            raise ValueError("`copies` is of `switch_to`, and says what is kept; name the arm, and remove `keeps`")
        if self.of_last_visit and not self.keeps:
            raise ValueError("`of_last_visit` is of `keeps`, the share that is kept; add it, or remove `of_last_visit`")
        if self.stays and self.switch_to is not None:
            raise ValueError("`stays` and `switch_to` are two ways to go on; keep one of them")
        return self
