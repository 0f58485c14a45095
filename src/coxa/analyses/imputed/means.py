"""Estimates of a plan with missing outcomes at their conditional mean."""

from __future__ import annotations

from coxa.analyses.imputed.assumed import EVENT, delta_of, reference_of, used
from coxa.analyses.imputed.formula import formula_of
from coxa.analyses.imputed.rows import complete_rows, prepared, with_events
from coxa.analyses.methods.method import options_of
from coxa.analyses.rows import AnalysisRows
from coxa.impute import ConditionalMean, conditional_mean
from coxa.models import Fit
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.imputation import Branch, Imputation


def imputed_means(
    planned: PlannedAnalysis, fit: Fit, dataset: AnalysisRows, branch: Branch | None = None
) -> ConditionalMean:
    """Return the estimates of an analysis, or of a branch of its tree, from its imputation model.

    Participants without a value of a covariate are left out, and a warning says how many.

    Raises
    ------
    FitError
        No participant has all covariates, or the model cannot be fitted without one of them.
    """
    analysis = options_of(planned, Imputation)
    rows, without = complete_rows(fit, with_events(planned, prepared(planned, dataset).rows))
    visits = [str(visit) for visit in fit.sample.visits]
    found = conditional_mean(
        fit,
        rows,
        reference=reference_of(planned),
        strategy=used(planned, branch),
        event=EVENT,
        varying=analysis.varying,
        formula=formula_of(planned, visits) if analysis.varying else None,
        averaging=analysis.averaging,
        delta=delta_of((branch or analysis).deltas, visits),
        standard_error=analysis.standard_error,
        replicates=analysis.replicates,
        seed=analysis.seed,
    )
    return found if not without else found.warned(without)
