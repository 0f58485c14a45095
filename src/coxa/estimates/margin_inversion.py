"""Tests against a margin from limits that are not symmetric: Newcombe's, scores, logits, likelihoods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq

from coxa.estimates.margins import MarginType, as_tested, distance, on_scale

SMALLEST, LARGEST = 1e-8, 0.4999
"""One-sided p-values between which a level is looked for."""

AGREE = 1e-6
"""Standard errors by which limits may differ from estimate and standard error, and still be called theirs."""

Limits = Callable[[float], tuple[float, float]]
"""Confidence level -> limits of a comparison, as a method has them."""


def follows_from_error(row: pd.Series) -> bool:
    """Return whether the limits of a comparison are its estimate and a multiple of its standard error.

    Examples
    --------
    >>> row = pd.Series({"term": "risk_difference", "estimate": 0.0, "std_error": 1.0, "df": np.nan, "conf_level": 0.95,
    ...                  "conf_low": -1.959963985, "conf_high": 1.959963985})
    >>> follows_from_error(row), follows_from_error(row.replace({-1.959963985: -1.9}))
    (True, False)
    """
    term, se = str(row["term"]), row["std_error"]
    if pd.isna(se) or not se > 0:
        return False
    law = stats.norm() if pd.isna(row["df"]) else stats.t(row["df"])
    half = law.isf((1 - row["conf_level"]) / 2) * se
    middle = on_scale(term, row["estimate"])
    away = (on_scale(term, row["conf_low"]) - middle + half, on_scale(term, row["conf_high"]) - middle - half)
    return bool(np.all(np.abs(away) < AGREE * se))


def inverted(
    row: pd.Series, margin: float, kind: MarginType, sign: int, alpha: float, limits: Limits
) -> dict[str, Any]:
    """Return the row of a test whose p-value is the smallest level at which its own limits leave out the margin.

    Parameters
    ----------
    row
        The comparison.
    margin, kind, sign, alpha
        As `coxa.estimates.margins.tested` has them.
    limits
        Of the comparison at any confidence level.
    """
    term = str(row["term"])
    far = distance(term, margin)

    def one_sided(bound: float, side: int) -> float:
        """Return p of the claim that the comparison is above the bound (side 1), or below it (-1)."""
        return _level(lambda p: tuple(on_scale(term, one) for one in limits(1 - 2 * p)), bound, side)

    if kind == "equivalence":
        p_value = max(one_sided(-far, 1), one_sided(far, -1))
    else:
        p_value = one_sided(-far * sign if kind == "noninferiority" else far * sign, sign)
    found = {"statistic": float(stats.norm.isf(p_value)), "p_value": p_value}
    made = as_tested(row, margin, kind, sign, alpha, found, limits(1 - 2 * alpha))
    return {**made, "method": made["method"].replace(" t test", " test").replace(" z test", " test")}


def _level(limits: Callable[[float], tuple[float, ...]], bound: float, side: int) -> float:
    """Return the one-sided level at which a limit is the bound: of the far limit where the estimate is beyond it."""

    def beyond(p: float, at: int) -> float:
        return float(np.nan_to_num((limits(p)[at] - bound) * side, posinf=1e9, neginf=-1e9))

    near, far = (0, 1) if side > 0 else (1, 0)
    if beyond(LARGEST, near) >= 0:
        return _crossing(lambda p: beyond(p, near))
    if beyond(LARGEST, far) > 0:
        return 0.5
    return 1 - _crossing(lambda p: -beyond(p, far))


def _crossing(beyond: Callable[[float], float]) -> float:
    if beyond(SMALLEST) >= 0:
        return SMALLEST
    return float(np.exp(brentq(lambda u: beyond(float(np.exp(u))), np.log(SMALLEST), np.log(LARGEST), xtol=1e-9)))
