"""The tables of return to sport: status by visit; levels reached and how soon; recurrences per person-time."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from coxa.derive.return_to_sport import NOT_RECORDED, Returns
from coxa.estimates.rates import rate
from coxa.models import kaplan_meier
from coxa.study import Study
from coxa.study.parts import readable
from coxa.study.words import RETURN_STATUSES
from coxa.tables.by_arm import ByArm, group_columns
from coxa.tables.formats import cell
from coxa.tables.table import Footnote, Row, RowGroup, Table

YEAR = 365.25
LEVEL = 0.95
HALF = (
    "Day by which half have returned: by Kaplan and Meier, with those who left counted until then; a dash where half "
    "have not."
)
AT_RISK = (
    "Recurrences are counted from the first return on, and so is the time at risk: a participant who never returned is "
    "not at risk. Limits of rates are exact Poisson (Garwood), as if recurrences were independent."
)


def statuses_table(study: Study, returns: Returns) -> Table:
    """Count the participants by the status of their return at each visit.

    Parameters
    ----------
    study
        The plan, for labels.
    returns
        From `coxa.derive.return_to_sport.derive_returns`.
    """
    sizes = _sizes(study, returns)
    rows = ByArm("return_to_sport", tuple(sizes))
    statuses = returns.statuses
    recorded = [status for status in RETURN_STATUSES if (statuses["status"] == status).any()]
    groups = []
    for visit in study.post_visits:
        here = statuses[statuses["visit"] == visit]
        if not (here["status"] != NOT_RECORDED).any():
            continue
        total = here.groupby("arm").size()
        shown = [(readable(status), status) for status in recorded] + [("No status recorded", NOT_RECORDED)]
        made = [
            rows.shares(label, f"{visit} {status or 'no status'}", _n(here[here["status"] == status]), total, 1)
            for label, status in shown
            if status or (here["status"] == NOT_RECORDED).any()
        ]
        followed = rows.counts("Followed", f"{visit} followed", total)
        groups.append(RowGroup(study.label("visits", visit), (followed, *made)))
    notes = (
        "Participants who were followed until the planned day of the visit, by the last status recorded by then; n (%) "
        "of them.",
    )
    return Table(
        "return-status",
        f"Return to sport: status {study.words.by_visit}",
        "Visit and status",
        group_columns(study, sizes),
        tuple(groups),
        tuple(map(Footnote, notes)),
    )


def returned_table(study: Study, returns: Returns) -> Table:
    """Describe how many reached each level and how soon, and the recurrences after a return."""
    sizes = _sizes(study, returns)
    rows = ByArm("return_to_sport", tuple(sizes))
    groups = [
        RowGroup(f"{readable(level)}, or a higher level", tuple(_reached(rows, level, mine, sizes)))
        for level in map(str, returns.levels["level"].unique())
        for mine in [returns.levels[returns.levels["level"] == level]]
    ]
    groups.append(RowGroup("Recurrence after a return", tuple(_recurrences(rows, returns))))
    return Table(
        "returns-and-recurrences",
        "Levels of return that were reached, and recurrences",
        "Return",
        group_columns(study, sizes),
        tuple(groups),
        tuple(map(Footnote, (HALF, AT_RISK))),
    )


def _sizes(study: Study, returns: Returns) -> dict[str, int]:
    return {arm: int((returns.people["arm"] == arm).sum()) for arm in study.groups}


def _n(rows: pd.DataFrame) -> pd.Series:
    return rows.groupby("arm").size()


def _reached(rows: ByArm, level: str, mine: pd.DataFrame, sizes: dict[str, int]) -> Iterator[Row]:
    yield rows.shares("Participants, n (%)", f"reached {level}", _n(mine[mine["status"] == 1]), sizes)
    cells = []
    for arm in rows.arms:
        own = mine[mine["arm"] == arm]
        half = kaplan_meier(own["time"], own["status"]).quantile()[0] if len(own) else math.nan
        found = half if math.isfinite(half) else math.nan
        cells.append(cell("median", {"median": found}, rows.at(f"days to {level}", arm), 0))
    yield Row("Days until half have returned", tuple(cells))


def _recurrences(rows: ByArm, returns: Returns) -> Iterator[Row]:
    at_risk, again = returns.at_risk, returns.recurrences
    people, years = _n(at_risk), at_risk.groupby("arm")["days"].sum() / YEAR
    yield rows.counts("At risk, participants", "at risk", people)
    who = again.groupby("arm")["participant_id"].nunique()
    yield rows.shares("With a recurrence, participants of those at risk, n/N (%)", "with a recurrence", who, people,
                      of=True)  # fmt: skip
    events = _n(again)
    yield rows.counts("Recurrences", "recurrences", events)
    yield Row(
        "Person-years at risk",
        tuple(cell("number", {"n": float(years.get(arm, 0.0))}, rows.at("person-years", arm)) for arm in rows.arms),
    )
    cells = []
    for arm in rows.arms:
        one = rate(int(events.get(arm, 0)), float(years.get(arm, 0.0)), 1.0, LEVEL)
        values = {name: float(one[name]) for name in ("estimate", "conf_low", "conf_high")}
        cells.append(cell("two_decimals_interval", values, rows.at("recurrences per person-year", arm)))
    yield Row("Recurrences per person-year (95% CI)", tuple(cells))
