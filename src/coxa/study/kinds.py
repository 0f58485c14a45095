"""The kinds of study that a plan can be of, by its design: a trial, a cohort study, a service evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field, TypeAdapter, model_validator

from coxa.study.base import Name, Problem
from coxa.study.blocks import Blocks, block_faults, filled, periods_of
from coxa.study.checks.cluster_periods import cluster_period_problems
from coxa.study.checks.comparison import comparison_problems
from coxa.study.checks.shared import shared_problems
from coxa.study.cluster_periods import PERIOD, ClusterPeriods
from coxa.study.comparative import ComparativeStudy
from coxa.study.design_words import COHORT, OWN_SEQUENCES, SEQUENCES, SERVICE, TRIAL, DesignWords
from coxa.study.estimand import PeriodEstimand
from coxa.study.outcome import Outcome
from coxa.study.parts import Arm, Visit, factorial_problem
from coxa.study.periods import Periods, period_faults
from coxa.study.plan import Study
from coxa.study.randomisation import Randomisation, randomisation_problems
from coxa.study.target_trial import TargetTrial
from coxa.study.transport import Transport, transport_problems


class Trial(ComparativeStudy):
    """The plan of a trial, in which participants or clusters of them are allocated to arms."""

    words: ClassVar[DesignWords] = TRIAL

    design: Literal["parallel", "factorial", "cluster"] = Field(
        "parallel",
        description="Design of the trial; in a cluster trial a primary analysis has a random effect of the clusters.",
    )
    randomisation: Randomisation | None = Field(None, description="How participants are allocated to the arms.")
    transport: Transport | None = Field(
        None, description="Patients of a clinic, whose case mix the result is carried to."
    )

    @property
    def allocation(self) -> Randomisation | None:
        """How participants are allocated to the arms; None where the plan does not say."""
        return self.randomisation

    def _problems(self) -> Iterator[Problem]:
        if self.design == "factorial" and (problem := factorial_problem(self.arms)):
            yield Problem(("arms",), problem)
        if self.randomisation:
            found = randomisation_problems(self.randomisation, self.arms, self.covariates, self.design)
            yield from (Problem(("randomisation", *path), message) for path, message in found)
        cluster = self.randomisation.cluster if self.randomisation else None
        yield from comparison_problems(self, cluster)
        yield from transport_problems(self)


class PeriodTrial(Trial):
    """The plan of a trial whose arms are sequences: participants receive the treatments one after the other."""

    words: ClassVar[DesignWords] = SEQUENCES

    design: Literal["crossover"] = Field(  # type: ignore[assignment]
        description="Each participant receives several treatments, period by period; arms are the sequences.",
    )
    periods: Periods = Field(description="The treatments that each arm receives, period by period.")

    @property
    def received_in_periods(self) -> Periods:
        """Which treatment each arm receives in which period."""
        return self.periods

    def _problems(self) -> Iterator[Problem]:
        faults = [Problem(path, message) for path, message in period_faults(self.periods, self.arms, self.visits)]
        yield from faults
        if not faults:
            yield from super()._problems()


class ClusterPeriodTrial(PeriodTrial):
    """The plan of a trial whose clusters receive treatments in periods: a stepped wedge, or a cluster crossover."""

    design: Literal["stepped_wedge", "cluster_crossover"] = Field(  # type: ignore[assignment]
        description="Clusters receive treatments period by period, and arms are their sequences: in a stepped wedge "
        "each crosses once, from the first treatment to the second; in a cluster crossover they may go back.",
    )
    periods: ClusterPeriods = Field(description="The treatments that the clusters of each arm receive, by period.")

    @model_validator(mode="before")
    @classmethod
    def _period_of_participants(cls, given: Any) -> Any:
        """Add the period as a covariate, where each participant is in one."""
        part = given.get("periods") if isinstance(given, Mapping) else None
        names = part.get("calendar") if isinstance(part, Mapping) else None
        covariates = given.get("covariates") or {} if isinstance(given, Mapping) else {}
        if not isinstance(names, list | tuple) or not names or not isinstance(covariates, Mapping):
            return given
        own = {"label": "Period", "type": "category", "levels": [str(name) for name in names]}
        return {**given, "covariates": {**covariates, PERIOD: covariates.get(PERIOD) or own}}

    @property
    def received_in_periods(self) -> ClusterPeriods:
        """Which treatment the clusters of each arm receive in which period."""
        return self.periods

    def _problems(self) -> Iterator[Problem]:
        faults = [Problem(path, message) for path, message in cluster_period_problems(self, self.periods)]
        yield from faults
        if not faults:
            yield from super()._problems()


class NOfOneTrial(ComparativeStudy):
    """The plan of a series of n-of-1 trials: each participant takes every treatment, block by block.

    The arm of all participants, the visits at the ends of the periods, the visits of estimands and the days of
    outcomes from the diary follow from `blocks` and may be left out.
    """

    words: ClassVar[DesignWords] = OWN_SEQUENCES

    design: Literal["n_of_1"] = Field(
        description="Each participant takes every treatment several times, in an order of his or her own.",
    )
    blocks: Blocks = Field(description="The treatments, and the blocks of periods in which they are taken.")
    arms: dict[Name, Arm] = Field(
        default_factory=dict, description="The one arm of all participants; made if not given."
    )
    estimands: dict[Name, PeriodEstimand] = Field(  # type: ignore[assignment]
        min_length=1, description="What is to be estimated, over all periods unless some are named."
    )
    visits: dict[Name, Visit] = Field(
        default_factory=dict,
        description="`baseline` on day 0 and `period_1`, `period_2` at the ends of the periods are made; others may be "
        "added.",
    )

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, given: Any) -> Any:
        return filled(given)

    @property
    def received_in_periods(self) -> Periods:
        """The periods, whose treatments each participant takes in an order of his or her own."""
        return periods_of(self.blocks)

    def _problems(self) -> Iterator[Problem]:
        faults = [Problem(path, message) for path, message in block_faults(self.arms, self.blocks, self.visits)]
        yield from faults
        if not faults:
            yield from comparison_problems(self)


class CohortStudy(ComparativeStudy):
    """The plan of a cohort study: `arms` are groups as they were found, and nothing is randomised."""

    words: ClassVar[DesignWords] = COHORT

    design: Literal["cohort"] = Field(description="Participants are compared in the groups that they are in.")
    target_trial: TargetTrial | None = Field(
        None,
        description="The trial that is emulated, with the confounders that make the groups comparable. Without it the "
        "report describes the groups and speaks of no effect.",
    )

    def _problems(self) -> Iterator[Problem]:
        yield from comparison_problems(self)


CHECKLISTS = ("by_design", "none", "strobe")
"""Words for checklists of a report that a plan without arms may have."""


class ServiceEvaluation(Study):
    """The plan of a service evaluation: what a clinic measures in its patients, without a comparison.

    It has no keys of its own: who the patients are, how complete their data are and what was observed at each visit
    follows from what any plan has.
    """

    words: ClassVar[DesignWords] = SERVICE

    design: Literal["service"] = Field(description="The care of one service is described; there are no arms.")
    outcomes: dict[Name, Outcome] = Field(min_length=1, description="What is measured at visits.")

    def _problems(self) -> Iterator[Problem]:
        yield from shared_problems(self)
        for table in ("intercurrent_events", "outcome_events"):
            if self.data and table in self.data.tables:
                yield Problem(
                    ("data", "tables", table),
                    f"Table `{table}` has events that a plan with arms declares, and this plan has no arms; "
                    "Remove the table",
                )
        for name in self.report.checklists:
            if name not in CHECKLISTS:
                yield Problem(
                    ("report", "checklists"),
                    f"{name} is a checklist of studies with arms; Write `none`, or `strobe`",
                )


KINDS: tuple[type[Study], ...] = (Trial, PeriodTrial, ClusterPeriodTrial, NOfOneTrial, CohortStudy, ServiceEvaluation)
"""Every kind; the first is that of a plan that does not name its design."""

ANY_KIND: TypeAdapter[Study] = TypeAdapter(
    Annotated[
        Trial | PeriodTrial | ClusterPeriodTrial | NOfOneTrial | CohortStudy | ServiceEvaluation,
        Field(discriminator="design"),
    ]
)
"""A plan of any kind, told apart by `design`."""


def designs_of(kind: type[Study]) -> tuple[str, ...]:
    """Return the values of `design` that a kind of study has.

    Examples
    --------
    >>> designs_of(Trial), designs_of(ServiceEvaluation)
    (('parallel', 'factorial', 'cluster'), ('service',))
    """
    return get_args(kind.model_fields["design"].annotation)


def kind_of(keys: Mapping[Any, Any]) -> type[Study]:
    """Return the kind of study that keys of a plan are of; a trial where they name no design, or one unknown.

    A design that is misspelt counts as the one meant, so that the other faults of the plan are those of its kind.
    """
    kinds = {design: kind for kind in KINDS for design in designs_of(kind)}
    meant = get_close_matches(str(keys.get("design", "")).lower(), kinds, n=1, cutoff=0.7)
    return kinds[meant[0]] if meant else KINDS[0]


def kinds_with(key: str) -> tuple[type[Study], ...]:
    """Return the kinds of study whose plans may have a key at their top level."""
    return tuple(kind for kind in KINDS if key in kind.model_fields)


def words_of_design(design: str) -> DesignWords:
    """Return the words of a design by its name."""
    return kind_of({"design": design}).words


def study_of(keys: Mapping[str, Any]) -> Study:
    """Return the plan that keys and values make, checked as a whole.

    Parameters
    ----------
    keys
        A plan as data, as a study file has it.

    Returns
    -------
    Study
        A plan of the kind that its `design` names: `Trial`, `PeriodTrial`, `ClusterPeriodTrial`, `NOfOneTrial`,
        `CohortStudy` or `ServiceEvaluation`.

    Raises
    ------
    pydantic.ValidationError
        With every fault that can be seen at once; `read_study` explains the faults of a file.
    """
    return kind_of(keys).model_validate(keys)
