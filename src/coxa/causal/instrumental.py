"""Two-stage least squares with one exposure and one instrument, and what is needed to trust it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from coxa.arguments import FRAME, kinds
from coxa.cards import Carded
from coxa.errors import FitError, OptionError, check_level, check_option
from coxa.models.design.matrix import design_matrix

Floats = NDArray[np.float64]

IVVcov = Literal["model", "HC0", "HC1", "HC3"]
"""Covariance of the coefficients: of one residual variance, or one that allows unequal variances."""

VCOVS: tuple[IVVcov, ...] = get_args(IVVcov)

WEAK = 10.0
"""First-stage F below which an instrument is called weak (Staiger & Stock, Econometrica 1997, 65:557-586)."""

Region = Literal["interval", "rays", "line"]
"""Shape of a set of values: between two limits, outside of them, or every number."""


@dataclass(frozen=True, slots=True, repr=False)
class AndersonRubin(Carded):
    """The values of an effect that the test of Anderson and Rubin does not reject; valid with a weak instrument too.

    low, high : the limits; infinite where every number is in the set
    region    : interval (between them), rays (outside of them) or line (every number)

    Examples
    --------
    >>> AndersonRubin(1.0, 4.0, "interval").region
    'interval'
    """

    low: float
    high: float
    region: Region


@dataclass(frozen=True, slots=True, repr=False)
class InstrumentalEffect(Carded):
    """The effect of an exposure by an instrument, in units of the outcome per unit of the exposure.

    estimate, std_error, df, statistic, p_value, conf_low, conf_high : of the effect, with quantiles of t
    reduced, reduced_error  : effect of the instrument on the outcome, adjusted, and its standard error
    first, first_error      : effect of the instrument on the exposure, adjusted, and its standard error
    first_f                 : squared ratio of these two; below 10 the instrument is weak
    anderson_rubin          : the set of effects that its test does not reject
    hausman_f, hausman_p    : test that least squares would give the same
    n, coefficients         : rows, and coefficients of each stage
    complete                : (rows of the data,) which were analysed
    formula, vcov, conf_level : as asked for

    Examples
    --------
    >>> d = pd.DataFrame({"z": [0, 1] * 20, "d": [0, 1] * 10 + [0, 0] * 10})
    >>> d["y"] = 3.0 * d["d"] + [0.5, -0.5, -0.5, 0.5] * 10
    >>> found = instrumental_effect(d, "y", "d", "z")
    >>> round(found.estimate, 6), round(found.first, 6), found.is_weak
    (3.0, 0.5, False)
    """

    estimate: float
    std_error: float
    df: float
    statistic: float
    p_value: float
    conf_low: float
    conf_high: float
    reduced: float
    reduced_error: float
    first: float
    first_error: float
    first_f: float
    anderson_rubin: AndersonRubin
    hausman_f: float
    hausman_p: float
    n: int
    coefficients: int
    complete: NDArray[np.bool_]
    formula: str
    vcov: IVVcov
    conf_level: float

    @property
    def is_weak(self) -> bool:
        """Whether the first-stage F is below 10."""
        return self.first_f < WEAK


@kinds(data=FRAME)
def instrumental_effect(
    data: pd.DataFrame,
    outcome: str,
    exposure: str,
    instrument: str,
    *,
    adjust: Sequence[str] = (),
    vcov: IVVcov = "HC1",
    conf_level: float = 0.95,
) -> InstrumentalEffect:
    """Estimate the effect of an exposure by two-stage least squares, with one instrument.

    Parameters
    ----------
    data : DataFrame
        One row per participant. Not changed; rows without one of the columns are left out.
    outcome : str
        A number, or 0 and 1.
    exposure : str
        What was received: 0 and 1, or a dose such as sessions attended.
    instrument : str
        A number that acts on the outcome through the exposure alone, such as the arm allocated (0 and 1).
    adjust : sequence of str
        Terms of both stages, such as ``baseline``; covariates of before randomisation.
    vcov : {"model", "HC0", "HC1", "HC3"}
        Covariance of the coefficients. HC0 is White's of the second stage with residuals of the exposure as it was
        received, HC1 times n / (n - k), HC3 with each residual over one less its leverage.
    conf_level : float
        Between 0.5 and 1.

    Returns
    -------
    InstrumentalEffect
        With the first stage, the effect of the instrument itself (the reduced form, of which the effect is a ratio),
        and the set of Anderson and Rubin.

    Raises
    ------
    OptionError
        A column or a term is not allowed.
    FitError
        The instrument moves the exposure nowhere, or there are too few rows.

    Notes
    -----
    Imbens & Angrist, Econometrica 1994, 62:467-475; Anderson & Rubin, Annals of Mathematical Statistics 1949,
    20:46-63. With one instrument the effect is the reduced form over the first stage, and the set of Anderson and
    Rubin has the effects b of which ``outcome - b exposure`` does not differ by the instrument.

    Examples
    --------
    >>> d = pd.DataFrame({"z": [0, 0, 0, 0, 1, 1, 1, 1], "d": [0, 0, 0, 1, 0, 1, 1, 1]})
    >>> d["y"] = [1.0, 2, 3, 6, 2, 5, 6, 7]
    >>> found = instrumental_effect(d, "y", "d", "z")
    >>> [round(one, 3) for one in (found.estimate, found.reduced, found.first)]
    [4.0, 2.0, 0.5]
    """
    check_level(conf_level)
    check_option("vcov", vcov, VCOVS)
    for name in (outcome, exposure, instrument):
        if name not in data:
            raise OptionError(f"The data have no column '{name}'. Name one of theirs.")
    formula = f"{outcome} ~ {' + '.join([instrument, *adjust])}"
    design = design_matrix(formula, data, also=(exposure,))
    d = pd.to_numeric(data.loc[design.complete, exposure]).to_numpy(dtype=float)
    if instrument not in design.names:
        raise OptionError(f"The instrument '{instrument}' is not a number. Give 0 and 1, or a number.")
    place = design.names.index(instrument)
    z, y = design.x, design.y
    n, k = z.shape
    if n <= k:
        raise FitError(
            f"{n} rows for {k} coefficients of each stage", ["Adjust for fewer covariates, or look for missing values."]
        )
    first, first_error = _coefficient(z, d, place, vcov)
    if np.ptp(d) == 0 or abs(first) < 1e-12:
        raise FitError(
            f"{instrument} does not move {exposure}: its effect in the first stage is {first:g}",
            ["Look at how `exposure` was derived, and whether arms differ in it."],
        )
    reduced, reduced_error = _coefficient(z, y, place, vcov)
    x = z.copy()
    x[:, place] = d
    fitted = z.copy()
    fitted[:, place] = z @ _solve(z, d)
    params = _solve(fitted, y)
    resid = y - x @ params
    error = float(np.sqrt(_covariance(fitted, resid, vcov)[place, place]))
    df = float(n - k)
    t = params[place] / error
    margin = stats.t.ppf((1 + conf_level) / 2, df) * error
    hausman = _hausman(x, d - fitted[:, place], y)
    return InstrumentalEffect(
        estimate=float(params[place]),
        std_error=error,
        df=df,
        statistic=float(t),
        p_value=float(2 * stats.t.sf(abs(t), df)),
        conf_low=float(params[place] - margin),
        conf_high=float(params[place] + margin),
        reduced=reduced,
        reduced_error=reduced_error,
        first=first,
        first_error=first_error,
        first_f=(first / first_error) ** 2 if first_error > 0 else float("inf"),
        anderson_rubin=_anderson_rubin(z, d, y, place, vcov, conf_level),
        hausman_f=hausman[0],
        hausman_p=hausman[1],
        n=n,
        coefficients=k,
        complete=np.asarray(design.complete),
        formula=formula,
        vcov=vcov,
        conf_level=conf_level,
    )


def _solve(x: Floats, y: Floats) -> Floats:
    """Return the least-squares coefficients; FitError where columns are not independent."""
    params, _, rank, _ = np.linalg.lstsq(x, y, rcond=None)
    if rank < x.shape[1]:
        raise FitError("a covariate follows from the others", ["Take a term out of `adjust`."])
    return np.asarray(params)


def _covariance(x: Floats, resid: Floats, vcov: IVVcov) -> Floats:
    """Return (k, k) the covariance of least-squares coefficients, given residuals that need not be of this fit."""
    n, k = x.shape
    inverse = np.linalg.inv(x.T @ x)
    if vcov == "model":
        return np.asarray(inverse * (resid @ resid) / (n - k))
    if vcov == "HC3":
        resid = resid / (1 - np.einsum("ij,jk,ik->i", x, inverse, x))
    scale = n / (n - k) if vcov == "HC1" else 1.0
    return np.asarray(scale * inverse @ ((x * resid[:, None] ** 2).T @ x) @ inverse)


def _coefficient(x: Floats, y: Floats, place: int, vcov: IVVcov) -> tuple[float, float]:
    """Return one coefficient of a regression and its standard error."""
    params = _solve(x, y)
    resid = y - x @ params
    return float(params[place]), float(np.sqrt(_covariance(x, resid, vcov)[place, place]))


def _hausman(x: Floats, rest: Floats, y: Floats) -> tuple[float, float]:
    """Return F and p of the residual of the first stage, added to least squares (Durbin, Wu and Hausman)."""
    both = np.column_stack([x, rest])
    if np.linalg.matrix_rank(both) < both.shape[1]:
        return float("nan"), float("nan")
    value, error = _coefficient(both, y, both.shape[1] - 1, "model")
    f, df = (value / error) ** 2, len(y) - both.shape[1]
    return float(f), float(stats.f.sf(f, 1, df))


def _anderson_rubin(z: Floats, d: Floats, y: Floats, place: int, vcov: IVVcov, level: float) -> AndersonRubin:
    """Return the effects b whose reduced form of ``y - b d`` is not significant: where a quadratic in b is negative.

    The coefficient of the instrument is g(b) = g_y - b g_d and its variance is quadratic in b, since residuals are
    linear in b; the set is g(b)^2 <= F V(b).
    """
    n, k = z.shape
    critical = float(stats.f.ppf(level, 1, n - k))
    slopes = np.array([_solve(z, y)[place], _solve(z, d)[place]])
    residuals = np.stack([y - z @ _solve(z, y), d - z @ _solve(z, d)])
    together = residuals.sum(axis=0)
    own = [_covariance(z, one, vcov)[place, place] for one in (*residuals, together)]
    cross = (own[2] - own[0] - own[1]) / 2
    a = slopes[1] ** 2 - critical * own[1]
    b = -2 * (slopes[0] * slopes[1] - critical * cross)
    c = slopes[0] ** 2 - critical * own[0]
    inside = b * b - 4 * a * c
    if a <= 0 and inside < 0:
        return AndersonRubin(-np.inf, np.inf, "line")
    roots = sorted((-b + sign * np.sqrt(max(inside, 0.0))) / (2 * a) for sign in (-1, 1))
    return AndersonRubin(float(roots[0]), float(roots[1]), "interval" if a > 0 else "rays")
