"""Intervals of variance components, and the share of the variance that lies between levels of a factor (ICC)."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

from coxa.arguments import kinds
from coxa.errors import FitError, OptionError, check_level, check_option, not_allowed
from coxa.models.lmm.predictions import random_part_of
from coxa.models.lmm.random_part import RandomPart
from coxa.models.lmm.variance_functions import icc_functions, parameter_functions
from coxa.models.numerics.mixed.profile import Function, gradient, profile_limit
from coxa.models.numerics.one_thread import one_thread
from coxa.models.results.fit import FIT, Fit

Method = Literal["profile", "wald"]
METHODS: tuple[str, ...] = get_args(Method)

ZERO = 1e-9
"""Square of a lower limit, relative to that of the estimate, below which the limit is zero."""


@kinds(fit=FIT)
def variance_intervals(fit: Fit, *, method: Method = "profile", conf_level: float = 0.95) -> pd.DataFrame:
    """Estimate the standard deviations and correlations of random effects with confidence intervals.

    Parameters
    ----------
    fit : Fit
        With random effects.
    method : {"profile", "wald"}
        By the profile of the likelihood that was maximised (restricted, if REML), or by the delta method on the log of
        a standard deviation and on Fisher's z of a correlation. For parametric bootstrap intervals see
        `coxa.simulate.bootstrap.bootstrap_fit`.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    DataFrame
        `name` as in ``fit.covariance_parameters``, `estimate` (SD in units of the outcome, or correlation),
        `conf_low`, `conf_high`, `conf_level`, `method`. The lower limit of an SD is 0 where the likelihood allows it. A
        limit that was not found is not a number.

    Raises
    ------
    FitError
        The fit has no random effects.

    Notes
    -----
    Source: Venzon & Moolgavkar, Applied Statistics 1988, 37:87-94.

    Examples
    --------
    >>> from coxa.models.lmm.api import fit_lmm
    >>> d = pd.DataFrame({"participant_id": list("aabbcc"), "y": [1.0, 2, 4, 5, 9, 8]})
    >>> variance_intervals(fit_lmm("y ~ 1 + (1 | participant_id)", d))["name"].to_list()
    ['sd[participant_id: Intercept]', 'sd[residual]']
    """
    check_option("method", method, METHODS)
    check_level(conf_level)
    part = random_part_of(fit)
    rows = []
    with one_thread():
        for name, g in parameter_functions(fit, part).items():
            estimate = float(fit.covariance_parameters[name])
            low, high = limits(part, g, estimate, "correlation" in name, method, conf_level)
            if held_at_limit(part, g):
                low = high = np.nan
            rows.append((name, estimate, low, high, conf_level, method))
    return pd.DataFrame(rows, columns=["name", "estimate", "conf_low", "conf_high", "conf_level", "method"])


@kinds(fit=FIT)
def icc(fit: Fit, factor: str | None = None, *, method: Method = "profile", conf_level: float = 0.95) -> pd.DataFrame:
    """Estimate the intraclass correlation: the share of an observation's variance that lies between levels of a factor.

    Parameters
    ----------
    fit : Fit
        With random effects; `fit_mmrm` or `fit_lmm`.
    factor : str, optional
        One factor; by default all.
    method : {"profile", "wald"}
        By the profile likelihood, or by the delta method on the logit.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    DataFrame
        One row per factor, level of the column that splits variances (`by`, such as ``arm[exercise]``; empty where none
        is split) and, where the residual's variance differs between visits, `visit`: `icc`, `conf_low`, `conf_high`,
        `conf_level`, `method`.

    Raises
    ------
    FitError
        The fit has no random effects, or none that shifts the outcome as a whole.
    OptionError
        There is no such factor.

    Notes
    -----
    It is the variance of the factor's intercept over the sum of the variances of all intercepts and of the residual:
    the correlation of two observations that share a level of this factor and of no other. Slopes are taken at 0 of
    their covariate. In a partially nested model it is that of the arms with the factor. Of nested factors, the
    correlation of two observations of one inner level is the sum of theirs and of those above. Sources: Donner & Klar,
    Design and Analysis of Cluster Randomization Trials, 2000, chapter 1;
    Roberts & Roberts, Clinical Trials 2005, 2:152-162, for arms with therapists.

    Examples
    --------
    >>> from coxa.models.lmm.api import fit_lmm
    >>> d = pd.DataFrame({"participant_id": list("aabbcc"), "y": [1.0, 2, 4, 5, 9, 8]})
    >>> icc(fit_lmm("y ~ 1 + (1 | participant_id)", d))["icc"].round(2).to_list()
    [0.96]
    """
    check_option("method", method, METHODS)
    check_level(conf_level)
    part = random_part_of(fit)
    names = [one.name for one in part.factors]
    if factor is not None and factor not in names:
        raise OptionError(not_allowed("factor", factor, names))
    rows = []
    with one_thread():
        for chosen, by, visit, g in icc_functions(fit, part):
            if factor in (None, chosen):
                estimate = g(part.optimum.theta)
                low, high = limits(part, g, estimate, False, method, conf_level, share=True)
                rows.append((chosen, by, visit, estimate, low, high, conf_level, method))
    if not rows:
        raise FitError(
            f"'{fit.formula}' has no random intercept, whose variance could be a share of the whole",
            ["Write (1 | factor), or (1 + slope | factor)."],
        )
    columns = ["factor", "by", "visit", "icc", "conf_low", "conf_high", "conf_level", "method"]
    return pd.DataFrame(rows, columns=columns)


def limits(
    part: RandomPart,
    g: Function,
    estimate: float,
    signed: bool,
    method: str,
    conf_level: float,
    *,
    share: bool = False,
) -> tuple[float, float]:
    """Return the limits of a function of the parameters: of a standard deviation, a correlation or a share."""
    if not np.isfinite(estimate):
        return np.nan, np.nan
    if method == "profile":
        if signed:
            low, high = (profile_limit(part.model, part.optimum, g, conf_level, upper=upper) for upper in (False, True))
            return low, high
        size = estimate or (1.0 if share else part.ready.size)
        high = size * profile_limit(part.model, part.optimum, lambda theta: g(theta) / size, conf_level, upper=True)
        # a square is smooth at zero, where a standard deviation is not
        square = profile_limit(part.model, part.optimum, lambda theta: (g(theta) / size) ** 2, conf_level, upper=False)
        return size * float(np.sqrt(square)) if not square < ZERO else 0.0, high
    slope = gradient(g, part.optimum.theta)
    error = float(np.sqrt(slope @ part.optimum.covariance @ slope))
    z = float(stats.norm.ppf((1 + conf_level) / 2))
    if signed:
        half = z * error / (1 - estimate**2) if abs(estimate) < 1 else np.nan
        return float(np.tanh(np.arctanh(estimate) - half)), float(np.tanh(np.arctanh(estimate) + half))
    if estimate <= 0:
        return 0.0, np.nan
    if share:
        odds, half = np.log(estimate / (1 - estimate)), z * error / (estimate * (1 - estimate))
        return float(1 / (1 + np.exp(half - odds))), float(1 / (1 + np.exp(-half - odds)))
    return float(estimate * np.exp(-z * error / estimate)), float(estimate * np.exp(z * error / estimate))


def held_at_limit(part: RandomPart, g: Function) -> bool:
    """Return whether a function depends on nothing but parameters that a simpler model of the residuals holds."""
    held = part.optimum.limited
    if not held.any():
        return False
    moved = np.array([g(part.optimum.theta + step) for step in np.eye(len(held))[~held]])
    return bool((moved == g(part.optimum.theta)).all())
