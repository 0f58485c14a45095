"""A series of n-of-1 trials: the mean effect from the differences of people with themselves."""

from __future__ import annotations

import math
from typing import Literal

from coxa.design.closed_form.answer import Accuracy, Power, Question, check_positive, t_answer, with_numbers
from coxa.errors import OptionError


@with_numbers
def power_n_of_1(
    *,
    sd_within: float,
    sd_between: float,
    blocks: int,
    difference: float | None = None,
    n: int | None = None,
    power: float | None = None,
    alpha: float = 0.05,
    sides: Literal[1, 2] = 2,
    dropout: float = 0.0,
) -> Power:
    """Solve a series of n-of-1 trials for power, people or detectable mean effect.

    Parameters
    ----------
    sd_within
        Standard deviation of the difference of one block within a person. Where a period is a mean of days, of the
        difference of two such means: with independent errors of periods, their SD times the root of 2.
    sd_between
        Standard deviation of the true effects between people; 0 where the treatment does the same in everybody.
    blocks
        Blocks of each person, 2 or more.
    difference, power, alpha, sides
        As `power_two_means`; the difference is the mean effect.
    n
        People.
    dropout
        Share of people without a block.

    Returns
    -------
    Power
        `n` and `n_analysed` have the people twice, as everybody takes both treatments.

    Raises
    ------
    OptionError, FitError
        As `power_two_means`; fewer than two blocks.

    Notes
    -----
    A person's mean of b blocks has variance sd_between^2 + sd_within^2 / b about the mean effect; t with n - 1 degrees
    of freedom, which is the test of the mixed model where everybody has as many blocks and the order in the block is
    not in it (Senn, Statistical Methods in Medical Research 2019, 28:372-383). More blocks cannot replace people where
    effects differ: with many blocks the variance approaches sd_between^2 / n.

    Examples
    --------
    >>> power_n_of_1(sd_within=1.5, sd_between=0.8, blocks=4, difference=0.8, power=0.9).n
    (22, 22)
    """
    check_positive("sd_within", sd_within)
    if sd_between < 0:
        raise OptionError(f"`sd_between` is {sd_between:g}. Give a number of 0 or more.")
    if blocks < 2:
        raise OptionError(f"`blocks` is {blocks}. Give 2 or more.")
    question = Question(difference, n, power, 1.0, alpha, sides, dropout)
    of_person = math.sqrt(sd_between**2 + sd_within**2 / blocks)

    def accuracy(people: float, _: float) -> Accuracy:
        return Accuracy(of_person / math.sqrt(people), people - 1)

    inputs = {"sd_within": sd_within, "sd_between": sd_between, "blocks": blocks, "dropout": dropout}
    return t_answer("t test of people's mean differences in n-of-1 trials", question, accuracy, inputs, "Senn 2019")
