"""Risks of a yes-or-no outcome by arm, and what they differ by, with limits that hold where a cell is empty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from coxa.errors import FitError, OptionError, check_level, check_option, not_allowed
from coxa.estimates.differences import first_level
from coxa.estimates.table import Estimates
from coxa.models.design.rows import check_frame, check_unique


def fit_proportions(
    data: pd.DataFrame,
    response: str,
    arm: str = "arm",
    against: str | None = None,
    *,
    participant: str = "participant_id",
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate each arm's risk, and risk difference, risk ratio and odds ratio against a reference arm.

    Parameters
    ----------
    data : DataFrame
        One row per participant. Not changed.
    response : str
        Column of 0 and 1, or booleans. Rows without it, or without an arm, are left out and counted in `warning`.
    arm : str
        Column of the arms.
    against : str, optional
        The arm that the others are compared with; unless given the first category of the column, or the first arm in
        alphabetical order.
    participant : str
        Column that says whose row it is; where there is one, nobody may have two rows.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimates
        Risks have Wilson limits, risk differences Newcombe limits, both ratios limits on the log scale, and score
        limits where an arm has no event or nothing but events; a limit may then be 0 or infinite. p-values are of
        Pearson's chi-squared without correction; with an expected count below 5, Fisher's exact. `method` says which
        and has the events and participants of each arm; `warning` says where a ratio is not defined, and where limits
        and p-value do not agree on whether there is a difference.

    Raises
    ------
    OptionError
        A column or the reference arm is not there.
    DataError
        A participant has two rows.
    FitError
        The outcome has other values, or there is no second arm.

    Notes
    -----
    Sources: Newcombe, Statistics in Medicine 1998, 17:873-890 (method 10), through
    `statsmodels.stats.proportion.confint_proportions_2indep`; Katz et al., Biometrics 1978, 34:469-474, and Woolf,
    Annals of Human Genetics 1955, 19:251-253, for the ratios; `coxa.estimates.proportions` for empty cells.

    Examples
    --------
    >>> d = pd.DataFrame({"arm": ["a"] * 10 + ["b"] * 10, "better": [1] * 6 + [0] * 4 + [1] * 3 + [0] * 7})
    >>> e = fit_proportions(d, "better", against="b")
    >>> e.only(term="risk_difference").frame["estimate"].round(6).item()
    0.3
    """
    check_level(conf_level)
    data = check_frame(data)
    for column in (response, arm):
        if column not in data.columns:
            raise OptionError(not_allowed("column", column, map(str, data.columns)))
    used = data[[response, arm]].dropna()
    if participant in data.columns:
        check_unique(data, data[[response, arm]].notna().all(axis=1).to_numpy(), (participant,))
    values = used[response].astype(float)
    if not values.isin([0, 1]).all():
        raise FitError(
            f"the outcome '{response}' has other values than 0 and 1: {sorted(set(values) - {0, 1})[:3]}",
            ["Make it yes or no first, by a threshold with a source."],
        )
    table = values.groupby(used[arm], observed=True).agg(["sum", "count"]).astype(int)
    named = {str(level): level for level in table.index}
    against = first_level(used[arm]) if against is None and len(used) else str(against)
    check_option("against", against, list(named))
    if len(table) < 2:
        raise FitError(f"every row is of {arm} '{against}', so that there is nothing to compare", ["Check the column."])
    lost = len(data) - len(used)
    shared = {"outcome": response, "conf_level": conf_level}
    left_out = f"{lost} rows without {response} or {arm} left out" if lost else ""
    cells = {name: (int(table.loc[level, "sum"]), int(table.loc[level, "count"])) for name, level in named.items()}
    rows = [{**shared, **risk(name, *cells[name], conf_level)} for name in cells]
    for name in cells:
        if name != against:
            both = {"arm": name, "reference": against}
            rows += [{**shared, **both, **row} for row in comparison(cells[name], cells[against], conf_level)]
    return Estimates.of({**row, "warning": "; ".join(filter(None, (left_out, row.get("warning"))))} for row in rows)


def risk(arm: str, events: int, n: int, level: float) -> dict[str, Any]:
    """Return the row of one arm's risk."""
    low, high = proportion_confint(events, n, 1 - level, method="wilson")
    return {
        "arm": arm,
        "term": "risk",
        "estimate": events / n,
        "std_error": float(np.sqrt(events / n * (1 - events / n) / n)),
        "conf_low": low,
        "conf_high": high,
        "n_participants": n,
        "n_observations": n,
        "method": f"{events} of {n}; Wilson limits",
    }


def comparison(cell: tuple[int, int], reference: tuple[int, int], level: float) -> list[dict[str, Any]]:
    """Return risk difference, risk ratio and odds ratio of two (events, participants)."""
    (a, n), (c, m) = cell, reference
    p_value, test = two_by_two(np.array([[a, n - a], [c, m - c]]))
    counted = {"n_participants": n + m, "n_observations": n + m, "p_value": p_value}
    said = f"{a} of {n} against {c} of {m}; p by {test}"
    low, high = confint_proportions_2indep(a, n, c, m, method="newcomb", compare="diff", alpha=1 - level)
    rows: list[dict[str, Any]] = [
        {
            **counted,
            "term": "risk_difference",
            "estimate": a / n - c / m,
            "std_error": float(np.sqrt(a * (n - a) / n**3 + c * (m - c) / m**3)),
            "conf_low": low,
            "conf_high": high,
            "method": f"{said}; Newcombe limits",
        },
        *({**counted, **row, "method": f"{said}; {row['method']}"} for row in ratios(cell, reference, level)),
    ]
    warning = disagreement(rows, level)
    return [row | {"warning": "; ".join(filter(None, (row.get("warning"), warning)))} for row in rows]


def ratios(cell: tuple[int, int], reference: tuple[int, int], level: float) -> list[dict[str, Any]]:
    """Return risk ratio and odds ratio: limits on the log scale, by the score where a cell of the table is empty."""
    (a, n), (c, m) = cell, reference
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.divide(a / n, c / m)
        odds = np.divide(a * (m - c), c * (n - a))
    if 0 in (a, n - a, c, m - c):
        limits = risk_ratio_limits(cell, reference, level), odds_ratio_limits(cell, reference, level)
        words = "score limits"
    else:
        z = stats.norm.ppf((1 + level) / 2)
        spread = np.sqrt(1 / a - 1 / n + 1 / c - 1 / m)
        odds_spread = np.sqrt(1 / a + 1 / (n - a) + 1 / c + 1 / (m - c))
        limits = log_limits(ratio, z * spread), log_limits(odds, z * odds_spread)
        words = "limits on the log scale"
    return [
        {"term": term, "estimate": float(value), "conf_low": low, "conf_high": high, "method": words}
        if not np.isnan(value)
        else {"term": term, "method": "no limits", "warning": f"no {term.replace('_', ' ')}: both risks are {a // n}"}
        for term, value, (low, high) in zip(("risk_ratio", "odds_ratio"), (ratio, odds), limits, strict=True)
    ]


def log_limits(value: float, half: float) -> tuple[float, float]:
    """Return the limits of a ratio so far from it on the log scale."""
    return float(value * np.exp(-half)), float(value * np.exp(half))


def disagreement(rows: list[dict[str, Any]], level: float) -> str:
    """Say which numbers of a table leave out no difference and which do not; empty where they agree."""
    clear = {"p-value": rows[0]["p_value"] < 1 - level}
    for row in rows:
        none = 0.0 if row["term"] == "risk_difference" else 1.0
        if "conf_low" in row:
            clear[row["term"].replace("_", " ")] = row["conf_low"] > none or row["conf_high"] < none
    if len(set(clear.values())) == 1:
        return ""
    shown, not_shown = (", ".join(name for name, found in clear.items() if found == wanted) for wanted in (True, False))
    return f"at this level a difference is shown by {shown}, not by {not_shown}; each rests on its own approximation"


def two_by_two(counts: np.ndarray) -> tuple[float, str]:
    """Return the p-value of a two by two table and the name of the test."""
    if (counts.sum(axis=0) == 0).any():
        return 1.0, "no test (no event, or nothing but events)"
    expected = stats.contingency.expected_freq(counts)
    if expected.min() < 5:
        return float(stats.fisher_exact(counts).pvalue), "Fisher's exact test"
    return float(stats.chi2_contingency(counts, correction=False).pvalue), "Pearson's chi-squared test"


Cell = tuple[int, int]
"""Events and participants."""

FURTHEST = 60.0
"""Largest log ratio that is looked at; a ratio beyond it is one without a limit."""


def risk_ratio_limits(arm: Cell, reference: Cell, level: float) -> tuple[float, float]:
    """Return Koopman's score limits of a risk ratio; 0 and infinity where there is none.

    Notes
    -----
    The limits are the ratios at which Pearson's chi-squared statistic is just significant, so that they leave out 1
    exactly where its test is significant. Source: Koopman, Biometrics 1984, 40:513-517.

    Examples
    --------
    >>> tuple(round(limit, 4) for limit in risk_ratio_limits((7, 34), (1, 34), 0.95))
    (1.2209, 42.5757)
    >>> tuple(round(limit, 3) for limit in risk_ratio_limits((12, 12), (12, 12), 0.95))
    (0.758, 1.32)
    """
    (a, n), (c, m) = arm, reference

    def z(log_ratio: float) -> float:
        ratio = np.exp(log_ratio)
        # the larger risk is at most 1: the smaller root of the likelihood equation
        minus_b = n * ratio + a + m + c * ratio
        risk = (minus_b - np.sqrt(max(minus_b**2 - 4 * (n + m) * ratio * (a + c), 0.0))) / (2 * (n + m) * ratio)
        variance = ratio * risk * (1 - ratio * risk) / n + ratio**2 * risk * (1 - risk) / m
        return _statistic(a / n - ratio * c / m, variance)

    return _limits(z, level, none_below=a == 0, none_above=c == 0)


def odds_ratio_limits(arm: Cell, reference: Cell, level: float) -> tuple[float, float]:
    """Return the score limits of an odds ratio; 0 and infinity where there is none.

    Notes
    -----
    As `risk_ratio_limits`. Source: Cornfield, Proceedings of the Third Berkeley Symposium 1956, 4:135-148, without his
    correction of continuity; Miettinen & Nurminen, Statistics in Medicine 1985, 4:213-226.

    Examples
    --------
    >>> tuple(round(limit, 4) for limit in odds_ratio_limits((0, 16), (15, 72), 0.95))
    (0.0, 0.9532)
    """
    (a, n), (c, m) = arm, reference

    def z(log_ratio: float) -> float:
        more = np.expm1(log_ratio)
        b = n * (1 + more) + m - (a + c) * more
        # the form of the root without a difference of two large numbers
        risk = 2 * (a + c) / (b + np.sqrt(b**2 + 4 * m * more * (a + c)))
        risk_arm = (1 + more) * risk / (1 + more * risk)
        information = 1 / (1 / (n * risk_arm * (1 - risk_arm)) + 1 / (m * risk * (1 - risk)))
        return _statistic(a - n * risk_arm, information)

    return _limits(z, level, none_below=a == 0 or c == m, none_above=c == 0 or a == n)


def _statistic(score: float, variance: float) -> float:
    return float(score / np.sqrt(variance)) if variance > 0 else float(np.sign(score)) * np.inf if score else 0.0


def _limits(z: Callable[[float], float], level: float, *, none_below: bool, none_above: bool) -> tuple[float, float]:
    """Return the ratios at which the statistic, which falls with the log ratio, is the upper and the lower quantile."""
    quantile = float(stats.norm.ppf((1 + level) / 2))
    low = 0.0 if none_below else float(np.exp(_root(lambda at: z(at) - quantile)))
    high = np.inf if none_above else float(np.exp(_root(lambda at: z(at) + quantile)))
    return low, high


def _root(falling: Callable[[float], float]) -> float:
    """Return where a falling function of the log ratio is zero, looking further out until it is enclosed."""
    low, high = -1.0, 1.0
    while falling(low) < 0 and low > -FURTHEST:
        low *= 2
    while falling(high) > 0 and high < FURTHEST:
        high *= 2

    def bounded(at: float) -> float:
        return float(np.clip(falling(at), -1e6, 1e6))

    return float(brentq(bounded, low, high, xtol=1e-12))
