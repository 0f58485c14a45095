"""Outcomes worked out from tables of their own: one file per table, which gives a value per participant and visit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.sources.clinical_measures import measured_at_visits
from coxa.derive.sources.daily_diary import diary_at_visits
from coxa.derive.sources.exercise_log import done_at_visits
from coxa.derive.sources.goals import goals_at_visits
from coxa.derive.sources.return_to_sport import returned_at_visits
from coxa.derive.sources.sport_training import training_at_visits
from coxa.derive.sources.treatment_sessions import attended_at_visits
from coxa.findings import Finding
from coxa.study.outcome import Outcome

Values = Callable[[Cohort, Any], pd.DataFrame]
"""From a cohort and the source of an outcome to its values.

They are a frame of participant_id, visit, value, reason (why there is no value, where there is none), source_file and
source_row (of the first row that the value rests on); assessment_date and study_day where the table has them.
"""

BY_TABLE: dict[str, Values] = {
    "clinical_measures": measured_at_visits,
    "daily_diary": diary_at_visits,
    "exercise_log": done_at_visits,
    "goals": goals_at_visits,
    "return_to_sport": returned_at_visits,
    "sport_training": training_at_visits,
    "treatment_sessions": attended_at_visits,
}
"""Table -> what works out the values of an outcome from it."""


def sourced_values(cohort: Cohort) -> Iterator[pd.DataFrame]:
    """Yield the values of each outcome of the plan that has a source, as `derive_scores` has them."""
    for name, outcome in cohort.study.outcomes.items():
        if outcome.source is not None and len(cohort.table(outcome.source.table)):
            values = BY_TABLE[outcome.source.table](cohort, outcome.source)
            yield within_range(values, outcome).assign(outcome=name, source_table=outcome.source.table)


def without_values(cohort: Cohort, values: pd.DataFrame) -> Iterator[Finding]:
    """Yield an error for each outcome with a source whose table has rows, and no value of it."""
    having = set(values.loc[values["value"].notna(), "outcome"].astype(str)) if len(values) else set()
    for name, outcome in cohort.study.outcomes.items():
        if outcome.source is not None and name not in having and len(cohort.table(outcome.source.table)):
            yield Finding(
                "error",
                outcome.source.table,
                f"no row of table `{outcome.source.table}` gives a value of outcome `{name}`",
                "Compare the words of its columns with the `source` of the outcome in the plan.",
                field=name,
            )


def within_range(values: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    """Return the values without those outside of the outcome's range, which have that as their reason."""
    if outcome.range is None:
        return values
    low, high = outcome.range
    outside = values["value"].notna() & ~values["value"].between(low, high)
    if not outside.any():
        return values
    reason = f"the value is outside its range, {low:g} to {high:g}"
    return values.assign(
        value=values["value"].mask(outside), reason=values["reason"].astype(object).mask(outside, reason)
    )
