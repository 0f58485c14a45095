"""Which methods a plan asks for, or a report ran, in the order in which the methods are described."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from coxa.analyses.methods import Words, method_of
from coxa.analyses.model_rows import has_covariates
from coxa.models.results.run import AnyFit
from coxa.report.references.bibliography import Entry, of_instrument, of_method
from coxa.study import Study
from coxa.study.analysis import Analysis
from coxa.study.comparative import ComparativeStudy
from coxa.study.important import responder_rules
from coxa.study.target_trial import in_one_population, target_trial_of
from coxa.study.transport import transport_of

Fits = Mapping[str, tuple[AnyFit, ...]]


def methods_used(study: ComparativeStudy, fits: Fits | None = None) -> tuple[str, ...]:
    """Return the words of the methods of a plan, each once.

    Parameters
    ----------
    study
        The plan.
    fits
        Analysis -> its models, of a report: then it is what ran, else what the plan may run (all of a ladder).

    Returns
    -------
    tuple of str
        Words of `coxa.report.references.bibliography.methods`, in the order of the methods section.
    """
    words = ["estimands", *((study.allocation.scheme,) if study.allocation else ())]
    for planned in study.planned_analyses:
        plan, name = planned.analysis, planned.name
        ran = None if fits is None else fits.get(name, ())
        planned = study.planned(name)
        adjusts = has_covariates(planned, ran)
        words += _analysis(plan, method_of(plan).words(planned, ran), ran, adjusts=adjusts)
    return tuple(dict.fromkeys([*words, *descriptions_used(study)]))


def descriptions_used(study: ComparativeStudy) -> tuple[str, ...]:
    """Return the words of what is described beside the analyses: differences at baseline, responders, harms."""
    counted = any(responder_rules(name, outcome, study.report) for name, outcome in study.outcomes.items())
    asked = {
        "standardised-differences": study.compares_baseline,
        "number-needed": counted and study.words.allocates,
        "transport": transport_of(study) is not None,
        "e-value": target_trial_of(study) is not None,
        "largest-difference": any(in_one_population(planned) for planned in study.planned_analyses),
        "rates": study.data is not None and "adverse_events" in study.data.tables,
    }
    return tuple(word for word, yes in asked.items() if yes)


def _analysis(plan: Analysis, model: Words, fits: tuple[AnyFit, ...] | None, *, adjusts: bool) -> Iterator[str]:
    """Yield what an analysis cites: its model, then what it has of what models may have."""
    yield from model.cites
    yield from ("random-effects",) if plan.option("random") and plan.factors else ()
    if model.whole and (ladder := plan.option("covariance")):
        yield from ladder if fits is None else (fit.structure for fit in fits)
    yield from _options(plan, "vcov")
    if model.ddf:
        yield from (model.ddf,) if fits is None else (fit.ddf for fit in fits)
    if adjusts:
        yield from _options(plan, "averaging")
    yield from (word for word in plan.courses if word in plan.option("contrasts", ()))
    yield from (margin.type for margin in _options(plan, "margin"))
    yield from ("hedges-g",) if plan.option("standardised_effect") else ()
    yield from ("spline",) if plan.option("modifiers") else ()
    yield plan.multiplicity


def _options(plan: Analysis, name: str) -> tuple[Any, ...]:
    """Return an option, where the model has it and it is asked for."""
    value = plan.option(name)
    return () if value is None else (value,)


def instruments_used(study: Study) -> tuple[str, ...]:
    """Return the instruments of the outcomes, each once, in the plan's order."""
    return tuple(dict.fromkeys(outcome.instrument for outcome in study.outcomes.values() if outcome.instrument))


def cited(study: Study, fits: Fits | None = None) -> tuple[Entry, ...]:
    """Return the entries that a plan or a report cites: those of estimands, of instruments, and of methods in turn."""
    if not isinstance(study, ComparativeStudy):
        return tuple(entry for name in instruments_used(study) for entry in of_instrument(name))
    words = methods_used(study, fits)
    found = list(of_method(words[0]))
    found += [entry for name in instruments_used(study) for entry in of_instrument(name)]
    found += [entry for word in words[1:] for entry in of_method(word)]
    return tuple({entry.key: entry for entry in found}.values())


def marks(study: ComparativeStudy, fits: Fits, *words: str) -> str:
    """Return " [3]" or " [3,4]": the numbers of the entries of methods or instruments; empty where there is none.

    Examples
    --------
    >>> marks(study, fits, "kenward-roger")  # doctest: +SKIP
    ' [4]'
    """
    numbers = {entry.key: index for index, entry in enumerate(cited(study, fits), start=1)}
    named = instruments_used(study)
    entries = [entry for word in words for entry in (of_instrument(word) if word in named else of_method(word))]
    found = sorted({numbers[entry.key] for entry in entries})
    return f" [{','.join(map(str, found))}]" if found else ""
