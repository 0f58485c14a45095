"""Events that recur, by the Andersen-Gill model with robust errors: participants for a rate ratio."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

from coxa.design.closed_form.answer import Power, Question, check_not_negative, check_positive, with_numbers
from coxa.design.closed_form.normal import logarithm, normal_answer
from coxa.design.closed_form.rates import log_rate_error


@with_numbers
def power_recurrent_events(
    *,
    rate: float,
    dispersion: float,
    exposure: float = 1.0,
    exposure_variation: float = 0.0,
    rate_ratio: float | None = None,
    n: int | None = None,
    power: float | None = None,
    ratio: float = 1.0,
    alpha: float = 0.05,
    sides: Literal[1, 2] = 2,
    dropout: float = 0.0,
) -> Power:
    """Solve the comparison of two rates of recurrent events, with robust errors, for power, size or rate ratio.

    Parameters
    ----------
    rate
        Events per unit of time in the reference arm, constant over time.
    dispersion
        Variance of the proneness of participants, whose mean is 1; 0 where events are Poisson.
    exposure, exposure_variation
        Mean time for which a participant is observed, in units of `rate`, and its coefficient of variation (for
        follow-up that is even between a and b: (b - a) / (sqrt(3) (a + b))).
    rate_ratio
        Rate of the compared arm over `rate`. Where it is found, it is below 1.
    n, power, ratio, alpha, sides, dropout
        As `power_two_means`.

    Returns
    -------
    Power
        `effect` is the rate ratio, `difference` its logarithm, `events` those expected.

    Raises
    ------
    OptionError, FitError
        As `power_two_means`; a rate or time is not positive, or a variance is negative.

    Notes
    -----
    SE^2 of the log rate ratio, of the model of Andersen and Gill with the robust errors of Lin, Wei, Yang & Ying
    (Journal of the Royal Statistical Society B 2000, 62:711-730): (1 / mu0 + k (1 + c^2)) / n0 +
    (1 / mu1 + k (1 + c^2)) / n1, with mu = rate times exposure, k the dispersion and c the variation of follow-up: that
    is the variance of events over time at risk in each arm: a participant observed for a time T has the variance
    rate T + k (rate T)^2, and (rate E(T))^2 is what the estimate divides it by. At one length of follow-up it is that
    of `power_rate_ratio`; where follow-up varies, a negative binomial model weights participants better.

    Examples
    --------
    >>> found = power_recurrent_events(rate=1.5, dispersion=0.6, rate_ratio=0.7, power=0.8, exposure_variation=0.3)
    >>> found.n, round(found.events)
    ((181, 181), 462)
    """
    check_positive("rate", rate)
    check_positive("exposure", exposure)
    check_not_negative("dispersion", dispersion)
    check_not_negative("exposure_variation", exposure_variation)
    log = logarithm("rate_ratio", rate_ratio)
    question = Question(log, n, power, ratio, alpha, sides, dropout, "rate_ratio")
    mean, spread = rate * exposure, dispersion * (1 + exposure_variation**2)
    std_error = log_rate_error(mean, spread)
    inputs = {
        "rate": rate,
        "dispersion": dispersion,
        "exposure": exposure,
        "exposure_variation": exposure_variation,
        "ratio": ratio,
        "dropout": dropout,
    }
    method, source = "Andersen-Gill model with robust errors", "Lin et al. 2000"
    found = normal_answer(method, question, std_error, inputs, source, "rate ratio", find=-1)
    reference, compared = found.n_analysed
    return replace(found, events=mean * (reference + compared * math.exp(found.difference)))
