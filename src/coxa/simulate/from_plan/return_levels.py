"""The status of the return to sport at each visit: from events, or from the outcome that was drawn.

Arrays: n participants, m visits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coxa.errors import OptionError
from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.endpoints import recorded_events
from coxa.study.events import EventOutcome
from coxa.study.outcome_sources.return_to_sport import ReturnSource
from coxa.study.words import NOT_RETURNED, RETURN_STATUSES

Floats = NDArray[np.float64]

TABLE = "return_to_sport"


def events_of_returns(design: TrialDesign) -> dict[str, EventOutcome]:
    """Return the events of the plan whose table is that of returns to sport."""
    return {name: event for name, event in design.study.events.items() if event.source.table == TABLE}


def place_of(event: EventOutcome) -> int:
    """Return the place of the status that the rows of an event have."""
    return RETURN_STATUSES.index(event.source.level or next(iter(event.source.where.get("status", ())), NOT_RETURNED))


def returns_drawn(design: TrialDesign) -> str | None:
    """Return the outcome of the return to sport that is drawn; None without one.

    Raises
    ------
    OptionError
        Two outcomes, or an outcome and an event, are assumed of it, so that they need not agree.
    """
    of = {name: design.study.outcomes[name].source for name in design.outcomes}
    drawn = [name for name, source in of.items() if isinstance(source, ReturnSource) and name not in design.follows]
    happen = [name for name in events_of_returns(design) if name in design.assumptions.happenings]
    if len(drawn) + bool(happen) > 1:
        raise OptionError(
            f"{', '.join([*drawn, *happen])} are all assumed of `return_to_sport`, and would contradict each other. "
            "Keep one outcome of it under `assumptions: outcomes`, or its events under `happenings` alone. "
            "What is not assumed follows."
        )
    return drawn[0] if drawn else None


def places_at_visits(design: TrialDesign, drawn: DrawnTrial, *, complete: bool = False) -> Floats:
    """Return (n, m) place of the status in the vocabulary at each visit, NaN where it is not known.

    It is written at visits that took place, unless an event of the same day has its row already. At the others it is
    that of the last event, if the participant was followed until then, as `coxa.derive.return_to_sport` has it.
    """
    name = returns_drawn(design)
    if name is not None:
        source = design.study.outcomes[name].source
        assert isinstance(source, ReturnSource)
        places = np.array([0, *(RETURN_STATUSES.index(status) for status in source.statuses)], dtype=float)
        level = (drawn.complete if complete else drawn.value)[:, design.outcomes.index(name)]
        there = np.isfinite(level)
        return np.where(there, places[np.where(there, level, 0.0).round().astype(int)], np.nan)
    if complete:
        return np.maximum(_last_place(design, drawn, drawn.day, complete=True)[0], 0.0)
    place, same_day = _last_place(design, drawn, drawn.day)
    dated, _ = _last_place(design, drawn, _dates_of_visits(design, drawn))
    by_events = np.where((dated >= 0) & (_end(design, drawn)[:, None] >= design.days), dated, np.nan)
    return np.where(drawn.present & ~same_day, np.maximum(place, 0.0), by_events)


def _last_place(
    design: TrialDesign, drawn: DrawnTrial, until: Floats, *, complete: bool = False
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return (n, m) the place of the last event up to some days, -1 without one, and whether it is on that day."""
    latest, place = np.full(until.shape, -np.inf), np.full(until.shape, -1.0)
    for name, event in events_of_returns(design).items():
        found, status = recorded_events(design, drawn, name, complete=complete), float(place_of(event))
        for m in range(until.shape[1]):
            day = np.full(found.n, -np.inf)
            by_then = found.day <= until[found.person, m]
            np.maximum.at(day, found.person[by_then], found.day[by_then])
            newer = np.isfinite(day) & ((day > latest[:, m]) | ((day == latest[:, m]) & (status > place[:, m])))
            latest[newer, m], place[newer, m] = day[newer], status
    return place, latest == until


def _dates_of_visits(design: TrialDesign, drawn: DrawnTrial) -> Floats:
    """Return (n, m) the days of visits as the data have them: of the assessment, else as planned."""
    return np.where(drawn.present & is_assessed(design), drawn.day, design.days)


def is_assessed(design: TrialDesign) -> bool:
    """Return whether some outcome is assessed at visits, so that the data have their days."""
    return any(design.study.outcomes[name].source is None for name in design.outcomes)


def _end(design: TrialDesign, drawn: DrawnTrial) -> Floats:
    """Return (n,) the last day on which something is known of a participant."""
    visits = np.where(drawn.present, np.maximum(drawn.day, design.days) if is_assessed(design) else drawn.day, -np.inf)
    end = np.where(np.isnan(drawn.left), visits.max(axis=1), drawn.left)
    last = np.where(drawn.present, drawn.day, -np.inf).max(axis=1)
    for name in events_of_returns(design):
        found = recorded_events(design, drawn, name)
        np.maximum.at(last, found.person, found.day)
    return np.maximum(end, last)
