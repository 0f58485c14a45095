"""What a plan assumes of the exercise log: which exercises are prescribed how often, and how much of them is done."""

from __future__ import annotations

from pydantic import Field

from coxa.study.assumptions.numbers import NotNegative, Positive, Probabilities, Rates
from coxa.study.base import Name, OneOrMany, Part

EXERCISES = ("clamshell", "side_lying_abduction", "bridge", "side_plank")


class AssumedExerciseLog(Part):
    """An exercise log: every exercise on every day on which a session is asked for, until the day of leaving."""

    exercises: OneOrMany[Name] = Field(EXERCISES, description="Exercises, as the vocabulary or the plan names them.")
    per_week: Rates = Field(3.0, description="Days with a session per week; one, or by arm.")
    last_day: int = Field(84, ge=1, description="Study day of the last session.")
    sets: int = Field(3, ge=1, le=20, description="Sets prescribed of each exercise.")
    repetitions: int = Field(10, ge=1, le=100, description="Repetitions prescribed in a set.")
    done: Probabilities = Field(0.7, description="Mean share of the sets prescribed that is done; one, or by arm.")
    consistency: Positive = Field(
        8.0, description="How alike participants are: parameters of the beta distribution, summed."
    )
    load: NotNegative = Field(5.0, description="Load in kg of the first week; 0 for none.")
    load_per_week: NotNegative = Field(0.5, description="What each week adds to the load, in kg.")
    exertion: float = Field(5.0, ge=0, le=10, description="Mean perceived exertion, 0 to 10.")
