"""Working correlations: estimated from Pearson residuals, and taken out of rows.

With r the Pearson residuals of N rows and p coefficients, the scale phi is sum r^2 / N in geepack, / (N - p) in SAS.
Over the pairs of rows of one cluster that a parameter is the correlation of, c pairs with the sum s of products,

    geepack  s / c / phi         Yan & Fine, Statistics in Medicine 2004, 23:859-874
    SAS      s / (c - p) / phi   Liang & Zeger, Biometrika 1986, 73:13-22

An ar1 correlation of neighbours is SAS's from neighbours alone. geepack's fits alpha^d to all pairs, d places apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import brentq

from coxa.errors import FitError
from coxa.models.gee.clusters import Clusters

DEFINITE = 1e-8
"""Smallest eigenvalue of a working correlation that can be inverted."""

GRID = 400
"""Points between -1 and 1 at which the estimating equation of an ar1 correlation is looked at for a change of sign."""


@dataclass(frozen=True, slots=True)
class Working:
    """A working correlation with its parameters.

    name  : "independence", "exchangeable", "ar1" or "unstructured"
    alpha : its parameters: none, one, one, or the upper triangle row by row
    scale : phi, the variance over that of the family
    """

    name: str
    alpha: np.ndarray
    scale: float

    def matrix(self, size: int) -> np.ndarray:
        """Return the correlation of this many places, one step apart."""
        if self.name == "independence":
            return np.eye(size)
        if self.name == "exchangeable":
            return np.where(np.eye(size, dtype=bool), 1.0, self.alpha[0])
        if self.name == "ar1":
            return np.asarray(self.alpha[0] ** np.abs(np.subtract.outer(np.arange(size), np.arange(size))))
        upper = np.zeros((size, size))
        upper[np.triu_indices(size, 1)] = self.alpha
        return upper + upper.T + np.eye(size)


def working_correlation(name: str, estimator: str, r: np.ndarray, clusters: Clusters, p: int) -> Working:
    """Return the working correlation of Pearson residuals r (N,) by moments, as geepack or SAS takes them.

    Raises
    ------
    FitError
        There are too few pairs of rows, or the correlation cannot be inverted.
    """
    lost = p if estimator == "sas" else 0
    scale = float(r @ r) / (len(r) - lost)
    if name == "independence":
        return Working(name, np.empty(0), scale)
    if name == "exchangeable":
        total = ((clusters.sums(r) ** 2).sum() - r @ r) / 2
        count = (clusters.sizes * (clusters.sizes - 1)).sum() / 2
        alpha = moment(np.array([total]), np.array([count]), lost, scale)
    else:
        products, pairs = pairs_of_places(r, clusters)
        if name == "unstructured":
            upper = np.triu_indices(clusters.places, 1)
            alpha = moment(products[upper], pairs[upper], lost, scale)
        elif estimator == "sas":
            alpha = moment(np.array([np.trace(products, 1)]), np.array([np.trace(pairs, 1)]), lost, scale)
        else:
            alpha = np.array([all_lags(products / scale, pairs)])
    found = Working(name, alpha, scale)
    check_definite(found, int(clusters.sizes.max()) if name == "exchangeable" else clusters.places)
    return found


def moment(total: np.ndarray, pairs: np.ndarray, lost: int, scale: float) -> np.ndarray:
    """Return sums of products over their number, less `lost`, and the scale."""
    if (pairs <= lost).any():
        less = f", of which the {lost} coefficients are taken off" if lost else ""
        raise FitError(
            f"a correlation within clusters rests on {int(pairs.min())} pairs of rows{less}",
            ["Use working='independence'.", *(["Use alpha='geepack', which takes nothing off."] if lost else [])],
        )
    return np.asarray(total / (pairs - lost) / scale)


def pairs_of_places(r: np.ndarray, clusters: Clusters) -> tuple[np.ndarray, np.ndarray]:
    """Return the sums of products of residuals at each two places, and the clusters that have both; (m, m) each."""
    wide, seen = clusters.spread(r), clusters.spread(np.ones(len(r)))
    return wide.T @ wide, seen.T @ seen


def all_lags(products: np.ndarray, pairs: np.ndarray) -> float:
    """Return the alpha whose powers fit the products of all pairs by least squares.

    The root of sum_d d alpha^(d - 1) (s_d - c_d alpha^d), d places apart; of several the one with the least squares.
    """
    lags = np.arange(1, len(products))
    s = np.array([np.trace(products, d) for d in lags])
    c = np.array([np.trace(pairs, d) for d in lags])
    moment(s, np.array([c.sum()]), 0, 1.0)

    def equation(alpha: float) -> float:
        return float((lags * alpha ** (lags - 1.0) * (s - c * alpha**lags)).sum())

    def squares(alpha: float) -> float:
        return float((c * alpha ** (2 * lags) - 2 * s * alpha**lags).sum())

    grid = np.linspace(-1, 1, GRID)
    values = np.array([equation(alpha) for alpha in grid])
    falls = np.flatnonzero((values[:-1] > 0) & (values[1:] <= 0))
    roots = [float(brentq(equation, grid[k], grid[k + 1], xtol=1e-15, rtol=1e-15)) for k in falls]
    return min([*roots, *(() if roots else (-1.0, 1.0))], key=squares)


def check_definite(working: Working, size: int) -> None:
    """Raise FitError where the correlation of the largest cluster cannot be inverted."""
    if working.name in ("exchangeable", "ar1"):
        alpha = float(working.alpha[0])
        low = 1 + (size - 1) * alpha if working.name == "exchangeable" else 1 + alpha
        smallest = min(low, 1 - alpha)
    else:
        smallest = float(np.linalg.eigvalsh(working.matrix(size)).min())
    if not smallest > DEFINITE:
        shown = ", ".join(f"{value:.3f}" for value in working.alpha[:6])
        raise FitError(
            f"the {working.name} working correlation ({shown}) of {size} rows has the eigenvalue {smallest:.3g} and "
            "cannot be inverted",
            [
                "Use a working correlation with fewer parameters: 'exchangeable' or 'independence'. Standard errors "
                "are valid with any.",
                "Look for visits that repeat each other.",
            ],
        )


def decorrelated(working: Working, values: np.ndarray, clusters: Clusters) -> np.ndarray:
    """Return rows (N, q) times a root of the inverse working correlation of their cluster."""
    if working.name == "independence":
        return values
    if working.name == "exchangeable":
        alpha = float(working.alpha[0])
        mean = (clusters.sums(values) / clusters.sizes[:, None])[clusters.owner]
        between = 1 / np.sqrt(1 + (clusters.sizes[clusters.owner, None] - 1) * alpha)
        return np.asarray((values - mean) / np.sqrt(1 - alpha) + mean * between)
    if working.name == "ar1":
        return less_predecessor(float(working.alpha[0]), values, clusters)
    return by_pattern(working.matrix(clusters.places), values, clusters)


def less_predecessor(alpha: float, values: np.ndarray, clusters: Clusters) -> np.ndarray:
    """Return rows less what the row before predicts, over the root of what is left; first rows as they are."""
    later = np.ones(len(values), dtype=bool)
    later[clusters.starts] = False
    later = np.flatnonzero(later)
    carried = alpha ** (clusters.place[later] - clusters.place[later - 1])
    made = values.copy()
    made[later] = (values[later] - carried[:, None] * values[later - 1]) / np.sqrt(1 - carried**2)[:, None]
    return made


def by_pattern(correlation: np.ndarray, values: np.ndarray, clusters: Clusters) -> np.ndarray:
    """Return rows times the inverse Cholesky factor of the correlation of the places that their cluster has."""
    seen = clusters.spread(np.ones(len(values))).astype(bool)
    patterns, which = np.unique(seen, axis=0, return_inverse=True)
    made = np.empty_like(values)
    for k, pattern in enumerate(patterns):
        lower = np.linalg.cholesky(correlation[np.ix_(pattern, pattern)])
        inverse = solve_triangular(lower, np.eye(len(lower)), lower=True)
        rows = clusters.starts[which.ravel() == k][:, None] + np.arange(len(lower))
        made[rows] = inverse @ values[rows]
    return made
