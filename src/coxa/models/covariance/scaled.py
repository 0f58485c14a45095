"""Structures that scale a correlation with few parameters by standard deviations: one for all visits, or one each.

theta holds the logs of the standard deviations, then one unconstrained number t for each correlation, by default
rho = t / sqrt(1 + t^2). These are the parameters of the R package mmrm (0.3.18), so that the second derivatives
that enter its Kenward-Roger adjustment are the same here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

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
