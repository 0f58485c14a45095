"""A mixed model for repeated measures, which is an analysis of covariance where there is one visit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from coxa.analyses.clusters import clustered_rows, partially_nested
from coxa.analyses.methods.ancova import least_squares_together
from coxa.analyses.methods.means import MeansMethod
from coxa.analyses.methods.method import Telling, Together, Words, options_of
from coxa.analyses.model_rows import check_cells, has_covariates, rows_of_model
from coxa.analyses.rows import AnalysisRows
from coxa.covariances import COVARIANCES
from coxa.models import Fit, fit_ancova, fit_mmrm
from coxa.models.results.run import AnyFit
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.mmrm import MMRM
from coxa.study.wording import model_formula
from coxa.study.words import SIMULTANEOUS

MISSING = "Missing outcomes: none imputed; missing at random given the variables of the model."


class MMRMMethod(MeansMethod):
    """One model over the visits, with a covariance of a participant's values."""

    diagnostics = True

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[Fit]:
        """Yield one model; with data of one visit it is an analysis of covariance, and is fitted as one."""
        analysis, rows = options_of(planned, MMRM), rows_of_model(planned, dataset)
        visits = list(rows["visit"].cat.categories)
        formula = model_formula(planned.study, planned.name, subgroup, visits)
        if len(visits) > 1:
            check_cells(planned, rows)
        elif is_least_squares(analysis):
            yield fit_ancova(formula, rows, at_visit=visits[0])
            return
        covariance = analysis.covariance if len(visits) > 1 else ("us",)
        yield fit_mmrm(
            formula,
            clustered_rows(analysis, rows),
            covariance=covariance,
            group=analysis.group,
            weights=analysis.weights,
            time="study_day" if any(COVARIANCES[word].spatial for word in covariance) else None,
            reml=analysis.reml,
            ddf=analysis.ddf,
            vcov=analysis.vcov,
            partially_nested=partially_nested(analysis) or None,
        )

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called: a model over the visits, or what it is where there is one visit."""
        analysis = options_of(planned, MMRM)
        if len(fits[0].sample.visits if fits else planned.model_visits) > 1:
            return Words(
                title="Mixed model for repeated measures",
                means="Estimated mean",
                missing=MISSING,
                whole=True,
                cites=("mmrm", likelihood(reml=analysis.reml)),
                ddf=analysis.ddf,
            )
        if analysis.random:
            title, cites = "Linear mixed model of one visit", (likelihood(reml=analysis.reml),)
            return Words(title=title, means="Estimated mean", cites=cites, ddf=analysis.ddf)
        if has_covariates(planned, fits):
            return Words(title="Analysis of covariance of one visit", cites=("ancova",))
        return Words(title="Comparison of means at one visit, without covariates")

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield the model with its likelihood and fixed effects."""
        analysis = options_of(telling.planned, MMRM)
        for formula in telling.formulas():
            terms = telling.terms(formula)
            if len(telling.fits[0].sample.visits) > 1:
                model = f"A mixed model for repeated measures of {telling.planned.variable}{telling.cite('mmrm')}"
                yield f"{model} was fitted by {likelihood_words(telling, reml=analysis.reml)}."
                yield f"Fixed effects: {terms}."
            elif analysis.random:
                model = f"A linear mixed model of {telling.planned.variable} at {telling.first_visit()}"
                yield f"{model} was fitted by {likelihood_words(telling, reml=analysis.reml)}."
                yield f"Fixed effects: {terms}."
            else:
                yield _of_one_visit(telling, analysis, terms)

    def together(self, planned: PlannedAnalysis) -> Together | None:
        """Return that many trials are fitted as one stack, where pattern sums give the numbers of single fits.

        Not where the model has random effects, a covariance per group, weights, a sandwich, between-within degrees of
        freedom, times of their own or limits adjusted for multiplicity; nor where arms interact with covariates, whose
        means differ from trial to trial.
        """
        analysis = options_of(planned, MMRM)
        if len(planned.model_visits) == 1:
            return least_squares_together(planned) if is_least_squares(analysis) else None
        pattern_sums = (
            not analysis.random
            and analysis.group is None
            and analysis.weights is None
            and analysis.vcov == "model"
            and analysis.ddf != "between-within"
            and not any(COVARIANCES[word].spatial for word in analysis.covariance)
        )
        apart = analysis.multiplicity in SIMULTANEOUS or "arm" in analysis.names_used()
        return "repeated" if pattern_sums and not apart else None


def is_least_squares(analysis: MMRM) -> bool:
    """Return whether a repeated-measures model is one of least squares where it has one visit."""
    return (
        not analysis.random
        and analysis.group is None
        and analysis.weights is None
        and analysis.vcov == "model"
        and analysis.reml
    )


def likelihood(*, reml: bool) -> str:
    """Return the likelihood by the word under which it is cited."""
    return "reml" if reml else "ml"


def likelihood_words(telling: Telling, *, reml: bool) -> str:
    """Return "restricted maximum likelihood [5]"."""
    return f"{'restricted ' if reml else ''}maximum likelihood{telling.cite(likelihood(reml=reml))}"


def _of_one_visit(telling: Telling, analysis: MMRM, terms: str) -> str:
    each = f", with a residual variance for each {analysis.group}" if analysis.group else ""
    at = telling.first_visit()
    if has_covariates(telling.planned, telling.fits):
        ancova = f"An analysis of covariance of {telling.planned.variable}{telling.cite('ancova')}"
        return f"{ancova} was fitted at {at}{each}; terms: {terms}."
    return f"Means of {telling.planned.variable} were compared at {at} by least squares, without covariates{each}."


METHOD = MMRMMethod()
