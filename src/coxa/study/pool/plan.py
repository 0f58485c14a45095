"""The plan of a meta-analysis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from coxa.study.base import AnyNumber, Name, Part, Problem, known
from coxa.study.plan import Origin
from coxa.study.pool.studies import PooledStudy
from coxa.study.words import StyleName

PoolMeasure = Literal["md", "smd", "rr", "or", "rd", "mean"]
Method = Literal[
    "fixed", "dersimonian-laird", "paule-mandel", "reml", "ml", "sidik-jonkman", "hedges", "empirical-bayes"
]
Test = Literal["hartung-knapp", "hartung-knapp-plain", "t", "z"]
Prediction = Literal["k-1", "k-2", "normal"]
Several = Literal["three-level", "combine"]


class PoolQuestion(Part):
    """What the review asks; each in a few words."""

    population: str = Field(description="For whom.")
    intervention: str = Field(description="What is compared.")
    comparator: str = Field(description="With what.")
    time: str | None = Field(None, description="At what time after randomisation.")


class Important(Part):
    """The smallest effect that matters, with its source."""

    value: float = Field(gt=0, description="In units of the measure, always positive; a ratio above 1.")
    source: str = Field(min_length=1, description="Where it comes from.")


class PoolOutcome(Part):
    """The outcome, and the measure of the effect on it."""

    label: str = Field(description="Such as `Pain`.")
    measure: PoolMeasure = Field(
        description="md (mean difference), smd (standardised), rr, or, rd (risk ratio, odds ratio, risk difference), "
        "mean (of single groups)."
    )
    unit: str | None = Field(None, description="Unit of a mean difference, such as `points, 0-100`.")
    higher_is_better: bool = Field(description="Direction of the outcome; for events whether the event is good.")
    decimals: int = Field(2, ge=0, le=4, description="Decimals of effects.")
    important: Important | None = Field(None, description="The smallest effect that matters.")
    correction: Literal["exact", "approximate", "none"] = Field(
        "exact", description="Hedges' correction of standardised differences for small samples."
    )
    add: float = Field(0.5, gt=0, description="What is added to each cell of a study with a zero among its counts.")


class PoolModel(Part):
    """How studies are pooled."""

    method: Method = Field("reml", description="How the variance between studies is estimated; `fixed` assumes none.")
    test: Test = Field(
        "hartung-knapp",
        description="hartung-knapp never narrows an interval (ad hoc rule); hartung-knapp-plain may; t; z.",
    )
    prediction: Prediction = Field("k-1", description="Degrees of freedom of the prediction interval.")
    level: float = Field(0.95, gt=0, lt=1, description="Level of all intervals.")
    several: Several = Field(
        "three-level",
        description="Several comparisons of a trial: a three-level model with robust errors, or one combined estimate.",
    )
    correlation: float = Field(
        0.5, ge=0, lt=1, description="Of the errors of two comparisons of a trial; 0.5 for arms of one size that share "
        "their reference."
    )  # fmt: skip


class PoolSensitivity(Part):
    """The same question answered in another way."""

    label: str = Field(description="What is different, in a few words.")
    exclude: AnyNumber[Name] = Field((), description="Studies that are left out.")
    method: Method | None = Field(None, description="Another method.")
    test: Test | None = Field(None, description="Another test.")
    several: Several | None = Field(None, description="Another way with several comparisons of a trial.")
    correlation: float | None = Field(None, ge=0, lt=1, description="Another correlation.")


class EarlierReview(Part):
    """A pooled estimate that was published, to be shown next to that of the plan."""

    label: str = Field(description="Such as `Cochrane 2014`.")
    estimate: float = Field(description="As printed.")
    interval: tuple[float, float] = Field(description="As printed.")
    source: str = Field(min_length=1, description="Where it was read.")


class ExcludedStudy(Part):
    """A study that was looked at and is not pooled."""

    label: str = Field(description="Name of the study.")
    reason: str = Field(min_length=1, description="Why it is not pooled.")


class ReviewProcess(Part):
    """How the studies were found and judged; what is not done is left out, and is a gap of the checklist."""

    protocol: str | None = Field(None, description="Registration or protocol.")
    eligibility: str | None = Field(None, description="Which studies are included.")
    sources: str | None = Field(None, description="Databases and other sources, with the day of the last search.")
    search: str | None = Field(None, description="The search, in full, or where it is.")
    selection: str | None = Field(None, description="Who selected studies, and how.")
    extraction: str | None = Field(None, description="Who took the numbers out of the papers, and how.")
    risk_of_bias: str | None = Field(None, description="How risk of bias was judged.")
    funding: str | None = Field(None, description="Who paid for the review.")
    interests: str | None = Field(None, description="Competing interests.")


class PoolPlan(Part):
    """The plan of a meta-analysis: the question, the studies with their numbers, and how they are pooled.

    Examples
    --------
    >>> study = {"source": "paper", "estimate": -0.5, "interval": [-0.9, -0.1]}
    >>> plan = PoolPlan.model_validate({
    ...     "pool": "tiny", "title": "Tiny", "arms": ["Exercise", "No exercise"],
    ...     "outcome": {"label": "Pain", "measure": "smd", "higher_is_better": False}, "studies": {"one": study},
    ... })
    >>> plan.model.method, plan.label("one")
    ('reml', 'one')
    """

    pool: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="Short identifier.")
    title: str = Field(description="Title of the report.")
    question: PoolQuestion | None = Field(None, description="What the review asks.")
    outcome: PoolOutcome = Field(description="The outcome, and the measure of the effect on it.")
    arms: tuple[str, str] = Field(
        ("Intervention", "Control"), description="What the compared and the reference arms are called."
    )
    model: PoolModel = Field(default_factory=PoolModel, description="How studies are pooled.")
    studies: dict[Name, PooledStudy] = Field(min_length=1, description="The studies, in the order of the forest plot.")
    excluded: dict[Name, ExcludedStudy] = Field(
        default_factory=dict, description="Studies that are not pooled, and why."
    )
    subgroups: AnyNumber[Name] = Field((), description="Words under `moderators` of studies by which they are grouped.")
    moderators: AnyNumber[Name] = Field((), description="Numbers under `moderators` of studies for meta-regression.")
    sensitivity: dict[Name, PoolSensitivity] = Field(default_factory=dict, description="Sensitivity analyses.")
    published: tuple[EarlierReview, ...] = Field((), description="Pooled estimates of earlier reviews.")
    process: ReviewProcess = Field(default_factory=ReviewProcess, description="How studies were found and judged.")
    style: StyleName = Field("plain", description="How numbers are written.")

    _origin: Origin | None = PrivateAttr(None)

    @property
    def origin(self) -> Origin | None:
        """Where the plan was read from; None for a plan made in Python."""
        return self._origin

    def label(self, study: str) -> str:
        """Return the label of a study."""
        return self.studies[study].label or study.replace("_", " ")

    def trial(self, study: str) -> str:
        """Return the trial that a comparison is of."""
        return self.studies[study].trial or study

    @model_validator(mode="after")
    def _parts_agree(self) -> PoolPlan:
        problems = list(self._problems())
        if problems:
            raise PydanticCustomError("plan", "parts of the plan do not agree", {"problems": problems})
        return self

    def _problems(self) -> Iterator[Problem]:
        """Yield every disagreement between the parts."""
        for name, one in self.sensitivity.items():
            yield from known(one.exclude, self.studies, "study", ("sensitivity", name, "exclude"))
            if set(one.exclude) >= set(self.studies):
                yield Problem(("sensitivity", name), "every study is left out; keep one")
        for name, study in self.studies.items():
            yield from self._study_problems(name, study)
        for name in self.excluded:
            if name in self.studies:
                yield Problem(("excluded", name), f"`{name}` is among the studies too; remove one of them")

    def _study_problems(self, name: str, study: PooledStudy) -> Iterator[Problem]:
        place, measure = ("studies", name), self.outcome.measure
        asked = (*self.subgroups, *self.moderators)
        yield from known(study.moderators, asked, "subgroup or moderator", (*place, "moderators"))
        for key in asked:
            if key not in study.moderators:
                yield Problem(place, f"`{key}` has no value; add `moderators: {{{key}: ...}}`")
        for key in self.moderators:
            if isinstance(study.moderators.get(key), str):
                yield Problem((*place, "moderators", key), f"`{key}` is no number; write one, or make it a subgroup")
        for role, arm in (("compared", study.compared), ("reference", study.reference)):
            if not study._arms_given or (measure == "mean" and role == "reference"):
                continue
            needed = ("events", "n") if measure in ("rr", "or", "rd") else ("mean", "sd", "n")
            lacking = [key for key in needed if arm is None or getattr(arm, key) is None]
            if lacking:
                yield Problem((*place, role), f"`{measure}` needs {', '.join(f'`{key}`' for key in lacking)}; add them")
