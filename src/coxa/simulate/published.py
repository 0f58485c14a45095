"""A plan's published figures beside those of a large simulated trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coxa.errors import OptionError
from coxa.simulate.from_plan.allocation import blocks
from coxa.simulate.from_plan.design import TrialDesign, check_seed, trial_design
from coxa.simulate.from_plan.dose import attendance_of, draw_sessions
from coxa.simulate.from_plan.follow import Conditions, DrawnTrial, follow
from coxa.simulate.from_plan.strategies import participant_ids
from coxa.simulate.seeds import generator
from coxa.study import Study
from coxa.study.factorial import arm_factors
from coxa.study.published import Figure

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Told = tuple[float, float]
"""A number and its Monte Carlo standard error."""

PER_ARM = 20_000
"""Participants per arm of the large trial."""
ERRORS = 4.0
"""Monte Carlo standard errors that a simulated number may be off; figures are many, and beyond this is one in 16,000."""


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


def compare_published(study: Study, *, per_arm: int = PER_ARM, seed: int = 1) -> tuple[Comparison, ...]:
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
    >>> import coxa
    >>> told = compare_published(coxa.preset("moa-2013"), per_arm=2000)  # doctest: +SKIP
    >>> all(one.within for one in told)  # doctest: +SKIP
    True
    """
    check_seed(seed)
    if study.source is None or not study.source.figures:
        raise OptionError("the plan has no published figures; add `source: {figures: [...]}` (docs/study-file.md)")
    design = trial_design(study, dict.fromkeys(study.arms, per_arm))
    arm = blocks(generator("published", seed), design.numbers)
    drawn = follow(design, arm, seed, world=Conditions(population=True))
    large = _Large(design, drawn, seed)
    told = []
    for figure in study.source.figures:
        value, error = MEASURES[figure.kind](large, figure)
        told.append(Comparison(figure, value, error, figure.rounding + figure.allow + ERRORS * error))
    return tuple(told)


def comparison_frame(told: tuple[Comparison, ...]) -> pd.DataFrame:
    """Return comparisons as a table, one row each: the keys of the figure, simulated, error, allowed, within."""
    import pandas as pd

    own = [field.name for field in fields(Comparison) if field.name != "figure"]
    rows = [
        {**one.figure.model_dump(), **{name: getattr(one, name) for name in own}, "within": one.within} for one in told
    ]
    return pd.DataFrame(rows)


class _Large:
    """The large trial, and what figures ask of it."""

    def __init__(self, design: TrialDesign, drawn: DrawnTrial, seed: int) -> None:
        self.design, self.drawn, self.seed = design, drawn, seed

    def rows(self, arm: str | None) -> NDArray[np.bool_]:
        """Return (n,) whether a participant was allocated to an arm; all if none is named."""
        if arm is None:
            return np.ones(len(self.drawn.arm), dtype=bool)
        return np.asarray(self.drawn.arm == self.design.arms.index(arm))

    def values(self, figure: Figure, arm: str | None, change: bool = False) -> Floats:
        """Return the recorded values of an arm at the figure's visit, or their changes from baseline."""
        assert figure.outcome is not None
        assert figure.visit is not None
        k, t = self.design.outcomes.index(figure.outcome), self.design.visits.index(figure.visit)
        value = self.drawn.value[self.rows(arm), k]
        found = value[:, t] - value[:, 0] if change else value[:, t]
        return np.asarray(found[~np.isnan(found)])

    def responders(self, figure: Figure, arm: str | None) -> Floats:
        """Return the responder status (0, 1) of an arm."""
        assert figure.outcome is not None
        rule = self.design.study.outcomes[figure.outcome].responder
        assert rule is not None
        sign = self.design.signs[self.design.outcomes.index(figure.outcome)]
        value = sign * self.values(figure, arm, change=rule.measure != "value")
        mark = sign * rule.at_least if rule.measure == "value" else rule.at_least
        return np.asarray(value >= mark, dtype=float)

    @cached_property
    def attended(self) -> dict[str, NDArray[np.bool_]]:
        """Return arm -> (n, s) sessions attended."""
        part = self.design.assumptions.sessions
        if part is None:
            raise OptionError("attendance was published and the plan assumes no sessions; add `sessions:`")
        planned, mean = attendance_of(self.design.study, part, self.design.arms)
        drawn = draw_sessions(planned, mean, part.consistency, self.drawn.received, self.design.arms, self.seed)
        return dict(zip(self.design.arms, drawn, strict=True))

    @cached_property
    def harmed(self) -> NDArray[np.bool_]:
        """Return (n,) whether a participant has an adverse event."""
        from coxa.simulate.from_plan.tables import adverse_events_table

        table = adverse_events_table(self.design, self.drawn, lambda _, day: day, self.seed)
        named = table.loc[table["kind"] == "adverse_event", "participant_id"]
        return np.isin(participant_ids(len(self.drawn.arm)), named.to_numpy(dtype=str))


def _mean(values: Floats) -> Told:
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))


def _spread(large: _Large, figure: Figure, *, change: bool = False) -> Told:
    """Return the standard deviation within an arm, or within all arms."""
    arms = large.design.arms if figure.arm is None else (figure.arm,)
    parts = [large.values(figure, arm, change) for arm in arms]
    return _sd(np.concatenate([part - part.mean() for part in parts]))


def _sd(values: Floats) -> Told:
    """Return the standard deviation, its error by the fourth moment."""
    centred = values - values.mean()
    variance = float((centred**2).mean())
    fourth = float((centred**4).mean())
    return float(values.std(ddof=1)), float(np.sqrt(max(fourth - variance**2, 0.0) / len(values) / (4.0 * variance)))


def _minus(one: Told, other: Told) -> Told:
    return one[0] - other[0], float(np.hypot(one[1], other[1]))


def _difference(large: _Large, figure: Figure, *, change: bool = False) -> Told:
    return _minus(*(_mean(large.values(figure, arm, change)) for arm in (figure.arm, figure.against)))


def _standardised(large: _Large, figure: Figure) -> Told:
    """Return the difference in standard deviations pooled over the two arms."""
    difference, error = _difference(large, figure)
    spread = float(np.sqrt(np.mean([large.values(figure, arm).var(ddof=1) for arm in (figure.arm, figure.against)])))
    return difference / spread, error / spread


def _interaction(large: _Large, figure: Figure) -> Told:
    factors = arm_factors(large.design.study.arms)
    signs = {arm: 1.0 if len(having) != 1 else -1.0 for arm, having in factors.items()}
    parts = {arm: _mean(large.values(figure, arm)) for arm in signs}
    error = float(np.sqrt(sum(part[1] ** 2 for part in parts.values())))
    return sum(signs[arm] * part[0] for arm, part in parts.items()), error


def _residual(large: _Large, figure: Figure) -> Told:
    """Return the standard deviation beside arm and baseline."""
    assert figure.outcome is not None
    assert figure.visit is not None
    k, t = large.design.outcomes.index(figure.outcome), large.design.visits.index(figure.visit)
    pairs = []
    for arm in large.design.arms if figure.arm is None else (figure.arm,):
        value = large.drawn.value[large.rows(arm), k][:, [0, t]]
        value = value[~np.isnan(value).any(axis=1)]
        pairs.append(value - value.mean(axis=0))
    both = np.concatenate(pairs)
    slope = (both[:, 0] @ both[:, 1]) / (both[:, 0] @ both[:, 0])
    return _sd(both[:, 1] - slope * both[:, 0])


def _retention(large: _Large, figure: Figure) -> Told:
    assert figure.visit is not None
    present = large.drawn.present[large.rows(figure.arm), large.design.visits.index(figure.visit)]
    return _mean(present.astype(float))


def _attended(large: _Large, figure: Figure) -> Told:
    arms = [arm for arm in large.attended if figure.arm in (None, arm) and large.attended[arm].size]
    if figure.kind == "attendance":
        return _mean(np.concatenate([large.attended[arm].mean(axis=1) for arm in arms]))
    return _mean(
        np.concatenate([large.attended[arm].sum(axis=1) >= (figure.sessions or 1) for arm in arms]).astype(float)
    )


MEASURES: dict[str, Callable[[_Large, Figure], Told]] = {
    "mean": lambda large, figure: _mean(large.values(figure, figure.arm)),
    "sd": _spread,
    "change": lambda large, figure: _mean(large.values(figure, figure.arm, change=True)),
    "change_sd": lambda large, figure: _spread(large, figure, change=True),
    "residual_sd": _residual,
    "difference": _difference,
    "change_difference": lambda large, figure: _difference(large, figure, change=True),
    "standardised_difference": _standardised,
    "interaction": _interaction,
    "responders": lambda large, figure: _mean(large.responders(figure, figure.arm)),
    "risk_difference": lambda large, figure: _minus(
        *(_mean(large.responders(figure, arm)) for arm in (figure.arm, figure.against))
    ),
    "retention": _retention,
    "attendance": _attended,
    "attended_at_least": _attended,
    "adverse_events": lambda large, figure: _mean(large.harmed[large.rows(figure.arm)].astype(float)),
}
"""Kind of figure -> how it is found in the large trial."""
