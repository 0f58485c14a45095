"""A plan's published figures beside those of a large simulated trial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from coxa.arguments import kinds
from coxa.errors import OptionError
from coxa.simulate.from_plan.design import check_seed, trial_design
from coxa.simulate.published_figures import LargeTrial
from coxa.study.assumptions.published import Figure
from coxa.study.comparative import COMPARATIVE, ComparativeStudy

if TYPE_CHECKING:
    import pandas as pd

PER_ARM = 100_000
"""Participants per arm of the large trial."""
ERRORS = 4.0
"""Monte Carlo standard errors that a simulated number may be off: figures are many, this is one in 16,000."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One published figure beside the simulated one.

    figure    : the figure, with its tag and origin
    simulated : the same number in the large trial
    error     : its Monte Carlo standard error
    allowed   : how far it may be off: rounding, what the figure allows, and four Monte Carlo errors
    """

    figure: Figure
    simulated: float
    error: float
    allowed: float

    @property
    def deviation(self) -> float:
        """Simulated minus published."""
        return self.simulated - self.figure.value

    @property
    def within(self) -> bool:
        """Whether it is off by no more than it may be."""
        return abs(self.deviation) <= self.allowed


@kinds(study=COMPARATIVE)
def compare_published(study: ComparativeStudy, *, per_arm: int = PER_ARM, seed: int = 1) -> tuple[Comparison, ...]:
    """Compare the published figures of a plan's source with a large trial simulated from its assumptions.

    Parameters
    ----------
    study
        A plan with `assumptions` and a `source` with figures.
    per_arm
        Participants in each arm.
    seed
        Not negative.

    Returns
    -------
    tuple of Comparison
        In the order of the figures. Every participant has clusters of its own in this trial, so that the figures are
        those of an infinite population of them.

    Raises
    ------
    OptionError
        The plan has no figures to compare with.
    PlanError
        The plan has no assumptions.

    Examples
    --------
    >>> from coxa.simulate.presets import preset
    >>> told = compare_published(preset("moa-2013"), per_arm=2000)
    >>> all(one.within for one in told)
    True
    """
    check_seed(seed)
    if study.source is None or not study.source.figures:
        raise OptionError("The plan has no published figures. Add `source: {figures: [...]}` (docs/study-file.md).")
    large = LargeTrial(trial_design(study, dict.fromkeys(study.arms, per_arm)), per_arm, seed)
    compared = []
    for figure in study.source.figures:
        found = large.find(figure)
        allowed = figure.rounding + figure.allow + ERRORS * found.error
        compared.append(Comparison(figure, found.value, found.error, allowed))
    return tuple(compared)


def comparison_frame(told: tuple[Comparison, ...]) -> pd.DataFrame:
    """Return comparisons as a table, one row each: the keys of the figure, simulated, error, allowed, within."""
    import pandas as pd

    found = ("simulated", "error", "allowed", "deviation", "within")
    return pd.DataFrame([{**one.figure.model_dump(), **{name: getattr(one, name) for name in found}} for one in told])
