"""What a table of results says below itself: model, covariance, degrees of freedom, population, N, missing data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from coxa.derive.dataset import AnalysisDataset
from coxa.models import Fit
from coxa.report.topics.analyses.adjusted import MARK, adjusted_note
from coxa.report.topics.analyses.variances import random_words
from coxa.report.topics.missing.reasons import silent_participants
from coxa.report.topics.participants.baseline import TOTAL
from coxa.study import Study
from coxa.study.design_words import words_of
from coxa.study.words import COVARIANCE_NAMES, DDF_NAMES
from coxa.tables.cells import Cell
from coxa.tables.formats import counted
from coxa.tables.prose import Prose, Text, in_sentence, joined, prose
from coxa.tables.records import records
from coxa.tables.table import Footnote

MODEL_NAMES = {
    "mmrm": "Mixed model for repeated measures",
    "ancova": "Analysis of covariance at each visit",
    "proportions": "Proportions, not adjusted",
    "one_visit": "Analysis of covariance of one visit",
    "mixed_one_visit": "Linear mixed model of one visit",
    "means": "Comparison of means at each visit, without covariates",
    "means_one_visit": "Comparison of means at one visit, without covariates",
}

NOT_COVARIATES = frozenset(("arm", "visit"))
"""Variables of a formula that are what is compared, and when."""


def has_covariates(study: Study, analysis: str, fits: Sequence[Fit] | None = None) -> bool:
    """Return whether the models of an analysis, or its plan where there are none, adjust for anything."""
    if not fits:
        return bool(study.analyses[analysis].adjust)
    return any(set(fit.design.formula.variables) - NOT_COVARIATES for fit in fits)


def mean_words(study: Study, analysis: str, fits: Sequence[Fit] | None = None) -> str:
    """Return what the means of an analysis are called: adjusted for covariates, estimated over visits, or means."""
    if has_covariates(study, analysis, fits):
        return "Adjusted mean"
    return "Estimated mean" if model_that_ran(study, analysis, fits) in ("mmrm", "mixed_one_visit") else "Mean"


def model_that_ran(study: Study, analysis: str, fits: Sequence[Fit] | None = None) -> str:
    """Return which of `MODEL_NAMES` an analysis is: as planned, unless its repeated measures have one visit only.

    Parameters
    ----------
    study, analysis
        The plan and the name of the analysis.
    fits
        Its models; without them, or where there are none, the visits are those of the plan.
    """
    plan = study.analyses[analysis]
    visits = fits[0].sample.visits if fits else study.model_visits(analysis)
    adjusts = has_covariates(study, analysis, fits)
    if plan.model == "ancova":
        return "ancova" if adjusts else "means"
    if plan.model != "mmrm" or len(visits) > 1:
        return plan.model
    if plan.random:
        return "mixed_one_visit"
    return "one_visit" if adjusts else "means_one_visit"


def analysis_footnotes(
    study: Study, analysis: str, fits: Sequence[Fit], rows: pd.DataFrame, dataset: AnalysisDataset | None = None
) -> list[Footnote]:
    """Return the notes of a table of one analysis: how it was made, in whom, and what its numbers warn of."""
    plan = study.analyses[analysis]
    ran = model_that_ran(study, analysis, fits)
    said: list[Text] = [f"{MODEL_NAMES[ran]}.", *_model_words(study, analysis, fits)]
    said.append(population_words(study, analysis, dataset))
    analysed = analysed_words(study, analysis, fits, rows)
    said.append(prose("Analysed: ", analysed, _not_analysed(study, analysis, fits, dataset), "."))
    said.append(missing_words(ran, plan.missing_response))
    notes = [Footnote(joined(" ", said))]
    if adjusted := adjusted_note(study, analysis, rows):
        notes.append(Footnote(adjusted, MARK))
    return notes


def population_words(study: Study, analysis: str, dataset: AnalysisDataset | None = None) -> Prose:
    """Say who is in the analysis set, and how many of those who were randomised or included that is.

    Returns
    -------
    Prose
        "Population: all randomised participants who were not excluded afterwards, ... (N = 234 of 254 randomised)."
    """
    words = words_of(study)
    population = f"Population: {words.sets[study.estimands[study.analyses[analysis].estimand].population]}"
    if dataset is None:
        return prose(f"{population}.")
    n = dataset.frame["participant_id"].nunique()
    left_out = dataset.disposition.left_out
    lost = left_out["table"].eq("participants") & left_out["reason"].ne(words.outside)
    everybody = counted(n + int(lost.sum()), "participants", "allocated", TOTAL)
    whole = prose(" of ", everybody, f" {words.started}") if lost.any() else prose()
    return prose(f"{population} (N = ", _count(study, analysis, "analysis_set", n), whole, ").")


def analysed_words(study: Study, analysis: str, fits: Sequence[Fit], rows: pd.DataFrame) -> Prose:
    """Return how many participants were analysed: over all visits by one model, else at each visit.

    Parameters
    ----------
    study
        The plan, for labels.
    analysis
        Its name, under which the counts are kept.
    fits
        Models of the analysis; none for proportions.
    rows
        Its estimates; the risks of a visit give the counts where there is no model.

    Returns
    -------
    Prose
        "59 participants, 214 values", or "53 participants at Week 6, 51 at Week 12".
    """
    if model_that_ran(study, analysis, fits) == "mmrm":
        people = _count(study, analysis, "analysed", len(_people(fits)))
        values = _count(study, analysis, "analysed values", sum(fit.n_observations for fit in fits))
        return prose(people, " participants, ", values, " values")
    counts = {fit.sample.visits[0]: fit.n_participants for fit in fits}
    if not fits:
        risks = rows[rows["term"] == "risk"]
        counts = risks.groupby("visit", sort=False)["n_participants"].sum().astype(int).to_dict()
    each = [
        prose(
            _count(study, analysis, "analysed", n, str(visit)),
            " at " if index else " participants at ",
            study.label("visits", str(visit)),
        )
        for index, (visit, n) in enumerate(counts.items())
    ]
    return in_sentence(each) if each else prose("nobody")


def _not_analysed(study: Study, analysis: str, fits: Sequence[Fit], dataset: AnalysisDataset | None) -> Prose:
    """Say how many participants of the set are in no model, and why; empty where all are, or no model was fitted."""
    if dataset is None or not fits:
        return prose()
    analysed = _people(fits)
    silent = silent_participants(study, dataset)
    reasons = dict(zip(silent["participant_id"], silent["reason"], strict=True))
    for fit in fits:
        for record in records(fit.left_out):
            reasons.setdefault(record[fit.sample.participant_column], str(record["reason"]))
    everybody = dataset.frame["participant_id"].unique()
    lost = pd.Series([reasons.get(person, "not used") for person in everybody if person not in analysed], dtype=object)
    counts = lost.value_counts(sort=False).sort_index()
    words = [
        prose(_count(study, analysis, f"not analysed: {reason}", n), ", ", Cell(str(reason)))
        for reason, n in counts.items()
    ]
    return prose(". Not analysed at any visit: ", joined("; ", words)) if words else prose()


def _count(study: Study, analysis: str, term: str, n: int, visit: str = "") -> Cell:
    return counted(n, analysis, term, estimand=study.analyses[analysis].estimand, visit=visit)


def _people(fits: Sequence[Fit]) -> set[object]:
    return {person for fit in fits for person in fit.sample.participant}


def _model_words(study: Study, analysis: str, fits: Sequence[Fit]) -> Iterable[Text]:
    for formula in dict.fromkeys(fit.formula for fit in fits):
        yield f"Formula: {formula}."
    for fit in fits:
        yield from random_words(study, analysis, fit)
    repeated = model_that_ran(study, analysis, fits) == "mmrm"
    for structure, group in dict.fromkeys((fit.structure, fit.group) for fit in fits if fit.model == "mmrm"):
        each = f", for each {group} its own" if group else ""
        if repeated:
            yield f"Covariance over the visits: {covariance_name(structure)}{each}."
        elif group:
            yield f"Residual variance: for each {group} its own."
    for vcov in dict.fromkeys(fit.vcov for fit in fits if fit.vcov != "model"):
        yield f"Standard errors: {vcov} sandwich over participants."
    for ddf in dict.fromkeys(fit.ddf for fit in fits):
        yield f"Degrees of freedom: {DDF_NAMES.get(ddf, ddf)}."


def covariance_name(structure: str) -> str:
    """Return the long name of a covariance structure."""
    return COVARIANCE_NAMES.get(structure, structure)


def missing_words(model: str, missing_response: str) -> str:
    """Say what became of missing outcomes."""
    if model == "mmrm":
        return "Missing outcomes: none imputed; missing at random given what is in the model."
    if model == "proportions" and missing_response == "non_responder":
        return "Missing outcomes: counted as no response."
    return "Missing outcomes: left out, nothing imputed."


def warning_marks(rows: pd.DataFrame) -> dict[str, str]:
    """Return a letter for each different warning of the rows, in order."""
    said = dict.fromkeys(text for text in rows["warning"].fillna("").astype(str) if text)
    return {text: _letter(index) for index, text in enumerate(said)}


def _letter(index: int) -> str:
    """Return a, b, ... z, aa, ab."""
    head, last = divmod(index, 26)
    return (_letter(head - 1) if head else "") + "abcdefghijklmnopqrstuvwxyz"[last]
