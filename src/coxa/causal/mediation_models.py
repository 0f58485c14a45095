"""The two models of a mediation analysis, of the mediator and of the outcome, and the natural effects they imply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit

from coxa.causal.compliers import two_arms
from coxa.errors import FitError, OptionError
from coxa.models.design.matrix import design_matrix

Floats = NDArray[np.float64]

Outcome = Literal["linear", "logit", "probit"]
"""Model of the outcome."""

EFFECTS = ("total", "natural_indirect", "natural_direct", "pure_indirect", "total_direct")
"""Natural effects, in the order of a table."""

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(40)
WEIGHTS = WEIGHTS / np.sqrt(2 * np.pi)
STEPS = 50
"""Iterations of a fit of a yes or no; Newton's method needs about eight."""


@dataclass(frozen=True, slots=True)
class MediationModels:
    """Both models fitted to n participants, with k covariates and an intercept.

    z, m, y    : (n,) arm, mediator, outcome
    w          : (n, k) intercept and covariates
    kind, interaction : of the outcome's model
    params     : (2k + 4 or 5,) of the mediator: arm, covariates; its residual standard deviation; of the outcome: arm,
                 mediator, (arm by mediator), covariates
    covariance : of these; the blocks of the two models and of the standard deviation are independent
    """

    z: Floats
    m: Floats
    y: Floats
    w: Floats
    kind: Outcome
    interaction: bool
    params: Floats
    covariance: Floats
    complete: NDArray[np.bool_]
    formulas: tuple[str, str]
    arm: str
    reference: str

    @property
    def n(self) -> int:
        """Participants."""
        return len(self.y)

    @property
    def split(self) -> int:
        """Place of the first coefficient of the outcome's model."""
        return self.w.shape[1] + 2

    @property
    def paths(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Effect of the arm on the mediator and of the mediator on the outcome, each with its standard error."""
        errors, b = np.sqrt(np.diag(self.covariance)), self.split + 1
        return (float(self.params[0]), float(errors[0])), (float(self.params[b]), float(errors[b]))

    def effects(self, params: Floats) -> Floats:
        """Return (5,) natural effects, in the order of `EFFECTS`, averaged over the covariates."""
        mean = {(t, s): self._mean(params, t, s) for t in (0, 1) for s in (0, 1)}
        return np.array(
            [
                mean[1, 1] - mean[0, 0],
                mean[1, 1] - mean[1, 0],
                mean[1, 0] - mean[0, 0],
                mean[0, 1] - mean[0, 0],
                mean[1, 1] - mean[0, 1],
            ]
        )

    def _mean(self, params: Floats, t: int, s: int) -> float:
        """Return the mean of Y(t, M(s)) over the participants' covariates."""
        k, split = self.w.shape[1], self.split
        middle = params[0] * s + self.w @ params[1 : k + 1]
        sd = params[k + 1]
        rest = params[split + 2 + self.interaction :]
        slope = params[split + 1] + (params[split + 2] * t if self.interaction else 0.0)
        centre = params[split] * t + slope * middle + self.w @ rest
        if self.kind == "linear":
            return float(centre.mean())
        if self.kind == "probit":
            return float(stats.norm.cdf(centre / np.sqrt(1 + (slope * sd) ** 2)).mean())
        return float((expit(centre[:, None] + slope * sd * NODES) @ WEIGHTS).mean())

    def gradient(self) -> Floats:
        """Return (5, q) derivatives of the effects in the parameters, by central differences."""
        steps = 1e-5 * np.maximum(np.abs(self.params), 1e-2)
        columns = []
        for place, step in enumerate(steps):
            up, down = self.params.copy(), self.params.copy()
            up[place] += step
            down[place] -= step
            columns.append((self.effects(up) - self.effects(down)) / (2 * step))
        return np.stack(columns, axis=1)

    def resampled(self, replicates: int, seed: int) -> Floats:
        """Return (replicates, 5) effects in samples of the participants, drawn within the arms."""
        if replicates < 100:
            raise OptionError(f"`replicates` is {replicates}. Draw 100 or more samples.")
        rng = np.random.default_rng(seed)
        groups = [np.flatnonzero(self.z == arm) for arm in (0.0, 1.0)]
        found = []
        for _ in range(replicates):
            rows = np.concatenate([rng.choice(group, len(group)) for group in groups])
            sample = replace(self, z=self.z[rows], m=self.m[rows], y=self.y[rows], w=self.w[rows])
            found.append(sample.effects(_fitted(sample)[0]))
        return np.array(found)

    @property
    def correlation(self) -> float:
        """Correlation of mediator and outcome given arm and covariates: the rho at which a b is 0."""
        x = np.column_stack([self.z, self.w])
        rests = [one - x @ np.linalg.lstsq(x, one, rcond=None)[0] for one in (self.m, self.y)]
        return float(rests[0] @ rests[1] / np.sqrt((rests[0] @ rests[0]) * (rests[1] @ rests[1])))

    def at_rho(self, rho: float) -> float:
        """Return the natural indirect effect if residuals of mediator and outcome had this correlation."""
        if not -1 < rho < 1:
            raise OptionError(f"`rhos` has {rho}. Give correlations between -1 and 1.")
        x = np.column_stack([self.z, self.w])
        rests = [one - x @ np.linalg.lstsq(x, one, rcond=None)[0] for one in (self.m, self.y)]
        scale, r = np.sqrt((rests[1] @ rests[1]) / (rests[0] @ rests[0])), self.correlation
        return float(self.params[0] * scale * (r - rho * np.sqrt((1 - r**2) / (1 - rho**2))))


def fit_models(
    data: pd.DataFrame,
    outcome: str,
    mediator: str,
    arm: str,
    against: str | None,
    compare: str | None,
    adjust: Sequence[str],
    *,
    interaction: bool,
    kind: Outcome,
) -> MediationModels:
    """Fit both models to the rows that have all columns; the errors are those of `mediated_effects`."""
    for name in (outcome, mediator):
        if name not in data:
            raise OptionError(f"The data have no column '{name}'. Name one of theirs.")
    frame, own, reference = two_arms(data, arm, against, compare)
    right = " + ".join(["assigned", *adjust])
    frame = frame.assign(assigned=(frame[arm].astype(str) == own).astype(float))
    design = design_matrix(f"{mediator} ~ {right}", frame, also=(outcome,))
    place = design.names.index("assigned")
    y = pd.to_numeric(frame.loc[design.complete, outcome]).to_numpy(dtype=float)
    if kind != "linear" and not np.isin(y, (0.0, 1.0)).all():
        raise OptionError(f"'{outcome}' has numbers other than 0 and 1. Use kind='linear', or code it as 0 and 1.")
    between = " * " if interaction else " + "
    second = " + ".join([f"assigned{between}{mediator}", *adjust])
    blank = MediationModels(
        z=design.x[:, place],
        m=design.y,
        y=y,
        w=np.delete(design.x, place, axis=1),
        kind=kind,
        interaction=interaction,
        params=np.empty(0),
        covariance=np.empty((0, 0)),
        complete=np.asarray(design.complete),
        formulas=(f"{mediator} ~ {right}", f"{outcome} ~ {second}"),
        arm=own,
        reference=reference,
    )
    params, covariance = _fitted(blank)
    return replace(blank, params=params, covariance=covariance)


def _fitted(models: MediationModels) -> tuple[Floats, Floats]:
    """Return the parameters of both models and their covariance."""
    x = np.column_stack([models.z, models.w])
    own, own_covariance, variance = _least_squares(x, models.m, "mediator")
    second = [models.z, models.m] + ([models.z * models.m] if models.interaction else [])
    x2 = np.column_stack([*second, models.w])
    if models.kind == "linear":
        other, other_covariance, _ = _least_squares(x2, models.y, "outcome")
    else:
        other, other_covariance = _binary(x2, models.y, models.kind)
    params = np.concatenate([own, [np.sqrt(variance)], other])
    covariance = np.zeros((len(params), len(params)))
    k = len(own)
    covariance[:k, :k] = own_covariance
    covariance[k, k] = variance / (2 * (len(x) - k))
    covariance[k + 1 :, k + 1 :] = other_covariance
    return params, covariance


def _least_squares(x: Floats, y: Floats, what: str) -> tuple[Floats, Floats, float]:
    """Return coefficients, their covariance and the residual variance."""
    n, k = x.shape
    params, _, rank, _ = np.linalg.lstsq(x, y, rcond=None)
    if rank < k or n <= k:
        raise FitError(
            f"the model of the {what} has {n} rows and {k} coefficients, {rank} of them independent",
            ["Take a term out of `adjust`.", "Look whether the mediator varies within the arms."],
        )
    resid = y - x @ params
    variance = float(resid @ resid) / (n - k)
    return np.asarray(params), variance * np.linalg.inv(x.T @ x), variance


def _binary(x: Floats, y: Floats, kind: Outcome) -> tuple[Floats, Floats]:
    """Return coefficients of a yes or no and their covariance, by scoring."""
    params = np.zeros(x.shape[1])
    for _ in range(STEPS):
        eta = x @ params
        mean = expit(eta) if kind == "logit" else stats.norm.cdf(eta)
        slope = mean * (1 - mean) if kind == "logit" else stats.norm.pdf(eta)
        spread = np.maximum(mean * (1 - mean), 1e-12)
        information = (x * (slope**2 / spread)[:, None]).T @ x
        try:
            step = np.linalg.solve(information, x.T @ (slope * (y - mean) / spread))
        except np.linalg.LinAlgError as error:
            raise FitError("the model of the outcome has no maximum", ["Take a term out of `adjust`."]) from error
        params = params + step
        if np.abs(step).max() < 1e-10 * (1 + np.abs(params).max()):
            return np.asarray(params), np.asarray(np.linalg.inv(information))
    raise FitError(
        "the model of the outcome did not converge: a term separates yes from no",
        ["Take a term out of `adjust`, or use `kind='linear'`."],
    )
