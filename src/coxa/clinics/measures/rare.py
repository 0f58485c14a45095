"""Rare events in the order of time: how many patients between one and the next, and their risk-adjusted CUSUM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from coxa.audit.charts.rare import g_chart
from coxa.clinics.audit import Rare
from coxa.clinics.measures.cusum import Cusum, cusums_of
from coxa.clinics.measures.expected_events import Expected, expected_of
from coxa.clinics.measures.few_points import FEW_POINTS
from coxa.clinics.measures.groups import NOT_RECORDED
from coxa.clinics.measures.rare_events import Event, events_of
from coxa.episodes.episodes import Episodes
from coxa.study.audit.plan import CLINIC, PERIOD

ALL = "all"

RARE = 0.1
"""Share up to which an event is rare; a chart of shares shows a frequent one better."""

FEWEST, MOST = 2, 200
"""Points of a g chart."""


@dataclass(frozen=True, slots=True)
class RareEvents:
    """What there is of rare events.

    charts    : of each event, of all clinics first
    stretches : event -> one row per period of all clinics, as in `Audit.stretches`
    without   : event -> why there is no chart
    """

    charts: tuple[Rare, ...]
    stretches: Mapping[str, pd.DataFrame]
    without: Mapping[str, str]


def rare_of(episodes: Episodes) -> RareEvents:
    """Return the charts of patients who are worse in the main outcome, and of the rare events of the plan.

    Parameters
    ----------
    episodes
        The episodes; those of whom it is known whether it happened are in the order of their day of intake.

    Examples
    --------
    >>> from datetime import date
    >>> from coxa.episodes import episodes_of_frame
    >>> from coxa.study.audit.plan import AuditPlan
    >>> given = {"audit": "tiny", "title": "Tiny", "data": {"file": "episodes.csv"}}
    >>> plan = AuditPlan.model_validate(given | {"outcomes": {"pain": {"instrument": "nprs"}}})
    >>> intake = pd.Series(pd.date_range("2024-01-01", periods=40))
    >>> rows = pd.DataFrame({"clinic": "A", "intake_date": intake, "discharge_date": intake + pd.Timedelta(30, "D")})
    >>> rows = rows.assign(pain_intake=5.0, pain_discharge=[9.0 if at in (10, 31) else 2.0 for at in range(40)])
    >>> every = rare_of(episodes_of_frame(plan, rows, data_cut=date(2025, 1, 1))).charts[0]
    >>> every.frame["value"].tolist(), round(every.expected, 9), round(every.highest, 2), every.signals
    ([10.0, 20.0], 2.0, 0.64, 0)
    """
    charts: list[Rare] = []
    stretches, without = {}, {}
    for event in events_of(episodes.plan):
        days = _days(episodes, event)
        n, happened = int(days["n"].sum()), int(days["events"].sum())
        if not FEWEST <= happened <= RARE * n:
            without[event.name] = f"{event.label}: too few or too many for charts of a rare event."
            continue
        expected = expected_of(episodes, event, n, happened)
        cusums, stretches[event.name] = cusums_of(episodes, event, expected, days)
        spans = {ALL: _span(days)} | {str(name): _span(part) for name, part in days.groupby(CLINIC, sort=True)}
        events = _events(episodes, event, spans)
        parts = {ALL: events[events["of_all"]].assign(place=events["place_of_all"])}
        parts |= {str(name): part for name, part in events.groupby(CLINIC, sort=True)}
        for clinic, cusum in cusums.items():
            rows = parts.get(clinic, events.iloc[:0]).sort_values("place")
            charts.append(_rare(event, expected, clinic, rows, spans[clinic], cusum))
    return RareEvents(tuple(charts), stretches, without)


@dataclass(frozen=True, slots=True)
class _Span:
    """The days that are drawn, of all clinics or of one.

    n, events : episodes and events of all days
    first     : first day of the last events that are drawn, and of the one before them
    before    : episodes before that day
    """

    n: int
    events: int
    first: date
    before: int


def _span(days: pd.DataFrame) -> _Span:
    """Return the days that are drawn of counts by day: to number the episodes of all would be most of the work."""
    by_day = days.groupby("day", sort=True)[["n", "events"]].sum()
    later = by_day["events"].sum() - by_day["events"].cumsum()
    drawn = (later <= MOST).to_numpy()
    first = pd.Timestamp(by_day.index[drawn].min()).date()
    return _Span(int(by_day["n"].sum()), int(by_day["events"].sum()), first, int(by_day.loc[~drawn, "n"].sum()))


def _days(episodes: Episodes, event: Event) -> pd.DataFrame:
    """Return clinic, day of intake, n and events."""
    rows = episodes.query(
        f"SELECT COALESCE(clinic, '{NOT_RECORDED}') AS clinic, intake_date AS day, COUNT(*) AS n, "
        f"COUNT(*) FILTER (WHERE {event.happened}) AS events FROM episodes "
        f"WHERE {event.known} AND intake_date IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2"
    )
    return rows.assign(day=pd.to_datetime(rows["day"]))


def _events(episodes: Episodes, event: Event, spans: Mapping[str, _Span]) -> pd.DataFrame:
    """Return the last events, with their places among the episodes of their clinic and, if `of_all`, of all."""
    clinic = f"COALESCE(clinic, '{NOT_RECORDED}')"
    own = [(name, span) for name, span in spans.items() if name != ALL and span.before]
    values: dict[str, object] = {"day": spans[ALL].first}
    for k, (name, span) in enumerate(own):
        values |= {f"clinic_{k}": name, f"day_{k}": span.first}
    whens = " ".join(f"WHEN :clinic_{k} THEN CAST(:day_{k} AS DATE)" for k in range(len(own)))
    drawn = f"intake_date >= CASE {clinic} {whens} ELSE intake_date END" if own else "TRUE"
    of_all = "intake_date >= CAST(:day AS DATE)"
    order = "ORDER BY intake_date, discharge_date, patient, episode, source_row"  # a server numbers no rows
    rows = episodes.query(
        "SELECT clinic, period, place, place_of_all, of_all FROM ("
        f"SELECT {clinic} AS clinic, period, {event.happened} AS happened, {of_all} AS of_all, "
        f"ROW_NUMBER() OVER (PARTITION BY {clinic} {order}) AS place, "
        f"ROW_NUMBER() OVER (PARTITION BY {of_all} {order}) AS place_of_all "
        f"FROM episodes WHERE {event.known} AND intake_date IS NOT NULL AND {drawn}) AS placed WHERE happened",
        **values,
    )
    before = {name: span.before for name, span in spans.items()}
    return rows.assign(
        of_all=rows["of_all"].astype(bool),
        place=rows["place"] + rows[CLINIC].map(before),
        place_of_all=rows["place_of_all"] + before[ALL],
    )


def _rare(event: Event, expected: Expected, clinic: str, events: pd.DataFrame, span: _Span, cusum: Cusum) -> Rare:
    """Return the charts of a clinic, or of all; without a g chart where there are too few events."""
    warnings = []
    if span.events > MOST:
        warnings.append(f"Only the last {MOST} events are in the chart of patients between them.")
    if cusum.short:
        warnings.append(f"Only the last {len(cusum.path)} patients are followed one by one.")
    frame, variation = pd.DataFrame(), FEW_POINTS
    if len(events) >= FEWEST:
        between = np.diff(events["place"].to_numpy(), prepend=0) - 1
        chart = g_chart(between[-MOST:])
        frame = pd.concat([events[[PERIOD]].iloc[-MOST:].reset_index(drop=True), chart.frame], axis=1)
        variation = chart.variation
        warnings += chart.warnings
    path = cusum.path
    return Rare(
        event=event.name,
        label=event.label,
        clinic=clinic,
        events=span.events,
        n=span.n,
        frame=frame,
        variation=variation,
        method=f"Patients between {event.words} and the next, in the order of intake; limits: geometric quantiles. "
        f"Expected: {expected.words}.",
        expected=cusum.expected,
        path=path,
        highest=float(path["cusum"].max()),
        limit=cusum.limit,
        signals=int(path["signal"].sum()),
        warnings=tuple(warnings),
    )
