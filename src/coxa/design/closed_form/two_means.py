"""Two means compared by a t test."""

from __future__ import annotations

import math
from typing import Literal

from coxa.design.closed_form.answer import Accuracy, Power, Question, check_positive, t_answer, with_numbers


@with_numbers
def power_two_means(
    *,
    sd: float,
    difference: float | None = None,
    n: int | None = None,
    power: float | None = None,
    ratio: float = 1.0,
    alpha: float = 0.05,
    sides: Literal[1, 2] = 2,
    dropout: float = 0.0,
) -> Power:
    """Solve the two-sample t test for power, sample size or detectable difference.

    Parameters
    ----------
    sd
        Standard deviation within an arm, in units of the outcome.
    difference, n, power
        Difference between the arms in the same units; participants randomised to the reference arm; power. The one
        that is left out is found.
    ratio
        Participants in the compared arm for each one in the reference arm.
    alpha, sides
        Level of the test, and 2 or 1 sides.
    dropout
        Share of the randomised that has no outcome. `n` is before dropout, the power after it.

    Returns
    -------
    Power

    Raises
    ------
    OptionError
        Not exactly one quantity is left out, or a number is out of its range.
    FitError
        Nothing gives the power that is asked for.

    Notes
    -----
    Noncentral t distribution with n1 + n2 - 2 degrees of freedom and SE = sd sqrt(1/n1 + 1/n2) (statsmodels).

    Examples
    --------
    >>> power_two_means(sd=1, difference=0.5, power=0.8).n
    (64, 64)
    >>> power_two_means(sd=1, difference=0.5, power=0.8, dropout=0.2).n
    (80, 80)
    """
    check_positive("sd", sd)
    question = Question(difference, n, power, ratio, alpha, sides, dropout)

    def accuracy(reference: float, compared: float) -> Accuracy:
        return Accuracy(sd * math.sqrt(1 / reference + 1 / compared), reference + compared - 2)

    inputs = {"sd": sd, "ratio": ratio, "dropout": dropout}
    return t_answer("two-sample t test", question, accuracy, inputs, "statsmodels.stats.power.ttest_power")
