"""A model of numbers of events at each visit, with their exposure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from coxa.analyses.clusters import ROBUST, observed_shares, robust_over
from coxa.analyses.generalised import adjusted_rows, each_visit, of_glm, over_clusters, rows_at
from coxa.analyses.methods.method import Method, Telling, Together, Words, options_of
from coxa.analyses.model_rows import has_covariates
from coxa.analyses.regression import Regression, is_plain
from coxa.analyses.rows import AnalysisRows
from coxa.errors import NonConvergenceError
from coxa.estimates import Estimates, effects_in_subgroups, fit_rates, model_rates
from coxa.estimates.rates_by_model import rate_rows
from coxa.models import GLMFit, fit_glm, fit_zero_inflated
from coxa.models.design.matrix import Design
from coxa.models.glm.fit import fitted_design
from coxa.models.glm.inflated_rates import rates_of_all
from coxa.models.glm.spec import GLMSpec
from coxa.models.glm.zero_inflated import NoShareError, ZeroInflatedFit, rises_with_dispersion
from coxa.models.results.record import RESULT_COLUMNS
from coxa.models.results.run import AnyFit
from coxa.sentences import mid_sentence
from coxa.study.comparative import PlannedAnalysis
from coxa.study.events import EventOutcome
from coxa.study.models.counts import CountModel
from coxa.study.wording import model_formula

NAMES = {
    "negative_binomial": "negative binomial regression",
    "quasi-poisson": "quasi-Poisson regression",
    "poisson": "Poisson regression",
    "zero_inflated_poisson": "zero-inflated Poisson regression",
    "zero_inflated_negative_binomial": "zero-inflated negative binomial regression",
}
"""Family -> what its model is called inside a sentence."""

SPREAD = {
    "negative_binomial": "the dispersion estimated by maximum likelihood",
    "quasi-poisson": "errors multiplied by the root of Pearson's statistic over its degrees of freedom",
    "poisson": "",
    "zero_inflated_poisson": "",
    "zero_inflated_negative_binomial": "the dispersion estimated by maximum likelihood",
}
INFLATION = "zero_inflated_"
SHARE_OF_ALL = (
    "A share of the participants, the same for all and estimated with the coefficients, can have no event; rates and "
    "their ratio are of all participants. Where the likelihood was highest without such a share, the model was fitted "
    "without it."
)
NO_DISPERSION = (
    "the counts of those who can have an event are not more variable than Poisson's: the dispersion is 0, its lowest "
    "value, and the fit is that of family 'zero_inflated_poisson'"
)
NO_SHARE = (
    "no share of participants who can have no event: the likelihood is highest without one, and the fit is that of "
    "family '{family}'"
)
AVERAGED = {
    "counterfactual": "averages over all participants, as if all had been in the {arm}",
    "equal": "at the mean of covariates, with equal weight of the levels of factors",
    "proportional": "at the mean of covariates, levels of factors weighted by their number",
}


def exposure_of(planned: PlannedAnalysis) -> dict[str, str]:
    """Return the option of the exposure, where the outcome has one."""
    has = isinstance(planned.outcome, EventOutcome) or bool(getattr(planned.outcome, "exposure", None))
    return {"exposure": "exposure"} if has else {}


def per_of(planned: PlannedAnalysis) -> float:
    """Return the units of exposure that rates are given for."""
    return float(planned.outcome.per_days) if isinstance(planned.outcome, EventOutcome) else 1.0


def model_options(planned: PlannedAnalysis) -> dict[str, Any]:
    """Return the options of `coxa.models.fit_glm` of an analysis."""
    analysis = options_of(planned, CountModel)
    options: dict[str, Any] = {"family": analysis.family, "vcov": analysis.vcov, **exposure_of(planned)}
    if analysis.cluster is not None:
        return options | robust_over(analysis)
    if analysis.family == "negative_binomial":
        options["information"] = analysis.information
    return options


def rates_options(planned: PlannedAnalysis) -> dict[str, Any]:
    """Return how the rates of an analysis are averaged, as options of `coxa.estimates.model_rates`."""
    analysis = options_of(planned, CountModel)
    shared = {"against": planned.against, "per": per_of(planned), "conf_level": analysis.conf_level}
    return {**shared, "averaging": analysis.averaging}


def fit_inflated(formula: str, data: pd.DataFrame, *, family: str, **options: Any) -> GLMFit:
    """Fit a zero-inflated model of the rate of all; without share or dispersion where the likelihood is highest so.

    Raises
    ------
    FitError
        There is no maximum, neither inside nor where one of them is 0.
    """
    base: Any = family.removeprefix(INFLATION)
    try:
        found = rates_of_all(_maximum(formula, data, base, **options))
        at_poisson = (NO_DISPERSION,) if found.family != family else ()
        return replace(found, warnings=(*found.warnings, *at_poisson))
    except NoShareError:
        fit = fit_glm(formula, data, family=base, **options)
        return replace(fit, warnings=(*fit.warnings, NO_SHARE.format(family=base)))


def _maximum(formula: str, data: pd.DataFrame, family: Any, **options: Any) -> ZeroInflatedFit:
    """Return the zero-inflated model; Poisson's where the likelihood of the negative binomial one is highest there."""
    try:
        return fit_zero_inflated(formula, data, family=family, **options)
    except NonConvergenceError:
        if family == "poisson":
            raise
        poisson = fit_zero_inflated(formula, data, family="poisson", **options)
        if rises_with_dispersion(poisson):
            raise
        return poisson


class CountsMethod(Method):
    """Log-linear regression of counts, and from it each arm's rate."""

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[AnyFit]:
        """Yield the model of each visit."""
        analysis = options_of(planned, CountModel)
        if analysis.family.startswith(INFLATION):
            given = {"family": analysis.family, **exposure_of(planned)}
            yield from each_visit(planned, dataset, subgroup, by=fit_inflated, **given)
            return
        yield from each_visit(planned, dataset, subgroup, **model_options(planned))

    def together(self, planned: PlannedAnalysis) -> Together | None:
        """Return that the designs of many trials are made together, unless rates are at means of covariates."""
        analysis = options_of(planned, CountModel)
        alone = not analysis.family.startswith(INFLATION) and analysis.averaging == "counterfactual"
        return "regression" if alone and is_plain(planned) else None

    def regression(self, planned: PlannedAnalysis) -> Regression:
        """Return the model of a visit, and from it the adjusted rates."""
        spec = GLMSpec(formula=model_formula(planned.study, planned.name), **model_options(planned))
        exposure, averaged = exposure_of(planned).get("exposure"), rates_options(planned)

        def exposed(rows: pd.DataFrame) -> pd.DataFrame:
            unexposed = None if exposure is None else rows[exposure] <= 0
            return rows if unexposed is None or not unexposed.any() else rows[~unexposed]

        def numbers(design: Design, rows: pd.DataFrame) -> list[dict[str, Any]]:
            times = None if exposure is None else rows[exposure].to_numpy(dtype=float)[design.complete]
            return rate_rows(fitted_design(spec, design, times), **averaged)

        return Regression(spec.formula, () if exposure is None else (exposure,), exposed, numbers)

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield the rates observed and adjusted, their ratio and difference, at each visit."""
        for fit in fits:
            visit = str(fit.sample.visits[0])
            seen = self.observed(planned, rows_at(planned, dataset, visit), fit, visit)
            yield observed_shares(planned.analysis, seen)
            yield from self.compared(planned, [fit], dataset)

    def compared(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield the adjusted rates, their ratio and difference."""
        for fit in fits:
            visit = str(fit.sample.visits[0])
            found = model_rates(of_glm(fit), **rates_options(planned))
            people = found.frame.assign(n_participants=found.frame["n_observations"])
            yield adjusted_rows(planned, Estimates(people), visit)

    def observed(self, planned: PlannedAnalysis, rows: pd.DataFrame, fit: AnyFit, visit: str) -> Estimates:
        """Return the events of each arm over its exposure, of the participants in the model."""
        used = rows[rows["participant_id"].isin(fit.sample.participant)]
        used = used.assign(exposure=used["exposure"] if exposure_of(planned) else 1.0)
        found = fit_rates(
            used, planned.response, "exposure", per=per_of(planned), conf_level=planned.analysis.conf_level
        ).only(term="rate")
        counts = used["arm"].astype(str).value_counts()
        in_order = [arm for arm in planned.study.arm_order if arm in planned.arms]
        frame = found.frame.set_index("arm").loc[in_order].reset_index()[list(RESULT_COLUMNS)]
        return Estimates(frame.assign(visit=visit, n_participants=frame["arm"].map(counts).astype("Int64")))

    def in_subgroup(self, planned: PlannedAnalysis, fit: AnyFit, subgroup: str) -> Estimates:
        """Return the comparison of the estimand within the levels of a subgroup, and the test of the interaction."""
        return effects_in_subgroups(
            of_glm(fit),
            subgroup,
            planned.effect.term,
            against=planned.against,
            compare=planned.compare,
            visit=fit.sample.visits[0],
            per=per_of(planned),
            conf_level=planned.analysis.conf_level,
        )

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called."""
        analysis = options_of(planned, CountModel)
        name = NAMES[analysis.family]
        robust: tuple[str, ...] = () if analysis.vcov == "model" else (analysis.vcov,)
        robust = ("KC", ROBUST) if analysis.cluster else robust
        return Words(title=f"{name[:1].upper()}{name[1:]} at each visit", cites=(analysis.family, *robust), ddf=None)

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield the model of each visit, its variance, and what its rates are."""
        planned, analysis = telling.planned, options_of(telling.planned, CountModel)
        cite = telling.cite(analysis.family)
        errors = (
            f", with {analysis.vcov} standard errors{telling.cite(analysis.vcov)}" if analysis.vcov != "model" else ""
        )
        spread = f", {SPREAD[analysis.family]}" if SPREAD[analysis.family] else ""
        exposed = ", the logarithm of the exposure as an offset" if exposure_of(planned) else ""
        for formula in telling.formulas():
            yield (
                f"The number of events of {mid_sentence(planned.outcome_label)} was analysed by "
                f"{NAMES[analysis.family]}{cite} at each visit{exposed}{spread}{errors}; "
                f"terms: {telling.terms(formula)}."
            )
        if analysis.family.startswith(INFLATION):
            yield SHARE_OF_ALL
        delta = "" if analysis.cluster else "; errors are by the delta method"
        if analysis.cluster:
            yield f"Rates, their ratios and differences {over_clusters(telling, analysis.cluster)}."
        if has_covariates(planned, telling.fits):
            averaged = AVERAGED[analysis.averaging].format(arm=planned.study.words.arm)
            yield f"Adjusted rates are {averaged}{telling.cite(analysis.averaging)}{delta}."
        else:
            yield f"The rate of each arm is that of the model without covariates{delta}."


METHOD = CountsMethod()
