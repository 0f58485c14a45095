"""Outcomes of which nothing is assumed, worked out from the rows that are simulated: one function per table.

They are the rules of `coxa.derive.sources`, on arrays; tests hold the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.diary_days import drawn_sources, keeps_diary
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.event_outcomes import FlaresOfDays
from coxa.simulate.from_plan.following.daily_diary import (
    WithFlares,
    diary_of_trial,
    flares_follow,
    flares_of_days,
    values_of_days,
)
from coxa.simulate.from_plan.following.other_tables import (
    values_of_goals,
    values_of_log,
    values_of_returns,
    values_of_sessions,
    values_of_sides,
)
from coxa.study.outcome_sources import FromTable
from coxa.study.outcome_sources.daily_diary import DailyDiarySource

Floats = NDArray[np.float64]

BY_TABLE: dict[str, Callable[..., Floats]] = {
    "clinical_measures": values_of_sides,
    "exercise_log": values_of_log,
    "goals": values_of_goals,
    "return_to_sport": values_of_returns,
    "treatment_sessions": values_of_sessions,
}
"""Table -> what works out (n, m) values of an outcome; the diary is worked out for all of its outcomes together."""


def follows_from_days(design: TrialDesign) -> bool:
    """Return whether an outcome or an event of the plan follows from the days of a diary."""
    sources = [design.study.outcomes[name].source for name in design.follows]
    return flares_follow(design) or any(isinstance(source, DailyDiarySource) for source in sources)


def with_followed(design: TrialDesign, drawn: DrawnTrial, *, everything: bool = False) -> DrawnTrial:
    """Return a drawn trial with the values of the outcomes that follow, and with the flares of its diary.

    With `everything` what is recorded is complete: nobody leaves, and every day is written.
    """
    drawn = _where_kept(design, drawn)
    flares = flares_follow(design)
    if not design.follows and not flares:
        return drawn
    every = {name: design.study.outcomes[name].source for name in design.follows}
    sources = {name: source for name, source in every.items() if source is not None}
    if everything:
        value, diary = _values(design, drawn, sources, complete=True)
        return replace(drawn, value=value, complete=value, flares=_flares(flares, diary, diary))
    value, recorded = _values(design, drawn, sources, complete=False)
    whole, all_days = _values(design, drawn, sources, complete=True)
    return replace(drawn, value=value, complete=whole, flares=_flares(flares, recorded, all_days))


def _where_kept(design: TrialDesign, drawn: DrawnTrial) -> DrawnTrial:
    """Return a trial without the outcomes of the diary, where they are drawn, in arms that keep none."""
    of_diary = [design.outcomes.index(name) for name in drawn_sources(design)]
    kept = keeps_diary(design, drawn)
    if not of_diary or kept.all():
        return drawn
    value, complete = drawn.value.copy(), drawn.complete.copy()
    for values in (value, complete):
        for k in of_diary:
            values[~kept, k] = np.nan
    return replace(drawn, value=value, complete=complete)


def _values(
    design: TrialDesign, drawn: DrawnTrial, sources: Mapping[str, FromTable], *, complete: bool
) -> tuple[Floats, WithFlares | None]:
    """Return (n, k, m) values with those of the outcomes that follow, and the diary where something follows from it."""
    diary = diary_of_trial(design, drawn, complete=complete) if follows_from_days(design) else None
    values = (drawn.complete if complete else drawn.value).copy()
    for name, source in sources.items():
        k = design.outcomes.index(name)
        if isinstance(source, DailyDiarySource):
            assert diary is not None
            values[:, k] = values_of_days(design, diary[0], source)
        else:
            values[:, k] = BY_TABLE[source.table](design, drawn, source, complete=complete)
    return values, diary


def _flares(wanted: bool, recorded: WithFlares | None, complete: WithFlares | None) -> FlaresOfDays | None:
    return flares_of_days(recorded, complete) if wanted and recorded and complete else None
