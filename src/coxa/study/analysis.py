"""An analysis of the plan, whatever its model: its estimand, its part in the plan, covariates and random effects."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, field_validator, model_validator

from coxa.study.base import AnyNumber
from coxa.study.parts import Name, OneOrMany, Part
from coxa.study.words import Averaging, MarginType, Measure, Multiplicity, Role, Summary


class RandomEffect(Part):
    """A factor above the participants whose levels are a sample: therapists, clinics, classes.

    Participants of one level share an effect of it, the same at every visit, and so are more alike than others. The
    name is that of a column of the participants table (`site_id`, `therapist_id`) or of a covariate of
    `type: category`; `site_id: {}` is all that is needed where every arm has the factor and one variance will do.
    """

    only_in: OneOrMany[Name] = Field(
        (),
        description="The arms that have the factor, in a partially nested trial: therapists treat in the arms of "
        "exercise and manual therapy, and in usual care there are none. Participants of the other arms are analysed "
        "without it; a participant of these arms for whom it is not known is left out of the analysis and listed. "
        "Leave it out where every arm has the factor.",
    )
    by_arm: bool = Field(
        False,
        description="True: each arm that has the factor has a variance of its own, and a level that occurs in "
        "two arms has an effect in each. False: one variance, and one effect of a level in all arms.",
    )


def _nothing_is_all_defaults(given: Any) -> Any:
    """Read `site_id:` with nothing behind it as `site_id: {}`."""
    if not isinstance(given, Mapping):
        return given
    return {name: {} if options is None else options for name, options in given.items()}


RandomEffects = Annotated[
    dict[Name, RandomEffect],
    BeforeValidator(_nothing_is_all_defaults, json_schema_input_type=dict[Name, RandomEffect | None]),
]
"""Factor -> its options."""

TERM = re.compile(r"^\s*[A-Za-z_]\w*(\s*[*:]\s*[A-Za-z_]\w*)*\s*$")

IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


class Margin(Part):
    """A margin against which a comparison is tested."""

    type: MarginType = Field(description="What is to be shown: noninferiority, superiority by the margin, equivalence.")
    value: float = Field(
        ge=0,
        description="As a positive number, in the units that the comparison is reported in: of the outcome; percentage "
        "points; events per unit of time; days. Of a ratio, the ratio that would matter: 1.25 and 0.8 are the same "
        "margin. Of a win probability, its distance from one half.",
    )
    alpha: float | None = Field(
        None, gt=0, lt=0.5, description="One-sided level; 0.025, or 0.05 for equivalence, unless given."
    )
    source: str | None = Field(None, description="Where the margin comes from.")

    @model_validator(mode="after")
    def _only_superiority_at_zero(self) -> Margin:
        if self.value == 0 and self.type != "superiority":
            raise ValueError(f"a margin of 0 cannot show {self.type}; write the difference that would matter")
        return self


class Analysis(Part):
    """One analysis of one estimand: what all kinds of models have.

    A kind of model adds its options, and says here what others need to know of it:

    summaries   : the population-level summaries that it estimates
    measures    : the measures of an endpoint that it can analyse
    over_visits : whether one model has all visits, or each visit its own
    of_periods  : whether it is of treatments that participants receive in periods
    of_clusters : whether clusters receive them
    of_blocks   : whether each participant has a sequence of treatments of his or her own
    factor_key  : key of its options that names the factors above the participants
    of_days     : whether it is of the days behind a mean of them
    """

    summaries: ClassVar[tuple[Summary, ...]] = ("difference_in_means",)
    measures: ClassVar[tuple[Measure, ...]] = ("value", "change", "percent_change")
    over_visits: ClassVar[bool] = False
    of_periods: ClassVar[bool] = False
    of_clusters: ClassVar[bool] = False
    of_blocks: ClassVar[bool] = False
    factor_key: ClassVar[str] = "random"
    of_days: ClassVar[bool] = False

    label: str | None = Field(None, description="How the analysis is called in the report.")
    estimand: Name = Field(description="One of the estimands.")
    role: Role = Field("primary", description="Its part in the plan.")
    model: str = Field(description="The kind of model.")
    multiplicity: Multiplicity = Field(
        "none",
        description="Adjustment of the p-values of the planned comparisons, and of those against a margin as a family "
        "of their own; dunnett and tukey hold at each visit, with limits of their own.",
    )
    conf_level: float = Field(0.95, gt=0.5, lt=1, description="Level of the confidence intervals.")
    margin: Margin | None = Field(None, description="Non-inferiority, superiority or equivalence by this much.")
    relaxes: str | None = Field(None, description="The assumption of the primary analysis that this relaxes.")

    def option(self, name: str, default: Any = None) -> Any:
        """Return an option that only some kinds of models have; `default` where this kind has no such option."""
        return getattr(self, name) if name in type(self).model_fields else default

    def names_used(self) -> tuple[str, ...]:
        """Return the variables that `adjust` names, each once, in order."""
        found = (name for term in self.option("adjust", ()) for name in IDENTIFIER.findall(term))
        return tuple(dict.fromkeys(found))

    def adjusted_for(self) -> tuple[str, ...]:
        """Return the variables whose imbalance between arms the model takes into account."""
        return (*self.names_used(), *self.factors)

    @property
    def uses_doses(self) -> bool:
        """Whether its rows need the arm received and what was taken of the sessions."""
        return False

    @property
    def earlier(self) -> tuple[tuple[str, str], ...]:
        """Outcome and visit of what its rows need beside the endpoint, such as a mediator."""
        return ()

    @property
    def factors(self) -> Mapping[str, RandomEffect]:
        """Factors above the participants that have random effects, or are clusters, with their options."""
        return {}

    @property
    def courses(self) -> tuple[str, ...]:
        """What is compared over the visits, beside the means at each visit: average, slope, auc."""
        return ()

    def terms(self, visits: Sequence[str]) -> list[str]:
        """Return the fixed effects of the model of these visits, that of the arm first."""
        return ["arm"]

    def random_terms(self) -> list[str]:
        """Return the random effects of the model as a formula has them."""
        return [
            f"(1 | gr({factor}, by = arm))" if options.by_arm else f"(1 | {factor})"
            for factor, options in self.factors.items()
        ]

    def visits_problem(self, visits: int) -> str | None:
        """Return why so many visits after baseline are too few, with the remedy; None where they are enough."""
        return None

    def summary_problem(self, summary: Summary) -> tuple[str, str] | None:
        """Return the option that does not fit the summary of the estimand, and why; None where all do."""
        return None

    def fewest(self, coefficients: int, visits: int) -> int | None:
        """Return the participants without a missing value that the model needs at least; None where it has no model.

        Parameters
        ----------
        coefficients
            Of the model at one visit.
        visits
            Of the model.
        """
        return None


class AdjustedAnalysis(Analysis):
    """An analysis by a model, which may adjust for covariates and be of some of the visits."""

    visits: AnyNumber[Name] = Field(
        (),
        description="Visits that the model is fitted to, those that the estimand names among them; all after baseline "
        "unless given. For a visit that one arm did not have, or few participants.",
    )
    adjust: tuple[str, ...] = Field(
        (), description="Terms other than arm and visit, for example `baseline * visit` or `site`."
    )

    @field_validator("adjust")
    @classmethod
    def _terms_are_names(cls, terms: tuple[str, ...]) -> tuple[str, ...]:
        return check_terms(terms)

    def terms(self, visits: Sequence[str]) -> list[str]:
        """Return the fixed effects of the model of one visit."""
        return ["arm", *(without_visit(term) for term in self.adjust)]


class MeansAnalysis(AdjustedAnalysis):
    """An analysis by a model of means."""

    averaging: Averaging = Field("equal", description="How marginal means average over levels of other factors.")

    def fewest(self, coefficients: int, visits: int) -> int | None:
        """Return the participants that the coefficients and one variance need."""
        return coefficients + 1


def check_terms(terms: tuple[str, ...]) -> tuple[str, ...]:
    """Return terms, each a name or names joined; raise ValueError for another one."""
    for term in terms:
        if not TERM.match(term):
            raise ValueError(
                f"{term!r} is not a term; a term is a name, or names joined by `*` or `:`, such as `baseline * visit`"
            )
    return terms


def without_visit(term: str) -> str:
    """Drop `visit` from a term.

    Examples
    --------
    >>> without_visit("baseline * visit"), without_visit("visit")
    ('baseline', '')
    """
    names = [name.strip() for name in re.split(r"[*:]", term)]
    joiner = " * " if "*" in term else ":"
    return joiner.join(name for name in names if name != "visit")
