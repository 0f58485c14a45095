"""Where the search for a covariance begins: moments of the least squares residuals."""

from __future__ import annotations

import numpy as np

from coxa.models.numerics.reml import likelihood, residual_moments
from coxa.models.numerics.stack import Stack

FLOOR = 1e-3
"""Smallest eigenvalue of the correlation from which the optimiser starts."""

FEWEST = 2
"""Participants seen at both of two visits from whom a group's covariance is guessed; with fewer, from all groups."""


USED_UP = 1e-6
"""Degrees of freedom below which the fixed effects have left nothing at a visit; what they leave is 1 or a part of it
that is not nothing."""


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


def left_over(sums: Stack) -> np.ndarray:
    """Return the degrees of freedom that the fixed effects leave to each visit of each group, shape (B, m)."""
    ordinary = likelihood(sums, np.eye(sums.m))
    kernel = np.zeros((sums.p + 1, sums.p + 1))
    kernel[: sums.p, : sums.p] = ordinary.phi
    leverage = np.diagonal(sums.contract(kernel), axis1=1, axis2=2)
    each = sums.n[:, None] * sums.observed - leverage
    return np.array([each[sums.members(g)].sum(axis=0) for g in range(sums.groups)])


def lifted(raw: np.ndarray) -> np.ndarray:
    """Return a positive definite matrix (m, m) with the variances of `raw` and near its correlations."""
    sd = np.sqrt(np.diag(raw))
    values, vectors = np.linalg.eigh(raw / np.outer(sd, sd))
    near = (vectors * np.maximum(values, FLOOR)) @ vectors.T
    root = np.sqrt(np.diag(near))
    return near / np.outer(root, root) * np.outer(sd, sd)


def borrow_variance(moments: np.ndarray, fitted_exactly: np.ndarray) -> None:
    """Give visits (m,) whose residuals are nothing but rounding the mean variance of the others, in moments (m, m)."""
    if not fitted_exactly.any() or fitted_exactly.all():
        return
    moments[fitted_exactly] = moments[:, fitted_exactly] = 0.0
    own = np.flatnonzero(fitted_exactly)
    moments[own, own] = np.diag(moments)[~fitted_exactly].mean()


def starts(sums: Stack) -> list[tuple[str, np.ndarray]]:
    """Return positive definite matrices (B, m, m) to start from, the best guess first."""
    raw = moments(sums)
    for own, fitted_exactly in zip(raw, left_over(sums) < USED_UP, strict=True):
        borrow_variance(own, fitted_exactly)
    variances = np.array([np.diag(np.diag(one)) for one in raw])
    if not (np.diagonal(raw, axis1=1, axis2=2) > 0).all():
        return []
    near = np.array([lifted(one) for one in raw])
    return [
        ("moments of the residuals", near),
        ("half of the correlations", (near + variances) / 2),
        ("no correlation", variances),
    ]
