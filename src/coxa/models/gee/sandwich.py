"""Sandwich covariances of few clusters, and their degrees of freedom, from each cluster's score and information.

With V_i the working covariance of cluster i at scale 1, D_i the slopes of its means, U_i = D_i' V_i^-1 (y_i - mu_i),
O_i = D_i' V_i^-1 D_i and B = (sum O_i)^-1, the covariance is B (sum A_i U_i U_i' A_i') B with

    LZ  A_i = I                              Liang & Zeger, Biometrika 1986, 73:13-22
    KC  A_i = (I - O_i B)^(-1/2)             Kauermann & Carroll, JASA 2001, 96:1387-1396
    MD  A_i = (I - O_i B)^-1                 Mancl & DeRouen, Biometrics 2001, 57:126-134
    FG  A_i = diag(1 - min(3/4, (O_i B)_jj))^(-1/2)   Fay & Graubard, Biometrics 2001, 57:1198-1206

KC and MD are written there with the leverage of the rows, H_i = D_i B D_i' V_i^-1. For every power series f,
D_i' V_i^-1 f(H_i) = f(O_i B) D_i' V_i^-1, so that matrices of the size of a cluster are never made.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coxa.models.gee.clusters import Clusters
from coxa.models.inference.methods import matched_df, wald_f

LOST = 1e-10
"""Eigenvalue of I - O_i B below which a cluster alone determines a coefficient; the direction has no residual."""

BOUND = 0.75
"""Fay and Graubard's bound of the share of a cluster."""


@dataclass(frozen=True, slots=True)
class ClusterScores:
    """Scores and shares of K clusters, in coordinates in which the information of all together is the unit matrix.

    root   : (p, p) takes these coordinates to coefficients; root root' is B
    scores : (K, p) root' U_i
    shares : (K, p, p) root' O_i root; they add up to the unit matrix
    """

    root: np.ndarray
    scores: np.ndarray
    shares: np.ndarray


def cluster_scores(rows: np.ndarray, residuals: np.ndarray, back: np.ndarray, clusters: Clusters) -> ClusterScores:
    """Return the scores and shares of whitened rows (N, p) and residuals (N,), sorted by cluster.

    back : (p, p) takes coefficients of these rows to those of the formula
    """
    upper = np.linalg.cholesky(rows.T @ rows).T
    inverse = np.linalg.inv(upper)
    unit = rows @ inverse
    shares = np.array([unit[a:b].T @ unit[a:b] for a, b in ends(clusters)])
    return ClusterScores(back @ inverse, clusters.sums(unit * residuals[:, None]), shares)


def ends(clusters: Clusters) -> list[tuple[int, int]]:
    """Return the first row of each cluster, and the row after its last."""
    return list(zip(clusters.starts.tolist(), (clusters.starts + clusters.sizes).tolist(), strict=True))


def adjustments(vcov: str, of: ClusterScores) -> np.ndarray:
    """Return A_i of each cluster in the coordinates of the scores, (K, p, p)."""
    count, p = of.scores.shape
    if vcov == "LZ":
        return np.broadcast_to(np.eye(p), (count, p, p))
    if vcov == "FG":
        back = np.linalg.inv(of.root)
        own = np.einsum("ab,kbc,ca->ka", back.T, of.shares, of.root.T)
        scale = 1 / np.sqrt(1 - np.minimum(BOUND, own))
        return np.asarray(np.einsum("ba,kb,bc->kac", of.root, scale, back.T))
    return power_of_rest(of.shares, -0.5 if vcov == "KC" else -1.0)


def power_of_rest(shares: np.ndarray, power: float) -> np.ndarray:
    """Return (I - share)^power of each cluster, (K, p, p); 0 in a direction that the cluster alone determines."""
    values, vectors = np.linalg.eigh(shares)
    left = 1 - values
    kept = left > LOST
    scale = np.where(kept, np.where(kept, left, 1.0) ** power, 0.0)
    return np.asarray((vectors * scale[:, None, :]) @ vectors.swapaxes(1, 2))


def alone(of: ClusterScores) -> np.ndarray:
    """Return which clusters determine a coefficient, or a combination of them, alone; (K,)."""
    return np.asarray(np.linalg.eigvalsh(of.shares).max(axis=1) > 1 - LOST)


def sandwich_covariance(of: ClusterScores, adjusted: np.ndarray) -> np.ndarray:
    """Return the covariance (p, p) of the coefficients."""
    half = np.einsum("kab,kb->ka", adjusted, of.scores) @ of.root.T
    return np.asarray(half.T @ half)


@dataclass(frozen=True, slots=True)
class ClusterDf:
    """A sandwich covariance with degrees of freedom of each linear function of the coefficients.

    The variance of c'beta is a sum of squares of K linear functions of the clusters' scores. With scores of covariance
    P_i, the functions have a covariance (K, K) whose squared trace over the trace of its square are the degrees of
    freedom. They are residuals' scores: what the cluster takes off all others is in it.

    covariance : (p, p)
    of         : scores and shares
    adjusted   : (K, p, p) A_i
    method     : "satterthwaite", P_i that of the working model; "fay-graubard", P_i the sum of the adjusted products
                 of scores, shared out by what the variance of the function would gain without the cluster
    """

    covariance: np.ndarray
    of: ClusterScores
    adjusted: np.ndarray
    method: str

    def df(self, row: np.ndarray) -> float:
        """Return the degrees of freedom of row'beta, row (p,)."""
        direction = self.of.root.T @ row
        a = self.adjusted.swapaxes(1, 2) @ direction
        b = (self.of.shares @ a[:, :, None])[:, :, 0]
        if self.method == "satterthwaite":
            return effective((a * b).sum(axis=1), np.hstack([b, b]))
        products = np.asarray(np.linalg.qr(np.einsum("kab,kb->ka", self.adjusted, self.of.scores), mode="r"))
        gain = (
            np.einsum("a,kab,b->k", direction, power_of_rest(self.of.shares, -1.0), direction) - direction @ direction
        )
        weight = np.maximum(gain, 0) / np.maximum(gain, 0).sum()
        pa, pb = a @ products.T, b @ products.T
        return effective(weight * (pa**2).sum(axis=1), np.hstack([weight[:, None] * pa, pb]))

    def f_test(self, rows: np.ndarray, beta: np.ndarray) -> tuple[float, float]:
        """Return the F statistic; the denominator matches the mean of independent t^2, as with Fai and Cornelius."""
        vectors = np.linalg.eigh(rows @ self.covariance @ rows.T)[1]
        each = np.array([self.df(row) for row in vectors.T @ rows])
        return wald_f(rows, beta, self.covariance), matched_df(each)


def effective(own: np.ndarray, sides: np.ndarray) -> float:
    """Return trace^2 / trace of the square of diag(own) - P Q' - Q P' + Q Q', sides = (P, Q) of shape (K, 2q).

    The matrix (K, K) is not made: its square needs the products of the sides alone.
    """
    q = sides.shape[1] // 2
    middle = np.kron(np.array([[0.0, -1.0], [-1.0, 1.0]]), np.eye(q))
    low = ((sides @ middle) * sides).sum(axis=1)
    inner = sides.T @ sides @ middle
    squares = (own**2).sum() + 2 * (own * low).sum() + (inner * inner.T).sum()
    return float((own + low).sum() ** 2 / squares)
