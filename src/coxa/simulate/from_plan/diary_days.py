"""The days of a diary as arrays: as assumed, with the flares of events, and with the outcomes that were drawn of it.

What is written in the table, and what follows from it, are both read from here.
Arrays: n participants, m visits, t days, the first of them `first`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coxa.errors import OptionError
from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.diary import daily_course
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.flares import last_days, with_flares
from coxa.simulate.from_plan.windows import about, with_count, with_end, with_total
from coxa.simulate.seeds import generator
from coxa.study.diary import DIARY_SCALES, arms_with_diary, diary_of
from coxa.study.outcome_sources.daily_diary import YES_OR_NO, DailyDiarySource

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DiaryDays:
    """A diary: the study day of its first day, and column -> (n, t) its values, NaN where nothing is written."""

    first: int
    columns: dict[str, Floats]

    def window(self, column: str, first: int, last: int) -> Floats:
        """Return (n, d) the days from one study day to another, as far as the diary has them."""
        low = max(first - self.first, 0)
        return self.columns[column][:, low : max(last - self.first + 1, low)]


def drawn_sources(design: TrialDesign) -> dict[str, DailyDiarySource]:
    """Return outcome -> source of those of the diary that are drawn, and do not follow from it."""
    found = {}
    for name in design.outcomes:
        source = design.study.outcomes[name].source
        if isinstance(source, DailyDiarySource) and name not in design.follows:
            found[name] = source
    return found


def flare_event(design: TrialDesign) -> str | None:
    """Return the event of flares in the diary that is assumed to happen; None without one."""
    events = design.study.events
    return next((name for name in design.assumptions.happenings if events[name].source.flare), None)


def diary_days(design: TrialDesign, drawn: DrawnTrial, *, complete: bool = False) -> DiaryDays | None:
    """Return the diary of a drawn trial; None where the plan assumes nothing of it.

    Days that are assumed are shifted to the outcomes that were drawn, and what does not fit within the ends of the
    scale is shared among the other days of the window; days that are lacking are added. The window of a visit that
    did not take place has no value of the outcome.

    Parameters
    ----------
    design, drawn
        The trial.
    complete
        True: as if every day was written, every visit took place, and nobody left.

    Raises
    ------
    OptionError
        Two things are assumed of one column that need not agree, or windows of an outcome that is drawn overlap.
    """
    sources, plan, flare = drawn_sources(design), design.assumptions.diary, flare_event(design)
    if plan is None and not sources and flare is None:
        return None
    _check(design, sources, flare)
    first, last = _span(design, drawn, sources, complete=complete)
    n, t = len(drawn.arm), last - first + 1
    columns: dict[str, Floats] = {}
    if plan is not None:
        course = daily_course(design, drawn, plan)
        at = course.first - first
        for name, values in course.columns(complete=complete).items():
            columns[name] = np.full((n, t), np.nan)
            columns[name][:, at : at + values.shape[1]] = values
    if flare is not None:
        old = columns.get("pain", np.full((n, t), np.nan))
        columns["pain"] = with_flares(design, drawn, old, first, flare, complete=complete)
    before = columns.get("pain")
    for name, source in sources.items():
        columns[source.field] = _with_outcome(design, drawn, columns.get(source.field), first, t, name, complete)
    taken = {source.field for source in sources.values()}
    if "pain" in taken and "pain_next_morning" in columns and "pain_next_morning" not in taken and before is not None:
        scale, moved = DIARY_SCALES["pain_next_morning"], np.nan_to_num(columns["pain"] - before)
        morning = columns["pain_next_morning"] + moved
        columns["pain_next_morning"] = morning.clip(scale.low, scale.high).round(1)
    kept = keeps_diary(design, drawn)
    return DiaryDays(first, columns if kept.all() else {name: _of(kept, days) for name, days in columns.items()})


def keeps_diary(design: TrialDesign, drawn: DrawnTrial) -> NDArray[np.bool_]:
    """Return (n,) whether the arm of a participant keeps a diary by the plan."""
    arms = arms_with_diary(design.study.diary, design.arms)
    return np.isin(drawn.arm, [place for place, arm in enumerate(design.arms) if arm in arms])


def _of(kept: NDArray[np.bool_], days: Floats) -> Floats:
    return np.where(kept[:, None], days, np.nan)


def _span(
    design: TrialDesign, drawn: DrawnTrial, sources: dict[str, DailyDiarySource], *, complete: bool
) -> tuple[int, int]:
    """Return the first and the last study day of the diary."""
    plan, days = design.assumptions.diary, [design.study.visits[visit].day for visit in design.visits]
    ends = [source.days_at(day) for source in sources.values() for day in days]
    ends += [] if plan is None else [(plan.first_day, plan.last_day)]
    if flare_event(design) is not None:
        least = diary_of(design.study.diary).flares.reference_days + 1
        ends += [(1, max(least, max(days) if complete else int(last_days(design, drawn).max())))]
    return min(start for start, _ in ends), max(end for _, end in ends)


def _check(design: TrialDesign, sources: dict[str, DailyDiarySource], flare: str | None) -> None:
    taken: dict[str, str] = {}
    assumed = design.assumptions.diary
    if flare is not None and assumed is not None and assumed.flares is not None:
        raise OptionError(
            f"Flares are assumed twice: as the event `{flare}`, and under `assumptions: diary: flares`. Keep one."
        )
    for name, source in sources.items():
        field = source.field
        if field == "in_flare":
            raise OptionError(
                f"Outcome `{name}` is worked out from flares, which follow from the pain of many days. Assume flares "
                "under `assumptions: diary: flares`, and take the outcome out of `assumptions: outcomes`, so that it "
                "follows from the diary."
            )
        if field == "pain" and flare is not None:
            raise OptionError(
                f"Outcome `{name}` and event `{flare}` are both assumed of pain in the diary, and would contradict "
                "each other. Take one of them out of `assumptions`, so that it follows from the other."
            )
        if field in taken:
            raise OptionError(
                f"Outcomes `{taken[field]}` and `{name}` are both of `{field}` in the diary, and would contradict each "
                "other. Take one of them out of `assumptions: outcomes`, so that it follows from the days of the other."
            )
        taken[field] = name
        windows = sorted(source.days_at(design.study.visits[visit].day) for visit in design.visits)
        if any(end >= start for (_, end), (start, _) in pairwise(windows)):
            raise OptionError(
                f"Windows of outcome `{name}` overlap, so that days belong to two visits. Shorten `days` of its "
                f"source, or take it out of `assumptions: outcomes` and assume a diary with `{field}`, from which it "
                "follows."
            )


def _with_outcome(
    design: TrialDesign, drawn: DrawnTrial, old: Floats | None, first: int, t: int, name: str, complete: bool
) -> Floats:
    """Return (n, t) a column whose windows give back the drawn values of an outcome."""
    k, source = design.outcomes.index(name), drawn_sources(design)[name]
    value = drawn.complete[:, k] if complete else drawn.value[:, k]
    there = np.isfinite(value)
    windows = [source.days_at(design.study.visits[visit].day) for visit in design.visits]
    places = [(start - first, end - first + 1) for start, end in windows]
    made = np.full((len(drawn.arm), t), np.nan) if old is None else old.copy()
    if old is not None and source.take == "mean":
        made = _shifted(made, value, places, source)
    rng = generator(f"days of {name}", drawn.seed)
    for m, (low, high) in enumerate(places):
        target = np.where(there[:, m], value[:, m], 0.0)
        days = _fitted(rng, target, made[:, low:high], source)
        made[:, low:high] = np.where(there[:, m, None], np.round(days, 6), np.nan)
    return made


def _shifted(old: Floats, value: Floats, places: list[tuple[int, int]], source: DailyDiarySource) -> Floats:
    """Return a column of the diary moved to the drawn means, evenly between the windows of two visits.

    Nothing jumps where a window begins or ends, so that flares stay what they are: days above the days about them.
    """
    begin, stop = min(low for low, _ in places), max(high for _, high in places)
    offset, scale = np.zeros_like(old), DIARY_SCALES[source.field]
    centre = np.array([(low + high - 1) / 2.0 for low, high in places])
    known = [np.isfinite(old[:, low:high]) for low, high in places]
    days = np.stack([there.sum(axis=1) for there in known], axis=1)
    total = np.stack([np.nansum(old[:, low:high], axis=1) for low, high in places], axis=1)
    by = value - total / np.maximum(days, 1)
    usable = np.isfinite(value) & (days > 0)
    for seen in np.unique(usable, axis=0):  # those with the same visits are shifted together
        if seen.any():
            mine = (usable == seen).all(axis=1)
            offset[mine, begin:stop] = between(
                np.arange(begin, stop, dtype=np.float64), centre[seen], by[mine][:, seen]
            )
    moved = np.clip(old + offset, scale.low, scale.high)
    moved = np.round(np.round(moved / scale.step) * scale.step, 6)
    outside = np.ones(old.shape[1], dtype=bool)
    outside[begin:stop] = False
    return np.asarray(np.where(outside, old, moved))


def between(x: NDArray[Any], at: Floats, values: Floats) -> Floats:
    """Return (n, x) the values (n, k) at increasing points (k,), on straight lines between them: `np.interp` by row."""
    if len(at) == 1:
        return np.repeat(values, len(x), axis=1)
    left = np.clip(np.searchsorted(at, x, side="right") - 1, 0, len(at) - 2)
    slope = np.diff(values, axis=1) / np.diff(at)
    lines = slope[:, left] * (x - at[left]) + values[:, left]
    return np.where(x <= at[0], values[:, :1], np.where(x >= at[-1], values[:, -1:], lines))


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
