"""Recruitment by month, against the target of the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.figures.composed import layer
from coxa.figures.figure import Figure
from coxa.figures.theme import OKABE_ITO, WIDTH, options, themed
from coxa.report.topics.committee.groups import ANALYSIS, TOGETHER, Groups
from coxa.study.comparative import ComparativeStudy
from coxa.study.protocol import RecruitmentTarget
from coxa.tables.cells import Statistic
from coxa.tables.formats import cell
from coxa.tables.table import Column, Footnote, Row, RowGroup, Table

HEIGHT = 220
MONTH = "M"


def randomised(cohort: Cohort, groups: Groups) -> pd.DataFrame:
    """Return participant_id, group and day (of randomisation, may be missing) of everybody in an arm."""
    people = cohort.table("participants")
    people = people[people["arm"].notna()]
    days = people["randomisation_date"] if "randomisation_date" in people else pd.Series(pd.NaT, index=people.index)
    return pd.DataFrame(
        {
            "participant_id": people["participant_id"],
            "group": groups.of(people["arm"].astype(str)),
            "day": pd.to_datetime(days),
        }
    )


def recruited_by_month(people: pd.DataFrame, target: RecruitmentTarget | None, until: pd.Timestamp) -> pd.DataFrame:
    """Return the participants of each month and since the start, beside the target.

    Parameters
    ----------
    people
        From `randomised`; those without a day are left out.
    target
        Of the plan; without one the column `target` is missing.
    until
        The day of the data.

    Returns
    -------
    DataFrame
        month ("2022-03"), day (its last), n, total, target (participants that a steady pace would have by then); a row
        for each month from the first randomisation, or the first day of the target, to the last one, or the last day
        of the target that is past.
    """
    known = people["day"].dropna()
    first, last = known.min(), known.max()
    if target:
        first, last = min(first, pd.Timestamp(target.first_day)), max(last, min(until, pd.Timestamp(target.last_day)))
    months = pd.period_range(first, last, freq=MONTH)
    n = known.dt.to_period(MONTH).value_counts().reindex(months, fill_value=0)
    ends = months.to_timestamp(how="end").normalize()
    frame = pd.DataFrame({"month": months.astype(str), "day": ends, "n": n.to_numpy(), "total": n.cumsum().to_numpy()})
    if target is None:
        return frame.assign(target=float("nan"))
    begun, length = pd.Timestamp(target.first_day), pd.Timestamp(target.last_day) - pd.Timestamp(target.first_day)
    return frame.assign(target=((frame["day"] - begun) / length).clip(0, 1) * target.participants)


def recruitment_table(by_month: pd.DataFrame, study: ComparativeStudy) -> Table:
    """Return the participants of each month, since the start, and what the target asks for."""
    aimed = by_month["target"].notna().any()
    rows = []
    for record in by_month.to_dict("records"):
        at = Statistic(analysis=ANALYSIS, term="randomised", visit=str(record["month"]), arm=TOGETHER)
        since = replace(at, term="randomised since the start")
        cells = [cell("count", {"n": record["n"]}, at), cell("count", {"n": record["total"]}, since)]
        if aimed:
            cells.append(cell("mean", {"mean": record["target"]}, replace(at, term="target"), 0))
        rows.append(Row(str(record["month"]), tuple(cells)))
    columns = (Column("In the month"), Column("Since the start"), *([Column("Target")] if aimed else []))
    note = "Target: participants by the end of the month at a steady pace from the first to the last day planned."
    return Table(
        "recruitment",
        f"Participants {study.words.started} by month",
        "Month",
        columns,
        (RowGroup("", tuple(rows)),),
        (Footnote(note),) if aimed else (),
    )


def recruitment_figure(by_month: pd.DataFrame, study: ComparativeStudy) -> Figure:
    """Draw the participants since the start by month, and the target as a dashed line."""
    last = by_month.iloc[-1]
    aimed = pd.notna(last["target"])
    words = f"{int(last['total'])} participants by the end of {last['month']}"
    words += f"; the target asks for {last['target']:.0f} by then." if aimed else "."

    def draw(_: Sequence[str]) -> Any:
        import altair as alt

        drawn = by_month.assign(date=by_month["day"].dt.strftime("%Y-%m-%d"))
        x = alt.X("date:T", title=None, axis=options(format="%b %Y", tickCount=8))
        y = alt.Y("total:Q", title="Participants", scale=options(zero=True))
        base = alt.Chart(drawn).encode(x=x)
        layers = [base.mark_line(strokeWidth=2, color=OKABE_ITO[0], point=options(color=OKABE_ITO[0])).encode(y=y)]
        if aimed:
            layers.append(base.mark_line(strokeDash=[6, 3], color=OKABE_ITO[1]).encode(y=alt.Y("target:Q")))
        return themed(layer(*layers, width=WIDTH, height=HEIGHT))

    title = f"Participants {study.words.started} since the start" + (" (dashed: target)" if aimed else "")
    return Figure("recruitment-figure", title, draw, words, by_month, along=("day",))
