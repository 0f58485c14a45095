"""Rubin's rules: one estimate of several numbers from M imputed data sets, with what the missing values cost.

Sources: Rubin, Multiple Imputation for Nonresponse in Surveys, 1987, chapter 3; Barnard & Rubin, Biometrika 1999,
86:948-955, for the degrees of freedom.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy import stats

from coxa.cards import Carded
from coxa.errors import OptionError, check_level


@dataclass(frozen=True, slots=True, repr=False)
class Pooled(Carded):
    """Pooled estimates of q numbers from M imputed data sets; each array is (q,).

    m            : M
    estimate     : mean of the estimates
    std_error    : root of `within` + (1 + 1/M) `between`
    df           : Barnard and Rubin's degrees of freedom; Rubin's where those of complete data are infinite
    within       : mean of the variances
    between      : variance of the estimates over the imputed data sets
    riv          : relative increase in variance due to the missing values, (1 + 1/M) between / within
    share        : share of the variance due to them (lambda), (1 + 1/M) between / std_error^2
    fmi          : fraction of missing information, (riv + 2 / (df + 3)) / (riv + 1)
    mc_error     : Monte Carlo standard error of the estimate, root of between / M: what other seeds would change
    mc_std_error : that of the standard error, by leaving out one data set after the other

    Examples
    --------
    >>> pooled = pool_rubin(np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 1.0]), df_complete=50)
    >>> float(pooled.estimate[0]), round(float(pooled.std_error[0]), 4), round(float(pooled.df[0]), 3)
    (2.0, 1.5275, 4.722)
    """

    m: int
    estimate: np.ndarray
    std_error: np.ndarray
    df: np.ndarray
    within: np.ndarray
    between: np.ndarray
    riv: np.ndarray
    share: np.ndarray
    fmi: np.ndarray
    mc_error: np.ndarray
    mc_std_error: np.ndarray

    @property
    def statistic(self) -> np.ndarray:
        """Estimates over their standard errors (q,), t with `df`."""
        return np.asarray(self.estimate / self.std_error)

    @property
    def p_value(self) -> np.ndarray:
        """Two-sided p-values (q,) of zero."""
        return np.asarray(2 * stats.t.sf(np.abs(self.statistic), self.df))

    def interval(self, conf_level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Return the lower and upper limits (q,).

        Raises
        ------
        OptionError
            The level is not between 0 and 1.
        """
        check_level(conf_level)
        half = stats.t.ppf(0.5 + conf_level / 2, self.df) * self.std_error
        return self.estimate - half, self.estimate + half

    def take(self, which: np.ndarray) -> Pooled:
        """Return some of the numbers, by position or as a mask."""
        arrays = {each.name: getattr(self, each.name)[which] for each in fields(self) if each.name != "m"}
        return Pooled(m=self.m, **arrays)


def pool_rubin(estimates: np.ndarray, variances: np.ndarray, *, df_complete: float | np.ndarray = np.inf) -> Pooled:
    """Pool the estimates of M imputed data sets by Rubin's rules.

    Parameters
    ----------
    estimates : (M, q) or (M,)
        Estimates of q numbers on a scale on which they are about normal: differences, logarithms of ratios.
    variances : (M, q) or (M,)
        Their squared standard errors.
    df_complete : float or (q,)
        Degrees of freedom that the analysis has without missing values: residual ones for ANCOVA. Infinite for tests by
        the normal distribution.

    Returns
    -------
    Pooled

    Raises
    ------
    OptionError
        Fewer than two data sets, arrays of different shapes, or numbers that are not finite.

    Notes
    -----
    With (1 + 1/M) B / T = lambda: the degrees of freedom are nu_old nu_obs / (nu_old + nu_obs), with
    nu_old = (M - 1) / lambda^2 and nu_obs = (nu + 1) / (nu + 3) nu (1 - lambda), nu those of complete data.

    Examples
    --------
    >>> pooled = pool_rubin(np.array([[1.0, 4.0], [3.0, 4.0]]), np.ones((2, 2)), df_complete=20)
    >>> pooled.share.round(2).tolist(), pooled.mc_error.tolist()
    ([0.75, 0.0], [1.0, 0.0])
    """
    q, u = checked_sets(estimates, variances)
    m = len(q)
    within, between = u.mean(axis=0), q.var(axis=0, ddof=1)
    total = within + (1 + 1 / m) * between
    riv = (1 + 1 / m) * between / within
    share = (1 + 1 / m) * between / total
    df = barnard_rubin(m, share, df_complete)
    return Pooled(
        m=m,
        estimate=q.mean(axis=0),
        std_error=np.sqrt(total),
        df=df,
        within=within,
        between=between,
        riv=riv,
        share=share,
        fmi=(riv + 2 / (df + 3)) / (riv + 1),
        mc_error=np.sqrt(between / m),
        mc_std_error=error_of_std_error(q, u),
    )


def checked_sets(estimates: np.ndarray, variances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return estimates and variances (M, q); OptionError where they cannot be pooled."""
    q, u = np.asarray(estimates, dtype=float), np.asarray(variances, dtype=float)
    if q.shape != u.shape or q.ndim not in (1, 2):
        raise OptionError(
            f"The estimates have the shape {q.shape} and the variances {u.shape}. Give both one row for each imputed "
            "data set, and one column for each number."
        )
    if len(q) < 2:
        raise OptionError(f"There are {len(q)} imputed data sets. Pool 2 or more.")
    q, u = q.reshape(len(q), -1), u.reshape(len(u), -1)
    wrong = ~np.isfinite(q) | ~np.isfinite(u) | (u < 0)
    if wrong.any():
        sets = np.flatnonzero(wrong.any(axis=1))
        raise OptionError(
            f"{len(sets)} of {len(q)} imputed data sets have no estimate or no variance, first number {sets[0] + 1}. "
            "Look at why the analysis fails there. Data sets cannot be left out without bias."
        )
    return q, u


def barnard_rubin(m: int, share: np.ndarray, df_complete: float | np.ndarray) -> np.ndarray:
    """Return degrees of freedom (q,) for a share (q,) of the variance that is due to missing values."""
    complete = np.broadcast_to(np.asarray(df_complete, dtype=float), share.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        of_sets = (m - 1) / share**2
        small = (complete + 1) / (complete + 3) * complete * (1 - share)
        both = np.where(np.isinf(of_sets), small, of_sets * small / (of_sets + small))
    return np.where(np.isinf(complete), of_sets, both)


def error_of_std_error(q: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Return the jackknife Monte Carlo error (q,) of Rubin's standard error, from estimates and variances (M, q).

    Leaving out one estimate takes M / (M - 1) times its squared distance from the mean off the sum of squares.
    """
    m = len(q)
    if m < 3:
        return np.full(q.shape[1], np.nan)
    away = (q - q.mean(axis=0)) ** 2
    between = (away.sum(axis=0) - m / (m - 1) * away) / (m - 2)
    within = (u.sum(axis=0) - u) / (m - 1)
    left_out = np.sqrt(within + m / (m - 1) * np.maximum(between, 0))
    return np.asarray(np.sqrt((m - 1) / m * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0)))


@dataclass(frozen=True, slots=True)
class Enough:
    """How many imputed data sets a result needs, and why.

    m        : the number
    estimate : the number that keeps the Monte Carlo error of the estimates within the tolerance
    spread   : the number that keeps that of the standard errors within it (von Hippel)
    sentence : the reason in words

    Examples
    --------
    >>> Enough(400, 350, 400, "400 imputations are enough.").m
    400
    """

    m: int
    estimate: int
    spread: int
    sentence: str


def enough_imputations(
    pilot: Pooled, *, of_estimate: float = 0.02, of_std_error: float = 0.02, fewest: int = 100, most: int = 10_000
) -> Enough:
    """Choose the number of imputations by the Monte Carlo error of a first round.

    Parameters
    ----------
    pilot : Pooled
        The results of a first round, of 50 or 100 imputations.
    of_estimate : float
        Largest Monte Carlo error of an estimate, in its standard errors.
    of_std_error : float
        Largest Monte Carlo error of a standard error, as part of it.
    fewest, most : int
        Limits of the number.

    Returns
    -------
    Enough
        The larger of both numbers, for the result that needs most.

    Raises
    ------
    OptionError
        A tolerance is not above 0.

    Notes
    -----
    The first is B / (tolerance SE)^2. The second is von Hippel's (Sociological Methods & Research 2020, 49:699-718),
    1 + (fmi / tolerance)^2 / 2, with the fraction of missing information at the upper end of its 95% interval,
    since a first round knows it poorly.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> pilot = pool_rubin(rng.normal(size=100), np.full(100, 3.0))
    >>> chosen = enough_imputations(pilot)
    >>> chosen.m, chosen.sentence
    (490, '490 imputations keep the Monte Carlo error of each estimate below 2% of its standard error, and that of \
each standard error below 2% of it.')
    """
    if min(of_estimate, of_std_error) <= 0:
        raise OptionError("A tolerance of the Monte Carlo error is not above 0. Give for example 0.02.")
    for_estimate = int(np.ceil((pilot.between / (of_estimate * pilot.std_error) ** 2).max()))
    upper = upper_fmi(pilot.share, pilot.m)
    for_spread = int(np.ceil((1 + 0.5 * (upper / of_std_error) ** 2).max()))
    needed = max(for_estimate, for_spread)
    chosen = min(max(needed, fewest), most)
    sentence = (
        f"{chosen} imputations keep the Monte Carlo error of each estimate below {of_estimate:.0%} of its standard "
        f"error, and that of each standard error below {of_std_error:.0%} of it."
    )
    if needed > most:
        sentence = (
            f"{needed} imputations would keep the Monte Carlo errors within {of_estimate:.0%} and {of_std_error:.0%} "
            f"of the standard error; {most} are drawn, the limit that was set."
        )
    return Enough(chosen, for_estimate, for_spread, sentence)


def upper_fmi(share: np.ndarray, m: int) -> np.ndarray:
    """Return the upper limit (q,) of a 95% interval of the fraction of missing information.

    On the logit scale its standard error is the root of 2 / M.
    """
    inside = np.clip(share, 1e-6, 1 - 1e-6)
    shifted = np.log(inside / (1 - inside)) + stats.norm.ppf(0.975) * np.sqrt(2 / m)
    return np.where(share > 0, 1 / (1 + np.exp(-shifted)), 0.0)
