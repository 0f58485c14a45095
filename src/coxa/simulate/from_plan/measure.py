"""From the value meant to the value measured: ends of the scale, steps, answers to items.

The score of the answers is, on average, exactly the score that was meant.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coxa.instruments import load_instrument
from coxa.simulate.from_plan.other_kinds import cuts_of, other_spread, recorded
from coxa.study.assumptions.trial import AssumedOutcome
from coxa.study.outcome import Outcome
from coxa.study.scales import OutcomeScale, scale_name

Floats = NDArray[np.float64]

Codes = NDArray[np.int8]

SPREAD = 0.8
"""How much the items of a scale differ in difficulty: 0 not at all, 1 the most that keeps the mean exact."""


def item_difficulties(n_items: int, spread: float = SPREAD) -> Floats:
    """Return difficulties of k items, evenly spread, with sum 0; positive items are answered worse.

    The order alternates so that neighbouring items differ.

    Examples
    --------
    >>> item_difficulties(4, spread=0.6).round(1).tolist()
    [-0.6, 0.2, -0.2, 0.6]
    """
    even = np.linspace(-spread, spread, n_items) if n_items > 1 else np.zeros(1)
    return np.concatenate([even[0::2], even[1::2]])


def draw_item_codes(
    rng: np.random.Generator, score: ArrayLike, n_items: int, *, top: int = 4, spread: float = SPREAD
) -> Codes:
    """Draw the item codes of a scale that is scored 100 - 100 * mean / top (0 worst, 100 best).

    Parameters
    ----------
    rng
        Generator.
    score
        (n,) scores meant, 0 to 100.
    n_items
        Number of items of the scale, k.
    top
        Worst code of an item; the best is 0.
    spread
        Spread of the item difficulties, 0 to 1.

    Returns
    -------
    (n, k) array
        Codes 0 to `top`. The score of the codes has the mean `score` exactly: with severity p = 1 - score/100,
        item j has the expected code `top * (p + h_j p (1 - p))` with difficulties h_j that sum to 0, and is
        rounded up or down at random in proportion to its fraction.
    """
    severity = 1.0 - np.asarray(score, dtype=float)[:, None] / 100.0
    expected = top * (severity + item_difficulties(n_items, spread) * severity * (1.0 - severity))
    return np.clip(np.floor(expected + rng.random(expected.shape)), 0, top).astype(np.int8)


def draw_rating(rng: np.random.Generator, value: ArrayLike, *, low: int, high: int) -> Floats:
    """Draw (n,) whole-number ratings whose mean is `value`, cut to the range from `low` to `high`."""
    meant = np.clip(np.asarray(value, dtype=float), low, high)
    return np.clip(np.floor(meant + rng.random(meant.shape)), low, high)


def draw_item_gaps(
    rng: np.random.Generator, n_forms: int, scales: ArrayLike, *, item: float, page: float
) -> NDArray[np.bool_]:
    """Draw which items are left unanswered.

    Parameters
    ----------
    rng
        Generator.
    n_forms
        Number of forms filled in.
    scales
        (k,) scale of each item; a scale stands for a page of the form.
    item, page
        Probability that a single item, or a whole page, is skipped.

    Returns
    -------
    (n_forms, k) array
        True where there is no answer.
    """
    names, place = np.unique(np.asarray(scales), return_inverse=True)
    single = rng.random((n_forms, len(place))) < item
    pages = rng.random((n_forms, len(names))) < page
    return np.asarray(single | pages[:, place])


@dataclass(frozen=True, slots=True)
class Measure:
    """How an outcome is measured.

    low, high : ends of its range
    kind      : continuous, bounded or items; or yes_no, ordered or count
    step      : values are multiples of it from `origin`; 0 for no steps
    origin    : from where steps are counted
    items     : codes of its items
    lowest, span : (j,) lowest answer of each item, and how far the answers reach
    turned    : (j,) items whose answers are turned round before scoring
    falling   : the score falls as the answers rise
    weights   : (j,) weight of each item in the score
    codes     : (l,) codes of the levels of what is no score
    cuts      : (l - 1,) log odds of a higher level
    spread    : standard deviation of what participants differ by, where that is no score
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
    codes: Floats | None = None
    cuts: Floats | None = None
    spread: float = 1.0
    origin: float = 0.0

    @property
    def is_score(self) -> bool:
        """Whether values are numbers on a scale."""
        return self.codes is None


def measure_of(outcome: Outcome, scale: OutcomeScale, assumed: AssumedOutcome) -> Measure:
    """Return how an outcome is measured, as a plan assumes."""
    if not outcome.is_score:
        codes = np.array(list(outcome.levels) if outcome.levels else [0, 1], dtype=float)
        return Measure(
            scale.low,
            scale.high,
            outcome.kind,
            codes=codes,
            cuts=cuts_of(outcome, assumed),
            spread=other_spread(outcome, assumed),
        )
    grid = outcome.source.grid if outcome.source else None
    if grid is not None:
        return Measure(grid.low, grid.high, "bounded", grid.step, origin=grid.origin)
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
        steps = np.floor((value - measure.origin) / measure.step + rng.random(len(value)))
        value = measure.origin + measure.step * steps
        if measure.kind != "continuous":
            value = np.clip(value, measure.low, measure.high)
    return value, None


def measured_other(
    measure: Measure, centre: Floats, noise: Floats, rng: np.random.Generator, able: Floats | None = None
) -> Floats:
    """Return (n,) recorded values of what is no score, from centres and what participants differ by.

    `able` is (n,) 0 for those who can have no event, and for the others what their mean is a multiple of that of all.
    """
    assert measure.codes is not None
    assert measure.cuts is not None
    return recorded(measure.kind, measure.codes, measure.cuts, centre, noise, measure.spread, rng, able)


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
