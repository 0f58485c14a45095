"""Pain-monitoring bands: how much pain with training is acceptable, by cut points that are data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.derive.participant_days import broken, check_new, column_list, diary_days, numbers, refuse, week_of
from coxa.errors import OptionError, check_option

Band = Literal["safe", "acceptable", "excessive"]
BANDS: tuple[Band, ...] = ("safe", "acceptable", "excessive")


@dataclass(frozen=True, slots=True)
class PainBands:
    """Cut points on a scale of pain; higher is worse.

    safe       : pain up to and with this is safe
    acceptable : pain above `safe`, up to and with this, is acceptable; more is excessive
    worst      : upper end of the scale; the lower end is 0

    Examples
    --------
    >>> PainBands(safe=3).acceptable
    5.0
    >>> PainBands(safe=6)
    Traceback (most recent call last):
    coxa.errors.OptionError: The pain bands are 6 and 5 on a scale to 10. Give 0 <= safe < acceptable < worst.
    """

    safe: float = 2.0
    acceptable: float = 5.0
    worst: float = 10.0

    def __post_init__(self) -> None:
        if not 0 <= self.safe < self.acceptable < self.worst:
            raise OptionError(
                f"The pain bands are {self.safe:g} and {self.acceptable:g} on a scale to {self.worst:g}. Give "
                "0 <= safe < acceptable < worst."
            )


PAIN_BANDS: Mapping[str, PainBands] = MappingProxyType(
    {"silbernagel_thomee": PainBands(2.0, 5.0), "safe_to_3": PainBands(3.0, 5.0)}
)
"""Published cut points: 0 to 2, above 2 to 5, above 5; and the variant in which pain up to 3 is safe."""


def pain_bands(
    data: pd.DataFrame,
    columns: str | Sequence[str] = ("pain", "pain_next_morning"),
    bands: PainBands | str = "silbernagel_thomee",
    *,
    participant: str = "participant_id",
) -> pd.DataFrame:
    """Add the band of each rating: during training, after it, the next morning.

    Parameters
    ----------
    data : DataFrame
        One row per participant and day. Not changed.
    columns : str or sequence of str
        Ratings in points of the scale of the bands.
    bands : PainBands or str
        Cut points, or the name of published ones (`PAIN_BANDS`).
    participant : str
        Column that says whose row it is.

    Returns
    -------
    DataFrame
        A copy of the data with ``<column>_band``, an ordered category: safe, acceptable, excessive; missing where the
        rating is.

    Raises
    ------
    OptionError
        A column is not there or would be overwritten, the bands have no such name, or their cuts are not in order.
    DataError
        A rating is no number, or outside the scale.

    Notes
    -----
    Pain-monitoring model of Thomee and Silbernagel, as used for Achilles tendinopathy (Silbernagel et al., American
    Journal of Sports Medicine 2007); the cuts were read in secondary sources (evidenceforexercise.com; the variant at
    bim.physio), which differ. State yours in the protocol.

    Examples
    --------
    >>> d = pd.DataFrame({"participant_id": "a", "pain": [2, 2.5, 5, 6]})
    >>> pain_bands(d, "pain")["pain_band"].tolist()
    ['safe', 'acceptable', 'acceptable', 'excessive']
    >>> pain_bands(d, "pain", "safe_to_3")["pain_band"].tolist()
    ['safe', 'safe', 'acceptable', 'excessive']
    """
    cuts, names = _named(bands), column_list(columns)
    check_new(data, [f"{name}_band" for name in names])
    ratings = {name: _ratings(data, name, cuts, participant) for name in names}
    return data.assign(**{f"{name}_band": band_of(rating, cuts) for name, rating in ratings.items()})


@kinds(data=FRAME)
def pain_monitoring(
    data: pd.DataFrame,
    bands: PainBands | str = "silbernagel_thomee",
    *,
    pain: str | Sequence[str] = "pain",
    next_morning: str = "pain_next_morning",
    tolerance: float = 0.0,
    first_day: int = 1,
    participant: str = "participant_id",
    day: str = "study_day",
) -> pd.DataFrame:
    """Summarise each participant's weeks by the rules of pain monitoring.

    Parameters
    ----------
    data : DataFrame
        One row per participant and day, in any order. Not changed.
    bands : PainBands or str
        Cut points, or the name of published ones (`PAIN_BANDS`).
    pain : str or sequence of str
        Rating of the day; of several (during and after training) the worst counts.
    next_morning : str
        Rating on waking the next day, in the row of the day itself.
    tolerance : float
        Points by which the mean of a week may exceed that of the week before without counting as a rise.
    first_day : int
        Day on which week 1 begins; earlier days are in week 0 and less.
    participant, day : str
        Columns that say whose row it is, and of which day (whole numbers, or dates).

    Returns
    -------
    DataFrame
        One row per participant and week with a row in the diary, in order: `week`; `days_recorded` (with pain);
        `share_safe`, `share_acceptable`, `share_excessive` (of those); `days_above_safe`, with a rating of the next
        morning too; `share_settled` (of them, those with a safe next morning); `mean_pain`, `change` (from the mean of
        the week before) in points; `rising` (change above `tolerance`). Missing where there is nothing to go by; the
        change where the week before has no rating.

    Raises
    ------
    OptionError, DataError
        As for `pain_bands`; also where a day is missing or occurs twice.

    Notes
    -----
    The model asks that pain does not exceed the acceptable, has settled by the next morning, and does not rise from
    week to week. Means of few days rise and fall by chance: look at `days_recorded`, or set a `tolerance`.

    Examples
    --------
    >>> d = pd.DataFrame({"participant_id": "a", "study_day": [1, 2, 8, 9], "pain": [2, 4, 4, 6],
    ...     "pain_next_morning": [1, 1, 3, 2]})
    >>> weeks = pain_monitoring(d)
    >>> weeks[["week", "share_safe", "share_excessive", "share_settled", "change"]].to_numpy().tolist()
    [[1.0, 0.5, 0.0, 1.0, nan], [2.0, 0.0, 0.5, 0.5, 2.0]]
    """
    cuts = _named(bands)
    week = week_of(diary_days(data, participant, day), first_day)
    worst = pd.concat([_ratings(data, name, cuts, participant) for name in column_list(pain)], axis=1).max(axis=1)
    morning, band = _ratings(data, next_morning, cuts, participant), band_of(worst, cuts)
    above = (worst > cuts.safe) & morning.notna()
    rows = pd.DataFrame(
        {
            participant: data[participant],
            "week": week,
            "days_recorded": worst.notna(),
            **{f"share_{name}": (band == name).astype(float).where(worst.notna()) for name in BANDS},
            "days_above_safe": above,
            "share_settled": (morning <= cuts.safe).astype(float).where(above),
            "mean_pain": worst,
        }
    )
    sums = dict.fromkeys(("days_recorded", "days_above_safe"), "sum")
    means = dict.fromkeys((*(f"share_{name}" for name in BANDS), "share_settled", "mean_pain"), "mean")
    weeks = rows.groupby([participant, "week"], observed=True).agg({**sums, **means})
    order = [name for name in rows.columns if name not in (participant, "week")]
    change = weeks["mean_pain"] - _week_before(weeks["mean_pain"])
    rising = (change > tolerance).astype("boolean").mask(change.isna())
    return weeks[order].assign(change=change, rising=rising).reset_index()


def band_of(rating: pd.Series, bands: PainBands) -> pd.Series:
    """Return the band of each rating as an ordered category."""
    edges = [-np.inf, bands.safe, bands.acceptable, np.inf]
    return pd.cut(rating, edges, labels=list(BANDS), ordered=True)


def _week_before(weekly: pd.Series) -> pd.Series:
    """Return the value of the week before by number, missing where that week is not there."""
    before = [(who, week - 1) for who, week in weekly.index]
    found = weekly.reindex(pd.MultiIndex.from_tuples(before, names=weekly.index.names))
    return found.set_axis(weekly.index)


def _named(bands: PainBands | str) -> PainBands:
    if isinstance(bands, PainBands):
        return bands
    return PAIN_BANDS[check_option("bands", bands, tuple(PAIN_BANDS))]


def _ratings(data: pd.DataFrame, column: str, bands: PainBands, participant: str) -> pd.Series:
    values = numbers(data, column, participant)
    rule, remedy = f"`{column}` is not between 0 and {bands.worst:g}", "Correct the rating, or leave it empty."
    outside = (values < 0) | (values > bands.worst)
    refuse(f"{column} is outside its scale:", broken(data, outside, participant, column, rule, remedy))
    return values
