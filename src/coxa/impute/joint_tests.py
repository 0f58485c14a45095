"""Tests of several numbers together from M imputed data sets: D1 of covariances, D2 of chi-squares, D3 of likelihoods.

Sources: Li, Raghunathan & Rubin, JASA 1991, 86:1065-1073 (D1); Reiter, Biometrika 2007, 94:502-508 (its degrees of
freedom where the data are few); Li, Meng, Raghunathan & Rubin, Statistica Sinica 1991, 1:65-92 (D2); Meng & Rubin,
Biometrika 1992, 79:103-111 (D3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from coxa.cards import Carded
from coxa.errors import OptionError


@dataclass(frozen=True, slots=True, repr=False)
class PooledTest(Carded):
    """An F test that k numbers have given values.

    statistic : F
    df_num    : k
    df_den    : degrees of freedom of the denominator
    p_value   : one-sided, of a larger F
    riv       : mean relative increase in variance due to the missing values
    method    : ``D1``, ``D2`` or ``D3``

    Examples
    --------
    >>> pool_chi_squares(np.array([4.0, 9.0, 6.0]), 2).method
    'D2'
    """

    statistic: float
    df_num: int
    df_den: float
    p_value: float
    riv: float
    method: str


def pool_joint(
    estimates: np.ndarray,
    covariances: np.ndarray,
    *,
    at: np.ndarray | float = 0.0,
    df_complete: float = np.inf,
) -> PooledTest:
    """Test k numbers together by D1, from their estimates and covariances in each imputed data set.

    Parameters
    ----------
    estimates : (M, k)
    covariances : (M, k, k)
    at : (k,) or float
        Values under the null hypothesis.
    df_complete : float
        Degrees of freedom that the test has without missing values; if finite, those of the result are Reiter's.

    Returns
    -------
    PooledTest

    Raises
    ------
    OptionError
        Fewer than two data sets, or arrays that do not go together.

    Notes
    -----
    D1 takes the relative increase in variance to be the same in all directions.

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> test = pool_joint(rng.normal(1, 0.3, (20, 2)), np.tile(np.eye(2), (20, 1, 1)))
    >>> test.df_num, 0 < test.p_value < 1
    (2, True)
    """
    q, u = np.asarray(estimates, dtype=float), np.asarray(covariances, dtype=float)
    if q.ndim != 2 or u.shape != (*q.shape, q.shape[-1]) or len(q) < 2:
        raise OptionError(
            f"The estimates have the shape {q.shape} and the covariances {u.shape}. Give (M, k) and (M, k, k) of 2 or "
            "more imputed data sets."
        )
    m, k = q.shape
    mean, within = q.mean(axis=0) - at, u.mean(axis=0)
    between = np.atleast_2d(np.cov(q, rowvar=False))
    riv = (1 + 1 / m) * float(np.trace(np.linalg.solve(within, between))) / k
    statistic = float(mean @ np.linalg.solve(within, mean)) / (k * (1 + riv))
    df = reiter(riv, k, m, df_complete) if np.isfinite(df_complete) else li_raghunathan_rubin(riv, k, m)
    return f_test(statistic, k, df, riv, "D1")


def pool_chi_squares(chi_squares: np.ndarray, k: int) -> PooledTest:
    """Test k numbers together by D2, from the chi-square of each imputed data set alone.

    It needs nothing but the statistics and is the least precise of the three: use it where covariances are not at hand.

    Parameters
    ----------
    chi_squares : (M,)
        Wald or likelihood ratio statistics with k degrees of freedom.
    k : int

    Returns
    -------
    PooledTest

    Raises
    ------
    OptionError
        Fewer than two statistics, or one below 0.

    Examples
    --------
    >>> test = pool_chi_squares(np.array([4.0, 9.0, 6.0]), 2)
    >>> round(test.statistic, 4), round(test.riv, 4)
    (1.8717, 0.3345)
    """
    d = np.asarray(chi_squares, dtype=float)
    m = len(d)
    if d.ndim != 1 or m < 2 or not (d >= 0).all() or k < 1:
        raise OptionError("A test needs 2 or more chi-squares of 0 or above, and 1 or more numbers. Give one for each.")
    riv = (1 + 1 / m) * float(np.sqrt(d).var(ddof=1))
    statistic = (d.mean() / k - (m + 1) / (m - 1) * riv) / (1 + riv)
    df = k ** (-3 / m) * (m - 1) * (1 + 1 / riv) ** 2 if riv > 0 else np.inf
    return f_test(max(float(statistic), 0.0), k, float(df), riv, "D2")


def pool_likelihood_ratios(own: np.ndarray, at_pooled: np.ndarray, k: int) -> PooledTest:
    """Test k numbers together by D3, from likelihood ratio statistics of each imputed data set.

    Parameters
    ----------
    own : (M,)
        Twice the difference of log-likelihoods of the models with and without the k numbers, each at its own estimates.
    at_pooled : (M,)
        The same difference with all data sets at the same parameters: those averaged over the data sets, model by
        model.
    k : int

    Returns
    -------
    PooledTest

    Raises
    ------
    OptionError
        Fewer than two statistics, or not as many of both.

    Examples
    --------
    >>> test = pool_likelihood_ratios(np.array([5.0, 7.0, 6.0]), np.array([4.8, 6.9, 5.7]), 2)
    >>> round(test.statistic, 3), round(test.riv, 3)
    (2.417, 0.2)
    """
    first, second = np.asarray(own, dtype=float), np.asarray(at_pooled, dtype=float)
    m = len(first)
    if first.shape != second.shape or first.ndim != 1 or m < 2 or k < 1:
        raise OptionError("A test needs 2 or more statistics of both kinds, as many of one as of the other. Give both.")
    riv = max((m + 1) / (k * (m - 1)) * float(first.mean() - second.mean()), 0.0)
    statistic = float(second.mean()) / (k * (1 + riv))
    return f_test(max(statistic, 0.0), k, li_raghunathan_rubin(riv, k, m), riv, "D3")


def f_test(statistic: float, k: int, df: float, riv: float, method: str) -> PooledTest:
    """Return the test with its p-value."""
    p = stats.f.sf(statistic, k, df) if np.isfinite(df) else stats.chi2.sf(k * statistic, k)
    return PooledTest(statistic, k, float(df), float(p), riv, method)


def li_raghunathan_rubin(riv: float, k: int, m: int) -> float:
    """Return the denominator degrees of freedom of D1 and D3 for complete data without limit."""
    if riv <= 0:
        return float(np.inf)
    t = k * (m - 1)
    if t > 4:
        return 4 + (t - 4) * (1 + (1 - 2 / t) / riv) ** 2
    return t * (1 + 1 / k) * (1 + 1 / riv) ** 2 / 2


def reiter(riv: float, k: int, m: int, df_complete: float) -> float:
    """Return Reiter's denominator degrees of freedom of D1; 4, their lower limit, where k (M - 1) is 4 or below."""
    t = k * (m - 1)
    if t <= 4:
        return 4.0
    a = riv * t / (t - 2)
    of_complete = (df_complete + 1) / (df_complete + 3) * df_complete
    c0, c1, c2 = 1 / (t - 4), of_complete - 2 * (1 + a), of_complete - 4 * (1 + a)
    inverse = (
        1 / c2
        + c0 * a**2 * c1 / ((1 + a) ** 2 * c2)
        + c0 * (8 * a**2 * c1 / ((1 + a) * c2**2) + 4 * a**2 / ((1 + a) * c2))
        + c0 * (4 * a**2 / (c2 * c1) + 16 * a**2 * c1 / c2**3)
        + c0 * 8 * a**2 / c2**2
    )
    return 4 + 1 / inverse
