"""Flares of pain: a definition that is data, the flares that it finds, and their rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.derive.participant_days import Calendar, as_days, calendars, diary_days, numbers
from coxa.errors import OptionError, check_option

Reference = Literal["baseline_mean", "rolling_median"]
REFERENCES: tuple[Reference, ...] = ("baseline_mean", "rolling_median")

ROUNDING = 1e-9
"""Slack for decimal fractions, so that 5.3 is 2 points above 3.3."""

FLARE_TYPES = {
    "flare": "int64",
    "start": "int64",
    "end": "int64",
    "days": "int64",
    "days_raised": "int64",
    "reference": "float64",
    "peak": "float64",
    "rise": "float64",
    "closed": "bool",
}
"""Columns of the table of flares, beside the participant."""


@dataclass(frozen=True, slots=True)
class FlareRule:
    """When pain counts as a flare. There is no agreed definition; a study states its own.

    rise           : points above the reference that make a day a raised day, above 0
    days           : raised days that make a flare, 1 or more
    reference      : baseline_mean (mean of the recorded days among the participant's first `reference_days` calendar
                     days, which are then not at risk) or rolling_median (median of the recorded days among the
                     `reference_days` calendar days before; held from the first raised day until the flare is over, so
                     that a long flare does not become its own reference)
    reference_days : calendar days of the reference
    min_recorded   : recorded days among them without which there is no reference; a day without is not at risk
    max_gap        : days in a row without a value that a flare may go on through. They count for its length, but not
                     as raised days. With 0 a missing day ends it

    Examples
    --------
    >>> FlareRule(rise=2, days=3).reference
    'baseline_mean'
    >>> FlareRule(days=0)
    Traceback (most recent call last):
    coxa.errors.OptionError: `days` of the flare rule is 0. Give a whole number, 1 or more.
    """

    rise: float = 2.0
    days: int = 2
    reference: Reference = "baseline_mean"
    reference_days: int = 7
    min_recorded: int = 4
    max_gap: int = 1

    def __post_init__(self) -> None:
        check_option("reference", self.reference, REFERENCES)
        for name, low in {"days": 1, "reference_days": 1, "min_recorded": 1, "max_gap": 0}.items():
            value = getattr(self, name)
            if value != int(value) or value < low:
                raise OptionError(f"`{name}` of the flare rule is {value}. Give a whole number, {low} or more.")
        if not self.rise > 0:
            raise OptionError(f"`rise` of the flare rule is {self.rise}. Give a number of points above 0.")
        if self.min_recorded > self.reference_days:
            raise OptionError(
                f"`min_recorded` is {self.min_recorded}, but the reference has {self.reference_days} days. Lower it."
            )


@dataclass(slots=True)
class Episode:
    """Raised days in a row, by offset in the calendar; a flare if there are enough of them.

    start, end : first and last raised day
    raised     : recorded days that are raised
    reference  : what pain was compared with
    closed     : a day that is not raised was recorded after it, before a gap that was too long
    """

    start: int
    end: int
    raised: int
    reference: float
    closed: bool = False


@kinds(data=FRAME)
def flares(
    data: pd.DataFrame,
    rule: FlareRule | None = None,
    *,
    pain: str = "pain",
    participant: str = "participant_id",
    day: str = "study_day",
) -> pd.DataFrame:
    """Find the flares of a diary.

    Parameters
    ----------
    data : DataFrame
        One row per participant and day, in any order. Not changed. A day without a row, and a row without a value,
        are both days that are not known.
    rule : FlareRule, optional
        The definition; by default 2 points or more above the mean of the first week, on 2 days or more.
    pain : str
        Column of pain in points; higher is worse.
    participant, day : str
        Columns that say whose row it is, and of which day (whole numbers, or dates).

    Returns
    -------
    DataFrame
        One row per flare, by participant as they first appear and by time: the participant, `flare` (its number),
        `start` and `end` (first and last raised day), `days` (from start to end), `days_raised` (recorded and
        raised), `reference`, `peak`, `rise` (peak less reference) in points, and `closed` (False where the diary stops
        or a gap begins before pain is seen to fall). Raised days in a row are one flare, however many.

    Raises
    ------
    OptionError
        A column is not there, or the rule has a value that is not possible.
    DataError
        A row has no participant or no whole day, a day occurs twice, or pain is no number.

    Notes
    -----
    Published definitions differ in domain, size and duration (Parry et al., BMJ Open 2018, 8:e019804: 69 articles, a
    minimum duration in 7 of them, 8 to 48 hours), and people with back pain call a day a flare for more than its pain
    (Costa et al., Journal of Pain 2019, 20:1267-1275). The default rule is a working definition.

    Examples
    --------
    >>> pain = [3, 3, 3, 3, 5, 6, 5, 3]
    >>> d = pd.DataFrame({"participant_id": "a", "study_day": range(1, 9), "pain": pain})
    >>> found = flares(d, FlareRule(reference_days=4))
    >>> found[["start", "end", "days", "peak", "rise"]].to_dict("records")
    [{'start': 5, 'end': 7, 'days': 3, 'peak': 6.0, 'rise': 3.0}]
    """
    definition = rule or FlareRule()
    days = diary_days(data, participant, day)
    rows = [
        (one.participant, number, *_described(one, episode))
        for one in calendars(data, numbers(data, pain, participant), days, participant)
        for number, episode in enumerate(flares_of(one.values, definition), start=1)
    ]
    found = pd.DataFrame(rows, columns=[participant, *FLARE_TYPES]).astype(FLARE_TYPES)
    return found.assign(start=as_days(found["start"], data[day]), end=as_days(found["end"], data[day]))


@kinds(data=FRAME)
def flare_rates(
    data: pd.DataFrame,
    rule: FlareRule | None = None,
    *,
    per: float = 28.0,
    pain: str = "pain",
    participant: str = "participant_id",
    day: str = "study_day",
) -> pd.DataFrame:
    """Count each participant's flares and the days on which one could have begun.

    Parameters
    ----------
    data, rule, pain, participant, day
        As for `flares`.
    per : float
        Days that the rate is given for.

    Returns
    -------
    DataFrame
        One row per participant: `flares`, `flare_days` (from start to end, all flares), `days_recorded`,
        `days_at_risk`, `rate` (flares per `per` days at risk; missing without any), `per`. A day is at risk if it is
        recorded, has a reference, and is not a later day of a flare.

    Raises
    ------
    OptionError, DataError
        As for `flares`.

    Examples
    --------
    >>> pain = [3, 3, 3, 3, 5, 6, 5, 3]
    >>> d = pd.DataFrame({"participant_id": "a", "study_day": range(1, 9), "pain": pain})
    >>> flare_rates(d, FlareRule(reference_days=4), per=7)[["flares", "days_at_risk", "rate"]].to_dict("records")
    [{'flares': 1, 'days_at_risk': 2, 'rate': 3.5}]
    """
    if not per > 0:
        raise OptionError(f"`per` is {per}. Give a number of days above 0.")
    definition = rule or FlareRule()
    days = diary_days(data, participant, day)
    counts = []
    for one in calendars(data, numbers(data, pain, participant), days, participant):
        found = flares_of(one.values, definition)
        length = sum(episode.end - episode.start + 1 for episode in found)
        at_risk = days_at_risk(one.values, found, definition).sum()
        counts.append((one.participant, len(found), length, np.isfinite(one.values).sum(), at_risk))
    columns = [participant, "flares", "flare_days", "days_recorded", "days_at_risk"]
    result = pd.DataFrame(counts, columns=columns)
    at_risk = result["days_at_risk"]
    return result.assign(rate=per * result["flares"] / at_risk.where(at_risk > 0), per=per)


def flares_of(pain: np.ndarray, rule: FlareRule) -> list[Episode]:
    """Return the flares in pain of (t,) calendar days, NaN where not known."""
    return [episode for episode in episodes(pain, rule) if episode.raised >= rule.days]


def episodes(pain: np.ndarray, rule: FlareRule) -> Iterator[Episode]:
    """Yield every run of raised days, however short."""
    references = reference_of(pain, rule)
    current: Episode | None = None
    for offset in np.flatnonzero(np.isfinite(pain)):
        if current and offset - current.end - 1 > rule.max_gap:
            yield current
            current = None
        reference = current.reference if current else references[offset]
        raised = pain[offset] - reference >= rule.rise - ROUNDING
        if raised and current:
            current.end, current.raised = int(offset), current.raised + 1
        elif raised:
            current = Episode(int(offset), int(offset), 1, float(reference))
        elif current:
            current.closed = True
            yield current
            current = None
    if current:
        yield current


def reference_of(pain: np.ndarray, rule: FlareRule) -> np.ndarray:
    """Return (t,) the reference of each day, NaN where there is none."""
    k = rule.reference_days
    if rule.reference == "baseline_mean":
        first = pain[:k]
        enough = np.isfinite(first).sum() >= rule.min_recorded
        later = np.arange(len(pain)) >= k
        return np.where(later & enough, first[np.isfinite(first)].mean() if enough else np.nan, np.nan)
    before = pd.Series(pain).shift(1).rolling(k, min_periods=rule.min_recorded)
    return before.median().to_numpy()


def days_at_risk(pain: np.ndarray, found: list[Episode], rule: FlareRule) -> np.ndarray:
    """Return (t,) whether a flare could have begun on the day."""
    at_risk = np.isfinite(pain) & np.isfinite(reference_of(pain, rule))
    for episode in found:
        at_risk[episode.start + 1 : episode.end + 1] = False
    return at_risk


def _described(one: Calendar, episode: Episode) -> tuple[object, ...]:
    peak = float(np.nanmax(one.values[episode.start : episode.end + 1]))
    return (
        one.first + episode.start,
        one.first + episode.end,
        episode.end - episode.start + 1,
        episode.raised,
        episode.reference,
        peak,
        peak - episode.reference,
        episode.closed,
    )
