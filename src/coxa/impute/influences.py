"""What each participant adds to the error of a model's coefficients and of its covariance parameters.

The joint information of coefficients and covariance is that of `coxa.models.numerics.reml`: with A = Phi^-1 that of the
coefficients, D the slopes of the best coefficients in the parameters and V the inverse of the observed information of
the parameters, scores s_b and s_t of a participant move the parameters by V (s_t + D s_b), and the coefficients by
Phi s_b + D' V (s_t + D s_b). Sources: Hampel, JASA 1974, 69:383-393; Jaeckel, The Infinitesimal Jackknife, 1972.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coxa.impute.refits import participants_of
from coxa.models.numerics.marginal_fit import derivatives_at
from coxa.models.numerics.reml import of_groups, visit_covariances, visit_times
from coxa.models.results.rebuilt import Rebuilt


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """How well a model of p coefficients, K covariance parameters of G groups and n participants is known.

    covariance       : (G, m, m)
    first            : (G, K / G, m, m) its derivatives in the parameters of the group
    phi              : (p, p) covariance of the coefficients given the covariance parameters, of the formula's
    beta_slopes      : (K, p) derivatives of the best coefficients
    theta_covariance : (K, K)
    beta             : (n, p) what each participant adds to the coefficients
    theta            : (n, K) and to the parameters
    """

    covariance: np.ndarray
    first: np.ndarray
    phi: np.ndarray
    beta_slopes: np.ndarray
    theta_covariance: np.ndarray
    beta: np.ndarray
    theta: np.ndarray


def uncertainty(model: Rebuilt) -> Uncertainty:
    """Return what each participant adds, in the order of their first rows."""
    sums, structure, at = model.sums, model.structure, model.at
    slope = derivatives_at(sums, structure, model.theta, at)
    n = int(sums.n.sum())
    size = structure.count(sums.m)
    first = np.array([structure.first(own, visit_times(sums, g)) for g, own in enumerate(of_groups(sums, model.theta))])
    of_beta, of_theta = np.zeros((n, sums.p)), np.zeros((n, len(model.theta)))
    along = at.phi @ slope.slopes @ at.phi
    for s, (pattern, who) in enumerate(zip(model.patterns, participants_of(model), strict=True)):
        seen = pattern.visits
        z = model.rows[pattern.rows]
        x, left = z[..., :-1], z[..., -1] - z[..., :-1] @ at.beta
        inverse = at.inverse[s][np.ix_(seen, seen)]
        moved = first[pattern.group][:, seen[:, None], seen]
        weighted = left @ inverse
        score = 0.5 * (np.einsum("ia,kab,ib->ik", weighted, moved, weighted, optimize=True))
        score -= 0.5 * np.einsum("ab,kab->k", inverse, moved)
        own = slice(pattern.group * size, (pattern.group + 1) * size)
        of_beta[who] = np.einsum("iap,ia->ip", x, weighted)
        if at.reml:
            wx = inverse @ x
            score += 0.5 * np.einsum("kab,iba->ik", moved, wx @ at.phi @ wx.swapaxes(1, 2), optimize=True)
            information = x.swapaxes(1, 2) @ wx
            of_theta[who] += 0.5 * np.einsum("kpq,iqp->ik", along, information, optimize=True)
        of_theta[who, own] += score
    spread = np.linalg.inv(slope.hessian)
    theta = (of_theta + of_beta @ slope.beta_slopes.T) @ spread
    beta = of_beta @ at.phi + theta @ slope.beta_slopes
    back = model.back
    return Uncertainty(
        covariance=visit_covariances(sums, structure, model.theta),
        first=first,
        phi=back @ at.phi @ back.T,
        beta_slopes=slope.beta_slopes @ back.T,
        theta_covariance=spread,
        beta=beta @ back.T,
        theta=theta,
    )
