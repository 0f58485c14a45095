"""Treatments beside those of the trial, by arm (CONSORT 2025, item 24b)."""

from __future__ import annotations

import pandas as pd

from coxa.study import Study
from coxa.study.parts import readable
from coxa.tables.by_arm import ByArm, named_columns
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
    rows = ByArm("co_interventions", tuple(sizes))
    kinds = found["kind"].value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable").index
    hip = found["study_hip"].eq(True).fillna(False).astype(bool)
    elsewhere = found["study_hip"].eq(False).fillna(False).astype(bool)
    parts = {"Any": found, **{readable(str(kind)): found[found["kind"] == kind] for kind in kinds}}
    people = [_people(rows, label, part, sizes) for label, part in parts.items()]
    counted = [rows.counts(label, f"events: {label}", part.groupby("arm").size()) for label, part in parts.items()]
    where = {"For the study hip": hip, "For something else": elsewhere, "Not recorded what for": ~hip & ~elsewhere}
    groups = [
        RowGroup("Participants with at least one, n (%)", tuple(people)),
        RowGroup("Co-interventions", tuple(counted)),
        RowGroup(
            "Participants with at least one, by what it was for, n (%)",
            tuple(_people(rows, label, found[flag], sizes) for label, flag in where.items() if flag.any()),
        ),
    ]
    undated = int(found["study_day"].isna().sum())
    notes = ["Participants as allocated; co-interventions that began on the day of randomisation or later."]
    notes += [f"Left out: {before} that began before randomisation."] if before else []
    notes += [f"Counted although no day is recorded: {undated}."] if undated else []
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
