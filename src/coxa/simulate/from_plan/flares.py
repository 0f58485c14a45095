"""Pain in the diary from which the flares that were drawn as events of the plan are found again, and no others.

Arrays: n participants, t days, day 1 first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coxa.errors import OptionError
from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.endpoints import end_of_observation, recorded_events
from coxa.simulate.from_plan.event_outcomes import flare_length
from coxa.simulate.from_plan.strategies import participant_ids
from coxa.simulate.from_plan.tables import Calendar
from coxa.simulate.seeds import generator
from coxa.study.diary import FlareDefinition, diary_of
from coxa.study.outcome_sources.daily_diary import DailyDiarySource

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

KEYS = ["participant_id", "diary_date"]
LEVEL, LEVEL_SD, DAY_SD = 4.0, 1.2, 0.6
"""Pain of participants and of their days, where the plan assumes no diary."""

MISSED = 0.05
"""Share of days not written, of those that no flare needs."""

SMALL = 1e-6


def flare_diary(
    design: TrialDesign, drawn: DrawnTrial, when: Calendar, held: pd.DataFrame, name: str, seed: int
) -> pd.DataFrame:
    """Return the diary with pain that has exactly the flares that were recorded as an event.

    Parameters
    ----------
    design, drawn, when
        The trial and its calendar.
    held
        The diary as it is, of which pain is changed as little as it takes; it may have no rows.
    name
        An event of the plan whose source is the flares of the diary.
    seed
        Of the trial.

    Raises
    ------
    OptionError
        Flares, or outcomes of pain in the diary, are assumed in another way too.
    """
    import pandas as pd

    _check(design, name)
    rule, n = diary_of(design.study.diary).flares, len(drawn.arm)
    end = np.maximum(end_of_observation(design, drawn, complete=False), 0.0).astype(int)
    found = recorded_events(design, drawn, name)
    t = max(int(end.max()), rule.reference_days + 1)
    person, day = np.repeat(np.arange(n), t), np.tile(np.arange(1, t + 1), n)
    index = pd.MultiIndex.from_arrays([participant_ids(n)[person], when(person, day.astype(float))], names=KEYS)
    diary = held.set_index(KEYS) if len(held) else pd.DataFrame(index=index[:0])
    old = (
        diary["pain"].reindex(index).to_numpy(dtype=float, na_value=np.nan).reshape(n, t)
        if "pain" in diary
        else np.full((n, t), np.nan)
    )
    rng = generator(f"pain of {name}", seed)
    level = LEVEL + LEVEL_SD * rng.standard_normal((n, 1))
    known = np.isfinite(old)
    mean = np.nansum(old, axis=1, keepdims=True) / np.maximum(known.sum(axis=1, keepdims=True), 1)
    level = np.where(known.any(axis=1, keepdims=True), mean, level)
    drawn_pain = (level + DAY_SD * rng.standard_normal((n, t))).clip(0.0, 10.0)
    begins = np.zeros((n, t), dtype=bool)
    begins[found.person, found.day.astype(int) - 1] = True
    writes = known if known.any() else rng.random((n, t)) >= MISSED
    needed = needed_days(begins, end, rule)
    written = (writes | needed) & (np.arange(1, t + 1) <= end[:, None])
    pain = flaring(np.where(known, old, drawn_pain), written, begins, rule)
    column = pd.Series(np.where(written, pain, np.nan).ravel(), index=index)
    diary = diary.reindex(diary.index.union(index[written.ravel()], sort=True))
    return diary.assign(pain=column.reindex(diary.index)).reset_index()


def _check(design: TrialDesign, name: str) -> None:
    assumed = design.assumptions.diary
    if assumed is not None and assumed.flares is not None:
        raise OptionError(
            f"Flares are assumed twice: as the event `{name}`, and under `assumptions: diary: flares`. Keep one."
        )
    for outcome in design.outcomes:
        source = design.study.outcomes[outcome].source
        if isinstance(source, DailyDiarySource) and source.field == "pain":
            raise OptionError(
                f"Outcome `{outcome}` and event `{name}` both follow from pain in the diary, and would contradict each "
                "other. Simulate a plan with one of them."
            )


def needed_days(begins: Flags, end: NDArray[np.intp], rule: FlareDefinition) -> Flags:
    """Return (n, t) the days that have to be written: of each flare and about it, of its reference, and the last."""
    n, t = begins.shape
    needed = np.zeros((n, t), dtype=bool)
    needed[:, : rule.reference_days] = True
    needed[np.flatnonzero(end > 0), end[end > 0] - 1] = True
    before = rule.reference_days if rule.reference == "rolling_median" else 1
    for shift in range(-before, flare_length(rule) + 1):
        source = begins[:, max(-shift, 0) : t - max(shift, 0)]
        needed[:, max(shift, 0) : t - max(-shift, 0)] |= source
    return needed


def flaring(pain: Floats, written: Flags, begins: Flags, rule: FlareDefinition) -> Floats:
    """Return (n, t) pain that is raised on the days of flares and on no other, to one decimal.

    Examples
    --------
    >>> begins = np.zeros((1, 10), dtype=bool)
    >>> begins[0, 7] = True
    >>> rule = FlareDefinition.model_validate({"rise": 2, "days": 1})
    >>> flaring(np.full((1, 10), 3.0), np.ones((1, 10), dtype=bool), begins, rule).tolist()
    [[3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 5.0, 5.0, 3.0]]
    """
    n, t = pain.shape
    k, made = rule.reference_days, pain.clip(0.0, 10.0 - rule.rise - 0.1).round(1)
    left, held = np.zeros(n, dtype=int), np.full(n, np.nan)
    for d in range(k if rule.reference == "baseline_mean" else 0, t):
        window = np.where(written, made, np.nan)[:, :k] if rule.reference == "baseline_mean" else (
            np.where(written, made, np.nan)[:, max(d - k, 0) : d]
        )  # fmt: skip
        reference = _reference(window, rule)
        held = np.where((left > 0), held, reference)
        left = np.where(begins[:, d], flare_length(rule), left)
        edge = np.ceil((held + rule.rise) * 10.0 - SMALL) / 10.0
        raised = np.minimum(np.maximum(made[:, d], edge), 10.0)
        calm = np.where(np.isfinite(edge), np.minimum(made[:, d], edge - 0.1), made[:, d])
        made[:, d] = np.where(left > 0, raised, calm).round(1)
        left = np.maximum(left - 1, 0)
    return made


def _reference(window: Floats, rule: FlareDefinition) -> Floats:
    """Return (n,) mean or median of the written days of a window, NaN where they are too few."""
    enough = np.isfinite(window).sum(axis=1) >= rule.min_recorded
    found = np.full(len(window), np.nan)
    if enough.any():
        how = np.nanmean if rule.reference == "baseline_mean" else np.nanmedian
        found[enough] = how(window[enough], axis=1)
    return found
