"""Errors that hold where the covariance of a trial's estimates is guessed: CR2, with Satterthwaite's df."""

from __future__ import annotations

import numpy as np

from coxa.meta.effects import Floats, Wholes

NEGLIGIBLE = 1e-12
"""Relative eigenvalue of an adjustment below which it is taken as zero."""


def robust_errors(residuals: Floats, x: Floats, total: Floats, clusters: Wholes) -> tuple[Floats, Floats]:
    """Return CR2 standard errors of the coefficients and their degrees of freedom.

    Parameters
    ----------
    residuals
        (k,), of generalised least squares with the inverse of `total` as weights.
    x, total
        (k, p) and (k, k): design and working covariance, block diagonal by cluster.
    clusters
        (k,), numbers from 0.

    Returns
    -------
    tuple of ndarray
        (p,) errors and (p,) degrees of freedom.

    Notes
    -----
    Residuals of a cluster are multiplied by a matrix under which their covariance, if `total` is right, is that of the
    errors (Bell and McCaffrey 2002; Pustejovsky and Tipton 2018).
    """
    precision = np.linalg.inv(total)
    bread = np.linalg.inv(x.T @ precision @ x)
    leave = np.eye(len(residuals)) - x @ bread @ x.T @ precision
    meat = np.zeros_like(bread)
    rows: list[Floats] = []
    for cluster in range(int(clusters.max()) + 1):
        at = np.flatnonzero(clusters == cluster)
        block, xs = total[np.ix_(at, at)], x[at]
        adjusted = xs.T @ precision[np.ix_(at, at)] @ _adjustment(block, xs, bread)
        influence = bread @ adjusted
        score = influence @ residuals[at]
        meat += np.outer(score, score)
        rows.append(influence @ leave[at])
    df = [_satterthwaite(np.stack([row[place] for row in rows]), total) for place in range(x.shape[1])]
    return np.sqrt(np.diag(meat)), np.array(df)


def _adjustment(block: Floats, xs: Floats, bread: Floats) -> Floats:
    """Return D'(B^-1/2)D, with B = D (block - X bread X') D' and D the upper root of the block."""
    root = np.linalg.cholesky(block).T
    values, vectors = np.linalg.eigh(root @ (block - xs @ bread @ xs.T) @ root.T)
    kept = values > NEGLIGIBLE * max(float(values.max()), 0.0)
    inverse_root = (vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T
    return np.asarray(root.T @ inverse_root @ root)


def _satterthwaite(rows: Floats, total: Floats) -> float:
    """Return the degrees of freedom of a sum of squares of `rows` (m, k) times errors of covariance `total`."""
    products = rows @ total @ rows.T
    return float(np.trace(products) ** 2 / np.sum(products**2))
