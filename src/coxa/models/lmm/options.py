"""Which degrees of freedom a model with random effects gets, and from which information."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from coxa.errors import OptionError, check_option, not_allowed
from coxa.models.covariance import STRUCTURES, structure_named
from coxa.models.covariance.structure import Structure
from coxa.models.inference.methods import check_ddf
from coxa.models.lmm.factors import RandomFactor
from coxa.models.results.records import Sample

INDEPENDENT = "independent"
"""The residual without a covariance structure."""

Information = Literal["observed", "expected"]
INFORMATION: tuple[str, ...] = get_args(Information)

FEW_REPEATED = 3
"""Levels with several rows below which results say that the variance between levels rests on these."""

FEW_LEVELS = 10
"""Levels of a factor above the participants below which results carry a warning and Kenward-Roger is the default."""


def chosen_residual(word: str) -> Structure | None:
    """Return the covariance structure of the residuals, or None where they are independent.

    Raises
    ------
    OptionError
        There is no such structure.
    """
    if word == INDEPENDENT:
        return None
    try:
        return structure_named(word)
    except OptionError:
        raise OptionError(not_allowed("residual", word, [INDEPENDENT, *STRUCTURES])) from None


def chosen_ddf(ddf: str | None, small: str, factors: Sequence[RandomFactor], sample: Sample, *, reml: bool) -> str:
    """Return the method asked for, else Satterthwaite's, or `small` where a factor has few levels.

    Raises
    ------
    OptionError
        The method cannot be had.
    """
    few = bool(few_levels(factors, sample))
    chosen = check_ddf(ddf or (small if few and reml else "satterthwaite"), reml=reml)
    if chosen == "between-within":
        raise OptionError(
            "ddf 'between-within' counts participants and has no rule for random effects; use satterthwaite or "
            "kenward-roger"
        )
    return chosen


def chosen_information(information: str | None, ddf: str) -> str:
    """Return the information asked for, else the expected for Kenward-Roger and the observed for Satterthwaite."""
    default = "expected" if ddf.startswith("kenward-roger") else "observed"
    return check_option("information", information or default, INFORMATION)


def hardly_repeated(factors: Sequence[RandomFactor]) -> list[str]:
    """Say which factors have several rows in hardly any level, so that rows within a level are hardly ever compared."""
    said = []
    for factor in factors:
        counts = np.bincount(factor.codes[factor.codes >= 0], minlength=len(factor.labels))
        several = int((counts > 1).sum())
        if len(factor.names) == 1 and 0 < several < FEW_REPEATED < len(factor.labels):
            said.append(
                f"levels of {factor.name} with more than one row: {several} of {len(factor.labels)}; its "
                "variance can hardly be distinguished from the residual's"
            )
    return said


def few_levels(factors: Sequence[RandomFactor], sample: Sample) -> list[str]:
    """Say which factors above the participants have too few levels for their variance to be known well."""
    return [
        f"{factor.name} has {len(factor.labels)} levels, fewer than {FEW_LEVELS}: its variance is poorly known, and "
        "intervals hold only with Kenward-Roger degrees of freedom"
        for factor in factors
        if factor.name != sample.participant_column and len(factor.labels) < FEW_LEVELS
    ]
