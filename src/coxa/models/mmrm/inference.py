"""From a fitted marginal model to covariance and degrees of freedom of the formula's coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from coxa.models.covariance.structure import Structure
from coxa.models.inference.kenward_roger import kenward_roger_adjustment
from coxa.models.inference.methods import (
    BetweenWithin,
    FixedDf,
    Inference,
    KenwardRoger,
    RobustSatterthwaite,
    Satterthwaite,
    between_within_df,
)
from coxa.models.inference.sandwich import sandwich
from coxa.models.numerics.marginal_fit import MarginalFit
from coxa.models.numerics.pattern_sums import Pattern, Stack
from coxa.models.numerics.reml import first_derivatives, second_sums


@dataclass(frozen=True, slots=True)
class PlacedRows:
    """The analysed rows, for what sums do not hold: sandwich covariances and counted degrees of freedom.

    participant : (N,) integer codes
    patterns    : which rows belong to each pattern, in the order of the sums
    rows        : (N, p + 1) design and outcome as they went into the sums
    x           : (N, p) design of the formula
    names       : p names of its columns
    """

    participant: np.ndarray
    patterns: Sequence[Pattern]
    rows: np.ndarray
    x: np.ndarray
    names: Sequence[str]


def inference_of(
    ddf: str,
    vcov: str,
    sums: Stack,
    fitted: MarginalFit,
    structure: Structure,
    back: np.ndarray,
    placed: PlacedRows | None,
) -> Inference:
    """Return the method's inference on the coefficients of the formula.

    back   : (p, p) takes coefficients of the sums' design to those of the formula
    placed : None where there are sums alone; sandwich and between-within then cannot be had
    """
    if ddf.startswith("kenward-roger"):
        return kenward_roger(sums, fitted, structure, back, bends=ddf == "kenward-roger")
    at = fitted.at
    robust = None
    if vcov != "model" and placed is not None:
        robust = sandwich(vcov, placed.patterns, placed.rows, at.beta, at.phi, at.inverse)
    covariance = back @ (at.phi if robust is None else robust.covariance) @ back.T
    if ddf == "residual":
        return FixedDf(covariance, float(sums.n_observations - sums.p))
    if ddf == "between-within" and placed is not None:
        intercept = np.array([name == "Intercept" for name in placed.names])
        return BetweenWithin(covariance, between_within_df(placed.participant, placed.x, intercept))
    if robust is not None:
        return RobustSatterthwaite(covariance, robust, back)
    return Satterthwaite(covariance, phi_slopes(fitted, back), fitted.theta_covariance)


def phi_slopes(fitted: MarginalFit, back: np.ndarray) -> np.ndarray:
    """Return the derivatives of Phi in the covariance parameters, shape (BK, p, p)."""
    along = back @ fitted.at.phi
    return -along @ fitted.derivatives.slopes @ along.T


def kenward_roger(
    sums: Stack, fitted: MarginalFit, structure: Structure, back: np.ndarray, *, bends: bool
) -> KenwardRoger:
    """Return Kenward and Roger's inference, with the second derivatives of the covariance or without."""
    adjustment = kenward_roger_adjustment(
        sums,
        fitted.at,
        first_derivatives(sums, structure, fitted.theta),
        partial(second_sums, sums, structure, fitted.theta) if bends else None,
        fitted.derivatives.slopes,
        fitted.theta_covariance,
    )
    phi = back @ fitted.at.phi @ back.T
    return KenwardRoger(phi + back @ adjustment @ back.T, phi, phi_slopes(fitted, back), fitted.theta_covariance)
