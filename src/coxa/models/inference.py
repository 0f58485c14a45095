"""Covariance and degrees of freedom of the fixed effects, by method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import numpy as np

from coxa.errors import OptionError, check_option
from coxa.models.covariance.structure import Structure
from coxa.models.numerics.kenward_roger import kenward_roger_adjustment, kenward_roger_f
from coxa.models.numerics.marginal_fit import MarginalFit
from coxa.models.numerics.pattern_sums import Stack
from coxa.models.numerics.satterthwaite import satterthwaite_df, satterthwaite_f

DfMethod = Literal["satterthwaite", "kenward-roger", "kenward-roger-linear", "residual"]
DF_METHODS: tuple[str, ...] = get_args(DfMethod)


class Inference(Protocol):
    """What a `Fit` asks of a method: a covariance (p, p), df of a row (p,), and F of rows (q, p)."""

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the fixed effects."""
        ...

    def df(self, row: np.ndarray) -> float:
        """Degrees of freedom of one linear function."""
        ...

    def f_test(self, rows: np.ndarray, beta: np.ndarray) -> tuple[float, float]:
        """F statistic of rows of full row rank, and its denominator degrees of freedom."""
        ...


@dataclass(frozen=True, slots=True)
class FixedDf:
    """One number of degrees of freedom for everything: observations less fixed effects."""

    covariance: np.ndarray
    denominator: float

    def df(self, row: np.ndarray) -> float:  # noqa: ARG002
        """Return the one number there is."""
        return self.denominator

    def f_test(self, rows: np.ndarray, beta: np.ndarray) -> tuple[float, float]:
        """Return the Wald statistic over its number of rows."""
        estimate = rows @ beta
        wald = estimate @ np.linalg.solve(rows @ self.covariance @ rows.T, estimate)
        return float(wald) / len(rows), self.denominator


@dataclass(frozen=True, slots=True)
class Satterthwaite:
    """Degrees of freedom from the uncertainty of each variance; covariance (p, p) not adjusted.

    slopes           : (K, p, p) derivatives of the covariance
    theta_covariance : (K, K) covariance of the covariance parameters
    """

    covariance: np.ndarray
    slopes: np.ndarray
    theta_covariance: np.ndarray

    def df(self, row: np.ndarray) -> float:
        """Return Satterthwaite's degrees of freedom."""
        return satterthwaite_df(row, self.covariance, self.slopes, self.theta_covariance)

    def f_test(self, rows: np.ndarray, beta: np.ndarray) -> tuple[float, float]:
        """Return the F statistic and Fai and Cornelius' denominator."""
        return satterthwaite_f(rows, beta, self.covariance, self.slopes, self.theta_covariance)


@dataclass(frozen=True, slots=True)
class KenwardRoger:
    """Kenward and Roger's adjusted covariance (p, p), and what their test needs of the unadjusted one."""

    covariance: np.ndarray
    phi: np.ndarray
    slopes: np.ndarray
    theta_covariance: np.ndarray

    def df(self, row: np.ndarray) -> float:
        """Return the degrees of freedom of one row, for which theirs are Satterthwaite's."""
        return satterthwaite_df(row, self.phi, self.slopes, self.theta_covariance)

    def f_test(self, rows: np.ndarray, beta: np.ndarray) -> tuple[float, float]:
        """Return the scaled F statistic and its denominator."""
        return kenward_roger_f(rows, beta, self.covariance, self.phi, self.slopes, self.theta_covariance)


def check_ddf(ddf: str, *, reml: bool) -> str:
    """Return `ddf` if it is a method that can be used with this likelihood.

    Raises
    ------
    OptionError
        No such method, or Kenward-Roger with the full likelihood.
    """
    check_option("ddf", ddf, DF_METHODS)
    if ddf.startswith("kenward-roger") and not reml:
        raise OptionError(
            f"ddf '{ddf}' is derived for restricted likelihood and has no meaning under ML; "
            "use reml=True, or ddf='satterthwaite'"
        )
    return ddf


def inference_of(
    ddf: str, sums: Stack, fitted: MarginalFit, structure: Structure, times: np.ndarray, back: np.ndarray
) -> Inference:
    """Return the method's inference on the coefficients of the formula.

    back : (p, p) takes coefficients of the sums' design to those of the formula
    """
    phi = back @ fitted.at.phi @ back.T
    if ddf == "residual":
        return FixedDf(phi, float(sums.n_observations - sums.p))
    along = back @ fitted.at.phi
    slopes = -along @ fitted.derivatives.slopes @ along.T
    if ddf == "satterthwaite":
        return Satterthwaite(phi, slopes, fitted.theta_covariance)
    first, second = structure.derivatives(fitted.theta, times)
    adjustment = kenward_roger_adjustment(
        sums,
        fitted.at,
        first,
        second if ddf == "kenward-roger" else None,
        fitted.derivatives.slopes,
        fitted.theta_covariance,
    )
    return KenwardRoger(phi + back @ adjustment @ back.T, phi, slopes, fitted.theta_covariance)
