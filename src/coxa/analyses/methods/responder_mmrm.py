"""Responders by a mixed model for repeated measures of the score: how likely the threshold is reached in each arm."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pandas as pd

from coxa.analyses.methods.method import Method, Telling, Words, options_of
from coxa.analyses.methods.mmrm import MISSING, likelihood, likelihood_words
from coxa.analyses.model_rows import check_cells, rows_of_model
from coxa.analyses.rows import AnalysisRows
from coxa.errors import FitError
from coxa.estimates import (
    Estimates,
    bootstrap_participants,
    fit_proportions,
    responder_by_model,
    responders_in_subgroups,
)
from coxa.estimates.resampled import monte_carlo
from coxa.models import Fit, fit_ancova, fit_mmrm
from coxa.models.results.run import AnyFit
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.responder_mmrm import ResponderMMRM
from coxa.study.outcome import Responder
from coxa.study.wording import model_formula, proportion_of

COVARIATES = {
    "drawn": "as participants with other covariates might have been in the study",
    "given": "for just these covariates",
}


class ResponderMMRMMethod(Method):
    """One model of the score over the visits; from it each arm's probability of a response at each of them."""

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[Fit]:
        """Yield the model of the score, or of its change; with data of one visit it is an analysis of covariance.

        Raises
        ------
        FitError
            A strategy for an intercurrent event makes no responder of participants at any score.
        """
        analysis, rows = options_of(planned, ResponderMMRM), rows_of_model(planned, dataset)
        check_composite(planned)
        visits = list(rows["visit"].cat.categories)
        terms = model_formula(planned.study, planned.name, subgroup, visits).partition("~")[2].strip()
        formula = f"{modelled(planned)} ~ {terms}"
        if len(visits) == 1:
            yield fit_ancova(formula, rows, at_visit=visits[0])
            return
        check_cells(planned, rows)
        yield fit_mmrm(formula, rows, covariance=analysis.covariance, reml=analysis.reml, ddf=analysis.ddf)

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield at each visit the share observed in each arm, the model's probability, and what these differ by."""
        rows = rows_of_model(planned, dataset)
        for fit in fits:
            assert isinstance(fit, Fit)
            for visit in fit.sample.visits:
                here = rows[rows["visit"] == visit]
                found = fit_proportions(
                    here, planned.response, against=planned.against, conf_level=planned.analysis.conf_level
                )
                seen = found.only(term="risk").frame
                yield Estimates(seen[seen["arm"].isin(planned.arms)].assign(visit=str(visit)))
            yield by_model(planned, fit, rows)

    def in_subgroup(self, planned: PlannedAnalysis, fit: AnyFit, subgroup: str) -> Estimates:
        """Return the comparison of the estimand within the levels of a subgroup, and the test of the interaction."""
        assert isinstance(fit, Fit)
        return responders_in_subgroups(
            fit,
            subgroup,
            effect=planned.effect.term,
            compare=planned.compare,
            covariates=options_of(planned, ResponderMMRM).covariates,
            **by_model_options(planned),
        )

    def recorded_call(self, planned: PlannedAnalysis, fit: AnyFit) -> str:
        """Return the call that gives the model; with a bootstrap, the one that gives its draws and limits too."""
        plan = options_of(planned, ResponderMMRM)
        if plan.interval == "delta":
            return fit.spec.call()
        given = ", ".join(f"{name}={value!r}" for name, value in by_model_options(planned).items())
        return (
            f"bootstrap_participants({fit.spec.call()}, data, lambda fit: responder_by_model(fit, {given}), "
            f"replicates={plan.replicates}, seed={plan.seed})"
        )

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called."""
        analysis = options_of(planned, ResponderMMRM)
        samples = ("bootstrap",) if analysis.interval == "bootstrap" else ()
        return Words(
            title="Probabilities of a response by a mixed model for repeated measures of the score",
            missing=MISSING,
            whole=True,
            cites=(
                "mmrm",
                likelihood(reml=analysis.reml),
                *samples,
            ),
            ddf=analysis.ddf,
        )

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield the model of the score, and how probabilities were taken from it."""
        planned, analysis = telling.planned, options_of(telling.planned, ResponderMMRM)
        measure = "change from baseline in " if modelled(planned) == "change" else ""
        for formula in telling.formulas():
            yield (
                f"A mixed model for repeated measures of {measure}{planned.outcome_label}{telling.cite('mmrm')} was "
                f"fitted by {likelihood_words(telling, reml=analysis.reml)}. Fixed effects: {telling.terms(formula)}."
            )
        yield (
            f"Proportions {proportion_of(planned)} are the model's: each participant's probability of reaching the "
            f"threshold in each {planned.study.words.arm}, by the normal distribution, averaged over all participants. "
            f"{limits_words(telling)} The probabilities hold as far as the score is normal given the model; the "
            "results compare them with the shares that were observed."
        )


def limits_words(telling: Telling) -> str:
    """Return how standard errors and limits were made, as sentences."""
    plan = options_of(telling.planned, ResponderMMRM)
    if plan.interval == "delta":
        return (
            "Their standard errors are by the delta method from coefficients and covariance together, "
            f"{COVARIATES[plan.covariates]}; limits of a proportion are on the logit scale, of ratios on the log "
            "scale, with quantiles of t."
        )
    of_error, of_limit = (f"{100 * share:.1f}%" for share in monte_carlo(plan.replicates, plan.conf_level))
    within = "; in subgroups they are by the delta method" if plan.subgroups else ""
    return (
        f"Standard errors, limits (percentiles) and p-values are of {plan.replicates:,} bootstrap samples of "
        f"participants{telling.cite('bootstrap')}, drawn within {telling.planned.study.words.arms} with replacement "
        f"(seed {plan.seed}), to each of which the model was fitted anew; the Monte Carlo error is {of_error} of a "
        f"standard error, and {of_limit} of one in a limit{within}."
    )


def rule_of(planned: PlannedAnalysis) -> Responder:
    """Return when a participant is a responder."""
    rule = getattr(planned.outcome, "response", None)
    assert isinstance(rule, Responder)
    return rule


def modelled(planned: PlannedAnalysis) -> str:
    """Return the column that the model is of: the value where a value is to be reached, else its change."""
    return "value" if rule_of(planned).measure == "value" else "change"


def check_composite(planned: PlannedAnalysis) -> None:
    """Raise FitError where an intercurrent event makes participants no responders, which the score does not say."""
    composite = [name for name, how in planned.estimand.intercurrent_events.items() if how.strategy == "composite"]
    if composite:
        raise FitError(
            f"{composite[0]} has the strategy composite: no participant is a responder after it, at any score, and a "
            "model of the score does not know that",
            ["Use model proportions or logistic for this estimand.", "Choose another strategy for the event."],
        )


def by_model_options(planned: PlannedAnalysis) -> dict[str, Any]:
    """Return the options of `responder_by_model` and `compare_responders` that a plan gives."""
    rule = rule_of(planned)
    return {
        "threshold": rule.at_least,
        "higher_is_better": planned.scale.higher_is_better,
        "measure": rule.measure,
        "response": modelled(planned),
        "against": planned.against,
        "conf_level": planned.analysis.conf_level,
    }


def by_model(planned: PlannedAnalysis, fit: Fit, rows: pd.DataFrame) -> Estimates:
    """Return the model's numbers as a report has them: arms as adjusted numbers, and the comparisons of the plan."""
    options = {"covariates": options_of(planned, ResponderMMRM).covariates, **by_model_options(planned)}
    frame = with_interval(planned, fit, rows, lambda one: responder_by_model(one, **options)).frame
    arms = frame["term"] == "risk"
    keep = frame["arm"].isin(planned.arms) & (arms | frame["arm"].isin(planned.compare))
    named = frame.assign(term=frame["term"].mask(arms, "marginal_mean"))
    return Estimates(named[keep].reset_index(drop=True))


def with_interval(
    planned: PlannedAnalysis, fit: Fit, rows: pd.DataFrame, estimate: Callable[[Fit], Estimates]
) -> Estimates:
    """Return estimates with the limits of the plan: their own, or those of participants drawn with replacement."""
    plan = options_of(planned, ResponderMMRM)
    if plan.interval == "delta":
        return estimate(fit)
    found = bootstrap_participants(fit, rows, estimate, replicates=plan.replicates, seed=plan.seed)
    return found.estimates(plan.conf_level)


METHOD = ResponderMMRMMethod()
