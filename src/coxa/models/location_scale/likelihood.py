"""The likelihood of a mixed location scale model: effects of level in closed form, those of scale by quadrature.

Arrays: r rows, n persons, p, b and q coefficients of mean, between and within variance, k nodes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

REACH = 6.0
"""Standard deviations of the random scale that the nodes span."""

SPACING = 0.6
"""Distance of nodes as a share of the smallest standard deviation of a person's scale given the days."""

WIDEST = 0.25


@dataclass(frozen=True, slots=True)
class Problem:
    """What is fitted.

    y        : (r,) outcome
    x, w     : (r, p), (r, q) columns of the mean and of the logarithm of the variance within persons
    z        : (n, b) columns of the logarithm of the variance between persons
    who      : (r,) place of the person
    days     : (n,) rows of each, or the sum of their weights
    scale    : whether persons differ in their variance
    weights  : (r,) of rows
    """

    y: Floats
    x: Floats
    w: Floats
    z: Floats
    who: NDArray[np.intp]
    days: Floats
    scale: bool
    weights: Floats

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Coefficients of the mean, of the variance between, and of the variance within persons."""
        return self.x.shape[1], self.z.shape[1], self.w.shape[1]

    def sums(self, values: Floats) -> Floats:
        """Return (n,) sums of (r,) weighted values over the rows of each person."""
        return np.bincount(self.who, weights=self.weights * values, minlength=len(self.days)).astype(np.float64)


@dataclass(frozen=True, slots=True)
class At:
    """The likelihood at a point: its value, gradient, and (n,) means of the effects of level and of scale.

    scores : (n, m) what each person adds to the gradient, where it was asked for
    """

    loglik: float
    gradient: Floats
    level: Floats
    scale: Floats
    scores: Floats | None = None


def nodes_for(problem: Problem, sd: float) -> Floats:
    """Return (k,) nodes of the standardised random scale, near enough to each other for the rule to be exact.

    The rule of equal steps is exact to rounding where the steps are below the spread of what is integrated; a person of
    d days knows the logarithm of his or her variance to about the root of 2 / d.
    """
    known = np.sqrt(2.0 / max(float(problem.days.max()), 2.0)) / max(sd, 1e-8)
    narrowest = known / np.sqrt(1.0 + known**2)
    step = min(WIDEST, SPACING * narrowest)
    half = int(np.ceil(REACH / step))
    return step * np.arange(-half, half + 1)


def likelihood(problem: Problem, theta: Floats, nodes: Floats, *, by_person: bool = False) -> At:
    """Return the log-likelihood with its gradient.

    Parameters
    ----------
    problem
        Rows and columns.
    theta
        Coefficients of mean, between and within variance; with a random scale the logarithm of its standard deviation
        and Fisher's z of its correlation with the level.
    nodes
        (k,) of the standardised random scale; one node at 0 without one.
    by_person
        Whether the scores of each person are wanted.

    Notes
    -----
    Given the scale of a person the days are normal with a random intercept, whose mean and variance given the scale are
    those of a bivariate normal: the integral over the intercept is closed, and one over the scale is left (Hedeker,
    Mermelstein & Demirtas, Biometrics 2008, 64:627-634). The gradient is by Fisher's identity.
    """
    p, b, q = problem.sizes
    beta, alpha, tau = theta[:p], theta[p : p + b], theta[p + b : p + b + q]
    sd, rho = (np.exp(theta[p + b + q]), np.tanh(theta[p + b + q + 1])) if problem.scale else (0.0, 0.0)
    between = np.exp(problem.z @ alpha)[:, None]
    own = between * (1.0 - rho**2)
    log_variance = problem.w @ tau
    precision = np.exp(-log_variance)
    left = problem.y - problem.x @ beta
    a, br, c, logs = (
        problem.sums(part)[:, None] for part in (precision, precision * left, precision * left**2, log_variance)
    )
    v = nodes[None, :]
    e = np.exp(-sd * v)
    shift = rho * np.sqrt(between) * v
    centred = br - shift * a
    squares = c - 2.0 * shift * br + shift**2 * a
    spread = 1.0 + own * e * a
    minus2 = (
        problem.days[:, None] * (np.log(2 * np.pi) + sd * v)
        + logs
        + e * squares
        + np.log(spread)
        - own * (e * centred) ** 2 / spread
    )
    joint = -0.5 * minus2 + log_weights(nodes)
    top = joint.max(axis=1, keepdims=True)
    density = np.exp(joint - top)
    total = density.sum(axis=1, keepdims=True)
    weight = density / total
    loglik = float((top + np.log(total)).sum())
    u = shift + own * e * centred / spread
    u2 = u**2 + own / spread
    scored = _scored(problem, weight, e, u, u2, (precision, left), (a, br, c), shift, own, between, v, sd, rho)
    level, scale = (weight * u).sum(axis=1), sd * (weight * v).sum(axis=1)
    return At(loglik, _gradient(problem, scored), level, scale, _scores(problem, scored) if by_person else None)


def log_weights(nodes: Floats) -> Floats:
    """Return (k,) logarithms of the weights of the nodes: a standard normal density, or 0 of one node."""
    if len(nodes) == 1:
        return np.zeros(1)
    density = np.exp(-0.5 * nodes**2)
    return np.asarray(np.log(density / density.sum()))


@dataclass(frozen=True, slots=True)
class _Scored:
    """Expected scores given the days: (r,) of the mean and the variance within, (n,) of the others."""

    mean: Floats
    within: Floats
    between: Floats
    sd: Floats
    correlation: Floats


def _scored(problem: Problem, weight: Floats, e: Floats, u: Floats, u2: Floats,
            rows: tuple[Floats, Floats], sums: tuple[Floats, Floats, Floats], shift: Floats, own: Floats,
            between: Floats, v: Floats, sd: float, rho: float) -> _Scored:  # fmt: skip
    """Return the expected score of days and effects given the days (Fisher's identity)."""
    precision, left = rows
    a, br, c = sums
    e1, e2, e3 = ((weight * part).sum(axis=1)[problem.who] for part in (e, e * u, e * u2))
    mean = problem.weights * precision * (left * e1 - e2)
    within = 0.5 * problem.weights * (precision * (left**2 * e1 - 2.0 * left * e2 + e3) - 1.0)
    of_level = 0.5 * (weight * (-1.0 + (u2 - shift * u) / own)).sum(axis=1)
    nothing = np.zeros(len(of_level))
    if not problem.scale:
        return _Scored(mean, within, of_level, nothing, nothing)
    squares = c - 2.0 * br * u + a * u2
    of_sd = sd * (weight * 0.5 * v * (e * squares - problem.days[:, None])).sum(axis=1)
    about = u2 - 2.0 * shift * u + shift**2
    of_rho = rho + (1.0 - rho**2) * (u - shift) * np.sqrt(between) * v / own - rho * about / own
    return _Scored(mean, within, of_level, of_sd, (weight * of_rho).sum(axis=1))


def _gradient(problem: Problem, scored: _Scored) -> Floats:
    parts = [problem.x.T @ scored.mean, problem.z.T @ scored.between, problem.w.T @ scored.within]
    if problem.scale:
        parts.append(np.array([scored.sd.sum(), scored.correlation.sum()]))
    return np.concatenate(parts)


def _scores(problem: Problem, scored: _Scored) -> Floats:
    """Return (n, m) what each person adds to the gradient."""

    def summed(columns: Floats, of_rows: Floats) -> Floats:
        n = len(problem.days)
        return np.stack([np.bincount(problem.who, weights=one * of_rows, minlength=n) for one in columns.T], axis=1)

    parts = [
        summed(problem.x, scored.mean), problem.z * scored.between[:, None], summed(problem.w, scored.within),
    ]  # fmt: skip
    if problem.scale:
        parts.append(np.stack([scored.sd, scored.correlation], axis=1))
    return np.concatenate(parts, axis=1)
