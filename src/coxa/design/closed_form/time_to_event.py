"""Time to event: events and participants for a hazard ratio."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

from scipy.stats import norm

from coxa.design.closed_form.answer import Power, Question, check_positive, check_share, with_numbers
from coxa.design.closed_form.normal import logarithm, normal_answer
from coxa.errors import OptionError


@with_numbers
def events_needed(
    *, hazard_ratio: float, power: float = 0.8, ratio: float = 1.0, alpha: float = 0.05, sides: Literal[1, 2] = 2
) -> int:
    """Return the number of events, of both arms together, that a log-rank test or a Cox model needs.

    Parameters
    ----------
    hazard_ratio
        Hazard of the compared arm over that of the reference.
    power
        Probability of a significant result in the right direction.
    ratio
        Participants in the compared arm for each one in the reference arm.
    alpha, sides
        Level of the test, and 2 or 1 sides.

    Raises
    ------
    OptionError
        A number is out of its range.

    Notes
    -----
    (z(1 - alpha / sides) + z(power))^2 / (p (1 - p) log(HR)^2), with p the share of the compared arm (Schoenfeld,
    Biometrics 1983, 39:499-503).

    Examples
    --------
    >>> events_needed(hazard_ratio=0.5, power=0.9)
    88
    """
    log = logarithm("hazard_ratio", hazard_ratio)
    assert log is not None
    check_positive("ratio", ratio)
    check_share("alpha", alpha)
    check_share("power", power)
    if sides not in (1, 2):
        raise OptionError(f"`sides` is {sides}. Give 1 or 2.")
    share = ratio / (1 + ratio)
    z = norm.isf(alpha / sides) + norm.ppf(power)
    return math.ceil(z**2 / (share * (1 - share) * log**2) - 1e-9)


@with_numbers
def power_hazard_ratio(
    *,
    event_probability: float,
    compared_event_probability: float | None = None,
    hazard_ratio: float | None = None,
    n: int | None = None,
    power: float | None = None,
    ratio: float = 1.0,
    alpha: float = 0.05,
    sides: Literal[1, 2] = 2,
    dropout: float = 0.0,
) -> Power:
    """Solve the log-rank test, or a Cox model of the arms, for power, sample size or detectable hazard ratio.

    Parameters
    ----------
    event_probability
        Probability that a participant of the reference arm has the event while observed, censoring taken off.
    compared_event_probability
        The same of the compared arm. Left out, it is 1 - (1 - event_probability)^HR: proportional hazards, and all
        observed for the same time.
    hazard_ratio
        Hazard of the compared arm over that of the reference. Where it is found, it is below 1.
    n, power, ratio, alpha, sides, dropout
        As `power_two_means`.

    Returns
    -------
    Power
        `effect` is the hazard ratio, `difference` its logarithm, `events` those expected.

    Raises
    ------
    OptionError, FitError
        As `power_two_means`; a probability is not between 0 and 1, or the hazard ratio is 1.

    Notes
    -----
    SE of the log hazard ratio 1 / sqrt(D p (1 - p)), with D expected events and p the share of the compared arm
    (Schoenfeld, Biometrics 1983, 39:499-503), for hazard ratios near 1. With arms of one size it is close at 0.6 too;
    with twice as many in the compared arm, at 0.7 and events in most participants, the power is three points higher
    than the formula's (docs/power-closed-form.md).

    Examples
    --------
    >>> found = power_hazard_ratio(event_probability=0.4, hazard_ratio=0.6, power=0.8)
    >>> found.n, round(found.events)
    ((182, 182), 121)
    """
    check_share("event_probability", event_probability)
    if compared_event_probability is not None:
        check_share("compared_event_probability", compared_event_probability)
    log = logarithm("hazard_ratio", hazard_ratio)
    question = Question(log, n, power, ratio, alpha, sides, dropout, "hazard_ratio")

    def events(log_ratio: float, reference: float, compared: float) -> float:
        by_hazards = 1 - (1 - event_probability) ** math.exp(log_ratio)
        other = by_hazards if compared_event_probability is None else compared_event_probability
        return reference * event_probability + compared * other

    def std_error(log_ratio: float, reference: float, compared: float) -> float:
        return (reference + compared) / math.sqrt(reference * compared * events(log_ratio, reference, compared))

    inputs = {
        "event_probability": event_probability,
        "compared_event_probability": compared_event_probability,
        "ratio": ratio,
        "dropout": dropout,
    }
    found = normal_answer("log-rank test", question, std_error, inputs, "Schoenfeld 1983", "hazard ratio", find=-1)
    return replace(found, events=events(found.difference, *found.n_analysed))
