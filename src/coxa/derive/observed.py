"""Values as they were recorded: of every outcome, at every planned visit, before any strategy of an estimand."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.change import with_changes
from coxa.derive.groups import participants_by_group
from coxa.derive.once import once
from coxa.derive.scores import derive_scores

KEYS = ["participant_id", "outcome"]


@once
def observed_values(cohort: Cohort) -> pd.DataFrame:
    """Return the recorded values of everybody in an arm or a group, or of all in a study without them.

    Parameters
    ----------
    cohort
        Checked tables.

    Returns
    -------
    DataFrame
        participant_id, arm, outcome, visit, value, baseline, change (value minus baseline, in the outcome's unit) and
        percent_change; one row for each value of an outcome of the plan at a planned visit, the baseline included.
        Baseline and changes are missing where the baseline is, and both changes at the baseline visit.
    """
    study = cohort.study
    rows, _ = derive_scores(cohort)
    rows = rows.loc[rows["value"].notna(), [*KEYS, "visit", "value"]].astype({"outcome": str, "visit": str})
    rows = rows[rows["outcome"].isin(list(study.outcomes)) & rows["visit"].isin(list(study.visits))]
    people = participants_by_group(cohort)[["participant_id", "arm"]].dropna()
    rows = people.astype({"arm": str}).merge(rows, on="participant_id")
    start = rows.loc[rows["visit"] == study.baseline_visit, [*KEYS, "value"]].rename(columns={"value": "baseline"})
    rows = rows.merge(start, on=KEYS, how="left").astype({"value": float, "baseline": float})
    after = rows["visit"] != study.baseline_visit
    rows = with_changes(rows)
    return rows.assign(**{name: rows[name].where(after) for name in ("change", "percent_change")})
