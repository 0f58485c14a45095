"""The vocabulary of exercises, as data in `exercises.yaml`, and the exercises that a plan adds."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from coxa.packaged import packaged_yaml
from coxa.study.base import Name, Part
from coxa.study.vocabulary import Codes

ExerciseKind = Literal[
    "strength", "isometric", "mobility", "stretch", "balance", "movement", "gait", "aerobic", "aquatic", "warm_up"
]


class Exercise(Part):
    """One exercise: of the vocabulary, or added by a plan."""

    label: str = Field(min_length=1, description="What it is called.")
    target: str = Field(min_length=1, description="Muscle, joint or task.")
    kind: ExerciseKind = Field(description="What it trains.")


@cache
def exercises() -> dict[str, Exercise]:
    """Return code -> exercise, in the order of the file.

    Examples
    --------
    >>> exercises()["clamshell"].target
    'hip external rotators and abductors'
    """
    return TypeAdapter(dict[str, Exercise]).validate_python(packaged_yaml("coxa.study.delivery", "exercises.yaml"))


def with_own(own: Mapping[str, Exercise]) -> dict[str, Exercise]:
    """Return the exercises of the vocabulary and those that a plan adds."""
    return {**exercises(), **own}


ExerciseCode = Annotated[Name, Codes(exercises, own=True)]
"""An exercise of the vocabulary, or of the plan; all parts of the plan together say whether there is one."""
