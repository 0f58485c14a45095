"""The conditions of the participants: the main one and any, how many, on which side, how they came about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from coxa.derive.case_mix import CaseMix
from coxa.study import Study
from coxa.study.conditions import CERTAINTIES, MECHANISMS, conditions
from coxa.tables.by_arm import ByArm, group_columns
from coxa.tables.phrases import abbreviations
from coxa.tables.table import Footnote, Row, RowGroup, Table

SIDES = {"left": "Left", "right": "Right", "both": "Both"}
NUMBERS = {"None": (0, 0), "One": (1, 1), "Two": (2, 2), "Three or more": (3, 1000)}
"""Label -> fewest and most conditions."""
UNKNOWN = "Not recorded"


def conditions_table(study: Study, mix: CaseMix) -> Table:
    """Describe the conditions of the participants by arm or group.

    Parameters
    ----------
    study
        The plan, for labels.
    mix
        From `coxa.derive.case_mix.derive_case_mix`.

    Returns
    -------
    Table
        Participants with each main condition, and with each condition at all; how many conditions they have and on
        which side; of the main condition how it came about, how sure it is, and for how long there were symptoms. What
        was not recorded of anybody is left out.
    """
    people = mix.people
    sizes = {arm: int((people["arm"] == arm).sum()) for arm in study.groups}
    rows = ByArm("case_mix", tuple(sizes))
    labels = {code: one.label for code, one in conditions().items()}
    numbers = pd.cut(people["number"], [-1, 0, 1, 2, 1000], labels=list(NUMBERS)).astype(object)
    made = {
        "Main condition, n (%)": _levels(rows, "main", people.assign(level=people["main"]), labels, sizes),
        "Any condition, n (%)": _any(rows, mix.rows, labels, sizes),
        "Conditions per participant, n (%)": _levels(
            rows, "number", people.assign(level=numbers), {label: label for label in NUMBERS}, sizes
        ),
        "Side, n (%)": _levels(rows, "side", people.assign(level=people["side"]), SIDES, sizes),
        "How the main condition came about, n (%)": _levels(
            rows, "mechanism", people.assign(level=people["mechanism"]), MECHANISMS, sizes
        ),
        "Certainty of the main condition, n (%)": _levels(
            rows, "certainty", people.assign(level=people["certainty"]), CERTAINTIES, sizes
        ),
        "Symptoms of the main condition": _duration(rows, people),
    }
    groups = tuple(RowGroup(label, shown) for label, found in made.items() if (shown := tuple(found)))
    return Table(
        "conditions",
        "Conditions of the participants",
        "Condition",
        group_columns(study, sizes),
        groups,
        tuple(Footnote(text) for text in _notes(study, [row.label for group in groups for row in group.rows])),
    )


def _notes(study: Study, labels: list[str]) -> Iterator[str]:
    yield f"{study.words.membership}. {abbreviations(labels)}".rstrip()
    yield (
        "The main condition is that which is marked, or the only one; a participant with several and no mark is under "
        f"“{UNKNOWN.lower()}”. A participant can have several conditions, so that the percentages of any condition "
        "do not add up to 100%."
    )


def _levels(
    rows: ByArm, term: str, people: pd.DataFrame, labels: Mapping[str, str], sizes: Mapping[str, int]
) -> Iterator[Row]:
    """Yield a row for each level that somebody has, and one of those of whom it is not recorded."""
    level = people["level"].astype(object)
    if level.isna().all():
        return
    for word, label in labels.items():
        if (level == word).any():
            yield rows.shares(label, f"{term}: {word}", people[level == word].groupby("arm").size(), sizes)
    if level.isna().any():
        yield rows.shares(UNKNOWN, f"{term}: {UNKNOWN}", people[level.isna()].groupby("arm").size(), sizes)


def _any(rows: ByArm, found: pd.DataFrame, labels: Mapping[str, str], sizes: Mapping[str, int]) -> Iterator[Row]:
    for code, label in labels.items():
        mine = found[found["condition"] == code]
        if len(mine):
            yield rows.shares(label, f"any: {code}", mine.groupby("arm").size(), sizes)


def _duration(rows: ByArm, people: pd.DataFrame) -> Iterator[Row]:
    if people["duration"].notna().any():
        yield rows.numbers("Duration, months, median [Q1, Q3]", "duration", "median_iqr", people, "duration")
