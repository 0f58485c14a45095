"""Rates of events by arm, and their ratios, with exact limits for counts that are often small."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from scipy import stats
from statsmodels.stats.rates import confint_poisson

from coxa.errors import FitError, OptionError, check_level, check_option, not_allowed
from coxa.estimates.differences import first_level
from coxa.estimates.table import Estimates
from coxa.models.design.rows import check_frame


def fit_rates(
    data: pd.DataFrame,
    events: str,
    exposure: str,
    arm: str = "arm",
    against: str | None = None,
    *,
    per: float = 1.0,
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate each arm's events per unit of exposure, and the ratio of rates against a reference arm.

    Parameters
    ----------
    data : DataFrame
        One row per participant. Not changed.
    events : str
        Column of numbers of events.
    exposure : str
        Column of exposure: years of follow-up, sessions attended.
    arm : str
        Column of the arms.
    against : str, optional
        The arm that the others are compared with; unless given the first category of the column, or the first arm in
        alphabetical order.
    per : float
        Units of exposure that a rate is given for: 100 for events per 100 sessions.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimates
        `rate` of each arm, missing without exposure; `rate_ratio` of each other arm, only where both have events.

    Raises
    ------
    OptionError
        A column or the reference arm is not there.
    FitError
        A count or an exposure is missing, negative, or no number.

    Notes
    -----
    Limits of a rate are Garwood's (Biometrika 1936, 28:437-442), through `statsmodels.stats.rates.confint_poisson`.
    Limits of a ratio are exact given the number of events of both arms, of which the arm's share is binomial (Clopper
    and Pearson, Biometrika 1934, 26:404-413), through `scipy.stats.binomtest`. Both take events as independent:
    where few participants have many of them, limits are too narrow, and `warning` says so where one participant has
    half of the events of an arm.

    Examples
    --------
    >>> d = pd.DataFrame({"arm": ["a", "a", "b", "b"], "flares": [3, 4, 1, 1], "years": [1.0, 1.0, 1.0, 1.0]})
    >>> fit_rates(d, "flares", "years", against="b").frame[["term", "estimate"]].to_numpy().tolist()
    [['rate', 3.5], ['rate', 1.0], ['rate_ratio', 3.5]]
    """
    check_level(conf_level)
    data = check_frame(data)
    for column in (events, exposure, arm):
        if column not in data.columns:
            raise OptionError(not_allowed("column", column, map(str, data.columns)))
    used = data[[events, exposure, arm]].dropna(subset=[arm])
    numbers = used[[events, exposure]].apply(pd.to_numeric, errors="coerce").astype(float)
    if numbers.isna().to_numpy().any() or (numbers < 0).to_numpy().any():
        raise FitError(
            f"'{events}' and '{exposure}' have missing or negative numbers",
            ["Write 0 for a participant without events.", "Leave out participants without exposure, and say so."],
        )
    sums = numbers.groupby(used[arm].astype(str), sort=False).sum()
    against = first_level(used[arm]) if against is None and len(used) else str(against)
    check_option("against", against, list(map(str, sums.index)))
    cells = {str(name): (int(row[events]), float(row[exposure])) for name, row in sums.iterrows()}
    highest = numbers[events].groupby(used[arm].astype(str), sort=False).max()
    said = {name: concentrated(name, int(highest[name]), cell[0]) for name, cell in cells.items()}
    shared = {"outcome": events, "conf_level": conf_level}
    rows = [
        {**shared, "arm": name, **rate(*cell, per, conf_level), "warning": said[name]} for name, cell in cells.items()
    ]
    for name, cell in cells.items():
        ratio = rate_ratio(cell, cells[against], conf_level) if name != against else {}
        warning = "; ".join(text for text in (said[name], said[against]) if text)
        rows += [{**shared, "arm": name, "reference": against, **ratio, "warning": warning}] if ratio else []
    return Estimates.of(rows)


def concentrated(arm: str, highest: int, events: int) -> str:
    """Say that half or more of the events of an arm are of one participant, who has two or more; else empty.

    Examples
    --------
    >>> concentrated("exercise", 5, 8)
    'one participant has 5 of the 8 events in exercise: events are not independent, and limits are too narrow'
    """
    if highest < 2 or 2 * highest < events:
        return ""
    return (
        f"one participant has {highest} of the {events} events in {arm}: events are not independent, and limits are "
        "too narrow"
    )


def rate(events: int, exposure: float, per: float, level: float) -> dict[str, Any]:
    """Return the row of one rate with its exact limits; NaN without exposure."""
    low, high = confint_poisson(events, exposure, method="exact-c", alpha=1 - level) if exposure else (math.nan,) * 2
    return {
        "term": "rate",
        "estimate": per * events / exposure if exposure else math.nan,
        "conf_low": per * float(low),
        "conf_high": per * float(high),
        "method": f"{events} events in {exposure:g} units of exposure, per {per:g}; exact Poisson limits",
    }


def rate_ratio(cell: tuple[int, float], reference: tuple[int, float], level: float) -> dict[str, Any]:
    """Return the row of the ratio of two rates (events, exposure); empty unless both have events and exposure."""
    (a, t), (c, u) = cell, reference
    if not (a and c and t and u):
        return {}
    limits = stats.binomtest(a, a + c).proportion_ci(level, method="exact")
    low, high = (share / (1 - share) * u / t for share in (limits.low, limits.high))
    return {
        "term": "rate_ratio",
        "estimate": (a / t) / (c / u),
        "conf_low": low,
        "conf_high": high,
        "method": f"{a} events in {t:g} against {c} in {u:g} units of exposure; exact limits given all events",
    }
