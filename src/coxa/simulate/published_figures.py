"""How each kind of published figure is found in a large simulated trial, with its Monte Carlo error.

Every arm of the large trial has the same participants: each is followed under every arm, with the same draws. What
they have in common cancels in a difference between arms, whose Monte Carlo error is so much smaller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from coxa.errors import OptionError
from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.dose import attendance_of, draw_sessions
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.follow import Conditions, follow
from coxa.simulate.identifiers import participant_ids
from coxa.study.assumptions.published import Figure
from coxa.study.parts import arm_factors

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Told:
    """A number found in the large trial.

    value : the number
    parts : (n,) what each participant adds to its error (the influence function), with mean 0
    """

    value: float
    parts: Floats

    @property
    def error(self) -> float:
        """Monte Carlo standard error."""
        return float(self.parts.std() / np.sqrt(len(self.parts)))

    def minus(self, other: Told) -> Told:
        """Return the difference to a number of the same participants."""
        return Told(self.value - other.value, self.parts - other.parts)

    def over(self, other: Told) -> Told:
        """Return the quotient by a number of the same participants."""
        ratio = self.value / other.value
        return Told(ratio, (self.parts - ratio * other.parts) / other.value)

    def root(self) -> Told:
        """Return the square root."""
        root = float(np.sqrt(self.value))
        return Told(root, self.parts / (2.0 * root))


def average(told: Sequence[Told]) -> Told:
    """Return the average of numbers of the same participants."""
    return Told(float(np.mean([one.value for one in told])), np.mean([one.parts for one in told], axis=0))


def mean_of(values: Floats) -> Told:
    """Return the mean of (n,) values; NaN are left out."""
    seen = ~np.isnan(values)
    mean = float(values[seen].mean())
    return Told(mean, np.where(seen, values - mean, 0.0) / seen.mean())


def variance_of(values: Floats) -> Told:
    """Return the variance of (n,) values; NaN are left out."""
    return mean_of((values - np.nanmean(values)) ** 2)


class LargeTrial:
    """A large trial, and what figures ask of it."""

    def __init__(self, design: TrialDesign, per_arm: int, seed: int) -> None:
        self.design, self.seed = design, seed
        world = Conditions(population=True)
        self.drawn: dict[str, DrawnTrial] = {
            arm: follow(design, np.full(per_arm, place), seed, world=world) for place, arm in enumerate(design.arms)
        }

    def find(self, figure: Figure) -> Told:
        """Return the number that a figure is about."""
        return MEASURES[figure.kind](self, figure)

    def arms(self, figure: Figure) -> Sequence[str]:
        """Return the arm of a figure; all arms if it names none."""
        return self.design.arms if figure.arm is None else (figure.arm,)

    def pair(self, figure: Figure, number: Callable[[str], Told]) -> Told:
        """Return a number of a figure's arm less that of the arm against it."""
        assert figure.arm is not None
        assert figure.against is not None
        return number(figure.arm).minus(number(figure.against))

    def at_visit(self, figure: Figure, arm: str) -> tuple[Floats, Floats]:
        """Return (n,) recorded values of an arm at baseline and at the figure's visit."""
        assert figure.outcome is not None
        assert figure.visit is not None
        k, t = self.design.outcomes.index(figure.outcome), self.design.visits.index(figure.visit)
        value = self.drawn[arm].value[:, k]
        return value[:, 0], value[:, t]

    def values(self, figure: Figure, arm: str, *, change: bool = False) -> Floats:
        """Return (n,) recorded values of an arm, or their changes from baseline."""
        before, after = self.at_visit(figure, arm)
        return after - before if change else after

    def responders(self, figure: Figure, arm: str) -> Floats:
        """Return (n,) the responder status (0, 1) of an arm."""
        assert figure.outcome is not None
        rule = self.design.study.outcomes[figure.outcome].response
        assert rule is not None
        sign = self.design.signs[self.design.outcomes.index(figure.outcome)]
        before, after = self.at_visit(figure, arm)
        if rule.measure == "value":
            improved, mark = sign * after, sign * rule.at_least
        else:
            change = sign * (after - before)
            improved = change if rule.measure == "change" else 100.0 * change / np.where(before == 0, np.nan, before)
            mark = rule.at_least
        return np.where(np.isnan(improved), np.nan, improved >= mark)

    def residuals(self, figure: Figure) -> list[Floats]:
        """Return, arm by arm, (n,) values beside baseline and arm, with one slope for all arms."""
        pairs = []
        for arm in self.arms(figure):
            before, after = self.at_visit(figure, arm)
            seen = ~np.isnan(before + after)
            pairs.append((np.where(seen, before - before[seen].mean(), np.nan), after - after[seen].mean()))
        slope = sum(np.nansum(x * y) for x, y in pairs) / sum(np.nansum(x * x) for x, _ in pairs)
        return [y - slope * x for x, y in pairs]

    @cached_property
    def attended(self) -> dict[str, NDArray[np.bool_]]:
        """Return arm -> (n, s) sessions attended, for the arms that have any."""
        part = self.design.assumptions.sessions
        if part is None:
            raise OptionError("Attendance was published, and the plan assumes no sessions. Add `sessions:`.")
        planned, mean = attendance_of(self.design.study, part, self.design.arms)
        found = {}
        for place, arm in enumerate(self.design.arms):
            received = self.drawn[arm].received
            sessions = draw_sessions(planned, mean, part.consistency, received, self.design.arms, self.seed)[place]
            if sessions.size:
                found[arm] = sessions
        return found

    @cached_property
    def harmed(self) -> dict[str, NDArray[np.bool_]]:
        """Return arm -> (n,) whether a participant has an adverse event."""
        from coxa.simulate.from_plan.tables import adverse_events_table, calendar_of

        found = {}
        for arm, drawn in self.drawn.items():
            n = len(drawn.arm)
            table = adverse_events_table(self.design, drawn, calendar_of(self.design, n, self.seed), self.seed)
            named = table.loc[table["kind"] == "adverse_event", "participant_id"]
            found[arm] = np.isin(participant_ids(n), named.to_numpy(dtype=str))
        return found


def _mean(large: LargeTrial, figure: Figure, *, change: bool = False) -> Told:
    return average([mean_of(large.values(figure, arm, change=change)) for arm in large.arms(figure)])


def _spread(large: LargeTrial, figure: Figure, *, change: bool = False) -> Told:
    """Return the standard deviation within arms."""
    return average([variance_of(large.values(figure, arm, change=change)) for arm in large.arms(figure)]).root()


def _difference(large: LargeTrial, figure: Figure, *, change: bool = False) -> Told:
    return large.pair(figure, lambda arm: mean_of(large.values(figure, arm, change=change)))


def _standardised(large: LargeTrial, figure: Figure) -> Told:
    """Return the difference in standard deviations pooled over the two arms."""
    both = [variance_of(large.values(figure, arm)) for arm in (figure.arm, figure.against) if arm is not None]
    return _difference(large, figure).over(average(both).root())


def _interaction(large: LargeTrial, figure: Figure) -> Told:
    """Return both less one less the other plus neither."""
    one, other = ([], [])  # type: tuple[list[Told], list[Told]]
    for arm, having in arm_factors(large.design.study.arms).items():
        (other if len(having) == 1 else one).append(mean_of(large.values(figure, arm)))
    half = average(one).minus(average(other))
    return Told(2.0 * half.value, 2.0 * half.parts)


def _residual(large: LargeTrial, figure: Figure) -> Told:
    return average([mean_of(values**2) for values in large.residuals(figure)]).root()


def _share(large: LargeTrial, figure: Figure) -> Told:
    return average([mean_of(large.responders(figure, arm)) for arm in large.arms(figure)])


def _retention(large: LargeTrial, figure: Figure) -> Told:
    assert figure.visit is not None
    t = large.design.visits.index(figure.visit)
    return average([mean_of(large.drawn[arm].present[:, t].astype(float)) for arm in large.arms(figure)])


def _attended(large: LargeTrial, figure: Figure) -> Told:
    sessions = [large.attended[arm] for arm in large.arms(figure) if arm in large.attended]
    if figure.kind == "attendance":
        return average([mean_of(one.mean(axis=1)) for one in sessions])
    return average([mean_of((one.sum(axis=1) >= (figure.sessions or 1)).astype(float)) for one in sessions])


def _harmed(large: LargeTrial, figure: Figure) -> Told:
    return average([mean_of(large.harmed[arm].astype(float)) for arm in large.arms(figure)])


MEASURES: dict[str, Callable[[LargeTrial, Figure], Told]] = {
    "mean": _mean,
    "sd": _spread,
    "change": lambda large, figure: _mean(large, figure, change=True),
    "change_sd": lambda large, figure: _spread(large, figure, change=True),
    "residual_sd": _residual,
    "difference": _difference,
    "change_difference": lambda large, figure: _difference(large, figure, change=True),
    "standardised_difference": _standardised,
    "interaction": _interaction,
    "responders": _share,
    "risk_difference": lambda large, figure: large.pair(figure, lambda arm: mean_of(large.responders(figure, arm))),
    "retention": _retention,
    "attendance": _attended,
    "attended_at_least": _attended,
    "adverse_events": _harmed,
}
"""Kind of figure -> how it is found in the large trial."""
