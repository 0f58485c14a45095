"""Pairs of two groups compared: means, risks, counts and times, with errors by pair.

Source of the errors: Abadie & Spiess, JASA 2022, 117:983-995: after matching without replacement participants of a pair
are alike, and errors clustered by pair hold for the matched sample. Those of Abadie and Imbens (Econometrica 2006,
74:235-267) are of matching with replacement, and a bootstrap of participants fails for matching (the same, Econometrica
2008, 76:1537-1557).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, TEXT, kinds
from coxa.causal.balance import balance_of
from coxa.causal.compare import known_weights
from coxa.causal.compare_times import known_times, rows_of_times
from coxa.causal.comparison import FAMILIES, Comparison, Kind, labelled, other_group, rows_of_means
from coxa.causal.matching import Distance, Matched, MatchOrder, match_nearest
from coxa.causal.means import weighted_group_means
from coxa.causal.weighted_times import weighted_log_hazard_ratio, weighted_time_numbers
from coxa.causal.weights import Weights
from coxa.errors import FitError, check_known
from coxa.estimates import Estimates

FEWEST_PAIRS = 2
"""Pairs with both outcomes that an error needs."""


@kinds(data=FRAME, outcome=TEXT, group=TEXT)
def compare_matched(
    data: pd.DataFrame,
    *,
    outcome: str,
    group: str,
    treated: object,
    confounders: Sequence[str],
    kind: Kind = "mean",
    caliper: float | None = 0.2,
    distance: Distance = "logit",
    order: MatchOrder = "largest",
    pairs: Matched | None = None,
    conf_level: float = 0.95,
) -> Comparison:
    """Compare an outcome within pairs of a treated participant and the nearest one of the reference group.

    Parameters
    ----------
    data : DataFrame
        One row per participant, also those without an outcome. Not changed.
    outcome, group, treated, confounders, kind, conf_level
        As of `compare_groups`.
    caliper, distance, order
        As of `match_nearest`.
    pairs : Matched, optional
        Pairs of these rows that were made before, or otherwise; they are made here unless given.

    Returns
    -------
    Comparison
        Of the treated who have a partner (ATT). Standard errors are clustered by pair, with the factor m / (m - 1) of m
        pairs; limits are normal, of ratios on the scale of the logarithm.

    Raises
    ------
    FitError
        A confounder is missing, or fewer than two pairs have both outcomes.

    Notes
    -----
    Pairs are made of all participants; a pair of whom one has no outcome is left out. The error takes the pairs as
    given, which is a little too large where the propensity score is estimated (Abadie & Imbens 2016).

    Examples
    --------
    >>> data = pd.DataFrame({"group": list("aaabbb"), "age": [50.0, 61, 58, 52, 66, 64], "y": [1.0, 2, 4, 3, 6, 5]})
    >>> found = compare_matched(data, outcome="y", group="group", treated="b", confounders=["age"], caliper=None)
    >>> round(float(found.estimates.only(term="difference").frame["estimate"].iloc[0]), 3), found.observed
    (2.333, (3, 3))
    """
    check_known("kind", kind, tuple(FAMILIES))
    check_known("column", outcome, [str(column) for column in data.columns])
    y = data[outcome].to_numpy(dtype=float)
    pairs = pairs or match_nearest(
        data, group=group, treated=treated, confounders=confounders, caliper=caliper, distance=distance, order=order
    )  # fmt: skip
    pair = _whole_pairs(pairs, data, np.isfinite(y))
    means = weighted_group_means(y, known_weights((pair >= 0).astype(float), pairs.treated, "ATT"))
    rows = rows_of_means(means.mean, _by_pair(means.influence, pair), kind, conf_level)
    return _compared(data, pairs, pair, rows, means.n, confounders, (outcome, group, treated))


@kinds(data=FRAME, time=TEXT, event=TEXT, group=TEXT)
def compare_matched_times(
    data: pd.DataFrame,
    *,
    time: str,
    event: str,
    group: str,
    treated: object,
    confounders: Sequence[str],
    horizon: float,
    caliper: float | None = 0.2,
    distance: Distance = "logit",
    order: MatchOrder = "largest",
    conf_level: float = 0.95,
) -> Comparison:
    """Compare times to an event of matched groups: restricted means, risks and a hazard ratio, with errors by pair.

    Parameters
    ----------
    data, time, event, group, treated, confounders, horizon, conf_level
        As of `compare_group_times`.
    caliper, distance, order
        As of `match_nearest`.

    Returns
    -------
    Comparison

    Examples
    --------
    >>> rng = np.random.default_rng(2)
    >>> data = pd.DataFrame({"age": rng.normal(60, 8, 80), "seen": 1})
    >>> data["group"] = np.where(data["age"] + rng.normal(0, 9, 80) > 60, "new", "old")
    >>> data["weeks"] = np.ceil(rng.exponential(data["age"] / 6))
    >>> found = compare_matched_times(data, time="weeks", event="seen", group="group", treated="new",
    ...                               confounders=["age"], horizon=20.0)
    >>> len(found.matched.pairs) == found.observed[0] == found.observed[1]
    True
    """
    known = known_times(data, time, event)
    pairs = match_nearest(
        data, group=group, treated=treated, confounders=confounders, caliper=caliper, distance=distance, order=order
    )  # fmt: skip
    pair = _whole_pairs(pairs, data, known)
    used = pair >= 0
    days, happened = data.loc[used, time].to_numpy(dtype=float), data.loc[used, event].to_numpy(dtype=int)
    weights = known_weights(np.ones(int(used.sum())), pairs.treated[used], "ATT")
    numbers = weighted_time_numbers(days, happened, weights, horizon)
    ratio, influence = weighted_log_hazard_ratio(days, happened, weights)
    covariance = _by_pair(np.column_stack([numbers.influence, influence]), pair[used])
    rows = rows_of_times(np.append(numbers.value, ratio), covariance, conf_level)
    return _compared(data, pairs, pair, rows, numbers.n, confounders, (time, group, treated))


def _whole_pairs(pairs: Matched, data: pd.DataFrame, known: np.ndarray) -> np.ndarray:
    """Return (n,) the number of the pair of each participant; -1 without a partner, or where an outcome is missing."""
    place = pd.Series(np.arange(len(data)), index=data.index)
    new, old = (place.loc[pairs.pairs[side]].to_numpy() for side in ("treated", "reference"))
    whole = known[new] & known[old]
    if whole.sum() < FEWEST_PAIRS:
        raise FitError(f"{int(whole.sum())} pairs have both outcomes", ["Use a wider caliper."])
    pair = np.full(len(data), -1)
    pair[new[whole]] = pair[old[whole]] = np.arange(int(whole.sum()))
    return pair


def _by_pair(influence: np.ndarray, pair: np.ndarray) -> np.ndarray:
    """Return the covariance (k, k) of influences (n, k) summed within pairs."""
    m = int(pair.max()) + 1
    summed = np.zeros((m, influence.shape[1]))
    np.add.at(summed, pair[pair >= 0], influence[pair >= 0])
    return summed.T @ summed * m / (m - 1)


def _compared(
    data: pd.DataFrame,
    pairs: Matched,
    pair: np.ndarray,
    rows: Iterable[dict[str, Any]],
    n: tuple[int, ...],
    confounders: Sequence[str],
    asked: tuple[str, str, object],
) -> Comparison:
    outcome, group, treated = asked
    names = (str(treated), other_group(data[group], treated))
    caliper = f"caliper {pairs.caliper:.3g}" if np.isfinite(pairs.caliper) else "no caliper"
    told = f"matched one to one by the propensity score ({caliper}), ATT; errors by pair"
    estimates = Estimates.of(labelled(row, names, n, outcome, told) for row in rows)
    weights = _weights(pairs)
    return Comparison(estimates, weights, balance_of(data, weights, confounders), n, pair >= 0, matched=pairs)


def _weights(pairs: Matched) -> Weights:
    """Return the pairs as weights of 1 and 0, with the score."""
    blank, tilt = np.empty((len(pairs.weight), 0)), pairs.weight * pairs.treated
    return Weights(pairs.weight, pairs.treated, "ATT", "matching", pairs.score, tilt, blank, blank, blank)
