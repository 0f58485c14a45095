"""Which outcomes of a plan follow from rows that are simulated anyway: those of which nothing is assumed."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from coxa.study.assumptions.trial import Assumptions
from coxa.study.comparative import ComparativeStudy
from coxa.study.outcome_sources import FromTable
from coxa.study.outcome_sources.clinical_measures import ClinicalMeasureSource
from coxa.study.outcome_sources.daily_diary import DailyDiarySource
from coxa.study.outcome_sources.goals import GoalSource

COURSE = ("pain", "pain_next_morning", "training_minutes", "perceived_exertion", "training_load")
"""Columns that every assumed diary has."""

RATED = {"mean_rating": "rating", "attainment": "attainment"}
"""What is taken of goals -> the column that it is taken of; what is met is in `achieved`."""

SIDES = {"symmetry": (("affected", "other"),), "mean": (("left", "right"), ("affected", "other"))}
"""What is taken of two sides -> the pairs of sides that give it."""


def outcomes_that_follow(study: ComparativeStudy, part: Assumptions) -> tuple[str, ...]:
    """Return the outcomes that follow from rows of their table, as those of conditions do.

    An outcome follows where nothing is assumed of it under `outcomes`, and its rows come from an assumption of their
    own (a diary, an exercise log, sessions, events) or are made for another outcome. Of several outcomes of the same
    rows of which nothing is assumed the first is drawn, and the others follow from it.
    """
    known: set[Hashable] = set(_assumed(study, part))
    sources = {name: outcome.source for name, outcome in study.outcomes.items() if outcome.source is not None}
    free = [name for name in sources if name not in part.outcomes]
    for name in sources:
        if name in part.outcomes:
            known.add(made_of(sources[name]))
    found = []
    for name in sorted(free, key=lambda name: _rank(sources[name])):
        if any(set(needed) <= known for needed in needs(sources[name])):
            found.append(name)
        else:
            known.add(made_of(sources[name]))
    return tuple(name for name in study.outcomes if name in found)


def _rank(source: FromTable) -> int:
    """Return 1 for what is put together from other outcomes, which are drawn first."""
    if isinstance(source, GoalSource):
        return int(source.term is None)
    return int(isinstance(source, ClinicalMeasureSource) and source.counted in SIDES)


def _assumed(study: ComparativeStudy, part: Assumptions) -> Iterator[Hashable]:
    """Yield what the rows of a plan's assumptions have, and its events."""
    if part.diary is not None:
        yield from (("daily_diary", field) for field in (*COURSE, *part.diary.columns))
    if part.exercise_log is not None:
        yield ("exercise_log",)
    if part.sessions is not None:
        yield ("treatment_sessions",)
    for name in part.happenings:
        source = study.events[name].source
        if source.flare:
            yield ("daily_diary", "pain")
        if source.table == "return_to_sport":
            yield ("return_to_sport",)


def made_of(source: FromTable) -> Hashable:
    """Return what the rows that are made for an outcome have."""
    match source:
        case DailyDiarySource():
            return source.table, source.field
        case GoalSource():
            return source.table, RATED.get(source.take, "achieved"), source.term
        case ClinicalMeasureSource():
            return source.table, source.measure, source.position, source.counted
        case _:
            return (source.table,)


def needs(source: FromTable) -> list[tuple[Hashable, ...]]:
    """Return the sets of rows of which any one gives an outcome."""
    match source:
        case DailyDiarySource():
            return [((source.table, "pain" if source.field == "in_flare" else source.field),)]
        case GoalSource():
            column = RATED.get(source.take, "achieved")
            terms = (source.term,) if source.term else (None, "short", "long")
            return [((source.table, column, term),) for term in terms]
        case ClinicalMeasureSource():
            pairs = SIDES.get(source.counted, ())
            return [tuple((source.table, source.measure, source.position, side) for side in pair) for pair in pairs]
        case _:
            return [((source.table,),)] if source.table in FOLLOWING else []


FOLLOWING = ("exercise_log", "return_to_sport", "treatment_sessions")
"""Tables of whose rows every outcome follows, where they are assumed."""
