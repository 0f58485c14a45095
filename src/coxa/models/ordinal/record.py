"""A fitted cumulative logit model: what it found, what it predicts, and how it shows itself."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit

from coxa.arguments import FRAME, Kind, kinds
from coxa.cards import Card
from coxa.errors import check_level
from coxa.models.design.columns import label_text
from coxa.models.design.matrix import Design
from coxa.models.numerics.quadrature import normal_rule
from coxa.models.ordinal.data import OrdinalData
from coxa.models.ordinal.likelihood import threshold_rows
from coxa.models.ordinal.spec import OrdinalSpec

POINTS = 80
"""Nodes for probabilities averaged over a random intercept, which are not placed about a mode."""


@dataclass(frozen=True, slots=True)
class RandomIntercept:
    """A normal intercept of the levels of a factor.

    factor    : its column
    sd        : standard deviation, in log odds; 0 where the likelihood has its maximum there
    std_error : of `sd`; NaN where that is 0
    n_levels  : of the factor
    points    : nodes of the quadrature
    """

    factor: str
    sd: float
    std_error: float
    n_levels: int
    points: int


@dataclass(frozen=True, slots=True, repr=False)
class OrdinalFit:
    """A cumulative logit model at its maximum.

    spec       : every option; ``spec.call()`` gives the fit again
    data       : the analysed rows
    params     : thresholds and log odds ratios; a positive one moves to higher categories
    covariance : of `params`, the inverse of the observed information
    joint      : the same with the standard deviation of a random intercept last, where that is not 0
    random     : the random intercept; None where the formula has none
    loglik     : log-likelihood with all constants
    distance   : sqrt(g' H^-1 g) at the maximum, in standard errors: zero to rounding
    steps      : of Newton's method
    warnings   : what should be looked at

    Examples
    --------
    >>> from coxa.models import fit_ordinal
    >>> d = pd.DataFrame({"arm": list("aaaabbbb"), "pain": [0, 1, 2, 1, 0, 0, 1, 1]})
    >>> fit = fit_ordinal("pain ~ arm", d, levels=[0, 1, 2])
    >>> fit.levels, fit.nobs, fit.distance < 1e-8
    ((0, 1, 2), 8, True)
    """

    spec: OrdinalSpec = field(repr=False)
    data: OrdinalData = field(repr=False)
    params: pd.Series
    covariance: pd.DataFrame
    joint: np.ndarray = field(repr=False)
    random: RandomIntercept | None
    loglik: float
    distance: float
    steps: int
    warnings: tuple[str, ...] = ()

    @property
    def design(self) -> Design:
        """The rows that are analysed, and the recipe for new ones; its outcome is the number of the category."""
        return self.data.design

    @property
    def levels(self) -> tuple[object, ...]:
        """Categories that occur, from the lowest to the highest."""
        return self.data.levels

    @property
    def thresholds(self) -> pd.Series:
        """The thresholds between the categories, of the linear predictor."""
        return self.params.iloc[: self.data.k]

    @property
    def bse(self) -> pd.Series:
        """Standard errors of `params`."""
        return pd.Series(np.sqrt(np.diag(self.covariance)), self.params.index)

    @property
    def tvalues(self) -> pd.Series:
        """`params` over their standard errors: normal."""
        return self.params / self.bse

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values of `params`, by the normal distribution; those of thresholds are seldom of interest."""
        return pd.Series(2 * stats.norm.sf(np.abs(self.tvalues)), self.params.index)

    @property
    def llf(self) -> float:
        """Log-likelihood; `loglik`."""
        return self.loglik

    @property
    def aic(self) -> float:
        """Akaike's criterion, smaller is better; thresholds, and the variance of an intercept, are counted."""
        return 2 * (len(self.params) + (self.random is not None)) - 2 * self.loglik

    @property
    def bic(self) -> float:
        """Bayesian criterion, smaller is better, with the logarithm of the analysed rows."""
        return float((len(self.params) + (self.random is not None)) * np.log(self.nobs) - 2 * self.loglik)

    @property
    def nobs(self) -> int:
        """Analysed rows."""
        return len(self.data.codes)

    @property
    def n_participants(self) -> int:
        """Participants with an analysed row."""
        return self.data.n_participants

    @property
    def method(self) -> str:
        """The model in a phrase."""
        kind = "partly proportional odds" if self.data.partial else "proportional odds"
        if self.random is None:
            return f"{kind} (cumulative logit) model"
        return f"{kind} (cumulative logit) model with a random intercept of {self.random.factor}"

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Return normal limits of `params` at level 1 - alpha, in columns 0 and 1."""
        check_level(1 - alpha)
        half = stats.norm.ppf(1 - alpha / 2) * self.bse
        return pd.DataFrame({0: self.params - half, 1: self.params + half})

    @kinds(data=FRAME)
    def predict(self, data: pd.DataFrame, *, average: bool = True) -> pd.DataFrame:
        """Return the probability of each category (columns) for new rows.

        Parameters
        ----------
        data : DataFrame
            With the columns of the formula. Not changed.
        average : bool
            With a random intercept, whether probabilities are averaged over it, or those of an intercept of zero.

        Examples
        --------
        >>> from coxa.models import fit_ordinal
        >>> d = pd.DataFrame({"arm": list("aaaabbbb"), "pain": [0, 1, 2, 1, 0, 0, 1, 1]})
        >>> fit_ordinal("pain ~ arm", d, levels=[0, 1, 2]).predict(pd.DataFrame({"arm": ["b"]})).round(3).to_numpy()
        array([[0.528, 0.417, 0.055]])
        """
        at_most = cumulative(self, self.design.rows(data), average=average)
        shares = np.diff(np.pad(at_most, ((0, 0), (1, 0))), axis=1, append=1.0)
        return pd.DataFrame(shares, data.index, [label_text(level) for level in self.levels])

    def summary(self) -> str:
        """Return the fit as text."""
        return fit_card(self).text()

    def __repr__(self) -> str:
        return fit_card(self).text()

    def _repr_html_(self) -> str:
        return fit_card(self).html()


ORDINAL_FIT = Kind((OrdinalFit,), "a fit of coxa.models.fit_ordinal", "Fit one first, by `fit_ordinal(formula, data)`.")


def rows_at(fit: OrdinalFit, x: np.ndarray, threshold: int) -> np.ndarray:
    """Return the rows (N, q) that make the cumulative predictor at a threshold of the params, of design rows x."""
    return threshold_rows(np.full(len(x), threshold), *fit.data.parts(x), fit.data.k)


def cumulative(fit: OrdinalFit, x: np.ndarray, *, average: bool = True) -> np.ndarray:
    """Return P(Y <= j) (N, k) at the thresholds, averaged over a random intercept or at an intercept of zero."""
    params = fit.params.to_numpy()
    predictors = np.column_stack([rows_at(fit, x, j) @ params for j in range(fit.data.k)])
    sd = fit.random.sd if fit.random is not None and average else 0.0
    return averaged(predictors, sd)[0]


def averaged(predictors: np.ndarray, sd: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return E F(a - sd u) over a standard normal u, and its derivatives by a and by sd, at predictors a."""
    if sd == 0:
        share = expit(predictors)
        return share, share * (1 - share), np.zeros_like(share)
    nodes, weights = normal_rule(POINTS)
    share = expit(predictors[..., None] - sd * nodes)
    density = share * (1 - share)
    return share @ weights, density @ weights, -density @ (weights * nodes)


def fit_card(fit: OrdinalFit) -> Card:
    """Return what a fit shows of itself."""
    low, high = fit.conf_int().to_numpy().T
    rows = [
        [name, f"{value:.4f}", f"{error:.4f}", f"{a:.4f}", f"{b:.4f}", "< 0.001" if p < 0.001 else f"{p:.3f}"]
        for name, value, error, a, b, p in zip(
            map(str, fit.params.index), fit.params, fit.bse, low, high, fit.pvalues, strict=True
        )
    ]
    facts = {
        "formula": fit.spec.formula,
        "outcome": f"{fit.design.formula.response}: {' < '.join(map(label_text, fit.levels))}",
        "rows": f"{fit.nobs} of {fit.n_participants} participants; {len(fit.design.left_out)} left out",
        "log-likelihood": f"{fit.loglik:.4f}",
    }
    if fit.random is not None:
        facts[f"SD of {fit.random.factor}"] = f"{fit.random.sd:.4f} ({fit.random.n_levels} levels)"
    if fit.warnings:
        facts["warnings"] = "\n".join(fit.warnings)
    title = fit.method[:1].upper() + fit.method[1:]
    return Card(title, facts, ["", "coef", "std err", "[0.025", "0.975]", "P>|z|"], rows, note="positive: higher")
