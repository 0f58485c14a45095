"""How an analysis with imputed outcomes reads: what is imputed, how it is drawn, and how data sets are analysed."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.analyses.imputed.assumed import modelled
from coxa.analyses.imputed.sets import FIRST, steps_of
from coxa.analyses.methods.method import options_of
from coxa.sentences import mid_sentence
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.imputation import Imputation


def values_words(planned: PlannedAnalysis) -> str:
    """Return what is imputed: "change from baseline in HOOS pain"."""
    if planned.response != "responder":
        return planned.variable
    change = "change from baseline in " if modelled(planned) == "change" else ""
    return f"{change}{mid_sentence(planned.outcome_label)}"


def analysis_words(planned: PlannedAnalysis) -> str:
    """Return how completed outcomes are analysed, as the first words of a footnote."""
    if planned.kind == "binary":
        return "Logistic regression at each visit"
    if planned.kind == "ordered":
        return "Proportional odds (cumulative logit) model at each visit"
    if options_of(planned, Imputation).analyse == "mmrm":
        return "Mixed model for repeated measures"
    return "Analysis of covariance at each visit"


def draw_words(planned: PlannedAnalysis) -> Iterator[str]:
    """Yield where parameters are drawn from, what values are imputed, and how many data sets there are."""
    analysis, steps = options_of(planned, Imputation), steps_of(planned)
    if analysis.draws == "bootstrap":
        yield (
            "The parameters of each data set are restricted likelihood estimates of a bootstrap sample of participants "
            f"within {planned.study.words.arms}, taken as a draw of their posterior."
        )
    elif steps is not None or analysis.covariance[0] == "us":
        yield "The parameters of each data set were drawn from their posterior by Gibbs steps."
    else:
        yield "The parameters of each data set were drawn from their posterior by the Metropolis-Hastings algorithm."
    if steps is not None and steps.count == 2:
        yield "A yes or no was imputed from a normal variable behind it (multivariate probit model)."
    elif steps is not None and not steps.equal:
        yield (
            f"The {steps.count} levels were imputed from a normal variable behind them, with cut points drawn with the "
            "other parameters (multivariate ordered probit model)."
        )
    elif steps is not None:
        yield (
            f"Scores were imputed on their own steps, from {steps.low:g} to {steps.high:g} by {steps.step:g}, from a "
            "normal variable behind them with limits at the lowest and highest score."
        )
    if analysis.imputations is not None:
        yield f"{analysis.imputations:,} data sets were imputed."
        return
    yield (
        f"The number of imputed data sets was chosen after a first round of {FIRST}, so that the Monte Carlo errors of "
        f"estimates and of standard errors are below {analysis.monte_carlo_error:.0%} of the standard error."
    )
