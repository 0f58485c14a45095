"""What a kind of model in a plan is made of: its fits, its numbers, its words, and what it cites."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from coxa.analyses.regression import Regression
from coxa.analyses.rows import AnalysisRows
from coxa.estimates import Estimates
from coxa.estimates.profile import planned_profile
from coxa.models import Fit
from coxa.models.results.run import AnyFit
from coxa.study.analysis import Analysis
from coxa.study.comparative import PlannedAnalysis

Options = TypeVar("Options", bound=Analysis)
"""Options of one kind of model."""

Together = Literal["repeated", "least_squares", "proportions", "regression"]
"""Ways to fit many trials at once, in `coxa.design.by_simulation`: a repeated-measures model, one of each visit by
least squares, proportions, and another regression of each visit, whose columns are made once for all trials."""


COURSES = {
    "average": "The average over the visits was compared between {arms}, with equal weight for each visit",
    "slope": "The least-squares slope of the means over planned time was compared between {arms}",
    "auc": "The area under the course of the means, by trapezoids, was compared between {arms}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a report calls an analysis, as it ran.

    title   : the model, as the first words of a footnote
    means   : what its means are called where nothing is adjusted for
    missing : what became of missing outcomes
    whole   : whether one model had all the visits
    cites   : words of `references/bibliography.yaml` for the model itself
    ddf     : the method of the degrees of freedom that the plan asks for; None where there is no model
    completed : whether participants without an outcome are analysed as well, with an imputed one
    """

    title: str
    means: str = "Mean"
    missing: str = "Missing outcomes: left out, nothing imputed."
    whole: bool = False
    cites: tuple[str, ...] = ()
    ddf: str | None = "residual"
    completed: bool = False


@dataclass(frozen=True, slots=True)
class Telling:
    """What the methods section knows when an analysis is described.

    fits  : the models that ran
    cite  : word of the bibliography -> " [3]"
    terms : formula -> its fixed effects in words
    """

    planned: PlannedAnalysis
    fits: Sequence[AnyFit]
    cite: Callable[..., str]
    terms: Callable[[str], str]

    def formulas(self) -> Iterable[str]:
        """Return the formulas of the models, each once."""
        return dict.fromkeys(fit.formula for fit in self.fits)

    def first_visit(self) -> str:
        """Return the label of the first visit of the models."""
        return self.planned.study.label("visits", str(self.fits[0].sample.visits[0]))


def options_of(planned: PlannedAnalysis, kind: type[Options]) -> Options:
    """Return the options of an analysis, as those of its kind of model."""
    options = planned.analysis
    assert isinstance(options, kind)
    return options


class Method:
    """One kind of model in a plan, whose options are in `coxa.study.models`.

    A kind of model says how it is fitted, what is estimated from it, and what a report says of it. What has a default
    here need not be said.

    diagnostics : whether a report shows residuals of a primary analysis
    separate_subgroups : whether levels of a subgroup are compared each by itself, not in one joint model
    separate_arms : whether each arm is compared with the comparator by itself, so that one may fail alone
    limits_with_fit : whether limits belong to what `fits` gives, so that those of another level need it anew
    courses     : what is compared over the visits -> how the methods section says it, in the words of the design
    """

    diagnostics: bool = False
    separate_subgroups: bool = False
    separate_arms: bool = False
    limits_with_fit: bool = False
    courses: Mapping[str, str] = COURSES

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[AnyFit]:
        """Yield the models of an analysis, or the joint models of the levels of a subgroup; none by default.

        Raises
        ------
        FitError
            A model cannot be fitted.
        """
        yield from ()

    def arms_apart(self, planned: PlannedAnalysis) -> bool:
        """Return whether each arm of an analysis is compared with the comparator by itself."""
        return self.separate_arms

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield every number that the plan asks for, from the models or from the rows."""
        raise NotImplementedError

    def compared(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield the comparisons that the estimand asks for, if need be with others; all that power needs."""
        yield from self.estimates(planned, fits, dataset)

    def recorded_call(self, planned: PlannedAnalysis, fit: AnyFit) -> str:
        """Return the call that gives a model again on the rows of its estimand, held in `data`; or its numbers too."""
        return fit.spec.call()

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called: as it ran, or as planned where there are no models."""
        raise NotImplementedError

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield how the models were fitted, for the methods section."""
        raise NotImplementedError

    def assumption(self, planned: PlannedAnalysis) -> str | None:
        """Return what is assumed of missing outcomes, in one sentence; None where the plan has to say it."""
        return None

    def in_subgroup(self, planned: PlannedAnalysis, fit: AnyFit, subgroup: str) -> Estimates:
        """Return the comparisons within the levels of a subgroup, and the test of the interaction."""
        raise NotImplementedError

    def random_words(self, planned: PlannedAnalysis, fit: Fit) -> Iterator[str]:
        """Yield sentences on random effects other than those of factors above the participants."""
        yield from ()

    def together(self, planned: PlannedAnalysis) -> Together | None:
        """Return how the models of many simulated trials can be fitted together, with the numbers of single fits."""
        return None

    def regression(self, planned: PlannedAnalysis) -> Regression:
        """Return the regression of a visit, where `together` is "regression"."""
        raise NotImplementedError

    def course(self, planned: PlannedAnalysis, word: str) -> Mapping[str, float]:
        """Return visit -> weight of the differences at the visits, of which a comparison over the visits is the sum."""
        days = {visit: float(planned.study.visits[visit].day) for visit in planned.model_visits}
        return course_weights(planned, word, days)


def course_weights(planned: PlannedAnalysis, word: str, days: Mapping[str, float]) -> Mapping[str, float]:
    """Return the weights of a course over visits on given days; a change is zero on the day of randomisation."""
    profile = planned_profile(word, days, zero_at=zero_day(planned))
    assert profile is not None
    return profile.weights


def zero_day(planned: PlannedAnalysis) -> float | None:
    """Return the day on which the response of an analysis is zero by definition; None where there is none."""
    return 0.0 if planned.response in ("change", "percent_change") else None
