"""The parts of a plan that describe the study: arms, visits, outcomes, covariates, events, analysis sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from coxa.errors import not_allowed
from coxa.instruments.measures import load_measures
from coxa.study.base import AnyNumber, Name, OneOrMany, Part
from coxa.study.covariates import Covariate
from coxa.study.delivery.arm import Delivery
from coxa.study.delivery.components import Component
from coxa.study.labels import label_of, readable
from coxa.study.words import AnalysisSet, ChecklistName, Dose, Measure, StyleName

__all__ = [
    "Arm",
    "ComparativeReport",
    "Compliance",
    "Covariate",
    "Event",
    "Name",
    "OneOrMany",
    "Part",
    "PerProtocol",
    "ReportOptions",
    "ReportedThreshold",
    "Visit",
    "label_of",
    "readable",
]


class Arm(Part):
    """One arm of the trial."""

    label: str | None = Field(None, description="How the arm is called in tables and figures.")
    reference: bool = Field(False, description="True for exactly one arm: the comparator.")
    delivers: AnyNumber[Component] = Field((), description="The components that the arm delivers, from the list below.")
    description: str | None = Field(None, description="What is delivered, for the report.")
    factors: tuple[Name, ...] | None = Field(
        None,
        description="In a factorial design, the factors that the arm has; where no arm has any, what the arms deliver.",
    )
    sessions_planned: int | None = Field(None, ge=0, description="Sessions planned per participant.")
    delivery: Delivery | None = Field(None, description="How it is delivered, in the items of TIDieR and CERT.")

    @model_validator(mode="before")
    @classmethod
    def _sessions_said_once(cls, given: Any) -> Any:
        """Take the sessions planned from `delivery`, where only it says them."""
        if not isinstance(given, dict) or given.get("sessions_planned") is not None:
            return given
        delivery = given.get("delivery")
        told = delivery.get("sessions") if isinstance(delivery, dict) else getattr(delivery, "sessions", None)
        return given if told is None else {**given, "sessions_planned": told}

    @model_validator(mode="after")
    def _sessions_agree(self) -> Arm:
        told = self.delivery.sessions if self.delivery else None
        if told is not None and told != self.sessions_planned:
            raise ValueError(
                f"`sessions_planned` is {self.sessions_planned} and `delivery: sessions` is {told}; keep one of them"
            )
        return self


class Visit(Part):
    """A planned visit, placed by study day (0 = baseline)."""

    label: str | None = Field(None, description="How the visit is called in tables and figures.")
    day: int = Field(description="Planned study day; the baseline visit has day 0 or less.")
    window: tuple[int, int] | None = Field(
        None, description="Days before (negative) and after the planned day that still count as this visit."
    )
    baseline: bool = Field(False, description="True for the baseline visit, if it is not the one on day 0.")

    @model_validator(mode="after")
    def _window_holds_the_day(self) -> Visit:
        if self.window is not None and not self.window[0] <= 0 <= self.window[1]:
            raise ValueError(
                f"window {list(self.window)} does not contain the planned day; write [days before as a "
                "negative number, days after], for example [-14, 21]"
            )
        return self


class Event(Part):
    """A kind of intercurrent event that the trial expects."""

    label: str | None = Field(None, description="How the event is called in tables.")
    description: str | None = Field(None, description="What counts as this event.")


class PerProtocol(Part):
    """Who is in the per-protocol set."""

    min_attendance: float | None = Field(None, ge=0, le=1, description="Smallest share of planned sessions attended.")
    received_allocated_arm: bool = Field(
        True, description="True: whoever received another arm than allocated is excluded."
    )
    without_events: tuple[Name, ...] = Field((), description="Intercurrent events that exclude.")


class Compliance(Part):
    """From which dose on a participant received the treatment of an arm.

    A participant of an arm has received its treatment who was given it (`arm_received`) and took so much of it; one of
    another arm, who was given it all the same.
    """

    measure: Dose = Field(
        "sessions_attended", description="The dose: supervised sessions attended, their share, or their minutes."
    )
    at_least: float = Field(gt=0, description="The least dose that counts as received; a share is between 0 and 1.")

    @model_validator(mode="after")
    def _share_is_a_share(self) -> Compliance:
        if self.measure == "share_attended" and self.at_least > 1:
            raise ValueError(f"a share of sessions is at most 1, and `at_least` is {self.at_least:g}")
        return self


class ReportedThreshold(Part):
    """A published threshold of an outcome's instrument, by which responders are counted in the report."""

    outcome: Name = Field(description="One of the outcomes, of an instrument.")
    kind: Literal["mic", "mcii", "mcid", "mid", "scb", "pass"] = Field(
        description="An improvement that matters (mic, mcii, mcid, mid, scb), or a state that is acceptable (pass)."
    )
    population: str | None = Field(None, description="Population that it was published for.")
    context: str | None = Field(None, description="Treatment and time that it was published for.")


class GivenError(Part):
    """How far two measurements of the same person differ without a change; one of the two numbers is enough."""

    sem: float | None = Field(None, gt=0, description="Standard error of measurement, in the unit of the measure.")
    mdc: float | None = Field(
        None, gt=0, description="Minimal detectable change; from the standard error (2.77 times it) unless given."
    )
    source: str = Field(min_length=1, description="Where it comes from (paper, population, method).")

    @model_validator(mode="after")
    def _has_a_number(self) -> GivenError:
        if self.sem is None and self.mdc is None:
            raise ValueError("a measurement error has a number; give `sem` or `mdc`")
        return self


class ReportOptions(Part):
    """What the report shows."""

    baseline_table: tuple[str, ...] = Field(
        (), description="Covariates and outcomes of the baseline table, in order; empty means all."
    )
    baseline_weight: Name | None = Field(
        None, description="Covariate, a number of 0 or more, that weights the participants of the baseline table."
    )
    measure: Measure = Field("value", description="What the mean profiles show.")
    thresholds: tuple[ReportedThreshold, ...] = Field(
        (),
        description="Cuts in addition to the `responder` rule of an outcome by which responders are counted at "
        "every visit.",
    )
    measurement_error: dict[Name, GivenError] = Field(
        default_factory=dict,
        description="Clinical measure: its measurement error, which changes are held against; that of the dictionary "
        "unless given (`coxa schema data clinical_measures`).",
    )
    checklists: OneOrMany[ChecklistName] = Field(
        ("by_design",),
        description="Reporting checklists at the end of the report: those that go with the design, `none`, or by name.",
    )
    style: StyleName = Field("plain", description="How numbers are written: plain, or as a journal writes them.")
    small_cells: int = Field(5, ge=0, description="Counts below this are hidden when sharing.")

    @field_validator("measurement_error")
    @classmethod
    def _of_known_measures(cls, errors: dict[Name, GivenError]) -> dict[Name, GivenError]:
        for name in errors:
            if name not in load_measures():
                raise ValueError(not_allowed("clinical measure", name, load_measures()))
        return errors


class ComparativeReport(ReportOptions):
    """What the report of a study that compares arms or groups shows beyond the analyses."""

    standardised_differences: bool = Field(
        False, description="Add standardised differences to the baseline table: each arm against the reference arm."
    )
    baseline_set: AnalysisSet = Field(
        "randomised_set", description="Analysis set whose participants the baseline table describes."
    )
    evidence: str | None = Field(
        None,
        description="Meta-analysis (`coxa pool`) among whose trials the main result is shown, from the folder "
        "of the plan.",
    )
    truth: str | None = Field(
        None,
        description="Of a simulated trial: the `truth.json` that `coxa simulate` wrote, from the folder of the plan. "
        "Planted differences over a modifier are shown with their estimates.",
    )


def arm_factors(arms: Mapping[str, Arm]) -> dict[str, tuple[str, ...]]:
    """Return arm -> the factors that it has and some other arm has not.

    They are what the arms name as `factors`; where no arm names any, what the arms deliver. What all arms have is no
    factor.

    Examples
    --------
    >>> both = ("education", "exercise_therapy")
    >>> arm_factors({"control": Arm(delivers=("education",)), "exercise": Arm(delivers=both)})
    {'control': (), 'exercise': ('exercise_therapy',)}
    """
    named = any(arm.factors is not None for arm in arms.values())
    having: dict[str, tuple[str, ...]] = {
        name: (arm.factors or ()) if named else arm.delivers for name, arm in arms.items()
    }
    shared = set.intersection(*(set(factors) for factors in having.values()))
    return {name: tuple(factor for factor in factors if factor not in shared) for name, factors in having.items()}


def factorial_problem(arms: Mapping[str, Arm]) -> str | None:
    """Return why the arms are not a two by two design, and the remedy; None if they are."""
    having = {name: frozenset(factors) for name, factors in arm_factors(arms).items()}
    names = set().union(*having.values())
    if len(arms) == 4 and len(names) == 2 and len(set(having.values())) == 4:
        return None
    found = ", ".join(f"{name}: {' + '.join(sorted(factors)) or 'none'}" for name, factors in having.items())
    return (
        f"a factorial design has four arms, with neither, one, the other and both of two factors; this plan "
        f"has {found}; write what each arm adds, for example `factors: [exercise, manual_therapy]` and `factors: []`"
    )
