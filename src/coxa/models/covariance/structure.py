"""What a covariance structure is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from coxa.covariances import COVARIANCES


@dataclass(frozen=True, slots=True)
class LeanDerivatives:
    """Derivatives of a structure whose second ones are only ever needed in products; arguments as in `Structure`."""

    first: Callable[[np.ndarray, np.ndarray], np.ndarray]
    inner: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
    summed: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class Limit:
    """A simpler model that a structure contains at the boundary of its parameters.

    name  : in a record of what was tried, such as ``correlation 0``
    words : what a reader is told of a fit that ends there
    held  : position in theta -> value at which it is held
    """

    name: str
    words: str
    held: Mapping[int, float]


def no_limits(gap: float) -> tuple[Limit, ...]:  # noqa: ARG001
    """Return none: all boundaries are singular matrices."""
    return ()


@dataclass(frozen=True, slots=True)
class Structure:
    """A covariance over m visits as a smooth function of K unconstrained parameters theta.

    The visits are given by their `times`, shape (..., m). A structure that looks at the order of the visits alone
    uses only their number and returns one matrix; one that looks at distances returns one for each row of times.

    name        : short name, as in a study file; what it is called otherwise is in `coxa.covariances`
    count       : m -> K
    matrix      : theta (K,), times (..., m) -> covariance (..., m, m)
    derivatives : theta (K,), times (..., m) -> first (..., K, m, m) and second (..., K, K, m, m) derivatives
    start       : positive definite moments (m, m), times (m,) -> theta (K,) of a covariance near the moments
    parameters  : theta (K,), times (m,), labels of the visits -> what a reader calls the parameters, by name
    steps       : whether it counts how many visits lie between two, whatever the time between them
    linear      : whether the covariance can be written linear in its parameters; SAS's Kenward-Roger is then the
                  linear one
    lean        : the same derivatives without the array (K, K, m, m) of the second, where K grows with m^2
    limits      : shortest time between two visits -> the models at the boundary, which have a likelihood of their own
    """

    name: str
    count: Callable[[int], int]
    matrix: Callable[[np.ndarray, np.ndarray], np.ndarray]
    derivatives: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
    start: Callable[[np.ndarray, np.ndarray], np.ndarray]
    parameters: Callable[[np.ndarray, np.ndarray, Sequence[str]], dict[str, float]]
    steps: bool = False
    linear: bool = False
    lean: LeanDerivatives | None = None
    limits: Callable[[float], tuple[Limit, ...]] = no_limits

    @property
    def long_name(self) -> str:
        """The name in words, as printed."""
        known = COVARIANCES.get(self.name)
        return known.long_name if known else self.name

    @property
    def spatial(self) -> bool:
        """Whether it looks at the distances between times."""
        known = COVARIANCES.get(self.name)
        return known is not None and known.spatial

    def first(self, theta: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Return the first derivatives (..., K, m, m)."""
        return self.derivatives(theta, times)[0] if self.lean is None else self.lean.first(theta, times)

    def inner(self, theta: np.ndarray, times: np.ndarray, kernel: np.ndarray) -> np.ndarray:
        """Return the inner products (..., K, K) of the second derivatives with symmetric kernels (..., m, m)."""
        if self.lean is not None:
            return self.lean.inner(theta, times, kernel)
        return np.einsum("...ab,...klab->...kl", kernel, self.derivatives(theta, times)[1])

    def summed(self, theta: np.ndarray, times: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return the sums (..., m, m) of the second derivatives with symmetric weights (..., K, K)."""
        if self.lean is not None:
            return self.lean.summed(theta, times, weights)
        return np.einsum("...kl,...klab->...ab", weights, self.derivatives(theta, times)[1])
