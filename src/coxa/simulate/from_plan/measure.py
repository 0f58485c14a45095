"""From the value meant to the value measured: ends of the scale, steps, answers to items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coxa.instruments import load_instrument
from coxa.simulate.items import draw_item_codes
from coxa.study.assumptions.trial import AssumedOutcome
from coxa.study.parts import Outcome
from coxa.study.scales import OutcomeScale, scale_name

Floats = NDArray[np.float64]
Codes = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Measure:
    """How an outcome is measured.

    low, high : ends of its range
    kind      : continuous, bounded or items
    step      : values are multiples of it; 0 for no steps
    items     : codes of its items
    lowest, span : (j,) lowest answer of each item, and how far the answers reach
    turned    : (j,) items whose answers are turned round before scoring
    falling   : the score falls as the answers rise
    weights   : (j,) weight of each item in the score
    """

    low: float
    high: float
    kind: str
    step: float = 0.0
    items: tuple[str, ...] = ()
    lowest: Floats | None = None
    span: Floats | None = None
    turned: NDArray[np.bool_] | None = None
    falling: bool = False
    weights: Floats | None = None


def measure_of(outcome: Outcome, scale: OutcomeScale, assumed: AssumedOutcome) -> Measure:
    """Return how an outcome is measured, as a plan assumes."""
    step = assumed.step or 0.0
    if assumed.scale != "items":
        return Measure(scale.low, scale.high, assumed.scale, step)
    instrument = load_instrument(str(outcome.instrument))
    name, version = scale_name(outcome), instrument.choose_version(outcome.version)
    definition, items = instrument.scales[name], instrument.scale_items(name)
    ranges = [instrument.item_range(item, version) for item in items]
    span = np.array([one.high - one.low for one in ranges])
    percent = definition.formula.startswith("mean_to_percent")
    return Measure(
        scale.low,
        scale.high,
        "items",
        step,
        items,
        np.array([one.low for one in ranges]),
        span,
        np.array([item in definition.reversed for item in items]),
        definition.formula == "mean_to_percent_reversed",
        np.full(len(items), 1.0 / len(items)) if percent else span / span.sum(),
    )


def measured(measure: Measure, meant: Floats, rng: np.random.Generator) -> tuple[Floats, Codes | None]:
    """Measure (n,) meant values; return (n,) values and (n, j) answers to items, None without items.

    Cut at the ends of the scale, the value measured has the value meant as its mean, whatever the step or the items.
    """
    if measure.kind == "items":
        return _answered(measure, meant, rng)
    value = meant if measure.kind == "continuous" else np.clip(meant, measure.low, measure.high)
    if measure.step > 0:
        value = measure.step * np.floor(value / measure.step + rng.random(len(value)))
        if measure.kind != "continuous":
            value = np.clip(value, measure.low, measure.high)
    return value, None


def _answered(measure: Measure, meant: Floats, rng: np.random.Generator) -> tuple[Floats, Codes]:
    """Draw answers; their height is `share` of the way from the lowest to the highest, on average."""
    assert measure.span is not None
    assert measure.lowest is not None
    assert measure.turned is not None
    assert measure.weights is not None
    share = np.clip((meant - measure.low) / (measure.high - measure.low), 0.0, 1.0)
    if measure.falling:
        share = 1.0 - share
    height, codes = np.zeros(len(meant)), np.empty((len(meant), len(measure.items)), dtype=np.int8)
    for span in np.unique(measure.span):
        mine = measure.span == span
        codes[:, mine] = draw_item_codes(rng, 100.0 * (1.0 - share), int(mine.sum()), top=int(span))
        height += codes[:, mine] @ (measure.weights[mine] / span)
    if measure.falling:
        height = 1.0 - height
    answers = measure.lowest + np.where(measure.turned, measure.span - codes, codes)
    return measure.low + height * (measure.high - measure.low), answers.astype(np.int8)
