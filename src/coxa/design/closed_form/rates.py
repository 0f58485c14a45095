"""Negative binomial counts of two arms, compared by their rate ratio."""

from __future__ import annotations

import math
from typing import Literal

from coxa.design.closed_form.answer import Power, Question, check_not_negative, check_positive, with_numbers
from coxa.design.closed_form.normal import StdError, logarithm, normal_answer


@with_numbers
def power_rate_ratio(
    *,
    rate: float,
    dispersion: float,
    exposure: float = 1.0,
    rate_ratio: float | None = None,
    n: int | None = None,
    power: float | None = None,
    ratio: float = 1.0,
    alpha: float = 0.05,
    sides: Literal[1, 2] = 2,
    dropout: float = 0.0,
) -> Power:
    """Solve the comparison of two rates of events for power, sample size or detectable rate ratio.

    Parameters
    ----------
    rate
        Events per unit of time in the reference arm.
    dispersion
        k of the variance mu + k mu^2 of a participant's count, in both arms; 0 for Poisson counts.
    exposure
        Mean time for which a participant is observed, in units of `rate`.
    rate_ratio
        Rate of the compared arm over `rate`. Where it is found, it is below 1.
    n, power, ratio, alpha, sides, dropout
        As `power_two_means`.

    Returns
    -------
    Power
        `effect` is the rate ratio, `difference` its logarithm.

    Raises
    ------
    OptionError, FitError
        As `power_two_means`; a rate is not positive, the dispersion is negative, or the rate ratio is 1.

    Notes
    -----
    SE^2 of the log rate ratio (1 / mu0 + k) / n0 + (1 / mu1 + k) / n1, with mu = rate times exposure: the variance
    with the true rates, also under no difference, of Zhu & Lakkis, Statistics in Medicine 2014, 33:376-387; it is
    that of the Wald test of a negative binomial regression.

    Examples
    --------
    >>> power_rate_ratio(rate=0.8, dispersion=0.4, exposure=0.75, rate_ratio=0.85, power=0.8).n
    (1316, 1316)
    """
    check_positive("rate", rate)
    check_positive("exposure", exposure)
    check_not_negative("dispersion", dispersion)
    log = logarithm("rate_ratio", rate_ratio)
    question = Question(log, n, power, ratio, alpha, sides, dropout, "rate_ratio")
    inputs = {"rate": rate, "dispersion": dispersion, "exposure": exposure, "ratio": ratio, "dropout": dropout}
    return normal_answer(
        "Wald test of a negative binomial regression",
        question,
        log_rate_error(rate * exposure, dispersion),
        inputs,
        "Zhu & Lakkis 2014",
        "rate ratio",
        find=-1,
    )


def log_rate_error(mean: float, dispersion: float) -> StdError:
    """Return the standard error of a log rate ratio, by mean count of a reference participant and dispersion."""

    def std_error(log_ratio: float, reference: float, compared: float) -> float:
        other = mean * math.exp(log_ratio)
        return math.sqrt((1 / mean + dispersion) / reference + (1 / other + dispersion) / compared)

    return std_error
