"""Random effects of an analysis: which factor above the participants, in which arms, with which variances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from coxa.study.parts import Name, OneOrMany, Part


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
        description="True: each arm that has the factor has a variance of its own, and a level that occurs in "
        "two arms has an effect in each. False: one variance, and one effect of a level in all arms.",
    )


def _nothing_is_all_defaults(given: Any) -> Any:
    """Read `site_id:` with nothing behind it as `site_id: {}`."""
    if not isinstance(given, Mapping):
        return given
    return {name: {} if options is None else options for name, options in given.items()}


RandomEffects = Annotated[dict[Name, RandomEffect], BeforeValidator(_nothing_is_all_defaults)]
"""Factor -> its options."""
