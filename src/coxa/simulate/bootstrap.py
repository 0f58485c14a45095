"""The parametric bootstrap of a model with random effects."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coxa.arguments import kinds
from coxa.errors import OptionError, check_level
from coxa.models.lmm.api import refit
from coxa.models.lmm.predictions import random_part_of
from coxa.models.lmm.random_part import RandomPart, residual_blocks
from coxa.models.lmm.variance_functions import icc_functions, parameter_functions
from coxa.models.numerics.mixed.profile import Function
from coxa.models.numerics.mixed.structured import Structured
from coxa.models.results.fit import FIT, Fit
from coxa.simulate.root import symmetric_root
from coxa.simulate.seeds import generator


def draw_outcome(fit: Fit, rng: np.random.Generator) -> np.ndarray:
    """Draw an outcome (N,) for the analysed rows: new random effects and residuals about the fitted means.

    Parameters
    ----------
    fit : Fit
        With random effects.
    rng : Generator

    Raises
    ------
    FitError
        The fit has no random effects.
    """
    part = random_part_of(fit)
    drawn = fit.design.x @ fit.params.to_numpy()
    for factor, covariance in zip(part.factors, part.covariances, strict=True):
        root, _ = symmetric_root(covariance)
        effects = rng.normal(size=(len(factor.labels), len(covariance))) @ root
        here = factor.codes >= 0
        drawn[here] += (effects[factor.codes[here]] * factor.effects[here]).sum(axis=1)
    residual = draw_residual(part, len(drawn), rng)
    return drawn + (residual if fit.sample.weights is None else residual / np.sqrt(fit.sample.weights))


def draw_residual(part: RandomPart, rows: int, rng: np.random.Generator) -> np.ndarray:
    """Draw residuals (N,) of weight one: independent, or with the structure within blocks."""
    if part.residual is not None:
        return rng.normal(size=rows) * np.sqrt(part.residual)
    within, where, structure = part.model.within, part.setting.where, part.setting.structure
    if not isinstance(within, Structured):
        found = np.empty(rows)
        for mine, covariance in residual_blocks(part):
            found[mine] = np.linalg.cholesky(covariance) @ rng.normal(size=len(mine))
        return found
    assert where is not None
    assert structure is not None
    assert part.blocks is not None
    blocks, m = int(where.block.max()) + 1, within.observed.shape[1]
    cover = within.covering[part.blocks.pattern]
    group = within.group[part.blocks.pattern]
    noise = np.empty((blocks, m))
    for g in range(within.groups):
        matrices = structure.matrix(within.own(part.optimum.theta, g), within.times)
        lower = np.linalg.cholesky(np.broadcast_to(matrices, (len(within.times), m, m)))
        mine = np.flatnonzero(group == g)
        noise[mine] = (lower[cover[mine]] @ rng.normal(size=(len(mine), m, 1)))[..., 0]
    return part.ready.size * noise[where.block, where.place]


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
def bootstrap_fit(fit: Fit, *, replicates: int = 999, seed: int = 1) -> Bootstrap:
    """Draw outcomes from a fitted model with random effects and fit each again (parametric bootstrap).

    Parameters
    ----------
    fit : Fit
        With random effects.
    replicates : int
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
        Too few replicates.
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
    >>> bootstrap_fit(fit, replicates=100).intervals()["name"].to_list()[:2]
    ['Intercept', 'sd[participant_id: Intercept]']
    """
    if replicates < FEWEST:
        raise OptionError(f"`replicates` is {replicates}, too few for limits of 95%. Give {FEWEST} or more.")
    part = random_part_of(fit)
    functions = parameter_functions(fit, part)
    shares = share_functions(fit)
    params, parameters, iccs = [], [], []
    for k in range(replicates):
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
        failed=replicates - len(params),
    )
