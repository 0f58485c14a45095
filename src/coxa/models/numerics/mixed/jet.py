"""Numbers with their first and second derivatives in a few parameters, for recursions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Jet:
    """Values of n things and their derivatives in L parameters.

    value  : (n,)
    first  : (L, n)
    second : (L, L, n)
    """

    value: np.ndarray
    first: np.ndarray
    second: np.ndarray

    def __add__(self, other: Jet) -> Jet:
        return Jet(self.value + other.value, self.first + other.first, self.second + other.second)

    def __sub__(self, other: Jet) -> Jet:
        return Jet(self.value - other.value, self.first - other.first, self.second - other.second)

    def __mul__(self, other: Jet) -> Jet:
        across = self.first[:, None] * other.first
        return Jet(
            self.value * other.value,
            self.first * other.value + self.value * other.first,
            self.second * other.value + self.value * other.second + across + across.swapaxes(0, 1),
        )

    def inverse(self) -> Jet:
        """Return one over it."""
        one = 1 / self.value
        square = one * one
        twice = 2 * square * one * self.first[:, None] * self.first
        return Jet(one, -square * self.first, twice - square * self.second)

    def part(self, things: slice) -> Jet:
        """Return some of the things."""
        return Jet(self.value[things], self.first[:, things], self.second[..., things])


def constant(value: np.ndarray, parameters: int) -> Jet:
    """Return numbers (n,) that no parameter moves."""
    n = len(value)
    return Jet(value, np.zeros((parameters, n)), np.zeros((parameters, parameters, n)))
