"""Risk-adjusted CUSUM of a yes-or-no outcome: scores, path, run lengths by a Markov chain, and the limit."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.optimize import brentq
from scipy.sparse.linalg import spsolve

from coxa.audit.limits import Floats
from coxa.errors import OptionError

STATES = 1000
"""Steps between 0 and the limit: run lengths then change by less than 0.2 % where there are twice as many."""


def cusum_scores(outcomes: ArrayLike, expected: ArrayLike, odds_ratio: float = 2.0) -> Floats:
    """Return the log-likelihood ratio of each outcome: odds times `odds_ratio` against odds as expected.

    Parameters
    ----------
    outcomes
        1 where the event happened, otherwise 0.
    expected
        The probability of it by the case mix, between 0 and 1.
    odds_ratio
        What the chart looks for: 2 for odds that have doubled, 0.5 for odds that have halved.

    Returns
    -------
    (n,) float

    Raises
    ------
    OptionError
        An outcome that is not 0 or 1, a probability that is not between 0 and 1, or odds that are the expected ones.

    Notes
    -----
    y log(R) - log(1 - p + R p). Source: Steiner et al., Biostatistics 2000, 1:441-452.

    Examples
    --------
    >>> cusum_scores([0, 1], [0.1, 0.1]).round(4).tolist()
    [-0.0953, 0.5978]
    """
    outcomes, expected = np.asarray(outcomes, dtype=float), np.asarray(expected, dtype=float)
    _check(expected, odds_ratio)
    if outcomes.shape != expected.shape or not np.isin(outcomes, (0, 1)).all():
        raise OptionError("An outcome is missing, or neither 0 nor 1. Give one for each expected probability.")
    return outcomes * np.log(odds_ratio) - np.log1p((odds_ratio - 1) * expected)


def risk_adjusted_cusum(
    outcomes: ArrayLike, expected: ArrayLike, *, limit: float, odds_ratio: float = 2.0
) -> pd.DataFrame:
    """Return the CUSUM of outcomes in the order of time, which starts again at 0 after each signal.

    Parameters
    ----------
    outcomes, expected, odds_ratio
        As in `cusum_scores`.
    limit
        A sum of this or more is a signal; `cusum_limit` gives that of a chosen run length.

    Returns
    -------
    DataFrame
        One row per patient: score, cusum, signal.

    Examples
    --------
    >>> risk_adjusted_cusum([0, 1, 1, 0], [0.1] * 4, limit=1.1)["signal"].tolist()
    [False, False, True, False]
    """
    scores = cusum_scores(outcomes, expected, odds_ratio)
    path = cusum_path(scores, limit)
    return pd.DataFrame({"score": scores, "cusum": path, "signal": path >= limit})


def cusum_path(scores: ArrayLike, limit: float) -> Floats:
    """Return the sums of scores that never fall below 0, and start again at 0 after one that reaches the limit.

    Parameters
    ----------
    scores
        Of patients, or added up over stretches of time, in their order.
    limit
        As in `risk_adjusted_cusum`.

    Examples
    --------
    >>> cusum_path([1.0, -3.0, 1.5, 1.0, 0.5], limit=2.0).tolist()
    [1.0, 0.0, 1.5, 2.5, 0.5]
    """
    path, height = [], 0.0
    for score in np.asarray(scores, dtype=float):
        height = max(0.0, height + float(score))
        path.append(height)
        height = 0.0 if height >= limit else height
    return np.array(path, dtype=float)


def stretches(events: ArrayLike, n: ArrayLike, least: int) -> NDArray[np.int_]:
    """Return in which stretch of time each period is, so that each has enough with and enough without the event.

    Parameters
    ----------
    events, n
        Of each period, in the order of time.
    least
        Events of a stretch at the least, and people without one.

    Returns
    -------
    (n_periods,) int
        From 0 on. Periods at the end that are too few for a stretch are in the last one; all are in one stretch where
        there are too few for any.

    Examples
    --------
    >>> stretches([3, 1, 2, 7, 1], [40, 40, 40, 40, 40], least=5).tolist()
    [0, 0, 0, 1, 1]
    """
    events, rest = np.asarray(events, dtype=float), np.asarray(n, dtype=float) - np.asarray(events, dtype=float)
    found, at, happened, without = [], 0, 0.0, 0.0
    for k in range(len(events)):
        found.append(at)
        happened, without = happened + events[k], without + rest[k]
        if min(happened, without) >= least:
            at, happened, without = at + 1, 0.0, 0.0
    return np.minimum(np.array(found, dtype=int), max(at - 1, 0))


def cusum_run_length(
    expected: ArrayLike,
    *,
    limit: float,
    odds_ratio: float = 2.0,
    true_odds_ratio: float = 1.0,
    weights: ArrayLike | None = None,
    states: int = STATES,
) -> float:
    """Return the mean number of patients until the chart signals.

    Parameters
    ----------
    expected
        Probabilities of the case mix, each as frequent as its weight.
    limit, odds_ratio
        Of the chart.
    true_odds_ratio
        By what the odds really differ from the expected ones; 1 gives the run length until a false alarm.
    weights
        Frequencies of `expected`; all the same unless given.
    states
        Steps between 0 and the limit.

    Returns
    -------
    float

    Notes
    -----
    A Markov chain (Brook and Evans, Biometrika 1972, 59:539-549) with each score shared between the two nearest states
    in proportion; where scores and limit are multiples of one step it is exact.

    Examples
    --------
    >>> round(cusum_run_length([0.1], limit=2.0), 1)
    239.8
    """
    expected = np.asarray(expected, dtype=float)
    _check(expected, odds_ratio)
    share = np.full(len(expected), 1.0) if weights is None else np.asarray(weights, dtype=float)
    truly = true_odds_ratio * expected / (1 + (true_odds_ratio - 1) * expected)
    steps = np.concatenate([cusum_scores(np.full(len(expected), y), expected, odds_ratio) for y in (0, 1)])
    chances = np.concatenate([1 - truly, truly]) * np.tile(share / share.sum(), 2)
    return run_length(steps, chances, limit, states)


def run_length(steps: Floats, chances: Floats, limit: float, states: int) -> float:
    """Return the mean number of steps until a sum that never falls below 0 reaches the limit."""
    heights = np.arange(states)[:, None] + steps * states / limit
    below = np.floor(heights + 1e-9)
    upper = np.clip(heights - below, 0, 1)
    rows = np.repeat(np.arange(states), len(steps))
    entries = [((below).ravel(), ((1 - upper) * chances).ravel()), ((below + 1).ravel(), (upper * chances).ravel())]
    chain = sparse.csr_matrix((states, states))
    for columns, values in entries:
        stays = columns < states
        at = np.maximum(columns[stays], 0).astype(int)
        chain = chain + sparse.csr_matrix((values[stays], (rows[stays], at)), shape=(states, states))
    return float(spsolve((sparse.identity(states) - chain).tocsc(), np.ones(states))[0])


def cusum_limit(
    expected: ArrayLike,
    *,
    run_length_in_control: float,
    odds_ratio: float = 2.0,
    weights: ArrayLike | None = None,
    states: int = STATES,
) -> float:
    """Return the limit with which a chart of patients as expected runs so long, on average, until a false alarm.

    Parameters
    ----------
    expected, odds_ratio, weights, states
        As in `cusum_run_length`.
    run_length_in_control
        Mean number of patients until a false alarm.

    Returns
    -------
    float

    Examples
    --------
    >>> limit = cusum_limit([0.05, 0.1, 0.2], run_length_in_control=400)
    >>> round(cusum_run_length([0.05, 0.1, 0.2], limit=limit))
    400
    """
    if run_length_in_control <= 1:
        raise OptionError(f"`run_length_in_control` is {run_length_in_control}. Choose for example 1000 patients.")

    def longer(limit: float) -> float:
        length = cusum_run_length(expected, limit=limit, odds_ratio=odds_ratio, weights=weights, states=states)
        return float(np.log(length / run_length_in_control))  # nearly a line in the limit, so that few are tried

    lowest, highest = 1e-3, 1.0
    while longer(highest) < 0:
        lowest, highest = highest, 2 * highest
    return float(brentq(longer, lowest, highest, xtol=1e-6))


def _check(expected: Floats, odds_ratio: float) -> None:
    if not ((expected > 0) & (expected < 1)).all():
        raise OptionError("An expected probability is missing, or not between 0 and 1. Leave its patient out.")
    if odds_ratio <= 0 or odds_ratio == 1:
        raise OptionError(f"`odds_ratio` is {odds_ratio}. Choose for example 2 for worse, or 0.5 for better.")
