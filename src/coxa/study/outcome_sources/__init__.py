"""Outcomes whose values are worked out from a table of their own: tests, a diary, training, goals.

A source is a record with the name of its table; `coxa.derive.sources` works out the values at each visit, and
`coxa.simulate.from_plan.sources` makes the rows that give them back.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, TypeAdapter

from coxa.study.outcome_sources.base import FromTable
from coxa.study.outcome_sources.clinical_measures import ClinicalMeasureSource
from coxa.study.outcome_sources.daily_diary import DailyDiarySource
from coxa.study.outcome_sources.exercise_log import ExerciseSource
from coxa.study.outcome_sources.goals import GoalSource
from coxa.study.outcome_sources.return_to_sport import ReturnSource
from coxa.study.outcome_sources.sport_training import SportTrainingSource
from coxa.study.outcome_sources.treatment_sessions import SessionSource

OutcomeSource = Annotated[
    ClinicalMeasureSource
    | DailyDiarySource
    | ExerciseSource
    | GoalSource
    | ReturnSource
    | SessionSource
    | SportTrainingSource,
    Field(discriminator="table"),
]
"""A source of an outcome, told apart by `table`."""

SOURCES: TypeAdapter[FromTable] = TypeAdapter(OutcomeSource)
