"""What every source of an outcome in another table has in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coxa.study.base import Part
from coxa.study.words import OutcomeKind


@dataclass(frozen=True, slots=True)
class Grid:
    """The values that an outcome can have, where not every number of its range is one: `origin` and steps from it."""

    step: float
    origin: float
    low: float
    high: float


class FromTable(Part):
    """Where the values of an outcome are, if not in the assessments; each table has a record of its own."""

    table: str

    kinds: ClassVar[tuple[OutcomeKind, ...]] = ("score",)
    """The kinds of outcome that values from here can be."""

    @property
    def scale(self) -> dict[str, Any]:
        """Range, unit, direction and levels of the values, as keys of an outcome, as far as the table says them."""
        return {}

    @property
    def grid(self) -> Grid | None:
        """The values that simulated rows can give; None where every value of the range is one."""
        return None

    def problem(self, kind: OutcomeKind) -> str | None:
        """Return what is wrong with the keys for an outcome of a kind, and the remedy; None if nothing is."""
        if kind in self.kinds:
            return None
        return f"values of table `{self.table}` are no outcome of `kind: {kind}`; use {' or '.join(self.kinds)}"
