"""The methods in words, generated from the plan and from the models that were fitted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

from coxa.analyses.methods import Telling, method_of
from coxa.analyses.model_rows import has_covariates
from coxa.instruments import load_instrument
from coxa.models import Fit
from coxa.models.design.formula import split_random
from coxa.models.results.run import AnyFit
from coxa.report.record import ReportRecord
from coxa.report.references.cited import Fits, cited, instruments_used, marks
from coxa.report.references.styles import vancouver
from coxa.report.topics.analyses.adjusted import family_words
from coxa.report.topics.analyses.footnotes import covariance_name, population_words, words_that_ran
from coxa.report.topics.analyses.modifiers import modifier_words
from coxa.report.topics.analyses.sentences import not_fitted_words, parts_not_fitted_words
from coxa.report.topics.analyses.variances import random_words
from coxa.sentences import join_words, mid_sentence
from coxa.study.analysis import Analysis
from coxa.study.comparative import ComparativeStudy, PlannedAnalysis
from coxa.study.margin import margin_words
from coxa.study.models.imputation import AFTER, SINCE
from coxa.study.models.lmm import DAY
from coxa.study.plan import Study
from coxa.study.scales import scale_name
from coxa.study.words import DDF_NAMES, SIMULTANEOUS
from coxa.tables.prose import Prose, Text, joined, prose

WEIGHTS = {
    "equal": "Adjusted means give equal weight to the levels of factors, with numbers at their mean",
    "proportional": "Adjusted means weight the levels of factors by their frequency, with numbers at their mean",
    "counterfactual": "Adjusted means are averaged over the covariates of the analysed participants (g-computation)",
}

MARGINS = {
    "noninferiority": "Non-inferiority",
    "superiority": "Superiority",
    "equivalence": "Equivalence (two one-sided tests)",
}


def general_methods(report: ReportRecord) -> str:
    """Say what holds for all analyses: estimands, reference arm, time, level."""
    study = report.study
    ran = report.fits
    levels = join_words([f"{100 * level:g}%" for level in sorted({a.conf_level for a in study.analyses.values()})])
    start = study.baseline_visit
    return (
        f"Estimands follow ICH E9(R1){marks(study, ran, 'estimands')}. "
        f"{_instruments(study, ran)}"
        f"{_reference(study)}"
        f"The baseline visit is {study.label('visits', start)} (day {study.visits[start].day}). "
        f"Tests are two-sided, confidence intervals are {levels}. Numbers are rounded for display only."
    )


def _reference(study: ComparativeStudy) -> str:
    """Say which arm is the reference; a sequence of treatments is none."""
    if study.received_in_periods is not None:
        return ""
    return f"The reference {study.words.arm} is {study.label('arms', study.reference_arm)}. "


def _instruments(study: ComparativeStudy, ran: Fits) -> str:
    named = [f"{load_instrument(name).label}{marks(study, ran, name)}" for name in instruments_used(study)]
    doubtful = unconfirmed_scoring(study)
    caution = f"Scoring that was not confirmed in a source: {'; '.join(doubtful)}. " if doubtful else ""
    return f"Instruments: {'; '.join(named)}. {caution}" if named else ""


def unconfirmed_scoring(study: Study) -> tuple[str, ...]:
    """Return which scales and missing-item rules of a plan's outcomes were not confirmed in a source, in words."""
    found: dict[str, None] = {}
    for name, outcome in study.outcomes.items():
        if outcome.instrument is None:
            continue
        instrument, scale = load_instrument(outcome.instrument), scale_name(outcome)
        if not instrument.scales[scale].confirmed:
            found[f"items of {study.label('outcomes', name)} ({instrument.scales[scale].note})"] = None
        rule = instrument.missing_rules[instrument.choose_rule(outcome.rule)]
        if not rule.confirmed or scale in rule.unconfirmed_scales:
            found[f"missing items of {instrument.label} ({rule.label})"] = None
    return tuple(found)


def analysis_methods(report: ReportRecord, planned: PlannedAnalysis) -> Prose:
    """Say how one analysis was done: model, terms, covariance, df, weights, population, missing data."""
    if planned.name in report.not_fitted:
        return prose(not_fitted_words(report, planned))
    return joined(" ", method_sentences(report, planned))


def method_sentences(report: ReportRecord, planned: PlannedAnalysis) -> list[Text]:
    """Return the sentences on how an analysis was done that has run."""
    study, plan, name = report.study, planned.analysis, planned.name
    said = [*_model(report, planned), population_words(planned, report.datasets.get(plan.estimand))]
    said.append(words_that_ran(planned, report.fits.get(name)).missing)
    if plan.multiplicity != "none":
        family = family_words(planned, planned.asked(report.estimates.frame, planned.effect.term))
        limits = "" if plan.multiplicity in SIMULTANEOUS else "; confidence limits were not"
        cite = marks(study, report.fits, plan.multiplicity)
        said.append(f"P-values were adjusted for multiplicity{cite} {family}{limits}.")
    return [*said, *parts_not_fitted_words(report, planned)]


def _model(report: ReportRecord, planned: PlannedAnalysis) -> Iterator[Text]:
    """Yield how an analysis was done: in the words of its kind of model, then what models may have."""
    study, plan, name = report.study, planned.analysis, planned.name
    fits = report.fits.get(name, ())
    cite = partial(marks, study, report.fits)
    yield from method_of(plan).sentences(Telling(planned, fits, cite, partial(formula_words, study)))
    for fit in fits:
        if isinstance(fit, Fit):
            for index, said in enumerate(random_words(planned, fit)):
                yield said if index else _marked(said, cite("random-effects"))
            yield from method_of(plan).random_words(planned, fit)
        if plan.option("covariance") and words_that_ran(planned, fits).whole:
            yield from _covariance(plan, fit, cite(fit.structure))
    errors = (
        plan.option("vcov", "model") if plan.option("covariance") else "model"
    )  # an ANCOVA has them in its sentence
    if fits and errors != "model":
        yield f"Standard errors are a sandwich over participants ({errors}){cite(errors)}."
    with_df = fits if words_that_ran(planned, fits).ddf else ()
    for ddf, information in dict.fromkeys((fit.ddf, fit.random.information if fit.random else "") for fit in with_df):
        from_which = f", from the {information} information" if information else ""
        yield f"Degrees of freedom: {DDF_NAMES.get(ddf, ddf)}{from_which}{cite(ddf)}."
    weights = plan.option("averaging")
    if fits and weights and planned.of_means and has_covariates(planned, fits):
        yield f"{WEIGHTS[weights]}{cite(weights)}."
    yield from _further(planned, cite)


def _marked(said: Prose, mark: str) -> Prose:
    """Return a sentence with a mark before its full stop."""
    *pieces, last = said.pieces
    return prose(*pieces, f"{last.removesuffix('.')}{mark}.") if isinstance(last, str) else prose(said, mark)


def _further(planned: PlannedAnalysis, cite: Callable[..., str]) -> Iterator[str]:
    """Say what was compared beyond each visit, and how errors were kept in check."""
    study, plan = planned.study, planned.analysis
    for word in plan.courses:
        mark = cite(word) if word in plan.option("contrasts", ()) else ""
        yield f"{study.words.say(method_of(plan).courses[word])}{mark}."
    if (margin := plan.option("margin")) is not None:
        against = f"a margin of {margin_words(planned)}"
        yield f"{MARGINS[margin.type]} was tested against {against}{cite(margin.type)}."
        if not planned.of_means:
            yield "It is shown where the limits at one less twice the one-sided level leave out the margin."
        if plan.multiplicity != "none":
            limits = "p-values and limits" if plan.multiplicity in SIMULTANEOUS else "p-values, not the limits,"
            yield f"The {limits} of these tests were adjusted in the same way, as a family of their own."
    if plan.option("standardised_effect"):
        yield (
            f"Differences are also given as Hedges g{cite('hedges-g')}: over the model's standard deviation at the "
            "visit, given its terms, with limits by the noncentral t distribution of the difference's own test."
        )
    if subgroups := plan.option("subgroups"):
        names = ", ".join(mid_sentence(study.label("covariates", name)) for name in subgroups)
        if method_of(plan).separate_subgroups:
            yield (
                f"Within the levels of subgroups ({names}) the comparison was made separately; whether it differs "
                "between levels was tested by the differences of these estimates and their variances (chi-square)."
            )
        else:
            yield f"Subgroups ({names}) were compared in one joint model each, with a test of the interaction."
        if (scale := plan.option("shrink_subgroups")) is not None:
            yield (
                "Differences in subgroups are also given after shrinkage towards their mean: effects are normal "
                f"between subgroups, with a standard deviation that has a half-normal prior of scale {scale:g} "
                f"{planned.unit}."
            )
    if modifiers := plan.option("modifiers"):
        names = ", ".join(modifier_words(planned, name) for name in modifiers)
        yield (
            f"The difference was estimated over {names}: in one model each, with a restricted cubic spline of 3 knots"
            f"{cite('spline')} and its interaction with the {study.words.arm}, and a band that holds for all values "
            "together."
        )
    if study.design == "factorial":
        yield "Main effects of the two factors average over the other; their interaction was estimated."


def _covariance(plan: Analysis, fit: AnyFit, cited: str) -> Iterator[str]:
    """Say the covariance used, and what of a declared ladder could not be fitted."""
    ladder = [covariance_name(word) for word in plan.option("covariance")]
    text = f"The covariance of a participant's values over the visits was {covariance_name(fit.structure)}{cited}"
    if len(ladder) > 1:
        text += f" (declared, in this order: {', '.join(ladder)})"
    yield f"{text}."
    if failed := failed_attempts(fit):
        yield f"Tried before and left: {'; '.join(failed)}."


def failed_attempts(fit: AnyFit) -> list[str]:
    """Return what was tried before the covariance used, and why it was left."""
    failed = (attempt for attempt in fit.attempts if attempt.failure)
    return list(
        dict.fromkeys(f"{covariance_name(each.structure)} from {each.start}: {each.failure}" for each in failed)
    )


RETRIEVED = {SINCE: "days since the intercurrent event", AFTER: "intercurrent event before the visit"}
"""Columns that imputation models of retrieved outcomes have -> words."""


def formula_words(study: ComparativeStudy, formula: str) -> str:
    """Return the fixed effects of a formula in words.

    Examples
    --------
    >>> formula_words(study, "change ~ arm * visit + baseline * visit + site")  # doctest: +SKIP
    'arm, visit, arm by visit, baseline value, baseline value by visit and site'
    """
    words: list[str] = []
    for term in split_random(formula)[0].partition("~")[2].split("+"):
        names = [_variable(study, name) for name in re.split(r"\s*[*:]\s*", term.strip())]
        parts = [" by ".join(names)] if ":" in term or len(names) == 1 else [*names, " by ".join(names)]
        words += parts
    return join_words(list(dict.fromkeys(words)))


def _variable(study: ComparativeStudy, name: str) -> str:
    if name == "baseline":
        return "baseline value"
    if name == DAY:
        return "time"
    if name == "arm":
        return study.compared_words.arm
    if name in RETRIEVED:
        return RETRIEVED[name]
    return mid_sentence(study.label("covariates", name)) if name in study.covariates else name


def software(report: ReportRecord) -> str:
    """Name the software and its versions."""
    versions = dict(report.run.versions)
    coxa = versions.pop("coxa", "")
    others = ", ".join(f"{name} {number}" for name, number in versions.items())
    return f"Software: coxa {coxa}" + (f", with {others}." if others else ".")


def references(report: ReportRecord) -> list[str]:
    """Return the references of what ran, in the order of their numbers: estimands, instruments, methods."""
    return [vancouver(entry) for entry in cited(report.study, report.fits)]
