"""What the likelihood needs of the covariance within blocks, whatever model they have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


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
