"""Structures that scale a correlation with few parameters by standard deviations: one for all visits, or one each.

theta holds the logs of the standard deviations, then one unconstrained number t for each correlation, by default
rho = t / sqrt(1 + t^2). These are the parameters of the R package mmrm (0.3.18), so that the second derivatives
that enter its Kenward-Roger adjustment are the same here.

Compound symmetry: every two visits have the same correlation. It lies between -1 / (m - 1) and 1; its parameter is the
logit of where between, as in mmrm.

Autoregressive: the correlation of two visits is rho to the power of how many steps they are apart, whatever lies
between them; for real distances use `spatial_exponential`.

Toeplitz: visits that are equally many steps apart have the same correlation.

Ante-dependence: neighbours have their own correlation, and visits further apart the product of those between. SAS's
ANTE(1) has a variance for each visit: it is `adh`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.special import expit, logit

from coxa.models.covariance.structure import Structure

INSIDE = 0.99
"""Largest correlation that a search starts from."""

SHRINK = 0.8
"""Factor by which correlations are drawn to zero until they make a positive definite matrix."""

SMALLEST = 1e-3
"""Smallest eigenvalue of a correlation that a search starts from."""


def bounded(t: np.ndarray, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # noqa: ARG001
    """Return rho = t / sqrt(1 + t^2) with its first and second derivatives."""
    root = 1 / np.sqrt(1 + t**2)
    return t * root, root**3, -3 * t * root**5


def unbounded(rho: np.ndarray, m: int) -> np.ndarray:  # noqa: ARG001
    """Return the t whose rho is given.

    Examples
    --------
    >>> float(bounded(unbounded(np.array(0.6), 4), 4)[0])
    0.6
    """
    return rho / np.sqrt(1 - rho**2)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A correlation over m visits with r parameters rho.

    matrix    : rho (r,), m -> correlation (m, m), its first (r, m, m) and second (r, r, m, m) derivatives
    guess     : correlation (m, m) -> rho (r,)
    names     : labels of the visits -> r names of the parameters
    bounded   : t (r,), m -> rho (r,), its first (r,) and second (r,) derivatives
    unbounded : rho (r,), m -> t (r,)
    """

    matrix: Callable[[np.ndarray, int], tuple[np.ndarray, np.ndarray, np.ndarray]]
    guess: Callable[[np.ndarray], np.ndarray]
    names: Callable[[Sequence[str]], list[str]]
    bounded: Callable[[np.ndarray, int], tuple[np.ndarray, np.ndarray, np.ndarray]] = bounded
    unbounded: Callable[[np.ndarray, int], np.ndarray] = unbounded


def lags(m: int) -> np.ndarray:
    """Return how many visits lie between each two of m, shape (m, m)."""
    return np.abs(np.subtract.outer(np.arange(m), np.arange(m)))


def positive(pattern: Pattern, correlation: np.ndarray) -> np.ndarray:
    """Return the pattern's guess, drawn towards zero until its matrix is positive definite."""
    rho = np.clip(pattern.guess(correlation), -INSIDE, INSIDE)
    while np.linalg.eigvalsh(pattern.matrix(rho, len(correlation))[0])[0] < SMALLEST:
        rho = SHRINK * rho
    return rho


def scaled(
    pattern: Pattern,
    *,
    name: str,
    each: bool,
    steps: bool = True,
    linear: bool = False,
) -> Structure:
    """Return the structure of a pattern, with a standard deviation for each visit or one for all."""

    def scales(m: int) -> int:
        return m if each else 1

    def parts(theta: np.ndarray, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the product of each two SD (m, m), rho (r,), and how a log SD enters each element (s, m, m)."""
        k = scales(m)
        sd = np.broadcast_to(np.exp(theta[:k]), m)
        unit = np.eye(m)
        enters = unit[:, :, None] + unit[:, None, :] if each else np.full((1, m, m), 2.0)
        return np.outer(sd, sd), theta[k:], enters

    def matrix(theta: np.ndarray, times: np.ndarray) -> np.ndarray:
        m = times.shape[-1]
        product, t, _ = parts(theta, m)
        return product * pattern.matrix(pattern.bounded(t, m)[0], m)[0]

    def derivatives(theta: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        m = times.shape[-1]
        product, t, enters = parts(theta, m)
        rho, slope, bend = pattern.bounded(t, m)
        correlation, in_rho, twice = pattern.matrix(rho, m)
        covariance = product * correlation
        k, r = len(enters), len(t)
        by_t = product * in_rho * slope[:, None, None]
        first = np.concatenate([enters * covariance, by_t])
        second = np.empty((k + r, k + r, m, m))
        second[:k, :k] = enters[:, None] * enters * covariance
        second[:k, k:] = enters[:, None] * by_t
        second[k:, :k] = second[:k, k:].swapaxes(0, 1)
        second[k:, k:] = product * twice * np.multiply.outer(slope, slope)[:, :, None, None]
        second[range(k, k + r), range(k, k + r)] += product * in_rho * bend[:, None, None]
        return first, second

    def start(moments: np.ndarray, times: np.ndarray) -> np.ndarray:  # noqa: ARG001
        variance = np.diag(moments)
        sd = np.sqrt(variance)
        scale = sd if each else np.sqrt(variance.mean(keepdims=True))
        rho = positive(pattern, moments / np.outer(sd, sd))
        return np.concatenate([np.log(scale), pattern.unbounded(rho, len(sd))])

    def parameters(theta: np.ndarray, times: np.ndarray, labels: Sequence[str]) -> dict[str, float]:  # noqa: ARG001
        m = len(labels)
        k = scales(m)
        names = [f"sd[{label}]" for label in labels] if each else ["sd"]
        values = np.concatenate([np.exp(theta[:k]), pattern.bounded(theta[k:], m)[0]])
        return dict(zip([*names, *pattern.names(labels)], map(float, values), strict=True))

    return Structure(
        name=name,
        count=lambda m: scales(m) + len(pattern.names([""] * m)),
        matrix=matrix,
        derivatives=derivatives,
        start=start,
        parameters=parameters,
        steps=steps,
        linear=linear,
    )


def compound(rho: np.ndarray, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the correlation (m, m) and its derivatives in rho (1,)."""
    apart = (lags(m) > 0).astype(float)
    return np.eye(m) + rho[0] * apart, apart[None], np.zeros((1, 1, m, m))


def mean_correlation(correlation: np.ndarray) -> np.ndarray:
    """Return the mean correlation."""
    return correlation[np.triu_indices(len(correlation), 1)].mean(keepdims=True)


def between(t: np.ndarray, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rho with its first and second derivatives."""
    share, lowest = expit(t), -1 / (m - 1)
    slope = (1 - lowest) * share * (1 - share)
    return lowest + (1 - lowest) * share, slope, slope * (1 - 2 * share)


def logit_between(rho: np.ndarray, m: int) -> np.ndarray:
    """Return the t whose rho is given.

    Examples
    --------
    >>> float(logit_between(np.array(1 / 3), 4))
    0.0
    """
    lowest = -1 / (m - 1)
    return logit((rho - lowest) / (1 - lowest))


SAME = Pattern(compound, mean_correlation, lambda _labels: ["correlation"], between, logit_between)

COMPOUND_SYMMETRY = scaled(SAME, name="cs", each=False, steps=False, linear=True)

HETEROGENEOUS_COMPOUND_SYMMETRY = scaled(
    SAME,
    name="csh",
    each=True,
    steps=False,
)


def autoregressive(rho: np.ndarray, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the correlation (m, m) and its derivatives in rho (1,)."""
    lag = lags(m)
    first = lag * rho[0] ** np.maximum(lag - 1, 0)
    second = lag * (lag - 1) * rho[0] ** np.maximum(lag - 2, 0)
    return rho[0] ** lag, first[None], second[None, None]


def mean_of_neighbours(correlation: np.ndarray) -> np.ndarray:
    """Return the mean correlation of neighbours."""
    return np.diag(correlation, 1).mean(keepdims=True)


FADING = Pattern(autoregressive, mean_of_neighbours, lambda _labels: ["correlation[neighbouring visits]"])

AUTOREGRESSIVE = scaled(
    FADING,
    name="ar1",
    each=False,
)

HETEROGENEOUS_AUTOREGRESSIVE = scaled(
    FADING,
    name="ar1h",
    each=True,
)


def toeplitz(rho: np.ndarray, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the correlation (m, m) and its derivatives in rho (m - 1,), one for each number of steps."""
    lag = lags(m)
    first = (lag == np.arange(1, m)[:, None, None]).astype(float)
    return np.append(1.0, rho)[lag], first, np.zeros((m - 1, m - 1, m, m))


def means_by_lag(correlation: np.ndarray) -> np.ndarray:
    """Return the mean correlation at each number of steps."""
    return np.array([np.diag(correlation, lag).mean() for lag in range(1, len(correlation))])


BY_LAG = Pattern(toeplitz, means_by_lag, lambda labels: [f"correlation[lag {lag}]" for lag in range(1, len(labels))])

TOEPLITZ = scaled(BY_LAG, name="toep", each=False, linear=True)

HETEROGENEOUS_TOEPLITZ = scaled(
    BY_LAG,
    name="toeph",
    each=True,
)


def ante_dependent(rho: np.ndarray, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the correlation (m, m) and its derivatives in rho (m - 1,), one for each two neighbours."""
    step, visit = np.arange(m - 1)[:, None, None], np.arange(m)
    low, high = np.minimum.outer(visit, visit), np.maximum.outer(visit, visit)
    between = (low <= step) & (step < high)

    def product(without: tuple[int, ...]) -> np.ndarray:
        """Return the product of the steps between, those of `without` left out; zero where one is not between."""
        kept = between & ~np.isin(step, without)
        needed = between[list(without)].all(axis=0)
        return np.where(kept, rho[:, None, None], 1.0).prod(axis=0) * needed

    first = np.zeros((m - 1, m, m))
    second = np.zeros((m - 1, m - 1, m, m))
    for i in range(m - 1):
        first[i] = product((i,))
        for j in range(i):
            second[i, j] = second[j, i] = product((i, j))
    return product(()), first, second


def neighbours(correlation: np.ndarray) -> np.ndarray:
    """Return the correlations of neighbours."""
    return np.diag(correlation, 1).copy()


def pair_names(labels: Sequence[str]) -> list[str]:
    """Return a name for the correlation of each two neighbours."""
    return [f"correlation[{a}, {b}]" for a, b in pairwise(labels)]


BY_STEP = Pattern(ante_dependent, neighbours, pair_names)

ANTE_DEPENDENCE = scaled(BY_STEP, name="ad", each=False)

HETEROGENEOUS_ANTE_DEPENDENCE = scaled(
    BY_STEP,
    name="adh",
    each=True,
)

FAMILY = (
    COMPOUND_SYMMETRY,
    HETEROGENEOUS_COMPOUND_SYMMETRY,
    AUTOREGRESSIVE,
    HETEROGENEOUS_AUTOREGRESSIVE,
    TOEPLITZ,
    HETEROGENEOUS_TOEPLITZ,
    ANTE_DEPENDENCE,
    HETEROGENEOUS_ANTE_DEPENDENCE,
)
