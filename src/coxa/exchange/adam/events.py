"""ADAE: one row per adverse event, flare, or episode of expected soreness."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.analysis_sets import derive_analysis_sets
from coxa.derive.groups import participants_by_group
from coxa.derive.study_day import study_days
from coxa.exchange.adam.crosswalk import AdamDataset, dataset, flag, taken, variables_for
from coxa.exchange.adam.outcomes import relative_day
from coxa.exchange.adam.subjects import arm_columns, identifiers

OF_ARM = {"TRT01A": "TRTA", "TRT01AN": "TRTAN", "GROUP": "GROUP", "GROUPN": "GROUPN"}


def event_level(cohort: Cohort) -> AdamDataset | None:
    """Return ADAE; None where no event is recorded.

    The treatment is the one received, or planned where the one received is not recorded, as in the report.
    """
    rows = cohort.table("adverse_events").reset_index(drop=True)
    if rows.empty:
        return None
    people, variables = participants_by_group(cohort), variables_for(cohort.study, "ADAE")
    day = study_days(rows, people, "start_date")
    columns = {
        **identifiers(cohort.study, rows),
        "AESEQ": rows.groupby("participant_id").cumcount() + 1,
        **taken(variables, rows),
        "SAFFL": flag(_mapped(derive_analysis_sets(cohort), "in_safety_set", rows)),
        "ASTDY": relative_day(day),
        "TRTEMFL": (day >= 0).map({True: "Y", False: None}),
        "SRCDOM": pd.Series("adverse_events", rows.index),
    }
    if "arm_received" in people:
        people = people.assign(arm_received=people["arm_received"].fillna(people["arm"]))
    else:
        people = people.assign(arm_received=people["arm"])
    arms = people.assign(**arm_columns(cohort.study, people))
    columns |= {name: _mapped(arms, source, rows) for source, name in OF_ARM.items() if source in arms}
    if columns["AESEQ"].isna().any():
        columns["AESEQ"] = rows.groupby("participant_id").cumcount() + 1
    return dataset("ADAE", variables, columns)


def _mapped(people: pd.DataFrame, column: str, rows: pd.DataFrame) -> pd.Series:
    return rows["participant_id"].map(dict(zip(people["participant_id"], people[column], strict=True)))
