"""What a table of results says below itself: model, covariance, degrees of freedom, population, N, missing data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from coxa.models import Fit
from coxa.study import Study
from coxa.study.words import COVARIANCE_NAMES, DDF_NAMES, SET_NAMES
from coxa.tables.table import Footnote

MODEL_NAMES = {
    "mmrm": "Mixed model for repeated measures",
    "ancova": "Analysis of covariance at each visit",
    "proportions": "Proportions, not adjusted",
}


def analysis_footnotes(study: Study, analysis: str, fits: Sequence[Fit], rows: pd.DataFrame) -> list[Footnote]:
    """Return the notes of a table of one analysis: how it was made, in whom, and what its numbers warn of."""
    plan = study.analyses[analysis]
    population = study.estimands[plan.estimand].population
    said = [f"{MODEL_NAMES[plan.model]}.", *_model_words(fits), f"Population: {SET_NAMES[population]}"]
    said[-1] += f" ({counted(fits, rows)})."
    said.append(missing_words(plan.model, plan.missing_response))
    if plan.multiplicity != "none":
        said.append(f"P-values adjusted for multiplicity as declared ({plan.multiplicity.capitalize()}).")
    return [Footnote(" ".join(said))]


def counted(fits: Sequence[Fit], rows: pd.DataFrame) -> str:
    """Return how many participants and values were analysed."""
    if fits:
        people = len({person for fit in fits for person in fit.sample.participant})
        values = sum(fit.n_observations for fit in fits)
        return f"N = {people} participants, {values} values"
    by_visit = rows[rows["term"] == "risk"].groupby("visit", sort=False)["n_participants"].sum()
    return f"N = {int(by_visit.max()) if len(by_visit) else 0} participants"


def _model_words(fits: Sequence[Fit]) -> Iterable[str]:
    for formula in dict.fromkeys(fit.formula for fit in fits):
        yield f"Formula: {formula}."
    for structure, group in dict.fromkeys((fit.structure, fit.group) for fit in fits if fit.model == "mmrm"):
        each = f", for each {group} its own" if group else ""
        yield f"Covariance over the visits: {covariance_name(structure)}{each}."
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
