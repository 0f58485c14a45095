"""The published figures of a preset as the numbers of a study."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from coxa.errors import OptionError, check_known
from coxa.simulate.from_plan.numbers import arm_numbers
from coxa.simulate.presets import preset
from coxa.study.assumptions.published import Figure
from coxa.study.comparative import ComparativeStudy
from coxa.study.pool.studies import ArmData, PooledStudy, PresetFigures
from coxa.study.scales import outcome_scale

DIFFERENCES = ("difference", "change_difference")
BINARY = ("rr", "or", "rd")


def preset_figures(study: PooledStudy, measure: str) -> tuple[PooledStudy, tuple[str, ...], str]:
    """Return a study with the figures of its preset, notes on how they were taken, and their source.

    Raises
    ------
    OptionError
        The preset has no such outcome, arm or visit, or not the figures that the measure needs.
    """
    asked = study.preset
    assert asked is not None
    plan = preset(asked.name)
    assert plan.source is not None
    check_known("outcome", asked.outcome, list(plan.outcomes))
    for arm in (asked.arm, asked.against):
        check_known("arm", arm, list(plan.arms))
    visit = asked.visit or _last_visit(plan, asked)
    found = _Figures(plan, asked, visit)
    numbers, notes = found.counts() if measure in BINARY else found.difference(measure)
    kept = study.model_dump(exclude={"preset", "compared", "reference"}, exclude_unset=True)
    if "higher_is_better" not in kept and measure not in BINARY:
        numbers["higher_is_better"] = outcome_scale(plan.outcomes[asked.outcome]).higher_is_better
    source = f"{plan.source.trial}. {plan.source.paper} (preset {asked.name})"
    given = {**kept, **numbers, "source": source}
    place = f"{plan.label('outcomes', asked.outcome)}, {plan.label('visits', visit)}"
    return PooledStudy.model_validate(given), (f"{place}.", *notes), source


class _Figures:
    """The figures of one outcome at one visit of a preset, and the numbers of participants of two arms."""

    def __init__(self, plan: ComparativeStudy, asked: PresetFigures, visit: str) -> None:
        self.asked, self.source = asked, plan.source
        self.figures = [one for one in _all(plan) if one.outcome == asked.outcome and one.visit == visit]
        self.baseline = [one for one in _all(plan) if one.outcome == asked.outcome and one.visit == plan.baseline_visit]
        assert plan.assumptions is not None
        sizes = dict(zip(plan.arm_order, map(int, arm_numbers(plan, plan.assumptions)), strict=True))
        self.n, self.n_reference = sizes[asked.arm], sizes[asked.against]

    def difference(self, measure: str) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return estimate and accuracy of a difference, and the spread where it is standardised."""
        if measure == "smd" and (printed := self._compared("standardised_difference")) and printed.interval:
            return {**self._sizes(), "estimate": printed.value, "interval": printed.interval, "standardised": True}, ()
        figure = next((one for kind in DIFFERENCES if (one := self._compared(kind))), None)
        numbers: dict[str, Any] = self._sizes()
        notes: list[str] = []
        if figure is not None and figure.interval is not None:
            numbers |= {"estimate": figure.value, "interval": figure.interval}
        else:
            value, spread, said = self._by_spread(figure)
            error = spread * math.sqrt(1 / self.n + 1 / self.n_reference)
            numbers |= {"estimate": value, "std_error": error}
            notes.append(said)
        if measure == "smd":
            numbers["sd"], said = self._spread()
            notes.append(said)
        return numbers, tuple(notes)

    def counts(self) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return events and numbers of both arms from the printed shares."""
        arms = {}
        for role, name, n in (
            ("compared", self.asked.arm, self.n),
            ("reference", self.asked.against, self.n_reference),
        ):
            share = next((one for kind in ("responders", "mean") if (one := self._of(kind, name))), None)
            if share is None or not 0 <= share.value <= 1:
                raise self._lacks(f"a share of {name}")
            known = _counted(share)
            events, size = known if known else (round(share.value * n), n)
            arms[role] = ArmData(events=events, n=size)
        exact = all(_counted(one) for one in self.figures if one.kind == "responders")
        said = (
            ""
            if exact and any(one.kind == "responders" for one in self.figures)
            else ("Events are the printed shares times the participants randomised, rounded.")
        )
        return dict(arms), (said,) if said else ()

    def _by_spread(self, figure: Figure | None) -> tuple[float, float, str]:
        """Return a difference without an interval, and the spread that gives its error."""
        value = figure.value if figure is not None else None
        if value is None:
            changes = [self._of("change", arm) for arm in (self.asked.arm, self.asked.against)]
            if changes[0] is None or changes[1] is None:
                raise self._lacks("a difference")
            value = changes[0].value - changes[1].value
        for kind, words in (("change_sd", "the spread of change"), ("residual_sd", "the residual spread")):
            spread = self._of(kind, None)
            if spread is not None:
                return (
                    value,
                    spread.value,
                    f"Standard error from {words}, {spread.value:g}, and the participants randomised.",
                )
        raise self._lacks("the spread of the difference, or its interval")

    def _spread(self) -> tuple[float, str]:
        """Return the standard deviation by which a difference is divided: at follow-up, residual, or at baseline."""
        own = [self._of("sd", arm) for arm in (self.asked.arm, self.asked.against)]
        if own[0] is not None and own[1] is not None:
            m, k = self.n - 1, self.n_reference - 1
            pooled = math.sqrt((m * own[0].value ** 2 + k * own[1].value ** 2) / (m + k))
            return pooled, "The standard deviation is that at follow-up, pooled of both arms."
        if (both := self._of("sd", None)) is not None:
            return both.value, "The standard deviation is that at follow-up."
        if (residual := self._of("residual_sd", None)) is not None:
            return residual.value, (
                "The standard deviation is the residual one behind the interval: smaller than that of the outcome "
                "where "
                "the analysis was adjusted, so that the standardised difference is larger."
            )
        if (start := next((one for one in self.baseline if one.kind == "sd"), None)) is not None:
            return start.value, "The standard deviation is that at baseline."
        raise self._lacks("a standard deviation")

    def _compared(self, kind: str) -> Figure | None:
        fits = (one for one in self.figures if one.kind == kind)
        return next((one for one in fits if (one.arm, one.against) == (self.asked.arm, self.asked.against)), None)

    def _of(self, kind: str, arm: str | None) -> Figure | None:
        return next((one for one in self.figures if one.kind == kind and one.arm == arm), None)

    def _sizes(self) -> dict[str, Any]:
        return {"compared": ArmData(n=self.n), "reference": ArmData(n=self.n_reference)}

    def _lacks(self, what: str) -> OptionError:
        left = f" Left out of it: {'; '.join(self.source.left_out)}." if self.source and self.source.left_out else ""
        return OptionError(
            f"Preset {self.asked.name} has not {what} of {self.asked.outcome} ({self.asked.arm} less "
            f"{self.asked.against}).{left} Give the numbers yourself, or leave the study out."
        )


def _all(plan: ComparativeStudy) -> Iterable[Figure]:
    return plan.source.figures if plan.source else ()


def _last_visit(plan: ComparativeStudy, asked: PresetFigures) -> str:
    """Return the last visit after baseline with a figure of the outcome of both arms."""
    visits = [one.visit for one in _all(plan) if one.outcome == asked.outcome and one.visit != plan.baseline_visit]
    if not visits:
        raise OptionError(f"Preset {asked.name} has no figure of {asked.outcome} after baseline. Leave the study out.")
    order = list(plan.visits)
    return max((visit for visit in visits if visit), key=order.index)


def _counted(figure: Figure) -> tuple[int, int] | None:
    """Return "51 of 66" of how a share was computed."""
    words = (figure.how or "").split()
    if len(words) == 3 and words[1] == "of" and words[0].isdigit() and words[2].isdigit():
        return int(words[0]), int(words[2])
    return None
