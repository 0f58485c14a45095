"""The plan of a study, and the checks that reach across its parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from pydantic import Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from coxa.arguments import PATH, Kind
from coxa.errors import CoxaError, not_allowed
from coxa.study.analysis_problems import analysis_problems
from coxa.study.assumptions.problems import assumption_problems
from coxa.study.assumptions.published import TrialSource, source_problems
from coxa.study.assumptions.trial import Assumptions
from coxa.study.estimand import Estimand
from coxa.study.factorial import factorial_problem
from coxa.study.models import AnyAnalysis
from coxa.study.parts import Arm, Covariate, Event, Name, Outcome, Part, PerProtocol, ReportOptions, Visit, label_of
from coxa.study.planned import PlannedAnalysis, planned_analysis
from coxa.study.protocol import Protocol
from coxa.study.randomisation import Randomisation, randomisation_problems
from coxa.study.responders import report_problems
from coxa.study.scales import OutcomeScale, outcome_scale
from coxa.study.source import DataSource
from coxa.study.words import Design


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a plan came from: file name, folder, SHA-256 of its bytes, and the line of each key path."""

    name: str
    folder: str
    sha256: str
    lines: dict[tuple[str, ...], int]

    def line(self, *path: str) -> int | None:
        """Return the line of a key path, or of its nearest parent."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault of the plan that no single part can see: where it is, and what is wrong."""

    path: tuple[str, ...]
    message: str


class Study(Part):
    """The plan: one record that drives simulation, checks, analyses and report."""

    __slots__ = ("_planned",)  # kept for this plan only: a copy with other parts looks its analyses up anew

    study: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="Short identifier of the study.")
    title: str = Field(description="Title of the report.")
    design: Design = Field(
        "parallel",
        description="Design of the study; in a cluster trial a primary analysis has a random effect of the clusters.",
    )
    registration: str | None = Field(None, description="Registry and number.")
    data_cut: date | None = Field(None, description="No date in the data may be later than this.")
    arms: dict[Name, Arm] = Field(min_length=1, description="Every arm that participants were allocated to.")
    visits: dict[Name, Visit] = Field(min_length=1, description="Every planned visit, the baseline among them.")
    outcomes: dict[Name, Outcome] = Field(min_length=1, description="What is measured.")
    covariates: dict[Name, Covariate] = Field(
        default_factory=dict, description="Baseline variables, to describe participants or to adjust for."
    )
    protocol: Protocol | None = Field(None, description="What only the authors know, for report and checklists.")
    randomisation: Randomisation | None = Field(None, description="How participants are allocated to the arms.")
    intercurrent_events: dict[Name, Event] = Field(
        default_factory=dict, description="Events after which an outcome means something else."
    )
    per_protocol: PerProtocol | None = Field(None, description="Who is in the per-protocol set.")
    estimands: dict[Name, Estimand] = Field(min_length=1, description="What is to be estimated.")
    analyses: dict[Name, AnyAnalysis] = Field(min_length=1, description="How each estimand is estimated.")
    assumptions: Assumptions | None = Field(None, description="What the trial is assumed to be like, to simulate it.")
    source: TrialSource | None = Field(None, description="The published trial that the assumptions come from.")
    data: DataSource | None = Field(None, description="Where the data are; may be added later.")
    report: ReportOptions = Field(default_factory=ReportOptions, description="What the report shows.")

    _origin: Origin | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _parts_agree(self) -> Study:
        problems = list(cross_check(self))
        if problems:
            raise PydanticCustomError("plan", "parts of the plan do not agree", {"problems": problems})
        return self

    @property
    def origin(self) -> Origin | None:
        """Where the plan was read from; None for a plan made in Python."""
        return self._origin

    @property
    def reference_arm(self) -> str:
        """The arm named as reference."""
        return next(name for name, arm in self.arms.items() if arm.reference)

    @property
    def arm_order(self) -> tuple[str, ...]:
        """All arms, the reference first, then in the plan's order."""
        return (self.reference_arm, *(name for name in self.arms if name != self.reference_arm))

    @property
    def baseline_visit(self) -> str:
        """The baseline visit: the one marked so, else the one on day 0."""
        return baseline_candidates(self.visits)[0]

    @property
    def later_visits(self) -> list[str]:
        """Visits that are not the baseline, in the plan's order; there may be no baseline, in a plan with faults."""
        return [name for name in self.visits if name not in baseline_candidates(self.visits)]

    @property
    def post_visits(self) -> tuple[str, ...]:
        """Visits after baseline, by planned day."""
        later = [name for name in self.visits if name != self.baseline_visit]
        return tuple(sorted(later, key=lambda name: self.visits[name].day))

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

    def scale(self, outcome: str) -> OutcomeScale:
        """Return range, unit and direction of an outcome."""
        return outcome_scale(self.outcomes[outcome])

    def model_visits(self, analysis: str) -> tuple[str, ...]:
        """Return the visits that the model of an analysis is fitted to, by planned day."""
        chosen = self.analyses[analysis].option("visits", ())
        return tuple(visit for visit in self.post_visits if not chosen or visit in chosen)

    def label(self, kind: str, name: str) -> str:
        """Return the label of a named part, for example `label("arms", "usual_care")`."""
        return label_of(name, getattr(self, kind)[name])

    def part(self, kind: str, name: str) -> Any:
        """Return a named part; an unknown name is answered with what there is."""
        parts = getattr(self, kind)
        if name not in parts:
            raise CoxaError(not_allowed(kind.rstrip("s"), name, parts))
        return parts[name]


PLAN = Kind((Study,), "a plan (`Study`)", 'Read it first: `coxa.read_study("study.yaml")`.')
"""What functions that take a plan expect."""

PLAN_OR_PATH = Kind((Study, *PATH.of), "a plan (`Study`), or the path of its study file", PLAN.remedy)


def baseline_candidates(visits: dict[str, Visit]) -> list[str]:
    """Return the visits marked as baseline, or else those on day 0."""
    marked = [name for name, visit in visits.items() if visit.baseline]
    return marked or [name for name, visit in visits.items() if visit.day == 0]


def cross_check(study: Study) -> Iterator[Problem]:
    """Yield every disagreement between the parts of a plan."""
    references = [name for name, arm in study.arms.items() if arm.reference]
    if len(references) != 1:
        named = ", ".join(references) if references else "none"
        yield Problem(
            ("arms",),
            f"exactly one arm is the reference, this plan has {len(references)} ({named}); write "
            "`reference: true` on the comparator only",
        )
    baselines = baseline_candidates(study.visits)
    if len(baselines) != 1:
        yield Problem(
            ("visits",),
            f"exactly one visit is the baseline, this plan has {len(baselines)}; give one visit `day: 0` or mark "
            "it with `baseline: true`",
        )
    if study.design == "factorial" and (problem := factorial_problem(study.arms)):
        yield Problem(("arms",), problem)
    if study.randomisation:
        found = randomisation_problems(study.randomisation, study.arms, study.covariates, study.design)
        yield from (Problem(("randomisation", *path), message) for path, message in found)
    yield from _check_windows(study)
    yield from _check_outcomes(study)
    for name, estimand in study.estimands.items():
        yield from _check_estimand(study, name, estimand)
    for name, analysis in study.analyses.items():
        yield from (Problem(path, message) for path, message in analysis_problems(study, name, analysis))
    yield from (Problem(("assumptions", *path), message) for path, message in assumption_problems(study))
    yield from (Problem(path, message) for path, message in source_problems(study))
    yield from _check_data(study)
    if study.per_protocol:
        yield from _known(
            study.per_protocol.without_events,
            study.intercurrent_events,
            "intercurrent event",
            ("per_protocol", "without_events"),
        )
    yield from _known(
        study.report.baseline_table,
        [*study.covariates, *study.outcomes],
        "covariate or outcome",
        ("report", "baseline_table"),
    )
    found = report_problems(study.report, study.outcomes, study.covariates)
    yield from (Problem(("report", *path), message) for path, message in found)


def _known(names: Iterable[str], allowed: Iterable[str], what: str, path: tuple[str, ...]) -> Iterator[Problem]:
    allowed = list(allowed)
    for name in names:
        if name not in allowed:
            yield Problem(path, not_allowed(what, name, allowed or ["(none declared)"]))


def _check_windows(study: Study) -> Iterator[Problem]:
    windows = sorted(
        (visit.day + visit.window[0], visit.day + visit.window[1], name)
        for name, visit in study.visits.items()
        if visit.window
    )
    for (_, end, first), (start, _, second) in pairwise(windows):
        if start <= end:
            yield Problem(
                ("visits", second, "window"),
                f"windows of {first} and {second} overlap on days {start} to {end}; a day belongs to one visit",
            )


def _check_outcomes(study: Study) -> Iterator[Problem]:
    for name, outcome in study.outcomes.items():
        try:
            outcome_scale(outcome)
        except CoxaError as error:
            yield Problem(("outcomes", name), str(error))


def _check_estimand(study: Study, name: str, estimand: Estimand) -> Iterator[Problem]:
    at = ("estimands", name)
    arms = (*estimand.treatment.compare, estimand.treatment.against)
    yield from _known(arms, study.arms, "arm", (*at, "treatment"))
    yield from _known([estimand.endpoint.outcome], study.outcomes, "outcome", (*at, "endpoint", "outcome"))
    yield from _known(estimand.endpoint.visit, study.visits, "visit", (*at, "endpoint", "visit"))
    events = (*at, "intercurrent_events")
    yield from _known(estimand.intercurrent_events, study.intercurrent_events, "intercurrent event", events)
    for event in study.intercurrent_events:
        if event not in estimand.intercurrent_events:
            yield Problem(
                events,
                f"nothing is said of intercurrent event '{event}'; add for example `{event}: treatment_policy`",
            )
    for event, handling in estimand.intercurrent_events.items():
        if handling.strategy == "principal_stratum":
            yield Problem(
                (*events, event),
                "a principal stratum is not identified by these data alone and no estimator is offered; choose "
                "another strategy",
            )
    outcome = study.outcomes.get(estimand.endpoint.outcome)
    if estimand.endpoint.measure == "responder" and outcome and outcome.response is None:
        yield Problem(
            ("outcomes", estimand.endpoint.outcome),
            "responders are asked for, but the outcome has no `responder` rule; add for example "
            "`responder: {measure: change, at_least: 10, source: ...}`",
        )
    if estimand.population == "per_protocol_set" and study.per_protocol is None:
        yield Problem((*at, "population"), "the per-protocol set is not defined; add `per_protocol:` to the plan")
    baselines = baseline_candidates(study.visits)
    if estimand.endpoint.measure != "value" and set(baselines) & set(estimand.endpoint.visit):
        yield Problem(
            (*at, "endpoint", "visit"),
            f"{estimand.endpoint.measure} at the baseline visit is nothing; name a later visit",
        )


def _check_data(study: Study) -> Iterator[Problem]:
    if study.data is None:
        return
    for required in ("participants", "assessments"):
        needed = required == "participants" or "item_responses" not in study.data.tables
        if needed and required not in study.data.tables:
            yield Problem(("data", "tables"), f"table `{required}` is required; say which file holds it")
    for table, source in study.data.tables.items():
        at = ("data", "tables", table)
        yield from _known(source.outcomes, study.outcomes, "outcome", (*at, "outcomes"))
        yield from _known(source.baselines, study.outcomes, "outcome", (*at, "baselines"))
        visits = [v for where in source.outcomes.values() if isinstance(where, dict) for v in where]
        yield from _known(dict.fromkeys(visits), study.visits, "visit", (*at, "outcomes"))
        yield from _known(source.dates, study.visits, "visit", (*at, "dates"))
        arms = dict.fromkeys(str(word) for word in source.values.get("arm", {}).values())
        yield from _known(arms, study.arms, "arm", (*at, "values", "arm"))
        words = dict.fromkeys(str(word) for word in source.values.get("visit", {}).values())
        yield from _known(words, study.visits, "visit", (*at, "values", "visit"))
