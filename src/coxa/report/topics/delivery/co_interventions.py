"""Treatments beside those of the trial, by arm (CONSORT 2025, item 24b)."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from coxa.study import Study
from coxa.study.parts import readable
from coxa.tables.by_arm import ByArm, named_columns
from coxa.tables.formats import counted
from coxa.tables.prose import Text, prose
from coxa.tables.table import Footnote, Row, RowGroup, Table


def co_interventions_table(study: Study, found: pd.DataFrame, before: int, sizes: dict[str, int]) -> Table:
    """Count participants with a co-intervention after randomisation, and co-interventions, by arm and kind.

    Parameters
    ----------
    study
        The plan, for labels.
    found, before
        From `coxa.derive.delivery.derive_co_interventions`.
    sizes
        Participants allocated to each arm, in order.
    """
    words = study.words
    rows = ByArm("co_interventions", tuple(sizes))
    kinds = found["kind"].value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable").index
    hip = found["study_hip"].eq(True).fillna(False).astype(bool)
    elsewhere = found["study_hip"].eq(False).fillna(False).astype(bool)
    parts = {"Any": found, **{readable(str(kind)): found[found["kind"] == kind] for kind in kinds}}
    people = [replace(_people(rows, label, part, sizes), found=True) for label, part in parts.items()]
    events = [
        replace(rows.counts(label, f"events: {label}", part.groupby("arm").size()), found=True)
        for label, part in parts.items()
    ]
    where = {"For the study hip": hip, "For something else": elsewhere, "Not recorded what for": ~hip & ~elsewhere}
    groups = [
        RowGroup("Participants with at least one, n (%)", tuple(people)),
        RowGroup("Co-interventions", tuple(events)),
        RowGroup(
            "Participants with at least one, by what it was for, n (%)",
            tuple(_people(rows, label, found[flag], sizes) for label, flag in where.items() if flag.any()),
        ),
    ]
    undated = int(found["study_day"].isna().sum())
    notes: list[Text] = [f"{words.membership}; co-interventions that began on the day of {words.start} or later."]
    if before:
        early = counted(before, "co-interventions", "before randomisation")
        notes.append(prose("Left out: ", early, f" that began before {words.start}."))
    if undated:
        notes.append(
            prose("Counted although no day is recorded: ", counted(undated, "co-interventions", "undated"), ".")
        )
    return Table(
        "co-interventions",
        "Co-interventions",
        "Co-intervention",
        named_columns(study, sizes),
        tuple(groups),
        tuple(Footnote(text) for text in notes),
    )


def _people(rows: ByArm, label: str, part: pd.DataFrame, sizes: dict[str, int]) -> Row:
    return rows.shares(label, f"participants: {label}", part.groupby("arm")["participant_id"].nunique(), sizes)
