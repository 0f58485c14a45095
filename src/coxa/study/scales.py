"""What an outcome's numbers mean: range, unit and direction, from its instrument or from the plan."""

from __future__ import annotations

from dataclasses import dataclass

from coxa.errors import OptionError
from coxa.instruments import load_instrument
from coxa.study.events import Composite, EventOutcome
from coxa.study.outcome import MeasuredOutcome, Outcome

NARROW_RANGE = 50.0
"""An outcome whose whole range is narrower than this (0 to 10, 0 to 20) is shown with one decimal more."""


@dataclass(frozen=True, slots=True)
class OutcomeScale:
    """Meaning of an outcome's numbers.

    low, high        : lowest and highest possible value, in `unit`
    higher_is_better : direction
    source           : the instrument and scale, or "plan"
    """

    low: float
    high: float
    unit: str
    higher_is_better: bool
    source: str

    @property
    def direction(self) -> str:
        """Direction in words."""
        return "higher is better" if self.higher_is_better else "lower is better"

    @property
    def decimals(self) -> int:
        """Decimals of means on the scale: one, or two where the whole range is narrow."""
        return 2 if self.high - self.low < NARROW_RANGE else 1


def outcome_scale(outcome: MeasuredOutcome | EventOutcome | Composite) -> OutcomeScale:
    """Return range, unit and direction of an outcome; of events their number, of a composite none.

    Raises
    ------
    OptionError
        If the instrument, its version or its scale is unknown; the message lists what there is.
    """
    better = bool(outcome.higher_is_better)
    if isinstance(outcome, EventOutcome):
        return OutcomeScale(0.0, float("inf"), "events", better, "plan")
    if isinstance(outcome, Composite):
        return OutcomeScale(0.0, 1.0, "", better, "plan")
    if isinstance(outcome, Outcome) and not outcome.is_score:
        low, high = {"yes_no": (0.0, 1.0)}.get(outcome.kind, (0.0, float("inf")))
        if outcome.levels is not None:
            low, high = float(min(outcome.levels)), float(max(outcome.levels))
        return OutcomeScale(low, high, outcome.unit or ("events" if outcome.kind == "count" else ""), better, "plan")
    if outcome.instrument is None:
        low, high = outcome.range or (float("-inf"), float("inf"))
        return OutcomeScale(low, high, outcome.unit or "points", bool(outcome.higher_is_better), "plan")
    instrument = load_instrument(outcome.instrument)
    scale = instrument.scale(scale_name(outcome), instrument.choose_version(outcome.version))
    instrument.choose_rule(outcome.rule)
    return OutcomeScale(scale.low, scale.high, scale.unit, scale.higher_is_better, instrument.label)


def scale_name(outcome: MeasuredOutcome) -> str:
    """Return the scale of an outcome's instrument; it may go unsaid only where the instrument has one."""
    instrument = load_instrument(str(outcome.instrument))
    if outcome.scale is None:
        if len(instrument.scales) > 1:
            raise OptionError(
                f"{instrument.name} has {len(instrument.scales)} scales. Add `scale:` with one of "
                f"{', '.join(instrument.scales)}."
            )
        return next(iter(instrument.scales))
    return outcome.scale
