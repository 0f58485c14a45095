"""p-values and limits that hold for all comparisons of a family together, without random numbers.

They rest on the probability of a multivariate t vector to lie in a symmetric box. Given the scale s (a chi variable
over the root of its degrees of freedom) the vector is normal, and a normal probability of q correlated variables is an
integral over q - 1 conditional ones (Genz, Journal of Computational and Graphical Statistics 1992, 1:141-149). The
scale and up to three conditional variables are integrated with Gauss-Legendre nodes; more of them with a fixed lattice.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Literal, get_args

import numpy as np
from scipy import stats
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from coxa.errors import OptionError, check_option
from coxa.models.results.fit import Fit

Adjustment = Literal["none", "dunnett", "tukey"]

Family = Literal["visit", "all"]

WITH_LIMITS = {
    "dunnett": "Dunnett, multivariate t",
    "tukey": "Tukey, studentised range",
}
"""Adjustments that come with limits of their own, in words."""

PAIRWISE = "pairwise"
"""In place of a reference level: all pairs are compared."""


def check_adjustment(adjust: str, family: str, against: str | None) -> None:
    """Raise OptionError unless the adjustment goes with the comparisons that are asked for."""
    check_option("adjust", adjust, get_args(Adjustment))
    check_option("family", family, get_args(Family))
    if adjust == "tukey" and against != PAIRWISE:
        raise OptionError(
            "Tukey's adjustment is for all pairs, not for one reference. Write against='pairwise', or choose 'dunnett'."
        )
    if adjust == "dunnett" and against == PAIRWISE:
        raise OptionError("Dunnett's adjustment is for one reference, not for all pairs. Choose 'tukey'.")
    if adjust == "tukey" and family == "all":
        raise OptionError(
            "Tukey's adjustment is for the pairs of one visit (family='visit'). Over visits, use "
            "adjust_multiplicity(..., family=())."
        )


def simultaneous(
    fit: Fit,
    rows: np.ndarray,
    numbers: Sequence[dict[str, float]],
    families: Sequence[Any],
    adjust: str,
    n_levels: int,
) -> list[dict[str, float]]:
    """Return the numbers of each row with p-value and limits adjusted within its family.

    Parameters
    ----------
    fit : Fit
    rows : (q, p)
        The comparisons.
    numbers : sequence of q mappings
        Estimate, standard error, df, statistic and level of each, as of `coxa.estimates.means.numbers`.
    families : sequence of q
        Comparisons that share a value are one family.
    adjust : {"dunnett", "tukey"}
    n_levels : int
        How many means the pairs of Tukey's adjustment are of.

    Notes
    -----
    Sources: Dunnett, JASA 1955, 50:1096-1121, with the correlation that the model gives the comparisons
    (Hothorn, Bretz & Westfall, Biometrical Journal 2008, 50:346-363); Tukey 1953 and, for unequal variances,
    Kramer, Biometrics 1956, 12:307-310. Each comparison keeps its own degrees of freedom, as in emmeans.
    """
    covariance = rows @ fit.inference.covariance @ rows.T
    adjusted = [dict(row) for row in numbers]
    for family in dict.fromkeys(families):
        members = [k for k, name in enumerate(families) if name == family]
        inner = covariance[np.ix_(members, members)]
        sd = np.sqrt(np.diag(inner))
        for k in members:
            row = adjusted[k]
            if adjust == "tukey":
                p_value, half = tukey(row["statistic"], n_levels, row["df"], row["conf_level"])
            else:
                p_value, half = dunnett(row["statistic"], inner / np.outer(sd, sd), row["df"], row["conf_level"])
            row["p_value"] = p_value
            row["conf_low"] = row["estimate"] - half * row["std_error"]
            row["conf_high"] = row["estimate"] + half * row["std_error"]
    return adjusted


def tukey(statistic: float, n_levels: int, df: float, level: float) -> tuple[float, float]:
    """Return adjusted p-value and critical value of one of the pairs of `n_levels` means."""
    root = np.sqrt(2)
    p_value = float(stats.studentized_range.sf(abs(statistic) * root, n_levels, df))
    return p_value, float(stats.studentized_range.ppf(level, n_levels, df) / root)


def dunnett(statistic: float, correlation: np.ndarray, df: float, level: float) -> tuple[float, float]:
    """Return adjusted p-value and critical value of one of the comparisons with this correlation."""
    return adjusted_p(statistic, correlation, df), critical_value(level, correlation, df)


SCALE_NODES = 18

TENSOR_NODES = {0: 1, 1: 48, 2: 40, 3: 26}
"""Nodes in each of so many conditional variables; against closed forms the error is then below 3e-7."""

LATTICE_NODES = 4093
"""Points of the lattice for more variables; against closed forms the error is then below 2e-4."""

BEYOND = 1e-10
"""Probability of the scale that is left outside at either end."""

CRITICAL = 1e-6
"""How near a critical value is looked for."""

FAR = 7.5
"""Where the normal distribution is cut: 6e-14 of it lies beyond."""


def box_probability(half: float, correlation: np.ndarray, df: float) -> float:
    """Return P(|T_1| < half, ..., |T_q| < half) for T with this correlation (q, q) and these df.

    Raises
    ------
    numpy.linalg.LinAlgError
        The correlation is singular: one of the variables is a combination of the others.

    Examples
    --------
    >>> round(box_probability(2.37, np.full((3, 3), 0.5) + np.eye(3) / 2, 30.0), 3)
    0.937
    """
    lower = np.linalg.cholesky(correlation)
    if len(lower) == 1:
        return float(1 - 2 * stats.t.sf(half, df))
    ends = stats.chi2.ppf([BEYOND, 1 - BEYOND], df)
    low, high = np.sqrt(ends / df)
    nodes, weights = legendre(SCALE_NODES)
    scales = low + (high - low) * nodes
    density = 2 * df * scales * stats.chi2.pdf(df * scales**2, df) * (high - low) * weights
    given = normal_box(half * scales, lower)
    return float(np.clip(density @ given / density.sum(), 0.0, 1.0))


def normal_box(halves: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Return, for each half width (h,), the probability of its box under N(0, lower lower')."""
    q = len(lower)
    points, weights = conditional_nodes(q - 1)
    edge = halves[:, None] + np.zeros(len(points))
    drawn = np.zeros((q - 1, *edge.shape))
    density = np.ones(edge.shape)
    for k in range(q):
        centre = np.tensordot(lower[k, :k], drawn[:k], axes=1)
        low, high = (-edge - centre) / lower[k, k], (edge - centre) / lower[k, k]
        if k == q - 1:
            density *= ndtr(high) - ndtr(low)
        elif q - 1 in TENSOR_NODES:
            low, high = np.maximum(low, -FAR), np.maximum(np.minimum(high, FAR), -FAR)
            drawn[k] = low + (high - low) * points[:, k]
            density *= np.exp(-(drawn[k] ** 2) / 2) * np.maximum(high - low, 0) / np.sqrt(2 * np.pi)
        else:
            below, above = ndtr(low), ndtr(high)
            drawn[k] = np.clip(ndtri(below + points[:, k] * (above - below)), -FAR, FAR)
            density *= above - below
    return np.asarray(density @ weights)


@cache
def legendre(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes and weights of Gauss and Legendre on (0, 1)."""
    nodes, weights = np.polynomial.legendre.leggauss(n)
    return (nodes + 1) / 2, weights / 2


@cache
def conditional_nodes(d: int) -> tuple[np.ndarray, np.ndarray]:
    """Return points (n, d) in the unit cube and their weights (n,).

    From four dimensions they are a Richtmyer lattice, folded so that its ends meet (Genz & Bretz, Computation
    of Multivariate Normal and t Probabilities, 2009, section 4.2.2).
    """
    if d in TENSOR_NODES:
        nodes, weights = legendre(TENSOR_NODES[d])
        grids = np.meshgrid(*[nodes] * d, indexing="ij")
        products = np.meshgrid(*[weights] * d, indexing="ij")
        return np.stack(grids, axis=-1).reshape(-1, d), np.prod(products, axis=0).ravel()
    roots = np.sqrt(first_primes(d))
    lattice = (np.arange(1, LATTICE_NODES + 1)[:, None] * roots) % 1
    return 1 - np.abs(2 * lattice - 1), np.full(LATTICE_NODES, 1 / LATTICE_NODES)


def first_primes(n: int) -> np.ndarray:
    """Return the first n primes."""
    found: list[int] = []
    candidate = 2
    while len(found) < n:
        if all(candidate % prime for prime in found):
            found.append(candidate)
        candidate += 1
    return np.array(found, dtype=float)


def adjusted_p(statistic: float, correlation: np.ndarray, df: float) -> float:
    """Return the probability that the largest of |T_1|, ..., |T_q| exceeds |statistic|.

    It is kept between the unadjusted p-value and Bonferroni's, where it belongs.
    """
    alone = float(2 * stats.t.sf(abs(statistic), df))
    found = 1 - box_probability(abs(statistic), correlation, df)
    return float(np.clip(found, alone, min(1.0, len(correlation) * alone)))


def critical_value(level: float, correlation: np.ndarray, df: float) -> float:
    """Return the half width of the box that holds T with probability `level`."""
    alone = float(stats.t.ppf((1 + level) / 2, df))
    bonferroni = float(stats.t.isf((1 - level) / 2 / len(correlation), df))
    if len(correlation) == 1:
        return alone

    @cache
    def excess(half: float) -> float:
        return box_probability(half, correlation, df) - level

    if excess(alone) >= 0 or excess(bonferroni) <= 0:  # all but equal variables, or rounding at the ends
        return alone if excess(alone) >= 0 else bonferroni
    return float(brentq(excess, alone, bonferroni, xtol=CRITICAL))
