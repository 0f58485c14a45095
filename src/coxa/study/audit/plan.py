"""The plan of a clinic audit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from coxa.cards import Card
from coxa.errors import CoxaError
from coxa.study.audit.assumptions import RegistryAssumptions
from coxa.study.audit.rare import WORSE, CusumSettings, RareEvent
from coxa.study.audit.source import EpisodesSource
from coxa.study.base import AnyNumber, Name, Part, Problem, known
from coxa.study.covariates import Characteristic
from coxa.study.important import published_threshold
from coxa.study.outcome import MeasuredOutcome
from coxa.study.parts import ReportedThreshold, label_of
from coxa.study.plan import Origin
from coxa.study.scales import OutcomeScale, outcome_scale
from coxa.study.words import StyleName

CLINIC, THERAPIST, CONDITION, PERIOD = "clinic", "therapist", "condition", "period"

TEXTS = ("patient", "episode", CLINIC, THERAPIST, CONDITION)
DATES = ("referral_date", "intake_date", "discharge_date")
COUNTS = ("booked", "attended", "missed")
FLAGS = ("eligible", "asked")
BIRTH_DATE, AGE = "birth_date", "age"
"""A day of birth under `columns` gives the descriptor `age`, in whole years at intake; it is kept nowhere itself."""

RESERVED = (*TEXTS, *DATES, *COUNTS, *FLAGS, BIRTH_DATE, PERIOD, "intake", "due", "done", "late", "source_row")
"""Columns that episodes have by coxa's own names; covariates, outcomes and standards have others."""


class AuditThreshold(Part):
    """A value that patients call important, with its source."""

    value: float = Field(description="An improvement, always positive, or for `acceptable` the value to reach.")
    source: str = Field(min_length=1, description="Where it comes from: paper, population, treatment and method.")


class AuditOutcome(MeasuredOutcome):
    """An outcome of the audit: a scale of a known instrument, or a measure with its own range and direction."""

    important: AuditThreshold | Literal["published"] | None = Field(
        None,
        description="The improvement that patients call important (MIC), or `published` for that of the instrument.",
    )
    acceptable: AuditThreshold | Literal["published"] | None = Field(
        None, description="The state that patients call acceptable (PASS), or `published` for that of the instrument."
    )
    population: str | None = Field(None, description="Population of a published threshold, where there are several.")
    context: str | None = Field(None, description="Treatment and time of a published threshold.")


class FollowUp(Part):
    """When a discharge questionnaire is due, and when it counts as in time."""

    after: Literal["discharge", "intake"] = Field("discharge", description="From which day the due day is counted.")
    days: int = Field(0, ge=0, description="Days from there to the due day.")
    longest: int | None = Field(
        None,
        ge=1,
        description="Days after intake at which an episode without a day of discharge counts as ended, and its "
        "questionnaire becomes due; without it such an episode is never due.",
    )
    window: tuple[int, int] = Field((-28, 42), description="Days before (negative) and after the due day that count.")

    @model_validator(mode="after")
    def _window_holds_the_day(self) -> FollowUp:
        if self.longest is not None and self.after == "intake":
            raise ValueError("`longest` is of no use where questionnaires are due after intake; remove it")
        if not self.window[0] <= 0 <= self.window[1]:
            raise ValueError("the window does not contain the due day; write for example [-28, 42]")
        return self


class Descriptor(Characteristic):
    """What describes a patient: to adjust for, to see who is missing, or both."""

    adjust: bool = Field(True, description="Whether expected outcomes take it into account.")
    completeness: bool = Field(False, description="Whether completeness is shown by it: who is left behind.")
    bands: AnyNumber[float] = Field(
        (), description="Cuts of a number: [40, 60, 80] gives below 40, 40 to under 60, 60 to under 80, and 80 or more."
    )

    @model_validator(mode="after")
    def _bands_of_numbers(self) -> Descriptor:
        if self.bands and self.type == "category":
            raise ValueError("a category has no `bands`; remove them")
        if list(self.bands) != sorted(set(self.bands)):
            raise ValueError("the `bands` are not in ascending order; write each cut once, the smallest first")
        if self.completeness and self.type == "number" and not self.bands:
            raise ValueError("completeness by a number needs its `bands`; write for example [40, 60, 80]")
        return self


class Standard(Part):
    """A standard of care that is met or not: red flags asked for, a referral done."""

    label: str | None = Field(None, description="How it is called.")
    met: str = Field(description="Column that is true where the standard is met.")
    among: str | None = Field(
        None, description="Column that is true where the standard applies; all episodes if not named."
    )
    target: float | None = Field(None, gt=0, le=1, description="Share that is aimed at.")
    over_time: Literal["run_chart", "limits"] | None = Field(
        None,
        description="Chart of the share over time, of all clinics together: a run chart about the median, or with the "
        "limits of a control chart; none unless given.",
    )


class Targets(Part):
    """Shares that are aimed at, from 0 to 1; each is drawn where its measure is."""

    complete: float | None = Field(None, gt=0, le=1, description="Discharge questionnaires done in time, of those due.")
    attended: float | None = Field(None, gt=0, le=1, description="Sessions attended, of those booked.")
    important: float | None = Field(None, gt=0, le=1, description="Patients with an important improvement.")
    acceptable: float | None = Field(None, gt=0, le=1, description="Patients in an acceptable state.")


SeriesName = Literal["complete", "change", "important", "missed", "episodes"]


class Recalculation(Part):
    """A change of the service from which on a chart is reckoned anew."""

    measure: AnyNumber[SeriesName] = Field(description="Charts that are reckoned anew.")
    start: date = Field(description="First day of the changed service.")
    because: str = Field(min_length=1, description="What was changed.")


class SmallCells(Part):
    """Which counts are hidden from readers."""

    k: int = Field(5, ge=2, le=100, description="Counts from 1 to k - 1 are hidden; 5, 8, 10 or 11 are usual.")
    zeros_disclose: bool = Field(False, description="True: zeros are hidden as well.")
    round_to: int = Field(1, ge=1, description="Shown counts are rounded to multiples of it.")


def _as_small_cells(given: Any) -> Any:
    return {"k": given} if isinstance(given, int) and not isinstance(given, bool) else given


class AuditPlan(Part):
    """The plan of a clinic audit: where the episodes are, what is measured, what is expected and what is hidden.

    Examples
    --------
    >>> data, outcomes = {"file": "episodes.csv"}, {"pain": {"instrument": "nprs"}}
    >>> plan = AuditPlan.model_validate({"audit": "tiny", "title": "Tiny", "data": data, "outcomes": outcomes})
    >>> plan.main, plan.follow_up.window, plan.small_cells.k
    ('pain', (-28, 42), 5)
    """

    audit: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="Short identifier of the audit.")
    title: str = Field(description="Title of the page.")
    data_cut: date | None = Field(
        None,
        description="Day of the export, from which it follows what was due; the latest date in the data unless given.",
    )
    start: date | None = Field(None, description="First day of intake of the episodes that are audited.")
    end: date | None = Field(None, description="Last day of intake of the episodes that are audited.")
    time: Literal["month", "quarter", "year"] = Field("quarter", description="What a point of a chart is.")
    repeats: Literal["each", "first"] = Field(
        "each", description="Of a patient with several episodes each one counts, or only the first."
    )
    transfers: Literal["intake", "discharge"] = Field(
        "intake",
        description="At which clinic an episode counts that goes on in another: that of its first row, or its last.",
    )
    unit_names: bool = Field(
        True, description="False: clinics are A, B, ... on the page; therapists always have codes."
    )
    data: EpisodesSource = Field(description="Where the episodes are.")
    outcomes: dict[Name, AuditOutcome] = Field(min_length=1, description="What is measured; the first is the main one.")
    follow_up: FollowUp = Field(default_factory=FollowUp, description="When the discharge questionnaire is due.")
    descriptors: dict[Name, Descriptor] = Field(
        default_factory=dict, description="What describes patients: to adjust for, or to see who is missing."
    )
    standards: dict[Name, Standard] = Field(default_factory=dict, description="Standards of care.")
    targets: Targets = Field(default_factory=Targets, description="What is aimed at.")
    recalculate: tuple[Recalculation, ...] = Field((), description="Where charts are reckoned anew, and why.")
    run_charts: AnyNumber[SeriesName] = Field(
        (), description="Measures over time with a median and the rules of run charts in place of limits."
    )
    rare_events: dict[Name, RareEvent] = Field(
        default_factory=dict,
        description="Events that have to stay rare, besides patients who are worse in the main outcome (`worse`).",
    )
    cusum: CusumSettings = Field(default_factory=CusumSettings, description="What the charts of rare events look for.")
    small_cells: Annotated[SmallCells, BeforeValidator(_as_small_cells, json_schema_input_type=SmallCells | int)] = (
        Field(default_factory=SmallCells, description="Which counts are hidden.")
    )
    literature: AnyNumber[str] = Field(
        (),
        description="Published trials (`coxa presets`) that are compared with; all with the instrument unless given.",
    )
    style: StyleName = Field("plain", description="How numbers are written.")
    assumptions: RegistryAssumptions | None = Field(
        None, description="Numbers from which `coxa simulate` makes a registry that this plan reads."
    )

    _origin: Origin | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _parts_agree(self) -> AuditPlan:
        problems = list(self._problems())
        if problems:
            raise PydanticCustomError("plan", "parts of the plan do not agree", {"problems": problems})
        return self

    def _problems(self) -> Iterator[Problem]:
        """Yield every disagreement between the parts."""
        for kind in ("descriptors", "outcomes", "standards", "rare_events"):
            for name in getattr(self, kind):
                if name in RESERVED:
                    yield Problem((kind, name), f"`{name}` is a column of every episode; choose another name")
        names = [*self.descriptors, *self.outcomes, *self.standards, *self.rare_events]
        for name in dict.fromkeys(name for name in names if names.count(name) > 1):
            yield Problem(("descriptors", name), f"`{name}` is the name of two parts of the plan; rename one")
        if self.start and self.end and self.start > self.end:
            yield Problem(("start",), "the audit ends before it starts; correct `start` or `end`")
        yield from self._rare_problems()
        yield from known(self.data.scores, self.outcomes, "outcome", ("data", "scores"))
        yield from known(
            (name for name in self.data.columns if name not in self.columns),
            self.columns,
            "column",
            ("data", "columns"),
        )
        yield from self._age_problems()
        scores = [f"{name}_{end}" for name in self.outcomes for end in ("intake", "discharge", "date")]
        yield from known(self.data.values, (*self.columns, *scores), "column", ("data", "values"))
        for name, outcome in self.outcomes.items():
            yield from self._outcome_problems(name, outcome)

    def _rare_problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the rare events."""
        for name, event in self.rare_events.items():
            if name == WORSE:
                yield Problem(("rare_events", name), f"`{WORSE}` is there without being named; choose another name")
            if event.standard is not None:
                yield from known([event.standard], self.standards, "standard", ("rare_events", name, "standard"))

    def _age_problems(self) -> Iterator[Problem]:
        """Yield what is wrong with an age that is worked out of a day of birth."""
        if not self.age_from_birth:
            return
        place = ("data", "columns", BIRTH_DATE)
        if AGE in self.data.columns or AGE in self.data.values:
            yield Problem(place, f"`{AGE}` has a column of its own, and `{BIRTH_DATE}` gives it; remove one of them")
        if AGE not in self.descriptors or self.descriptors[AGE].type != "number":
            yield Problem(
                place, f"`{BIRTH_DATE}` gives the age, which is no descriptor; write `{AGE}: {{type: number}}` there"
            )

    def _outcome_problems(self, name: str, outcome: AuditOutcome) -> Iterator[Problem]:
        try:
            outcome_scale(outcome)
            for kind in ("important", "acceptable"):
                if getattr(outcome, kind) == "published":
                    self.threshold(name, kind)
        except CoxaError as error:
            yield Problem(("outcomes", name), str(error))

    @property
    def origin(self) -> Origin | None:
        """Where the plan was read from; None for a plan made in Python."""
        return self._origin

    @property
    def main(self) -> str:
        """The main outcome."""
        return next(iter(self.outcomes))

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of an episode, by coxa's names that a source can have, without those of scores."""
        return tuple(dict.fromkeys((*TEXTS, *DATES, *COUNTS, *FLAGS, BIRTH_DATE, *self.descriptors, *self.flags)))

    @property
    def flags(self) -> tuple[str, ...]:
        """Columns of standards and rare events, which are true or false."""
        met = [(one.met, one.among) for one in self.standards.values()]
        happened = [(one.happened, one.among) for one in self.rare_events.values()]
        return tuple(dict.fromkeys(name for pair in (*met, *happened) for name in pair if name))

    @property
    def age_from_birth(self) -> bool:
        """Whether the age is worked out of a day of birth."""
        return BIRTH_DATE in self.data.columns

    @property
    def adjusters(self) -> tuple[str, ...]:
        """Descriptors that expected outcomes take into account."""
        return tuple(name for name, one in self.descriptors.items() if one.adjust)

    @property
    def completeness_by(self) -> tuple[str, ...]:
        """Descriptors by which completeness is shown."""
        return tuple(name for name, one in self.descriptors.items() if one.completeness)

    def scale(self, outcome: str) -> OutcomeScale:
        """Return range, unit and direction of an outcome."""
        return outcome_scale(self.outcomes[outcome])

    def label(self, kind: str, name: str) -> str:
        """Return the label of a named part, for example `label("outcomes", "pain")`."""
        return label_of(name, getattr(self, kind)[name])

    def threshold(self, outcome: str, kind: Literal["important", "acceptable"]) -> AuditThreshold | None:
        """Return the important improvement of an outcome, or its acceptable state; None where the plan has none.

        Raises
        ------
        CoxaError
            It is to be the published one, and none fits or several do.
        """
        part = self.outcomes[outcome]
        given = getattr(part, kind)
        if given != "published":
            return given
        if part.instrument is None:
            raise CoxaError(
                f"`{kind}` is published, and the outcome is of no instrument. Write `{kind}: {{value: , source: }}`."
            )
        asked = ReportedThreshold(
            outcome=outcome,
            kind="mic" if kind == "important" else "pass",
            population=part.population,
            context=part.context,
        )
        found = published_threshold(part, asked)
        where = ", ".join(text.replace("_", " ") for text in (found.population, found.context))
        return AuditThreshold(value=float(found.value or 0), source=f"{where}; {found.method}; {found.citation}")

    def __repr__(self) -> str:
        return audit_card(self).text()

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return audit_card(self).html()


def audit_card(plan: AuditPlan) -> Card:
    """Return what a plan of an audit shows of itself."""

    def labels(kind: str, names: Iterable[str]) -> str:
        return ", ".join(plan.label(kind, name) for name in names)

    facts: Mapping[str, str] = {
        "Outcomes": labels("outcomes", plan.outcomes),
        "Adjusted for": labels("descriptors", plan.adjusters),
        "Completeness by": labels("descriptors", plan.completeness_by),
        "Standards": labels("standards", plan.standards),
        "Data": plan.data.file or "a database",
        "Hidden": f"counts from 1 to {plan.small_cells.k - 1}",
    }
    return Card(f"Audit {plan.audit}: {plan.title}", {name: text for name, text in facts.items() if text})
