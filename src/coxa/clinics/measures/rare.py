"""Patients who are worse, as a rare event: how many there were between one and the next."""

from __future__ import annotations

from collections.abc import Mapping

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
    counts = _counted(episodes)
    n, happened = counts["n"].sum(), counts["events"].sum()
    label = episodes.plan.label("outcomes", episodes.plan.main)
    if not FEWEST <= happened <= RARE * n:
        return (), {"worse": f"Patients who are worse in {label} are too few or too many for a chart of a rare event."}
    events = _events(episodes)
    places = {ALL: ("place_of_all", n, events)}
    sizes = counts.set_index(CLINIC)["n"]
    places |= {str(name): ("place", sizes[name], part) for name, part in events.groupby(CLINIC, sort=True)}
    charts = (_rare(episodes, clinic, rows, at, int(size)) for clinic, (at, size, rows) in places.items())
    return tuple(one for one in charts if one is not None), {}


def _worse(episodes: Episodes) -> tuple[str, str]:
    """Return whose change is known, and who is worse, as SQL."""
    main = episodes.plan.main
    return changed_sql(main), reached_sql(episodes.plan, main, "worse")


def _counted(episodes: Episodes) -> pd.DataFrame:
    known, worse = _worse(episodes)
    return episodes.query(
        f"SELECT COALESCE(clinic, '{NOT_RECORDED}') AS clinic, COUNT(*) AS n, "
        f"COUNT(*) FILTER (WHERE {worse}) AS events FROM episodes "
        f"WHERE {known} AND intake_date IS NOT NULL GROUP BY 1 ORDER BY 1"
    )


def _events(episodes: Episodes) -> pd.DataFrame:
    """Return the events alone, with their places among the episodes of their clinic and of all."""
    known, worse = _worse(episodes)
    order = "ORDER BY intake_date, discharge_date, patient, episode, source_row"  # a server numbers no rows
    return episodes.query(
        "SELECT clinic, period, place, place_of_all FROM ("
        f"SELECT COALESCE(clinic, '{NOT_RECORDED}') AS clinic, period, "
        f"{worse} AS worse, ROW_NUMBER() OVER (PARTITION BY COALESCE(clinic, '{NOT_RECORDED}') {order}) AS place, "
        f"ROW_NUMBER() OVER ({order}) AS place_of_all "
        f"FROM episodes WHERE {known} AND intake_date IS NOT NULL) AS placed WHERE worse ORDER BY place_of_all"
    )


def _rare(episodes: Episodes, clinic: str, events: pd.DataFrame, at: str, n: int) -> Rare | None:
    """Return the chart of the last events of a clinic; None where there are too few."""
    if len(events) < FEWEST:
        return None
    between = np.diff(events[at].to_numpy(), prepend=0) - 1
    warnings = []
    if len(events) > MOST:
        warnings = [f"Only the last {MOST} of the patients who are worse are drawn."]
    chart = g_chart(between[-MOST:])
    frame = pd.concat([events[[PERIOD]].iloc[-MOST:].reset_index(drop=True), chart.frame], axis=1)
    plan, main = episodes.plan, episodes.plan.main
    value = threshold_of(plan, main, "worse")
    least = "at all" if value is None else f"by {value:g} or more"
    return Rare(
        outcome=main,
        clinic=clinic,
        events=len(events),
        n=n,
        frame=frame,
        variation=chart.variation,
        method=f"Patients between one who is worse in {plan.label('outcomes', main)} {least} and the next, in the "
        f"order of intake; limits: {chart.method}.",
        warnings=(*warnings, *chart.warnings),
    )
