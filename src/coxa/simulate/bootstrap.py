"""The parametric bootstrap of a model with random effects."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from coxa.arguments import kinds
from coxa.errors import OptionError, check_level
from coxa.models.lmm.predictions import random_part_of
from coxa.models.lmm.refit import refit
from coxa.models.lmm.variances import icc_functions, parameter_functions
from coxa.models.numerics.mixed.profile import Function
from coxa.models.results.fit import FIT, Fit
from coxa.simulate.from_fit import draw_outcome
from coxa.simulate.seeds import generator

FEWEST = 100
"""Draws below which a percentile of 2.5% means little."""


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Draws from a fitted model, each fitted again.

    params     : one row per draw, coefficients by name
    parameters : standard deviations and correlations by name
    icc        : shares of the variance, by factor, the arm that splits it and visit
    estimates  : the same of the fit itself, one row
    failed     : draws without a proven optimum, which are in none of the tables
    """

    params: pd.DataFrame = field(repr=False)
    parameters: pd.DataFrame = field(repr=False)
    icc: pd.DataFrame = field(repr=False)
    estimates: pd.Series = field(repr=False)
    failed: int

    def intervals(self, conf_level: float = 0.95) -> pd.DataFrame:
        """Return percentile intervals: `name`, `estimate`, `conf_low`, `conf_high`, `conf_level`, `method`."""
        check_level(conf_level)
        every = pd.concat([self.params, self.parameters, self.icc], axis=1)
        tail = (1 - conf_level) / 2
        return pd.DataFrame(
            {
                "name": every.columns,
                "estimate": self.estimates.to_numpy(),
                "conf_low": every.quantile(tail).to_numpy(),
                "conf_high": every.quantile(1 - tail).to_numpy(),
                "conf_level": conf_level,
                "method": f"parametric bootstrap, {len(every)} draws",
            }
        )


def share_functions(fit: Fit) -> dict[str, Function]:
    """Return the intraclass correlations by name as functions of the parameters of the search."""
    if fit.group is not None:
        return {}
    return {
        f"icc[{', '.join(text for text in (factor, by, visit) if text)}]": g
        for factor, by, visit, g in icc_functions(fit, random_part_of(fit))
    }


@kinds(fit=FIT)
def bootstrap_fit(fit: Fit, *, draws: int = 999, seed: int = 1) -> Bootstrap:
    """Draw outcomes from a fitted model with random effects and fit each again (parametric bootstrap).

    Parameters
    ----------
    fit : Fit
        With random effects.
    draws : int
        At least 100.
    seed : int
        The same seed gives the same draws; each draw has a generator of its own.

    Returns
    -------
    Bootstrap
        Its `intervals` are percentiles of coefficients, standard deviations, correlations and intraclass correlations
        (of these none where each group has a covariance of its own).

    Raises
    ------
    OptionError
        Too few draws.
    FitError
        The fit has no random effects.

    Notes
    -----
    Source: Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapters 6 and 13. With few levels of a factor
    the percentiles of its standard deviation are too low, as the estimate is; the profile is better there.

    Examples
    --------
    >>> from coxa.models.lmm.api import fit_lmm
    >>> d = pd.DataFrame({"participant_id": list("aabbccdd"), "y": [1.0, 2, 4, 5, 9, 8, 3, 4]})
    >>> fit = fit_lmm("y ~ 1 + (1 | participant_id)", d)
    >>> bootstrap_fit(fit, draws=100).intervals()["name"].to_list()[:2]
    ['Intercept', 'sd[participant_id: Intercept]']
    """
    if draws < FEWEST:
        raise OptionError(f"draws are at least {FEWEST}, for limits of 95%; got {draws}")
    part = random_part_of(fit)
    functions = parameter_functions(fit, part)
    shares = share_functions(fit)
    params, parameters, iccs = [], [], []
    for k in range(draws):
        again = refit(fit, draw_outcome(fit, generator(f"bootstrap {k}", seed)))
        if again is not None:
            params.append(again.params)
            parameters.append([g(again.theta) for g in functions.values()])
            iccs.append([g(again.theta) for g in shares.values()])
    own = [*fit.params, *(g(part.optimum.theta) for g in (*functions.values(), *shares.values()))]
    names = [*fit.params.index, *functions, *shares]
    return Bootstrap(
        params=pd.DataFrame(params, columns=list(fit.params.index)),
        parameters=pd.DataFrame(parameters, columns=list(functions)),
        icc=pd.DataFrame(iccs, columns=list(shares)),
        estimates=pd.Series(own, names),
        failed=draws - len(params),
    )
