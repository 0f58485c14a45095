"""Days of a diary that give back the outcomes that are taken of them, with whatever else the diary has."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from coxa.errors import OptionError
from coxa.simulate.from_plan.sources.base import Sourced
from coxa.simulate.from_plan.sources.windows import about, with_count, with_end, with_total
from coxa.simulate.from_plan.strategies import participant_ids
from coxa.simulate.seeds import generator
from coxa.study.diary import DIARY_SCALES
from coxa.study.outcome_sources.daily_diary import YES_OR_NO, DailyDiarySource

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

KEYS = ["participant_id", "diary_date"]


def diary_rows(trial: Sourced, held: pd.DataFrame) -> pd.DataFrame:
    """Return the diary, in which every window of a visit that took place is written and gives back what was drawn.

    Days that the diary has already are shifted, and what does not fit within the ends of the scale is shared among the
    other days of the window; days that it lacks are added. The window of a visit that did not take place has no value
    of the outcome.

    Raises
    ------
    OptionError
        Two outcomes are of one column, windows overlap, or an outcome is worked out from flares.
    """
    import pandas as pd

    sources = {name: cast(DailyDiarySource, source) for name, source in trial.outcomes("daily_diary").items()}
    _check(trial, sources)
    diary = held.set_index(KEYS) if len(held) else pd.DataFrame(index=pd.MultiIndex.from_arrays([[], []], names=KEYS))
    for name, source in sources.items():
        if source.take == "mean" and source.field in diary:
            diary = diary.assign(**{source.field: _shifted(trial, diary, name, source)})
        column = _column(trial, diary, name, source)
        diary = diary.reindex(diary.index.union(column.index[column.notna()], sort=True))
        mine = column.reindex(diary.index)
        given = diary.index.isin(column.index)
        old = diary[source.field].astype(float) if source.field in diary else mine
        diary = diary.assign(**{source.field: mine.where(given, old)})
    if "pain_next_morning" in held and all(one.field != "pain_next_morning" for one in sources.values()):
        diary = diary.assign(pain_next_morning=_morning_after(diary, held.set_index(KEYS)))
    return diary.reset_index()


def _check(trial: Sourced, sources: dict[str, DailyDiarySource]) -> None:
    taken: dict[str, str] = {}
    for name, source in sources.items():
        if source.field == "in_flare":
            raise OptionError(
                f"Outcome `{name}` is worked out from flares, which follow from the pain of many days. Assume flares "
                "under `assumptions: diary: flares`, and take the outcome out of `assumptions: outcomes`."
            )
        if source.field in taken:
            raise OptionError(
                f"Outcomes `{taken[source.field]}` and `{name}` are both of `{source.field}` in the diary, and would "
                "contradict each other. Simulate a plan with one of them."
            )
        taken[source.field] = name
        visits = trial.design.study.visits
        windows = sorted(source.days_at(visits[visit].day) for visit in trial.design.visits)
        if any(end >= start for (_, end), (start, _) in pairwise(windows)):
            raise OptionError(
                f"Windows of outcome `{name}` overlap, so that days belong to two visits. Shorten `days` of its source."
            )


def _morning_after(diary: pd.DataFrame, held: pd.DataFrame) -> pd.Series:
    """Return the pain of the next morning, moved by as much as that of its day was."""
    moved = diary["pain"].astype(float) - held["pain"].astype(float).reindex(diary.index)
    scale = DIARY_SCALES["pain_next_morning"]
    return (diary["pain_next_morning"].astype(float) + moved.fillna(0.0)).clip(scale.low, scale.high).round(1)


def _shifted(trial: Sourced, diary: pd.DataFrame, name: str, source: DailyDiarySource) -> pd.Series:
    """Return a column of the diary moved to the drawn means, evenly between the windows of two visits.

    Nothing jumps where a window begins or ends, so that flares stay what they are: days above the days about them.
    """
    drawn, design, k = trial.drawn, trial.design, trial.design.outcomes.index(name)
    ids = participant_ids(len(drawn.arm))
    windows = [source.days_at(design.study.visits[visit].day) for visit in design.visits]
    first, last = min(start for start, _ in windows), max(end for _, end in windows)
    t = last - first + 1
    person = np.repeat(np.arange(len(ids)), t)
    index = _index(trial, ids, person, np.tile(np.arange(first, last + 1), len(ids)))
    old = diary[source.field].reindex(index).to_numpy(dtype=float, na_value=np.nan).reshape(-1, t)
    offset = np.zeros_like(old)
    for row in range(len(ids)):
        at, by = [], []
        for m, (start, end) in enumerate(windows):
            days = old[row, start - first : end - first + 1]
            if drawn.present[row, m] and np.isfinite(days).any():
                at.append((start + end) / 2.0 - first)
                by.append(drawn.value[row, k, m] - np.nanmean(days))
        if at:
            offset[row] = np.interp(np.arange(t), at, by)
    scale = DIARY_SCALES[source.field]
    moved = np.clip(old + offset, scale.low, scale.high)
    moved = np.round(np.round(moved / scale.step) * scale.step, 6)
    values = diary[source.field].astype(float).copy()
    place = values.index.get_indexer(index)
    known = (place >= 0) & np.isfinite(moved.ravel())
    values.iloc[place[known]] = moved.ravel()[known]
    return values


def _index(trial: Sourced, ids: NDArray[np.str_], person: NDArray[np.intp], days: NDArray[np.int64]) -> pd.MultiIndex:
    """Return participants and dates of study days."""
    import pandas as pd

    return pd.MultiIndex.from_arrays([ids[person], trial.when(person, days.astype(float))], names=KEYS)


def _column(trial: Sourced, diary: pd.DataFrame, name: str, source: DailyDiarySource) -> pd.Series:
    """Return the values of a column on every day of every window; missing at visits that did not take place."""
    import pandas as pd

    drawn, design = trial.drawn, trial.design
    ids, k = participant_ids(len(drawn.arm)), design.outcomes.index(name)
    rng = generator(f"days of {name}", trial.seed)
    parts = []
    for m, visit in enumerate(design.visits):
        first, last = source.days_at(design.study.visits[visit].day)
        days = np.arange(first, last + 1)
        person = np.repeat(np.arange(len(ids)), len(days))
        index = _index(trial, ids, person, np.tile(days, len(ids)))
        there = drawn.present[:, m]
        target = np.where(there, drawn.value[:, k, m], 0.0)
        before = (
            diary[source.field].reindex(index).to_numpy(dtype=float, na_value=np.nan)
            if source.field in diary
            else np.full(len(index), np.nan)
        )
        made = _fitted(rng, target, before.reshape(len(ids), -1), source)
        parts.append(pd.Series(np.where(there[:, None], np.round(made, 6), np.nan).ravel(), index=index))
    return pd.concat(parts)


def _fitted(rng: np.random.Generator, target: Floats, before: Floats, source: DailyDiarySource) -> Floats:
    """Return (n, d) days from which the targets come out, near those that there are."""
    n_days = before.shape[1]
    if source.field in YES_OR_NO:
        low, high, step, within = 0.0, 1.0, 1.0, (1.0, 1.0)
        typical = np.full(len(target), 0.5)
    else:
        scale = DIARY_SCALES[source.field]
        low, high, step, within = scale.low, scale.high, scale.step, source.within or (scale.low, scale.high)
        typical = {"sum": target / n_days, "share": np.full(len(target), sum(within) / 2.0)}.get(source.take, target)
        typical = np.full(len(target), sum(within) / 2.0) if source.take == "days" else typical
    x = about(rng, typical, n_days, low, high)
    x = np.where(np.isfinite(before), before, x)
    match source.take:
        case "mean":
            return with_total(x, target * n_days, low, high, step)
        case "sum":
            return with_total(x, target, low, high, step)
        case "max" | "min":
            return with_end(x, target, low, high, step, top=source.take == "max")
        case "share":
            return with_count(x, target * n_days / 100.0, within, low, high, step)
        case _:
            return with_count(x, target, within, low, high, step)
