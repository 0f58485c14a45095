"""What every part of a plan is made of: the base model, names, lists that may be a word; and faults of a whole plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler, StringConstraints
from pydantic_core import CoreSchema

from coxa.errors import not_allowed

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
"""A name in a plan: lower-case letters, digits and underscores, first a letter."""

T = TypeVar("T")


def _as_list(given: Any) -> Any:
    return [given] if isinstance(given, str | int | float) else given


class OrOne:
    """Lets the JSON Schema of a list have a single member by itself, as plans may."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        listed = {"minItems" if key == "minLength" else key: part for key, part in handler(core).items()}
        return {"anyOf": [listed["items"], listed]}


class AnyOf:
    """Lets the JSON Schema of a union have values that fit two of its members, as keys may look like names."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler(core)
        return {"anyOf" if key == "oneOf" else key: part for key, part in schema.items()}


AnyNumber = Annotated[tuple[T, ...], BeforeValidator(_as_list), OrOne()]
"""A list that may be empty, and may be written as a single word when it has one member."""

OneOrMany = Annotated[tuple[T, ...], BeforeValidator(_as_list), Field(min_length=1), OrOne()]
"""A list that may be written as a single word when it has one member."""


class Part(BaseModel):
    """A part of the plan: no unknown keys, nothing changes after reading, words are not numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault of the plan that no single part can see: where it is, and what is wrong."""

    path: tuple[str, ...]
    message: str


def known(names: Iterable[str], allowed: Iterable[str], what: str, path: tuple[str, ...]) -> Iterator[Problem]:
    """Yield a problem for every name that is not among those allowed."""
    allowed = list(allowed)
    for name in names:
        if name not in allowed:
            yield Problem(path, not_allowed(what, name, allowed))
