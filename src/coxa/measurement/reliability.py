"""Reliability: Cronbach's alpha, intraclass correlations with intervals, measurement error, floor and ceiling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from coxa.cards import Carded
from coxa.errors import OptionError

FORMS = ("ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)")
"""Of Shrout and Fleiss: one-way, two-way random (agreement), two-way mixed (consistency); of one rating, of the mean of
k."""

WIDE = float(stats.norm.ppf(0.975) * np.sqrt(2))
"""Smallest detectable change in standard errors of measurement: 1.96 sqrt(2)."""


@dataclass(frozen=True, slots=True, repr=False)
class Alpha(Carded):
    """Cronbach's alpha with its limits, and how many it is of.

    Examples
    --------
    >>> cronbach_alpha([[1, 2, 2], [2, 3, 3], [4, 4, 5], [5, 5, 5]]).items
    3
    """

    estimate: float
    conf_low: float
    conf_high: float
    conf_level: float
    n: int
    items: int


@dataclass(frozen=True, slots=True, repr=False)
class Reliability(Carded):
    """Intraclass correlations and the measurement error of repeated scores.

    frame           : one row per form of the coefficient: estimate, limits, F, its degrees of freedom, p
    sem_agreement   : standard error of measurement, systematic differences between occasions in it
    sem_consistency : without them
    sdc_agreement, sdc_consistency : smallest detectable change of one person, 1.96 sqrt(2) times these
    n, occasions    : participants with all scores, and scores of each
    left_out        : participants without all scores
    mean_squares    : rows, columns, error, within

    Examples
    --------
    >>> scores = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    >>> found = intraclass_correlation(scores)
    >>> found.frame["estimate"].round(2).tolist()
    [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]
    """

    frame: pd.DataFrame
    sem_agreement: float
    sem_consistency: float
    sdc_agreement: float
    sdc_consistency: float
    n: int
    occasions: int
    left_out: int
    mean_squares: dict[str, float] = field(repr=False)


def complete_rows(name: str, values: ArrayLike, columns: str) -> tuple[np.ndarray, int]:
    """Return the complete rows of a table of numbers, and how many were left out.

    Raises
    ------
    OptionError
        It is no table, or has fewer than three complete rows or two columns.
    """
    table = np.asarray(values, dtype=float)
    if table.ndim != 2 or table.shape[1] < 2:
        raise OptionError(
            f"`{name}` has the shape {table.shape}. Give participants as rows, and two or more {columns}."
        )
    kept = table[np.isfinite(table).all(axis=1)]
    if len(kept) < 3:
        raise OptionError(f"`{name}` has {len(kept)} complete rows. Give at least 3 participants with all {columns}.")
    return kept, len(table) - len(kept)


def check_level(conf_level: float) -> None:
    """Raise `OptionError` unless a level is between a half and 1."""
    if not 0.5 < conf_level < 1:
        raise OptionError(f"`conf_level` is {conf_level:g}. Give a number above 0.5 and below 1, such as 0.95.")


def cronbach_alpha(items: ArrayLike, *, conf_level: float = 0.95) -> Alpha:
    """Return Cronbach's alpha of the items of a scale.

    Parameters
    ----------
    items : array_like
        (n, k) answers, all in one direction; participants with a missing answer are left out.
    conf_level : float
        Of the limits.

    Returns
    -------
    Alpha

    Raises
    ------
    OptionError
        Fewer than three complete rows or two items, or no variance.

    Notes
    -----
    By pingouin: limits of Feldt, Woodruff & Salih, Applied Psychological Measurement 1987, 11:93-103, from F with
    n - 1 and (n - 1)(k - 1) degrees of freedom. pingouin rounds its limits, so they are computed here. Alpha is a lower
    bound of reliability where items measure one thing; it says nothing of whether they do.

    Examples
    --------
    >>> round(cronbach_alpha([[1, 2, 2], [2, 3, 3], [4, 4, 5], [5, 5, 5]]).estimate, 4)
    0.9801
    """
    import pingouin

    check_level(conf_level)
    kept, _ = complete_rows("items", items, "items")
    n, k = kept.shape
    if kept.sum(axis=1).var() == 0:
        raise OptionError("All participants have the same total, so that alpha is not defined. Give answers that vary.")
    estimate = float(pingouin.cronbach_alpha(data=pd.DataFrame(kept))[0])
    df = (n - 1, (n - 1) * (k - 1))
    low, high = (1 - (1 - estimate) * stats.f.ppf(q, *df) for q in ((1 + conf_level) / 2, (1 - conf_level) / 2))
    return Alpha(estimate, float(low), float(high), conf_level, n, k)


def intraclass_correlation(scores: ArrayLike, *, conf_level: float = 0.95) -> Reliability:
    """Return the six intraclass correlations of Shrout and Fleiss with limits, and the measurement error.

    Parameters
    ----------
    scores : array_like
        (n, k) scores of n participants on k occasions or by k raters; incomplete rows are left out and counted.
    conf_level : float
        Of the limits.

    Returns
    -------
    Reliability
        Variances that come out negative are not truncated at zero: SEM of agreement can be below that of consistency.

    Raises
    ------
    OptionError
        Fewer than three complete rows or two columns, or no variance.

    Notes
    -----
    Mean squares of a two-way table (Shrout & Fleiss, Psychological Bulletin 1979, 86:420-428); limits of ICC(2,.) with
    Satterthwaite's degrees of freedom (McGraw & Wong, Psychological Methods 1996, 1:30-46). SEM of consistency is
    sqrt(MSE), of agreement sqrt(MSE + (MSC - MSE) / n) (de Vet, Terwee, Knol & Bouter, Journal of Clinical Epidemiology
    2006, 59:1033-1039).

    Examples
    --------
    >>> found = intraclass_correlation([[1, 2], [3, 3], [5, 6], [7, 7]])
    >>> round(found.sem_consistency, 4), round(found.sdc_consistency, 4)
    (0.4082, 1.1316)
    """
    check_level(conf_level)
    kept, left_out = complete_rows("scores", scores, "occasions or raters")
    n, k = kept.shape
    squares = mean_squares(kept)
    rows, columns, error, within = (squares[word] for word in ("rows", "columns", "error", "within"))
    if rows == 0 or within == 0:
        raise OptionError("The scores do not vary between or within participants. Give scores that do.")
    forms = [*_one_way(rows, within, n, k, conf_level), *_consistency(rows, error, n, k, conf_level)]
    table = pd.DataFrame([*forms, *_agreement(rows, columns, error, n, k, conf_level)])
    frame = table.set_index("form").loc[list(FORMS)].reset_index()
    agreement, consistency = np.sqrt(error + (columns - error) / n), np.sqrt(error)
    return Reliability(
        frame.assign(conf_level=conf_level), float(agreement), float(consistency), float(WIDE * agreement),
        float(WIDE * consistency), n, k, left_out, squares,
    )  # fmt: skip


def mean_squares(scores: np.ndarray) -> dict[str, float]:
    """Return the mean squares of a complete (n, k) table: of rows, of columns, of error, and within rows."""
    n, k = scores.shape
    grand, rows, columns = scores.mean(), scores.mean(axis=1), scores.mean(axis=0)
    error = scores - rows[:, None] - columns[None, :] + grand
    return {
        "rows": float(k * ((rows - grand) ** 2).sum() / (n - 1)),
        "columns": float(n * ((columns - grand) ** 2).sum() / (k - 1)),
        "error": float((error**2).sum() / ((n - 1) * (k - 1))),
        "within": float(((scores - rows[:, None]) ** 2).sum() / (n * (k - 1))),
    }


def _row(form: str, numbers: tuple[float, float, float], f: float, df: tuple[float, float]) -> dict[str, object]:
    p = float(stats.f.sf(f, *df)) if np.isfinite(f) else 0.0
    estimate, low, high = numbers
    return {"form": form, "estimate": estimate, "conf_low": low, "conf_high": high, "statistic": f, "df1": df[0],
            "df2": df[1], "p_value": p}  # fmt: skip


def _by_f(f: float, df: tuple[float, float], level: float) -> tuple[float, float]:
    """Return limits of a ratio of mean squares."""
    upper = (1 + level) / 2
    return f / stats.f.ppf(upper, *df), f * stats.f.ppf(upper, df[1], df[0])


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0 else np.inf


def _of_one(k: int) -> Callable[[float], float]:
    """Return the coefficient of one of k scores by a ratio of mean squares."""
    return lambda f: (f - 1) / (f + k - 1) if np.isfinite(f) else 1.0


def _of_mean(f: float) -> float:
    """Return the coefficient of a mean by a ratio of mean squares."""
    return 1 - 1 / f


def _each(function: Callable[[float], float], *ratios: float) -> tuple[float, float, float]:
    """Return the coefficient and its limits."""
    estimate, low, high = (function(one) for one in ratios)
    return estimate, low, high


def _one_way(rows: float, within: float, n: int, k: int, level: float) -> list[dict[str, object]]:
    f, df = rows / within, (n - 1, n * (k - 1))
    low, high = _by_f(f, df, level)
    return [
        _row("ICC(1,1)", _each(_of_one(k), f, low, high), f, df),
        _row("ICC(1,k)", _each(_of_mean, f, low, high), f, df),
    ]


def _consistency(rows: float, error: float, n: int, k: int, level: float) -> list[dict[str, object]]:
    f, df = _ratio(rows, error), (n - 1, (n - 1) * (k - 1))
    low, high = _by_f(f, df, level)
    return [
        _row("ICC(3,1)", _each(_of_one(k), f, low, high), f, df),
        _row("ICC(3,k)", _each(_of_mean, f, low, high), f, df),
    ]


def _agreement(rows: float, columns: float, error: float, n: int, k: int, level: float) -> list[dict[str, object]]:
    """Return the forms of agreement, with limits by Satterthwaite's degrees of freedom of their denominator."""
    single = (rows - error) / (rows + (k - 1) * error + k * (columns - error) / n)
    mean = (rows - error) / (rows + (columns - error) / n)
    f, df = _ratio(rows, error), (n - 1, (n - 1) * (k - 1))
    fc = _ratio(columns, error)
    if not np.isfinite(fc):
        none = (np.nan, np.nan)
        return [_row("ICC(2,1)", (single, *none), f, df), _row("ICC(2,k)", (mean, *none), f, df)]
    top = (k - 1) * (n - 1) * (k * single * fc + n * (1 + (k - 1) * single) - k * single) ** 2
    bottom = (n - 1) * (k * single * fc) ** 2 + (n * (1 + (k - 1) * single) - k * single) ** 2
    v, upper = top / bottom, (1 + level) / 2
    high_f, low_f = stats.f.ppf(upper, n - 1, v), stats.f.ppf(upper, v, n - 1)
    spread = k * columns + (k * n - k - n) * error
    low = n * (rows - high_f * error) / (high_f * spread + n * rows)
    high = n * (low_f * rows - error) / (spread + n * low_f * rows)
    of_mean = [one * k / (1 + one * (k - 1)) for one in (low, high)]
    return [
        _row("ICC(2,1)", (single, low, high), f, df),
        _row("ICC(2,k)", (mean, of_mean[0], of_mean[1]), f, df),
    ]


def floor_and_ceiling(
    scores: ArrayLike, lowest: float, highest: float, *, limit: float = 0.15
) -> dict[str, float | int | bool]:
    """Return the shares of participants with the lowest and the highest possible score.

    Parameters
    ----------
    scores : array_like
        (n,) scores; missing ones are left out.
    lowest, highest : float
        Ends of the range of the score.
    limit : float
        Share from which an effect is said to be there; more than 15% unless given (Terwee et al., Journal of Clinical
        Epidemiology 2007, 60:34-42).

    Returns
    -------
    dict
        n, floor, ceiling (shares), has_floor, has_ceiling.

    Examples
    --------
    >>> floor_and_ceiling([0, 0, 5, 10], 0, 10)["floor"]
    0.5
    """
    values = np.asarray(scores, dtype=float)
    kept = values[np.isfinite(values)]
    if not len(kept):
        raise OptionError("`scores` has no number. Give at least one score.")
    if not lowest < highest or kept.min() < lowest or kept.max() > highest:
        raise OptionError(
            f"The scores range from {kept.min():g} to {kept.max():g}, and the range is {lowest:g} to {highest:g}. Give "
            "the ends of the range of the score."
        )
    floor, ceiling = float((kept == lowest).mean()), float((kept == highest).mean())
    return {
        "n": len(kept),
        "floor": floor,
        "ceiling": ceiling,
        "has_floor": floor > limit,
        "has_ceiling": ceiling > limit,
    }
