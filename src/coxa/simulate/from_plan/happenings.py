"""Intercurrent events of a plan: their risks, and what happens after them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit, roots_hermitenorm

from coxa.simulate.from_plan.mix import by_outcome
from coxa.study.assumptions.numbers import by_name
from coxa.study.assumptions.trial import Assumptions

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


@dataclass(frozen=True, slots=True)
class EventDesign:
    """One kind of event.

    intercepts : (a, m - 1) of its risk by arm received and interval
    log_odds   : of it per standard deviation of a worse last value
    effect     : (k,) what it adds to each outcome in full
    build_up   : time constant of the build-up, days; 0 at once
    fading     : time constant of the fading, days; infinite if it lasts
    switch_to  : arm whose course is followed afterwards, -1 for none
    keeps      : share kept of what the arms differ by
    copies     : what is left of the difference before goes by the correlations between visits
    stays      : the mean stays as at the last visit before
    of_last_visit : what is kept is a share of the difference at the last visit before, not on the day
    leaves     : probability of leaving with it
    ends       : no sessions after it
    """

    name: str
    probability: Floats
    intercepts: Floats
    log_odds: float
    effect: Floats
    build_up: float
    fading: float
    switch_to: int
    keeps: float
    leaves: float
    ends: bool
    copies: bool = False
    stays: bool = False
    of_last_visit: bool = False

    @property
    def harmless(self) -> bool:
        """Whether it changes no value."""
        return self.switch_to < 0 and not self.stays and not self.effect.any()

    def added(self, since: Floats) -> Floats:
        """Return (n,) the share of the effect that is there `since` days after it; 0 before it or if NaN."""
        days = np.where(since > 0, since, 0.0)
        grown = -np.expm1(-days / self.build_up) if self.build_up > 0 else 1.0
        left = np.exp(-days / self.fading) if np.isfinite(self.fading) else 1.0
        return np.where(since > 0, grown * left, 0.0)


def event_designs(part: Assumptions, arms: tuple[str, ...], outcomes: tuple[str, ...], driver: str, days: Floats
                  ) -> tuple[EventDesign, ...]:  # fmt: skip
    """Return the events that can happen."""
    found = []
    for name, given in part.events.items():
        probability = np.array([by_name(given.probability, arm) for arm in arms])
        if not probability.any():
            continue
        found.append(
            EventDesign(
                name=name,
                probability=probability,
                intercepts=risk_table(probability, given.odds_ratio, days),
                log_odds=float(np.log(given.odds_ratio)),
                effect=np.array([by_outcome(given.effect, outcome, driver) for outcome in outcomes]),
                build_up=given.build_up_days,
                fading=given.fading_days or np.inf,
                switch_to=arms.index(given.switch_to) if given.switch_to else -1,
                keeps=given.keeps,
                leaves=given.leaves,
                ends=given.ends_treatment,
                copies=given.copies,
                stays=given.stays,
                of_last_visit=given.of_last_visit,
            )
        )
    return tuple(found)
