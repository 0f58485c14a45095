"""Random effects of an analysis: which factor above the participants, in which arms, with which variances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field

from coxa.errors import not_allowed
from coxa.study.parts import Name, OneOrMany, Part
from coxa.study.words import GROUPINGS

if TYPE_CHECKING:
    from coxa.study.analysis import Analysis
    from coxa.study.models.mmrm import MMRM
    from coxa.study.plan import Study

COUNTS_PARTICIPANTS = ("between-within", "residual")
"""Degrees of freedom that take participants, or rows, for independent."""

Fault = tuple[tuple[str, ...], str]
"""Key path and message."""


class RandomEffect(Part):
    """A factor above the participants whose levels are a sample: therapists, clinics, classes.

    Participants of one level share an effect of it, the same at every visit, and so are more alike than others. The
    name is that of a column of the participants table (`site_id`, `therapist_id`) or of a covariate of
    `type: category`; `site_id: {}` is all that is needed where every arm has the factor and one variance will do.
    """

    only_in: OneOrMany[Name] = Field(
        (),
        description="The arms that have the factor, in a partially nested trial: therapists treat in the arms of "
        "exercise and manual therapy, and in usual care there are none. Participants of the other arms are analysed "
        "without it; a participant of these arms for whom it is not known is left out of the analysis and listed. "
        "Leave it out where every arm has the factor.",
    )
    by_arm: bool = Field(
        False,
        description="True: each arm that has the factor has a variance of its own, and a level that stands in two "
        "arms has an effect in each. False: one variance, and one effect of a level wherever it stands.",
    )


def _nothing_is_all_defaults(given: Any) -> Any:
    """Read `site_id:` with nothing behind it as `site_id: {}`."""
    if not isinstance(given, Mapping):
        return given
    return {name: {} if options is None else options for name, options in given.items()}


RandomEffects = Annotated[dict[Name, RandomEffect], BeforeValidator(_nothing_is_all_defaults)]
"""Factor -> its options."""


def check_random(analysis: MMRM) -> None:
    """Raise ValueError where other keys of an analysis do not go with its random effects."""
    if not analysis.random:
        if analysis.few_clusters != "refuse":
            raise ValueError("`few_clusters` is about random effects, and this analysis has none; remove it")
        return
    if analysis.vcov != "model":
        raise ValueError(
            f"{analysis.vcov} is a sandwich over participants, who are not independent within the levels "
            "of a random effect; use `vcov: model`"
        )
    if analysis.standardised_effect:
        raise ValueError(
            "the interval of Hedges g takes participants for independent, which they are not within the levels of a "
            "random effect; remove `standardised_effect`"
        )
    if analysis.ddf in COUNTS_PARTICIPANTS:
        raise ValueError(
            f"`ddf: {analysis.ddf}` takes participants for independent, and has no rule for random effects; use "
            "`kenward-roger-linear`, `kenward-roger` or `satterthwaite`"
        )
    fixed = {**dict.fromkeys(analysis.names_used(), "adjust"), **dict.fromkeys(analysis.subgroups, "subgroups")}
    for factor in analysis.random:
        if factor in fixed:
            raise ValueError(
                f"'{factor}' is a random effect and stands in `{fixed[factor]}` too, which leaves nothing between its "
                "levels; keep `adjust` for a few levels that are of interest themselves, `random` for levels that "
                "stand for others"
            )


def random_faults(study: Study, name: str, analysis: Analysis) -> Iterator[Fault]:
    """Yield what is wrong between the random effects of an analysis and the rest of the plan."""
    at = ("analyses", name, "random")
    if study.design == "cluster" and analysis.role == "primary":
        yield from _clusters(study, analysis, at)
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


def _clusters(study: Study, analysis: Analysis, at: tuple[str, ...]) -> Iterator[Fault]:
    """Yield the fault of a primary analysis of a cluster trial without a random effect of what was randomised."""
    unit = study.randomisation.cluster if study.randomisation else None
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


def _factors(study: Study) -> list[str]:
    """Return what can have a random effect: identifiers, and covariates of `type: category`."""
    return [*GROUPINGS, *(name for name, covariate in study.covariates.items() if covariate.type == "category")]


def _known_factor(study: Study, factor: str, here: tuple[str, ...]) -> Iterator[Fault]:
    """Yield the fault of a factor that is neither an identifier nor a category."""
    allowed = _factors(study)
    if factor in allowed:
        return
    if factor in study.covariates:
        yield here, f"'{factor}' is a number and has no levels; name one of {', '.join(allowed)}"
        return
    yield here, not_allowed("factor", factor, allowed)


def _same_column(study: Study, analysis: Analysis, factor: str, here: tuple[str, ...]) -> Iterator[Fault]:
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
