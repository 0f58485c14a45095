"""What the options of a model may be, and what is chosen where one is not given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np

from coxa.errors import OptionError, check_kind, check_option, in_brief, not_allowed
from coxa.models.covariance import STRUCTURES, structure_named
from coxa.models.covariance.structure import Structure
from coxa.models.lmm.factors import RandomFactor
from coxa.models.results.records import Sample

DfMethod = Literal["satterthwaite", "kenward-roger", "kenward-roger-linear", "between-within", "residual"]
DF_METHODS: tuple[str, ...] = get_args(DfMethod)

CovarianceMethod = Literal["model", "CR0", "CR2", "CR3"]
COVARIANCE_METHODS: tuple[str, ...] = get_args(CovarianceMethod)

GLMFamily = Literal["binomial", "poisson", "quasi-poisson", "negative_binomial", "gaussian"]
GLM_FAMILIES: tuple[str, ...] = get_args(GLMFamily)

GLMCovariance = Literal["model", "HC0", "HC1", "HC2", "HC3", "CR0", "CR1", "CR2", "CR3"]
GLM_COVARIANCES: tuple[str, ...] = get_args(GLMCovariance)


def check_ddf(ddf: str, vcov: str = "model", *, reml: bool) -> str:
    """Return `ddf` if it is a method that can be used with this likelihood and covariance of the coefficients.

    Raises
    ------
    OptionError
        No such method; Kenward-Roger with the full likelihood, or with a sandwich.
    """
    check_option("ddf", ddf, DF_METHODS)
    check_option("vcov", vcov, COVARIANCE_METHODS)
    if ddf.startswith("kenward-roger") and not reml:
        raise OptionError(
            f"`ddf` is '{ddf}', which is derived for restricted likelihood and has no meaning under ML. Use "
            "reml=True, or ddf='satterthwaite'."
        )
    if ddf.startswith("kenward-roger") and vcov != "model":
        raise OptionError(
            f"`ddf` is '{ddf}', which adjusts the covariance of the model and does not go with vcov='{vcov}'. "
            "Use ddf='satterthwaite', or vcov='model'."
        )
    return ddf


INDEPENDENT = "independent"
"""The residual without a covariance structure."""

Information = Literal["observed", "expected"]
INFORMATION: tuple[str, ...] = get_args(Information)

FEW_REPEATED = 3
"""Levels with several rows below which results say that the variance between levels rests on these."""

FEW_LEVELS = 10
"""Levels of a factor above the participants below which results carry a warning and Kenward-Roger is the default."""


def covariance_of_residuals(word: str) -> Structure | None:
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
        raise OptionError(not_allowed("covariance structure", word, [INDEPENDENT, *STRUCTURES])) from None


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
            '`ddf` is "between-within", which counts participants and has no rule for random effects. Use '
            "satterthwaite or kenward-roger."
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
        (
            f"{factor.name} has {len(factor.labels)} levels, fewer than {FEW_LEVELS}: its variance is imprecise, "
            "and intervals are valid only with Kenward-Roger degrees of freedom"
        )
        for factor in factors
        if factor.name != sample.participant_column and len(factor.labels) < FEW_LEVELS
    ]


def ladder_of(covariance: str | Sequence[str]) -> tuple[str, ...]:
    """Return the short names of one structure, or of a ladder of them.

    Raises
    ------
    OptionError
        It is neither, a word is no structure, or there is none.
    """
    words = [covariance] if isinstance(covariance, str) else covariance
    if isinstance(words, Mapping) or not isinstance(words, Sequence) or not len(words):
        raise OptionError(
            f"`covariance` is {covariance!r}. Give a structure, such as 'us', or a list of structures that "
            "are tried in order, such as ['us', 'toeph', 'cs']."
        )
    return tuple(word if isinstance(word, str) and word in STRUCTURES else structure_named(word).name for word in words)


def check_times(ladder: Sequence[Structure], time: str | None) -> None:
    """Raise OptionError where a structure lacks times, or times are given that none looks at."""
    spatial = [structure.name for structure in ladder if structure.spatial]
    if spatial and time is None:
        raise OptionError(f"Covariance '{spatial[0]}' needs the times of the visits. Name the column: time='week'.")
    if time is not None and not spatial:
        names = ", ".join(structure.name for structure in ladder)
        raise OptionError(
            f"`time` is '{time}', which only covariance 'sp_exp' and 'sp_exp_nugget' use, not {names}. Leave it out."
        )


def check_random_options(ddf: str | None, information: str | None, *, reml: bool) -> None:
    """Raise OptionError where degrees of freedom or information cannot be had with random effects."""
    if ddf is not None:
        check_ddf(ddf, reml=reml)
    if ddf == "between-within":
        raise OptionError(
            '`ddf` is "between-within", which counts participants and has no rule for random effects. Use '
            "satterthwaite or kenward-roger."
        )
    if information is not None:
        check_option("information", information, INFORMATION)


def flag(name: str, value: object) -> bool:
    """Return a truth value as Python's own; raise OptionError where it is none."""
    check_kind(name, value, (bool, np.bool_), "True or False")
    return bool(value)


def whole(name: str, value: object, *, most: int) -> int:
    """Return a whole number from 1 up as Python's own; raise OptionError where it is none, or above the most."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or not 1 <= value <= most:
        raise OptionError(f"`{name}` is {in_brief(value)}. Give a whole number from 1 to {most}.")
    return int(value)


def sequence_of(name: str, values: Any) -> tuple[Any, ...] | None:
    """Return values as a tuple; raise OptionError where they are one word or no sequence."""
    if values is None:
        return None
    if isinstance(values, (str, bytes, Mapping)) or not hasattr(values, "__iter__"):
        raise OptionError(f"`{name}` is {in_brief(values)}, not a list. Give for example {name}=[{values!r}].")
    return tuple(plain(value) for value in values)


def mapping_of(name: str, values: Any, example: str) -> Mapping[str, Any] | None:
    """Return a copy of a mapping; raise OptionError where it is none."""
    if values is None:
        return None
    check_kind(name, values, Mapping, f"a mapping, such as {example}")
    return dict(values)


def plain(value: Any) -> Any:
    """Return a number or a text of numpy as Python's own."""
    return value.item() if isinstance(value, np.generic) else value


def written(value: Any) -> str:
    """Return an option as it is written in a call.

    Examples
    --------
    >>> written("us"), written((1, 2)), written({"arm": ("a", "b")})
    ("'us'", '[1, 2]', "{'arm': ['a', 'b']}")
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {written(each)}" for key, each in value.items()) + "}"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(written, value)) + "]"
    return repr(plain(value))
