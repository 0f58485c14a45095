"""The exercise vocabulary: codes that a plan may prescribe, as data in `exercises.yaml`; no wording of a programme."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, TypeAdapter
from pydantic_core import CoreSchema

from coxa.errors import not_allowed
from coxa.packaged import packaged_yaml

ExerciseKind = Literal["strength", "isometric", "stretch", "balance", "movement", "aquatic", "aerobic", "gait"]


class Exercise(BaseModel):
    """One exercise of the vocabulary.

    label  : what it is called
    target : muscle, joint or task
    kind   : what it trains
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str
    target: str
    kind: ExerciseKind


@cache
def exercises() -> dict[str, Exercise]:
    """Return code -> exercise, in the order of the file.

    Examples
    --------
    >>> exercises()["clamshell"].target
    'hip external rotators and abductors'
    """
    return TypeAdapter(dict[str, Exercise]).validate_python(packaged_yaml("coxa.study.delivery", "exercises.yaml"))


def known_exercise(code: str) -> str:
    """Return the code; raise ValueError with the nearest match if it is not in the vocabulary."""
    if code not in exercises():
        raise ValueError(not_allowed("exercise", code, exercises()))
    return code


class CodeSchema:
    """Lists the codes in the JSON Schema, so that an editor completes them."""

    def __get_pydantic_json_schema__(self, _core: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "enum": list(exercises())}
