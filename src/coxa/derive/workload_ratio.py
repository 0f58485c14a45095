"""Recent training load against the load before it, in the four ways that are published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.derive.participant_days import broken, calendars, check_new, diary_days, numbers, refuse
from coxa.errors import OptionError, check_option

Variant = Literal["coupled", "uncoupled", "ewma", "week_on_week"]
Missing = Literal["unknown", "zero"]
MISSING: tuple[Missing, ...] = ("unknown", "zero")

ACUTE_DAYS, CHRONIC_DAYS = 7, 28

ROUNDING = 1e-9
"""Slack for decimal fractions, so that 130 over 100 is a ratio of 1.3, and 0.7 of 10 days are 7."""

ADDED = ("acute_load", "chronic_load", "workload_ratio", "workload_variant")


@dataclass(frozen=True, slots=True)
class WorkloadVariant:
    """One way to compare recent load with earlier load.

    label : in words
    span  : calendar days of diary that must lie behind a day, itself included
    mark  : ratio from which an increase was called significant by Cloosterman et al. 2024; no threshold of risk
    """

    label: str
    span: int
    mark: float


WORKLOAD_VARIANTS: Mapping[Variant, WorkloadVariant] = MappingProxyType(
    {
        "coupled": WorkloadVariant("7 days over the 28 days that end with them", 28, 1.5),
        "uncoupled": WorkloadVariant("7 days over the 28 days before them", 35, 1.5),
        "ewma": WorkloadVariant("exponentially weighted means, 7 over 28 days", 28, 1.5),
        "week_on_week": WorkloadVariant("7 days over the 7 days before them", 14, 1.3),
    }
)


@kinds(data=FRAME)
def workload(
    data: pd.DataFrame,
    variant: Variant = "uncoupled",
    *,
    load: str = "training_load",
    missing: Missing = "unknown",
    min_recorded: float = 0.7,
    participant: str = "participant_id",
    day: str = "study_day",
) -> pd.DataFrame:
    """Add acute load, chronic load and their ratio to every day of a diary.

    Parameters
    ----------
    data : DataFrame
        One row per participant and day, in any order. Not changed.
    variant : {"coupled", "uncoupled", "ewma", "week_on_week"}
        Acute load is that of the 7 days that end with the day. Chronic load is that of the 28 days that end with it
        (coupled), of the 28 days before the 7 (uncoupled), or of the 7 days before them (week_on_week; a progression
        of 30 % is a ratio of 1.3). ``ewma`` takes exponentially weighted means with lambda = 2 / (N + 1), N = 7 and
        28, that begin with the first recorded load.
    load : str
        Column of the load, in any unit; 0 on a day of rest.
    missing : {"unknown", "zero"}
        What a calendar day without a value means, between the participant's first and last row. Unknown days are left
        out of the means of windows, and do not move an exponentially weighted mean. ``zero`` takes every gap as rest.
    min_recorded : float
        Share of the days of each window that must be known, above 0 up to 1; for ``ewma`` of the last 28 days.
    participant, day : str
        Columns that say whose row it is, and of which day (whole numbers, or dates).

    Returns
    -------
    DataFrame
        A copy of the data with `acute_load` and `chronic_load` (mean load per day, in the unit of the load),
        `workload_ratio` and `workload_variant`. All three numbers are missing until the diary goes back far enough
        (14, 28 or 35 days), and where too few days are known; the ratio also where chronic load is 0.

    Raises
    ------
    OptionError
        A column is not there or would be overwritten, or an option is not one of those allowed.
    DataError
        A row has no participant or no whole day, a day occurs twice, or a load is no number or below 0.

    Notes
    -----
    The ratio describes a course of training. It is not shown here to cause anything, and bands that were proposed for
    it are contested: acute load is part of a coupled chronic load, which alone makes the two correlate (about 0.5;
    Windt & Gabbett, British Journal of Sports Medicine 2019, 53:988), and a ratio hides the loads that it is made of.
    The load of the day itself is in the acute window; take `lagged` values to look at what came before an outcome.

    Sources: Williams et al., British Journal of Sports Medicine 2017, 51:209 (exponential weights); Windt & Gabbett
    2019 (coupled and uncoupled); Cloosterman et al., Journal of Athletic Training 2024, 59:1028-1034 (the four
    compared).

    Examples
    --------
    >>> d = pd.DataFrame({"participant_id": "a", "study_day": range(1, 15), "training_load": [100] * 7 + [130] * 7})
    >>> workload(d, "week_on_week")[["acute_load", "chronic_load", "workload_ratio"]].iloc[-1].tolist()
    [130.0, 100.0, 1.3]
    """
    check_option("variant", variant, tuple(WORKLOAD_VARIANTS))
    check_option("missing", missing, MISSING)
    if not 0 < min_recorded <= 1:
        raise OptionError(f"`min_recorded` is {min_recorded}. Give a share above 0, up to 1.")
    check_new(data, ADDED)
    days, loads = diary_days(data, participant, day), _loads(data, load, participant)
    acute, chronic = np.full(len(data), np.nan), np.full(len(data), np.nan)
    for one in calendars(data, loads, days, participant):
        known = pd.Series(np.nan_to_num(one.values) if missing == "zero" else one.values)
        recent, earlier = acute_and_chronic(known, variant, min_recorded)
        acute[one.places], chronic[one.places] = recent[one.offsets], earlier[one.offsets]
    ratio = np.divide(acute, chronic, out=np.full(len(data), np.nan), where=chronic > 0)
    return data.assign(acute_load=acute, chronic_load=chronic, workload_ratio=ratio, workload_variant=variant)


@kinds(data=FRAME)
def workload_summary(
    data: pd.DataFrame,
    *,
    marks: Mapping[Variant, float] | None = None,
    load: str = "training_load",
    missing: Missing = "unknown",
    min_recorded: float = 0.7,
    participant: str = "participant_id",
    day: str = "study_day",
) -> pd.DataFrame:
    """Compare the four variants over the training days of a diary.

    Parameters
    ----------
    data, load, missing, min_recorded, participant, day
        As for `workload`.
    marks : mapping, optional
        Ratio from which a day is counted as an increase, by variant; by default 1.5, and 1.3 week on week.

    Returns
    -------
    DataFrame
        One row per variant: `variant`, `training_days` (load above 0), `with_ratio` (those of them with a ratio),
        `median_ratio`, `mark`, `share_increased` (of those with a ratio, at or above the mark).

    Raises
    ------
    OptionError, DataError
        As for `workload`.

    Notes
    -----
    Which days count as increases depends on the variant: among 22,839 running sessions of 430 runners, by distance,
    33.4 % week on week, 16.2 % coupled, 25.8 % uncoupled and 18.9 % by exponential weights (Cloosterman et al. 2024).

    Examples
    --------
    >>> d = pd.DataFrame({"participant_id": "a", "study_day": range(1, 15), "training_load": [100] * 7 + [130] * 7})
    >>> shown = workload_summary(d).set_index("variant")
    >>> float(shown.loc["week_on_week", "share_increased"])
    1.0
    """
    for name in marks or {}:
        check_option("variant", name, tuple(WORKLOAD_VARIANTS))
    rows = []
    for variant, described in WORKLOAD_VARIANTS.items():
        found = workload(
            data,
            variant,
            load=load,
            missing=missing,
            min_recorded=min_recorded,
            participant=participant,
            day=day,
        )
        trained = found["workload_ratio"][numbers(data, load, participant) > 0]
        ratio, mark = trained.dropna(), (marks or {}).get(variant, described.mark)
        share = float((ratio >= mark - ROUNDING).mean()) if len(ratio) else np.nan
        rows.append((variant, len(trained), len(ratio), ratio.median(), mark, share))
    columns = ["variant", "training_days", "with_ratio", "median_ratio", "mark", "share_increased"]
    return pd.DataFrame(rows, columns=columns)


def acute_and_chronic(load: pd.Series, variant: Variant, min_recorded: float) -> tuple[np.ndarray, np.ndarray]:
    """Return acute and chronic load of (t,) calendar days, NaN where not known.

    load : (t,) from the participant's first day, NaN on unknown days
    """
    acute = _window(load, ACUTE_DAYS, min_recorded)
    if variant == "coupled":
        chronic = _window(load, CHRONIC_DAYS, min_recorded)
    elif variant == "uncoupled":
        chronic = _window(load, CHRONIC_DAYS, min_recorded).shift(ACUTE_DAYS)
    elif variant == "week_on_week":
        chronic = acute.shift(ACUTE_DAYS)
    else:
        enough = _window(load, CHRONIC_DAYS, min_recorded).notna()
        acute, chronic = (_weighted(load, days).where(enough) for days in (ACUTE_DAYS, CHRONIC_DAYS))
    usable = acute.notna() & chronic.notna() & (np.arange(len(load)) >= WORKLOAD_VARIANTS[variant].span - 1)
    return acute.where(usable).to_numpy(), chronic.where(usable).to_numpy()


def _window(load: pd.Series, days: int, min_recorded: float) -> pd.Series:
    """Return the mean of the known among the `days` that end with each day, if they are enough."""
    padded = np.concatenate([np.full(days - 1, np.nan), load.to_numpy()])
    windows = np.lib.stride_tricks.sliding_window_view(padded, days)
    known = np.isfinite(windows).sum(axis=1)
    mean = np.nansum(windows, axis=1) / np.maximum(known, 1)  # summed anew, so that a month of rest is exactly 0
    return pd.Series(np.where(known >= ceil(min_recorded * days - ROUNDING), mean, np.nan))


def _weighted(load: pd.Series, days: int) -> pd.Series:
    """Return the exponentially weighted mean; a day that is not known leaves it as it was."""
    return load.ewm(alpha=2.0 / (days + 1), adjust=False, ignore_na=True).mean()


def _loads(data: pd.DataFrame, load: str, participant: str) -> pd.Series:
    values = numbers(data, load, participant)
    rule, remedy = f"{load} is below 0", "Correct the value, or leave it empty."
    refuse("training load cannot be compared:", broken(data, values < 0, participant, load, rule, remedy))
    return values
