"""What each study does to the pooled estimate: leave-one-out, influence, Baujat's contributions."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coxa.errors import FitError
from coxa.meta.pooled import PooledEffect, fit_pooled
from coxa.meta.weighted import fit_line


def leave_one_out(pooled: PooledEffect) -> pd.DataFrame:
    """Pool again without each study in turn.

    Parameters
    ----------
    pooled
        Without moderators, of two studies or more.

    Returns
    -------
    DataFrame
        A row for the study left out, in order: estimate, std_error, p_value, conf_low, conf_high, tau2, i2, q.

    Raises
    ------
    FitError
        There is one study, or there are moderators.

    Examples
    --------
    >>> from coxa.meta import pool_effects
    >>> leave_one_out(pool_effects([-0.56, -0.43, -0.14], [0.03, 0.04, 0.13]))["estimate"].round(2).tolist()
    [-0.36, -0.47, -0.5]
    """
    rows = []
    for one in _without_each(pooled):
        (low, high), p_value = one.conf_int[0], float(one.p_values[0])
        rows.append({
            "estimate": one.estimate, "std_error": one.std_error, "p_value": p_value, "conf_low": low,
            "conf_high": high, "tau2": one.tau2, "i2": one.i2, "q": one.q,
        })  # fmt: skip
    return pd.DataFrame(rows)


def trial_influence(pooled: PooledEffect) -> pd.DataFrame:
    """Return how far each study is from the others, and how far it moves the pooled estimate.

    Parameters
    ----------
    pooled
        Without moderators, of two studies or more.

    Returns
    -------
    DataFrame
        A row for each study, in order: `weight` (share of the estimate), `rstudent` (its distance from what the
        others give, in standard errors), `dffits`, `cooks_distance`; and Baujat's `heterogeneity` (its part of Q) and
        `influence` (squared change of the common effect without it, in its standard errors).

    Raises
    ------
    FitError
        There is one study, or there are moderators.

    References
    ----------
    Viechtbauer W, Cheung MWL. Research Synthesis Methods 2010;1:112-125. Baujat B et al. Statistics in Medicine
    2002;21:2641-2652.

    Examples
    --------
    >>> from coxa.meta import pool_effects
    >>> trial_influence(pool_effects([-0.5, -0.4, 0.9], [0.03, 0.04, 0.05]))["heterogeneity"].idxmax()
    2
    """
    others = _without_each(pooled)
    y, v = pooled.y, pooled.v
    centres = np.array([one.estimate for one in others])
    # by the model, without the scaling of Hartung and Knapp
    errors = np.array([one.std_error / np.sqrt(one.scale) for one in others])
    tau2 = np.array([0.0 if np.isnan(one.tau2) else one.tau2 for one in others])
    own = pooled.std_error / np.sqrt(pooled.scale)
    x = np.ones((len(y), 1))
    common = fit_line(y, x, 1 / v)
    without = [fit_line(np.delete(y, i), np.delete(x, i, axis=0), np.delete(1 / v, i)) for i in range(len(y))]
    moved = np.array([(common.coefficients[0] - one.coefficients[0]) ** 2 / one.covariance[0, 0] for one in without])
    return pd.DataFrame({
        "weight": pooled.weights,
        "rstudent": (y - centres) / np.sqrt(v + tau2 + errors**2),
        "dffits": (pooled.estimate - centres) / np.sqrt(pooled.weights * (v + tau2)),
        "cooks_distance": (pooled.estimate - centres) ** 2 / own**2,
        "heterogeneity": common.residuals**2 / v,
        "influence": moved,
    })  # fmt: skip


def _without_each(pooled: PooledEffect) -> list[PooledEffect]:
    if pooled.k < 2 or len(pooled.names) > 1:
        raise FitError("Leaving one out needs two studies or more, and no moderators. Leave it out")
    kept = [np.arange(pooled.k) != place for place in range(pooled.k)]
    return [fit_pooled(pooled.y[at], pooled.v[at], pooled.x[at], pooled.names, pooled.spec) for at in kept]
