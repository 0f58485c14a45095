"""The identifier of a participant made of several columns, such as patient and episode."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from coxa.cohort.mapping.codes import code_texts
from coxa.cohort.mapping.columns import Origin, missing_column
from coxa.cohort.row_findings import row_findings
from coxa.findings import Finding

JOINT = "-"


def with_made_key(origin: Origin) -> tuple[Origin, list[Finding]]:
    """Return the file with a column of identifiers, where the plan makes them of several columns.

    Where one of the columns is empty there is no identifier. Two different participants that would get the same one
    ("1-2" with "3", and "1" with "2-3") are an error.
    """
    asked = origin.source.participant_id_from
    if not asked:
        return origin, []
    lacking = [name for name in asked if name not in origin.frame]
    if lacking:
        return origin, [
            missing_column(origin, name, "participant_id", f"participant_id_from: [{', '.join(asked)}]")
            for name in lacking
        ]
    parts = pd.DataFrame({name: code_texts(origin.frame[name]) for name in asked})
    made = parts[asked[0]].str.cat(parts[list(asked[1:])], sep=JOINT)
    name = JOINT.join(asked)
    while name in origin.frame:
        name += JOINT
    sheet = replace(origin.raw.sheet, frame=origin.frame.assign(**{name: made}))
    source = origin.source.model_copy(update={"columns": {**origin.source.columns, "participant_id": name}})
    return replace(origin, raw=replace(origin.raw, sheet=sheet), source=source), _ambiguous(origin, parts, made)


def _ambiguous(origin: Origin, parts: pd.DataFrame, made: pd.Series) -> list[Finding]:
    distinct = parts.assign(made=made, source_row=origin.raw.sheet.source_row).dropna().drop_duplicates([*parts])
    return row_findings(
        distinct.assign(participant_id=distinct["made"]),
        distinct["made"].duplicated(keep=False),
        severity="error",
        table=origin.table,
        field="participant_id",
        rule="two participants have the same identifier once the columns are joined",
        remedy="Give one of the columns codes without hyphens.",
        value=distinct["made"],
    )
