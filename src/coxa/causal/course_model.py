"""Weighted normal regression of outcomes at several visits, with gaps: a repeated-measures model of weighted people.

One group has means by visit that are linear in columns, and an unstructured covariance. Participants count by their
weight. `likelihood` maximises the weighted likelihood of the observed outcomes, by EM, so that gaps are missing at
random given the columns and the other outcomes; `weighted` solves the estimating equations of Robins, Rotnitzky and
Zhao (JASA 1995, 90:106-121) with each observed outcome over its probability of being observed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from coxa.errors import FitError

STEPS = 2000
"""Steps of EM; each costs a pass over the patterns of gaps."""
SETTLED = 1e-10
"""Largest change of a fitted mean at the last step, in standard deviations of the outcome."""
STEP = 1e-5
"""Step of the central differences of scores, in the scale of the parameters."""


@dataclass(frozen=True, slots=True)
class CourseFit:
    """Coefficients and covariance of one group.

    coefficient : (p, m) of p columns at each of m visits
    covariance  : (m, m) of the outcomes given the columns
    score       : (n, k) weighted score of each participant by coefficients (visit by visit) and covariance
    plain       : (n, k) the same of weight 1, for weights that are estimated
    bread       : (k, k) minus the derivative of the summed scores
    """

    coefficient: np.ndarray
    covariance: np.ndarray
    score: np.ndarray = field(repr=False)
    plain: np.ndarray = field(repr=False)
    bread: np.ndarray = field(repr=False)


def fit_course(y: np.ndarray, x: np.ndarray, weight: np.ndarray, *, errors: bool = True) -> CourseFit:
    """Maximise the weighted likelihood of one group.

    Parameters
    ----------
    y : (n, m)
        Outcomes, NaN where missing.
    x : (n, p)
        Columns with a constant first.
    weight : (n,)
        0 for participants of other groups.
    errors : bool, default True
        Whether scores and bread are found too; else they are empty.

    Raises
    ------
    FitError
        There are too few outcomes at a visit, or the columns are collinear.
    """
    used = (weight > 0) & np.isfinite(y).any(axis=1)
    seen = np.isfinite(y[used])
    p, m = x.shape[1], y.shape[1]
    if seen.sum(axis=0).min() <= p:
        raise FitError(
            f"a group has {int(seen.sum(axis=0).min())} outcomes at a visit for {p} coefficients",
            ["Use fewer confounders.", "Leave the visit out, with `visits:`."],
        )
    if np.linalg.matrix_rank(x[used]) < p:
        raise FitError("the confounders are collinear in one group", ["Leave out a variable that follows from others."])
    beta, sigma = _em(np.where(seen, y[used], 0.0), x[used], weight[used], _patterns(seen))
    if not errors:
        return CourseFit(beta, sigma, np.empty((len(y), 0)), np.empty((len(y), 0)), np.empty((0, 0)))
    k = p * m + m * (m + 1) // 2
    theta = np.concatenate([beta.T.ravel(), sigma[np.tril_indices(m)]])
    plain = np.zeros((len(y), k))
    plain[used] = _scores(theta, y[used], x[used], seen)
    bread = np.empty((k, k))
    scale = np.maximum(np.abs(theta), 1.0) * STEP
    for place in range(k):
        ends = []
        for sign in (1, -1):
            moved = theta.copy()
            moved[place] += sign * scale[place]
            ends.append(weight[used] @ _scores(moved, y[used], x[used], seen))
        bread[:, place] = -(ends[0] - ends[1]) / (2 * scale[place])
    return CourseFit(beta, sigma, weight[:, None] * plain, plain, bread)


def _patterns(seen: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return, for each pattern of visits with outcomes, its visits and its rows."""
    codes = seen @ (1 << np.arange(seen.shape[1]))
    return [
        (np.flatnonzero(seen[rows[0]]), rows) for code in np.unique(codes) for rows in [np.flatnonzero(codes == code)]
    ]


def _em(
    y: np.ndarray, x: np.ndarray, weight: np.ndarray, patterns: list[tuple[np.ndarray, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients (p, m) and covariance (m, m) at the maximum."""
    m, total = y.shape[1], weight.sum()
    gram = (x * weight[:, None]).T @ x
    spread = float(np.sqrt(np.average((y - np.average(y, axis=0, weights=weight)) ** 2, weights=weight, axis=0).mean()))
    sigma, fitted = np.eye(m) * max(spread, 1e-12) ** 2, np.zeros_like(y)
    beta = np.zeros((x.shape[1], m))
    full = y.copy()
    with_gaps = [
        (visits, gaps, rows, y[np.ix_(rows, visits)], weight[rows].sum())
        for visits, rows in patterns
        if len(gaps := np.setdiff1d(np.arange(m), visits))
    ]
    for _ in range(STEPS):
        extra = np.zeros((m, m))
        for visits, gaps, rows, known, count in with_gaps:
            slope = np.linalg.solve(sigma[np.ix_(visits, visits)], sigma[np.ix_(visits, gaps)])
            apart = known - fitted[np.ix_(rows, visits)]
            full[np.ix_(rows, gaps)] = fitted[np.ix_(rows, gaps)] + apart @ slope
            left = sigma[np.ix_(gaps, gaps)] - sigma[np.ix_(gaps, visits)] @ slope
            extra[np.ix_(gaps, gaps)] += count * left
        beta = np.linalg.solve(gram, x.T @ (weight[:, None] * full))
        after = x @ beta
        residual = full - after
        sigma = ((residual * weight[:, None]).T @ residual + extra) / total
        moved = np.abs(after - fitted).max()
        fitted = after
        if moved < SETTLED * max(spread, 1e-12):
            return beta, sigma
    raise FitError(
        "the repeated-measures model of one group did not settle: too few outcomes tell how two visits go together",
        ["Leave a visit with few outcomes out, with `visits:`."],
    )


def _scores(theta: np.ndarray, y: np.ndarray, x: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return the derivative of the log-likelihood of each participant (n, k) by all parameters."""
    m, p = y.shape[1], x.shape[1]
    beta = theta[: p * m].reshape(m, p).T
    sigma = np.zeros((m, m))
    sigma[np.tril_indices(m)] = theta[p * m :]
    sigma = sigma + np.tril(sigma, -1).T
    residual = np.where(seen, y - x @ beta, 0.0)
    out = np.zeros((len(y), len(theta)))
    rows_of, columns_of = np.tril_indices(m)
    for visits, rows in _patterns(seen):
        inverse = np.zeros((m, m))
        inverse[np.ix_(visits, visits)] = np.linalg.inv(sigma[np.ix_(visits, visits)])
        solved = residual[rows] @ inverse
        out[rows, : p * m] = (solved[:, :, None] * x[rows][:, None, :]).reshape(len(rows), m * p)
        by_sigma = 0.5 * (solved[:, rows_of] * solved[:, columns_of] - inverse[rows_of, columns_of])
        out[rows, p * m :] = by_sigma * np.where(rows_of == columns_of, 1.0, 2.0)
    return out


def solve_course(y: np.ndarray, x: np.ndarray, weight: np.ndarray, covariance: np.ndarray) -> CourseFit:
    """Solve the weighted estimating equations of one group, with a weight for each outcome.

    Parameters
    ----------
    y : (n, m)
        Outcomes; those of weight 0 are not used.
    x : (n, p)
        Columns with a constant first.
    weight : (n, m)
        0 where an outcome is missing.
    covariance : (m, m)
        Working covariance of the outcomes; the equations are unbiased for any.
    """
    inverse = np.linalg.inv(covariance)
    m, p = y.shape[1], x.shape[1]
    known = np.where(weight > 0, y, 0.0)
    # sum over participants of (inverse x W) kron xx'
    bread = np.einsum("ab,nb,np,nq->apbq", inverse, weight, x, x).reshape(m * p, m * p)
    right = np.einsum("ab,nb,np->ap", inverse, weight * known, x).reshape(m * p)
    if np.linalg.matrix_rank(bread) < m * p:
        raise FitError("the confounders are collinear in one group", ["Leave out a variable that follows from others."])
    beta = np.linalg.solve(bread, right).reshape(m, p).T
    residual = weight * (known - x @ beta)
    score = ((residual @ inverse)[:, :, None] * x[:, None, :]).reshape(len(y), m * p)
    return CourseFit(beta, covariance, score, score, bread)
