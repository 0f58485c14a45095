"""Patients who are worse, as a rare event: how many there were between one and the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from coxa.audit.charts.rare import g_chart
from coxa.clinics.audit import Rare
from coxa.clinics.measures.groups import NOT_RECORDED
from coxa.clinics.measures.reached import changed_sql, reached_sql, threshold_of
from coxa.episodes.episodes import Episodes
from coxa.study.audit.plan import CLINIC, PERIOD

ALL = "all"

RARE = 0.1
"""Share up to which an event is rare; a chart of shares shows a frequent one better."""

FEWEST, MOST = 2, 200
"""Points of a chart."""


def worse_of(episodes: Episodes) -> tuple[tuple[Rare, ...], Mapping[str, str]]:
    """Return charts of patients between one who is worse in the main outcome and the next, of all and of each clinic.

    Parameters
    ----------
    episodes
        The episodes; those whose change is known are in the order of their day of intake.

    Returns
    -------
    tuple of Rare, dict
        Of all clinics first. And `worse` -> why there is no chart.

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
    >>> found, _ = worse_of(episodes_of_frame(plan, rows, data_cut=date(2025, 1, 1)))
    >>> found[0].frame["value"].tolist()
    [10.0, 20.0]
    """
    days = _days(episodes)
    n, happened = int(days["n"].sum()), int(days["events"].sum())
    label = episodes.plan.label("outcomes", episodes.plan.main)
    if not FEWEST <= happened <= RARE * n:
        return (), {"worse": f"Patients who are worse in {label} are too few or too many for a chart of a rare event."}
    spans = {ALL: _span(days)} | {str(name): _span(part) for name, part in days.groupby(CLINIC, sort=True)}
    events = _events(episodes, spans)
    parts = {ALL: events[events["of_all"]].assign(place=events["place_of_all"])}
    parts |= {str(name): part for name, part in events.groupby(CLINIC, sort=True)}
    charts = (_rare(episodes, clinic, rows.sort_values("place"), spans[clinic]) for clinic, rows in parts.items())
    return tuple(one for one in charts if one is not None), {}


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


def _worse(episodes: Episodes) -> tuple[str, str]:
    """Return whose change is known, and who is worse, as SQL."""
    main = episodes.plan.main
    return changed_sql(main), reached_sql(episodes.plan, main, "worse")


def _days(episodes: Episodes) -> pd.DataFrame:
    """Return clinic, day of intake, n and events."""
    known, worse = _worse(episodes)
    rows = episodes.query(
        f"SELECT COALESCE(clinic, '{NOT_RECORDED}') AS clinic, intake_date AS day, COUNT(*) AS n, "
        f"COUNT(*) FILTER (WHERE {worse}) AS events FROM episodes "
        f"WHERE {known} AND intake_date IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2"
    )
    return rows.assign(day=pd.to_datetime(rows["day"]))


def _events(episodes: Episodes, spans: Mapping[str, _Span]) -> pd.DataFrame:
    """Return the last events, with their places among the episodes of their clinic and, if `of_all`, of all."""
    known, worse = _worse(episodes)
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
        f"SELECT {clinic} AS clinic, period, {worse} AS worse, {of_all} AS of_all, "
        f"ROW_NUMBER() OVER (PARTITION BY {clinic} {order}) AS place, "
        f"ROW_NUMBER() OVER (PARTITION BY {of_all} {order}) AS place_of_all "
        f"FROM episodes WHERE {known} AND intake_date IS NOT NULL AND {drawn}) AS placed WHERE worse",
        **values,
    )
    before = {name: span.before for name, span in spans.items()}
    return rows.assign(
        of_all=rows["of_all"].astype(bool),
        place=rows["place"] + rows[CLINIC].map(before),
        place_of_all=rows["place_of_all"] + before[ALL],
    )


def _rare(episodes: Episodes, clinic: str, events: pd.DataFrame, span: _Span) -> Rare | None:
    """Return the chart of the last events of a clinic; None where there are too few."""
    if len(events) < FEWEST:
        return None
    between = np.diff(events["place"].to_numpy(), prepend=0) - 1
    warnings = []
    if span.events > MOST:
        warnings = [f"Only the last {MOST} of the patients who are worse are drawn."]
    chart = g_chart(between[-MOST:])
    frame = pd.concat([events[[PERIOD]].iloc[-MOST:].reset_index(drop=True), chart.frame], axis=1)
    plan, main = episodes.plan, episodes.plan.main
    value = threshold_of(plan, main, "worse")
    least = "at all" if value is None else f"by {value:g} or more"
    return Rare(
        outcome=main,
        clinic=clinic,
        events=span.events,
        n=span.n,
        frame=frame,
        variation=chart.variation,
        method=f"Patients between one who is worse in {plan.label('outcomes', main)} {least} and the next, in the "
        f"order of intake; limits: {chart.method}.",
        warnings=(*warnings, *chart.warnings),
    )
