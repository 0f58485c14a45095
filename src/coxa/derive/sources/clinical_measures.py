"""Values of outcomes from clinical measures: one side, the mean of both, or one side as % of the other."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.study.outcome_sources.clinical_measures import ClinicalMeasureSource

KEYS = ["participant_id", "visit"]

WHEN = ["assessment_date", "study_day", "source_file", "source_row"]

SAME_SIDE = {"affected": "affected", "unaffected": "other", "left": "left", "right": "right", "both": "both"}
"""Word of the table -> the side as a plan names it."""

OTHER = {"left": "right", "right": "left"}


def measured_at_visits(cohort: Cohort, source: ClinicalMeasureSource) -> pd.DataFrame:
    """Return the value of a measure for each participant and visit at which it was measured.

    Parameters
    ----------
    cohort
        Checked tables. Sides are those of `clinical_measures`; left and right become the affected and the other
        side by `affected_side` of the participants.
    source
        Measure, side, position, and which of several trials counts.

    Returns
    -------
    DataFrame
        participant_id, visit, value (in the unit of the measure; symmetry is 100 x affected / other, in %), reason,
        assessment_date, study_day, source_file, source_row.
    """
    rows = cohort.table("clinical_measures")
    mine = (rows["measure"] == source.measure) & rows["value"].notna()
    if source.position is not None:
        mine &= rows["position"] == source.position
    rows = rows[mine].astype({"participant_id": "str", "visit": "str"})
    rows = rows.assign(side=_sides(rows, cohort.table("participants"), source.counted))
    ordered = rows.sort_values([name for name in ("trial_number", "source_row") if name in rows], kind="stable")
    how = {"mean": "mean", "highest": "max", "lowest": "min", "first": "first"}[source.trials]
    by_side = ordered.groupby([*KEYS, "side"], sort=False)["value"].agg(how).unstack("side")
    value, reason = _of_sides(by_side, source.counted)
    first = ordered.sort_values("source_row", kind="stable").groupby(KEYS, sort=False)
    lineage = first[[name for name in WHEN if name in rows]].first()
    found = pd.DataFrame({"value": value.astype(float), "reason": reason}).join(lineage)
    return found.rename_axis(index=KEYS).reset_index()


def _sides(rows: pd.DataFrame, people: pd.DataFrame, wanted: str) -> pd.Series:
    """Return the side of each row in the words of a plan: left and right, or affected and other."""
    side = rows["side"].astype(object).map(SAME_SIDE).fillna("whole")
    if wanted in ("left", "right", "whole", "mean") or "affected_side" not in people:
        return side
    affected = rows["participant_id"].map(people.set_index("participant_id")["affected_side"].astype(object))
    known = side.isin(list(OTHER)) & affected.isin(list(OTHER))
    return side.mask(known & (side == affected), "affected").mask(known & (side != affected), "other")


def _of_sides(by_side: pd.DataFrame, wanted: str) -> tuple[pd.Series, pd.Series]:
    """Return value and reason from (participant and visit, side) values."""

    def of(side: str) -> pd.Series:
        return by_side[side] if side in by_side else pd.Series(float("nan"), index=by_side.index)

    if wanted == "symmetry":
        other = of("other")
        value = (100.0 * of("affected") / other).where(other > 0)
    elif wanted == "mean":
        pairs = [(of("left"), of("right")), (of("affected"), of("other"))]
        value = ((pairs[0][0] + pairs[0][1]) / 2.0).fillna((pairs[1][0] + pairs[1][1]) / 2.0).fillna(of("both"))
    elif wanted == "whole":
        value = of("whole").fillna(of("both"))
    else:
        value = of(wanted)
    reason = pd.Series(None, index=by_side.index, dtype=object)
    lacking = {
        "symmetry": "not measured on both sides",
        "mean": "not measured on both sides",
        "whole": "a side is recorded, and the measure is of the whole person",
    }
    return value, reason.mask(value.isna(), lacking.get(wanted, f"not measured on the {wanted} side"))
