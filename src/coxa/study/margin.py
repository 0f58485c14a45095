"""The margin of an analysis: its value as results have it, its bounds, and how it is written."""

from __future__ import annotations

import math
from collections.abc import Iterator

from coxa.study.analysis import Margin
from coxa.study.comparative import PlannedAnalysis

POINTS = 100.0
"""Percentage points in one."""

CLAIMS = {
    "noninferiority": "non-inferiority",
    "superiority": "superiority by the margin",
    "equivalence": "equivalence",
}
"""Kind of a margin -> what is to be shown."""


def margin_of(planned: PlannedAnalysis) -> float:
    """Return the margin in units of the estimates: percentage points as a share of one."""
    return _given(planned).value / (POINTS if planned.effect.scale == "points" else 1.0)


def bounds_of(planned: PlannedAnalysis) -> tuple[float, ...]:
    """Return where the margin is among the estimates: one bound, and two for equivalence, the lower first."""
    margin, effect, value = _given(planned), planned.effect, margin_of(planned)
    far = abs(math.log(value)) if effect.is_ratio else value

    def at(sign: float) -> float:
        return math.exp(sign * far) if effect.is_ratio else effect.null + sign * far

    if margin.type == "equivalence":
        return at(-1), at(1)
    benefit = 1 if planned.higher_is_better else -1
    return (at(-benefit if margin.type == "noninferiority" else benefit),)


def claim_bound(planned: PlannedAnalysis) -> float:
    """Return what the effect has to exceed for the claim of an analysis, in the direction of a benefit.

    It is on the scale of the test, of a ratio that of its logarithm: 0 without a margin, less than 0 for
    non-inferiority, more for superiority by a margin.
    """
    if planned.analysis.margin is None:
        return 0.0
    (bound,) = bounds_of(planned)
    return benefit_of(planned, bound)


def benefit_of(planned: PlannedAnalysis, estimate: float) -> float:
    """Return an effect on the scale of its test, of a ratio that of its logarithm, in the direction of a benefit."""
    effect = planned.effect
    change = math.log if effect.is_ratio else float
    apart = change(estimate) - change(effect.null)
    return apart if planned.higher_is_better else -apart


def natural(planned: PlannedAnalysis, benefit: float) -> float:
    """Return an effect in units of the summary from one of `benefit_of`."""
    effect = planned.effect
    apart = benefit if planned.higher_is_better else -benefit
    return math.exp(apart) * effect.null if effect.is_ratio else apart + effect.null


def claim_words(planned: PlannedAnalysis) -> str:
    """Return what an analysis is to show: a benefit, or what its margin is of."""
    margin = planned.analysis.margin
    return "a benefit" if margin is None else CLAIMS[margin.type]


def margin_words(planned: PlannedAnalysis) -> str:
    """Return the margin as a reader has it: "5 points", "10 percentage points", "a hazard ratio of 1.25"."""
    margin, effect = _given(planned), planned.effect
    if effect.is_ratio:
        bounds = " and ".join(f"{one:.4g}" for one in bounds_of(planned))
        return f"a {effect.words} of {bounds}"
    return f"{margin.value:g} {planned.unit}".strip()


def margin_problem(margin: Margin, scale: str) -> Iterator[str]:
    """Yield why a margin does not fit the scale of a comparison, with what would.

    Examples
    --------
    >>> list(margin_problem(Margin(type="noninferiority", value=0.1), "points"))
    ['a margin of 0.1 percentage points; write ten percentage points as 10']
    >>> list(margin_problem(Margin(type="noninferiority", value=1.25), "ratio"))
    []
    """
    value = margin.value
    if scale == "ratio" and (value <= 0 or (value == 1 and margin.type != "superiority")):
        yield f"a margin of {value:g} for a ratio; write the ratio that would matter, such as 1.25"
    elif scale == "points" and 0 < value < 1:
        yield f"a margin of {value:g} percentage points; write ten percentage points as 10"
    elif scale == "points" and value >= POINTS:
        yield f"a margin of {value:g} percentage points; write less than 100"
    elif scale == "probability" and value >= 0.5:
        yield f"a margin of {value:g} of a probability; write its distance from no difference, such as 0.1"


def _given(planned: PlannedAnalysis) -> Margin:
    margin = planned.analysis.margin
    assert margin is not None
    return margin
