"""Times to an event as arrays: what is checked of them, and which of them count as the same time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from coxa.errors import OptionError

SAME_TIME = 1.5e-8
"""Relative to the mean time: times that are nearer to each other than this differ by rounding only, and are tied."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Rows at risk.

    time   : (n,) when each row ends
    event  : (n,) whether it ends with the event; otherwise it is censored
    start  : (n,) after which time a row is at risk; minus infinity where it is from the beginning
    strata : (n,) numbers of strata from 0
    """

    time: np.ndarray
    event: np.ndarray
    start: np.ndarray
    strata: np.ndarray


def follow_up(
    time: ArrayLike, event: ArrayLike, start: ArrayLike | None = None, strata: ArrayLike | None = None
) -> FollowUp:
    """Return checked rows at risk; values that differ by rounding only are one time."""
    ends, happened = numbers_of(time, "time"), np.asarray(event)
    if happened.shape != ends.shape:
        raise OptionError(f"`event` has {happened.size} values and `time` {ends.size}. Give one for each row.")
    if not np.isin(happened, (0, 1)).all():
        raise OptionError("`event` has values other than 0 and 1. Give 1 for an event and 0 for a censored time.")
    if (ends < 0).any():
        raise OptionError("`time` has values below zero. Count times from the start of follow-up.")
    starts = np.full(ends.shape, -np.inf) if start is None else numbers_of(start, "start")
    groups = codes_of(strata, ends.size, "strata")
    if starts.shape != ends.shape:
        raise OptionError(f"`start` has {starts.size} values and `time` {ends.size}. Give one for each row.")
    ends, starts = _without_rounding(ends, starts)
    if (starts >= ends).any():
        raise OptionError("`start` is not before `time` in some rows. Correct these rows or leave them out.")
    return FollowUp(ends, happened.astype(bool), starts, groups)


def numbers_of(values: ArrayLike, name: str) -> np.ndarray:
    """Return one dimension of finite numbers, or refuse by name."""
    found = np.asarray(values, dtype=float)
    if found.ndim != 1 or not found.size:
        raise OptionError(f"`{name}` is not a list of numbers. Give one number for each row.")
    if not np.isfinite(found).all():
        raise OptionError(f"`{name}` has missing or infinite values. Leave these rows out, and say so.")
    return found


def codes_of(labels: ArrayLike | None, n: int, name: str) -> np.ndarray:
    """Return labels as numbers from 0, all 0 where there are none."""
    return np.zeros(n, dtype=int) if labels is None else levels_of(labels, n, name)[1]


def levels_of(labels: ArrayLike, n: int, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the sorted levels of labels, and the number of the level of each row."""
    found = np.asarray(labels)
    if found.shape != (n,):
        raise OptionError(f"`{name}` has {found.size} values and `time` {n}. Give one for each row.")
    if any(each is None or each != each for each in found.tolist()):
        raise OptionError(f"`{name}` has missing values. Leave these rows out, and say so.")
    levels, codes = np.unique(found, return_inverse=True)
    return levels, codes


def _without_rounding(ends: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    finite = np.isfinite(starts)
    every, where = np.unique(np.concatenate([ends, starts[finite]]), return_inverse=True)
    new = np.diff(every, prepend=-np.inf) > SAME_TIME * np.abs(every).mean()
    merged = every[np.maximum.accumulate(np.where(new, np.arange(every.size), 0))][where]
    starts = starts.copy()
    starts[finite] = merged[ends.size :]
    return merged[: ends.size], starts
