"""An analysis of covariance of each visit by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from coxa.analyses.methods.means import MeansMethod
from coxa.analyses.methods.method import Telling, Together, Words
from coxa.analyses.model_rows import check_arms_at, has_covariates, rows_of_model
from coxa.analyses.rows import AnalysisRows
from coxa.errors import FitError
from coxa.models import Fit, fit_ancova
from coxa.models.results.run import AnyFit
from coxa.study.comparative import PlannedAnalysis
from coxa.study.wording import model_formula
from coxa.study.words import SIMULTANEOUS


class ANCOVAMethod(MeansMethod):
    """Least squares at each visit."""

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[Fit]:
        """Yield a model of each visit; one that the estimand does not name may fail, and the others then say so."""
        rows, formula = rows_of_model(planned, dataset), model_formula(planned.study, planned.name, subgroup)
        fits, left_out = [], []
        for visit in rows["visit"].cat.categories:
            here = rows[rows["visit"] == visit]
            try:
                check_arms_at(planned, here, visit)
                fits.append(fit_ancova(formula, here, at_visit=visit, vcov=planned.analysis.option("vcov")))
            except FitError as error:
                if visit in planned.visits:
                    raise
                left_out.append(f"no model at {planned.study.label('visits', visit)}: {error.message}")
        for fit in fits:
            yield replace(fit, warnings=(*fit.warnings, *left_out))

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called: a comparison of means where nothing is adjusted for."""
        robust = tuple(word for word in [planned.analysis.option("vcov")] if word != "model")
        if has_covariates(planned, fits):
            return Words(title="Analysis of covariance at each visit", cites=("ancova", *robust))
        return Words(title="Comparison of means at each visit, without covariates", cites=robust)

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield the model of each visit."""
        word, cite = telling.planned.analysis.option("vcov"), telling.cite
        errors = f" with {word} standard errors{cite(word)}" if word != "model" else ""
        for formula in telling.formulas():
            if has_covariates(telling.planned, telling.fits):
                ancova = f"An analysis of covariance of {telling.planned.variable}{cite('ancova')}"
                yield f"{ancova} was fitted at each visit{errors}; terms: {telling.terms(formula)}."
            else:
                comma = "," if errors else ""
                yield (
                    f"Means of {telling.planned.variable} were compared at each visit by least squares, without "
                    f"covariates{comma}{errors}."
                )

    def together(self, planned: PlannedAnalysis) -> Together | None:
        """Return that many trials are fitted by least squares, unless limits are adjusted or errors robust."""
        return least_squares_together(planned) if planned.analysis.option("vcov") == "model" else None


def least_squares_together(planned: PlannedAnalysis) -> Together | None:
    """Return least squares, unless limits are adjusted or arms interact with covariates: means of these differ."""
    analysis = planned.analysis
    apart = analysis.multiplicity in SIMULTANEOUS or "arm" in analysis.names_used()
    return None if apart else "least_squares"


METHOD = ANCOVAMethod()
