"""What the likelihood needs of the covariance within blocks, whatever model they have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Within:
    """The covariance V0 within blocks at some parameters, W its inverse, Z the columns (u, x, y).

    log_det : log|V0|
    moments : (C, width, width) Z'WZ of each component
    parts   : whatever the model of the blocks keeps for its derivatives
    """

    log_det: float
    moments: np.ndarray
    parts: Any


@dataclass(frozen=True, slots=True)
class Slopes:
    """First derivatives V_k of V0 in its K parameters, and the traces that need no data.

    moments : (K, C, width, width) Z'W V_k W Z of each component
    trace   : (K,) tr(W V_k)
    second  : (K, K) tr(W V_kl) - tr(W V_k W V_l), the second derivatives of log|V0|
    pairs   : (K, K) tr(W V_k W V_l), for the expected information
    """

    moments: np.ndarray
    trace: np.ndarray
    second: np.ndarray
    pairs: np.ndarray


@dataclass(frozen=True, slots=True)
class Curvature:
    """Contractions of kernels (C, width, width) with second-order products.

    second : (K, K) <kernel, 2 Z'W V_k W V_l W Z - Z'W V_kl W Z>, the second derivatives of Z'WZ
    pairs  : (K, K) <kernel, Z'W V_k W V_l W Z>, for the expected information
    """

    second: np.ndarray
    pairs: np.ndarray
