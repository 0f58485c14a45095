"""Clinical measures: sides that are missing, positions and devices that change, and several trials."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from coxa.cohort.checks.checked import Checked, Draft
from coxa.cohort.row_findings import row_findings
from coxa.findings import Finding
from coxa.instruments.measures import load_measures
from coxa.study.outcome_sources import ClinicalMeasureSource

VISIT = ["participant_id", "visit", "measure"]
LATERAL = ("left", "right")
ONE_SIDED = ("left", "right", "affected", "unaffected")


def check_sides(draft: Draft) -> Checked:
    """Warn of measures whose side is not recorded, or measured on one side only, and of changing conditions."""
    rows = draft.table("clinical_measures")
    rows = rows[rows["value"].notna() & rows["measure"].isin(list(load_measures()))]
    if rows.empty:
        return Checked()
    sided = rows[rows["measure"].map({name: one.sided for name, one in load_measures().items()}).astype(bool)]
    return Checked((*_unknown_sides(draft, sided), *_one_side(sided), *_changing(rows), *_trials(draft, rows)))


def _unknown_sides(draft: Draft, sided: pd.DataFrame) -> Iterator[Finding]:
    """Yield sided measures without a side, and left and right of participants whose affected side is not known."""
    yield from row_findings(
        sided,
        sided["side"].isna(),
        severity="warning",
        table="clinical_measures",
        field="side",
        rule="the measure has two sides, and the side is empty",
        remedy="Enter the side. Without it the value counts for no outcome of a side.",
        value=sided["measure"],
    )
    people = draft.people
    known = people["affected_side"] if "affected_side" in people else pd.Series(dtype=object)
    affected = sided["participant_id"].map(known).astype(object)
    lateral = sided[sided["side"].isin(LATERAL) & affected.isna()]
    if _asks_for_affected(draft):
        yield from row_findings(
            lateral.drop_duplicates("participant_id"),
            severity="warning",
            table="clinical_measures",
            field="side",
            rule="left and right were measured, and the affected side of the participant is not known",
            remedy="Fill in `affected_side` of participants. Without it there is no value of the affected side.",
        )


def _asks_for_affected(draft: Draft) -> bool:
    sources = [getattr(outcome, "source", None) for outcome in draft.study.outcomes.values()]
    return any(
        isinstance(source, ClinicalMeasureSource) and source.counted in ("affected", "other", "symmetry")
        for source in sources
    )


def _one_side(sided: pd.DataFrame) -> Iterator[Finding]:
    """Yield visits at which one side was measured, of measures of which most visits have both."""
    rows = sided[sided["side"].isin(ONE_SIDED)]
    sides = rows.groupby(VISIT)["side"].nunique()
    for measure, of_measure in sides.groupby("measure"):
        if (of_measure > 1).mean() < 0.5:
            continue
        lacking = of_measure.index[of_measure == 1]
        keys = pd.MultiIndex.from_frame(rows[VISIT])
        yield from row_findings(
            rows,
            pd.Series(keys.isin(lacking), index=rows.index),
            severity="warning",
            table="clinical_measures",
            field="side",
            rule=f"`{measure}` was measured on one side only at a visit",
            remedy="Enter the other side if it was measured. Without it there is no limb symmetry at the visit.",
            value=rows["side"],
        )


def _changing(rows: pd.DataFrame) -> Iterator[Finding]:
    """Yield measures whose position or device differs from that of the participant's first visit."""
    why = {
        "position": "Rotation and strength differ between positions. Give `position` in the source of the outcome.",
        "device": "Goniometer and inclinometer differ by 3 to 5 degrees. Use one device for all visits.",
    }
    ordered = rows.sort_values(["study_day", "source_row"], kind="stable") if "study_day" in rows else rows
    for field, remedy in why.items():
        known = ordered[ordered[field].notna()]
        words = known[field].astype(object)
        first = words.groupby([known["participant_id"], known["measure"]]).transform("first")
        yield from row_findings(
            known,
            words != first,
            severity="warning",
            table="clinical_measures",
            field=field,
            rule=f"the {field} is another than at the participant's first measurement",
            remedy=remedy,
            value=known["measure"].astype(str) + ", " + words.astype(str),
        )


def _trials(draft: Draft, rows: pd.DataFrame) -> Iterator[Finding]:
    """Yield a note for each measure with several trials of which the plan does not say which count."""
    said = {
        source.measure
        for outcome in draft.study.outcomes.values()
        if isinstance(source := getattr(outcome, "source", None), ClinicalMeasureSource)
        and "trials" in source.model_fields_set
    }
    several = rows[rows.duplicated([*VISIT, "side", "position"], keep=False) & ~rows["measure"].isin(said)]
    for measure, of_measure in several.groupby(several["measure"].astype(str), sort=True):
        yield Finding(
            "note",
            "clinical_measures",
            f"`{measure}` was measured in several trials at a visit",
            "Their mean is used. Write `trials: highest`, `lowest` or `first` in the source of its outcome, if the "
            "protocol says so.",
            row=int(of_measure["source_row"].iloc[0]),
            field="trial_number",
            n_rows=len(of_measure),
        )
