"""How complete the data of a service are: of each outcome, how many participants have a value at each visit."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from coxa.sentences import join_words
from coxa.study import Study
from coxa.tables.by_arm import share_cell
from coxa.tables.formats import cell
from coxa.tables.table import Column, Footnote, Row, RowGroup, Statistic, Table

ANALYSIS = "completeness"


def completeness_table(study: Study, values: pd.DataFrame, participants: int) -> Table:
    """Count the participants with a value of each outcome, at each visit and at every visit.

    Parameters
    ----------
    study
        The plan.
    values
        From `coxa.derive.observed.observed_values`.
    participants
        How many there are: the denominator of every percentage.

    Returns
    -------
    Table
        A group of rows for each outcome, with n (%) of the participants with a value and how many have none.
    """
    groups = (
        RowGroup(study.label("outcomes", name), tuple(_rows(study, name, values, participants)))
        for name in study.outcomes
        if (values["outcome"] == name).any()
    )
    return Table(
        "completeness",
        "Completeness of the outcomes by visit",
        "Outcome and visit",
        (Column("With a value"), Column("Without")),
        tuple(groups),
        tuple(Footnote(text) for text in _notes(study, values)),
    )


def _measured(study: Study, outcome: str, values: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Return the visits at which an outcome has a value in anybody, and those at which it has none."""
    mine = set(values.loc[values["outcome"] == outcome, "visit"])
    visits = (study.baseline_visit, *study.post_visits)
    return [visit for visit in visits if visit in mine], [visit for visit in visits if visit not in mine]


def _notes(study: Study, values: pd.DataFrame) -> Iterator[str]:
    yield "Percentages are of all participants, whether or not a visit was due by the day on which the data were taken."
    for outcome in study.outcomes:
        _, without = _measured(study, outcome, values)
        if without:
            visits = join_words([study.label("visits", visit) for visit in without])
            yield f"{study.label('outcomes', outcome)} has no value at {visits}."


def _rows(study: Study, outcome: str, values: pd.DataFrame, participants: int) -> Iterator[Row]:
    mine = values[values["outcome"] == outcome]
    visits, _ = _measured(study, outcome, values)
    for visit in visits:
        people = mine.loc[mine["visit"] == visit, "participant_id"].nunique()
        yield _row(study.label("visits", visit), outcome, visit, people, participants)
    if len(visits) < 2:
        return
    everywhere = int((mine.groupby("participant_id")["visit"].nunique() == len(visits)).sum())
    yield _row("At each of these visits", outcome, "", everywhere, participants)


def _row(label: str, outcome: str, visit: str, n: int, participants: int) -> Row:
    at, without = (Statistic(analysis=ANALYSIS, term=f"{outcome} {what}", visit=visit) for what in ("known", "missing"))
    return Row(label, (share_cell(n, participants, at), cell("count", {"n": participants - n}, without)))
