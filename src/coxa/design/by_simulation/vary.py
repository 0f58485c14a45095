"""Other assumptions than the plan's: more dropout, therapists who differ more, and an effect with a distribution."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from pydantic import ValidationError

from coxa.errors import OptionError
from coxa.sentences import sentences
from coxa.simulate import TrialDesign
from coxa.simulate.seeds import generator
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
                f"`{key}` cannot be varied: the assumptions of the plan have no `{step}` on that path. Write it first."
            )
    if path[-1] not in inner:
        raise OptionError(
            f"`{key}` cannot be varied: there is no `{path[-1]}`. Choose a short word "
            f"({', '.join([*SHORT, *part.clusters])}) or a path in `assumptions`, such as outcomes.pain.sd."
        )
    inner[path[-1]] = value
    try:
        assumed = Assumptions.model_validate(held)
    except ValidationError as error:
        first = error.errors()[0]
        why = sentences(str(first.get("ctx", {}).get("error", first["msg"])))
        raise OptionError(f"`{key}` cannot be {value:g}. {why}") from None
    return study.model_copy(update={"assumptions": assumed})


def place_of(part: Assumptions, key: str) -> str:
    """Return the path in the assumptions that a key stands for."""
    if key in part.clusters:
        return f"clusters.{key}.icc"
    if key == "icc":
        if len(part.clusters) != 1:
            there = ", ".join(part.clusters) or "none"
            raise OptionError(f"`icc` could mean several clusters: {there}. Name the cluster.")
        return f"clusters.{next(iter(part.clusters))}.icc"
    return SHORT.get(key, key)


@dataclass(frozen=True, slots=True)
class Prior:
    """A normal distribution of the effect, in units of the outcome.

    The effect is the difference in mean change, in the plan's assumptions, between the first arm that the estimand
    compares and its comparator, at the last visit that it names. The effects of all arms at all visits on all outcomes
    grow or shrink with it by the same factor.

    mean, sd : of the difference
    """

    mean: float
    sd: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.mean) and math.isfinite(self.sd) and self.sd > 0):
            raise OptionError(
                f"The prior has mean {self.mean:g} and sd {self.sd:g}. Give a finite mean and an sd above 0."
            )

    def factor(self, design: TrialDesign, analysis: str, seed: int) -> float:
        """Draw by how much the plan's effects are multiplied, from the seed of a replicate."""
        drawn = self.mean + self.sd * float(generator("effect", seed).standard_normal())
        return drawn / planned_effect(design, analysis)


def planned_effect(design: TrialDesign, analysis: str) -> float:
    """Return the difference in mean change that the plan assumes.

    Raises
    ------
    OptionError
        It is zero, and cannot be scaled.
    """
    estimand = design.study.planned(analysis).estimand
    k, visit = design.outcomes.index(estimand.endpoint.outcome), design.visits.index(estimand.endpoint.visit[-1])
    arm, other = (design.arms.index(name) for name in (estimand.treatment.compare[0], estimand.treatment.against))
    effect = float(design.means[arm, k, visit] - design.means[other, k, visit])
    if effect == 0:
        raise OptionError(
            f"The plan assumes no effect of {estimand.treatment.compare[0]} on {estimand.endpoint.outcome} at "
            f"{estimand.endpoint.visit[-1]}, so that an uncertain one has no course. Write its `mean_change`."
        )
    return effect


def scaled(means: np.ndarray, factor: float) -> np.ndarray:
    """Return means (a, k, m) with every arm's difference from the reference, which is first, times `factor`.

    Examples
    --------
    >>> scaled(np.array([[[50.0, 50.0]], [[50.0, 56.0]]]), 0.5)[1, 0].tolist()
    [50.0, 53.0]
    """
    return np.asarray(means[:1] + factor * (means - means[:1]))
