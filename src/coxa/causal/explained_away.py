"""E-values: how strong an unmeasured confounder would have to be to explain a difference away.

Sources: VanderWeele & Ding, Annals of Internal Medicine 2017, 167:268-274; for mean differences Chinn, Statistics in
Medicine 2000, 19:3127-3131; for common outcomes VanderWeele, Biometrics 2020, 76:746-752.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from coxa.cards import Carded
from coxa.errors import OptionError, check_known

EScale = Literal["risk_ratio", "rate_ratio", "odds_ratio", "hazard_ratio", "standardised_difference"]
SCALES: tuple[EScale, ...] = ("risk_ratio", "rate_ratio", "odds_ratio", "hazard_ratio", "standardised_difference")
CHINN = 0.91
"""Logarithm of the risk ratio per standard deviation, by way of the odds ratio (pi / sqrt(3) / 2, rounded)."""


@dataclass(frozen=True, slots=True, repr=False)
class EValue(Carded):
    """An E-value of an estimate and of the limit nearer to no difference.

    estimate   : of the estimate, 1 or more
    limit      : of the limit; 1 where the interval includes no difference
    risk_ratio : the estimate on the scale of a risk ratio

    Examples
    --------
    >>> found = e_value(3.9, 1.8, 8.7)
    >>> round(found.estimate, 3), found.limit
    (7.263, 3.0)
    """

    estimate: float
    limit: float
    risk_ratio: float


def e_value(estimate: float, low: float, high: float, *, scale: EScale = "risk_ratio", common: bool = False) -> EValue:
    """Return the E-value of an estimate and of its limit.

    Parameters
    ----------
    estimate, low, high : float
        On the scale named; ratios are above 0.
    scale : {"risk_ratio", "rate_ratio", "odds_ratio", "hazard_ratio", "standardised_difference"}
        A standardised difference is a mean difference over the standard deviation of the outcome; its limits use the
        same standard deviation.
    common : bool, default False
        Whether the outcome is common (15% or more) at the end: odds ratios are then taken to the root, and hazard
        ratios by (1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1/HR)).

    Returns
    -------
    EValue
        The smallest risk ratio that an unmeasured confounder would need with both the group and the outcome, beyond
        the measured confounders, to move the estimate (or the limit) to no difference.

    Raises
    ------
    OptionError
        The limits do not include the estimate, or a ratio is not above 0.

    Examples
    --------
    >>> round(e_value(0.5, 0.1, 0.9, scale="standardised_difference").estimate, 4)
    2.5291
    """
    check_known("scale", scale, SCALES)
    if not (low <= estimate <= high and (scale == "standardised_difference" or low > 0)):
        raise OptionError(f"The estimate {estimate} has the limits {low} and {high}. Give a ratio above 0 within them.")
    risk, risk_low, risk_high = (_risk_ratio(value, scale, common) for value in (estimate, low, high))
    nearest = risk_low if risk >= 1 else risk_high
    crosses = risk_low <= 1 <= risk_high
    return EValue(_of(risk), 1.0 if crosses else _of(nearest), risk)


def _risk_ratio(value: float, scale: EScale, common: bool) -> float:
    if scale == "standardised_difference":
        return float(np.exp(CHINN * value))
    if scale == "odds_ratio" and common:
        return float(np.sqrt(value))
    if scale == "hazard_ratio" and common:
        return float((1 - 0.5 ** np.sqrt(value)) / (1 - 0.5 ** np.sqrt(1 / value)))
    return float(value)


def _of(risk: float) -> float:
    above = max(risk, 1 / risk)
    return float(above + np.sqrt(above * (above - 1)))
