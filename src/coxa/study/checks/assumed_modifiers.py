"""What the assumed modifiers of effects and the other parts of a plan disagree about."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from coxa.errors import not_allowed
from coxa.study.assumptions.trial import BASELINE
from coxa.study.comparative import ComparativeStudy

Said = tuple[tuple[str, ...], str]


def assumed_modifier_problems(study: ComparativeStudy) -> Iterator[Said]:
    """Yield modifiers that are not drawn, of arms that are not there, or written in a way that does not fit them."""
    part = study.assumptions
    assert part is not None
    for outcome, assumed in part.outcomes.items():
        at: tuple[str, ...] = ("outcomes", outcome, "modifiers")
        if assumed.modifiers and study.received_in_periods is not None:
            yield at, "modifiers are of the effects of arms, and here treatments are received in periods; remove them"
            continue
        for name, by_arm in assumed.modifiers.items():
            if name != BASELINE and (problem := _cannot_modify(study, name)):
                yield (*at, name), problem
                continue
            for arm, given in by_arm.items():
                if arm not in study.arms:
                    yield (*at, name, arm), not_allowed("arm", arm, study.arms)
                elif problem := _written(study, name, given):
                    yield (*at, name, arm), problem


def _cannot_modify(study: ComparativeStudy, name: str) -> str | None:
    """Return why nothing can be assumed of a covariate as a modifier."""
    planned, part = study.covariates.get(name), study.assumptions
    assert part is not None
    if planned is None:
        return not_allowed("covariate", name, [BASELINE, *study.covariates])
    if name in part.clusters:
        return f"'{name}' is a cluster; name a covariate that is drawn, or `{BASELINE}`"
    if (planned.source is not None and not planned.source.drawn) or part.conditions_give(name, planned):
        return f"'{name}' follows from other values; name a covariate that is drawn, or `{BASELINE}`"
    return None


def _written(study: ComparativeStudy, name: str, given: Any) -> str | None:
    """Return why what a modifier adds cannot be meant as it is written."""
    if name == BASELINE:
        return "write one number, what one unit of the baseline adds" if isinstance(given, dict) else None
    planned = study.covariates[name]
    if planned.type != "number":
        if not isinstance(given, dict):
            return f"'{name}' is a category; write what each level adds, for example {{level: -2}}"
        unknown = [str(level) for level in given if str(level) not in planned.level_labels()]
        return not_allowed("level", unknown[0], planned.level_labels()) if unknown else None
    if not isinstance(given, dict):
        return None
    if not all(_is_number(value) for value in given):
        return f"'{name}' is a number; write what is added at its values, for example {{40: 0, 60: -4}}"
    return None if len(given) > 1 else "a table needs two values of the covariate; write another, or one number"


def _is_number(value: float | str) -> bool:
    """Whether a value of a table is a number; where a plan is kept as JSON, its keys are text."""
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False
