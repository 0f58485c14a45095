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
AS_MAIN, NOT_MAIN = "as the main condition", "not as the main one"


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
        Participants with each condition, at all and as the main one; how many conditions they have and on which side;
        of the main condition how it came about, how sure it is, and for how long there were symptoms. What was not
        recorded of any participant is left out.
    """
    people = mix.people
    sizes = {arm: int((people["arm"] == arm).sum()) for arm in study.groups}
    rows = ByArm("case_mix", tuple(sizes))
    numbers = pd.cut(people["number"], [-1, 0, 1, 2, 1000], labels=list(NUMBERS)).astype(object)
    made = {
        "Participants with the condition, n (%)": _conditions(rows, mix, sizes),
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
        "The main condition is that which is marked, or the only one; a participant with several and no mark has no "
        "main one. A participant can have several conditions, so that their percentages do not add up to 100%."
    )


def _levels(
    rows: ByArm, term: str, people: pd.DataFrame, labels: Mapping[str, str], sizes: Mapping[str, int]
) -> Iterator[Row]:
    """Yield a row for each level that some participant has, and one of those of whom it is not recorded."""
    level = people["level"].astype(object)
    if level.isna().all():
        return
    for word, label in labels.items():
        if (level == word).any():
            yield rows.shares(label, f"{term}: {word}", people[level == word].groupby("arm").size(), sizes)
    if level.isna().any():
        yield rows.shares(UNKNOWN, f"{term}: {UNKNOWN}", people[level.isna()].groupby("arm").size(), sizes)


def _conditions(rows: ByArm, mix: CaseMix, sizes: Mapping[str, int]) -> Iterator[Row]:
    """Yield a row for each condition that a participant has, and below it whether it is the main one.

    The rows below add up to that above, so that a small number of either is hidden in what is shared.
    """
    main = mix.rows["condition"].astype(object) == mix.rows["participant_id"].map(
        mix.people.set_index("participant_id")["main"]
    )
    for code, one in conditions().items():
        mine = mix.rows["condition"] == code
        if not mine.any():
            continue
        yield rows.shares(one.label, f"any: {code}", _in_arms(mix.rows[mine]), sizes)
        if main.any():
            yield rows.shares(AS_MAIN, f"main: {code}", _in_arms(mix.rows[mine & main]), sizes, 1)
            yield rows.shares(NOT_MAIN, f"not main: {code}", _in_arms(mix.rows[mine & ~main]), sizes, 1)


def _in_arms(rows: pd.DataFrame) -> pd.Series:
    return rows.groupby("arm").size()


def _duration(rows: ByArm, people: pd.DataFrame) -> Iterator[Row]:
    if people["duration"].notna().any():
        yield rows.numbers("Duration, months, median [Q1, Q3]", "duration", "median_iqr", people, "duration")
