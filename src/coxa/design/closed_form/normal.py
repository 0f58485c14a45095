"""Normal tests whose standard error depends on the effect: of ratios on the log scale, and of a win probability."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from coxa.design.closed_form.answer import Accuracy, Measure, Power, Question, check_positive, solve, t_power
from coxa.errors import OptionError

StdError = Callable[[float, float, float], float]
"""Standard error by the difference (of a ratio: its logarithm) and the numbers analysed, reference and compared."""
FARTHEST = 30.0
"""Logarithm of a ratio beyond which none is looked for."""


def normal_answer(
    method: str,
    question: Question,
    std_error: StdError,
    inputs: Mapping[str, Any],
    source: str,
    measure: Measure,
    *,
    find: int = 1,
    farthest: float = FARTHEST,
) -> Power:
    """Return the answer of a normal test of two arms of participants.

    Parameters
    ----------
    method, inputs, source, measure
        As `Power`.
    question
        What is given; its difference is on the scale of `std_error`.
    std_error
        A function of the difference and of the numbers analysed in the reference and in the compared arm.
    find
        1 where a difference that is found is positive, -1 where it is negative.
    farthest
        Absolute difference beyond which none is looked for.
    """
    kept = 1 - question.dropout
    sign = find if question.difference is None else 1

    def power_of(difference: float, reference: int, compared: int) -> float:
        if abs(difference) >= farthest:
            return 0.0
        at = Accuracy(std_error(sign * difference, reference * kept, compared * kept), math.inf)
        return t_power(difference, at, question.alpha, question.sides)

    found = solve(question, power_of)
    analysed = (found.n[0] * kept, found.n[1] * kept)
    difference = sign * found.difference
    return Power(
        method=method,
        solved=question.solved,
        difference=difference,
        power=found.power,
        n=found.n,
        n_analysed=analysed,
        clusters=None,
        std_error=std_error(difference, *analysed),
        df=math.inf,
        alpha=question.alpha,
        sides=question.sides,
        inputs=inputs,
        source=source,
        measure=measure,
    )


def logarithm(name: str, ratio: float | None) -> float | None:
    """Return the logarithm of a ratio, if it is given; raise `OptionError` unless it is positive and not 1."""
    if ratio is None:
        return None
    check_positive(name, ratio)
    if ratio == 1:
        raise OptionError(f"`{name}` is 1. Give another number than 1.")
    return math.log(ratio)
