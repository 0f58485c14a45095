"""Two treatments compared within participants, in a crossover of two periods."""

from __future__ import annotations

import math
from typing import Literal

from coxa.design.closed_form.answer import Accuracy, Power, Question, check_positive, t_answer, with_numbers
from coxa.errors import OptionError


@with_numbers
def power_crossover(
    *,
    sd: float,
    correlation: float,
    difference: float | None = None,
    n: int | None = None,
    power: float | None = None,
    alpha: float = 0.05,
    sides: Literal[1, 2] = 2,
    dropout: float = 0.0,
) -> Power:
    """Solve an AB/BA crossover for power, sample size or detectable difference.

    Parameters
    ----------
    sd
        Standard deviation between participants of a value in one period.
    correlation
        Between the values of a participant in the two periods, below 1.
    difference, power, alpha, sides
        As `power_two_means`; the difference is between the treatments.
    n
        Participants randomised to each of the two sequences.
    dropout
        Share without both periods.

    Returns
    -------
    Power
        `n` and `n_analysed` are participants of the two sequences.

    Raises
    ------
    OptionError, FitError
        As `power_two_means`.

    Notes
    -----
    The difference of a participant's two values has variance 2 sd^2 (1 - correlation); the treatments differ by half of
    what these differ by between the sequences, t with n1 + n2 - 2 degrees of freedom (Senn, Cross-over Trials in
    Clinical Research, 2002). It is the test of the mixed model where all periods are complete.

    Examples
    --------
    >>> power_crossover(sd=15, correlation=0.7, difference=8, power=0.8).n
    (10, 10)
    """
    check_positive("sd", sd)
    if not -1 <= correlation < 1:
        raise OptionError(f"`correlation` is {correlation:g}. Give a number from -1 to below 1.")
    question = Question(difference, n, power, 1.0, alpha, sides, dropout)
    of_differences = sd * math.sqrt(2 * (1 - correlation))

    def accuracy(first: float, second: float) -> Accuracy:
        return Accuracy(of_differences / 2 * math.sqrt(1 / first + 1 / second), first + second - 2)

    inputs = {"sd": sd, "correlation": correlation, "dropout": dropout}
    return t_answer("t test within participants of a crossover", question, accuracy, inputs, "Senn 2002")
