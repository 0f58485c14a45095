"""The vocabulary of conditions of hip, groin and thigh, as data in `conditions.yaml`."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter

from coxa.packaged import packaged_yaml
from coxa.study.vocabulary import Codes, known_word

ConditionFamily = Literal["joint", "bursa", "tendon", "muscle", "bone", "snapping", "referred", "other"]

CERTAINTIES = {"suspected": "Suspected", "probable": "Probable", "confirmed": "Confirmed"}
"""How sure a condition is -> its label, from the least sure."""

MECHANISMS = {"overuse": "Overuse", "traumatic": "Traumatic", "unknown": "Unknown"}
"""How a condition came about -> its label."""


class Condition(BaseModel):
    """One condition.

    label   : what it is called
    family  : the tissue, or where the pain comes from
    meaning : in a few words
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str
    family: ConditionFamily
    meaning: str


@cache
def conditions() -> dict[str, Condition]:
    """Return code -> condition, in the order of the file.

    Examples
    --------
    >>> conditions()["labral_tear"].family
    'joint'
    """
    return TypeAdapter(dict[str, Condition]).validate_python(packaged_yaml("coxa.study", "conditions.yaml"))


ConditionCode = Annotated[str, AfterValidator(known_word("condition", conditions)), Codes(conditions)]
"""One of the conditions."""
