"""Clinical measures as data: tests, ranges of motion and strengths with unit, direction and limits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from coxa.packaged import packaged_yaml

Limits = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Measure:
    """A clinical measure.

    unit             : of its values; `sign` where 1 is positive and 0 negative
    hard, soft       : lowest and highest value; beyond `hard` is an error, beyond `soft` a warning
    source           : where the limits come from
    higher_is_better : direction; None where it depends on the question
    """

    name: str
    label: str
    unit: str
    hard: Limits
    source: str
    soft: Limits | None = None
    higher_is_better: bool | None = None


def _limits(given: list[float] | None) -> Limits | None:
    return None if given is None else (float(given[0]), float(given[1]))


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
        )
        for name, entry in entries.items()
    }
