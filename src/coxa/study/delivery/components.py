"""What an arm delivers: the vocabulary of components, as data in `components.yaml`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter

from coxa.packaged import packaged_yaml
from coxa.study.vocabulary import Codes, known_word

ComponentKind = Literal["active", "passive", "neither"]


class TreatmentComponent(BaseModel):
    """One component of a treatment.

    label     : what it is called
    kind      : active (the participant moves or trains), passive (something is done to the participant), neither
    meaning   : in a few words
    part_of   : code of the broader component that it is a part of
    exercise  : whether it is exercise, so that CERT asks how it is delivered
    treatment : whether it is a treatment, and not usual care or waiting for one
    source    : a published trial with an arm of it
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str
    kind: ComponentKind
    meaning: str
    part_of: str | None = None
    exercise: bool = False
    treatment: bool = True
    source: str | None = None


@cache
def components() -> dict[str, TreatmentComponent]:
    """Return code -> component, in the order of the file; what is a part of exercise is exercise.

    Examples
    --------
    >>> components()["massage"].kind, components()["gluteal_strengthening"].exercise
    ('passive', True)
    """
    content = packaged_yaml("coxa.study.delivery", "components.yaml")
    read = TypeAdapter(dict[str, TreatmentComponent]).validate_python(content)
    return {
        code: one.model_copy(update={"exercise": any(read[whole].exercise for whole in _wholes(read, code))})
        for code, one in read.items()
    }


def _wholes(read: dict[str, TreatmentComponent], code: str) -> Iterable[str]:
    """Yield a component and what it is a part of, up to the broadest."""
    while True:
        yield code
        above = read[code].part_of
        if above is None:
            return
        code = above


def of_kind(codes: Iterable[str], kind: ComponentKind) -> tuple[str, ...]:
    """Return the components of a kind, in the order given.

    Examples
    --------
    >>> of_kind(("education", "massage", "stretching"), "passive")
    ('massage',)
    """
    return tuple(code for code in codes if components()[code].kind == kind)


Component = Annotated[str, AfterValidator(known_word("component", components)), Codes(components)]
"""What an arm delivers; an arm may deliver several."""
