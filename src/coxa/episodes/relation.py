"""A relation as SQL with bound values, and the parameters of a query, written as each database wants them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from coxa.errors import CoxaError
from coxa.findings import Finding

TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<!:):(?P<name>[a-z_][a-z0-9_]*)|%""")
"""What a named parameter, `:name`, is told apart from: texts, identifiers, casts by `::`."""


class Failed(CoxaError):
    """A query failed, or there is no connection; `finding` says why, without an address or a password."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(f"{finding.table}: {finding.rule}: {finding.value}. {finding.remedy}")


@dataclass(frozen=True, slots=True)
class Relation:
    """A SELECT, and the values of its parameters."""

    sql: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def ahead_of(self, sql: str) -> str:
        """Return a query in which `source` is this relation.

        Examples
        --------
        >>> Relation("SELECT 1 AS n").ahead_of("WITH episodes AS (SELECT * FROM source) SELECT n FROM episodes")
        'WITH source AS (SELECT 1 AS n), episodes AS (SELECT * FROM source) SELECT n FROM episodes'
        """
        rest = f", {sql[5:]}" if sql.startswith("WITH ") else f" {sql}"
        return f"WITH source AS ({self.sql}){rest}"


@dataclass(frozen=True, slots=True)
class Bound:
    """The values that a piece of SQL is bound to, each under a name of its own."""

    values: dict[str, Any] = field(default_factory=dict)

    def text(self, value: object) -> str:
        """Return the parameter of a text."""
        return self._add(str(value), "VARCHAR")

    def number(self, value: float) -> str:
        """Return the parameter of a number."""
        return self._add(float(value), "DOUBLE PRECISION")

    def day(self, value: object) -> str:
        """Return the parameter of a day."""
        return self._add(value, "DATE")

    def _add(self, value: object, kind: str) -> str:
        name = f"coxa_{len(self.values)}"
        self.values[name] = value
        return f"CAST(:{name} AS {kind})"


def rewritten(sql: str, write: Callable[[str], str], percent: str = "%") -> tuple[str, set[str]]:
    """Return a query with each parameter as `write` writes it, and the names of its parameters.

    Parameters
    ----------
    sql
        Parameters are written `:name`; in texts and identifiers nothing is a parameter.
    write
        Name -> the parameter as a database wants it.
    percent
        What a percent sign becomes, wherever it is.

    Examples
    --------
    >>> rewritten('SELECT "a:b", :day, x::date', lambda name: f"${name}")
    ('SELECT "a:b", $day, x::date', {'day'})
    """
    names: set[str] = set()

    def one(found: re.Match[str]) -> str:
        name = found["name"]
        if name is None:
            return found[0].replace("%", percent)
        names.add(name)
        return write(name)

    return TOKEN.sub(one, sql), names
