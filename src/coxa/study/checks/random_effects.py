"""Where the random effects of an analysis disagree with the rest of the plan."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.errors import not_allowed
from coxa.study.analysis import Analysis
from coxa.study.comparative import ComparativeStudy
from coxa.study.words import GROUPINGS

Fault = tuple[tuple[str, ...], str]
"""Key path and message."""


def random_faults(study: ComparativeStudy, name: str, analysis: Analysis, cluster: str | None) -> Iterator[Fault]:
    """Yield what is wrong between the random effects of an analysis and the rest of the plan."""
    at = ("analyses", name, "random")
    if study.design == "cluster" and analysis.role == "primary":
        yield from _clusters(study, analysis, at, cluster)
    for factor, options in analysis.factors.items():
        here = (*at, factor)
        yield from _known_factor(study, factor, here)
        for arm in options.only_in:
            if arm not in study.arms:
                yield (*here, "only_in"), not_allowed("arm", arm, study.arms or ["(none declared)"])
        if options.only_in and set(options.only_in) == set(study.arms):
            yield (*here, "only_in"), "`only_in` names every arm; leave it out where all arms have the factor"
        if options.by_arm and len(set(options.only_in)) == 1:
            yield (*here, "by_arm"), "one arm alone has the factor, and one variance; remove `by_arm`"
        yield from _same_column(study, analysis, factor, here)


def _clusters(study: ComparativeStudy, analysis: Analysis, at: tuple[str, ...], unit: str | None) -> Iterator[Fault]:
    """Yield the fault of a primary analysis of a cluster trial without a random effect of what was randomised."""
    if not analysis.factors:
        example = unit if unit in _factors(study) else "site_id"
        yield (
            at[:2],
            "a primary analysis of a cluster trial has a random effect of the clusters that were randomised; add for "
            f"example `random: {{{example}: {{}}}}` to an mmrm",
        )
    elif unit in _factors(study) and unit not in analysis.factors:
        yield (
            at,
            f"the primary analysis of a cluster trial has a random effect of {unit}, which was randomised; add "
            f"`{unit}: {{}}`",
        )


def _factors(study: ComparativeStudy) -> list[str]:
    """Return what can have a random effect: identifiers, and covariates of `type: category`."""
    return [*GROUPINGS, *(name for name, covariate in study.covariates.items() if covariate.type == "category")]


def _known_factor(study: ComparativeStudy, factor: str, here: tuple[str, ...]) -> Iterator[Fault]:
    """Yield the fault of a factor that is neither an identifier nor a category."""
    allowed = _factors(study)
    if factor in allowed:
        return
    if factor in study.covariates:
        yield here, f"'{factor}' is a number and has no levels; name one of {', '.join(allowed)}"
        return
    yield here, not_allowed("factor", factor, allowed)


def _same_column(study: ComparativeStudy, analysis: Analysis, factor: str, here: tuple[str, ...]) -> Iterator[Fault]:
    """Yield the fault of a factor that the file holds in the column of a covariate that is adjusted for."""
    people = study.data.tables.get("participants") if study.data else None
    if people is None:
        return
    column = people.columns.get(factor)
    for covariate in (*analysis.names_used(), *analysis.option("subgroups", ())):
        if covariate != factor and column is not None and column == people.columns.get(covariate, covariate):
            yield (
                here,
                (
                    f"'{factor}' and '{covariate}', which is adjusted for, are the same column '{column}' of the file; "
                    "keep one of the two"
                ),
            )
