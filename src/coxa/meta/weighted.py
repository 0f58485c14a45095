"""Weighted least squares of a meta-analysis: small arrays, many values of tau² at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coxa.errors import FitError
from coxa.meta.effects import Floats

PARALLEL = 1e-10
"""Relative size of a singular value below which columns of moderators carry nothing of their own."""


@dataclass(frozen=True, slots=True)
class Line:
    """A weighted regression.

    coefficients : (p,)
    covariance   : (p, p), the inverse of X'WX
    residuals    : (k,)
    q            : weighted sum of squared residuals
    """

    coefficients: Floats
    covariance: Floats
    residuals: Floats
    q: float


def fit_line(y: Floats, x: Floats, weights: Floats) -> Line:
    """Return the weighted regression of y (k,) on x (k, p)."""
    information = x.T @ (weights[:, None] * x)
    covariance = np.linalg.inv(information)
    coefficients = covariance @ (x.T @ (weights * y))
    residuals = y - x @ coefficients
    return Line(coefficients, covariance, residuals, float(weights @ residuals**2))


def projection(x: Floats, weights: Floats) -> Floats:
    """Return P = W - W X (X'WX)^-1 X'W, (k, k): what weights leave of y once x is fitted."""
    wx = weights[:, None] * x
    return np.diag(weights) - wx @ np.linalg.inv(x.T @ wx) @ wx.T


def many_q(y: Floats, x: Floats, v: Floats, tau2: Floats) -> tuple[Floats, Floats, Floats]:
    """Return, for each of G values of tau², the weighted residual sum, log det X'WX and log det of the variances."""
    w = 1 / (v[None, :] + tau2[:, None])
    wx = w[:, :, None] * x[None]
    information = np.einsum("kp,gkq->gpq", x, wx)
    beta = np.linalg.solve(information, np.einsum("gkp,k->gp", wx, y)[:, :, None])[:, :, 0]
    residuals = y[None] - beta @ x.T
    return np.sum(w * residuals**2, axis=1), np.linalg.slogdet(information)[1], -np.sum(np.log(w), axis=1)


def check_design(x: Floats, names: tuple[str, ...]) -> None:
    """Raise a `FitError` where moderators are not told apart by the studies."""
    k, p = x.shape
    if k < p:
        raise FitError(f"{k} studies do not determine {p} coefficients ({', '.join(names)}). Leave out moderators")
    scaled = x / np.maximum(np.abs(x).max(axis=0), 1e-300)
    _, sizes, directions = np.linalg.svd(scaled, full_matrices=False)
    if sizes[-1] <= PARALLEL * sizes[0]:
        involved = [name for name, part in zip(names, np.abs(directions[-1]), strict=True) if part > 1e-6]
        raise FitError(f"The studies do not tell {' and '.join(involved)} apart. Leave out one of them")
