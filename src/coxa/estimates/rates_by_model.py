"""Rates of arms by a model of counts, their ratios and differences: at the mean of covariates, or standardised."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product
from typing import Any, Literal

import numpy as np
import pandas as pd

from coxa.errors import OptionError, check_kind, check_level, check_option, not_allowed
from coxa.estimates.risk_rows import finite, with_test
from coxa.estimates.table import Estimates
from coxa.models.design.columns import label_text
from coxa.models.glm.families import FAMILIES
from coxa.models.glm.record import GLMFit

RateAveraging = Literal["equal", "proportional", "counterfactual"]
AVERAGINGS: tuple[RateAveraging, ...] = ("equal", "proportional", "counterfactual")
AVERAGED = {
    "equal": "at the mean of covariates, levels of factors alike",
    "proportional": "at the mean of covariates, levels of factors by their number",
    "counterfactual": "standardised over the analysed rows",
}


def model_rates(
    fit: GLMFit,
    arm: str = "arm",
    against: str | None = None,
    *,
    averaging: RateAveraging = "equal",
    at: Mapping[str, Any] | None = None,
    per: float = 1.0,
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate each arm's rate by a model of counts, and ratios and differences of rates against a reference arm.

    Parameters
    ----------
    fit : GLMFit
        From `coxa.models.fit_glm`, of family "poisson", "quasi-poisson" or "negative_binomial", with the arm in its
        formula.
    arm : str
        Column of the arms.
    against : str, optional
        The arm that the others are compared with; unless given the first level.
    averaging : {"equal", "proportional", "counterfactual"}
        `equal` and `proportional` average the logarithm of the rate, covariates at their mean over the analysed rows:
        the LS means of SAS and emmeans. `counterfactual` puts every analysed row into each arm and averages the rates
        themselves (standardisation, g-computation).
    at : mapping, optional
        Values of covariates, or levels of factors, to fix; not with `counterfactual`.
    per : float
        Units of exposure that a rate is given for: 100 for events per 100 sessions.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimates
        `rate` of each arm at exposure 1 (times `per`), its limits on the log scale; `rate_ratio` and `rate_difference`
        of each other arm, with their tests. `std_error` of a rate and of a difference are theirs, of a ratio that of
        its logarithm: the delta method with the covariance of the fit, the covariates taken as given. Limits and tests
        have the fit's degrees of freedom (`df`; none where they are normal).

    Raises
    ------
    OptionError
        The fit is of no counts, the arm is no factor of it, or an option is not allowed.

    Notes
    -----
    Without an interaction of the arm the ratio of standardised rates is that of the coefficients: rate ratios are
    collapsible. Differences are not.

    Examples
    --------
    >>> from coxa.models import fit_glm
    >>> d = pd.DataFrame({"arm": list("aabb"), "flares": [3, 4, 1, 1], "years": [1.0, 1.0, 1.0, 1.0]})
    >>> fit = fit_glm("flares ~ arm", d, family="poisson", exposure="years")
    >>> model_rates(fit, against="b").frame[["term", "arm", "estimate"]].round(4).to_numpy().tolist()
    [['rate', 'a', 3.5], ['rate', 'b', 1.0], ['rate_ratio', 'a', 3.5], ['rate_difference', 'a', 2.5]]
    """
    return Estimates.of(rate_rows(fit, arm, against, averaging=averaging, at=at, per=per, conf_level=conf_level))


def rate_rows(
    fit: GLMFit,
    arm: str = "arm",
    against: str | None = None,
    *,
    averaging: RateAveraging = "equal",
    at: Mapping[str, Any] | None = None,
    per: float = 1.0,
    conf_level: float = 0.95,
) -> list[dict[str, Any]]:
    """Return the rows of `model_rates`, before they are a table."""
    check_level(conf_level)
    check_kind("fit", fit, GLMFit, "a fit of coxa.models.fit_glm")
    check_option("averaging", averaging, AVERAGINGS)
    if not FAMILIES[fit.family].of_counts:
        raise OptionError(f"The fit is of family '{fit.family}', which has no rates. Use standardised_risks.")
    levels = fit.design.levels
    if arm not in levels:
        raise OptionError(not_allowed("factor in the formula", arm, levels))
    if averaging == "counterfactual" and at:
        raise OptionError("`at` fixes covariates, and standardised rates have those of the rows. Leave `at` out.")
    names = tuple(map(label_text, levels[arm]))
    against = names[0] if against is None else check_option("against", str(against), names)
    rates, slopes = standardised(fit, arm) if averaging == "counterfactual" else at_means(fit, arm, averaging, at or {})
    codes = fit.design.frame[arm].cat.codes.to_numpy()
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    every = len(fit.design.y)
    unit = f"per {per:g} {fit.spec.exposure or 'participant' + 's' * (per != 1)}"
    shared: dict[str, Any] = {
        "outcome": fit.outcome,
        "conf_level": conf_level,
        "method": f"{fit.family} model, {fit.spec.vcov} covariance, rates {AVERAGED[averaging]}, {unit}",
        "warning": "; ".join(fit.warnings),
    }
    rows = [
        {
            "term": "rate",
            "arm": name,
            "n_observations": int(count),
            **of_log(fit, math.log(per * rate), slope / rate, conf_level),
            "std_error": per * error_of(fit, slope),
        }
        for name, count, rate, slope in zip(names, counts, rates, slopes, strict=True)
    ]
    b = names.index(against)
    for a, name in enumerate(names):
        if a == b:
            continue
        pair = {"arm": name, "reference": against, "n_observations": every}
        ratio = slopes[a] / rates[a] - slopes[b] / rates[b]
        rows.append(
            {**pair, "term": "rate_ratio", **of_log(fit, math.log(rates[a] / rates[b]), ratio, conf_level, test=True)}
        )
        rows.append(
            {
                **pair,
                "term": "rate_difference",
                **difference(fit, per * (rates[a] - rates[b]), per * (slopes[a] - slopes[b]), conf_level),
            }
        )
    return [{**shared, **row} for row in rows]


def standardised(fit: GLMFit, arm: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the standardised rates of the arms (K,) and their derivatives in the coefficients (K, p)."""
    rates, slopes = [], []
    for place in range(len(fit.design.levels[arm])):
        x = fit.design.rows_as(arm, place)
        means = fit.means(x)
        rates.append(means.mean())
        slopes.append(means @ x / len(x))
    return np.array(rates), np.array(slopes)


def at_means(fit: GLMFit, arm: str, averaging: str, at: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return the rates of the arms (K,) at the averaged linear predictor, and their derivatives (K, p)."""
    design = fit.design
    for name, value in at.items():
        if name not in design.formula.variables or name == arm:
            raise OptionError(
                not_allowed("covariate of the model", name, [v for v in design.formula.variables if v != arm])
            )
        if name in design.levels and value not in design.levels[name]:
            raise OptionError(not_allowed(f"level of {name}", value, map(str, design.levels[name])))
    averaged = [name for name in design.levels if name != arm and name not in at]
    inner = list(product(*(design.levels[name] for name in averaged)))
    covariates = {
        name: float(design.frame[name].mean()) for name in design.formula.variables if name not in design.levels
    }
    weights = np.full(len(inner), 1 / len(inner))
    if averaging == "proportional" and averaged:
        counts = design.frame.groupby(averaged, observed=True).size()
        seen = np.array([counts.get(key if len(averaged) > 1 else key[0], 0) for key in inner], dtype=float)
        weights = seen / seen.sum()
    frame = pd.DataFrame(
        [
            {**covariates, **dict(zip(averaged, key, strict=True)), **at, arm: level}
            for level in design.levels[arm]
            for key in inner
        ]
    )
    rows = np.einsum("j,kjp->kp", weights, design.rows(frame).reshape(len(design.levels[arm]), len(inner), -1))
    rates = fit.means(rows)
    return rates, rates[:, None] * rows


def error_of(fit: GLMFit, row: np.ndarray) -> float:
    """Return the standard error of a linear function (p,) of the coefficients."""
    return math.sqrt(row @ fit.covariance.to_numpy() @ row)


def of_log(fit: GLMFit, value: float, row: np.ndarray, level: float, *, test: bool = False) -> dict[str, float]:
    """Return estimate and limits of exp(value), whose derivative in the coefficients is row (p,), and its test."""
    found = difference(fit, value, row, level)
    shown = {name: math.exp(found[name]) for name in ("estimate", "conf_low", "conf_high")}
    tested = {name: found[name] for name in ("statistic", "p_value")} if test else {}
    return {**shown, "std_error": found["std_error"], "df": found["df"], **tested}


def difference(fit: GLMFit, value: float, row: np.ndarray, level: float) -> dict[str, float]:
    """Return a value whose derivative in the coefficients is row (p,), with its limits and the test that it is 0."""
    error, df = error_of(fit, row), fit.df_of(row)
    return {**with_test(float(value), error, level, df), "df": finite(df)}
