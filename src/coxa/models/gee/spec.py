"""The options of generalised estimating equations as one frozen record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from coxa.errors import OptionError, check_option
from coxa.models.design.formula import split_random
from coxa.models.gee.options import ALPHA_ESTIMATORS, DFS, FAMILIES, ORDERED, VCOVS, working_named
from coxa.models.spec import Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class GEESpec(Spec):
    """The options of `coxa.models.fit_gee`, which describes them.

    In the record of a fit `order` is the column that was used, if any.

    Raises
    ------
    OptionError
        An option is of a wrong kind or not allowed, or does not go with another.

    Examples
    --------
    >>> GEESpec(formula="better ~ arm * visit", working="AR(1)", ddf="normal").call().split("data, ")[1]
    "family='binomial', working='ar1', alpha='geepack', vcov='KC', ddf='normal')"
    """

    function: ClassVar[str] = "fit_gee"
    explicit: ClassVar[tuple[str, ...]] = ("formula", "family", "working", "alpha", "vcov", "ddf")
    title: ClassVar[str] = "Generalised estimating equations"

    formula: str
    cluster: str = "participant_id"
    participant: str = "participant_id"
    family: str = "binomial"
    working: str = "independence"
    order: str | None = None
    exposure: str | None = None
    alpha: str = "geepack"
    vcov: str = "KC"
    ddf: str = "residual"

    def __post_init__(self) -> None:
        if split_random(self.formula)[1]:
            raise OptionError(
                f"Formula '{self.formula}' has random effects, which estimating equations do not have. Use "
                "working='exchangeable' for the correlation within a cluster."
            )
        self._check_columns()
        check_option("family", self.family, FAMILIES)
        self._keep(working=working_named(self.working))
        check_option("alpha", self.alpha, ALPHA_ESTIMATORS)
        check_option("vcov", self.vcov, VCOVS)
        check_option("ddf", self.ddf, DFS)
        if self.exposure is not None and self.family != "poisson":
            raise OptionError(
                f"`exposure` is '{self.exposure}' and `family` is '{self.family}'. Use exposure with "
                "family='poisson', or leave it out."
            )

    @property
    def ordered(self) -> bool:
        """Whether the working correlation needs the order of the rows of a cluster."""
        return self.working in ORDERED
