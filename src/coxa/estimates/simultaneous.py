"""p-values and limits that hold for all comparisons of a family together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
from scipy import stats

from coxa.errors import OptionError, check_option
from coxa.estimates.multivariate_t import adjusted_p, critical_value
from coxa.models.results.fit import Fit

Adjustment = Literal["none", "dunnett", "tukey"]
Family = Literal["visit", "all"]

WITH_LIMITS = {
    "dunnett": "Dunnett, multivariate t",
    "tukey": "Tukey, studentised range",
}
"""Adjustments that come with limits of their own, in words."""

PAIRWISE = "pairwise"
"""In place of a reference level: all pairs are compared."""


def check_adjustment(adjust: str, family: str, against: str | None) -> None:
    """Raise OptionError unless the adjustment goes with the comparisons that are asked for."""
    check_option("adjustment of contrasts", adjust, get_args(Adjustment))
    check_option("family", family, get_args(Family))
    if adjust == "tukey" and against != PAIRWISE:
        raise OptionError("Tukey's adjustment is for all pairs: against='pairwise'; for one reference use 'dunnett'")
    if adjust == "dunnett" and against == PAIRWISE:
        raise OptionError("Dunnett's adjustment is for one reference; for all pairs use 'tukey'")
    if adjust == "tukey" and family == "all":
        raise OptionError(
            "Tukey's adjustment is for the pairs of one visit (family='visit'); over visits use "
            "adjust_multiplicity(..., family=())"
        )


def simultaneous(
    fit: Fit,
    rows: np.ndarray,
    numbers: Sequence[dict[str, float]],
    families: Sequence[Any],
    adjust: str,
    n_levels: int,
) -> list[dict[str, float]]:
    """Return the numbers of each row with p-value and limits adjusted within its family.

    Parameters
    ----------
    fit : Fit
    rows : (q, p)
        The comparisons.
    numbers : sequence of q mappings
        Estimate, standard error, df, statistic and level of each, as of `coxa.estimates.means.numbers`.
    families : sequence of q
        Comparisons that share a value are one family.
    adjust : {"dunnett", "tukey"}
    n_levels : int
        How many means the pairs of Tukey's adjustment are of.

    Notes
    -----
    Sources: Dunnett, JASA 1955, 50:1096-1121, with the correlation that the model gives the comparisons
    (Hothorn, Bretz & Westfall, Biometrical Journal 2008, 50:346-363); Tukey 1953 and, for unequal variances,
    Kramer, Biometrics 1956, 12:307-310. Each comparison keeps its own degrees of freedom, as in emmeans.
    """
    covariance = rows @ fit.inference.covariance @ rows.T
    adjusted = [dict(row) for row in numbers]
    for family in dict.fromkeys(families):
        members = [k for k, name in enumerate(families) if name == family]
        inner = covariance[np.ix_(members, members)]
        sd = np.sqrt(np.diag(inner))
        for k in members:
            row = adjusted[k]
            if adjust == "tukey":
                p_value, half = tukey(row["statistic"], n_levels, row["df"], row["conf_level"])
            else:
                p_value, half = dunnett(row["statistic"], inner / np.outer(sd, sd), row["df"], row["conf_level"])
            row["p_value"] = p_value
            row["conf_low"] = row["estimate"] - half * row["std_error"]
            row["conf_high"] = row["estimate"] + half * row["std_error"]
    return adjusted


def tukey(statistic: float, n_levels: int, df: float, level: float) -> tuple[float, float]:
    """Return adjusted p-value and critical value of one of the pairs of `n_levels` means."""
    root = np.sqrt(2)
    p_value = float(stats.studentized_range.sf(abs(statistic) * root, n_levels, df))
    return p_value, float(stats.studentized_range.ppf(level, n_levels, df) / root)


def dunnett(statistic: float, correlation: np.ndarray, df: float, level: float) -> tuple[float, float]:
    """Return adjusted p-value and critical value of one of the comparisons with this correlation."""
    return adjusted_p(statistic, correlation, df), critical_value(level, correlation, df)
