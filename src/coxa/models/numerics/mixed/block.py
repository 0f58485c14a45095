"""What the likelihood needs of the covariance within blocks: a protocol, and the records that it gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from coxa.models.numerics.mixed.triangle import Triangle


@dataclass(frozen=True, slots=True)
class Within:
    """The covariance V0 within blocks at some parameters, W its inverse, Z the columns (u, x, y).

    log_det : log|V0|
    moments : (width, width) Z'WZ
    parts   : whatever the model of the blocks keeps for its derivatives
    """

    log_det: float
    moments: np.ndarray
    parts: Any


@dataclass(frozen=True, slots=True)
class Slopes:
    """First derivatives V_k of V0 in its K parameters, and the traces that need no data.

    moments : (K, width, width) Z'W V_k W Z
    trace   : (K,) tr(W V_k)
    pairs   : (K, K) tr(W V_k W V_l)
    bends   : (K, K) tr(W V_kl)
    """

    moments: np.ndarray
    trace: np.ndarray
    pairs: np.ndarray
    bends: np.ndarray


@dataclass(frozen=True, slots=True)
class Curvature:
    """Contractions of a kernel (width, width) with second-order products.

    pairs : (K, K) <kernel, Z'W V_k W V_l W Z>
    bends : (K, K) <kernel, Z'W V_kl W Z>
    """

    pairs: np.ndarray
    bends: np.ndarray


class BlockModel(Protocol):
    """The covariance within blocks as a function of K parameters."""

    @property
    def triangle(self) -> Triangle:
        """Covariance of the random coefficients of a block."""
        ...

    @property
    def size(self) -> int:
        """Number of parameters K."""
        ...

    @property
    def width(self) -> int:
        """Number of columns of Z."""
        ...

    @property
    def n_rows(self) -> int:
        """Number of rows N."""
        ...

    def within(self, theta: np.ndarray) -> Within:
        """Return the covariance at theta; LinAlgError where it is not positive definite."""
        ...

    def slopes(self, at: Within) -> Slopes:
        """Return first derivatives and traces."""
        ...

    def curvature(self, at: Within, kernels: Sequence[np.ndarray]) -> list[Curvature]:
        """Return the contractions with symmetric kernels."""
        ...

    def paired(self, at: Within, weights: np.ndarray) -> np.ndarray:
        """Return sum_kl weights_kl Z'W V_k W V_l W Z, shape (width, width), made symmetric."""
        ...

    def bent(self, at: Within, weights: np.ndarray) -> np.ndarray:
        """Return sum_kl weights_kl Z'W V_kl W Z over the parameters in which V0 cannot be written linear."""
        ...
