"""Robust covariance of the coefficients of a generalised linear model, of rows or of clusters of rows.

With whitened rows b_i = sqrt(w_i) x_i, working weights w, and residuals e_i = (y_i - mu_i) / sqrt(w_i), it is the
sandwich of `coxa.models.inference.sandwich`, each cluster (or each row: HC) in the place of a participant:

    HC0, CR0  as they are;  HC1, CR1  times N / (N - p), G / (G - 1)
    HC2, CR2  (I - H)^(-1/2);  HC3, CR3  (I - H)^-1

CR2 is that of Kauermann & Carroll, Journal of the American Statistical Association 2001, 96:1387-1396; CR3 that of
Mancl & DeRouen. R's clubSandwich takes another square root for CR2 where the variance differs within a cluster.

The power of I - H is taken in the space of the p coefficients, f(B Phi B') B = B f(Phi B' B), so that a cluster costs
no more the more rows it has.
"""

from __future__ import annotations

import math

import numpy as np

from coxa.models.inference.sandwich import LOST, Sandwich

ROBUST = ("HC0", "HC1", "HC2", "HC3")
CLUSTERED = ("CR0", "CR1", "CR2", "CR3")
POWERS = {"2": -0.5, "3": -1.0}

FEW_CLUSTERS = 40
"""Clusters below which a covariance without adjustment is known to be too small, and results say so."""

FEW_DF = 4.0
"""Satterthwaite's degrees of freedom below which p-values are known to be off (Tipton, Psychological Methods 2015)."""


class AloneError(Exception):
    """A cluster, or a row, determines a coefficient alone, so that nothing is known of its spread."""

    def __init__(self, cluster: int) -> None:
        self.cluster = cluster


def robust(kind: str, b: np.ndarray, residuals: np.ndarray, phi: np.ndarray, clusters: np.ndarray | None) -> Sandwich:
    """Return the sandwich covariance.

    Parameters
    ----------
    kind : one of `ROBUST` or `CLUSTERED`
    b : (N, p) whitened rows
    residuals : (N,) whitened
    phi : (p, p) inverse of b'b
    clusters : (N,) codes 0 ... G - 1, each with a row; None where each row is one

    Raises
    ------
    AloneError
        A cluster alone determines a coefficient, and the kind needs its leverage.
    """
    n, p = b.shape
    if clusters is None:
        order, starts = np.arange(n), np.arange(n)
    else:
        order = np.argsort(clusters, kind="stable")
        starts = np.searchsorted(clusters[order], np.arange(clusters.max() + 1))
    rows = b[order]
    g = len(starts)
    adjusted = adjusted_rows(rows, phi, starts, POWERS[kind[-1]]) if kind[-1] in POWERS else rows
    scores = np.add.reduceat(adjusted * residuals[order, None], starts)
    factor = {"HC1": n / (n - p), "CR1": g / (g - 1)}.get(kind, 1.0)
    covariance = factor * phi @ (scores.T @ scores) @ phi
    return Sandwich((covariance + covariance.T) / 2, phi, rows, adjusted, starts)


def adjusted_rows(rows: np.ndarray, phi: np.ndarray, starts: np.ndarray, power: float) -> np.ndarray:
    """Return F B of each cluster, F the power of I - H, shape (N, p); rows are in the order of the clusters."""
    n, p = rows.shape
    if len(starts) == n:
        left = 1 - np.einsum("ia,ab,ib->i", rows, phi, rows)
        if left.min() < LOST:
            raise AloneError(int(left.argmin()))
        return np.asarray(rows * (left**power)[:, None])
    root = np.linalg.cholesky(phi)
    products = np.add.reduceat(np.einsum("ia,ib->iab", rows, rows), starts)
    values, vectors = np.linalg.eigh(np.eye(p) - root.T @ products @ root)
    if values.min() < LOST:
        raise AloneError(int(values.min(axis=1).argmin()))
    turned = root @ ((vectors * (values**power)[:, None, :]) @ vectors.swapaxes(1, 2)) @ np.linalg.inv(root)
    sizes = np.diff(np.r_[starts, n])
    return np.einsum("ia,iab->ib", rows, np.repeat(turned, sizes, axis=0))


def df_of(kind: str, sandwich: Sandwich, row: np.ndarray) -> float:
    """Return the degrees of freedom of row'gamma, row (p,): none for HC0, N - p, G - 1, or Satterthwaite's."""
    n, p = sandwich.whitened.shape
    fixed = {"HC0": math.inf, "HC1": float(n - p), "CR1": float(len(sandwich.starts) - 1)}
    return fixed[kind] if kind in fixed else sandwich.df(row)
