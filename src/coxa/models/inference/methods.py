"""Covariance and degrees of freedom of the fixed effects, by method.

Sources: Satterthwaite, Biometrics Bulletin 1946, 2:110-114; Fai & Cornelius, Journal of Statistical Computation and
Simulation 1996, 54:363-378, for the F test; Schluchter & Elashoff, Journal of Statistical Computation and Simulation
1990, 37:69-87, for between and within participants, as in the R package mmrm (0.3.18) and SAS's ddfm=bw.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from coxa.models.inference.kenward_roger import kenward_roger_f
from coxa.models.inference.sandwich import Sandwich


def satterthwaite_df(row: np.ndarray, phi: np.ndarray, phi_slopes: np.ndarray, theta_covariance: np.ndarray) -> float:
    """Return 2 v^2 / var(v) for v = l' Phi l.

    Parameters
    ----------
    row : (p,)
        The linear function l.
    phi : (p, p)
        Covariance of the fixed effects.
    phi_slopes : (K, p, p)
        Derivatives of phi in the covariance parameters.
    theta_covariance : (K, K)
        Covariance of the covariance parameters.
    """
    gradient = np.einsum("kab,a,b->k", phi_slopes, row, row)
    return float(2 * (row @ phi @ row) ** 2 / (gradient @ theta_covariance @ gradient))


def satterthwaite_f(
    rows: np.ndarray, beta: np.ndarray, phi: np.ndarray, phi_slopes: np.ndarray, theta_covariance: np.ndarray
) -> tuple[float, float]:
    """Return the F statistic of rows (q, p) of full row rank, and its denominator degrees of freedom.

    The q-dimensional statistic is split into q independent t statistics; the denominator matches the mean of
    their sum of squares. With one of them at 2 degrees of freedom or fewer that mean is infinite, and 2 is
    returned.
    """
    values, vectors = np.linalg.eigh(rows @ phi @ rows.T)
    independent = vectors.T @ rows
    f = float(((independent @ beta) ** 2 / values).mean())
    each = np.array([satterthwaite_df(row, phi, phi_slopes, theta_covariance) for row in independent])
    return f, matched_df(each)


def matched_df(each: np.ndarray) -> float:
    """Return the denominator that gives F the mean of the average of independent t_nu^2."""
    q = len(each)
    if np.ptp(each) < 1e-8 * each.max():
        return float(each.mean())
    if (each <= 2).any():
        return 2.0
    mean = float((each / (each - 2)).sum())
    return 2 * mean / (mean - q)


def between_within_df(participant: np.ndarray, x: np.ndarray, intercept: np.ndarray) -> np.ndarray:
    """Return the degrees of freedom of each coefficient, shape (p,).

    A column that is constant in every participant is between: participants less these columns and the intercept.
    The intercept and the other columns are within: rows less participants and these columns.

    Parameters
    ----------
    participant : (N,) integer codes
    x : (N, p)
    intercept : (p,) bool

    Examples
    --------
    >>> who, visit = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 0, 1, 0, 1])
    >>> x = np.column_stack([np.ones(6), who == 0, visit])
    >>> between_within_df(who, x, np.array([True, False, False])).tolist()
    [2.0, 1.0, 2.0]
    """
    order = np.argsort(participant, kind="stable")
    who, sorted_x = participant[order], x[order]
    same = who[1:] == who[:-1]
    within = ((sorted_x[1:] != sorted_x[:-1]) & same[:, None]).any(axis=0)
    n = int((~same).sum()) + 1
    between_df = n - (~within & ~intercept).sum() - intercept.sum()
    within_df = len(who) - n - (within & ~intercept).sum()
    return np.where(within | intercept, within_df, between_df).astype(float)


NOT_INVOLVED = 1e-10
"""Weight, relative to the largest, up to which a coefficient counts as not being in a linear function."""


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


def wald_f(rows: np.ndarray, beta: np.ndarray, covariance: np.ndarray) -> float:
    """Return the Wald statistic of rows (q, p) of full row rank over q."""
    estimate = rows @ beta
    return float(estimate @ np.linalg.solve(rows @ covariance @ rows.T, estimate)) / len(rows)


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
        return wald_f(rows, beta, self.covariance), self.denominator


@dataclass(frozen=True, slots=True)
class Normal:
    """No degrees of freedom: z in place of t, and chi-squared over its rows in place of F."""

    covariance: np.ndarray

    def df(self, row: np.ndarray) -> float:  # noqa: ARG002
        """Return infinity."""
        return float(np.inf)

    def f_test(self, rows: np.ndarray, beta: np.ndarray) -> tuple[float, float]:
        """Return the Wald statistic over its number of rows, and infinity."""
        return wald_f(rows, beta, self.covariance), float(np.inf)


@dataclass(frozen=True, slots=True)
class BetweenWithin:
    """Counted degrees of freedom: the smallest of the coefficients that are involved.

    each : (p,) degrees of freedom of the coefficients
    """

    covariance: np.ndarray
    each: np.ndarray

    def df(self, row: np.ndarray) -> float:
        """Return the smallest of those involved."""
        return float(self.each[np.abs(row) > NOT_INVOLVED * np.abs(row).max()].min())

    def f_test(self, rows: np.ndarray, beta: np.ndarray) -> tuple[float, float]:
        """Return the Wald statistic over its number of rows."""
        return wald_f(rows, beta, self.covariance), self.df(np.abs(rows).max(axis=0))


@dataclass(frozen=True, slots=True)
class RobustSatterthwaite:
    """A sandwich covariance with degrees of freedom from the uncertainty of each variance.

    sandwich : in the coordinates of the design it was made with
    back     : (p, p) takes coefficients of that design to those of the formula
    """

    covariance: np.ndarray
    sandwich: Sandwich
    back: np.ndarray

    def df(self, row: np.ndarray) -> float:
        """Return Satterthwaite's degrees of freedom."""
        return self.sandwich.df(self.back.T @ row)

    def f_test(self, rows: np.ndarray, beta: np.ndarray) -> tuple[float, float]:
        """Return the F statistic; the denominator matches the mean of independent t^2, as with Fai and Cornelius."""
        vectors = np.linalg.eigh(rows @ self.covariance @ rows.T)[1]
        each = np.array([self.df(row) for row in vectors.T @ rows])
        return wald_f(rows, beta, self.covariance), matched_df(each)


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
