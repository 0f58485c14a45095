"""Residuals of a fitted model, and whether its covariance is that of the data."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from scipy.linalg import solve_triangular

from coxa.errors import OptionError
from coxa.models.covariance.structure import correlation
from coxa.models.lmm.predictions import random_part_of
from coxa.models.lmm.random_part import RandomPart, residual_blocks
from coxa.models.numerics.reml import covariances, residual_moments
from coxa.models.results.fit import Fit, fitted
from coxa.models.results.rebuilt import rebuilt


def residuals(fit: Fit) -> pd.DataFrame:
    """Return the residuals of each analysed row.

    Parameters
    ----------
    fit : Fit

    Returns
    -------
    DataFrame
        One row per analysed row, in the order of the data: `participant_id`, `visit`, `observed`, `fitted`,
        `residual` (observed less fitted, in units of the outcome), and without units

        - `standardised`: over the model's standard deviation at the visit;
        - `studentised`: over the residual's own standard deviation, which the estimated mean makes smaller;
        - `normalised`: made independent of the participant's earlier visits by the inverse Cholesky factor of the
          covariance; if the model holds these are standard normal and uncorrelated.

        Weights are taken account of in all three.

        With random effects, `fitted` has the predicted effects in it and the residual is what is left
        (conditional); `standardised` and `studentised` are both over the residual's standard deviation, and
        `normalised` is made independent within a block by the covariance structure of the residuals, if there is one.

    Raises
    ------
    FitError
        The fit has no rows, or random effects that it did not keep (``engine="statsmodels"``).

    Notes
    -----
    Sources: Pinheiro & Bates, Mixed-Effects Models in S and S-PLUS, 2000, section 4.3 and 5.3 (normalised);
    Fitzmaurice, Laird & Ware, Applied Longitudinal Analysis, 2nd ed., 2011, chapter 10.

    Examples
    --------
    >>> from coxa.models import fit_ancova
    >>> d = pd.DataFrame({"participant_id": range(4), "arm": list("aabb"), "y": [1.0, 3, 4, 8]})
    >>> residuals(fit_ancova("y ~ arm", d))["residual"].round(6).to_list()
    [-1.0, 1.0, -2.0, 2.0]
    """
    if fit.has_random_effects:
        return conditional_residuals(fit)
    model = rebuilt(fit)
    p = model.sums.p
    scaled = model.rows[:, p] - model.rows[:, :p] @ model.at.beta
    standardised, studentised, normalised = (np.empty(len(scaled)) for _ in range(3))
    every = covariances(model.sums, model.structure, model.theta)
    for k, pattern in enumerate(model.patterns):
        inner = every[model.sums.covariance[k]][np.ix_(pattern.visits, pattern.visits)]
        lower, r, x = np.linalg.cholesky(inner), scaled[pattern.rows], model.rows[pattern.rows][..., :p]
        variance = np.diag(inner)
        lost = np.einsum("iva,ab,ivb->iv", x, model.at.phi, x)
        standardised[pattern.rows] = r / np.sqrt(variance)
        studentised[pattern.rows] = r / np.sqrt(np.maximum(variance - lost, np.finfo(float).tiny))
        normalised[pattern.rows] = solve_triangular(lower, r.T, lower=True).T
    at = fitted(fit)
    return pd.DataFrame(
        {
            "participant_id": fit.sample.participant,
            "visit": pd.Categorical(fit.sample.visit, list(fit.sample.visits)),
            "observed": fit.design.y,
            "fitted": at,
            "residual": fit.design.y - at,
            "standardised": standardised,
            "studentised": studentised,
            "normalised": normalised,
        }
    )


def conditional_residuals(fit: Fit) -> pd.DataFrame:
    """Return the residuals of a fit with random effects; the columns are those of `residuals`."""
    part, at = random_part_of(fit), fitted(fit)
    left = fit.design.y - at
    scaled = left if fit.sample.weights is None else left * np.sqrt(fit.sample.weights)
    standardised, normalised = standardised_within(part, scaled)
    return pd.DataFrame(
        {
            "participant_id": fit.sample.participant,
            "visit": pd.Categorical(fit.sample.visit, list(fit.sample.visits)),
            "observed": fit.design.y,
            "fitted": at,
            "residual": left,
            "standardised": standardised,
            "studentised": standardised,
            "normalised": normalised,
        }
    )


def standardised_within(part: RandomPart, left: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return residuals over their standard deviation, and made independent within blocks."""
    if part.residual is not None:
        unit = left / np.sqrt(part.residual)
        return unit, unit
    standardised, normalised = np.empty(len(left)), np.empty(len(left))
    for rows, inner in residual_blocks(part):
        standardised[rows] = left[rows] / np.sqrt(np.diag(inner))
        normalised[rows] = solve_triangular(np.linalg.cholesky(inner), left[rows], lower=True)
    return standardised, normalised


def qq_points(values: np.ndarray | pd.Series, *, conf_level: float = 0.95) -> pd.DataFrame:
    """Return sorted values and the normal quantiles expected of them, with a band for each.

    Parameters
    ----------
    values : (n,)
        Standard normal and independent if the model holds: normalised residuals.
    conf_level : float
        Of the band at each point by itself, between 0 and 1; some points of a good model lie outside.

    Returns
    -------
    DataFrame
        `theoretical`, `sample`, `low`, `high`, n rows in increasing order.

    Raises
    ------
    OptionError
        There are fewer than three values, or the level is not between 0 and 1.

    Notes
    -----
    The i-th of n ordered uniform values has a beta distribution with i and n + 1 - i (David & Nagaraja, Order
    Statistics, 3rd ed., 2003, section 2.1); its median, and its quantiles at the level, are taken through the
    normal quantile function. Nothing is simulated.

    Examples
    --------
    >>> qq_points(np.array([0.5, -1.0, 1.2]))["theoretical"].round(3).to_list()
    [-0.819, 0.0, 0.819]
    """
    ordered = np.sort(np.asarray(values, dtype=float))
    n = len(ordered)
    if n < 3 or not 0 < conf_level < 1:
        raise OptionError(
            f"There is no QQ plot of {n} values with limits at level {conf_level}. Give three values or more, and a "
            "level between 0 and 1."
        )
    rank = np.arange(1, n + 1)
    at = {"theoretical": 0.5, "low": (1 - conf_level) / 2, "high": (1 + conf_level) / 2}
    quantiles = {name: stats.norm.ppf(stats.beta.ppf(share, rank, n + 1 - rank)) for name, share in at.items()}
    return pd.DataFrame({"theoretical": quantiles["theoretical"], "sample": ordered, **quantiles})


def covariance_check(fit: Fit) -> pd.DataFrame:
    """Return for each two visits the covariance that the model has and the one that the residuals have.

    Parameters
    ----------
    fit : Fit

    Returns
    -------
    DataFrame
        One row per group, `visit` and `other` (each two visits once, and each with itself): `n`, the participants
        seen at both; `fitted` and `empirical` covariance in squared units of the outcome; both as correlations
        (`fitted_correlation`, `empirical_correlation`). `group` is empty where all share a covariance.

    Raises
    ------
    FitError
        The fit has no rows, or has random effects.

    Notes
    -----
    The empirical covariance is the mean of r_a r_b over the participants seen at both, under restricted
    likelihood with what estimating the means took from it put back: x_a' Phi x_b. With an unstructured matrix and
    no gaps it is then the fitted one.

    Examples
    --------
    >>> from coxa.models import fit_ancova
    >>> d = pd.DataFrame({"participant_id": range(4), "arm": list("aabb"), "y": [1.0, 3, 4, 8]})
    >>> covariance_check(fit_ancova("y ~ arm", d))[["n", "fitted", "empirical"]].round(6).values.tolist()
    [[4.0, 5.0, 5.0]]
    """
    model = rebuilt(fit)
    sums, labels = model.sums, fit.sample.visits
    total = residual_moments(sums, model.at, reml=model.reml)
    both = np.einsum("s,sa,sb->sab", sums.n, sums.observed, sums.observed)
    names = [""] if fit.sample.group is None else list(pd.unique(fit.covariance.index.get_level_values(0)))
    matrices = fit.covariance.to_numpy().reshape(-1, sums.m, sums.m)
    rows = []
    for g, (name, modelled) in enumerate(zip(names, matrices, strict=True)):
        in_group = sums.members(g)
        n = both[in_group].sum(axis=0)
        empirical = np.divide(total[in_group].sum(axis=0), n, out=np.full_like(n, np.nan), where=n > 0)
        shared = correlation(empirical), correlation(modelled)
        rows += [
            {
                "group": name,
                "visit": labels[a],
                "other": labels[b],
                "n": int(n[a, b]),
                "fitted": modelled[a, b],
                "empirical": empirical[a, b],
                "fitted_correlation": shared[1][a, b],
                "empirical_correlation": shared[0][a, b],
            }
            for a in range(sums.m)
            for b in range(a + 1)
        ]
    return pd.DataFrame(rows)
