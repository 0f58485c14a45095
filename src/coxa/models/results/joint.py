"""Coefficients and covariance parameters of a fit together: for what depends on both, such as a probability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coxa.errors import FitError
from coxa.models.numerics.marginal_fit import derivatives_at
from coxa.models.numerics.reml import of_groups, visit_covariances, visit_times
from coxa.models.results.fit import Fit
from coxa.models.results.rebuilt import Rebuilt, rebuilt


@dataclass(frozen=True, slots=True)
class Joint:
    """Coefficients (p,) and the K parameters of the covariance in each of B groups, over m visits.

    beta       : (p,) coefficients of the formula
    covariance : (p + BK, p + BK) of the coefficients, then of the parameters group by group
    visits     : (B, m, m) covariance over the visits of each group
    first      : (B, K, m, m) its derivatives in the group's own parameters
    """

    beta: np.ndarray
    covariance: np.ndarray
    visits: np.ndarray
    first: np.ndarray

    @property
    def parameters(self) -> int:
        """The number of parameters of the covariances, BK."""
        return len(self.covariance) - len(self.beta)

    def variance(self, weights: np.ndarray, group: int = 0) -> tuple[float, np.ndarray]:
        """Return the variance of a weighted sum (m,) over the visits of a group, and its derivatives (BK,)."""
        groups, k = self.first.shape[:2]
        slopes = np.zeros((groups, k))
        slopes[group] = weights @ self.first[group] @ weights
        return float(weights @ self.visits[group] @ weights), slopes.ravel()


def joint(fit: Fit) -> Joint:
    """Return the coefficients and the covariance parameters of a fit with their joint covariance.

    The information on both is the observed one, in which they are not independent where outcomes are missing. A fit
    with a sandwich covariance, or with one adjusted by Kenward and Roger, keeps it for its coefficients.

    Raises
    ------
    FitError
        The fit has random effects, no rows, or its optimum is a simpler model at the boundary of its covariance.

    Notes
    -----
    With V the inverse information on theta once beta is the best for each theta, Phi the covariance of beta given
    theta and D = d beta / d theta, the inverse of the whole information is [Phi + D V D', D V; V D', V] (Kenward &
    Molenberghs, Statistical Science 1998, 13:236-247, on why the parts are not independent).
    """
    made = rebuilt(fit)
    slope = derivatives_at(made.sums, made.structure, made.theta, made.at)
    if np.linalg.eigvalsh(slope.hessian)[0] <= 0:
        raise FitError("the information on the covariance is not positive definite", ["Use a simpler covariance."])
    of_theta = np.linalg.inv(slope.hessian)
    moved = made.back @ slope.beta_slopes.T
    cross = moved @ of_theta
    given = fit.cov_params().to_numpy()
    adjusted = vcov_of(fit) != "model" or fit.ddf.startswith("kenward-roger")
    of_beta = given if adjusted else given + cross @ moved.T
    visits, first = over_visits(made)
    whole = np.block([[of_beta, cross], [cross.T, of_theta]])
    return Joint(fit.params.to_numpy(), whole, visits, first)


def vcov_of(fit: Fit) -> str:
    """Return how the covariance of the coefficients was found: by the model, or robustly."""
    return str(getattr(fit.spec, "vcov", fit.vcov))


def over_visits(made: Rebuilt) -> tuple[np.ndarray, np.ndarray]:
    """Return the covariance over the visits of each group (B, m, m), and its derivatives (B, K, m, m)."""
    sums, structure = made.sums, made.structure
    each = enumerate(of_groups(sums, made.theta))
    first = np.array([structure.first(own, visit_times(sums, g)) for g, own in each])
    return visit_covariances(sums, structure, made.theta), first
