"""What went otherwise than the protocol asks, in how many participants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.report.topics.committee.groups import Groups
from coxa.study.comparative import ComparativeStudy
from coxa.tables.table import Footnote, Row, RowGroup, Table


def departures_table(cohort: Cohort, study: ComparativeStudy, people: pd.DataFrame, groups: Groups) -> Table:
    """Count the participants with each departure that the data can show.

    Returns
    -------
    Table
        Excluded after the start, another arm's treatment received, treatment stopped early, follow-up stopped, and
        each intercurrent event of the plan; a row for each of which anything is recorded.
    """
    rows = tuple(Row(label, groups.cells(_of(people, known), label)) for label, known in _departures(cohort, study))
    sizes = people["group"].value_counts().to_dict()
    return Table(
        "departures",
        "Departures from the protocol",
        "Participants with",
        groups.columns(sizes),
        (RowGroup("", rows),),
        (Footnote("A participant can be in several rows. What the data have no field for is not listed."),),
    )


def _of(people: pd.DataFrame, known: pd.Series) -> dict[Any, int]:
    return people.loc[people["participant_id"].isin(known), "group"].value_counts().to_dict()


def _departures(cohort: Cohort, study: ComparativeStudy) -> Iterator[tuple[str, pd.Series]]:
    """Yield the name of each departure with the participants who have it."""
    people = cohort.table("participants")
    whose = people["participant_id"]
    excluded = people["excluded_after_randomisation"]
    if excluded.notna().any():
        yield study.words.say("Exclusion after {start}"), whose[excluded.fillna(False).astype(bool)]
    received = people["arm_received"]
    another = received.notna() & received.ne(people["arm"])
    if another.any() or (study.treats and received.notna().any()):
        yield study.words.say("Treatment of another {arm}"), whose[another]
    for field, label in (
        ("treatment_stop_date", "Treatment stopped early"),
        ("discontinuation_date", "Follow-up stopped"),
    ):
        if people[field].notna().any():
            yield label, whose[people[field].notna()]
    events = cohort.table("intercurrent_events")
    for name in study.intercurrent_events:
        mine = events.loc[events["event"] == name, "participant_id"]
        if len(mine):
            yield study.label("intercurrent_events", name), mine
