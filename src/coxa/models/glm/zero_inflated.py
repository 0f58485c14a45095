"""Counts of which a share of participants can have none: zero-inflated Poisson and negative binomial models.

A participant is with probability p one who cannot have the event, and otherwise has a Poisson or negative binomial
count. That share is the same for all, so that exp(coefficient) is a ratio of rates of those who can have it and of all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit, gammaln, psi
from scipy.stats import norm

from coxa.arguments import FRAME, kinds
from coxa.cards import Card, Carded, coefficient_rows
from coxa.errors import FitError, NonConvergenceError, OptionError, check_level, not_allowed
from coxa.models.design.matrix import Design, design_matrix
from coxa.models.design.rows import check_frame
from coxa.models.glm.spec import ZeroInflatedSpec

Inflated = Literal["poisson", "negative_binomial"]

NO_SHARE = -10.0
"""Logit of the share below which there is none: the likelihood rises to its bound at no inflation."""

FLAT = 1e-5
"""Gradient in standard errors below which a maximum is proved."""

STEP = 1e-5
"""Step of the differences of the gradient that the Hessian is made of."""

SHARE, DISPERSION = "logit of the share without", "log of alpha"


@dataclass(frozen=True, slots=True, repr=False)
class ZeroInflatedFit(Carded):
    """A fitted zero-inflated model.

    names      : coefficients of the rate, then the logit of the share that can have no event, then log alpha
    coef, vcov : (p,) and (p, p), in this order; inverse of the observed information
    share      : of participants who can have no event
    dispersion : alpha of the variance mu + alpha mu^2 of the others; 0 of Poisson's
    loglik     : log-likelihood
    expected_zeros, zeros : participants without an event, by the model and observed
    family, nobs, design  : as asked, rows analysed, and the recipe of their columns
    exposure : (n,) exposure of the analysed rows; None without
    spec     : every option; ``spec.call()`` gives the fit again

    Examples
    --------
    >>> d = pd.DataFrame({"arm": list("ab") * 20, "falls": [0, 0, 3, 2, 0, 1, 5, 0, 0, 2] * 4})
    >>> fit = fit_zero_inflated("falls ~ arm", d)
    >>> fit.zeros, round(fit.expected_zeros, 1), round(fit.share, 3)
    (20, 20.7, 0.447)
    """

    names: tuple[str, ...]
    coef: np.ndarray
    vcov: np.ndarray
    share: float
    dispersion: float
    loglik: float
    expected_zeros: float
    zeros: int
    family: str
    nobs: int
    design: Design = field(repr=False)
    exposure: np.ndarray | None = field(repr=False)
    spec: ZeroInflatedSpec

    @property
    def se(self) -> np.ndarray:
        """Standard errors of the coefficients."""
        return np.asarray(np.sqrt(np.diag(self.vcov)))

    @property
    def aic(self) -> float:
        """Akaike's criterion, to compare with the model without inflation."""
        return 2 * len(self.coef) - 2 * self.loglik

    def tidy(self, conf_level: float = 0.95) -> pd.DataFrame:
        """Return one row per coefficient with z and p, and of the rate its ratio with limits."""
        check_level(conf_level)
        half, z = norm.ppf((1 + conf_level) / 2) * self.se, self.coef / self.se
        rate = np.array([name not in (SHARE, DISPERSION) for name in self.names])
        ratio = {
            "rate_ratio": np.exp(self.coef),
            "conf_low": np.exp(self.coef - half),
            "conf_high": np.exp(self.coef + half),
        }
        shown = {name: np.where(rate, values, np.nan) for name, values in ratio.items()}
        tested = {"statistic": z, "p_value": 2 * norm.sf(np.abs(z))}
        return pd.DataFrame({"term": self.names, "estimate": self.coef, "std_error": self.se, **shown, **tested})

    def card(self) -> Card:
        """Return what a terminal and a notebook show."""
        facts = {
            "Formula": self.spec.formula,
            "Family": f"{self.family}, zero-inflated",
            "Observations": str(self.nobs),
            "Without an event": f"{self.zeros} (by the model {self.expected_zeros:.1f})",
            "Can have none": f"{self.share:.1%}",
            "Log-likelihood": f"{self.loglik:.4f}",
        }
        table = self.tidy()
        names = [str(name) for name in table.columns[1:]]
        return Card("Zero-inflated model", facts, ["", *names], coefficient_rows(table, names))


@kinds(data=FRAME)
def fit_zero_inflated(
    formula: str, data: pd.DataFrame, *, family: Inflated = "poisson", exposure: str | None = None
) -> ZeroInflatedFit:
    """Fit a zero-inflated model of counts by maximum likelihood.

    Parameters
    ----------
    formula : str
        ``falls ~ arm + age``: the count, and the terms of the logarithm of its rate.
    data : DataFrame
        One row per participant. Not changed; rows with a missing value are left out.
    family : {"poisson", "negative_binomial"}
        Of the counts of those who can have the event.
    exposure : str, optional
        Column of the time in which events were counted, above 0.

    Raises
    ------
    FitError
        There are no more zeros than the model without inflation has, or no zeros at all: its share would be 0.
    NonConvergenceError
        No maximum is proved.
    OptionError
        The outcome is no count, or an exposure is not above 0.

    Notes
    -----
    Whether there are too many zeros is tested by `coxa.models.zero_inflation`. A negative binomial model has many zeros
    without inflation: compare both by `aic`. Source: Lambert, Technometrics 1992, 34:1-14.

    Examples
    --------
    >>> d = pd.DataFrame({"arm": list("ab") * 20, "falls": [0, 0, 3, 2, 0, 1, 5, 0, 0, 2] * 4})
    >>> fit_zero_inflated("falls ~ arm", d).tidy().round(3)[["term", "estimate", "std_error"]].values.tolist()[1]
    ['arm[b]', -0.977, 0.309]
    """
    spec = ZeroInflatedSpec(formula=formula, family=family, exposure=exposure)
    data = check_frame(data)
    if exposure is not None and exposure not in data.columns:
        raise OptionError(not_allowed("column", exposure, map(str, data.columns)))
    design = design_matrix(formula, data, also=[] if exposure is None else [exposure])
    y, x = np.asarray(design.y, dtype=float), design.x
    if (y < 0).any() or (y % 1 != 0).any():
        raise OptionError("The outcome has values that are no counts. Give whole numbers of 0 or more.")
    time = np.ones(len(y)) if exposure is None else data.loc[design.complete, exposure].to_numpy(dtype=float)
    if not (time > 0).all():
        raise OptionError(f"`{exposure}` is 0 or below in {int((time <= 0).sum())} rows. Leave these out.")
    if not (y == 0).any():
        raise _none()
    count = partial(_negative, y, x, np.log(time), family == "negative_binomial")
    start = np.zeros(x.shape[1] + 1 + (family == "negative_binomial"))
    start[: x.shape[1]] = np.linalg.lstsq(x, np.log((y + 0.5) / time), rcond=None)[0]
    with np.errstate(over="ignore", invalid="ignore"):
        found = minimize(count, start, jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 2000}).x
        found, hessian = _polished(count, found, x.shape[1])
    vcov = np.linalg.inv(hessian)
    value, gradient = count(found)
    if not np.abs(gradient * np.sqrt(np.diag(vcov))).max() < FLAT:
        raise NonConvergenceError("the likelihood has no proven maximum", ["Leave a covariate out.", "Use Poisson's."])
    negative = family == "negative_binomial"
    share, alpha = float(expit(found[x.shape[1]])), float(np.exp(found[-1])) if negative else 0.0
    rate = np.exp(x @ found[: x.shape[1]] + np.log(time))
    zeros = share + (1 - share) * _no_event(rate, alpha)
    names = (*design.names, SHARE, *([DISPERSION] if negative else []))
    return ZeroInflatedFit(
        names, found, vcov, share, alpha, -value, float(zeros.sum()), int((y == 0).sum()), family, len(y), design,
        None if exposure is None else time, spec,
    )  # fmt: skip


def rises_with_dispersion(fit: ZeroInflatedFit) -> bool:
    """Return whether the likelihood of a zero-inflated Poisson model rises where counts vary more than Poisson's.

    Its derivative in alpha at 0 is the sum of ((y - mu)^2 - y) / 2 over the events, and over those without of
    (1 - p) exp(-mu) mu^2 / 2 over the probability of none, with p the share of those who can have none.
    """
    y, time = np.asarray(fit.design.y, dtype=float), 1.0 if fit.exposure is None else fit.exposure
    rate = np.exp(fit.design.x @ fit.coef[: fit.design.x.shape[1]]) * time
    none = (1 - fit.share) * np.exp(-rate)
    slope = np.where(y == 0, none * rate**2 / (fit.share + none), (y - rate) ** 2 - y)
    return bool(slope.sum() > 0)


class NoShareError(FitError):
    """The likelihood is highest where no participant is one who can have no event.

    Examples
    --------
    >>> raise NoShareError("there are no zeros", ["Fit the model without inflation by `fit_glm`."])
    Traceback (most recent call last):
    coxa.models.glm.zero_inflated.NoShareError: There are no zeros.
      1. Fit the model without inflation by `fit_glm`.
    """


def _none() -> NoShareError:
    return NoShareError(
        "there are no more zeros than the model without inflation has: the share without would be 0",
        ["Fit the model without inflation by `fit_glm`."],
    )


def _polished(count: partial[tuple[float, np.ndarray]], at: np.ndarray, place: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the maximum after steps of Newton, and the Hessian there; a share of 0 is refused."""
    for _ in range(5):
        if at[place] < NO_SHARE:
            raise _none()
        hessian = np.array([(count(at + e)[1] - count(at - e)[1]) / (2 * STEP) for e in STEP * np.eye(at.size)])
        hessian = (hessian + hessian.T) / 2
        if not np.isfinite(hessian).all() or np.linalg.eigvalsh(hessian)[0] <= 0:
            raise NonConvergenceError("the likelihood has no proven maximum", ["Leave a covariate out."])
        at = at - np.linalg.solve(hessian, count(at)[1])
    return at, hessian


def _no_event(rate: np.ndarray, alpha: float) -> np.ndarray:
    """Return the probability of no event among those who can have it."""
    return np.asarray(np.exp(-rate) if alpha == 0 else np.exp(-np.log1p(alpha * rate) / alpha))


def _negative(
    y: np.ndarray, x: np.ndarray, offset: np.ndarray, negative_binomial: bool, at: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return minus the log-likelihood and its gradient."""
    p = x.shape[1]
    rate, share = np.exp(x @ at[:p] + offset), expit(at[p])
    alpha = float(np.exp(at[p + 1])) if negative_binomial else 0.0
    none, spread = _no_event(rate, alpha), 1 + alpha * rate
    zero, mixed = y == 0, share + (1 - share) * none
    if negative_binomial:
        size = 1 / alpha
        log_count = gammaln(y + size) - gammaln(size) - gammaln(y + 1)
        log_count += y * np.log(alpha * rate / spread) - size * np.log(spread)
        by_alpha = np.log(spread) / alpha - rate / spread
        own = -size * (psi(y + size) - psi(size) - np.log(spread) + (rate - y) * alpha / spread)
    else:
        log_count = y * np.log(rate) - rate - gammaln(y + 1)
    value = np.where(zero, np.log(mixed), np.log1p(-share) + log_count).sum()
    by_rate = np.where(zero, -(1 - share) * none * rate / spread / mixed, (y - rate) / spread)
    by_share = np.where(zero, share * (1 - share) * (1 - none) / mixed, -share)
    gradient = [x.T @ by_rate, [by_share.sum()]]
    if negative_binomial:
        gradient.append([np.where(zero, (1 - share) * none * by_alpha / mixed, own).sum()])
    return -float(value), -np.concatenate(gradient)
