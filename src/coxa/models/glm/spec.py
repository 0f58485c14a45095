"""The options of a generalised linear model as one frozen record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from coxa.errors import OptionError, check_option
from coxa.models.options import GLM_COVARIANCES, GLM_FAMILIES, INFORMATION, written
from coxa.models.spec import Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class GLMSpec(Spec):
    """The options of `coxa.models.fit_glm`, which describes them.

    Raises
    ------
    OptionError
        An option is of a wrong kind or not allowed, or does not go with another.

    Examples
    --------
    >>> GLMSpec(formula="falls ~ arm", family="negative_binomial", exposure="years").call()
    "fit_glm('falls ~ arm', data, family='negative_binomial', exposure='years', vcov='model')"
    """

    function: ClassVar[str] = "fit_glm"
    title: ClassVar[str] = "Generalised linear model"
    explicit: ClassVar[tuple[str, ...]] = ("formula", "family", "vcov")

    formula: str
    family: str = "binomial"
    exposure: str | None = None
    vcov: str = "model"
    cluster: str | None = None
    information: str | None = None
    participant: str = "participant_id"

    def __post_init__(self) -> None:
        self._check_columns()
        check_option("family", self.family, GLM_FAMILIES)
        check_option("vcov", self.vcov, GLM_COVARIANCES)
        if self.exposure is not None and self.family in ("binomial", "gaussian"):
            raise OptionError(
                f"`exposure` is '{self.exposure}', and the family '{self.family}' has no rate. Use family='poisson' or "
                "family='negative_binomial', or leave `exposure` out."
            )
        by_rows = self.vcov.startswith("HC") and self.family == "negative_binomial"
        if by_rows or (self.vcov != "model" and self.family == "quasi-poisson"):
            raise OptionError(
                f"`vcov` is '{self.vcov}', and the family '{self.family}' has a covariance of its own for counts that "
                "are more variable than Poisson's. Use family='poisson', or vcov='model'"
                f"{', or CR2 with a cluster' if by_rows else ''}."
            )
        if self.vcov.startswith("CR") != (self.cluster is not None):
            remedy = "Name the column: cluster='therapist'." if self.cluster is None else "Use vcov='CR2'."
            raise OptionError(f"`vcov` is '{self.vcov}' and `cluster` is {written(self.cluster)}. {remedy}")
        if self.information is not None:
            check_option("information", self.information, INFORMATION)
            if self.family != "negative_binomial":
                raise OptionError(
                    f"`information` is '{self.information}', and that of the family '{self.family}' is the same "
                    "observed and expected. Leave it out."
                )
            if self.vcov != "model" and self.information == "observed":
                raise OptionError(
                    f"`information` is 'observed', and `vcov` {self.vcov} is of the expected information. Leave it out."
                )


INFLATED: tuple[str, ...] = ("poisson", "negative_binomial")
"""Families of counts that may have a share of participants who can have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZeroInflatedSpec(GLMSpec):
    """The options of `coxa.models.fit_zero_inflated`, which describes them.

    Raises
    ------
    OptionError
        An option is of a wrong kind or not allowed.

    Examples
    --------
    >>> ZeroInflatedSpec(formula="falls ~ arm", exposure="years").call()
    "fit_zero_inflated('falls ~ arm', data, family='poisson', exposure='years')"
    """

    function: ClassVar[str] = "fit_zero_inflated"
    title: ClassVar[str] = "Zero-inflated model of counts"
    explicit: ClassVar[tuple[str, ...]] = ("formula", "family")

    family: str = "poisson"

    def __post_init__(self) -> None:
        self._check_columns()
        check_option("family", self.family, INFLATED)
