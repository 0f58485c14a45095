"""The results of one analysis in M imputed data sets, and the pooled results."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coxa.cards import Card, Carded, counted
from coxa.errors import OptionError, check_known, check_level
from coxa.estimates.table import RATIOS, Estimates, decimals
from coxa.impute.joint_tests import PooledTest, pool_joint
from coxa.impute.pooling import Pooled, pool_rubin

LABELS = ("outcome", "visit", "arm", "reference", "term")
"""Columns that say what a result is."""

SHOWN = ("estimate", "std_error", "conf_low", "conf_high", "p_value", "fmi", "mc_error")


@dataclass(frozen=True, slots=True, repr=False)
class Analysed(Carded):
    """Results of q numbers in each of M imputed data sets.

    labels      : (q rows) what each number is: `outcome, visit, arm, reference, term`, as in a table of estimates
    estimates   : (M, q); of ratios their logarithms
    variances   : (M, q) their squared standard errors
    df_complete : (q,) degrees of freedom that the analysis has without missing values
    n           : participants
    method      : what was fitted, in words
    correlation : (q, q) of the errors of results at one visit, where it is the same in all data sets; or None

    Examples
    --------
    >>> label = {"outcome": "pain", "visit": "week_12", "arm": "a", "reference": "b", "term": "difference"}
    >>> two = np.array([[1.0], [3.0]])
    >>> results = Analysed(pd.DataFrame([label]), two, np.ones((2, 1)), np.array([20.0]), 30, "ANCOVA")
    >>> pool_imputations(results).estimates.frame["estimate"].tolist()
    [2.0]
    """

    labels: pd.DataFrame
    estimates: np.ndarray = field(repr=False)
    variances: np.ndarray = field(repr=False)
    df_complete: np.ndarray = field(repr=False)
    n: int
    method: str
    correlation: np.ndarray | None = field(default=None, repr=False)

    @property
    def size(self) -> int:
        """Number of data sets M."""
        return len(self.estimates)


@dataclass(frozen=True, slots=True, repr=False)
class PooledResults(Carded):
    """Pooled results: as a table of estimates, and what the missing values cost.

    estimates : one row per number; of ratios `std_error` is that of the logarithm
    pooled    : the same on the scale on which they were pooled, with fractions of missing information
    labels    : what each number is

    Examples
    --------
    >>> label = {"outcome": "pain", "visit": "week_12", "arm": "a", "reference": "b", "term": "difference"}
    >>> values = np.array([[1.0], [3.0], [2.0]])
    >>> results = Analysed(pd.DataFrame([label]), values, np.ones((3, 1)), np.array([20.0]), 30, "ANCOVA")
    >>> pool_imputations(results).table[["estimate", "m"]].to_dict("records")
    [{'estimate': 2.0, 'm': 3}]
    """

    estimates: Estimates
    pooled: Pooled
    labels: pd.DataFrame

    @property
    def table(self) -> pd.DataFrame:
        """One row per number: estimate, interval, p-value, `fmi`, `riv`, Monte Carlo errors and `m`."""
        shown = self.estimates.frame[
            [*LABELS, "estimate", "std_error", "df", "conf_low", "conf_high", "p_value"]
        ].reset_index(drop=True)
        pooled = self.pooled
        return shown.assign(
            fmi=pooled.fmi, riv=pooled.riv, mc_error=pooled.mc_error, mc_std_error=pooled.mc_std_error, m=pooled.m
        )

    @property
    def sentence(self) -> str:
        """How precise the simulation is, in words."""
        pooled = self.pooled
        worst = float((pooled.mc_error / pooled.std_error).max())
        return (
            f"{pooled.m} imputed data sets were pooled by Rubin's rules. Another seed would change an estimate by "
            f"about {worst:.1%} of its standard error (Monte Carlo error); the fraction of missing information is "
            f"{pooled.fmi.max():.2f} at most."
        )

    def card(self) -> Card:
        """Return what a terminal and a notebook show."""
        names = [name for name in LABELS if self.labels[name].astype(str).ne("").any()]
        rows = [
            [*(str(row[name]) for name in names), *(decimals(name, row[name]) for name in SHOWN)]
            for row in self.table.to_dict("records")
        ]
        return Card(f"Pooled results of {counted(self.pooled.m, 'imputed data set')}", {}, [*names, *SHOWN], rows)


def pool_imputations(analysed: Analysed, *, conf_level: float = 0.95) -> PooledResults:
    """Pool the results of imputed data sets by Rubin's rules.

    Parameters
    ----------
    analysed : Analysed
        Of `analyse_ancova` and its like.
    conf_level : float

    Returns
    -------
    PooledResults
        Ratios are pooled as logarithms.

    Raises
    ------
    OptionError
        Fewer than two data sets, or an analysis without a result in one of them.

    Examples
    --------
    >>> label = {"outcome": "pain", "visit": "week_12", "arm": "a", "reference": "b", "term": "odds_ratio"}
    >>> logs = np.log(np.array([[2.0], [2.0], [4.0]]))
    >>> results = pool_imputations(
    ...     Analysed(pd.DataFrame([label]), logs, np.full((3, 1), 0.04), np.array([np.inf]), 30, "logistic")
    ... )
    >>> results.estimates.frame["estimate"].round(3).tolist(), results.table["fmi"].round(3).tolist()
    ([2.52], [0.896])
    """
    check_level(conf_level)
    pooled = pool_rubin(analysed.estimates, analysed.variances, df_complete=analysed.df_complete)
    low, high = pooled.interval(conf_level)
    ratio = analysed.labels["term"].isin(RATIOS).to_numpy()

    def shown(values: np.ndarray) -> np.ndarray:
        return np.where(ratio, np.exp(np.where(ratio, values, 0.0)), values)

    mean = analysed.labels["term"].isin(("marginal_mean", "risk", "rate")).to_numpy()
    rows = analysed.labels.assign(
        estimate=shown(pooled.estimate),
        std_error=pooled.std_error,
        df=pooled.df,
        statistic=np.where(mean, np.nan, pooled.statistic),
        p_value=np.where(mean, np.nan, pooled.p_value),
        conf_low=shown(low),
        conf_high=shown(high),
        conf_level=conf_level,
        n_participants=analysed.n,
        n_observations=analysed.n,
        method=f"{analysed.method}, {pooled.m} imputed data sets, Rubin's rules, Barnard-Rubin degrees of freedom",
    )
    return PooledResults(
        Estimates.of([{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]),
        pooled,
        analysed.labels,
    )


def pool_any_difference(analysed: Analysed, visit: str) -> PooledTest:
    """Test by D1 whether any arm differs from the reference at a visit.

    Parameters
    ----------
    analysed : Analysed
        Of `analyse_ancova`, with three arms or more.
    visit : str

    Returns
    -------
    PooledTest

    Raises
    ------
    OptionError
        The visit is unknown, or the analysis keeps no correlation of its results.

    Examples
    --------
    >>> arms = [{"outcome": "pain", "visit": "week_12", "arm": a, "reference": "c", "term": "difference"} for a in "ab"]
    >>> values = np.random.default_rng(1).normal(1, 0.2, (20, 2))
    >>> alike, df = np.array([[1, 0.5], [0.5, 1]]), np.full(2, 90.0)
    >>> results = Analysed(pd.DataFrame(arms), values, np.full((20, 2), 0.1), df, 93, "ANCOVA", alike)
    >>> test = pool_any_difference(results, "week_12")
    >>> test.df_num, test.p_value < 0.05
    (2, True)
    """
    check_known("visit", visit, list(analysed.labels["visit"].unique()))
    if analysed.correlation is None:
        raise OptionError("The analysis keeps no correlation of its results. Use `analyse_ancova`.")
    chosen = (analysed.labels["visit"] == visit) & (analysed.labels["term"] == "difference")
    rows = np.flatnonzero(chosen.to_numpy())
    spread = np.sqrt(analysed.variances[:, rows])
    covariances = spread[:, :, None] * spread[:, None, :] * analysed.correlation[np.ix_(rows, rows)]
    return pool_joint(analysed.estimates[:, rows], covariances, df_complete=float(analysed.df_complete[rows[0]]))
