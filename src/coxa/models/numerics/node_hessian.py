"""The Hessian of an integrated likelihood without shape parameters, in one pass over the nodes."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from coxa.models.numerics.quadrature import Clusters, Placed, RowLikelihood


@runtime_checkable
class CurvedRows(RowLikelihood, Protocol):
    """Log densities without shape parameters, whose second derivative follows from the first."""

    def curvature_of(self, slope: np.ndarray) -> np.ndarray:
        """Return the second derivative (N, K) by the linear predictor, where the first is `slope` (N, K)."""


def hessian_at_nodes(rows: CurvedRows, columns: np.ndarray, clusters: Clusters, placed: Placed) -> np.ndarray:
    """Return the Hessian (p + 1, p + 1) of the log-likelihood by coefficients and sd, its nodes held where they are.

    Parameters
    ----------
    rows : CurvedRows
    columns : (N, p) of the linear predictor
    clusters : Clusters
    placed : Placed
        The nodes at these parameters, from `coxa.models.numerics.quadrature.integrate`.

    Notes
    -----
    Louis's formula (Journal of the Royal Statistical Society B 1982, 44:226-233), the nodes being what is missing: in
    each cluster the mean over the nodes of the second derivatives, and the covariance of the first. With enough nodes,
    which give the same integral wherever they are, it is the Hessian of `integrate`; with few it is near to that.
    """
    p, (c, k) = columns.shape[1], placed.u.shape
    first = np.empty((p + 1, c, k))
    for j in range(p):
        first[j] = clusters.sums(placed.slope * columns[:, j, None])
    np.multiply(placed.u, placed.slopes, out=first[p])
    first -= np.einsum("pck,ck->pc", first, placed.weights)[:, :, None]
    first *= np.sqrt(placed.weights)
    flat = first.reshape(p + 1, c * k)
    hessian = flat @ flat.T

    curvature = rows.curvature_of(placed.slope) * np.take(placed.weights, clusters.of_row, axis=0)
    u = np.take(placed.u, clusters.of_row, axis=0)
    along = np.einsum("nk,nk->n", curvature, u)
    hessian[:p, :p] += (columns.T * curvature.sum(axis=1)) @ columns
    hessian[:p, p] += columns.T @ along
    hessian[p, :p] = hessian[:p, p]
    hessian[p, p] += np.einsum("nk,nk,nk->", curvature, u, u)
    return hessian
