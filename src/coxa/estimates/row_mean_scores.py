"""Cochran, Mantel and Haenszel's test of row mean scores: ordered outcomes of arms, within strata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

from coxa.arguments import FRAME, kinds
from coxa.cards import Carded
from coxa.errors import FitError, OptionError, check_option, not_allowed
from coxa.estimates.mann_whitney import two_columns

Scores = Literal["table", "rank", "ridit", "modridit"]
SCORES: tuple[Scores, ...] = get_args(Scores)


@dataclass(frozen=True, slots=True, repr=False)
class RowMeanScores(Carded):
    """A test of row mean scores.

    statistic, df, p_value : chi-squared, arms less one
    means    : one row per arm: `arm`, `n`, `mean_score` over all strata
    scores   : "table", "rank", "ridit", "modridit" or "given"
    n_strata : strata that say something: two arms or more, and two different outcomes
    left_out : rows without outcome, arm or stratum

    Examples
    --------
    >>> d = pd.DataFrame({"arm": list("aaaabbbb"), "pain": [0, 1, 2, 1, 0, 0, 1, 1]})
    >>> row_mean_scores_test(d, "pain").means["mean_score"].tolist()
    [1.0, 0.5]
    """

    statistic: float
    df: int
    p_value: float
    means: pd.DataFrame
    scores: str
    n_strata: int
    left_out: int


@kinds(data=FRAME)
def row_mean_scores_test(
    data: pd.DataFrame,
    outcome: str,
    arm: str = "arm",
    *,
    strata: Sequence[str] = (),
    levels: Sequence[Any] | None = None,
    scores: Scores | Sequence[float] = "table",
    participant: str = "participant_id",
) -> RowMeanScores:
    """Test whether arms have the same mean score of an ordered outcome, within strata.

    Parameters
    ----------
    data : DataFrame
        One row per participant. Not changed; rows with a missing value are left out and counted.
    outcome, arm : str
        Columns of the outcome and of the arms.
    strata : sequence of str
        Columns whose every combination is a stratum, such as the sites of a stratified randomisation.
    levels : sequence, optional
        Categories from the lowest to the highest; needed unless the outcome is a number or ordered categorical.
    scores : {"table", "rank", "ridit", "modridit"} or sequence of numbers
        `table`: the numbers of the outcome, or 1, 2, ... of categories. `rank`: mean ranks in the stratum, for one
        stratum Kruskal and Wallis's test. `ridit`: these over the stratum's size n; `modridit`: over n + 1, which is
        van Elteren's test. Or a score for each category.
    participant : str
        Column that says whose row it is; where there is one, no participant may have two rows.

    Returns
    -------
    RowMeanScores

    Raises
    ------
    FitError
        No stratum has two arms and two different outcomes, or an arm is compared with no other.
    OptionError
        A column or an option is not allowed.

    Notes
    -----
    Given its totals, the sums of scores of the arms in a stratum have a known mean and covariance (randomisation);
    both are added over strata. Source: Landis, Heyman & Koch, International Statistical Review 1978, 46:237-254. What
    SAS's PROC FREQ prints as "Row Mean Scores Differ".

    Examples
    --------
    >>> d = pd.DataFrame({"arm": list("aaaabbbb"), "pain": [0, 1, 2, 1, 0, 0, 1, 1]})
    >>> found = row_mean_scores_test(d, "pain", scores="rank")
    >>> round(found.statistic, 4), found.df
    (0.9, 1)
    """
    for column in strata:
        if column not in data.columns:
            raise OptionError(not_allowed("column", column, map(str, data.columns)))
    whole = data[list(strata)].notna().all(axis=1)
    values, arms, names, left_out = two_columns(data[whole], outcome, arm, levels, participant)
    complete = whole & data[[outcome, arm]].notna().all(axis=1)
    group = np.zeros(len(values), dtype=int)
    if strata:
        group = data.loc[complete, list(strata)].groupby(list(strata), observed=True).ngroup().to_numpy()
    kind, numbers = base_scores(data, outcome, values, scores, levels)
    gap, covariance, used = np.zeros(len(names)), np.zeros((len(names), len(names))), 0
    own = np.empty(len(values))
    for stratum in np.unique(group):
        here = group == stratum
        own[here] = stratum_scores(numbers[here], kind)
        if len(np.unique(arms[here])) > 1 and np.ptp(own[here]) > 0:
            apart, spread = stratum_sums(own[here], arms[here], len(names))
            gap, covariance, used = gap + apart, covariance + spread, used + 1
    statistic, df = quadratic(gap, covariance, names)
    count = np.bincount(arms, minlength=len(names))
    means = pd.DataFrame({"arm": names, "n": count, "mean_score": np.bincount(arms, own) / count})
    return RowMeanScores(
        statistic, df, float(stats.chi2.sf(statistic, df)), means, kind, used, left_out + int((~whole).sum())
    )


def base_scores(
    data: pd.DataFrame, outcome: str, values: np.ndarray, scores: Scores | Sequence[float], levels: Sequence[Any] | None
) -> tuple[str, np.ndarray]:
    """Return the name of the scores, and the values or the scores of the categories (n,)."""
    by_category = levels is not None or not pd.api.types.is_numeric_dtype(data[outcome].dtype)
    if isinstance(scores, str):
        check_option("scores", scores, SCORES)
        return scores, values + 1 if scores == "table" and by_category else values
    given = np.asarray(scores, dtype=float)
    needed = len(levels) if levels is not None else len(data[outcome].cat.categories) if by_category else 0
    if not by_category or given.shape != (needed,) or not np.isfinite(given).all():
        raise OptionError(f"`scores` has {given.size} numbers for {needed} categories. Give one for each of `levels`.")
    return "given", given[values.astype(int)]


def stratum_scores(values: np.ndarray, kind: str) -> np.ndarray:
    """Return the scores (n,) of a stratum's values."""
    if kind in ("table", "given"):
        return values
    ranks = stats.rankdata(values)
    return np.asarray(ranks / {"rank": 1, "ridit": len(values), "modridit": len(values) + 1}[kind])


def stratum_sums(scores: np.ndarray, arms: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return sums of scores less their expectation (k,), and their covariance (k, k), given a stratum's totals."""
    n, count = len(scores), np.bincount(arms, minlength=k)
    gap = np.bincount(arms, scores, minlength=k) - count * scores.mean()
    variance = ((scores - scores.mean()) ** 2).mean()
    return gap, variance * (n * np.diag(count) - np.outer(count, count)) / (n - 1)


def quadratic(gap: np.ndarray, covariance: np.ndarray, names: Sequence[str]) -> tuple[float, int]:
    """Return chi-squared and its degrees of freedom; the gaps of all arms add up to zero, so that one is left out."""
    df = len(names) - 1
    inner = covariance[:-1, :-1]
    if np.linalg.matrix_rank(inner, hermitian=True) < df:
        raise FitError(
            f"the arms {', '.join(names)} are not all compared: no stratum has them together with different outcomes",
            ["Join strata.", "Leave an arm out that no stratum has together with another."],
        )
    return float(gap[:-1] @ np.linalg.solve(inner, gap[:-1])), df
