"""The kinds of study that a plan can be of, by its design."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter

from coxa.study.cohort_study import CohortStudy
from coxa.study.design_words import DesignWords
from coxa.study.plan import Study
from coxa.study.service import ServiceEvaluation
from coxa.study.trial import Trial

KINDS: tuple[type[Study], ...] = (Trial, CohortStudy, ServiceEvaluation)
"""Every kind; the first is that of a plan that does not name its design."""

ANY_KIND: TypeAdapter[Study] = TypeAdapter(
    Annotated[Trial | CohortStudy | ServiceEvaluation, Field(discriminator="design")]
)
"""A plan of any kind, told apart by `design`."""


def designs_of(kind: type[Study]) -> tuple[str, ...]:
    """Return the values of `design` that a kind of study has.

    Examples
    --------
    >>> designs_of(Trial), designs_of(ServiceEvaluation)
    (('parallel', 'factorial', 'cluster'), ('service',))
    """
    return get_args(kind.model_fields["design"].annotation)


def kind_of(keys: Mapping[Any, Any]) -> type[Study]:
    """Return the kind of study that keys of a plan are of; a trial where they name no design, or one unknown.

    A design that is misspelt counts as the one meant, so that the other faults of the plan are those of its kind.
    """
    kinds = {design: kind for kind in KINDS for design in designs_of(kind)}
    meant = get_close_matches(str(keys.get("design", "")).lower(), kinds, n=1, cutoff=0.7)
    return kinds[meant[0]] if meant else KINDS[0]


def kinds_with(key: str) -> tuple[type[Study], ...]:
    """Return the kinds of study whose plans may have a key at their top level."""
    return tuple(kind for kind in KINDS if key in kind.model_fields)


def words_of_design(design: str) -> DesignWords:
    """Return the words of a design by its name."""
    return kind_of({"design": design}).words


def study_of(keys: Mapping[str, Any]) -> Study:
    """Return the plan that keys and values make, checked as a whole.

    Parameters
    ----------
    keys
        A plan as data, as a study file has it.

    Returns
    -------
    Study
        A plan of the kind that its `design` names: `Trial`, `CohortStudy` or `ServiceEvaluation`.

    Raises
    ------
    pydantic.ValidationError
        With every fault that can be seen at once; `read_study` explains the faults of a file.
    """
    return kind_of(keys).model_validate(keys)
