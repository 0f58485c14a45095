"""Counts and sums of every period of intake, of all clinics and of each: what charts over time are drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from coxa.clinics.audit import Dimensions
from coxa.clinics.measures.completeness import COUNTED
from coxa.clinics.measures.groups import NOT_RECORDED, grouped
from coxa.clinics.measures.patients import Patients, patients_in, with_patients
from coxa.clinics.measures.rates import counted_of
from coxa.clinics.measures.reached import changed_sql, improvement_sql, kinds_of, reached_sql
from coxa.episodes.episodes import Episodes
from coxa.study.audit.plan import CLINIC, PERIOD, AuditPlan

SESSIONS_KNOWN = "(booked > 0 AND missed >= 0 AND missed <= booked)"
"""Episodes whose sessions can be counted."""

SHARE_CLOSED = 0.9
"""Share of episodes that end within the time after which a period counts as closed."""

MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class Periods:
    """Episodes by period of intake.

    of_all, of_clinics : one row per period, or per clinic and period, with an episode: eligible, of, of_done,
                         `NAME in model`, `NAME change` (sum of improvements), `NAME KIND of` and `NAME KIND` of each
                         outcome and share, booked and missed sessions of episodes with both
    counts             : counts of people of every clinic and period, those without a day of intake as well, as in
                         `Audit.periods`
    every              : the columns of `of_all` over all episodes
    names              : every period from the first to the last, without gaps
    open               : those at the end in which discharges can still become due
    data_cut           : the day of the export
    begun              : the days on which the first and the last episode began; None without any
    longest_gap        : days between two on which an episode began, at the most
    design_effect      : by how much sessions missed vary more than if those of one patient were independent
    n_wrong            : episodes that have more sessions missed than booked, or a number below 0
    """

    of_all: pd.DataFrame
    of_clinics: pd.DataFrame
    counts: pd.DataFrame
    every: pd.Series
    names: tuple[str, ...]
    open: tuple[str, ...]
    data_cut: date
    begun: tuple[date, date] | None
    longest_gap: int
    design_effect: float
    n_wrong: int


def periods_of(episodes: Episodes, patients: Patients | None = None) -> Periods:
    """Return the counts and sums of each period.

    Parameters
    ----------
    episodes
        The episodes.
    patients
        How many there are, where it is known already.

    Examples
    --------
    >>> from coxa.episodes import episodes_of_frame
    >>> given = {"audit": "tiny", "title": "Tiny", "data": {"file": "episodes.csv"}}
    >>> plan = AuditPlan.model_validate(given | {"outcomes": {"pain": {"instrument": "nprs"}}})
    >>> days = pd.DataFrame({"intake_date": pd.to_datetime(["2024-01-07", "2024-08-01"])})
    >>> rows = days.assign(clinic="A", discharge_date=days["intake_date"] + timedelta(60))
    >>> found = periods_of(episodes_of_frame(plan, rows, data_cut=date(2024, 12, 15)))
    >>> found.names, found.open
    (('2024 Q1', '2024 Q2', '2024 Q3'), ('2024 Q3',))
    """
    patients = patients or patients_in(episodes)
    sets: list[Dimensions] = [(), (PERIOD,), (CLINIC, PERIOD)]
    tables = grouped(episodes, sets, columns_of(episodes.plan))
    every = tables[()].iloc[0]
    of_all, of_clinics = _dated(tables[PERIOD,]), _dated(tables[CLINIC, PERIOD])
    names = period_names(list(of_all[PERIOD]), episodes.plan)
    ended = _ended(episodes)
    still = tuple(name for name in names if last_day(name, episodes.plan) > ended)
    effect = design_effect(every["missed"], every["booked"], every[["mm", "mb", "bb", "with sessions"]])
    columns = map(str, tables[CLINIC, PERIOD])
    people = [name for name in columns if name not in NO_PEOPLE and not name.endswith(" change")]
    counts = with_patients(episodes, {(CLINIC, PERIOD): tables[CLINIC, PERIOD][people]}, patients)[CLINIC, PERIOD]
    wrong, cut = int(every["wrong sessions"]), episodes.data_cut
    begun, gap = _begun(episodes)
    return Periods(of_all, of_clinics, counts, every, names, still, cut, begun, gap, effect, wrong)


NO_PEOPLE = ("booked", "missed", "mm", "mb", "bb", "with sessions", "wrong sessions")


def _begun(episodes: Episodes) -> tuple[tuple[date, date] | None, int]:
    """Return the days on which the first and the last eligible episode began, and the longest gap between two days."""
    days = episodes.query(
        "SELECT DISTINCT intake_date AS begun FROM episodes WHERE eligible AND intake_date IS NOT NULL ORDER BY begun"
    )["begun"]
    if not len(days):
        return None, 0
    at = pd.to_datetime(days)
    gap = at.diff().dt.days.max()
    return (at.iloc[0].date(), at.iloc[-1].date()), 0 if pd.isna(gap) else int(gap)


def _dated(table: pd.DataFrame) -> pd.DataFrame:
    """Leave out the group without a day of intake; it has no place in time."""
    return table[table[PERIOD] != NOT_RECORDED].reset_index(drop=True)


def columns_of(plan: AuditPlan) -> Mapping[str, str]:
    """Return column -> SQL over the rows of a group."""
    columns = {name: COUNTED[name] for name in ("eligible", "of", "of_done")}
    for name in plan.outcomes:
        known = changed_sql(name)
        columns[f"{name} in model"] = f"COUNT(*) FILTER (WHERE {known})"
        columns[f"{name} change"] = f"SUM({improvement_sql(plan, name)}) FILTER (WHERE {known})"
        for kind in kinds_of(plan, name):
            columns[f"{name} {kind} of"] = f"COUNT(*) FILTER (WHERE {known})"
            columns[f"{name} {kind}"] = f"COUNT(*) FILTER (WHERE {known} AND {reached_sql(plan, name, kind)})"
    sums = {"booked": "booked", "missed": "missed", "mm": "missed * missed", "mb": "missed * booked"}
    for name, value in {**sums, "bb": "booked * booked", "with sessions": "1"}.items():
        columns[name] = f"COALESCE(SUM({value}) FILTER (WHERE eligible AND {SESSIONS_KNOWN}), 0)"
    for name, one in counted_of(plan).items():
        if name in plan.standards and plan.standards[name].over_time:
            columns[f"{name} of"] = f"COALESCE(SUM({one.n}) FILTER (WHERE {one.rows}), 0)"
            columns[name] = f"COALESCE(SUM({one.events}) FILTER (WHERE {one.rows}), 0)"
    columns["rows"] = "COUNT(*)"
    columns["wrong sessions"] = "COUNT(*) FILTER (WHERE eligible AND NOT (missed >= 0 AND missed <= booked))"
    return columns


def design_effect(missed: float, booked: float, squares: pd.Series) -> float:
    """Return how much more a share of sessions varies than if the sessions of an episode were independent.

    Parameters
    ----------
    missed, booked
        Sessions.
    squares
        Sums over episodes of missed squared, missed times booked, booked squared and 1: mm, mb, bb, with sessions.

    Returns
    -------
    float
        Variance of the ratio of two sums over episodes (by linearisation) by that of a binomial share; at least 1.

    Examples
    --------
    >>> all_or_none = pd.Series({"mm": 200.0, "mb": 200.0, "bb": 400.0, "with sessions": 4.0})  # 10, 10, 0, 0 of 10
    >>> round(design_effect(20, 40, all_or_none), 2)
    13.33
    """
    n, share = float(squares["with sessions"]), missed / booked if booked else 0.0
    if n < 2 or not 0 < share < 1:
        return 1.0
    spread = float(squares["mm"] - 2 * share * squares["mb"] + share**2 * squares["bb"]) * n / (n - 1)
    return max(1.0, spread / (booked * share * (1 - share)))


def period_names(there: list[str], plan: AuditPlan) -> tuple[str, ...]:
    """Return every period from the first to the last that has an episode.

    Examples
    --------
    >>> given = {"audit": "tiny", "title": "Tiny", "data": {"file": "episodes.csv"}}
    >>> plan = AuditPlan.model_validate(given | {"outcomes": {"pain": {"instrument": "nprs"}}})
    >>> period_names(["2023 Q4", "2024 Q2"], plan)
    ('2023 Q4', '2024 Q1', '2024 Q2')
    """
    if not there:
        return ()
    step = MONTHS[plan.time]
    first, last = (_months(name, plan) for name in (min(there), max(there)))
    return tuple(_name(month, plan) for month in range(first, last + 1, step))


def first_day(name: str, plan: AuditPlan) -> date:
    """Return the first day of a period.

    Examples
    --------
    >>> given = {"audit": "tiny", "title": "Tiny", "data": {"file": "episodes.csv"}}
    >>> plan = AuditPlan.model_validate(given | {"outcomes": {"pain": {"instrument": "nprs"}}})
    >>> first_day("2024 Q3", plan)
    datetime.date(2024, 7, 1)
    """
    month = _months(name, plan)
    return date(month // 12, month % 12 + 1, 1)


def last_day(name: str, plan: AuditPlan) -> date:
    """Return the last day of a period.

    Examples
    --------
    >>> given = {"audit": "tiny", "title": "Tiny", "data": {"file": "episodes.csv"}}
    >>> plan = AuditPlan.model_validate(given | {"outcomes": {"pain": {"instrument": "nprs"}}})
    >>> last_day("2024 Q4", plan)
    datetime.date(2024, 12, 31)
    """
    month = _months(name, plan) + MONTHS[plan.time]
    return date(month // 12, month % 12 + 1, 1) - timedelta(days=1)


def _months(name: str, plan: AuditPlan) -> int:
    """Return the months from year 0 to the first of a period."""
    year = 12 * int(name[:4])
    if plan.time == "year":
        return year
    return year + (int(name[5:]) - 1 if plan.time == "month" else 3 * (int(name[6:]) - 1))


def _name(month: int, plan: AuditPlan) -> str:
    year, place = divmod(month, 12)
    return {"month": f"{year:04d}-{place + 1:02d}", "quarter": f"{year:04d} Q{place // 3 + 1}"}.get(
        plan.time, f"{year:04d}"
    )


def _ended(episodes: Episodes) -> date:
    """Return the day by which a period has to end so that nearly all of its discharges are due by the data cut."""
    follow_up = episodes.plan.follow_up
    wait = follow_up.days + follow_up.window[1]
    if follow_up.after == "discharge":
        stay = "discharge_date - intake_date"
        stay = stay if follow_up.longest is None else f"COALESCE({stay}, {follow_up.longest})"
        sql = (
            f"SELECT PERCENTILE_CONT({SHARE_CLOSED}) WITHIN GROUP (ORDER BY {stay}) AS days "
            f"FROM episodes WHERE eligible AND {stay} >= 0"
        )
        days = episodes.query(sql)["days"].iloc[0]
        wait += 0 if pd.isna(days) else round(float(days))
    return episodes.data_cut - timedelta(days=wait)
