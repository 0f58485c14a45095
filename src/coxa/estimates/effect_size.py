"""Differences in units of a standard deviation: of the observed values, or the model's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq
from scipy.special import gammaln

from coxa.arguments import FRAME, kinds
from coxa.errors import FitError, OptionError, check_level, check_option, not_allowed
from coxa.estimates.table import ESTIMATES, Estimates
from coxa.models.results.fit import FIT, Fit


@kinds(differences=ESTIMATES, data=FRAME)
def standardised_effect(
    differences: Estimates,
    data: pd.DataFrame,
    *,
    response: str,
    arm: str = "arm",
    visit: str | None = "visit",
    conf_level: float = 0.95,
) -> Estimates:
    """Divide differences by the pooled standard deviation of a column: Hedges' g, with its limits by pingouin.

    Parameters
    ----------
    differences : Estimates
        Rows with term ``difference``; each gives its arm, reference and visit.
    data : DataFrame
        The rows from which the standard deviation comes. Not changed.
    response : str
        Column whose standard deviation is the unit: the outcome itself, or for instance the baseline score.
    arm : str
        Column of the arms in `data`.
    visit : str or None
        Column of the visits in `data`: only rows of the difference's own visit are used. None uses all rows.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimates
        g has the sign of the difference. `method` names the standard deviation and its value.

    Raises
    ------
    OptionError
        A row is no difference, or a column is not in the data.
    FitError
        An arm has fewer than two values.

    Notes
    -----
    Source: Hedges, Journal of Educational Statistics 1981, 6:107-128. The small-sample correction and the limits
    are those of pingouin's `convert_effsize` and `compute_esci`; the limits take the difference as one of two
    plain means, so they do not profit from covariates.

    Examples
    --------
    >>> from coxa.estimates.differences import contrasts
    >>> from coxa.models.ancova import fit_ancova
    >>> d = pd.DataFrame({"participant_id": range(6), "arm": list("aaabbb"), "y": [1.0, 2, 3, 4, 5, 6]})
    >>> e = standardised_effect(contrasts(fit_ancova("y ~ arm", d), against="a"), d, response="y", visit=None)
    >>> e.frame["estimate"].round(3).to_list()
    [2.4]
    """
    check_level(conf_level)
    columns = [response, arm] + ([visit] if visit is not None else [])
    for column in columns:
        if column not in data.columns:
            raise OptionError(not_allowed("column", column, map(str, data.columns)))
    if set(differences.frame["term"]) - {"difference"}:
        raise OptionError(
            "The table has other rows than differences, which alone can be standardised. Choose them by "
            "estimates.only(term='difference')."
        )
    used = data[columns].dropna()
    rows = []
    for _, row in differences.frame.iterrows():
        here = used if visit is None else used[used[visit].astype(str) == row["visit"]]
        named = here[arm].astype(str)
        groups = [here.loc[named == row[side], response].to_numpy(dtype=float) for side in ("arm", "reference")]
        rows.append(hedges(row, groups, response, conf_level))
    return Estimates.of(rows)


def hedges(row: pd.Series, groups: list[np.ndarray], response: str, conf_level: float) -> dict[str, Any]:
    """Return the row of one standardised difference."""
    import pingouin

    n, m = (len(values) for values in groups)
    if min(n, m) < 2:
        raise FitError(
            (
                f"'{response}' has {n} values in {row['arm']} and {m} in {row['reference']} at visit "
                f"'{row['visit']}', too few for a standard deviation"
            ),
            [
                (
                    "Give data with this visit and two values or more in each arm, or visit=None for a column "
                    "without visits."
                )
            ],
        )
    sd = float(np.sqrt(((n - 1) * groups[0].var(ddof=1) + (m - 1) * groups[1].var(ddof=1)) / (n + m - 2)))
    g = float(pingouin.convert_effsize(row["estimate"] / sd, "cohen", "hedges", nx=n, ny=m))
    low, high = pingouin.compute_esci(g, nx=n, ny=m, eftype="hedges", confidence=conf_level, decimals=12)
    kept = ("estimand", "analysis", "outcome", "visit", "arm", "reference", "warning")
    return {
        **{key: row[key] for key in kept},
        "term": "standardised_difference",
        "estimate": g,
        "conf_low": low,
        "conf_high": high,
        "conf_level": conf_level,
        "n_participants": n + m,
        "n_observations": n + m,
        "method": f"Hedges' g: difference over the pooled SD of {response} ({sd:.6g}); {row['method']}",
    }


Limits = Literal["noncentral_t", "delta"]

FURTHEST = 40.0
"""How many standard deviations of the statistic beyond it the noncentrality is looked for."""


@kinds(fit=FIT, differences=ESTIMATES)
def standardised_by_model(
    fit: Fit,
    differences: Estimates,
    *,
    limits: str = "noncentral_t",
    conf_level: float | None = 0.95,
    small_samples: bool = False,
) -> Estimates:
    """Divide differences by the model's standard deviation of the outcome at their visit.

    Parameters
    ----------
    fit : Fit
        The model that the differences were estimated from.
    differences : Estimates
        Differences between arms, ``difference`` or ``subgroup_difference``, each of one visit.
    limits : {"noncentral_t", "delta"}
        Limits by inverting the noncentral t distribution of the difference's statistic, or by the delta method.
    conf_level : float or None
        Between 0 and 1. None takes the level at which each difference has its own limits, adjusted for multiplicity or
        not: the two intervals then leave out no difference together.
    small_samples : bool
        Hedges' correction for small samples, which makes it Hedges' g.

    Returns
    -------
    Estimates
        The sign is that of the difference. `std_error` is that of the delta method, `df` the difference's own;
        `method` has the standard deviation.

    Raises
    ------
    OptionError
        A row is no difference at one visit of the model, an option is not allowed, or the model has random effects,
        whose variances are part of the outcome's, and not in every arm the same.

    Notes
    -----
    With statistic t = d / SE on nu degrees of freedom, SD the model's and k = SE / SD: the noncentrality has the
    limits at which t is a quantile of the noncentral t distribution, and the effect those times k (Steiger &
    Fouladi, in Harlow et al., What If There Were No Significance Tests?, 1997; Kelley, Journal of Statistical
    Software 2007, 20(8)). That is exact for one visit and least squares, and for a mixed model takes its degrees
    of freedom as those of the standard deviation. The delta method has the variance k^2 + effect^2 / (2 nu)
    (Hedges, Journal of Educational and Behavioral Statistics 2007, 32:341-370). With a covariance for each group
    the standard deviation is the root of the groups' mean variance. Hedges' correction is G(nu/2) / (sqrt(nu/2)
    G((nu - 1)/2)), G the gamma function (Hedges, Journal of Educational Statistics 1981, 6:107-128); estimate, standard
    error and limits are multiplied by it.

    Examples
    --------
    >>> from coxa.estimates.differences import contrasts
    >>> from coxa.models.ancova import fit_ancova
    >>> d = pd.DataFrame({"participant_id": range(6), "arm": list("aaabbb"), "y": [1.0, 2, 3, 4, 5, 6]})
    >>> fit = fit_ancova("y ~ arm", d)
    >>> standardised_by_model(fit, contrasts(fit, against="a")).frame["estimate"].round(6).to_list()
    [3.0]
    """
    if conf_level is not None:
        check_level(conf_level)
    check_option("limits", limits, get_args(Limits))
    if fit.random is not None:
        raise OptionError(
            f"The model '{fit.formula}' has random effects, so that its covariance over the visits is not the "
            "whole variance of the outcome. Divide the differences by a standard deviation of your choice."
        )
    wrong = sorted(set(differences.frame["term"]) - {"difference", "subgroup_difference"})
    if wrong:
        raise OptionError(
            f"The table has rows of a {wrong[0]}, which has no standard deviation. Choose the differences by "
            "estimates.only(term='difference')."
        )
    sd = standard_deviations(fit)
    rows = []
    for _, row in differences.frame.iterrows():
        if row["visit"] not in sd.index:
            raise OptionError(not_allowed("visit of the model", row["visit"], sd.index))
        level = own_level(row) if conf_level is None else conf_level
        shown = standardised(row, float(sd[row["visit"]]), limits, level, small_samples)
        rows.append(shown if conf_level is not None else shown | {"conf_level": row["conf_level"]})
    return Estimates.of(rows)


def standard_deviations(fit: Fit) -> pd.Series:
    """Return the model's SD at each visit; over groups with a covariance each, the root of their mean variance."""
    m = fit.covariance.shape[1]
    variances = np.diagonal(fit.covariance.to_numpy().reshape(-1, m, m), axis1=1, axis2=2).mean(axis=0)
    return pd.Series(np.sqrt(variances), fit.covariance.columns.astype(str))


def own_level(row: pd.Series) -> float:
    """Return the level at which the limits of a difference would be those of one comparison by itself."""
    half = (row["conf_high"] - row["conf_low"]) / 2 / row["std_error"]
    return float(1 - 2 * stats.t.sf(half, row["df"]))


def hedges_correction(df: float) -> float:
    """Return the factor that takes the bias of small samples out of a difference over a standard deviation.

    Examples
    --------
    >>> round(hedges_correction(18.0), 4)
    0.9576
    """
    return float(np.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / np.sqrt(df / 2)) if df > 1 else np.nan


def standardised(row: pd.Series, sd: float, limits: str, level: float, small_samples: bool) -> dict[str, Any]:
    """Return the row of one difference over a standard deviation."""
    k, df = row["std_error"] / sd, row["df"]
    factor = hedges_correction(df) if small_samples else 1.0
    effect = row["estimate"] / sd
    std_error = float(np.sqrt(k**2 + effect**2 / (2 * df)))
    if limits == "delta":
        half = stats.t.ppf((1 + level) / 2, df) * std_error
        low, high = effect - half, effect + half
    else:
        low, high = (k * bound for bound in noncentrality_limits(row["estimate"] / row["std_error"], df, level))
    kept = ("estimand", "analysis", "outcome", "visit", "arm", "reference", "n_participants", "n_observations")
    words = "noncentral t" if limits == "noncentral_t" else "delta method"
    what = "Hedges' g: difference" if small_samples else "difference"
    return {
        **{key: row[key] for key in (*kept, "warning")},
        "term": "standardised_difference",
        "estimate": factor * effect,
        "std_error": factor * std_error,
        "df": df,
        "conf_low": factor * low,
        "conf_high": factor * high,
        "conf_level": level,
        "method": f"{what} over the model's SD at the visit ({sd:.6g}), limits by {words}; {row['method']}",
    }


def noncentrality_limits(statistic: float, df: float, level: float) -> tuple[float, float]:
    """Return the noncentralities at which `statistic` is the upper and the lower quantile of its distribution."""
    tail = (1 - level) / 2
    upper = _root(lambda nc: float(stats.nct.cdf(statistic, df, nc)) - tail, statistic)
    lower = _root(lambda nc: float(stats.nct.sf(statistic, df, nc)) - tail, statistic)
    return lower, upper


def _root(excess: Callable[[float], float], centre: float) -> float:
    """Return the root of a monotone function near `centre`, looking further out until it is enclosed."""
    width = 4.0
    while excess(centre - width) * excess(centre + width) > 0 and width < FURTHEST * (1 + abs(centre)):
        width *= 2
    return float(brentq(excess, centre - width, centre + width, xtol=1e-12, rtol=1e-12))
