"""Other assumptions than the plan's: more dropout, therapists who differ more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from pydantic import ValidationError

from coxa.errors import OptionError
from coxa.study.assumptions.trial import Assumptions
from coxa.study.comparative import ComparativeStudy

SHORT = {"dropout": "dropout.probability", "gaps": "dropout.gaps", "odds_ratio": "dropout.odds_ratio"}
"""Short words for places in the assumptions; the name of a cluster (`therapist_id`) is short for its `icc`."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A plan under some assumptions, and what differs from the plan's own; empty for these."""

    name: str
    study: ComparativeStudy


def settings(study: ComparativeStudy, vary: Mapping[str, Sequence[float]] | None) -> list[Setting]:
    """Return a plan under every combination of other assumptions.

    Parameters
    ----------
    study
        A plan with assumptions.
    vary
        Key -> values. A key is a path in `assumptions`, such as `outcomes.pain.sd`, or a short word: `dropout`,
        `gaps`, a cluster for its `icc`, or `icc` where there is one cluster only.

    Raises
    ------
    OptionError
        A key or a value is not allowed.

    Examples
    --------
    >>> [each.name for each in settings(study, {"dropout": [0.1, 0.2]})]  # doctest: +SKIP
    ['dropout=0.1', 'dropout=0.2']
    """
    if not vary:
        return [Setting("", study)]
    found = []
    for values in product(*vary.values()):
        changed = study
        for key, value in zip(vary, values, strict=True):
            changed = with_assumption(changed, key, value)
        found.append(Setting(", ".join(f"{key}={value:g}" for key, value in zip(vary, values, strict=True)), changed))
    return found


def with_assumption(study: ComparativeStudy, key: str, value: float) -> ComparativeStudy:
    """Return the plan with one assumption replaced."""
    part = study.assumptions or Assumptions()
    path = place_of(part, key).split(".")
    held: dict[str, Any] = part.model_dump(mode="python")
    inner = held
    for step in path[:-1]:
        inner = inner.get(step) if isinstance(inner, dict) else None  # type: ignore[assignment]
        if not isinstance(inner, dict):
            raise OptionError(
                f"cannot vary {key}: the plan's assumptions have no `{step}` on that path; write it first"
            )
    if path[-1] not in inner:
        raise OptionError(
            f"cannot vary {key}: there is no `{path[-1]}`; short words are {', '.join([*SHORT, *part.clusters])}, "
            "others are paths in `assumptions`, such as outcomes.pain.sd"
        )
    inner[path[-1]] = value
    try:
        assumed = Assumptions.model_validate(held)
    except ValidationError as error:
        raise OptionError(f"cannot set {key} to {value:g}: {error.errors()[0]['msg']}") from None
    return study.model_copy(update={"assumptions": assumed})


def place_of(part: Assumptions, key: str) -> str:
    """Return the path in the assumptions that a key stands for."""
    if key in part.clusters:
        return f"clusters.{key}.icc"
    if key == "icc":
        if len(part.clusters) != 1:
            there = ", ".join(part.clusters) or "none"
            raise OptionError(f"`icc` is not one: the assumptions have as clusters {there}; name the cluster")
        return f"clusters.{next(iter(part.clusters))}.icc"
    return SHORT.get(key, key)
