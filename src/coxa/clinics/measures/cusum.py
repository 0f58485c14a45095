"""Risk-adjusted CUSUM of a rare event: of each clinic patient by patient, and of all by stretches of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coxa.audit.charts.cusum import cusum_limit, risk_adjusted_cusum, stretches
from coxa.audit.limits import Floats
from coxa.clinics.measures.expected_events import Expected
from coxa.clinics.measures.groups import NOT_RECORDED
from coxa.clinics.measures.rare_events import Event
from coxa.episodes.episodes import Episodes
from coxa.study.audit.plan import CLINIC, PERIOD
from coxa.study.audit.rare import CusumSettings

ALL = "all"

MOST = 20_000
"""Patients of a clinic that are followed one by one, the last ones; fewer where there are many clinics."""

MOST_OF_ALL = 1_000_000
"""Patients of all clinics that are followed one by one."""

GROUPS, STATES = 6, 300
"""Groups of like probabilities, and steps of the chain, by which a limit is found: to about 0.02."""


@dataclass(frozen=True, slots=True)
class Cusum:
    """The chart of one clinic, or of all.

    path     : one row per patient in the order of intake: period, expected (probability), happened, cusum, signal
    expected : events that are expected of all patients of the clinic, those before the path as well
    limit    : a sum of this or more is a signal
    short    : whether only the last patients are in the path
    """

    path: pd.DataFrame
    expected: float
    limit: float
    short: bool


def cusums_of(
    episodes: Episodes, event: Event, expected: Expected, days: pd.DataFrame
) -> tuple[dict[str, Cusum], pd.DataFrame]:
    """Return the chart of each clinic and of all, and the sums of all clinics by period.

    Parameters
    ----------
    episodes
        The episodes.
    event
        Which event.
    expected
        Its probability.
    days
        clinic, day, n and events: those of whom it is known whether it happened, by clinic and day of intake.

    Returns
    -------
    dict, DataFrame
        Clinic, or "all" -> chart; and period, stretch, n, events, expected, score (sum over patients): those without a
        day of intake are in a stretch of their own.
    """
    settings = episodes.plan.cusum
    by_period = _by_period(episodes, event, expected)
    of_all = by_period.drop(columns=CLINIC).groupby(PERIOD, sort=True).sum().reset_index()
    since = _since(days)
    rows = _rows(episodes, event, expected, since)
    sums = by_period.groupby(CLINIC)["expected"].sum()
    n = days.groupby(CLINIC)["n"].sum()
    charts = {ALL: _chart(rows[rows["of_all"]], int(n.sum()), float(sums.sum()), settings)}
    for clinic, own in rows.groupby(CLINIC, sort=True):
        charts[str(clinic)] = _chart(own, int(n[clinic]), float(sums[clinic]), settings)
    return charts, with_stretches(of_all, episodes.plan.small_cells.k)


def limit_of(expected: Floats, n: int, settings: CusumSettings) -> float:
    """Return the limit that patients as expected reach with the probability of the plan until the last of them.

    The number of patients until a false alarm is nearly geometric, so that its mean is n / -log(1 - chance); a chart
    begins at 0, which makes an alarm among the first patients rarer, so that the probability is at most that.

    Examples
    --------
    >>> round(limit_of(np.full(300, 0.05), 300, CusumSettings()), 1)
    5.8
    """
    cuts = np.unique(np.quantile(expected, np.linspace(0, 1, GROUPS + 1)[1:-1]))
    group = np.searchsorted(cuts, expected, side="right")
    weights = np.bincount(group).astype(float)
    means = np.bincount(group, weights=expected)[weights > 0] / weights[weights > 0]
    length = max(2.0, n / -np.log1p(-settings.chance))
    return cusum_limit(
        means, run_length_in_control=length, odds_ratio=settings.odds_ratio, weights=weights[weights > 0], states=STATES
    )


def _chart(rows: pd.DataFrame, n: int, expected: float, settings: CusumSettings) -> Cusum:
    chances = rows["expected"].to_numpy(dtype=float)
    limit = limit_of(chances, n, settings)
    path = risk_adjusted_cusum(
        rows["happened"].astype(float), chances, limit=limit, odds_ratio=settings.odds_ratio
    ).drop(columns="score")
    frame = pd.concat([rows[[PERIOD, "expected", "happened"]].reset_index(drop=True), path], axis=1)
    return Cusum(frame, expected, limit, len(rows) < n)


def _by_period(episodes: Episodes, event: Event, expected: Expected) -> pd.DataFrame:
    """Return clinic, period, n, events, expected and score."""
    ratio = episodes.plan.cusum.odds_ratio
    known = f"{event.known}{episodes.database.fence}"
    rows = episodes.query(
        f"SELECT clinic, period, COUNT(*) AS n, SUM(happened) AS events, SUM(p) AS expected, "
        f"SUM(LN(1 + {ratio - 1!r} * p)) AS odds FROM (SELECT COALESCE(clinic, '{NOT_RECORDED}') AS clinic, "
        f"COALESCE(period, '{NOT_RECORDED}') AS period, CASE WHEN {event.happened} THEN 1 ELSE 0 END AS happened, "
        f"{expected.sql} AS p FROM episodes WHERE {known}) AS r GROUP BY 1, 2 ORDER BY 1, 2",
        **expected.values,
    )
    score = rows["events"].astype(float) * np.log(ratio) - rows["odds"]
    return rows.drop(columns="odds").assign(score=score)


def _since(days: pd.DataFrame) -> Mapping[str, object]:
    """Return clinic, or "all" -> the first day of the last patients who are followed one by one."""
    most = max(1, min(MOST, MOST_OF_ALL // max(1, days[CLINIC].nunique())))
    parts = {str(name): part.set_index("day")["n"] for name, part in days.groupby(CLINIC, sort=True)}
    parts[ALL] = days.groupby("day")["n"].sum()
    found = {}
    for name, n in parts.items():
        later = n.sort_index()[::-1].cumsum()
        kept = later[later <= most]
        found[name] = pd.Timestamp((kept if len(kept) else later).index[-1 if len(kept) else 0]).date()
    return found


def _rows(episodes: Episodes, event: Event, expected: Expected, since: Mapping[str, object]) -> pd.DataFrame:
    """Return the patients who are followed one by one: clinic, period, expected, happened, and whether among all."""
    clinic = f"COALESCE(clinic, '{NOT_RECORDED}')"
    own = [name for name in since if name != ALL]
    values: dict[str, object] = {"day_of_all": since[ALL], **expected.values}
    for k, name in enumerate(own):
        values |= {f"clinic_{k}": name, f"day_{k}": since[name]}
    whens = " ".join(f"WHEN :clinic_{k} THEN CAST(:day_{k} AS DATE)" for k in range(len(own)))
    rows = episodes.query(
        f"SELECT {clinic} AS clinic, period, {expected.sql} AS expected, "
        f"CASE WHEN {event.happened} THEN 1 ELSE 0 END AS happened, "
        f"intake_date >= CAST(:day_of_all AS DATE) AS of_all FROM episodes "
        f"WHERE {event.known} AND intake_date >= CASE {clinic} {whens} END "
        "ORDER BY intake_date, discharge_date, patient, episode, source_row",
        **values,
    )
    return rows.assign(of_all=rows["of_all"].astype(bool))


def with_stretches(of_all: pd.DataFrame, k: int, earlier: Sequence[str] = ()) -> pd.DataFrame:
    """Return the periods with the stretch of time that each is in, each of k events and k without one.

    Parameters
    ----------
    of_all
        period, n and events of all clinics; those without a day of intake are in a stretch of their own.
    k
        Events, and people without one, of a stretch at the least; all are in one where there are too few.
    earlier
        Names of stretches that are kept as they are; periods after or between them make stretches of their own.

    Examples
    --------
    >>> rows = pd.DataFrame({"period": ["2023 Q1", "2023 Q2", "2023 Q3"], "n": [40, 40, 40], "events": [3, 4, 6]})
    >>> with_stretches(rows, 5)["stretch"].tolist()
    ['2023 Q1 to 2023 Q2', '2023 Q1 to 2023 Q2', '2023 Q3']
    """
    rows = of_all.assign(stretch=of_all[PERIOD].map(lambda period: _named(str(period), earlier)).astype(object))
    free = rows["stretch"].isna()
    breaks = (~free).cumsum()[free]
    for _, own in rows[free].groupby(breaks, sort=False):
        place = stretches(own["events"], own["n"], k)
        for _, part in own.groupby(place, sort=False):
            first, last = part[PERIOD].iloc[0], part[PERIOD].iloc[-1]
            rows.loc[part.index, "stretch"] = str(first) if first == last else f"{first} to {last}"
    return rows


def _named(period: str, spans: Sequence[str]) -> str | None:
    if period == NOT_RECORDED:
        return NOT_RECORDED
    return next((span for span in spans if ends_of(span)[0] <= period <= ends_of(span)[1]), None)


def ends_of(stretch: str) -> tuple[str, str]:
    """Return the first and the last period of a stretch.

    Examples
    --------
    >>> ends_of("2023 Q1 to 2023 Q2"), ends_of("2023 Q3")
    (('2023 Q1', '2023 Q2'), ('2023 Q3', '2023 Q3'))
    """
    first, _, last = stretch.partition(" to ")
    return first, last or first
