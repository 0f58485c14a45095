"""Inference after looks: stage-wise p-value, median-unbiased estimate and limits; repeated and sequential p-values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize

from coxa.cards import Carded
from coxa.errors import OptionError
from coxa.hypotheses.looks.crossing import Process, crossing
from coxa.hypotheses.looks.design import SequentialDesign, sequential_design
from coxa.hypotheses.words import SPENDING

FARTHEST = 60.0
"""Standard errors from the estimate within which a limit is looked for."""
LEAST_LEVEL, LARGEST_LEVEL = 1e-15, 0.4999
"""Levels between which a repeated p-value is looked for."""


@dataclass(frozen=True, slots=True, repr=False)
class SequentialInference(Carded):
    """What a study with looks shows, at the look at which it ended.

    look       : at which it crossed its boundary first, or the last one that was taken; from 1
    crossed    : "upper", "lower", or empty where no boundary was crossed
    z          : statistic at the look
    p_value    : one-sided, by the stage-wise ordering
    estimate   : median-unbiased
    conf_low, conf_high, conf_level : limits by the same ordering
    naive      : the estimate as if there had been one look

    Examples
    --------
    >>> from coxa.hypotheses import sequential_design
    >>> found = sequential_inference(sequential_design([0.5, 1]), z=[3.1], information=[25.0])
    >>> found.look, found.crossed, round(found.p_value, 6)
    (1, 'upper', 0.000968)
    """

    look: int
    crossed: str
    z: float
    p_value: float
    estimate: float
    conf_low: float
    conf_high: float
    conf_level: float
    naive: float


def sequential_inference(
    design: SequentialDesign, z: Sequence[float], information: Sequence[float], *, conf_level: float | None = None
) -> SequentialInference:
    """Return p-value, median-unbiased estimate and limits of a study with looks, by the stage-wise ordering.

    Parameters
    ----------
    design : SequentialDesign
        With the boundaries that were used.
    z : sequence of float
        Statistic at each look that was taken, in the direction of a benefit.
    information : sequence of float
        At each of these looks: 1 / standard error squared, in units of the effect.
    conf_level : float, optional
        1 - 2 alpha unless given.

    Returns
    -------
    SequentialInference
        A study that ended without crossing a boundary is analysed as if this look had been its last: futility that is
        not binding leaves no trace in it. Where looks go on after a boundary was crossed, the first crossing counts.

    Raises
    ------
    OptionError
        Looks and numbers do not fit.

    Notes
    -----
    Results at an earlier look that crossed a boundary are more extreme than all at later ones (Armitage 1957; Siegmund
    1978; Tsiatis, Rosner & Mehta, Biometrics 1984, 40:797-803). The p-value does not depend on looks that were not
    taken. p < alpha exactly where the upper boundary was crossed.

    Examples
    --------
    >>> from coxa.hypotheses import sequential_design
    >>> found = sequential_inference(sequential_design([0.5, 1]), z=[1.4, 2.3], information=[25.0, 50.0])
    >>> round(found.estimate, 4), round(found.naive, 4)
    (0.3238, 0.3253)
    """
    checked_looks(design, z, information)
    level = 1 - 2 * design.alpha if conf_level is None else conf_level
    if not 0.5 < level < 1:
        raise OptionError(f"`conf_level` is {level:g}. Give a number above 0.5 and below 1.")
    look, crossed = ended(design, z)
    amounts, root = list(information[:look]), float(np.sqrt(information[look - 1]))
    naive = z[look - 1] / root

    def favourable(effect: float) -> float:
        return _at_least(design, amounts, z[look - 1], crossed, effect)

    def effect_at(probability: float) -> float:
        return _root(lambda effect: favourable(effect) - probability, naive, 1 / root)

    tail = (1 - level) / 2
    return SequentialInference(
        look, crossed, float(z[look - 1]), favourable(0.0), effect_at(0.5), effect_at(tail), effect_at(1 - tail), level,
        naive,
    )  # fmt: skip


def ended(design: SequentialDesign, z: Sequence[float]) -> tuple[int, str]:
    """Return the look at which a boundary was crossed first, or the last one, and which boundary."""
    for look, (seen, high, low) in enumerate(zip(z, design.upper, design.lower, strict=False), start=1):
        if seen >= high:
            return look, "upper"
        if seen <= low:
            return look, "lower"
    return len(z), ""


def checked_looks(design: SequentialDesign, z: Sequence[float], information: Sequence[float]) -> None:
    """Raise `OptionError` unless there is a statistic and a rising information for some first looks of a design."""
    if not 0 < len(z) <= design.looks:
        raise OptionError(
            f"`z` has {len(z)} looks, and the design {design.looks}. Give one number for each look taken."
        )
    if len(information) != len(z):
        raise OptionError(f"`information` has {len(information)} looks and `z` {len(z)}. Give one for each look.")
    if not all(a < b for a, b in zip([0.0, *information], information, strict=False)):
        raise OptionError(
            f"`information` is {list(information)}. Give amounts above 0 that rise from look to look, as 1 / standard "
            "error squared."
        )


def _at_least(design: SequentialDesign, amounts: list[float], z: float, crossed: str, effect: float) -> float:
    """Return the probability, under an effect, of a result at least as favourable in the stage-wise ordering."""
    look = len(amounts)
    if crossed == "lower":
        lower = [*design.lower[: look - 1], z]
        return 1 - float(crossing(amounts, [*design.upper[: look - 1], np.inf], lower, effect)[1].sum())
    upper = [*design.upper[: look - 1], z]
    lower = [*design.lower[: look - 1], -np.inf]
    return float(crossing(amounts, upper, lower, effect)[0].sum())


def _root(function: Callable[[float], float], middle: float, scale: float) -> float:
    """Return where a rising function is 0, looked for around a middle."""
    reach = 4.0
    while reach < FARTHEST and (function(middle - reach * scale) > 0 or function(middle + reach * scale) < 0):
        reach *= 2
    low, high = middle - reach * scale, middle + reach * scale
    return float(optimize.brentq(function, low, high, xtol=1e-13 * max(scale, 1e-6), rtol=1e-13))


def repeated_intervals(
    design: SequentialDesign, z: Sequence[float], information: Sequence[float]
) -> tuple[tuple[float, float], ...]:
    """Return an interval of the effect at each look; all of them hold together, under any rule of stopping.

    Parameters
    ----------
    design, z, information
        As `sequential_inference`.

    Returns
    -------
    tuple of (low, high)
        At the level 1 - 2 alpha: (z - c) / sqrt(I) and (z + c) / sqrt(I) with the boundary c of the look.

    Notes
    -----
    Jennison & Turnbull, Journal of the Royal Statistical Society B 1989, 51:305-361.

    Examples
    --------
    >>> from coxa.hypotheses import sequential_design
    >>> repeated_intervals(sequential_design([0.5, 1], "pocock"), [1.4], [25.0])[0]
    (-0.15565441888, 0.71565441888)
    """
    checked_looks(design, z, information)
    found = []
    for seen, bound, amount in zip(z, design.upper, information, strict=False):
        root = np.sqrt(amount)
        found.append((round(float((seen - bound) / root), 12), round(float((seen + bound) / root), 12)))
    return tuple(found)


def repeated_p_values(design: SequentialDesign, z: Sequence[float]) -> tuple[float, ...]:
    """Return the repeated p-value of each look: the smallest level at which the boundary there is reached.

    Parameters
    ----------
    design : SequentialDesign
        Its level plays no part; boundary and fractions do.
    z : sequence of float
        Statistic at each look that was taken.

    Returns
    -------
    tuple of float
        One-sided; 1 where it would be above 0.5. The smallest until a look is the sequential p-value, which graphs take
        (Liu & Anderson, Journal of the American Statistical Association 2008, 103:1621-1630).

    Examples
    --------
    >>> from coxa.hypotheses import sequential_design
    >>> design = sequential_design([1 / 3, 2 / 3, 1], "obrien_fleming")
    >>> round(repeated_p_values(design, [1.5491933384829668, 3.157610437297509])[1], 6)
    0.005255
    """
    return tuple(_repeated_p(design, look, seen) for look, seen in enumerate(z, start=1))


def sequential_p_value(design: SequentialDesign, z: Sequence[float]) -> float:
    """Return the smallest level at which the hypothesis is rejected at some look so far.

    Parameters
    ----------
    design, z
        As `repeated_p_values`.

    Examples
    --------
    >>> from coxa.hypotheses import sequential_design
    >>> design = sequential_design([0.5, 1], "ld_obrien_fleming")
    >>> sequential_p_value(design, [2.962588042728, 0.0])
    0.025
    """
    return round(min(repeated_p_values(design, z)), 10)


def _repeated_p(design: SequentialDesign, look: int, z: float) -> float:
    """Return the level at which the boundary of a look is as high as a statistic."""

    def short(log_level: float) -> float:
        return at_level(design, float(np.exp(log_level)), looks=look).upper[look - 1] - z

    low, high = np.log(LEAST_LEVEL), np.log(LARGEST_LEVEL)
    if short(high) > 0:
        return 1.0
    if short(low) < 0:
        return LEAST_LEVEL
    return float(np.exp(optimize.brentq(short, low, high, xtol=1e-13, rtol=1e-14)))


def at_level(design: SequentialDesign, alpha: float, looks: int | None = None) -> SequentialDesign:
    """Return the same design at another level; of its first looks only, where later ones do not change them."""
    count = looks if looks is not None and design.boundary in SPENDING else design.looks
    last = design.fractions[count - 1]
    made = sequential_design(
        [one / last for one in design.fractions[:count]],
        design.boundary,
        alpha=alpha,
        sides=2 if design.sides == 2 else 1,
        gamma=design.gamma,
        times=design.times[:count],
    )
    return replace(made, futility=design.futility[:count])


def as_observed(
    design: SequentialDesign, information: Sequence[float], times: Sequence[float] | None = None
) -> SequentialDesign:
    """Return a design with the information that its looks had.

    Parameters
    ----------
    design : SequentialDesign
        As planned.
    information : sequence of float
        At each look so far, in any unit. Where all looks were taken, the last is the whole.
    times : sequence of float, optional
        Share of the level's information at which each look so far spends; the observed shares of the planned whole
        (`information` over that of the plan) are known to the caller. Those planned unless given. The final look spends
        all that is left.

    Returns
    -------
    SequentialDesign
        With boundaries for the observed information where the level is spent by a function; later looks as planned. The
        boundaries of O'Brien-Fleming and Pocock are those of the plan.

    Examples
    --------
    >>> planned = sequential_design([0.5, 1], "ld_obrien_fleming")
    >>> seen = as_observed(planned, [21.0, 50.0], [0.42, 1.0])
    >>> seen.fractions, round(seen.upper[0], 4)
    ((0.42, 1.0), 3.2672)
    """
    if design.boundary not in SPENDING:
        return design
    taken = len(information)
    spend_at = list(design.times[:taken] if times is None else times)
    if taken == design.looks:
        spend_at[-1] = 1.0
        shares = [one / information[-1] for one in information]
    else:
        whole = information[-1] / spend_at[-1]
        shares = [one / whole for one in information]
    fractions = [*shares, *design.fractions[taken:]]
    if taken < design.looks and fractions[taken] <= fractions[taken - 1]:
        raise OptionError(
            f"Look {taken} has {fractions[taken - 1]:.2f} of the information, and look {taken + 1} is planned at "
            f"{fractions[taken]:.2f}. Plan the later looks anew."
        )
    seen = replace(design, fractions=tuple(fractions), times=(*spend_at, *design.times[taken:]))
    return at_level(seen, design.alpha)


def conditional_power(
    design: SequentialDesign, z: Sequence[float], information: Sequence[float], effect: float, later: Sequence[float]
) -> float:
    """Return the probability of crossing the upper boundary at a later look, given what was seen.

    Parameters
    ----------
    design, z, information
        As `sequential_inference`; some look is left.
    effect : float
        Assumed of what is to come, in units of the effect: that of the plan, or the one seen.
    later : sequence of float
        Information at each of the later looks, rising above that seen.

    Examples
    --------
    >>> from coxa.hypotheses import sequential_design
    >>> design = sequential_design([1 / 3, 2 / 3, 1], "obrien_fleming")
    >>> per_stage = 30 / (2 * 2**2)
    >>> seen = [per_stage, 2 * per_stage]
    >>> round(conditional_power(design, [1.549, 1.2], seen, 1.0, [3 * per_stage]), 6)
    0.564527
    """
    checked_looks(design, z, information)
    checked_looks(design, [*z, *(0.0 for _ in later)], [*information, *later])
    taken = len(z)
    if len(later) != design.looks - taken or not later:
        raise OptionError(f"`later` has {len(later)} looks, and {design.looks - taken} are left. Give one for each.")
    process = Process(effect, information[-1], float(z[-1] * np.sqrt(information[-1])))
    above, _ = crossing(later, design.upper[taken:], design.lower[taken:], effect, process)
    return float(above.sum())
