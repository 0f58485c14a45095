"""What assumed confounding, an assumed clinic and the other parts of a plan disagree about."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.errors import not_allowed
from coxa.study.comparative import ComparativeStudy
from coxa.study.transport import transport_of

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


def clinic_problems(study: ComparativeStudy) -> Iterator[Said]:
    """Yield a clinic that no result is carried to, and covariates that do not fit the plan."""
    clinic = study.assumptions.clinic if study.assumptions else None
    if clinic is None:
        return
    if transport_of(study) is None:
        yield ("clinic",), "no result is carried to a clinic; add `transport:`, or remove it"
    for name, mix in clinic.covariates.items():
        at, planned = ("clinic", "covariates", name), study.covariates.get(name)
        if planned is None:
            yield at, not_allowed("covariate", name, study.covariates)
            continue
        if planned.source is not None and not planned.source.drawn:
            yield at, f"'{name}' follows from other data and is not drawn; remove it"
        elif planned.type == "number" and mix.shares:
            yield at, f"'{name}' is a number; give its mean and sd"
        elif planned.type == "category" and not mix.shares:
            yield at, f"'{name}' is a category; give the `shares` of its levels"
        for level in mix.shares if planned.type == "category" else ():
            if level not in planned.level_labels():
                yield (*at, "shares", level), not_allowed("level", level, planned.level_labels())
