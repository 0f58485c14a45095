"""The names under which users of statsmodels look for what a fit has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coxa.errors import FitError
from coxa.models.lmm.predictions import predictions, random_part_of
from coxa.models.results.record import FitRecord


@dataclass(frozen=True, slots=True, repr=False)
class StatsmodelsNames(FitRecord):
    """What a fit has, under the names of statsmodels' results; each says where its meaning differs.

    `params`, `cov_params()`, `conf_int()`, `summary()` and `predict()` have the same name in both.
    """

    @property
    def bse(self) -> pd.Series:
        """Standard errors of the coefficients; `std_error`."""
        return self.std_error

    @property
    def tvalues(self) -> pd.Series:
        """Coefficients over their standard errors: t with `df`, also where statsmodels takes them as normal."""
        return self.params / self.std_error

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values of the coefficients; `p_values`."""
        return self.p_values

    @property
    def llf(self) -> float:
        """Log-likelihood with all constants, restricted under REML; `loglik`."""
        return self.loglik

    @property
    def aic(self) -> float:
        """Akaike's criterion, -2 `llf` + 2 k, smaller is better.

        k counts the covariance parameters, and without REML the coefficients too, as SAS and R count. statsmodels gives
        none under REML, and does not count the variance of an OLS: its AIC is smaller by 2.
        """
        return float(self.criteria["aic"])

    @property
    def bic(self) -> float:
        """Bayesian criterion, -2 `llf` + k log(participants), smaller is better; k as in `aic`.

        statsmodels takes the logarithm of the rows, and does not count the variance of an OLS.
        """
        return float(self.criteria["bic"])

    @property
    def nobs(self) -> int:
        """Analysed rows; `n_observations`."""
        return self.n_observations

    @property
    def df_resid(self) -> int:
        """Analysed rows less coefficients; tests use `df`, which a method chose for each coefficient."""
        return self.n_observations - len(self.params)

    @property
    def fittedvalues(self) -> pd.Series:
        """Fitted outcome of each analysed row, with the predicted random effects where there are any.

        Raises
        ------
        FitError
            The fit was made from chunks and has no rows, or did not keep its random effects.
        """
        return pd.Series(fitted(self), self.design.frame.index, name=self.outcome)

    @property
    def resid(self) -> pd.Series:
        """Outcome less `fittedvalues`; `coxa.models.residuals` has them standardised."""
        return pd.Series(self.design.y - fitted(self), self.design.frame.index, name=self.outcome)


def fitted(fit: FitRecord) -> np.ndarray:
    """Return the fitted outcome of each analysed row (N,), with the predicted random effects."""
    if fit.totals is not None:
        raise FitError("a fit of chunks has no rows, and so no fitted values", ["fit the rows as one frame"])
    values = fit.design.x @ fit.params.to_numpy()
    if fit.has_random_effects:
        part = random_part_of(fit)
        for factor, effects in zip(part.factors, predictions(part).values, strict=True):
            here = factor.codes >= 0
            values[here] += (effects[factor.codes[here]] * factor.effects[here]).sum(axis=1)
    return np.asarray(values)
