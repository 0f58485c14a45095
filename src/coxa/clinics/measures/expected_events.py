"""The probability of a rare event by the case mix of all clinics, as SQL over a row of episodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from coxa.clinics.measures.cell_terms import fit_terms, logit_sql, terms_of
from coxa.clinics.measures.cells import cells_of
from coxa.clinics.measures.rare_events import Event
from coxa.episodes.episodes import Episodes
from coxa.errors import FitError

FEWEST = 20
"""Events of all clinics below which the same is expected of every patient."""

LEAST = 1e-6
"""Probabilities are not nearer to 0 or 1, so that no patient decides a chart alone."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected of each patient.

    sql    : the probability of the event
    values : of parameters in it
    words  : how it was found
    """

    sql: str
    words: str
    values: Mapping[str, str] = field(default_factory=dict)


def expected_of(episodes: Episodes, event: Event, n: int, events: int) -> Expected:
    """Return the probability of an event by a logistic model of all clinics, or the share of all where there is none.

    Parameters
    ----------
    episodes
        The episodes.
    event
        Which event.
    n, events
        Of all clinics: those of whom it is known, and those with the event.
    """
    same = Expected(f"CAST({events / n!r} AS DOUBLE PRECISION)", "the same for every patient, the share of all")
    if events < FEWEST:
        return same
    terms = terms_of(episodes, episodes.plan.main, event.known, clinic=False, adjusters=True)
    found = cells_of(episodes, terms, {"events": event.happened}, event.known)
    try:
        fit, _ = fit_terms(found.frame, found.terms)
    except FitError:
        return same
    logit, values = logit_sql(fit, found.terms)
    chance = f"1.0 / (1.0 + EXP(-({logit})))"
    return Expected(f"GREATEST({LEAST!r}, LEAST({1 - LEAST!r}, {chance}))", "by the case mix of all clinics", values)
