"""The diary of a cohort as one frame: days, weeks, loads and arms filled in from what there is."""

from __future__ import annotations

import pandas as pd
import pytest

from coxa.cohort.cohort import Cohort
from coxa.cohort.contracts import contract
from coxa.cohort.disposition import Disposition
from coxa.diary import derive_diary
from coxa.errors import CoxaError
from coxa.findings import Findings
from tests.spec.test_derive_dataset import PLAN_3, drawn
from tests.spec.test_study_read import parse

PEOPLE = drawn(
    """
    participant_id | arm        | randomisation_date | site
    a              | exercise   | 2026-01-01         | north
    b              | usual_care | 2026-02-01         | south
    """
)
DAYS = drawn(
    """
    participant_id | diary_date | study_day | pain | training_minutes | perceived_exertion | training_load
    b              | 2026-02-08 |           | 4    | 30               | 5                  |
    a              |            | 14        | 3    | 30               | 5                  | 140
    a              |            | 7         | 2    | 0                |                    |
    """
)


def cohort(days: pd.DataFrame) -> Cohort:
    study = parse(PLAN_3)
    rows = days.reindex(columns=[*contract(study, "daily_diary").fields])
    return Cohort(study, {"participants": PEOPLE, "daily_diary": rows}, Findings(), Disposition(), ())


def test_days_and_weeks_are_counted_from_randomisation() -> None:
    found = derive_diary(cohort(DAYS))
    assert found[["participant_id", "study_day", "week"]].to_numpy().tolist() == [
        ["a", 7, 1],
        ["a", 14, 2],
        ["b", 7, 1],
    ]


def test_a_recorded_load_goes_before_one_that_can_be_computed() -> None:
    assert derive_diary(cohort(DAYS))["training_load"].tolist() == [0.0, 140.0, 150.0]


def test_the_reference_arm_is_the_first_category_and_covariates_come_along() -> None:
    found = derive_diary(cohort(DAYS))
    assert found["arm"].cat.categories.tolist() == ["usual_care", "exercise"]
    assert found["arm"].tolist() == ["exercise", "exercise", "usual_care"]
    assert found["site"].tolist() == ["north", "north", "south"]


def test_columns_that_nobody_filled_in_are_not_there() -> None:
    assert {"steps", "sleep_hours", "medication"} & set(derive_diary(cohort(DAYS)).columns) == set()


def test_a_study_without_a_diary_says_so() -> None:
    with pytest.raises(CoxaError, match="has no diary"):
        derive_diary(cohort(DAYS.iloc[:0]))
