"""Two independent proportions: difference, ratio and odds ratio with limits that agree with their own test."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import numpy as np
from scipy import stats
from scipy.optimize import brentq
from statsmodels.stats.proportion import confint_proportions_2indep

from coxa.errors import OptionError, check_kind, check_level, check_option
from coxa.estimates.exact_proportions import exact_limits, exact_test
from coxa.estimates.number_needed import NumberNeeded, number_needed
from coxa.estimates.proportions import Cell, odds_ratio_limits, risk_ratio_limits
from coxa.estimates.table import Estimates

Limits = Literal["miettinen-nurminen", "newcombe", "exact"]
LIMITS: tuple[Limits, ...] = ("miettinen-nurminen", "newcombe", "exact")
RATIOS = {"risk_ratio": risk_ratio_limits, "odds_ratio": odds_ratio_limits}
FEW = 5
"""Expected count below which limits that rest on large samples carry a warning."""


def compare_proportions(
    arm: Cell,
    reference: Cell,
    *,
    limits: Limits = "miettinen-nurminen",
    conf_level: float = 0.95,
) -> Estimates:
    """Compare two independent proportions, given as events and participants.

    Parameters
    ----------
    arm, reference : (int, int)
        Events and participants of each arm.
    limits : {"miettinen-nurminen", "newcombe", "exact"}
        `miettinen-nurminen` inverts the score test of each measure. `newcombe` is of the difference alone. `exact` has
        unconditional limits of the difference and conditional limits of the odds ratio, which cover at least as often
        as they say; it is for small samples.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimates
        A row `risk_difference`, and where the limits have them `risk_ratio` and `odds_ratio`. Every row of
        `miettinen-nurminen` has the p-value of the score test, which is below 1 - `conf_level` exactly where the
        limits leave out no difference. `newcombe` has no test of its own, and no p-value.

    Raises
    ------
    OptionError
        The counts are not those of a table, the limits are unknown, or the samples are too large for exact limits.

    Notes
    -----
    Sources: Miettinen & Nurminen, Statistics in Medicine 1985, 4:213-226, with the factor N / (N - 1); Newcombe,
    Statistics in Medicine 1998, 17:873-890, method 10; `coxa.estimates.exact_proportions`.

    Examples
    --------
    >>> e = compare_proportions((36, 154), (12, 77))
    >>> e.frame[["term", "estimate", "conf_low", "conf_high", "p_value"]].round(4).values.tolist()[0]
    ['risk_difference', 0.0779, -0.0361, 0.1775, 0.1697]
    """
    check_level(conf_level)
    check_option("limits", limits, LIMITS)
    check_cell("arm", arm)
    check_cell("reference", reference)
    rows = {"miettinen-nurminen": score_rows, "newcombe": newcombe_rows, "exact": exact_rows}[limits]
    (a, n), (c, m) = arm, reference
    shared = {"n_participants": n + m, "n_observations": n + m, "conf_level": conf_level}
    said = f"{a} of {n} against {c} of {m}"
    return Estimates.of(
        {**shared, **row, "method": f"{said}; {row['method']}"} for row in rows(arm, reference, conf_level)
    )


def number_needed_to_treat(
    arm: Cell,
    reference: Cell,
    *,
    limits: Limits = "miettinen-nurminen",
    conf_level: float = 0.95,
) -> NumberNeeded:
    """Return the number needed to treat of two proportions, with Altman's interval.

    Where the limits of the difference have no difference between them, the interval runs through infinity: it is two
    pieces, one of benefit and one of harm (`NumberNeeded.through_infinity`).

    Parameters
    ----------
    arm, reference, limits, conf_level
        As in `compare_proportions`; the interval has the limits of the difference inverted.

    Notes
    -----
    Source: Altman, BMJ 1998, 317:1309-1312.

    Examples
    --------
    >>> found = number_needed_to_treat((36, 154), (12, 77))
    >>> round(found.estimate, 1), round(found.nearest, 1), round(found.farthest, 1), found.through_infinity
    (12.8, 5.6, 27.7, True)
    """
    compared = compare_proportions(arm, reference, limits=limits, conf_level=conf_level)
    row = compared.only(term="risk_difference").frame.iloc[0]
    return number_needed(float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"]))


def check_cell(option: str, cell: Cell) -> None:
    """Raise OptionError unless a cell is events and participants, whole numbers that are possible."""
    check_kind(option, cell, tuple, "a pair of whole numbers, such as (12, 77)")
    whole = len(cell) == 2 and all(isinstance(k, int | np.integer) and not isinstance(k, bool) for k in cell)
    if not whole or cell[1] < 1 or not 0 <= cell[0] <= cell[1]:
        raise OptionError(
            f"`{option}` is {cell}, not events and participants. Give two whole numbers: events from 0 up to the "
            "participants, and 1 participant or more."
        )


def score_rows(arm: Cell, reference: Cell, level: float) -> list[dict[str, Any]]:
    """Return the rows with Miettinen and Nurminen's limits."""
    tested = {
        "p_value": score_test(arm, reference),
        "method": "limits and p by the score, with N / (N - 1)",
        "warning": few_warning(arm, reference),
    }
    return [
        {"term": term, **tested, "estimate": value, "conf_low": low, "conf_high": high}
        if not np.isnan(value)
        else {
            "term": term,
            "method": "no limits",
            "warning": f"no {term.replace('_', ' ')}: both risks are {arm[0] // arm[1]}",
        }
        for term, value in measures(arm, reference).items()
        for low, high in [score_limits(arm, reference, level, term)]
    ]


def newcombe_rows(arm: Cell, reference: Cell, level: float) -> list[dict[str, Any]]:
    """Return the row of the difference with Newcombe's limits."""
    (a, n), (c, m) = arm, reference
    low, high = confint_proportions_2indep(a, n, c, m, method="newcomb", compare="diff", alpha=1 - level)
    return [
        {
            "term": "risk_difference",
            "estimate": a / n - c / m,
            "conf_low": max(float(low), -1.0),
            "conf_high": min(float(high), 1.0),
            "method": "Newcombe limits",
        }
    ]


def exact_rows(arm: Cell, reference: Cell, level: float) -> list[dict[str, Any]]:
    """Return the rows of difference and odds ratio with exact limits."""
    (a, n), (c, m) = arm, reference
    low, high = exact_limits(arm, reference, level, partial(score_statistics, n=n, m=m))
    difference = {
        "term": "risk_difference",
        "estimate": a / n - c / m,
        "conf_low": low,
        "conf_high": high,
        "p_value": exact_test(arm, reference, partial(score_statistics, n=n, m=m)),
        "method": "exact unconditional limits and p by the score (Chan and Zhang)",
    }
    odds = measures(arm, reference)["odds_ratio"]
    if np.isnan(odds):
        return [
            difference,
            {"term": "odds_ratio", "method": "no limits", "warning": f"no odds ratio: both risks are {a // n}"},
        ]
    table = np.array([[a, n - a], [c, m - c]])
    limits = stats.contingency.odds_ratio(table, kind="conditional").confidence_interval(level)
    return [
        difference,
        {
            "term": "odds_ratio",
            "estimate": odds,
            "conf_low": float(limits.low),
            "conf_high": float(limits.high),
            "p_value": min(1.0, 2 * min(float(stats.fisher_exact(table, side).pvalue) for side in ("less", "greater"))),
            "method": "exact conditional limits; p twice the smaller tail of Fisher's exact test",
        },
    ]


def measures(arm: Cell, reference: Cell) -> dict[str, float]:
    """Return difference, ratio and odds ratio; NaN where a ratio is 0 over 0.

    Examples
    --------
    >>> measures((3, 6), (1, 4))
    {'risk_difference': 0.25, 'risk_ratio': 2.0, 'odds_ratio': 3.0}
    """
    (a, n), (c, m) = arm, reference
    over, odds_over = a * m, a * (m - c)
    under, odds_under = c * n, c * (n - a)
    return {
        "risk_difference": a / n - c / m,
        "risk_ratio": _over(over, under),
        "odds_ratio": _over(odds_over, odds_under),
    }


def _over(over: int, under: int) -> float:
    return over / under if under else np.inf if over else np.nan


def few_warning(arm: Cell, reference: Cell) -> str:
    """Say where an expected count is so small that a score interval may cover less often than it says."""
    (a, n), (c, m) = arm, reference
    smallest = min(n, m) * min(a + c, n + m - a - c) / (n + m)
    if smallest >= FEW:
        return ""
    return f"an expected count is {smallest:.1f}, below {FEW}; exact limits need no large sample"


def score_test(arm: Cell, reference: Cell) -> float:
    """Return the two-sided p-value of no difference: Pearson's chi-squared times (N - 1) / N.

    Examples
    --------
    >>> round(score_test((36, 154), (12, 77)), 4)
    0.1697
    """
    (a, n), (c, m) = arm, reference
    z = score_statistics(np.array([a]), np.array([c]), 0.0, n=n, m=m)[0]
    return float(2 * stats.norm.sf(abs(z)))


def score_limits(arm: Cell, reference: Cell, level: float, term: str = "risk_difference") -> tuple[float, float]:
    """Return Miettinen and Nurminen's limits of a difference, a ratio or an odds ratio.

    Notes
    -----
    The limits are the values at which the score statistic, with its variance times N / (N - 1), is the normal quantile.
    Those of ratios are Koopman's and Cornfield's (`coxa.estimates.proportions`) at a quantile larger by the root of
    that factor.

    Examples
    --------
    >>> [round(limit, 4) for limit in score_limits((0, 10), (0, 12), 0.95)]
    [-0.2511, 0.287]
    """
    (a, n), (c, m) = arm, reference
    quantile = float(stats.norm.ppf((1 + level) / 2))
    if term in RATIOS:
        wider = quantile * np.sqrt((n + m) / (n + m - 1))
        return RATIOS[term](arm, reference, float(1 - 2 * stats.norm.sf(wider)))
    found = a / n - c / m
    counts = np.array([a]), np.array([c])

    def z(difference: float) -> float:
        return float(score_statistics(*counts, difference, n=n, m=m)[0])

    low = -1.0 if found == -1 else crossing(lambda at: z(at) - quantile, -1.0, found)
    high = 1.0 if found == 1 else crossing(lambda at: z(at) + quantile, found, 1.0)
    return low, high


def crossing(falling: Callable[[float], float], low: float, high: float) -> float:
    """Return where a falling function crosses zero between two points, at which it may be infinite."""
    return float(brentq(lambda at: float(np.clip(falling(at), -1e6, 1e6)), low, high, xtol=1e-13, rtol=1e-13))


def score_statistics(a: np.ndarray, c: np.ndarray, difference: float, *, n: int, m: int) -> np.ndarray:
    """Return the score statistic of tables with these events, of n and of m, against a difference.

    The variance is that of the risks that are likeliest at this difference, times N / (N - 1). Where it is zero the
    statistic is infinite, or zero where the tables have just this difference.
    """
    q = restricted_risks(a, c, difference, n, m)
    p = q + difference
    variance = np.maximum(p * (1 - p) / n + q * (1 - q) / m, 0.0) * (n + m) / (n + m - 1)
    gap = a / n - c / m - difference
    gap = np.where(np.abs(gap) < 1e-14, 0.0, gap)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(gap == 0, 0.0, gap / np.sqrt(variance))


def restricted_risks(a: np.ndarray, c: np.ndarray, difference: float, n: int, m: int) -> np.ndarray:
    """Return the reference risks that are likeliest where the arms differ by so much.

    Notes
    -----
    The likelihood equation is a cubic whose three roots are real; the one between the bounds is a cosine. Rounding can
    take it past them, or the cosine's argument past 1, so both are cut back. Source: Miettinen & Nurminen 1985,
    appendix I; Farrington & Manning, Statistics in Medicine 1990, 9:1447-1454.

    Examples
    --------
    >>> restricted_risks(np.array([36]), np.array([12]), 0.0, 154, 77).round(6)  # the pooled risk
    array([0.207792])
    """
    total, d = n + m, difference
    square = ((n + 2 * m) * d - total - (a + c)) / (3 * total)
    linear = ((m * d - total - 2 * c) * d + a + c) / total
    constant = c * d * (1 - d) / total
    half = square**3 - square * linear / 2 + constant / 2
    radius = np.sqrt(np.maximum(square**2 - linear / 3, 0.0)) * np.where(half < 0, -1.0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = np.where(radius == 0, 1.0, np.clip(half / radius**3, -1.0, 1.0))
    root = 2 * radius * np.cos((np.pi + np.arccos(cosine)) / 3) - square
    return np.asarray(np.clip(root, max(0.0, -d), min(1.0, 1 - d)))
