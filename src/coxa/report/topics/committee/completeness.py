"""How complete the outcomes are: of the visits that were due, those with a value, and those outside their window."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.scores import derive_scores
from coxa.report.topics.committee.groups import ANALYSIS, Groups
from coxa.study.plan import Study
from coxa.tables.by_arm import share_cell
from coxa.tables.cells import Statistic
from coxa.tables.table import Footnote, Row, RowGroup, Table, identifier

NOTE = (
    "Due: the last day of the visit's window is past. Percentages are of those due; a value of a visit that is not due "
    "yet is not counted."
)


def completeness_tables(cohort: Cohort, people: pd.DataFrame, groups: Groups, until: pd.Timestamp) -> Iterator[Table]:
    """Yield a table for each outcome: of the visits due by a day, those with a value and those outside their window.

    Parameters
    ----------
    cohort
        Checked tables.
    people
        From `coxa.report.topics.committee.recruitment.randomised`.
    groups
        The columns.
    until
        The day of the data.
    """
    values, _ = derive_scores(cohort)
    values = values[values["value"].notna()]
    sizes = people["group"].value_counts().to_dict()
    for outcome in cohort.study.outcomes:
        mine = values[values["outcome"] == outcome].drop_duplicates(["participant_id", "visit"])
        if mine.empty:
            continue
        yield Table(
            identifier("complete", outcome),
            f"{cohort.study.label('outcomes', outcome)}: visits due and done",
            "Visit",
            groups.columns(sizes),
            (RowGroup("", tuple(_rows(cohort.study, outcome, mine, people, groups, until))),),
            (Footnote(NOTE),),
        )


def _rows(
    study: Study, outcome: str, values: pd.DataFrame, people: pd.DataFrame, groups: Groups, until: pd.Timestamp
) -> Iterator[Row]:
    for visit in (study.baseline_visit, *study.post_visits):
        here = values.loc[values["visit"] == visit, ["participant_id", "study_day"]]
        if here.empty:
            continue
        plan = study.visits[visit]
        low, high = (plan.day + days for days in plan.window or (0, 0))
        due = people[people["day"].isna() | (people["day"] + pd.Timedelta(days=high) <= until)]
        known = due.merge(here, on="participant_id")
        n_due, n_known = (frame["group"].value_counts().to_dict() for frame in (due, known))
        yield Row(f"{study.label('visits', visit)}: due", groups.cells(n_due, f"{outcome} due", visit))
        at = Statistic(analysis=ANALYSIS, term=f"{outcome} known", visit=visit)
        shares = (share_cell(n_known.get(code, 0), n_due.get(code, 0), groups.at(at, code)) for code in groups.labels)
        yield Row("With a value", tuple(shares), level=1)
        if plan.window is not None:
            outside = known[known["study_day"].notna() & ~known["study_day"].between(low, high)]
            numbers = outside["group"].value_counts().to_dict()
            yield Row("Outside the window", groups.cells(numbers, f"{outcome} outside the window", visit), level=1)
