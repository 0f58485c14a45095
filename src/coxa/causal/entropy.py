"""Weights that make the means of the confounders exactly those of a target: entropy balancing.

Source: Hainmueller, Political Analysis 2012, 20:25-46.
"""

from __future__ import annotations

import numpy as np

from coxa.errors import FitError

BALANCED = 1e-9
"""Largest difference of a mean that entropy balancing leaves, in standard deviations."""
ROUNDING = 1e-13
"""Relative error of the function that entropy balancing minimises."""


def entropy_parts(
    columns: np.ndarray, groups: np.ndarray, tilt: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return weights exp(x'lambda) of groups that have the means of the target, with what their errors need.

    Parameters
    ----------
    columns : (n, p)
        Confounders, without a constant.
    groups : (k, n) bool
        Who is in each group that gets weights.
    tilt : (n,)
        Weight of each participant in the target.

    Returns
    -------
    tuple
        Weights (n,), 0 outside the groups and of the sum of `tilt` in each; their derivatives (n, k p) by lambda; and
        what each participant adds to the error of lambda (n, k p).

    Raises
    ------
    FitError
        Columns are collinear in a group, or no weights have the means.
    """
    spread = columns.std(axis=0)
    x = (columns - tilt @ columns / tilt.sum()) / np.where(spread > 0, spread, 1.0)
    value, slopes, influences = np.zeros(len(columns)), [], []
    for mine in groups:
        own = x[mine]
        if np.linalg.matrix_rank(own) < x.shape[1]:
            raise FitError(
                "the confounders are collinear in one group", ["Leave out a variable that follows from others."]
            )
        weight = np.zeros(len(columns))
        weight[mine] = balanced(own) * tilt.sum()
        value += weight
        hessian = (own * weight[mine, None]).T @ own
        # sum over the group of w x = 0, where x is measured from the mean of the target: its error is a parameter too
        score = -weight[:, None] * x + (tilt * weight.sum() / tilt.sum())[:, None] * x
        slopes.append(weight[:, None] * x)
        influences.append(np.linalg.solve(hessian, score.T).T)
    return value, np.hstack(slopes), np.hstack(influences)


def balanced(x: np.ndarray) -> np.ndarray:
    """Return weights (m,), of sum 1, nearest to equal ones, under which the columns have mean zero."""
    lam = np.zeros(x.shape[1])

    def dual(at: np.ndarray) -> tuple[float, np.ndarray]:
        power = x @ at
        top = power.max()
        w = np.exp(power - top)
        return float(np.log(w.sum()) + top), w / w.sum()

    value, w = dual(lam)
    for _ in range(200):
        gradient = x.T @ w
        if np.abs(gradient).max() < BALANCED / 1000:
            return w
        hessian = (x * w[:, None]).T @ x - np.outer(gradient, gradient)
        step = np.linalg.solve(hessian + 1e-12 * np.eye(len(lam)), gradient)
        size = 1.0
        slack = ROUNDING * (1 + abs(value))  # near the minimum a good step lowers the value by less than its last bits
        while size > 1e-10 and dual(lam - size * step)[0] > value - 1e-4 * size * float(gradient @ step) + slack:
            size /= 2
        lam = lam - size * step
        before = value
        value, w = dual(lam)
        if not np.isfinite(value) or (abs(before - value) < 1e-16 and np.abs(x.T @ w).max() < BALANCED):
            break
    if np.abs(x.T @ w).max() < BALANCED:
        return w
    raise FitError(
        "no weights of a group have the means of the target: these lie outside what the group has",
        ["Restrict eligibility to people who could have been in either group.", "Balance fewer confounders."],
    )
