"""Where the search for a covariance begins: moments of the least squares residuals."""

from __future__ import annotations

import numpy as np

from coxa.models.numerics.reml import likelihood, residual_moments
from coxa.models.numerics.stack import Stack

FLOOR = 1e-3
"""Smallest eigenvalue of the correlation from which the optimiser starts."""

FEWEST = 2
"""Participants seen at both of two visits from whom a group's covariance is guessed; with fewer, from all groups."""


def moments(sums: Stack) -> np.ndarray:
    """Return the pairwise covariance of the residuals of ordinary least squares in each group, shape (B, m, m).

    Each entry is over the participants seen at both visits, of all groups where the group has too few; where there
    are none at all it is zero.
    """
    ordinary = likelihood(sums, np.eye(sums.m))
    by_pattern = residual_moments(sums, ordinary, reml=False)
    seen = np.einsum("s,sa,sb->sab", sums.n, sums.observed, sums.observed)
    total = np.array([by_pattern[sums.members(g)].sum(axis=0) for g in range(sums.groups)])
    together = np.array([seen[sums.members(g)].sum(axis=0) for g in range(sums.groups)])
    pooled = np.divide(total.sum(axis=0), together.sum(axis=0), out=np.zeros(total.shape[1:]), where=seen.any(axis=0))
    return np.where(together >= FEWEST, total / np.maximum(together, 1), pooled)


def lifted(raw: np.ndarray) -> np.ndarray:
    """Return a positive definite matrix (m, m) with the variances of `raw` and near its correlations."""
    sd = np.sqrt(np.diag(raw))
    values, vectors = np.linalg.eigh(raw / np.outer(sd, sd))
    near = (vectors * np.maximum(values, FLOOR)) @ vectors.T
    root = np.sqrt(np.diag(near))
    return near / np.outer(root, root) * np.outer(sd, sd)


def starts(sums: Stack) -> list[tuple[str, np.ndarray]]:
    """Return positive definite matrices (B, m, m) to start from, the best guess first."""
    raw = moments(sums)
    variances = np.array([np.diag(np.diag(one)) for one in raw])
    if not (np.diagonal(raw, axis1=1, axis2=2) > 0).all():
        return []
    near = np.array([lifted(one) for one in raw])
    return [
        ("moments of the residuals", near),
        ("half of the correlations", (near + variances) / 2),
        ("no correlation", variances),
    ]
