"""Exact unconditional test and limits of the difference of two proportions, for small samples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats

from coxa.errors import OptionError
from coxa.estimates.proportions import Cell

MOST_TABLES = 10_000
"""Tables, (n + 1)(m + 1), that are counted through for an exact limit."""

RISKS = 201
"""Values of the reference risk at which a tail is looked at first; about the largest it is looked at more closely."""

CLOSE = 1e-5
"""How close to an exact limit the search stops, on its outer side."""

Statistic = Callable[[np.ndarray, np.ndarray, float], np.ndarray]
"""Events of the arm, events of the reference and a difference -> a statistic that is larger the more they differ."""


def exact_limits(arm: Cell, reference: Cell, level: float, statistic: Statistic) -> tuple[float, float]:
    """Return the exact unconditional limits of a difference.

    Notes
    -----
    A difference is inside where neither tail, at whichever reference risk makes it largest, has less than half of
    1 - `level`. Source: Chan & Zhang, Biometrics 1999, 55:1202-1209.
    """
    check_size(arm, reference)
    half = (1 - level) / 2
    found = arm[0] / arm[1] - reference[0] / reference[1]
    low = -1.0 if found == -1 else _edge(lambda d: tail(arm, reference, d, statistic, 1) > half, found, -1.0)
    high = 1.0 if found == 1 else _edge(lambda d: tail(arm, reference, d, statistic, -1) > half, found, 1.0)
    return low, high


def exact_test(arm: Cell, reference: Cell, statistic: Statistic) -> float:
    """Return the exact unconditional p-value of no difference: twice the smaller tail, so that it fits the limits."""
    check_size(arm, reference)
    return min(1.0, 2 * min(tail(arm, reference, 0.0, statistic, side) for side in (1, -1)))


def check_size(arm: Cell, reference: Cell) -> None:
    """Raise OptionError where there are too many tables to count through."""
    tables = (arm[1] + 1) * (reference[1] + 1)
    if tables > MOST_TABLES:
        raise OptionError(
            f"Exact limits of {arm[1]} and {reference[1]} participants would count through {tables:,} tables, more "
            f"than {MOST_TABLES:,}. Use limits of Miettinen and Nurminen."
        )


def tail(arm: Cell, reference: Cell, difference: float, statistic: Statistic, side: int) -> float:
    """Return the largest probability, over reference risks, of a table as far out on a side as this one."""
    (a, n), (c, m) = arm, reference
    events, others = np.divmod(np.arange((n + 1) * (m + 1)), m + 1)
    values = side * statistic(events, others, difference)
    as_far = (values >= values[a * (m + 1) + c] - 1e-9).reshape(n + 1, m + 1)

    def probability(risks: np.ndarray) -> np.ndarray:
        of_arm = stats.binom.pmf(np.arange(n + 1), n, np.clip(risks + difference, 0, 1)[:, None])
        of_reference = stats.binom.pmf(np.arange(m + 1), m, risks[:, None])
        return np.asarray(((of_arm @ as_far) * of_reference).sum(axis=1))

    low, high = max(0.0, -difference), min(1.0, 1 - difference)
    best = 0.0
    for _ in range(3):
        risks = np.linspace(low, high, RISKS)
        found = probability(risks)
        k = int(found.argmax())
        best = max(best, float(found[k]))
        low, high = risks[max(k - 1, 0)], risks[min(k + 1, RISKS - 1)]
    return best


def _edge(inside: Callable[[float], bool], start: float, end: float) -> float:
    """Return the outer edge of the differences that are inside, which include the start."""
    within, without = start, end
    while abs(without - within) > CLOSE:
        middle = (within + without) / 2
        within, without = (middle, without) if inside(middle) else (within, middle)
    return without
