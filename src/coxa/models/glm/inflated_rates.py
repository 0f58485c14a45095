"""The rate of all participants by a zero-inflated model, as a log-linear model of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import norm

from coxa.errors import OptionError, check_kind, check_level
from coxa.models.glm.record import GLMFit
from coxa.models.glm.zero_inflated import SHARE, ZeroInflatedFit


@dataclass(frozen=True, slots=True, repr=False)
class InflatedRates(GLMFit):
    """A log-linear model of the rate of all participants, of whom a share can have no event.

    With share p and the rate exp(x'b) of the others, the rate of all is (1 - p) exp(x'b): a model with the same
    coefficients, but for an intercept that is log(1 - p) higher. Rates, ratios and subgroups are estimated from it as
    from any model of counts (`coxa.estimates.model_rates`).

    inflated : the zero-inflated model

    Examples
    --------
    >>> from coxa.estimates import model_rates
    >>> from coxa.models import fit_zero_inflated
    >>> d = pd.DataFrame({"arm": list("ab") * 20, "falls": [0, 0, 3, 2, 0, 1, 5, 0, 0, 2] * 4})
    >>> rates = model_rates(rates_of_all(fit_zero_inflated("falls ~ arm", d))).frame
    >>> rates[["term", "arm", "estimate"]].round(3).values.tolist()[2]
    ['rate_ratio', 'b', 0.376]
    """

    inflated: ZeroInflatedFit | None = None

    @property
    def _parameters(self) -> int:
        assert self.inflated is not None
        return len(self.inflated.coef)


def rates_of_all(fit: ZeroInflatedFit) -> InflatedRates:
    """Return the model of the rate of all participants.

    Parameters
    ----------
    fit
        From `coxa.models.fit_zero_inflated`, with an intercept or a factor among its terms.

    Raises
    ------
    OptionError
        No sum of the coefficients is a constant, to which the share could be added.

    Notes
    -----
    The covariance is that of the zero-inflated model by the delta method, the error of the share in it.

    Examples
    --------
    >>> from coxa.models import fit_zero_inflated
    >>> d = pd.DataFrame({"arm": list("ab") * 20, "falls": [0, 0, 3, 2, 0, 1, 5, 0, 0, 2] * 4})
    >>> fit = fit_zero_inflated("falls ~ arm", d)
    >>> [round(float(mean), 2) for mean in (rates_of_all(fit).fitted[0], (1 - fit.share) * np.exp(fit.coef[0]))]
    [2.13, 2.13]
    """
    check_kind("fit", fit, ZeroInflatedFit, "a fit of coxa.models.fit_zero_inflated")
    design, p = fit.design, len(fit.design.names)
    constant = np.linalg.lstsq(design.x, np.ones(fit.nobs), rcond=None)[0]
    if np.abs(design.x @ constant - 1).max() > 1e-8:
        raise OptionError("The model has no intercept, to which its share without can be added. Add one to its terms.")
    jacobian = np.zeros((p, len(fit.coef)))
    jacobian[:, :p] = np.eye(p)
    jacobian[:, p] = -fit.share * constant
    params = fit.coef[:p] + np.log1p(-fit.share) * constant
    exposure = 1.0 if fit.exposure is None else fit.exposure
    index = list(design.names)
    return InflatedRates(
        formula=design.formula.text,
        family=f"zero_inflated_{fit.family}",
        design=design,
        params=pd.Series(params, index),
        covariance=pd.DataFrame(jacobian @ fit.vcov @ jacobian.T, index, index),
        fitted=np.exp(design.x @ params) * exposure,
        loglik=fit.loglik,
        scale=1.0,
        steps=0,
        warnings=design.unused_said,
        spec=fit.spec,
        back=np.eye(p),
        exposure=fit.exposure,
        dispersion=fit.dispersion,
        inflated=fit,
    )


def share_limits(fit: ZeroInflatedFit, conf_level: float = 0.95) -> tuple[float, float]:
    """Return the limits of the share who can have no event, by the error of its logit.

    Examples
    --------
    >>> from coxa.models import fit_zero_inflated
    >>> d = pd.DataFrame({"arm": list("ab") * 20, "falls": [0, 0, 3, 2, 0, 1, 5, 0, 0, 2] * 4})
    >>> [round(limit, 2) for limit in share_limits(fit_zero_inflated("falls ~ arm", d))]
    [0.29, 0.62]
    """
    check_level(conf_level)
    place = fit.names.index(SHARE)
    half = float(norm.ppf((1 + conf_level) / 2)) * float(fit.se[place])
    low, high = expit(fit.coef[place] + np.array([-half, half]))
    return float(low), float(high)
