"""Flares that follow from the days of a diary: the rules of `coxa.derive.flare`, for all participants at once.

Arrays: n participants, t days.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coxa.study.diary import FlareDefinition

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ROUNDING = 1e-9


def find_flares(pain: Floats, written: Flags, rule: FlareDefinition) -> tuple[Flags, Flags]:
    """Return (n, t) on which days a flare begins, and which days are part of one.

    Parameters
    ----------
    pain
        (n, t) NaN where not known.
    written
        (n, t) days with a row of the diary; the first of them begins the calendar of a participant.
    rule
        The definition of the plan.

    Examples
    --------
    >>> pain = np.array([[3.0, 3, 3, 3, 5, 6, 5, 3]])
    >>> rule = FlareDefinition.model_validate({"reference_days": 4})
    >>> begins, inside = find_flares(pain, np.isfinite(pain), rule)
    >>> np.flatnonzero(begins).tolist(), np.flatnonzero(inside).tolist()
    ([4], [4, 5, 6])
    """
    n, t = pain.shape
    first = written.argmax(axis=1)
    place = first[:, None] + np.arange(t)
    here = place < t
    own = np.where(here, np.take_along_axis(pain, np.minimum(place, t - 1), axis=1), np.nan)
    begins, inside = _episodes(own, references(own, rule), rule)
    found = np.zeros((2, n, t), dtype=bool)
    rows = np.nonzero(here)[0]
    found[:, rows, place[here]] = np.stack([begins[here], inside[here]])
    return found[0], found[1]


def references(pain: Floats, rule: FlareDefinition) -> Floats:
    """Return (n, t) what the pain of each day is compared with, NaN where there is nothing."""
    n, t = pain.shape
    k = rule.reference_days
    found = np.full((n, t), np.nan)
    if rule.reference == "baseline_mean":
        first = pain[:, :k]
        number = np.isfinite(first).sum(axis=1)
        mean = np.nansum(first, axis=1) / np.maximum(number, 1)
        found[:, k:] = np.where(number >= rule.min_recorded, mean, np.nan)[:, None]
        return found
    padded = np.concatenate([np.full((n, k), np.nan), pain], axis=1)
    windows = np.sort(np.lib.stride_tricks.sliding_window_view(padded, k, axis=1)[:, :t], axis=2)
    number = np.isfinite(windows).sum(axis=2)
    low, high = (np.maximum(number - 1, 0) // 2, number // 2)
    ends = [np.take_along_axis(windows, np.minimum(at, k - 1)[..., None], axis=2)[..., 0] for at in (low, high)]
    return np.asarray(np.where(number >= rule.min_recorded, (ends[0] + ends[1]) / 2.0, np.nan))


def _episodes(pain: Floats, reference: Floats, rule: FlareDefinition) -> tuple[Flags, Flags]:
    """Return (n, t) the first days and all days of the runs of raised days that are flares."""
    n, t = pain.shape
    begins, inside = np.zeros((n, t), dtype=bool), np.zeros((n, t), dtype=bool)
    start, end, raised = (np.full(n, -1) for _ in range(3))
    held = np.full(n, np.nan)

    def close(over: Flags) -> None:
        rows = np.flatnonzero(over & (raised >= rule.days))
        begins[rows, start[rows]] = True
        inside[rows] |= (np.arange(t) >= start[rows, None]) & (np.arange(t) <= end[rows, None])
        start[over] = -1

    for day in range(t):
        known = np.isfinite(pain[:, day])
        close(known & (start >= 0) & (day - end - 1 > rule.max_gap))
        going = start >= 0
        compared = np.where(going, held, reference[:, day])
        high = known & (pain[:, day] - compared >= rule.rise - ROUNDING)
        close(known & going & ~high)
        new = high & ~going
        start[new], raised[new], held[new] = day, 0, compared[new]
        end[high] = day
        raised[high] += 1
    close(start >= 0)
    return begins, inside
