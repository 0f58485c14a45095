"""Risks in the intervals between visits, so that by the last visit as many have an event as the plan says."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit, roots_hermitenorm

Floats = NDArray[np.float64]
NEVER = -50.0
"""Logit of a risk that is none."""


def interval_risks(probability: float, days: Floats) -> Floats:
    """Return (m - 1,) risks per interval for a risk that is constant in time.

    Examples
    --------
    >>> interval_risks(0.19, np.array([0.0, 50.0, 100.0])).round(3).tolist()
    [0.1, 0.1]
    """
    shares = np.diff(days) / (days[-1] - days[0])
    return np.asarray(1.0 - (1.0 - probability) ** shares)


def intercept(risk: float, log_odds: float) -> float:
    """Return a, so that the mean of logistic(a + log_odds z) over a standard normal z is `risk`.

    Examples
    --------
    >>> round(intercept(0.1, 0.0), 4)
    -2.1972
    """
    if risk <= 0 or risk >= 1:
        return NEVER if risk <= 0 else -NEVER
    if log_odds == 0:
        return float(logit(risk))
    z, w = roots_hermitenorm(40)
    w = w / w.sum()
    reach = 5.0 + 8.0 * abs(log_odds)
    centre = float(logit(risk))
    return float(brentq(lambda a: float(w @ expit(a + log_odds * z)) - risk, centre - reach, centre + reach))


def risk_table(probabilities: Floats, odds_ratio: float, days: Floats) -> Floats:
    """Return (a, m - 1) intercepts by arm and interval; `probabilities` (a,) are those by the last visit."""
    log_odds = float(np.log(odds_ratio))
    return np.array([[intercept(risk, log_odds) for risk in interval_risks(p, days)] for p in probabilities])
