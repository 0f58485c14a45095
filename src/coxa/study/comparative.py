"""What the plan of a study that compares arms or groups adds: who is compared, what is estimated, and how."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from coxa.arguments import PATH, Kind
from coxa.errors import CoxaError, OptionError, not_allowed
from coxa.study.analysis import Analysis
from coxa.study.assumptions.published import TrialSource
from coxa.study.assumptions.trial import Assumptions
from coxa.study.delivery.exercises import Exercise
from coxa.study.effects import Effect, EndpointKind, effect_of, endpoint_kind
from coxa.study.estimand import Endpoint, Estimand
from coxa.study.events import Composite, EventOutcome, kind_of
from coxa.study.hypotheses import Hypotheses, Interim
from coxa.study.important import Important, important_difference
from coxa.study.labels import at_visit, measured
from coxa.study.models import AnyAnalysis
from coxa.study.outcome import Outcome
from coxa.study.parts import Arm, ComparativeReport, Compliance, Event, Name, PerProtocol, label_of
from coxa.study.periods import EVERY_PERIOD
from coxa.study.plan import Study
from coxa.study.randomisation import Randomisation
from coxa.study.received import Received
from coxa.study.scales import OutcomeScale, outcome_scale
from coxa.study.words import PERCENT_DECIMALS, PERCENTAGE_POINTS

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


class ComparativeStudy(Received, Study):
    """The plan of a study that compares arms, to which participants were allocated, or groups as they were found."""

    counted_as: ClassVar[str] = "allocated"

    __slots__ = ("_planned",)  # kept for this plan only: a copy with other parts looks its analyses up anew

    arms: dict[Name, Arm] = Field(
        min_length=1, description="Every arm that participants were allocated to; in a cohort, every group."
    )
    exercises: dict[Name, Exercise] = Field(
        default_factory=dict, description="Exercises that the vocabulary lacks, for `delivery: exercises:` of the arms."
    )
    events: dict[Name, EventOutcome] = Field(
        default_factory=dict,
        description="Outcomes that happen on a day, once or more often: return to sport, an injury, surgery.",
    )
    composites: dict[Name, Composite] = Field(
        default_factory=dict, description="Several outcomes in order of importance, by which participants are ranked."
    )
    intercurrent_events: dict[Name, Event] = Field(
        default_factory=dict, description="Events after which an outcome means something else."
    )
    per_protocol: PerProtocol | None = Field(None, description="Who is in the per-protocol set.")
    compliance: Compliance | None = Field(
        None, description="From which dose on a participant received the treatment of an arm."
    )
    estimands: dict[Name, Estimand] = Field(min_length=1, description="What is to be estimated.")
    analyses: dict[Name, AnyAnalysis] = Field(min_length=1, description="How each estimand is estimated.")
    hypotheses: Hypotheses | None = Field(
        None, description="Hypotheses that share one level: by a graph, Holm, fixed-sequence or fallback procedure."
    )
    interim: Interim | None = Field(
        None, description="Looks at the data before the final analysis, with their boundaries."
    )
    assumptions: Assumptions | None = Field(None, description="What the study is assumed to be like, to simulate it.")
    source: TrialSource | None = Field(None, description="The published trial that the assumptions come from.")
    report: ComparativeReport = Field(default_factory=ComparativeReport, description="What the report shows.")

    @property
    def reference_arm(self) -> str:
        """The arm named as reference; the first of a plan whose arms are sequences, and none is named."""
        return next((name for name, arm in self.arms.items() if arm.reference), next(iter(self.arms)))

    @property
    def arm_order(self) -> tuple[str, ...]:
        """All arms, the reference first, then in the plan's order."""
        return (self.reference_arm, *(name for name in self.arms if name != self.reference_arm))

    @property
    def groups(self) -> dict[str, str]:
        """Arm -> its label, the reference first."""
        return {name: self.label("arms", name) for name in self.arm_order} if self.arms else {}

    @property
    def compares_baseline(self) -> bool:
        """Whether the baseline table has standardised differences: where the plan asks, and always in a cohort."""
        return self.report.standardised_differences or not self.words.allocates

    @property
    def treats(self) -> bool:
        """Whether arms are of treatments: where participants are allocated, or the plan says what an arm delivers."""
        said = any(arm.delivers or arm.delivery or arm.description for arm in self.arms.values())
        return self.words.allocates or said

    @property
    def allocation(self) -> Randomisation | None:
        """How participants are allocated to the arms; None where they are not, or the plan does not say."""
        return None

    def outcome_part(self, name: str) -> Outcome | EventOutcome | Composite:
        """Return what is measured, an event or a composite, by its name.

        Raises
        ------
        CoxaError
            If the plan has none of this name.
        """
        parts: dict[str, Outcome | EventOutcome | Composite] = {**self.outcomes, **self.events, **self.composites}
        if name not in parts:
            raise CoxaError(not_allowed("outcome", name, parts))
        return parts[name]

    def label(self, kind: str, name: str) -> str:
        """Return the label of a named part; events and composites are outcomes, treatments of periods are arms."""
        if label := self.label_in_periods(kind, name):
            return label
        if kind == "outcomes" and name not in self.outcomes:
            return label_of(name, self.outcome_part(name))
        return super().label(kind, name)

    def scale(self, outcome: str) -> OutcomeScale:
        """Return range, unit and direction of an outcome, an event or a composite."""
        return outcome_scale(self.outcome_part(outcome))

    def endpoint_kind(self, estimand: str) -> EndpointKind:
        """Return what an estimand is about: a mean, a yes or no, a level, a number of events, a time, or a ranking."""
        endpoint = self.estimands[estimand].endpoint
        return endpoint_kind(kind_of(self.outcome_part(endpoint.outcome)), endpoint.measure)

    def variable_label(self, name: str) -> str:
        """Return the label of an outcome or covariate."""
        return self.label("covariates" if name in self.covariates else "outcomes", name)

    @property
    def planned_analyses(self) -> tuple[PlannedAnalysis, ...]:
        """All analyses, in the plan's order, each with what the plan says about it."""
        return tuple(self.planned(name) for name in self.analyses)

    @property
    def primary_analyses(self) -> tuple[PlannedAnalysis, ...]:
        """The primary analyses, in the plan's order."""
        return tuple(planned for planned in self.planned_analyses if planned.is_primary)

    def analyses_of(self, estimand: str) -> tuple[PlannedAnalysis, ...]:
        """Return the analyses of an estimand, primary ones first."""
        mine = (planned for planned in self.planned_analyses if planned.estimand_name == estimand)
        return tuple(sorted(mine, key=lambda planned: not planned.is_primary))

    @property
    def main_analysis(self) -> PlannedAnalysis:
        """The first primary analysis; the first of all where none is primary."""
        return (*self.primary_analyses, *self.planned_analyses)[0]

    def planned(self, name: str) -> PlannedAnalysis:
        """Return an analysis with its estimand, outcome, scale and labels, looked up once.

        Raises
        ------
        CoxaError
            If the plan has no such analysis; the message names those it has.
        """
        if name not in self.analyses:
            raise CoxaError(not_allowed("analysis", name, self.analyses))
        kept: dict[str, PlannedAnalysis] = getattr(self, "_planned", {})
        if name not in kept:
            kept[name] = planned_analysis(self, name)
            object.__setattr__(self, "_planned", kept)
        return kept[name]

    def model_visits(self, analysis: str) -> tuple[str, ...]:
        """Return the visits that the model of an analysis is fitted to, by planned day."""
        plan = self.analyses[analysis]
        estimand, chosen = self.estimands.get(plan.estimand), plan.option("visits", ())
        among = self.visits_of_periods(estimand.endpoint.visit if estimand else ()) or self.post_visits
        return tuple(visit for visit in among if not chosen or visit in chosen)


@dataclass(frozen=True, slots=True, eq=False)
class PlannedAnalysis:
    """One analysis of a plan, looked up once. `study.planned(name)` returns it.

    study     : the plan, for labels and for what all analyses share
    name      : of the analysis
    analysis  : its part of the plan: model, terms, role
    estimand  : what it estimates
    outcome   : the outcome, event or composite of the estimand's endpoint
    scale     : range, unit and direction of the outcome
    important : the difference that patients call important, in units of the outcome; None where none is named
    """

    study: ComparativeStudy = field(repr=False)
    name: str
    analysis: Analysis = field(repr=False)
    estimand: Estimand = field(repr=False)
    outcome: Outcome | EventOutcome | Composite = field(repr=False)
    scale: OutcomeScale = field(repr=False)
    important: Important | None = field(repr=False)

    @property
    def estimand_name(self) -> str:
        """Name of the estimand."""
        return self.analysis.estimand

    @property
    def endpoint(self) -> Endpoint:
        """Outcome, measure and visits of the estimand."""
        return self.estimand.endpoint

    @property
    def outcome_name(self) -> str:
        """Name of the outcome."""
        return self.endpoint.outcome

    @property
    def response(self) -> str:
        """Column of an analysis data set that is analysed: the measure of the endpoint."""
        return self.endpoint.measure

    @property
    def visits(self) -> tuple[str, ...]:
        """Visits at which the estimand compares the arms; of treatments in periods one number over all of them."""
        return (EVERY_PERIOD,) if self.in_periods else self.endpoint.visit

    @property
    def in_periods(self) -> bool:
        """Whether treatments are compared that participants receive in periods."""
        return self.study.received_in_periods is not None

    @property
    def model_visits(self) -> tuple[str, ...]:
        """Visits that the model is fitted to, by planned day."""
        return self.study.model_visits(self.name)

    @property
    def compare(self) -> tuple[str, ...]:
        """Arms that are compared with the comparator."""
        return self.estimand.treatment.compare

    @property
    def against(self) -> str:
        """Arm that the others are compared with."""
        return self.estimand.treatment.against

    @property
    def arms(self) -> tuple[str, ...]:
        """Arms of the comparison, the comparator last."""
        return (*self.compare, self.against)

    @property
    def is_primary(self) -> bool:
        """Whether it is a primary analysis."""
        return self.analysis.role == "primary"

    @property
    def kind(self) -> EndpointKind:
        """What is analysed: a mean, a yes or no, a level, a number of events, a time, or a ranking."""
        return endpoint_kind(kind_of(self.outcome), self.response)

    @property
    def effect(self) -> Effect:
        """The population-level summary of the estimand: which rows of results it is, and how it is written."""
        return effect_of(self.estimand.summary, self.kind)

    @property
    def of_means(self) -> bool:
        """Whether means are compared."""
        return self.kind == "mean" and self.estimand.summary == "difference_in_means"

    @property
    def decimals(self) -> int:
        """Decimals of its means and differences."""
        return PERCENT_DECIMALS if self.response == "percent_change" else self.scale.decimals

    @property
    def unit(self) -> str:
        """Unit of its comparisons: of the outcome, percentage points, a rate, days; empty for what has none."""
        if self.effect.scale == "units":
            return PERCENTAGE_POINTS if self.response == "percent_change" else self.scale.unit
        return {"points": PERCENTAGE_POINTS, "rate": self.rate_unit, "days": "days"}.get(self.effect.scale, "")

    @property
    def rate_unit(self) -> str:
        """What rates are per: "events per 365 days", or per unit of the exposure of a count."""
        if isinstance(self.outcome, EventOutcome):
            return f"events per {self.outcome.per_days} days"
        exposure = getattr(self.outcome, "exposure", None)
        return f"{self.scale.unit} per unit of {self.study.variable_label(exposure)}" if exposure else self.scale.unit

    @property
    def higher_is_better(self) -> bool:
        """Direction of its comparisons: more responders, and a later or rarer event that is not wanted, are better."""
        if self.response == "responder" or self.effect.of_wins:
            return True
        if self.effect.of_spread:
            return False
        longer_is_better = self.effect.scale == "days"
        return self.scale.higher_is_better != longer_is_better

    @property
    def direction(self) -> str:
        """Direction in words."""
        if self.kind in ("mean", "ordered"):
            return self.scale.direction
        if self.kind == "time":
            return "sooner is better" if self.scale.higher_is_better else "later is better"
        if self.kind == "ranking":
            return "more wins are better"
        return "more is better" if self.higher_is_better else "fewer is better"

    @property
    def label(self) -> str:
        """What the analysis is called in a report."""
        return label_of(self.name, self.analysis)

    @property
    def title(self) -> str:
        """Label with the role, where the label does not say it: "ANCOVA (sensitivity)"."""
        role = self.analysis.role
        return self.label if role in self.label.lower() else f"{self.label} ({role})"

    @property
    def outcome_label(self) -> str:
        """What the outcome is called in a report."""
        return label_of(self.outcome_name, self.outcome)

    @property
    def variable(self) -> str:
        """What is measured, without its visits: "change from baseline in HOOS pain"."""
        return measured(self.response, self.outcome_label)

    def at(self, visit: str) -> str:
        """When it is measured, "at Week 12"; what happens over time "until Week 12"; of periods "at their ends"."""
        where = self.study.measured_at(visit, self.endpoint.visit)
        return self.study.over_periods if where is None else at_visit(self.response, self.study.label("visits", where))

    def rows(self, frame: pd.DataFrame, *terms: str) -> pd.DataFrame:
        """Return the rows of estimates that belong to this analysis, of some terms or of all, in their order."""
        return frame[self._mine(frame, terms)]

    def _mine(self, frame: pd.DataFrame, terms: tuple[str, ...]) -> NDArray[np.bool_]:
        """Return which rows of estimates belong to this analysis, of some terms or of all."""
        mine = (frame["analysis"] == self.name).to_numpy(dtype=bool)
        return mine & frame["term"].isin(terms).to_numpy() if terms else mine

    def asked(self, frame: pd.DataFrame, *terms: str, over_visits: bool = False) -> pd.DataFrame:
        """Return the rows of estimates that the estimand asks for: of this analysis, at the visits that it names.

        Parameters
        ----------
        frame
            Rows of estimates.
        *terms
            Kinds of rows, for example `difference`; all unless given.
        over_visits
            Whether rows over the whole course, with an empty `visit`, are asked for too.
        """
        visits = (*self.visits, "") if over_visits else self.visits
        return frame[self._mine(frame, terms) & frame["visit"].isin(visits).to_numpy()]


def planned_analysis(study: ComparativeStudy, name: str) -> PlannedAnalysis:
    """Return an analysis of a plan with what the plan says about it; `study.planned(name)` keeps it."""
    analysis = study.analyses[name]
    estimand = study.estimands[analysis.estimand]
    outcome = study.outcome_part(estimand.endpoint.outcome)
    important = important_difference(estimand, outcome, study.report.thresholds)
    return PlannedAnalysis(study, name, analysis, estimand, outcome, outcome_scale(outcome), important)


COMPARATIVE = Kind(
    (ComparativeStudy,),
    "the plan of a study that compares arms (`ComparativeStudy`)",
    'Read one with arms, estimands and analyses: `coxa.read_study("study.yaml")`.',
)
"""What functions expect that compare arms."""

COMPARATIVE_OR_PATH = Kind(
    (ComparativeStudy, *PATH.of), f"{COMPARATIVE.words}, or the path of its study file", COMPARATIVE.remedy
)


def with_arms(study: Study, what: str) -> ComparativeStudy:
    """Return a plan as one that has arms or groups; raise `OptionError` where it has none.

    `what` needs them, as the subject of a sentence: "`coxa power`".
    """
    if isinstance(study, ComparativeStudy):
        return study
    raise OptionError(
        f"{what} needs a plan with arms, and {study.study} is of `design: {study.design}`, which has none. Use the "
        "plan of a trial or a cohort."
    )
