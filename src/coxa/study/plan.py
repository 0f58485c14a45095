"""What the plan of any study has: what is measured, in whom, when, where the data are, and what a report shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

from pydantic import Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from coxa.arguments import PATH, Kind
from coxa.cards import Card
from coxa.errors import CoxaError, not_allowed
from coxa.study.base import Problem
from coxa.study.design_words import DesignWords
from coxa.study.diary import Diary
from coxa.study.measurement import ScoreMeasurement
from coxa.study.outcome import Outcome
from coxa.study.parts import Covariate, Name, Part, ReportOptions, Visit, label_of
from coxa.study.protocol import Protocol
from coxa.study.scales import OutcomeScale, outcome_scale
from coxa.study.source import DataSource
from coxa.study.unanswered import Unanswered
from coxa.study.words import Design


def study_card(study: Any) -> Card:
    """Return what a plan (`Study`) shows of itself, whatever parts its kind has."""

    def named(kind: str) -> dict[str, str]:
        return {name: study.label(kind, name) for name in getattr(study, kind, {})}

    arms = [
        f"{label} (reference)" if study.part("arms", name).reference else label for name, label in named("arms").items()
    ]
    visits = [f"{label} (day {study.visits[name].day})" for name, label in named("visits").items()]
    analyses = [
        f"{label} ({analysis.role}, {analysis.model})"
        for name, label in named("analyses").items()
        for analysis in [study.part("analyses", name)]
    ]
    facts = {
        "Design": study.design,
        "Arms": ", ".join(arms),
        "Visits": ", ".join(visits),
        "Outcomes": ", ".join(named("outcomes").values()),
        "Covariates": ", ".join(named("covariates").values()),
        "Estimands": ", ".join(named("estimands").values()),
        "Analyses": "\n".join(analyses),
        "Assumptions": "yes, it can be simulated" if getattr(study, "assumptions", None) else "",
        "Data": ", ".join(study.data.tables) if study.data else "none named",
    }
    return Card(f"Study {study.study}: {study.title}", {name: said for name, said in facts.items() if said})


EVERYBODY = "total"
"""Name of the group of all participants, where nobody is compared."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a plan came from: file name, folder, SHA-256 of its bytes, the lines of key paths, what is open in it."""

    name: str
    folder: str
    sha256: str
    lines: dict[tuple[str, ...], int]
    unanswered: Unanswered = field(default_factory=Unanswered)

    def line(self, *path: str) -> int | None:
        """Return the line of a key path, or of its nearest parent."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None


class Study(Part):
    """The plan of a study: what is measured and in whom, where the data are, and what a report shows.

    Examples
    --------
    >>> import coxa
    >>> plan = coxa.preset("moa-2013")
    >>> plan.baseline_visit, plan.later_visits
    ('baseline', ['week_9', 'month_6', 'year_1'])
    """

    # Made as one of the kinds in `coxa.study.kinds`, by its `design`: each has its own words, may have keys of its own,
    # and says how its parts have to agree.

    words: ClassVar[DesignWords]
    """What people, groups and time are called in a study of this kind."""

    counted_as: ClassVar[str] = "included"
    """Under which word those in the groups are counted, in the addresses of numbers."""

    study: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="Short identifier of the study.")
    title: str = Field(description="Title of the report.")
    design: Design = Field(
        "parallel",
        description="parallel, factorial, cluster, crossover, stepped_wedge, cluster_crossover, n_of_1: a trial; "
        "cohort: groups as they are found; service: a service evaluation, which describes the patients of a clinic "
        "without arms.",
    )
    registration: str | None = Field(None, description="Registry and number.")
    data_cut: date | None = Field(None, description="No date in the data may be later than this.")
    visits: dict[Name, Visit] = Field(min_length=1, description="Every planned visit, the baseline among them.")
    outcomes: dict[Name, Outcome] = Field(default_factory=dict, description="What is measured at visits.")
    covariates: dict[Name, Covariate] = Field(
        default_factory=dict, description="Baseline variables, to describe participants or to adjust for."
    )
    diary: Diary | None = Field(
        None, description="How the daily diary is read: days due, bands, flares, standards, load, and models of days."
    )
    measurement: dict[Name, ScoreMeasurement] = Field(
        default_factory=dict,
        description="What is asked of scores themselves: reliability and measurement error, reliable and clinically "
        "significant change, minimal important change.",
    )
    protocol: Protocol | None = Field(None, description="What only the authors know, for report and checklists.")
    data: DataSource | None = Field(None, description="Where the data are; may be added later.")
    report: ReportOptions = Field(default_factory=ReportOptions, description="What the report shows.")

    _origin: Origin | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _parts_agree(self) -> Study:
        problems = list(self._problems())
        if problems:
            raise PydanticCustomError("plan", "parts of the plan do not agree", {"problems": problems})
        return self

    def _problems(self) -> Iterator[Problem]:
        """Yield every disagreement between the parts; each kind of study has its own."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return study_card(self).text()

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return study_card(self).html()

    @property
    def origin(self) -> Origin | None:
        """Where the plan was read from; None for a plan made in Python."""
        return self._origin

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
    def groups(self) -> dict[str, str]:
        """Name -> label of the groups that are described beside each other: arms, or all participants as one."""
        return {EVERYBODY: "All participants"}

    def scale(self, outcome: str) -> OutcomeScale:
        """Return range, unit and direction of an outcome."""
        return outcome_scale(self.outcomes[outcome])

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
