"""Whether the covariates that act on events of a plan are there, and are drawn."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.errors import not_allowed
from coxa.study.comparative import ComparativeStudy


def risk_factor_problems(study: ComparativeStudy) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield what is wrong with `covariates` of events in the assumptions, each with its path."""
    part = study.assumptions
    assert part is not None
    for event, happening in part.happenings.items():
        for name, ratio in happening.covariates.items():
            at, planned = ("happenings", event, "covariates", name), study.covariates.get(name)
            if planned is None:
                yield at, not_allowed("covariate", name, study.covariates)
            elif part.conditions_give(name, planned) or not (planned.source is None or planned.source.drawn):
                yield (
                    at,
                    f"'{name}' follows from other rows, and cannot act on an event; name a covariate that is drawn",
                )
            elif planned.type == "number" and isinstance(ratio, dict):
                yield at, f"'{name}' is a number; write what one unit of it multiplies the hazard by"
            elif planned.type == "category" and not isinstance(ratio, dict):
                yield at, f"'{name}' is a category; write a ratio for each level, for example {{level: 1.5}}"
            elif isinstance(ratio, dict):
                for level in ratio:
                    if level not in planned.level_labels():
                        yield (*at, level), not_allowed("level", level, planned.level_labels())
