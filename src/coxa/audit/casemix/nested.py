"""The mixed model of patients in therapists in clinics, fitted from sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from coxa.audit.casemix.likelihood import Evaluated, Standardised, evaluate, standardised
from coxa.audit.casemix.optimum import Proved, optimum
from coxa.audit.casemix.sums import NestedSums
from coxa.audit.limits import Floats
from coxa.errors import FitError, OptionError

Level = Literal["clinic", "therapist"]
LEVELS: tuple[Level, ...] = ("clinic", "therapist")
LOG_2PI = float(np.log(2 * np.pi))


@dataclass(frozen=True)
class NestedFit:
    """Patients in therapists in clinics.

    sums      : what it was fitted from
    levels    : whose variances are in the model
    reml      : restricted likelihood, or the full one
    params    : coefficients, by name
    covariance: (p, p) of the coefficients, given the variances
    variances : clinic, therapist and patient; 0 of a level that is not in the model
    at_zero   : levels whose variance is zero because nothing above zero is likelier
    loglik    : log-likelihood, with its constants
    gradient  : (3,) of -loglik on the variances
    hessian   : (3, 3)
    distance  : sqrt(g' H^-1 g), in standard errors, of the variances that are not zero
    min_eigenvalue : smallest eigenvalue of their relative Hessian with a unit diagonal

    Examples
    --------
    >>> from coxa.audit.casemix.sums import nested_sums
    >>> y, clinic, therapist = [1.0, 2, 4, 5, 9, 8, 7, 5], list("AAAABBBB"), list("ssttuuvv")
    >>> fit = fit_nested(nested_sums(np.ones((8, 1)), y, clinic, therapist))
    >>> fit.variances.round(2).to_dict()
    {'clinic': 7.13, 'therapist': 3.38, 'patient': 0.87}
    """

    sums: NestedSums
    levels: tuple[Level, ...]
    reml: bool
    params: pd.Series
    covariance: Floats
    variances: pd.Series
    at_zero: tuple[Level, ...]
    loglik: float
    gradient: Floats
    hessian: Floats
    distance: float
    min_eigenvalue: float
    _data: Standardised
    _at: Evaluated

    @property
    def bse(self) -> pd.Series:
        """Standard errors of the coefficients, given the variances."""
        return pd.Series(np.sqrt(np.diag(self.covariance)), self.params.index)

    @cached_property
    def df(self) -> pd.Series:
        """Satterthwaite's degrees of freedom of the coefficients, from the observed information."""
        at, free = self._at, (self.variances.to_numpy() > 0)
        vc, vt, s2 = self.variances
        back = self._data.basis @ at.m
        slopes = [np.diag(back @ part.T @ part @ back.T) for part in (at.fc, at.f)]
        # the covariance is of degree one in the variances, which gives the slope along that of patients
        slopes.append((np.diag(self.covariance) - vc * slopes[0] - vt * slopes[1]) / s2)
        inverse = np.linalg.inv(self.hessian[np.ix_(free, free)])
        along = np.array(slopes)[free]
        spread = np.einsum("kp,kl,lp->p", along, inverse, along)
        return pd.Series(2 * np.diag(self.covariance) ** 2 / spread, self.params.index)

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Return the limits of the coefficients by Satterthwaite's degrees of freedom."""
        half = stats.t.ppf(1 - alpha / 2, self.df) * self.bse
        return pd.DataFrame({"conf_low": self.params - half, "conf_high": self.params + half})

    def robust_covariance(self) -> Floats:
        """Return the covariance (p, p) of the coefficients that holds for any variances within clinics (CR0).

        Raises
        ------
        FitError
            The sums of products are of all clinics together.
        """
        if len(self.sums.xx) != len(self.sums.clinics):
            raise FitError("the sums of products are not of each clinic", ["Give sums by `nested_sums`."])
        scores = self._clinic_scores()
        return np.asarray(self.covariance @ (scores.T @ scores) @ self.covariance)

    def _clinic_scores(self) -> Floats:
        """Return X'V^-1 r (C, p) of each clinic."""
        sums, beta, (gc, gt) = self.sums, self.params.to_numpy(), self._at.g
        u = 1 / (1 + gt * sums.weight)
        r = sums.y - sums.x @ beta
        qx, qr = sums.by_clinic(u[:, None] * sums.x), sums.by_clinic(u * r)
        score = sums.xy - sums.xx @ beta - gt * sums.by_clinic((u * r)[:, None] * sums.x)
        return (score - (gc * self._at.shrink * qr)[:, None] * qx) / float(self.variances["patient"])

    def clinics(self) -> pd.DataFrame:
        """Return the clinics: n, weight, mean residual (of the fixed part), and the predicted effect.

        Columns: clinic, n, weight, residual, effect (BLUP), std_error (root of the prediction error variance), given
        (conditional standard deviation, given the coefficients; lme4's), reliability (1 - prediction error variance /
        variance; 0 where the variance is).
        """
        sums, at, s2 = self.sums, self._at, float(self.variances["patient"])
        gc = at.g[0]
        explained = at.k - np.einsum("cp,pq,cq->c", at.fc, at.m, at.fc)
        weight = sums.by_clinic(sums.weight)
        own = {"clinic": list(sums.clinics), "n": sums.by_clinic(sums.n).astype(int), "weight": weight}
        own["residual"] = sums.by_clinic(self._residuals()) / weight
        return _predictions(own, gc * at.ec, s2 * gc, s2 * gc**2 * explained, s2 * gc**2 * at.k)

    def therapists(self) -> pd.DataFrame:
        """Return the therapists: as `clinics`, with the effect of the therapist within the clinic, and `together`.

        `together` is the effect of clinic and therapist, `together_error` the root of its prediction error variance,
        and `together_reliability` that of both.
        """
        sums, at, s2 = self.sums, self._at, float(self.variances["patient"])
        (gc, gt), own = at.g, sums.clinic_of
        fm = at.f @ at.m
        fitted_t, fitted_c = np.sum(fm * at.f, axis=1), np.einsum("cp,pq,cq->c", at.fc, at.m, at.fc)[own]
        b = at.a - gc * at.shrink[own] * at.a**2
        explained = b - fitted_t
        columns = {"clinic": [sums.clinics[k] for k in own], "therapist": list(sums.therapists), "n": sums.n}
        columns |= {"weight": sums.weight, "residual": self._residuals() / sums.weight}
        frame = _predictions(columns, gt * at.e, s2 * gt, s2 * gt**2 * explained, s2 * gt**2 * b)
        cross = at.a * at.shrink[own] - np.sum(fm * at.fc[own], axis=1)
        both = gc**2 * (at.k[own] - fitted_c) + 2 * gc * gt * cross + gt**2 * explained
        variance = s2 * (gc + gt)
        frame["together"] = gc * at.ec[own] + gt * at.e
        frame["together_error"] = np.sqrt(np.maximum(variance - s2 * both, 0.0))
        frame["together_reliability"] = s2 * both / variance if variance > 0 else 0.0
        return frame

    def _residuals(self) -> Floats:
        """Return the sums (T,) of the residuals of the fixed part."""
        return np.asarray(self.sums.y - self.sums.x @ self.params.to_numpy())


def _predictions(
    columns: dict[str, object], effect: Floats, variance: float, explained: Floats, given: Floats
) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    frame["effect"] = effect
    frame["std_error"] = np.sqrt(np.maximum(variance - explained, 0.0))
    frame["given"] = np.sqrt(np.maximum(variance - given, 0.0))
    frame["reliability"] = explained / variance if variance > 0 else 0.0
    return frame


def fit_nested(sums: NestedSums, *, levels: Sequence[Level] = LEVELS, reml: bool = True) -> NestedFit:
    """Fit y = x b + clinic + therapist (in clinic) + patient by maximum likelihood, from sums.

    Parameters
    ----------
    sums
        From `nested_sums`, or from a database by one GROUP BY. With weights the variance of an episode is that of
        patients over its weight.
    levels
        Whose variances are in the model: clinic and therapist, or one of them.
    reml
        Restricted likelihood (the default), or the full one.

    Returns
    -------
    NestedFit
        A variance is zero where no variance above zero is likelier; `at_zero` names it.

    Raises
    ------
    OptionError
        `levels` names neither.
    FitError
        The sums cannot tell the levels apart: one clinic, one therapist in every clinic, one episode of every
        therapist; columns that are combinations of others; an outcome that the design explains exactly.
    NonConvergenceError
        No optimum was proved.

    Notes
    -----
    Likelihood, gradient and Hessian are exact, and are reckoned by Woodbury's formula, for therapists and then for
    clinics: the cost is linear in therapists and does not depend on the number of episodes. The search is Newton's
    from several starts; an optimum is kept if its gradient is zero, or points to below zero at a variance of zero, and
    its Hessian is positive definite. Sources: Harville, Journal of the American Statistical Association 1977,
    72:320-338; Searle, Casella & McCulloch, Variance Components, 1992, chapter 6.

    Examples
    --------
    >>> from coxa.audit.casemix.sums import nested_sums
    >>> y, clinic, therapist = [1.0, 2, 4, 5, 9, 8, 7, 5], list("AAAABBBB"), list("ssttuuvv")
    >>> fit = fit_nested(nested_sums(np.ones((8, 1)), y, clinic, therapist))
    >>> fit.clinics()[["clinic", "residual", "effect"]].round(3).values.tolist()
    [['A', -2.125, -1.676], ['B', 2.125, 1.676]]
    """
    chosen: tuple[Level, ...] = tuple(level for level in LEVELS if level in levels)
    if not chosen or set(levels) - set(LEVELS):
        raise OptionError(f"`levels` is {list(levels)}. Give clinic, therapist, or both.")
    _tell_apart(sums, chosen)
    data = standardised(sums)
    asked = ("clinic" in chosen, "therapist" in chosen)
    proved = optimum(lambda g: evaluate(data, g, reml), asked)
    return _fit_of(data, proved, chosen, reml)


def _tell_apart(sums: NestedSums, levels: tuple[Level, ...]) -> None:
    """Refuse sums in which two levels are one."""
    n_clinics, n_therapists = len(sums.clinics), len(sums.therapists)
    per_clinic = sums.by_clinic(sums.n)
    if "clinic" in levels and n_clinics < 2:
        raise FitError("there is one clinic, so that clinics have no variance", ['Give levels=["therapist"].'])
    if "therapist" in levels and n_therapists < 2:
        raise FitError("there is one therapist, so that therapists have no variance", ['Give levels=["clinic"].'])
    if levels == LEVELS and n_clinics == n_therapists:
        raise FitError(
            "every clinic has one therapist, so that clinics and therapists cannot be separated",
            ['Give levels=["clinic"].'],
        )
    if "therapist" in levels and sums.n.max() < 2:
        raise FitError(
            "every therapist has one episode, so that therapists and patients cannot be separated",
            ['Give levels=["clinic"].'],
        )
    if "clinic" in levels and per_clinic.max() < 2:
        raise FitError(
            "every clinic has one episode, so that clinics and patients cannot be separated",
            ["Audit a longer time."],
        )


def _fit_of(data: Standardised, proved: Proved, levels: tuple[Level, ...], reml: bool) -> NestedFit:
    sums, at = data.sums, proved.at
    p, n = len(at.m), data.sums.total
    nu = n - (p if reml else 0)
    s2 = at.q / nu
    # with REML the basis is put back: |X'V^-1X| is that of the columns as they came
    deviance = at.objective - nu * np.log(nu) + nu + nu * LOG_2PI - sums.log_weight + (data.log_det if reml else 0.0)
    gradient, hessian = _on_variances(at, s2, nu)
    return NestedFit(
        sums=sums,
        levels=levels,
        reml=reml,
        params=pd.Series(data.ols + data.basis @ at.beta, list(sums.names)),
        covariance=s2 * data.basis @ at.m @ data.basis.T,
        variances=pd.Series([s2 * at.g[0], s2 * at.g[1], s2], ["clinic", "therapist", "patient"]),
        at_zero=tuple(level for level, zero in zip(LEVELS, proved.zero, strict=True) if zero),
        loglik=-float(deviance) / 2,
        gradient=gradient,
        hessian=hessian,
        distance=proved.distance,
        min_eigenvalue=proved.min_eigenvalue,
        _data=data,
        _at=at,
    )


def _on_variances(at: Evaluated, s2: float, nu: int) -> tuple[Floats, Floats]:
    """Return gradient (3,) and Hessian (3, 3) of -loglik on the variances, by the chain rule from relative ones.

    -2 loglik = nu log s2 + L(g) + Q(g) / s2 with g = v / s2.
    """
    g = at.g
    inner = at.log_gradient + at.q_gradient / s2
    curved = at.log_hessian + at.q_hessian / s2
    slope = (nu - g @ inner - at.q / s2) / s2
    mixed = (-inner - curved @ g - at.q_gradient / s2) / s2**2
    own = (-nu + 2 * g @ inner + g @ curved @ g + 2 * g @ at.q_gradient / s2 + 2 * at.q / s2) / s2**2
    gradient = np.array([*(inner / s2), slope]) / 2
    hessian = np.zeros((3, 3))
    hessian[:2, :2], hessian[:2, 2], hessian[2, :2], hessian[2, 2] = curved / s2**2, mixed, mixed, own
    return gradient, hessian / 2
