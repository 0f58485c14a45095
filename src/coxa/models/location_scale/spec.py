"""The options of a mixed location scale model as a record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from coxa.errors import OptionError, check_kind, check_level, check_option
from coxa.models.options import flag
from coxa.models.spec import Spec

VCOV = ("model", "CR0")
DDF = ("normal", "between-within")


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationScaleSpec(Spec):
    """The options of `coxa.models.fit_location_scale`, which describes them.

    Raises
    ------
    OptionError
        An option is of a wrong kind or not allowed.

    Examples
    --------
    >>> LocationScaleSpec(formula="pain ~ arm", within="arm").call()
    "fit_location_scale('pain ~ arm', data, within='arm')"
    """

    function: ClassVar[str] = "fit_location_scale"
    explicit: ClassVar[tuple[str, ...]] = ("formula", "within")
    of_random_effects: ClassVar[bool] = True
    title: ClassVar[str] = "Mixed location scale model"

    formula: str
    within: str = "1"
    between: str = "1"
    participant: str = "participant_id"
    random_scale: bool = True
    weights: str | None = None
    vcov: str = "model"
    ddf: str = "normal"
    conf_level: float = 0.95

    def __post_init__(self) -> None:
        for name in ("formula", "within", "between", "participant"):
            check_kind(name, getattr(self, name), str, "a text")
        if self.weights is not None:
            check_kind("weights", self.weights, str, "the name of a column")
        self._keep(random_scale=flag("random_scale", self.random_scale))
        check_option("vcov", self.vcov, VCOV)
        check_option("ddf", self.ddf, DDF)
        check_level(self.conf_level)
        if self.weights is not None and self.vcov == "model":
            raise OptionError(
                "Weighted days have no standard errors by the model. Use vcov='CR0', a sandwich over participants."
            )
