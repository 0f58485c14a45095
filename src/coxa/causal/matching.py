"""Matching: for each treated participant the nearest of the reference group, by the propensity score.

Sources: Rosenbaum & Rubin, American Statistician 1985, 39:33-38; Austin, Pharmaceutical Statistics 2011, 10:150-161
(the caliper of 0.2 standard deviations of the logit); Ho et al., Journal of Statistical Software 2011, 42(8).
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import t as student

from coxa.arguments import FRAME, TEXT, kinds
from coxa.cards import Carded
from coxa.causal.confounders import confounder_matrix, two_groups
from coxa.causal.propensity import fit_logistic
from coxa.errors import FitError, OptionError, check_known

TIES = 10
"""Decimals to which scores are compared, so that participants with the same confounders are equally near."""
Distance = Literal["logit", "score"]
MatchOrder = Literal["largest", "smallest", "data"]


@dataclass(frozen=True, slots=True, repr=False)
class Matched(Carded):
    """Pairs of a treated participant and one of the reference group.

    pairs     : one row per pair: `treated`, `reference` (labels of the rows of the data) and `distance`
    unmatched : labels of treated participants without a partner
    weight    : (n,) 1 for those in pairs, else 0
    treated   : (n,) whether a participant is in the treated group
    score     : (n,) propensity score
    caliper   : largest distance allowed, in its own units; infinite without one

    Examples
    --------
    >>> data = pd.DataFrame({"group": list("aaabbb"), "age": [50.0, 61, 58, 52, 66, 64]})
    >>> match_nearest(data, group="group", treated="b", confounders=["age"], caliper=None).pairs["reference"].tolist()
    [0, 1, 2]
    """

    pairs: pd.DataFrame
    unmatched: tuple[object, ...]
    weight: np.ndarray = field(repr=False)
    treated: np.ndarray = field(repr=False)
    score: np.ndarray = field(repr=False)
    caliper: float


@kinds(data=FRAME, group=TEXT)
def match_nearest(
    data: pd.DataFrame,
    *,
    group: str,
    treated: object,
    confounders: Sequence[str],
    caliper: float | None = 0.2,
    distance: Distance = "logit",
    order: MatchOrder = "largest",
) -> Matched:
    """Match each treated participant to the nearest free participant of the reference group, one to one.

    Parameters
    ----------
    data : DataFrame
        One row per participant. Not changed.
    group : str
        Column of the two groups.
    treated : label
        The group whose participants get a partner.
    confounders : sequence of str
        Columns measured before the start.
    caliper : float or None, default 0.2
        Largest distance of a pair, in standard deviations of the distance measure over both groups (the root of the
        mean of the two variances); None for no limit.
    distance : {"logit", "score"}
        Differences of the logit of the propensity score, or of the score itself.
    order : {"largest", "smallest", "data"}
        Whose turn is first: the largest score, the smallest, or the first row. Ties go by row. Of partners equally
        near, one of a lower measure comes before one of a higher; below the last row is taken, above the first, where
        an equal measure counts as below for rows before the treated one, else as above. So has MatchIt.

    Returns
    -------
    Matched
        A treated participant without a partner is named: the answer is then about those who have one.

    Raises
    ------
    FitError
        No pair is within the caliper.

    Examples
    --------
    >>> data = pd.DataFrame({"group": list("aaabbb"), "age": [50.0, 61, 58, 52, 66, 64]})
    >>> match_nearest(data, group="group", treated="b", confounders=["age"], caliper=0.6).unmatched
    (4,)
    """
    check_known("distance", distance, ("logit", "score"))
    check_known("order", order, ("largest", "smallest", "data"))
    if caliper is not None and not caliper > 0:
        raise OptionError(f"`caliper` is {caliper}. Give a number above 0, such as 0.2, or None.")
    chosen = two_groups(data, group, treated)
    columns, _ = confounder_matrix(data, confounders)
    score = fit_logistic(np.column_stack([np.ones(len(data)), columns]), chosen.astype(float), "the group").probability
    measure = np.round(np.log(score / (1 - score)) if distance == "logit" else score, TIES)
    spread = np.sqrt((measure[chosen].var(ddof=1) + measure[~chosen].var(ddof=1)) / 2)
    widest = np.inf if caliper is None else caliper * float(spread)
    ranked = {"largest": -measure, "smallest": measure, "data": np.zeros(len(score))}[order]
    turns = [row for row in np.argsort(ranked, kind="stable") if chosen[row]]
    found = _nearest_free(measure, turns, ~chosen, widest)
    if not found:
        raise FitError("no pair is within the caliper", ["Use a wider caliper.", "Restrict eligibility."])
    paired = [row for row, _, _ in found]
    weight = np.zeros(len(data))
    weight[[*paired, *(partner for _, partner, _ in found)]] = 1.0
    alone = tuple(data.index[row] for row in np.flatnonzero(chosen).tolist() if weight[row] == 0)
    pairs = pd.DataFrame(
        [(data.index[row], data.index[partner], apart) for row, partner, apart in sorted(found)],
        columns=["treated", "reference", "distance"],
    )
    return Matched(pairs, alone, weight, chosen, score, widest)


def _nearest_free(
    measure: np.ndarray, turns: Sequence[int], reference: np.ndarray, widest: float
) -> list[tuple[int, int, float]]:
    """Return treated row, row of its partner and their distance, of those with a partner, in the order of turns.

    Rows are put in the order of the measure, ties by row. The nearest free one is next on the left or on the right.
    """
    ranked = np.argsort(measure, kind="stable")
    place = np.empty(len(ranked), dtype=int)
    place[ranked] = np.arange(len(ranked))
    free = [spot for spot in range(len(ranked)) if reference[ranked[spot]]]
    found = []
    for row in turns:
        right = bisect(free, place[row])
        near = [
            (round(abs(float(measure[ranked[free[k]]] - measure[row])), TIES), k)
            for k in (right - 1, right)
            if 0 <= k < len(free)
        ]
        if not near:
            break
        apart, k = min(near, key=lambda one: one[0])
        if apart <= widest:
            found.append((row, int(ranked[free.pop(k)]), apart))
    return found


def matched_difference(outcome: pd.Series, matched: Matched, *, conf_level: float = 0.95) -> dict[str, float]:
    """Return the mean difference within pairs, with its standard error and limits by t.

    Parameters
    ----------
    outcome : Series
        Of all rows that were matched, under the same labels. Pairs with a missing outcome are left out.
    matched : Matched
    conf_level : float, default 0.95

    Returns
    -------
    dict
        `estimate, std_error, df, p_value, conf_low, conf_high, n_pairs`. The error takes pairs as given: it leaves out
        that of the propensity score.

    Examples
    --------
    >>> data = pd.DataFrame({"group": list("aaabbb"), "age": [50.0, 61, 58, 52, 66, 64], "y": [1.0, 2, 4, 3, 6, 5]})
    >>> pairs = match_nearest(data, group="group", treated="b", confounders=["age"], caliper=None)
    >>> round(matched_difference(data["y"], pairs)["estimate"], 3)
    2.333
    """
    apart = outcome.loc[matched.pairs["treated"]].to_numpy(float) - outcome.loc[matched.pairs["reference"]].to_numpy(
        float
    )
    apart = apart[np.isfinite(apart)]
    if len(apart) < 2:
        raise FitError(f"{len(apart)} pairs have both outcomes", ["Use a wider caliper."])
    estimate, se, df = float(apart.mean()), float(apart.std(ddof=1) / np.sqrt(len(apart))), len(apart) - 1
    half = float(student.ppf((1 + conf_level) / 2, df)) * se
    p_value = float(2 * student.sf(abs(estimate) / se, df)) if se > 0 else float("nan")
    return {
        "estimate": estimate,
        "std_error": se,
        "df": float(df),
        "p_value": p_value,
        "conf_low": estimate - half,
        "conf_high": estimate + half,
        "n_pairs": float(len(apart)),
    }
