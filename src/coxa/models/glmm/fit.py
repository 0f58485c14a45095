"""A fitted generalised linear mixed model: coefficients given a cluster, the variance between clusters, predictions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy.special import expit

from coxa.arguments import FRAME, Kind, kinds
from coxa.cards import Card, Carded, coefficient_rows
from coxa.errors import OptionError, check_level, check_option
from coxa.models.numerics.quadrature import normal_rule
from coxa.models.results.record import Coefficients
from coxa.models.results.records import Optimisation

Scale = Literal["population", "typical", "link"]
SCALES: tuple[str, ...] = get_args(Scale)

LOGISTIC_VARIANCE = np.pi**2 / 3
"""Variance of a standard logistic variable: of a row, on the scale on which a cluster's intercept is normal."""

RATIOS = {"binomial": "odds_ratio", "poisson": "rate_ratio", "negative_binomial": "rate_ratio"}
"""What the exponential of a coefficient is."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class GLMMFit(Carded, Coefficients):
    """A generalised linear mixed model with a random intercept, at its maximum.

    Coefficients compare rows of one cluster, or of two with the same random intercept: they are conditional.
    `coxa.estimates.population_averaged` has risks and their differences over all clusters.

    Attributes
    ----------
    those of `coxa.models.results.record.Coefficients`, and
    cluster : name of the factor with the random intercept
    sd, sd_error : standard deviation of the random intercepts, and its standard error (NaN at zero)
    at_zero : whether it was estimated at zero, and the fit is that of a model without random intercepts
    size : of a negative binomial: counts have variance m + m^2 / size; infinite where they vary no more than Poisson's,
        NaN of other families
    joint : covariance of the coefficients, `sd` and, of a negative binomial, `log_size`
    loglik : integrated log-likelihood with all constants
    loglik_without : of the model without random intercepts
    quadrature : nodes; 1 is Laplace's approximation
    quadrature_change : what 2 K + 1 nodes add to `loglik` at the same parameters
    intercepts : a row per cluster: `level`, `mode`, `mean` and `std_error` (by the curvature at the mode) of its
        random intercept given its rows
    exposure : (N,) exposure of the analysed rows, or None
    optimisation : the search's record; its steps are evaluations of the likelihood

    Examples
    --------
    >>> from coxa.models import fit_glmm
    >>> who = np.repeat(range(8), 3)
    >>> d = pd.DataFrame({"participant_id": who, "better": [0, 0, 1, 1, 1, 0, 0, 1] * 3})
    >>> fit_glmm("better ~ 1 + (1 | participant_id)", d).n_clusters
    8
    """

    cluster: str
    sd: float
    sd_error: float
    at_zero: bool
    size: float
    joint: pd.DataFrame = field(repr=False)
    loglik: float
    loglik_without: float
    quadrature: int
    quadrature_change: float
    intercepts: pd.DataFrame = field(repr=False)
    exposure: np.ndarray | None = field(repr=False)
    optimisation: Optimisation = field(repr=False)

    @property
    def family(self) -> str:
        """Name of the family."""
        return str(getattr(self.spec, "family", ""))

    @property
    def n_clusters(self) -> int:
        """Clusters with an analysed row."""
        return len(self.intercepts)

    @property
    def icc(self) -> float:
        """Share of the variance between clusters on the scale of the log odds, sd^2 / (sd^2 + pi^2 / 3).

        Raises
        ------
        OptionError
            The outcome is a count.
        """
        if self.family != "binomial":
            raise OptionError(f"An ICC on the scale of the log odds is of family 'binomial', not '{self.family}'.")
        return float(self.sd**2 / (self.sd**2 + LOGISTIC_VARIANCE))

    @property
    def bse(self) -> pd.Series:
        """Standard errors of the coefficients."""
        return self.std_error

    @property
    def tvalues(self) -> pd.Series:
        """Coefficients over their standard errors."""
        return self.params / self.std_error

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values of the coefficients."""
        return self.p_values

    @property
    def llf(self) -> float:
        """Log-likelihood."""
        return self.loglik

    @property
    def nobs(self) -> int:
        """Analysed rows."""
        return self.n_observations

    @property
    def aic(self) -> float:
        """Akaike's criterion; coefficients, the variance and a negative binomial's size are counted."""
        return float(-2 * self.loglik + 2 * len(self.joint))

    @property
    def bic(self) -> float:
        """Bayesian criterion with the logarithm of the rows, as lme4 and glmmTMB print."""
        return float(-2 * self.loglik + len(self.joint) * np.log(self.n_observations))

    def ratios(self, conf_level: float = 0.95) -> pd.DataFrame:
        """Return a row per coefficient: its exponential, a conditional odds ratio or rate ratio, with limits and p.

        Examples
        --------
        >>> from coxa.models import fit_glmm
        >>> who = np.repeat(range(8), 3)
        >>> d = pd.DataFrame({"participant_id": who, "falls": [0, 0, 1, 4, 1, 0, 2, 1] * 3})
        >>> list(fit_glmm("falls ~ 1 + (1 | participant_id)", d, family="poisson").ratios().columns)
        ['term', 'rate_ratio', 'conf_low', 'conf_high', 'p_value']
        """
        check_level(conf_level)
        limits = self.conf_int(conf_level)
        columns = {
            "term": self.params.index,
            RATIOS[self.family]: np.exp(self.params),
            "conf_low": np.exp(limits["conf_low"]),
            "conf_high": np.exp(limits["conf_high"]),
            "p_value": self.p_values,
        }
        return pd.DataFrame(columns).reset_index(drop=True)

    @kinds(data=FRAME, scale=Kind((str,), "a scale", "Choose population, typical or link."))
    def predict(self, data: pd.DataFrame, *, scale: Scale = "population") -> np.ndarray:
        """Return what is expected of new rows, of clusters of which nothing else is known.

        Parameters
        ----------
        data : DataFrame
            With the columns of the formula, and that of the exposure where there is one. Not changed.
        scale : {"population", "typical", "link"}
            Risk or mean count averaged over the random intercepts; at a random intercept of zero; or the linear
            predictor at zero.

        Raises
        ------
        OptionError
            A level or a scale is unknown.
        """
        check_option("scale", scale, SCALES)
        eta = self.design.rows(data) @ self.params.to_numpy()
        exposure = getattr(self.spec, "exposure", None)
        if exposure is not None:
            eta = eta + np.log(data[exposure].to_numpy(dtype=float))
        if scale == "link":
            return np.asarray(eta)
        return population_mean(self.family, eta, self.sd if scale == "population" else 0.0)

    def summary(self) -> str:
        """Return the coefficients with what was fitted, as text."""
        return self.card().text()

    def card(self) -> Card:
        """Return what is shown of the fit."""
        table = self.tidy()
        columns = ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high")
        rows = coefficient_rows(table, columns)
        facts = {
            "Model": self.method,
            "Formula": self.formula,
            "Rows": f"{self.n_observations:,} in {self.n_clusters:,} levels of {self.cluster}",
            "Random intercept": f"SD {self.sd:.4f}" + (" (at zero)" if self.at_zero else f" (SE {self.sd_error:.4f})"),
            "Log-likelihood": f"{self.loglik:.3f}",
        }
        if not np.isnan(self.size):
            facts["Size"] = f"{self.size:.4f}"
        return Card("Generalised linear mixed model", facts, ["", *columns], rows, note="; ".join(self.warnings))


def population_mean(family: str, eta: np.ndarray, sd: float) -> np.ndarray:
    """Return the mean of the outcome over random intercepts of a standard deviation, at linear predictors.

    Of a count it is exp(eta + sd^2 / 2); of a risk it is integrated.

    Examples
    --------
    >>> population_mean("binomial", np.array([0.0, 2.0]), 2.0).round(4).tolist()
    [0.5, 0.7752]
    """
    if family != "binomial":
        return np.asarray(np.exp(eta + sd**2 / 2))
    nodes, weights = normal_rule()
    return np.asarray(expit(np.asarray(eta)[..., None] + sd * nodes) @ weights)


def population_slopes(family: str, eta: np.ndarray, sd: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the derivatives of `population_mean` by the linear predictor and by the standard deviation."""
    if family != "binomial":
        mean = population_mean(family, eta, sd)
        return mean, sd * mean
    nodes, weights = normal_rule()
    risk = expit(np.asarray(eta)[..., None] + sd * nodes)
    slope = risk * (1 - risk)
    return slope @ weights, slope @ (weights * nodes)
