"""The data dictionary: every table, its fields, their types, units, levels and limits, as typed records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, get_args

from coxa.errors import check_known
from coxa.packaged import packaged_yaml
from coxa.study.words import TABLES

FieldType = Literal["id", "category", "integer", "number", "date", "text", "boolean"]
FIELD_TYPES: tuple[str, ...] = get_args(FieldType)
Limits = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a table.

    type        : id and text are text, category has levels, date is a day, integer and number are numbers
    hard, soft  : lowest and highest value; beyond `hard` is an error, beyond `soft` a warning
    levels      : words of a category with their labels, in order; empty where `levels_from` says where they are
    levels_from : the part of the plan (or of the dictionary) that has the levels
    source      : where the limits come from; "working limit" is a screen for slips, not a published fact
    """

    name: str
    type: FieldType
    description: str
    required: bool = False
    unit: str | None = None
    hard: Limits | None = None
    soft: Limits | None = None
    levels: Mapping[str, str] = field(default_factory=dict)
    levels_from: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class TableDictionary:
    """One table.

    key           : the fields that together are unique
    empty_without : fields without which a row says nothing; empty means any field but the participant
    """

    name: str
    label: str
    one_row: str
    key: tuple[str, ...]
    fields: Mapping[str, Field]
    empty_without: tuple[str, ...] = ()
    plan_adds: str | None = None


def _yaml(name: str) -> dict[str, Any]:
    content: dict[str, Any] = packaged_yaml("coxa.cohort", f"dictionary/{name}.yaml")
    return content


def _limits(given: list[float] | None) -> Limits | None:
    return None if given is None else (float(given[0]), float(given[1]))


def _field(name: str, given: Mapping[str, Any]) -> Field:
    levels = {level: level.replace("_", " ").capitalize() for level in given.get("levels", ())}
    return Field(
        name=name,
        type=given["type"],
        description=given["description"],
        required=given.get("required", False),
        unit=given.get("unit"),
        hard=_limits(given.get("hard")),
        soft=_limits(given.get("soft")),
        levels=levels,
        levels_from=given.get("levels_from"),
        source=given.get("source"),
    )


@cache
def load_table(name: str) -> TableDictionary:
    """Return the dictionary of one table.

    Raises
    ------
    OptionError
        If there is no such table; the message lists what there is.

    Examples
    --------
    >>> load_table("assessments").key
    ('participant_id', 'visit', 'outcome')
    """
    given = _yaml(check_known("table", name, TABLES))
    return TableDictionary(
        name=given["table"],
        label=given["label"],
        one_row=given["one_row"],
        key=tuple(given["key"]),
        fields={field: _field(field, entry) for field, entry in given["fields"].items()},
        empty_without=tuple(given.get("empty_without", ())),
        plan_adds=given.get("plan_adds"),
    )
