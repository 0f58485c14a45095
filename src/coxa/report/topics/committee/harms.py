"""Harms for a committee: in how many, how many, and what the serious ones were."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from coxa.derive.harms import Harms
from coxa.report.topics.committee.groups import Groups
from coxa.tables.table import Footnote, Row, RowGroup, Table

KINDS = {"soreness": "Expected soreness", "flare": "Flare of symptoms", "adverse_event": "Adverse event"}


def harms_for_committee(harms: Harms, groups: Groups) -> Table:
    """Count participants and events of each kind in the safety set, by the treatment received.

    Returns
    -------
    Table
        For each kind the participants with at least one and the events; below the serious adverse events, each of
        their terms.
    """
    people = harms.people.assign(group=groups.of(harms.people["arm"].astype(str)))
    events = harms.events.assign(group=groups.of(harms.events["arm"].astype(str)))
    kinds = [
        RowGroup(KINDS[kind], tuple(_rows(events[events["kind"] == kind], groups, kind))) for kind in harms.recorded
    ]
    serious = events[(events["kind"] == "adverse_event") & events["serious"].astype(bool)]
    rows = (*_rows(serious, groups, "serious"), *_terms(serious, groups))
    return Table(
        "harms-for-committee",
        "Harms in the safety set",
        "Harm",
        groups.columns(people["group"].value_counts().to_dict()),
        (*kinds, RowGroup("Serious adverse event", rows)),
        (Footnote("Participants who started treatment, by the treatment they received."),),
    )


def _rows(events: pd.DataFrame, groups: Groups, kind: str) -> Iterator[Row]:
    people = events.groupby("group")["participant_id"].nunique().to_dict()
    yield Row("Participants", groups.cells(people, f"{kind}: participants"), strong=True)
    yield Row("Events", groups.cells(events["group"].value_counts().to_dict(), f"{kind}: events"))


def _terms(events: pd.DataFrame, groups: Groups) -> Iterator[Row]:
    for term, mine in events.groupby(events["term"].fillna("not named").astype(str), sort=True):
        numbers = mine["group"].value_counts().to_dict()
        yield Row(str(term), groups.cells(numbers, f"serious: {term}"), level=1, found=True)
