"""Participants compared pair by pair: a win probability, and a win ratio."""

from __future__ import annotations

import math
from typing import Literal

from coxa.design.closed_form.answer import Power, Question, check_share, with_numbers
from coxa.design.closed_form.normal import logarithm, normal_answer
from coxa.errors import OptionError


@with_numbers
def power_win_probability(
    *,
    win_probability: float | None = None,
    n: int | None = None,
    power: float | None = None,
    ratio: float = 1.0,
    alpha: float = 0.05,
    sides: Literal[1, 2] = 2,
    dropout: float = 0.0,
) -> Power:
    """Solve the test of Mann and Whitney for power, sample size or detectable win probability.

    Parameters
    ----------
    win_probability
        Probability that a participant of the compared arm has a higher value than one of the reference. Where it is
        found, it is above 0.5.
    n, power, ratio, alpha, sides, dropout
        As `power_two_means`.

    Returns
    -------
    Power
        `effect` is the win probability, `difference` its distance from 0.5.

    Raises
    ------
    OptionError, FitError
        As `power_two_means`; the win probability is not between 0 and 1, or is 0.5.

    Notes
    -----
    SE^2 = (n0 + n1) / (12 n0 n1), that of a continuous outcome under no difference (Noether, Journal of the American
    Statistical Association 1987, 82:645-647). With ties use `power_odds_ratio`.

    Examples
    --------
    >>> power_win_probability(win_probability=0.65, power=0.8).n
    (59, 59)
    """
    if win_probability is not None:
        check_share("win_probability", win_probability)
        if win_probability == 0.5:
            raise OptionError("`win_probability` is 0.5. Give another number than 0.5.")
    distance = None if win_probability is None else win_probability - 0.5
    question = Question(distance, n, power, ratio, alpha, sides, dropout, "win_probability")

    def std_error(_: float, reference: float, compared: float) -> float:
        return math.sqrt((1 / reference + 1 / compared) / 12)

    inputs = {"ratio": ratio, "dropout": dropout}
    return normal_answer(
        "Mann-Whitney test", question, std_error, inputs, "Noether 1987", "win probability", farthest=0.5
    )


@with_numbers
def power_win_ratio(
    *,
    ties: float = 0.0,
    win_ratio: float | None = None,
    n: int | None = None,
    power: float | None = None,
    ratio: float = 1.0,
    alpha: float = 0.05,
    sides: Literal[1, 2] = 2,
    dropout: float = 0.0,
) -> Power:
    """Solve the test of a win ratio for power, sample size or detectable win ratio.

    Parameters
    ----------
    ties
        Share of the pairs that no endpoint decides.
    win_ratio
        Pairs that the compared arm wins over those that it loses. Where it is found, it is above 1.
    n, power, ratio, alpha, sides, dropout
        As `power_two_means`.

    Returns
    -------
    Power
        `effect` is the win ratio, `difference` its logarithm.

    Raises
    ------
    OptionError, FitError
        As `power_two_means`; the ties are not a share from 0 to below 1, or the win ratio is 1.

    Notes
    -----
    SE^2 of the log win ratio 4 (1 + ties) / (3 (1 - ties)) (1 / n0 + 1 / n1) (Yu & Ganju, Statistics in Medicine
    2022, 41:950-963): win ratios near 1. For one ordered outcome it is that of no difference if the categories are
    equally frequent, and too large otherwise: 1 - ties^2 is then in the place of 1 less the sum of the cubed shares.

    Examples
    --------
    >>> power_win_ratio(win_ratio=1.5, ties=0.1, power=0.8).n
    (156, 156)
    """
    if not 0 <= ties < 1:
        raise OptionError(f"`ties` is {ties:g}. Give a share from 0 to below 1.")
    log = logarithm("win_ratio", win_ratio)
    question = Question(log, n, power, ratio, alpha, sides, dropout, "win_ratio")

    def std_error(_: float, reference: float, compared: float) -> float:
        return math.sqrt(4 * (1 + ties) / (3 * (1 - ties)) * (1 / reference + 1 / compared))

    inputs = {"ties": ties, "ratio": ratio, "dropout": dropout}
    return normal_answer(
        "normal test of the log win ratio", question, std_error, inputs, "Yu & Ganju 2022", "win ratio"
    )
