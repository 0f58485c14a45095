"""Words of a closed vocabulary that ships as YAML: checked by name, completed by editors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema

from coxa.errors import nearest

Vocabulary = Callable[[], Mapping[str, Any]]
"""Returns code -> what it means."""


def known_word(what: str, vocabulary: Vocabulary) -> Callable[[str], str]:
    """Return a check that gives back a code, and raises ValueError with the nearest match if there is no such code."""

    def check(code: str) -> str:
        if code not in vocabulary():
            raise ValueError(no_such_word(what, code, vocabulary()))
        return code

    return check


def no_such_word(what: str, code: str, allowed: Iterable[str]) -> str:
    """Say that there is no such code, where all are listed, and the nearest.

    Examples
    --------
    >>> no_such_word("exercise", "leg_pres", ["leg_press", "bridge"])
    'There is no exercise "leg_pres". Choose one that `coxa schema exercises` lists; did you mean leg_press?'
    """
    meant = nearest(code, list(allowed))
    end = f"; did you mean {meant}?" if meant else "."
    return f'There is no {what} "{code}". Choose one that `coxa schema {what}s` lists{end}'


class Codes:
    """Lists the codes in the JSON Schema, so that an editor completes them.

    vocabulary : the codes
    own        : whether the plan may have further ones, which are names
    """

    def __init__(self, vocabulary: Vocabulary, *, own: bool = False) -> None:
        self.vocabulary, self.own = vocabulary, own

    def __get_pydantic_json_schema__(self, _core: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        codes = {"type": "string", "enum": list(self.vocabulary())}
        return {"anyOf": [codes, {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}]} if self.own else codes
