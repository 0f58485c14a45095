"""The likelihood of patients in therapists in clinics, from sums: value, gradient and exact Hessian.

The variances of clinics and therapists are g times that of patients. H = W^-1 + g_t Zt Zt' + g_c Zc Zc' is inverted by
Woodbury's formula twice, for therapists and then for clinics, so that nothing is larger than therapists by columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coxa.audit.casemix.sums import NestedSums, independent_columns
from coxa.audit.limits import Floats
from coxa.errors import FitError


@dataclass(frozen=True, slots=True)
class Standardised:
    """The sums in a basis of the design that is orthonormal, of the residuals of least squares.

    sums  : as they came
    basis : (p, p); x basis has cross-products I
    ols   : (p,) coefficients of least squares
    x, y  : (T, p) and (T,) sums in this basis
    rss   : residual sum of squares of least squares
    log_det : log |X'WX|
    """

    sums: NestedSums
    basis: Floats
    ols: Floats
    x: Floats
    y: Floats
    rss: float
    log_det: float


def standardised(sums: NestedSums) -> Standardised:
    """Return the sums in an orthonormal basis.

    Raises
    ------
    FitError
        Columns are combinations of others, or the design explains the outcome exactly.
    """
    gram, xy, yy = sums.xx.sum(axis=0), sums.xy.sum(axis=0), float(sums.yy.sum())
    kept = independent_columns(gram)
    if len(kept) < len(gram):
        names = ", ".join(name for k, name in enumerate(sums.names) if k not in kept)
        raise FitError(
            f"these columns of the design are combinations of others: {names}",
            ["Leave them out, or join levels that few episodes have."],
        )
    size = np.sqrt(np.diag(gram))
    lower = np.linalg.cholesky(gram / np.outer(size, size))
    basis = np.linalg.solve(lower, np.eye(len(lower))).T / size[:, None]
    ols = basis @ (basis.T @ xy)
    rss = yy - float(xy @ ols)
    if not rss > 1e-12 * yy or sums.total <= len(gram):
        raise FitError("the design explains the outcome exactly", ["Leave columns out, or add episodes."])
    log_det = 2 * float(np.log(np.diag(lower)).sum() + np.log(size).sum())
    return Standardised(sums, basis, ols, sums.x @ basis, sums.y - sums.x @ ols, rss, log_det)


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Everything at relative variances (g_c, g_t) of clinics and therapists.

    g         : (2,)
    objective : -2 log-likelihood with the variance of patients at its best, but for a constant
    gradient  : (2,) of it, and
    hessian   : (2, 2)
    log_parts : log |H| and, with REML, log |X'H^-1X|, together
    log_gradient, log_hessian : of these
    q         : y'Py, and
    q_gradient, q_hessian     : of it
    beta      : (p,) coefficients in the orthonormal basis, less those of least squares
    m         : (p, p) inverse of X'H^-1X
    f         : (T, p) Zt'H^-1X, and fc (C, p) Zc'H^-1X
    e         : (T,) Zt'P y, and ec (C,) Zc'P y
    a, k      : (T,) and (C,) diagonals of Zt'Vt^-1Zt, Vt without clinics, and of Zc'H^-1Zc
    shrink    : (C,) 1 / (1 + g_c A)
    """

    g: Floats
    objective: float
    gradient: Floats
    hessian: Floats
    log_parts: float
    log_gradient: Floats
    log_hessian: Floats
    q: float
    q_gradient: Floats
    q_hessian: Floats
    beta: Floats
    m: Floats
    f: Floats
    fc: Floats
    e: Floats
    ec: Floats
    a: Floats
    k: Floats
    shrink: Floats


def evaluate(data: Standardised, g: Floats, reml: bool) -> Evaluated:
    """Return likelihood and derivatives at relative variances g = (g_c, g_t), each 0 or more."""
    sums, (gc, gt) = data.sums, g
    own = sums.clinic_of
    # Zt'Vt^-1Zt = diag(a) with therapists alone; clinics take from it gc / (1 + gc A) a a' in each clinic
    u = 1 / (1 + gt * sums.weight)
    a = sums.weight * u
    big = sums.by_clinic(a)
    shrink = 1 / (1 + gc * big)
    qx, qy = sums.by_clinic(u[:, None] * data.x), sums.by_clinic(u * data.y)
    xhx = np.eye(data.x.shape[1]) - gt * (data.x.T * u) @ data.x - gc * (qx.T * shrink) @ qx
    xhy = -gt * (data.x.T * u) @ data.y - gc * (qx.T * shrink) @ qy
    yhy = data.rss - gt * float(u @ data.y**2) - gc * float(shrink @ qy**2)
    m = np.linalg.inv(xhx)
    beta = m @ xhy
    q = yhy - float(xhy @ beta)
    f = u[:, None] * data.x - (a * gc * shrink[own])[:, None] * qx[own]
    e = u * (data.y - data.x @ beta) - a * gc * (shrink * (qy - qx @ beta))[own]
    fc, ec = sums.by_clinic(f), sums.by_clinic(e)
    log_h = float(-np.log(u).sum() - np.log(shrink).sum())
    log_parts = log_h + (float(np.linalg.slogdet(xhx)[1]) if reml else 0.0)
    k = big * shrink
    log_gradient, log_hessian = _traces(data, a, big, gc, shrink, f, fc, m if reml else np.zeros_like(m))
    q_gradient = -np.array([ec @ ec, e @ e])
    q_hessian = _curvature(sums, a, shrink * gc, f, m, e, ec)
    nu = sums.total - (len(m) if reml else 0)
    gradient = nu * q_gradient / q + log_gradient
    hessian = nu * (q_hessian / q - np.outer(q_gradient, q_gradient) / q**2) + log_hessian
    return Evaluated(
        g=g, objective=nu * float(np.log(q)) + log_parts, gradient=gradient, hessian=hessian, log_parts=log_parts,
        log_gradient=log_gradient, log_hessian=log_hessian, q=q, q_gradient=q_gradient, q_hessian=q_hessian,
        beta=beta, m=m, f=f, fc=fc, e=e, ec=ec, a=a, k=k, shrink=shrink,
    )  # fmt: skip


def objective(data: Standardised, g: Floats, reml: bool) -> float:
    """Return the objective alone."""
    return evaluate(data, g, reml).objective


def _traces(
    data: Standardised, a: Floats, big: Floats, gc: float, shrink: Floats, f: Floats, fc: Floats, m: Floats
) -> tuple[Floats, Floats]:
    """Return tr(P V_k) and -tr(P V_k P V_l) for clinics and therapists; of H^-1 in place of P where m is zero.

    With B = Zt'H^-1Zt, Zt'PZt = B - F M F'; its sums of squares are had without the matrix, which has therapists by
    therapists entries.
    """
    sums = data.sums
    own, k = sums.clinic_of, big * shrink
    a2 = sums.by_clinic(a**2)
    loss = gc * shrink
    ff, ffc = f.T @ f, fc.T @ fc
    gradient = np.array([k.sum() - np.sum(ffc * m), a.sum() - loss @ a2 - np.sum(ff * m)])
    # B is diag(a) - loss a a' within a clinic, so that sum B^2 is:
    squares = float(a @ a - 2 * loss @ sums.by_clinic(a**3) + loss**2 @ a2**2)
    bf = a[:, None] * f - a[:, None] * (loss[:, None] * sums.by_clinic(a[:, None] * f))[own]
    tt = squares - 2 * np.sum((f.T @ bf) * m) + np.sum((ff @ m) * (ff @ m).T)
    row = a * shrink[own]  # of Zc'H^-1Zt, one entry for each therapist
    ct = float(row @ row) - 2 * np.sum((fc.T @ sums.by_clinic(row[:, None] * f)) * m) + np.sum((ffc @ m) * (ff @ m).T)
    cc = float(k @ k) - 2 * np.sum(((fc.T * k) @ fc) * m) + np.sum((ffc @ m) * (ffc @ m).T)
    return gradient, -np.array([[cc, ct], [ct, tt]])


def _curvature(sums: NestedSums, a: Floats, loss: Floats, f: Floats, m: Floats, e: Floats, ec: Floats) -> Floats:
    """Return 2 y'P V_k P V_l P y for clinics and therapists."""
    spread = ec[sums.clinic_of]

    def along(v: Floats) -> Floats:
        inner = a * v - a * (loss * sums.by_clinic(a * v))[sums.clinic_of]
        return inner - f @ (m @ (f.T @ v))

    by_spread, by_own = along(spread), along(e)
    ct = float(spread @ by_own)
    return 2 * np.array([[spread @ by_spread, ct], [ct, e @ by_own]])
