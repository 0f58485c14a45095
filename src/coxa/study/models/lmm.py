"""Options of a linear mixed model of participants' courses in a plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from coxa.study.analysis import IDENTIFIER, MeansAnalysis
from coxa.study.models.repeated import check_kenward_roger
from coxa.study.words import Measure

DAY = "study_day"
"""Column of the time of a row, in days."""


class LMM(MeansAnalysis):
    """A linear mixed model: an intercept, and a slope over time if asked for, of each participant.

    With `time: weeks` the mean of each arm is a straight line over time, by the day of each assessment (the planned day
    where it has no date); differences at visits are those of the lines at the planned days, and the difference of the
    slopes per week is reported too.
    """

    over_visits: ClassVar[bool] = True

    model: Literal["lmm"] = Field(description="All visits together, with random effects of each participant.")
    time: Literal["visit", "weeks"] = Field(
        "visit",
        description="Time in the fixed effects: the visit as a factor, or a straight line. `visit` in a term of "
        "`adjust` means the same.",
    )
    random: Literal["intercept", "slope"] = Field(
        "intercept", description="Random effects of each participant: an intercept, or also a slope over time."
    )
    baseline: Literal["covariate", "response"] = Field(
        "covariate",
        description="The baseline is a covariate, where `adjust` names it, or an outcome on day 0, when all arms have "
        "one mean; with `time: weeks`, and an endpoint of `measure: value`.",
    )
    ddf: Literal["satterthwaite", "kenward-roger"] = Field("kenward-roger", description="Degrees of freedom.")
    reml: bool = Field(True, description="Restricted maximum likelihood; `false` is full maximum likelihood.")

    @model_validator(mode="after")
    def _options_agree(self) -> LMM:
        check_kenward_roger(self.ddf, reml=self.reml)
        if not self.baseline_is_response:
            return self
        if self.time != "weeks":
            raise ValueError(
                "`baseline: response` goes with `time: weeks`; Write `time: weeks`, or use `model: clda`, which has "
                "the visit as a factor."
            )
        for name in ("baseline", "arm"):
            if name in self.names_used():
                raise ValueError(f"'{name}' is in the model already; Take it out of `adjust`.")
        return self

    @property
    def baseline_is_response(self) -> bool:
        """Whether the baseline is an outcome."""
        return self.baseline == "response"

    @property
    def is_linear(self) -> bool:
        """Whether the means are straight lines over time."""
        return self.time == "weeks"

    @property
    def measures(self) -> tuple[Measure, ...]:  # type: ignore[override]
        """The measures of an endpoint that it can analyse."""
        return ("value",) if self.baseline_is_response else MeansAnalysis.measures

    @property
    def courses(self) -> tuple[str, ...]:
        """The slope, where there is one."""
        return ("slope",) if self.is_linear else ()

    def adjusted_for(self) -> tuple[str, ...]:
        """Return what `adjust` names, and the baseline where it is an outcome."""
        return ("baseline", *self.names_used()) if self.baseline_is_response else self.names_used()

    def terms(self, visits: Sequence[str]) -> list[str]:
        """Return arm by time, or one mean on day 0 and a slope of each arm, and every `adjust` term."""
        time = DAY if self.is_linear else "visit"
        adjust = [IDENTIFIER.sub(lambda name: time if name[0] == "visit" else name[0], term) for term in self.adjust]
        return [DAY, f"arm:{DAY}", *adjust] if self.baseline_is_response else [f"arm * {time}", *adjust]

    def random_terms(self) -> list[str]:
        """Return the random effects of a participant."""
        return [f"({DAY if self.random == 'slope' else 1} | participant_id)"]

    def visits_problem(self, visits: int) -> str | None:
        """Return why a participant's effects cannot be told from the residuals of so many visits."""
        there, needed = visits + self.baseline_is_response, 3 if self.random == "slope" else 2
        if there >= needed:
            return None
        simpler = "`random: intercept`" if there == 2 else "`model: ancova`"
        return (
            f"a random {self.random} of each participant needs {needed} visits, and the model has {there}; "
            f"Use {simpler}."
        )

    def fewest(self, coefficients: int, visits: int) -> int | None:
        """Return the participants that the coefficients and the variances of a participant's effects need."""
        return coefficients + (2 if self.random == "slope" else 1)
