"""The options of a cumulative logit model, and of a comparison of all pairs, as records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from coxa.errors import OptionError, check_kind
from coxa.models.design.formula import split_random
from coxa.models.options import sequence_of
from coxa.models.spec import Spec

MOST_POINTS = 100
"""Nodes of a quadrature over a random intercept, beyond which weights are lost to rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdinalSpec(Spec):
    """The options of `coxa.models.fit_ordinal`, which describes them.

    Raises
    ------
    OptionError
        An option is of a wrong kind or not allowed.

    Examples
    --------
    >>> OrdinalSpec(formula="pain ~ arm", levels=["none", "mild"], partial=["arm"]).call()
    "fit_ordinal('pain ~ arm', data, levels=['none', 'mild'], partial=['arm'])"
    """

    function: ClassVar[str] = "fit_ordinal"
    explicit: ClassVar[tuple[str, ...]] = ("formula", "levels")
    title: ClassVar[str] = "Cumulative logit model"

    formula: str
    levels: Sequence[Any] | None = None
    partial: Sequence[str] = ()
    participant: str = "participant_id"
    points: int = 25

    def __post_init__(self) -> None:
        split_random(self.formula)
        self._check_columns()
        check_kind("points", self.points, (int, np.integer), "a whole number, such as 25")
        if not 1 <= self.points <= MOST_POINTS:
            raise OptionError(f"`points` is {self.points}. Give a whole number from 1 to {MOST_POINTS}.")
        self._keep(levels=sequence_of("levels", self.levels), partial=sequence_of("partial", self.partial))


@dataclass(frozen=True, slots=True, kw_only=True)
class WinProbabilitySpec(Spec):
    """The options of `coxa.estimates.win_probability`, a comparison that is recorded as a model is.

    Examples
    --------
    >>> WinProbabilitySpec(outcome="pain", against="usual", levels=[1, 2, 3], higher_is_better=False).call()
    "win_probability(data, outcome='pain', against='usual', levels=[1, 2, 3], higher_is_better=False)"
    """

    function: ClassVar[str] = "win_probability"
    explicit: ClassVar[tuple[str, ...]] = ("outcome", "against")
    title: ClassVar[str] = "Comparison of all pairs"

    outcome: str
    arm: str = "arm"
    against: str | None = None
    levels: Sequence[Any] | None = None
    method: str = "brunner_munzel"
    higher_is_better: bool = True
    conf_level: float = 0.95

    def __post_init__(self) -> None:
        self._keep(levels=sequence_of("levels", self.levels))

    def asked(self) -> dict[str, Any]:
        """Return all options by name."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "data"}
