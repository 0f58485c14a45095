"""The methods in words, generated from the plan and from the models that were fitted."""

from __future__ import annotations

import re
from collections.abc import Iterator

from coxa.models import Fit
from coxa.models.random_terms import split_random
from coxa.report.record import Report
from coxa.report.sentences import asked_rows
from coxa.study import Study
from coxa.study.analysis import Analysis
from coxa.study.scales import outcome_scale
from coxa.study.wording import MEASURE_WORDS, join_words, responder_words
from coxa.study.words import DDF_NAMES, SET_NAMES, SIMULTANEOUS
from coxa.tables.adjusted import family_words
from coxa.tables.footnotes import covariance_name, missing_words
from coxa.tables.phrases import mid_sentence
from coxa.tables.prose import Prose, Text, joined
from coxa.tables.responders import responses
from coxa.tables.variances import random_words

REFERENCES = {
    "minimisation": "Pocock SJ, Simon R. Biometrics 1975;31:103-115.",
    "estimands": "ICH E9(R1). Addendum on estimands and sensitivity analysis in clinical trials. 2019.",
    "mmrm": "Mallinckrodt CH, et al. Drug Information Journal 2008;42:303-319.",
    "kenward-roger": "Kenward MG, Roger JH. Biometrics 1997;53:983-997.",
    "satterthwaite": "Satterthwaite FE. Biometrics Bulletin 1946;2:110-114.",
    "HC3": "MacKinnon JG, White H. Journal of Econometrics 1985;29:305-325.",
    "proportions": "Newcombe RG. Statistics in Medicine 1998;17:873-890.",
    "holm": "Holm S. Scandinavian Journal of Statistics 1979;6:65-70.",
    "hochberg": "Hochberg Y. Biometrika 1988;75:800-802.",
    "dunnett": "Dunnett CW. Journal of the American Statistical Association 1955;50:1096-1121.",
    "tukey": "Kramer CY. Biometrics 1956;12:307-310.",
    "number-needed": "Altman DG. BMJ 1998;317:1309-1312.",
    "standardised-numbers": "Austin PC. Statistics in Medicine 2009;28:3083-3107.",
    "standardised-categories": "Yang D, Dalton JE. SAS Global Forum 2012, paper 335.",
    "CR2": "Pustejovsky JE, Tipton E. Journal of Business & Economic Statistics 2018;36:672-683.",
    "equivalence": "Schuirmann DJ. Journal of Pharmacokinetics and Biopharmaceutics 1987;15:657-680.",
}
"""What each method goes back to; only those that ran are cited."""


WEIGHTS = {
    "equal": "Adjusted means give equal weight to the levels of factors, with numbers at their mean.",
    "proportional": "Adjusted means weight the levels of factors by their frequency, with numbers at their mean.",
    "counterfactual": "Adjusted means are averaged over the covariates of the analysed participants (g-computation).",
}

COURSES = {
    "average": "The average over the visits was compared between arms, with equal weight for each visit.",
    "slope": "The least-squares slope of the means over planned time was compared between arms.",
    "auc": "The area under the course of the means, by trapezoids, was compared between arms.",
}

MARGINS = {
    "noninferiority": "Non-inferiority",
    "superiority": "Superiority",
    "equivalence": "Equivalence (two one-sided tests)",
}


def general_methods(report: Report) -> str:
    """Say what holds for all analyses: estimands, reference arm, time, level."""
    study = report.study
    levels = join_words([f"{100 * level:g}%" for level in sorted({a.conf_level for a in study.analyses.values()})])
    start = study.baseline_visit
    return (
        f"Estimands follow ICH E9(R1). The reference arm is {study.label('arms', study.reference_arm)}. "
        f"The baseline visit is {study.label('visits', start)} (day {study.visits[start].day}). "
        f"Tests are two-sided, confidence intervals are {levels}. Numbers are rounded for display only."
    )


def analysis_methods(report: Report, name: str) -> Prose:
    """Say how one analysis was done: model, terms, covariance, df, weights, population, missing data."""
    study = report.study
    plan = study.analyses[name]
    population = study.estimands[plan.estimand].population
    said = [*_model(report, name), f"Population: {SET_NAMES[population]}."]
    said.append(missing_words(plan.model, plan.missing_response))
    if plan.multiplicity != "none":
        family = family_words(study, name, asked_rows(report, name))
        limits = "" if plan.multiplicity in SIMULTANEOUS else "; confidence limits were not"
        said.append(f"P-values were adjusted for multiplicity {family}{limits}.")
    return joined(" ", said)


def _model(report: Report, name: str) -> Iterator[Text]:
    study, plan, fits = report.study, report.study.analyses[name], report.fits.get(name, ())
    endpoint = study.estimands[plan.estimand].endpoint
    outcome = study.label("outcomes", endpoint.outcome)
    if plan.model == "proportions":
        yield (
            f"Proportions of responders ({responder_words(study, endpoint.outcome)}) were compared without "
            "adjustment; intervals of differences are Newcombe's hybrid score intervals."
        )
        return
    response = MEASURE_WORDS[endpoint.measure].format(outcome=outcome)
    for formula in dict.fromkeys(fit.formula for fit in fits):
        terms = formula_words(study, formula)
        if plan.model == "mmrm":
            yield (
                f"A mixed model for repeated measures of {response} was fitted by "
                f"{'restricted ' if plan.estimation == 'reml' else ''}maximum likelihood. Fixed effects: {terms}."
            )
        else:
            robust = " with HC3 standard errors" if plan.robust else ""
            yield f"An analysis of covariance of {response} was fitted at each visit{robust}; terms: {terms}."
    for fit in fits:
        if fit.model == "mmrm":
            yield from random_words(study, name, fit)
            yield from _covariance(plan, fit)
    for ddf, information in dict.fromkeys((fit.ddf, fit.random.information if fit.random else "") for fit in fits):
        from_which = f", from the {information} information" if information else ""
        yield f"Degrees of freedom: {DDF_NAMES.get(ddf, ddf)}{from_which}."
    if any(fit.design.levels for fit in fits):
        yield WEIGHTS[plan.weights]
    yield from _further(study, plan)


def _further(study: Study, plan: Analysis) -> Iterator[str]:
    """Say what was compared beyond each visit, and how errors were kept in check."""
    for word in plan.contrasts:
        if word in COURSES:
            yield COURSES[word]
    if plan.margin is not None:
        unit = outcome_scale(study.outcomes[study.estimands[plan.estimand].endpoint.outcome]).unit
        yield f"{MARGINS[plan.margin.type]} was tested against a margin of {plan.margin.value:g} {unit}."
    if plan.subgroups:
        names = ", ".join(study.label("covariates", name).lower() for name in plan.subgroups)
        yield f"Subgroups ({names}) were compared in one joint model each, with a test of the interaction."
    if study.design == "factorial":
        yield "Main effects of the two factors average over the other; their interaction was estimated."


def _covariance(plan: Analysis, fit: Fit) -> Iterator[str]:
    """Say the covariance used, and what of a declared ladder could not be fitted."""
    ladder = [covariance_name(word) for word in plan.covariance]
    text = f"The covariance of a participant's values over the visits was {covariance_name(fit.structure)}"
    if len(ladder) > 1:
        text += f" (declared, in this order: {', '.join(ladder)})"
    yield f"{text}."
    if failed := failed_attempts(fit):
        yield f"Tried before and left: {'; '.join(failed)}."


def failed_attempts(fit: Fit) -> list[str]:
    """Return what was tried before the covariance used, and why it was left."""
    failed = (attempt for attempt in fit.attempts if attempt.failure)
    return list(
        dict.fromkeys(f"{covariance_name(each.structure)} from {each.start}: {each.failure}" for each in failed)
    )


def formula_words(study: Study, formula: str) -> str:
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


def _variable(study: Study, name: str) -> str:
    if name == "baseline":
        return "baseline value"
    return mid_sentence(study.label("covariates", name)) if name in study.covariates else name


def software(report: Report) -> str:
    """Name the software and its versions."""
    versions = dict(report.run.versions)
    coxa = versions.pop("coxa", "")
    others = ", ".join(f"{name} {number}" for name, number in versions.items())
    return f"Software: coxa {coxa}" + (f", with {others}." if others else ".")


def references(report: Report) -> list[str]:
    """Return the references of the methods that ran, in the order in which they are described."""
    scheme = report.study.randomisation.scheme if report.study.randomisation else ""
    used = ["estimands", scheme]
    for name, plan in report.study.analyses.items():
        used.append(plan.model)
        used += [word for fit in report.fits.get(name, ()) for word in (fit.ddf.removesuffix("-linear"), fit.vcov)]
        used += [plan.robust or "", plan.multiplicity, plan.margin.type if plan.margin else ""]
    if report.study.report.standardised_differences:
        used += ["standardised-numbers", "standardised-categories"]
    if responses(report.study, report.datasets):
        used += ["proportions", "number-needed"]
    return [REFERENCES[key] for key in dict.fromkeys(used) if key in REFERENCES]
