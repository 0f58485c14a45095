"""Pain in the diary from which the flares that were drawn as events of the plan are found again, and no others.

Arrays: n participants, t days.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.endpoints import end_of_observation, recorded_events
from coxa.simulate.from_plan.event_outcomes import flare_length
from coxa.simulate.seeds import generator
from coxa.study.diary import FlareDefinition, diary_of

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LEVEL, LEVEL_SD, DAY_SD = 4.0, 1.2, 0.6
"""Pain of participants and of their days, where the plan assumes no diary."""

MISSED = 0.05
"""Share of days not written, of those that no flare needs."""

SMALL = 1e-6


def with_flares(
    design: TrialDesign,
    drawn: DrawnTrial,
    old: Floats,
    first: int,
    name: str,
    *,
    complete: bool = False,
) -> Floats:
    """Return (n, t) pain that has exactly the flares that were recorded as an event, NaN on days not written.

    Parameters
    ----------
    design, drawn
        The trial.
    old
        (n, t) pain of the diary as it is, NaN where there is none; it is changed as little as it takes.
    first
        Study day of the first of the t days.
    name
        An event of the plan whose source is the flares of the diary.
    complete
        True: as if every day was written, and nobody left.
    """
    rule, (n, t) = diary_of(design.study.diary).flares, old.shape
    last = first + t - 1
    end = np.full(n, last) if complete else last_days(design, drawn)
    end = np.minimum(end, last)
    found = recorded_events(design, drawn, name, complete=complete)
    rng = generator(f"pain of {name}", drawn.seed)
    level = LEVEL + LEVEL_SD * rng.standard_normal((n, 1))
    known = np.isfinite(old)
    mean = np.nansum(old, axis=1, keepdims=True) / np.maximum(known.sum(axis=1, keepdims=True), 1)
    level = np.where(known.any(axis=1, keepdims=True), mean, level)
    drawn_pain = (level + DAY_SD * rng.standard_normal((n, t))).clip(0.0, 10.0)
    begins = np.zeros((n, t), dtype=bool)
    begins[found.person, found.day.astype(int) - first] = True
    writes = known if known.any() else rng.random((n, t)) >= MISSED
    needed = needed_days(begins, end - first + 1, rule)
    written = (writes | needed) & (np.arange(first, last + 1) <= end[:, None])
    written |= complete
    pain = flaring(np.where(known, old, drawn_pain), written, begins, rule)
    return np.where(written, pain, np.nan)


def last_days(design: TrialDesign, drawn: DrawnTrial) -> NDArray[np.intp]:
    """Return (n,) the last day on which participants with flares write their diary."""
    end = end_of_observation(design, drawn, complete=False)
    return np.asarray(np.maximum(end, 0.0).astype(np.intp))


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
