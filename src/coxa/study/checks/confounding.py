"""What the assumed confounding of a cohort and the other parts of its plan disagree about."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.errors import not_allowed
from coxa.study.comparative import ComparativeStudy

Said = tuple[tuple[str, ...], str]


def confounding_problems(study: ComparativeStudy) -> Iterator[Said]:
    """Yield unknown groups, covariates and levels, and effects that do not fit the type of their covariate."""
    part = study.assumptions
    if part is None or not part.confounding:
        return
    if study.words.allocates:
        yield ("confounding",), "groups of a trial are randomised, not confounded; remove it, or write `design: cohort`"
    for arm, effects in part.confounding.items():
        at = ("confounding", arm)
        if arm not in study.arms:
            yield at, not_allowed("arm", arm, study.arms)
        elif arm == study.reference_arm:
            yield at, "odds are those against the reference group, which has none of its own; remove it"
        for name, effect in effects.items():
            planned = study.covariates.get(name)
            if planned is None:
                yield (*at, name), not_allowed("covariate", name, study.covariates)
            elif (planned.type == "number") == isinstance(effect, dict):
                wanted = "one number, per unit" if planned.type == "number" else "a number by level"
                yield (*at, name), f"'{name}' is a {planned.type}; write {wanted}"
            elif isinstance(effect, dict):
                for level in effect:
                    if level not in planned.level_labels():
                        yield (*at, name, level), not_allowed("level", level, planned.level_labels())
