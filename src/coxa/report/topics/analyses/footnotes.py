"""What a table of results says below itself: model, covariance, degrees of freedom, population, N, missing data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from coxa.analyses.methods import Words, method_of
from coxa.analyses.model_rows import has_covariates
from coxa.covariances import COVARIANCES
from coxa.derive.dataset import AnalysisDataset
from coxa.frames import among
from coxa.models import Fit
from coxa.models.results.run import AnyFit
from coxa.report.topics.analyses.adjusted import MARK, adjusted_note, unadjusted_note
from coxa.report.topics.analyses.variances import random_words
from coxa.report.topics.data.labels import with_labels
from coxa.report.topics.missing.reasons import silent_participants
from coxa.report.topics.participants.baseline import TOTAL
from coxa.sentences import mid_sentence
from coxa.study.comparative import PlannedAnalysis
from coxa.study.design_words import EXCEPT
from coxa.study.events import EventOutcome
from coxa.study.words import DDF_NAMES
from coxa.tables.cells import Cell
from coxa.tables.formats import counted
from coxa.tables.prose import Prose, Text, in_sentence, joined, prose
from coxa.tables.records import records
from coxa.tables.table import Footnote

POPULATION = "Population"
"""How the sentence on an analysis set begins."""


def mean_words(planned: PlannedAnalysis, fits: Sequence[AnyFit] | None = None) -> str:
    """Return what the means of an analysis are called: adjusted for covariates, estimated over visits, or means."""
    if has_covariates(planned, fits):
        return "Adjusted mean"
    return words_that_ran(planned, fits).means


def words_that_ran(planned: PlannedAnalysis, fits: Sequence[AnyFit] | None = None) -> Words:
    """Return what an analysis is called, as it ran; as planned where there are no models."""
    return method_of(planned.analysis).words(planned, fits)


def analysis_footnotes(
    planned: PlannedAnalysis, fits: Sequence[AnyFit], rows: pd.DataFrame, dataset: AnalysisDataset | None = None
) -> list[Footnote]:
    """Return the notes of a table of one analysis: how it was made, in whom, and what its numbers warn of."""
    ran = words_that_ran(planned, fits)
    said: list[Text] = [f"{ran.title}.", *_model_words(planned, fits)]
    said.append(population_words(planned, dataset))
    if at_risk := at_risk_words(planned):
        said.append(at_risk)
    if ran.completed:
        said.append(prose("Analysed: all of them (observed: ", analysed_words(planned, fits, rows), ")."))
    else:
        analysed = analysed_words(planned, fits, rows)
        said.append(prose("Analysed: ", analysed, _not_analysed(planned, fits, dataset), "."))
    said.append(ran.missing)
    notes = [Footnote(joined(" ", said))]
    if adjusted := adjusted_note(planned, rows):
        notes.append(Footnote(adjusted, MARK))
    elif unadjusted := unadjusted_note(planned, rows):
        notes.append(Footnote(unadjusted))
    return notes


def at_risk_words(planned: PlannedAnalysis) -> str:
    """Say who is at risk of an event whose days are counted from another one; empty of any other outcome."""
    if not isinstance(planned.outcome, EventOutcome) or planned.outcome.after is None:
        return ""
    words, first = planned.study.words, mid_sentence(planned.study.label("outcomes", planned.outcome.after))
    chosen = (
        f" Who is at risk was decided after {words.start}, so that {words.arms} can differ in who is compared."
        if words.allocates
        else ""
    )
    return f"At risk: participants from their {first} on; those without it are not analysed.{chosen}"


def population_words(planned: PlannedAnalysis, dataset: AnalysisDataset | None = None) -> Prose:
    """Say who is in the analysis set, and how many of those who were randomised or included that is.

    Returns
    -------
    Prose
        "Population: all randomised participants, as allocated (N = 189, none excluded)."
    """
    words = planned.study.words
    population = f"{POPULATION}: {words.sets[planned.estimand.population]}"
    if dataset is None:
        return prose(f"{population}.")
    n = dataset.frame["participant_id"].nunique()
    left_out = dataset.disposition.left_out
    lost = left_out["table"].eq("participants") & left_out["reason"].ne(words.outside)
    everybody = counted(n + int(lost.sum()), "participants", "allocated", TOTAL)
    whole = prose(" of ", everybody, f" {words.started}") if lost.any() else prose()
    if not lost.any() and population.endswith(EXCEPT):
        population, whole = population.removesuffix(EXCEPT), prose(", none excluded")
    return prose(f"{population} (N = ", _count(planned, "analysis_set", n), whole, ").")


def analysed_words(planned: PlannedAnalysis, fits: Sequence[AnyFit], rows: pd.DataFrame) -> Prose:
    """Return how many participants were analysed: over all visits by one model, else at each visit.

    Parameters
    ----------
    planned
        The analysis, under whose name the counts are kept.
    fits
        Models of the analysis; none for proportions.
    rows
        Its estimates; the risks of a visit give the counts where there is no model.

    Returns
    -------
    Prose
        "59 participants, 214 values", or "53 participants at Week 6, 51 at Week 12".
    """
    if words_that_ran(planned, fits).whole:
        people = _count(planned, "analysed", len(_people(fits)))
        values = _count(planned, "analysed values", sum(fit.n_observations for fit in fits))
        return prose(people, " participants, ", values, " values")
    counts = {fit.sample.visits[0]: fit.n_participants for fit in fits}
    if not fits:
        risks = rows[rows["term"] == "risk"]
        counts = risks.groupby("visit", sort=False)["n_participants"].sum().astype(int).to_dict()
    each = [
        prose(
            _count(planned, "analysed", n, str(visit)),
            " at " if index else " participants at ",
            planned.study.label("visits", str(visit)),
        )
        for index, (visit, n) in enumerate(counts.items())
    ]
    return in_sentence(each) if each else prose("nobody")


def _not_analysed(planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisDataset | None) -> Prose:
    """Say how many participants of the set are in no model, and why; empty where all are, or no model was fitted."""
    if dataset is None or not fits:
        return prose()
    analysed = _people(fits)
    silent = silent_participants(dataset, planned.study)
    reasons = dict(zip(silent["participant_id"], silent["reason"], strict=True))
    for fit in fits:
        for record in records(fit.left_out):
            reasons.setdefault(record[fit.sample.participant_column], str(record["reason"]))
    everybody = dataset.frame["participant_id"].drop_duplicates()
    others = everybody[~among(everybody, analysed)]
    lost = pd.Series([reasons.get(person, "not used") for person in others], dtype=object)
    counts = lost.value_counts(sort=False).sort_index()
    words = [
        prose(_count(planned, f"not analysed: {reason}", n), ", ", Cell(with_labels(planned.study, str(reason))))
        for reason, n in counts.items()
    ]
    return prose(". Not analysed at any visit: ", joined("; ", words)) if words else prose()


def _count(planned: PlannedAnalysis, term: str, n: int, visit: str = "") -> Cell:
    return counted(n, planned.name, term, estimand=planned.estimand_name, visit=visit)


def _people(fits: Sequence[AnyFit]) -> pd.Series:
    """Return the participants of the models, each once."""
    each = [pd.Series(fit.sample.participant).drop_duplicates() for fit in fits]
    return pd.concat(each).drop_duplicates() if each else pd.Series(dtype=object)


def _model_words(planned: PlannedAnalysis, fits: Sequence[AnyFit]) -> Iterable[Text]:
    for formula in dict.fromkeys(fit.formula for fit in fits):
        yield f"Formula: {formula}."
    for fit in fits:
        if isinstance(fit, Fit):
            yield from random_words(planned, fit)
            yield from method_of(planned.analysis).random_words(planned, fit)
    repeated = words_that_ran(planned, fits).whole and planned.analysis.option("covariance")
    for structure, group in dict.fromkeys((fit.structure, fit.group) for fit in fits):
        each = f", for each {group} its own" if group else ""
        if repeated:
            yield f"Covariance over the visits: {covariance_name(structure)}{each}."
        elif group:
            yield f"Residual variance: for each {group} its own."
    for vcov in dict.fromkeys(fit.vcov for fit in fits if fit.vcov != "model"):
        yield f"Standard errors: {vcov} sandwich over participants."
    for ddf in dict.fromkeys(fit.ddf for fit in fits if words_that_ran(planned, fits).ddf):
        yield f"Degrees of freedom: {DDF_NAMES.get(ddf, ddf)}."


def covariance_name(structure: str) -> str:
    """Return the long name of a covariance structure."""
    known = COVARIANCES.get(structure)
    return known.long_name if known else structure


def warning_marks(rows: pd.DataFrame) -> dict[str, str]:
    """Return a letter for each different warning of the rows, in order."""
    said = dict.fromkeys(text for text in rows["warning"].fillna("").astype(str) if text)
    return {text: _letter(index) for index, text in enumerate(said)}


def _letter(index: int) -> str:
    """Return a, b, ... z, aa, ab."""
    head, last = divmod(index, 26)
    return (_letter(head - 1) if head else "") + "abcdefghijklmnopqrstuvwxyz"[last]
