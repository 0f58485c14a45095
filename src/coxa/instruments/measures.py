"""Clinical measures as data: tests, ranges of motion and strengths with unit, direction, limits and error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import sqrt
from typing import Any, Literal

from coxa.packaged import packaged_yaml

Limits = tuple[float, float]
MeasureKind = Literal["number", "sign", "grade"]

QUANTILE = 1.96
"""Of the normal distribution, for a change that 95 of 100 people without a change stay below."""


@dataclass(frozen=True, slots=True)
class MeasurementError:
    """How far two measurements of the same person differ without a change, in the unit of the measure.

    sem    : standard error of measurement; None where it was not published
    mdc    : minimal detectable change as published; None where only the standard error was
    source : who found it, in whom

    Examples
    --------
    >>> round(MeasurementError(3.5, None, "n = 22").detectable, 2)
    9.7
    >>> MeasurementError(2.6, 7.0, "n = 102").detectable
    7.0
    """

    sem: float | None
    mdc: float | None
    source: str

    @property
    def detectable(self) -> float:
        """The minimal detectable change: as published, else 1.96 times the square root of 2 times the SEM."""
        return QUANTILE * sqrt(2.0) * (self.sem or 0.0) if self.mdc is None else self.mdc


@dataclass(frozen=True, slots=True)
class Measure:
    """A clinical measure.

    unit             : of its values; `sign` where 1 is positive and 0 negative, `grade` where it has levels
    hard, soft       : lowest and highest value; beyond `hard` is an error, beyond `soft` a warning
    source           : where the limits come from
    higher_is_better : direction; None where it depends on the question
    kind             : number, sign or grade
    sided            : whether it is measured on each side; the others are of the whole person
    error            : None where no figure was read in a source; a plan can give one
    """

    name: str
    label: str
    unit: str
    hard: Limits
    source: str
    soft: Limits | None = None
    higher_is_better: bool | None = None
    kind: MeasureKind = "number"
    sided: bool = True
    error: MeasurementError | None = None


def _limits(given: list[float] | None) -> Limits | None:
    return None if given is None else (float(given[0]), float(given[1]))


def _error(given: Mapping[str, Any] | None) -> MeasurementError | None:
    return None if given is None else MeasurementError(given.get("sem"), given.get("mdc"), given["source"])


@cache
def load_measures() -> dict[str, Measure]:
    """Return every clinical measure by name.

    Examples
    --------
    >>> load_measures()["hip_flexion"].unit
    'deg'
    """
    entries: dict[str, dict[str, Any]] = packaged_yaml("coxa.instruments", "measures.yaml")
    return {
        name: Measure(
            name,
            entry["label"],
            entry["unit"],
            _limits(entry["hard"]) or (0.0, 0.0),
            entry["source"],
            _limits(entry.get("soft")),
            entry.get("higher_is_better"),
            entry.get("kind", "number"),
            entry.get("sided", True),
            _error(entry.get("error")),
        )
        for name, entry in entries.items()
    }
