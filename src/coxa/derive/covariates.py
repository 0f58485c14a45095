"""Covariates that are taken from other tables than that of the participants, at baseline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.cohort.dictionary import load_table
from coxa.derive.once import once
from coxa.derive.scores import derive_scores
from coxa.derive.sources.clinical_measures import measured_at_visits
from coxa.study.conditions import CERTAINTIES
from coxa.study.covariate_sources import (
    SPORT_NUMBERS,
    BaselineMeasure,
    BaselineOutcome,
    ConditionSource,
    CovariateSource,
    SportSource,
)
from coxa.study.parts import Covariate

LARGEST = ("years", "footwear_distance")
"""Numbers of which a participant has the largest over the sports; the others add up."""


def with_covariates(cohort: Cohort, people: pd.DataFrame) -> pd.DataFrame:
    """Return rows of participants with the covariates of the plan that come from other tables.

    Parameters
    ----------
    cohort
        Checked tables.
    people
        Rows with `participant_id`.
    """
    derived = derive_covariates(cohort)
    if len(derived.columns) == 1:
        return people
    kept = people.drop(columns=[name for name in derived.columns[1:] if name in people])
    return kept.merge(derived, on="participant_id", how="left")


@once
def derive_covariates(cohort: Cohort) -> pd.DataFrame:
    """Return the covariates that have a `source` in the plan.

    Parameters
    ----------
    cohort
        Checked tables.

    Returns
    -------
    DataFrame
        One row per participant: participant_id, and a column for each covariate with a source; empty where the tables
        do not say. Whoever has no row in a table of conditions that has rows of others has none of the conditions.

    Examples
    --------
    >>> derive_covariates(cohort)  # doctest: +SKIP
    """
    people = cohort.table("participants")
    found = pd.DataFrame({"participant_id": people["participant_id"].to_numpy()})
    for name, covariate in cohort.study.covariates.items():
        if covariate.source is not None:
            values = _of_table(cohort, covariate.source).reindex(found["participant_id"])
            found[name] = _as_covariate(values, covariate).to_numpy()
    return found.drop_duplicates("participant_id", ignore_index=True)


def _rows(cohort: Cohort, table: str) -> pd.DataFrame:
    """Return a table with all its fields, also where the cohort does not have it."""
    rows = cohort.table(table)
    return rows.reindex(columns=list(dict.fromkeys([*rows, *load_table(table).fields])))


def _of_table(cohort: Cohort, source: CovariateSource) -> pd.Series:
    """Return participant_id -> what a source says."""
    by_table: dict[str, Callable[[Cohort, Any], pd.Series]] = {
        "conditions": _conditions,
        "sport_training": _sport,
        "assessments": _at_baseline,
        "clinical_measures": _measured,
        "participants": lambda cohort, source: _of_participants(cohort, source.field),
    }
    return by_table[source.table](cohort, source)


def _as_covariate(values: pd.Series, covariate: Covariate) -> pd.Series:
    """Return numbers cut into levels where the plan cuts them; categories that are no level of the plan are `other`."""
    if covariate.cuts:
        numbers = pd.to_numeric(values).to_numpy(dtype=float, na_value=np.nan)
        words = np.array([*covariate.level_labels(), None], dtype=object)
        place = np.where(np.isnan(numbers), -1, np.searchsorted(covariate.cuts, numbers, side="right"))
        return pd.Series(words[place], index=values.index).astype("str")
    if covariate.type == "number":
        return pd.to_numeric(values).astype(float)
    levels = list(covariate.level_labels())
    text = values.astype(object).where(values.notna(), None)
    outside = text.notna() & ~text.isin(levels)
    return text.mask(outside, "other" if "other" in levels else None).astype("str")


def _conditions(cohort: Cohort, source: ConditionSource) -> pd.Series:
    recorded = rows = _rows(cohort, "conditions")
    everyone = cohort.table("participants")["participant_id"].drop_duplicates()
    order = list(CERTAINTIES)
    rank = rows["certainty"].astype(object).map({word: place for place, word in enumerate(order)}).astype(float)
    rows = rows[rank.isna() | (rank >= order.index(source.at_least))]
    if source.take == "main":
        return main_conditions(rows) if len(recorded) else _of_participants(cohort, "main_condition")
    counted = rows[rows["condition"].isin(source.codes)]
    nothing = np.nan if recorded.empty else 0.0
    number = counted.groupby("participant_id")["condition"].nunique().astype(float)
    number = number.reindex(everyone, fill_value=nothing)
    if source.take == "number":
        return number
    return number.map(lambda n: None if np.isnan(n) else "yes" if n else "no")


def main_conditions(rows: pd.DataFrame) -> pd.Series:
    """Return participant_id -> the main condition: that which is marked, or the only one.

    Participants with several and no mark, or with several that are marked, have none.

    Examples
    --------
    >>> rows = pd.DataFrame({"participant_id": ["1", "1", "2", "3", "3"], "main": [False, True, None, None, None],
    ...                      "condition": ["dysplasia", "labral_tear", "fai_cam", "fai_cam", "labral_tear"]})
    >>> main_conditions(rows).to_dict()
    {'1': 'labral_tear', '2': 'fai_cam'}
    """
    marked = rows["main"].eq(True).fillna(False).astype(bool)
    has_mark = marked.groupby(rows["participant_id"]).transform("any")
    candidates = rows[marked | ~has_mark].drop_duplicates(["participant_id", "condition"])
    alone = ~candidates["participant_id"].duplicated(keep=False)
    return candidates[alone].set_index("participant_id")["condition"]


def _sport(cohort: Cohort, source: SportSource) -> pd.Series:
    rows = sport_at_entry(cohort)
    if source.sport is not None:
        rows = rows[rows["sport"] == source.sport]
    if source.field in SPORT_NUMBERS:
        known = rows[rows[source.field].notna()].groupby("participant_id")[source.field]
        return known.max() if source.field in LARGEST else known.sum()
    return main_sport(rows).set_index("participant_id")[source.field]


def sport_at_entry(cohort: Cohort) -> pd.DataFrame:
    """Return the rows of sport and training at entry: of the baseline visit, or without a visit and a week."""
    rows = _rows(cohort, "sport_training")
    visit = rows["visit"].astype(object)
    undated = visit.isna() & rows["week_start"].isna()
    return rows[undated | visit.eq(cohort.study.baseline_visit)]


def main_sport(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the row of the main sport of each participant: that which is marked, or the only one."""
    marked = rows["main"].eq(True).fillna(False).astype(bool)
    has_mark = marked.groupby(rows["participant_id"]).transform("any")
    candidates = rows[marked | ~has_mark]
    return candidates[~candidates["participant_id"].duplicated(keep=False)]


def _at_baseline(cohort: Cohort, source: BaselineOutcome) -> pd.Series:
    assessments, _ = derive_scores(cohort)
    mine = assessments[assessments["outcome"].eq(source.outcome) & assessments["visit"].eq(cohort.study.baseline_visit)]
    return mine.groupby("participant_id")["value"].first()


def _measured(cohort: Cohort, source: BaselineMeasure) -> pd.Series:
    if cohort.table("clinical_measures").empty:
        return pd.Series(dtype=float)
    values = measured_at_visits(cohort, source)
    return values[values["visit"] == cohort.study.baseline_visit].set_index("participant_id")["value"]


def _of_participants(cohort: Cohort, field: str) -> pd.Series:
    return _rows(cohort, "participants").drop_duplicates("participant_id").set_index("participant_id")[field]
