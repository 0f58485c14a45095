"""Sandwich covariance of the fixed effects from the participants' own residuals, and its degrees of freedom.

With W_i = L_i L_i' the inverse covariance of participant i, B_i = L_i' X_i, e_i = L_i'(y_i - X_i beta) and
H_i = B_i Phi B_i', the covariance is Phi (sum_i B_i' F_i e_i e_i' F_i B_i) Phi with

    CR0  F_i = I                  (Liang & Zeger, Biometrika 1986, 73:13-22)
    CR2  F_i = (I - H_i)^(-1/2)   (Bell & McCaffrey, Survey Methodology 2002, 28:169-181)
    CR3  F_i = (I - H_i)^-1       (Mancl & DeRouen, Biometrics 2001, 57:126-134; the jackknife, to first order)

Degrees of freedom follow Satterthwaite with the fitted covariance as the working one (Bell & McCaffrey 2002;
Pustejovsky & Tipton, Journal of Business & Economic Statistics 2018, 36:672-683).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from coxa.models.numerics.pattern_sums import Pattern

SANDWICHES = ("CR0", "CR2", "CR3")

LOST = 1e-10
"""Eigenvalue of I - H_i below which a participant alone determines a fixed effect; the direction has no residual."""


@dataclass(frozen=True, slots=True)
class Sandwich:
    """The sandwich covariance of p fixed effects, and what degrees of freedom need of the N rows.

    covariance : (p, p)
    phi        : (p, p) covariance by the model
    whitened   : (N, p) rows of B_i, participant after participant
    adjusted   : (N, p) rows of F_i B_i
    starts     : (n,) first row of each participant
    """

    covariance: np.ndarray
    phi: np.ndarray
    whitened: np.ndarray
    adjusted: np.ndarray
    starts: np.ndarray

    def df(self, row: np.ndarray) -> float:
        """Return Satterthwaite's degrees of freedom of l'beta, l of shape (p,).

        The variance is a quadratic form of whitened residuals whose matrix has (n, n) entries
        delta_ij |u_i|^2 - v_i' Phi v_j, u_i = F_i B_i Phi l, v_i = B_i' u_i; its trace and the sum of its squares
        are all that is needed.
        """
        u = self.adjusted @ (self.phi @ row)
        own = np.add.reduceat(u**2, self.starts)
        v = np.add.reduceat(self.whitened * u[:, None], self.starts)
        shared = np.einsum("ia,ab,ib->i", v, self.phi, v, optimize=True)
        cross = self.phi @ (v.T @ v)
        squares = (own**2 - 2 * own * shared).sum() + (cross * cross.T).sum()
        return float((own - shared).sum() ** 2 / squares)


def sandwich(
    kind: str, observed: Iterable[Pattern], rows: np.ndarray, beta: np.ndarray, phi: np.ndarray, inverse: np.ndarray
) -> Sandwich:
    """Return the sandwich covariance.

    Parameters
    ----------
    kind : {"CR0", "CR2", "CR3"}
    observed : iterable of S Pattern
        In the order of `inverse`.
    rows : (N, p + 1)
        Design and outcome, weighted.
    beta, phi : (p,), (p, p)
    inverse : (S, m, m)
        Inverse covariance of each pattern, zero where it has no visit.
    """
    p = len(beta)
    whitened, adjusted, lengths = [], [], []
    meat = np.zeros((p, p))
    for pattern, padded in zip(observed, inverse, strict=True):
        root = np.linalg.cholesky(padded[np.ix_(pattern.visits, pattern.visits)])
        whitened_rows = root.T @ rows[pattern.rows]
        b, e = whitened_rows[..., :p], whitened_rows[..., p] - whitened_rows[..., :p] @ beta
        fb = b if kind == "CR0" else adjustment(kind, b, phi) @ b
        score = np.einsum("iva,iv->ia", fb, e)
        meat += score.T @ score
        whitened.append(b.reshape(-1, p))
        adjusted.append(fb.reshape(-1, p))
        lengths.append(np.full(len(b), len(pattern.visits)))
    sizes = np.concatenate(lengths)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return Sandwich(phi @ meat @ phi, phi, np.concatenate(whitened), np.concatenate(adjusted), starts)


def adjustment(kind: str, b: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """Return F_i, shape (n, v, v), of participants with whitened rows b (n, v, p)."""
    left = np.eye(b.shape[1]) - b @ phi @ b.swapaxes(1, 2)
    values, vectors = np.linalg.eigh(left)
    power = -0.5 if kind == "CR2" else -1.0
    kept = values > LOST
    scale = np.where(kept, np.where(kept, values, 1.0) ** power, 0.0)
    return (vectors * scale[:, None, :]) @ vectors.swapaxes(1, 2)
