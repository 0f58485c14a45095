"""An ordered outcome, compared by a proportional odds model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from coxa.design.closed_form.answer import Power, Question, with_numbers
from coxa.design.closed_form.normal import logarithm, normal_answer
from coxa.errors import OptionError


@with_numbers
def power_odds_ratio(
    *,
    probabilities: Sequence[float],
    odds_ratio: float | None = None,
    n: int | None = None,
    power: float | None = None,
    ratio: float = 1.0,
    alpha: float = 0.05,
    sides: Literal[1, 2] = 2,
    dropout: float = 0.0,
) -> Power:
    """Solve the comparison of an ordered outcome for power, sample size or detectable odds ratio.

    Parameters
    ----------
    probabilities : (categories,)
        Of the categories in the reference arm, the lowest first; they add up to 1.
    odds_ratio
        Odds of a higher category in the compared arm over those in the reference, the same at every threshold. Where
        it is found, it is above 1.
    n, power, ratio, alpha, sides, dropout
        As `power_two_means`.

    Returns
    -------
    Power
        `effect` is the odds ratio, `difference` its logarithm.

    Raises
    ------
    OptionError, FitError
        As `power_two_means`; the probabilities do not add up to 1, or the odds ratio is 1.

    Notes
    -----
    SE^2 of the log odds ratio 3 (1 / n0 + 1 / n1) / (1 - sum of p^3), with p the probabilities of the categories over
    both arms (Whitehead, Statistics in Medicine 1993, 12:2257-2271): odds ratios near 1, compared by the score test,
    which is that of Mann and Whitney.

    Examples
    --------
    >>> power_odds_ratio(probabilities=[0.1, 0.2, 0.5, 0.2], odds_ratio=2.428, power=0.9).n
    (94, 94)
    """
    shares = _shares(probabilities)
    log = logarithm("odds_ratio", odds_ratio)
    question = Question(log, n, power, ratio, alpha, sides, dropout, "odds_ratio")

    def std_error(log_ratio: float, reference: float, compared: float) -> float:
        total = reference + compared
        pooled = (reference * shares + compared * shifted(shares, math.exp(log_ratio))) / total
        return math.sqrt(3 * total / (reference * compared * (1 - (pooled**3).sum())))

    inputs = {"probabilities": tuple(shares.tolist()), "ratio": ratio, "dropout": dropout}
    return normal_answer("score test of proportional odds", question, std_error, inputs, "Whitehead 1993", "odds ratio")


def shifted(shares: np.ndarray, odds_ratio: float) -> np.ndarray:
    """Return the probabilities (categories,) of which those above each threshold have their odds multiplied."""
    above = np.clip(1 - np.cumsum(shares)[:-1], 0, 1)
    moved = odds_ratio * above / (1 - above + odds_ratio * above)
    return np.asarray(-np.diff(np.concatenate([[1.0], moved, [0.0]])))


def _shares(given: Sequence[float]) -> np.ndarray:
    shares = np.array(given, dtype=float)
    if shares.ndim != 1 or shares.size < 2 or not (shares > 0).all() or abs(shares.sum() - 1) > 1e-6:
        raise OptionError(
            f"`probabilities` are {shares.tolist()}, with the sum {shares.sum():g}. Give one above 0 per category, two "
            "or more, with the sum 1."
        )
    return shares / shares.sum()
