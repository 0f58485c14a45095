"""How the outcome moves with the dose that participants took: a curve with its warning, and a line through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from coxa.arguments import FRAME, kinds
from coxa.cards import Carded
from coxa.causal.assumptions import DOSE_WARNING
from coxa.causal.splines import restricted_cubic, spline_knots
from coxa.errors import FitError, OptionError, check_level, check_option
from coxa.models.design.matrix import design_matrix

Floats = NDArray[np.float64]

DoseVcov = Literal["model", "HC3"]

GRID = 41
"""Points of a curve."""


@dataclass(frozen=True, slots=True, repr=False)
class DoseResponse(Carded):
    """The association of an outcome with a dose, in participants who were offered it.

    slope      : one row: estimate, std_error, df, statistic, p_value, conf_low, conf_high of a straight line, per unit
    curve      : DataFrame of dose, estimate, conf_low, conf_high: the difference in the mean from `reference`, each
                 with limits of its own
    knots      : of the restricted cubic spline; empty where there are too few different doses for one
    curved     : F, its two degrees of freedom and p of the terms beyond the straight line; NaN where there are none
    reference  : dose that the curve is 0 at
    doses      : lowest, quartiles and highest dose
    n          : participants
    complete   : (rows of the data,) which were analysed
    formula, vcov, conf_level : as asked for
    warning    : what the curve is not

    Examples
    --------
    >>> d = pd.DataFrame({"sessions": [0, 3, 6, 9] * 3, "pain": [50.0, 45, 41, 36, 52, 44, 40, 37, 51, 46, 39, 35]})
    >>> found = dose_response(d, "pain", "sessions")
    >>> found.reference, found.doses
    (0.0, (0.0, 2.25, 4.5, 6.75, 9.0))
    """

    slope: pd.Series
    curve: pd.DataFrame
    knots: tuple[float, ...]
    curved: tuple[float, float, float, float]
    reference: float
    doses: tuple[float, ...]
    n: int
    complete: NDArray[np.bool_]
    formula: str
    vcov: DoseVcov
    conf_level: float
    warning: str = DOSE_WARNING


@kinds(data=FRAME)
def dose_response(
    data: pd.DataFrame,
    outcome: str,
    dose: str,
    *,
    adjust: Sequence[str] = (),
    knots: int = 3,
    reference: float | None = None,
    vcov: DoseVcov = "HC3",
    conf_level: float = 0.95,
) -> DoseResponse:
    """Describe how an outcome moves with a dose: a straight line, and a restricted cubic spline.

    Parameters
    ----------
    data : DataFrame
        One row per participant who was offered the treatment. Not changed; rows without one of the columns are left
        out.
    outcome : str
        A number.
    dose : str
        A number, such as sessions attended or minutes.
    adjust : sequence of str
        Covariates.
    knots : {3, 4, 5}
        Of the spline, at quantiles of the dose.
    reference : float, optional
        Dose that others are compared with; the lowest unless given.
    vcov : {"model", "HC3"}
        Covariance of the coefficients.
    conf_level : float
        Between 0.5 and 1.

    Returns
    -------
    DoseResponse
        An association, as doses were not allocated. For an effect per unit of dose that rests on randomisation, see
        `coxa.causal.instrumental_effect`.

    Raises
    ------
    OptionError
        A column or an option is not allowed.
    FitError
        All have the same dose, or there are too few rows.

    Examples
    --------
    >>> d = pd.DataFrame({"sessions": range(12)})
    >>> d["pain"] = 60 - 2.0 * d["sessions"] + [0.5, -0.5, 0.2] * 4
    >>> found = dose_response(d, "pain", "sessions")
    >>> found.slope["estimate"].round(2), found.knots
    (np.float64(-2.01), (1.1, 5.5, 9.9))
    """
    check_level(conf_level)
    check_option("vcov", vcov, ("model", "HC3"))
    for name in (outcome, dose):
        if name not in data:
            raise OptionError(f"The data have no column '{name}'. Name one of theirs.")
    formula = f"{outcome} ~ {' + '.join([dose, *adjust])}"
    design = design_matrix(formula, data)
    if dose not in design.names:
        raise OptionError(f"The dose '{dose}' is not a number. Give sessions, minutes or a share.")
    place = design.names.index(dose)
    x, given = design.x, design.x[:, place]
    if np.ptp(given) == 0:
        raise FitError(f"every participant has a dose of {given[0]:g}", ["Look at how the dose was derived."])
    params, covariance, df = _fit(x, design.y, vcov)
    error = float(np.sqrt(covariance[place, place]))
    low = float(given.min()) if reference is None else float(reference)
    placed = spline_knots(given, knots) if len(np.unique(given)) >= 3 else ()
    grid = np.linspace(given.min(), given.max(), GRID)
    if placed:
        splined = np.column_stack([np.delete(x, place, axis=1), restricted_cubic(given, placed)])
        b, v, df_curve = _fit(splined, design.y, vcov)
        first = splined.shape[1] - (len(placed) - 1)
        rows = np.zeros((len(grid), splined.shape[1]))
        rows[:, first:] = restricted_cubic(grid, placed) - restricted_cubic([low], placed)
        beyond = slice(first + 1, None)
        q = len(placed) - 2
        f = float(b[beyond] @ np.linalg.solve(v[beyond, beyond], b[beyond])) / q
        curved = (f, float(q), df_curve, float(stats.f.sf(f, q, df_curve)))
    else:
        b, v, df_curve = params, covariance, df
        rows = np.zeros((len(grid), x.shape[1]))
        rows[:, place] = grid - low
        curved = (float("nan"),) * 4
    values = rows @ b
    margin = stats.t.ppf((1 + conf_level) / 2, df_curve) * np.sqrt(np.einsum("ij,jk,ik->i", rows, v, rows))
    return DoseResponse(
        slope=_row(float(params[place]), error, df, conf_level),
        curve=pd.DataFrame(
            {"dose": grid, "estimate": values, "conf_low": values - margin, "conf_high": values + margin}
        ),
        knots=placed,
        curved=curved,
        reference=low,
        doses=tuple(map(float, np.quantile(given, [0, 0.25, 0.5, 0.75, 1]))),
        n=len(given),
        complete=np.asarray(design.complete),
        formula=formula,
        vcov=vcov,
        conf_level=conf_level,
    )


def _fit(x: Floats, y: Floats, vcov: DoseVcov) -> tuple[Floats, Floats, float]:
    """Return coefficients, their covariance and the degrees of freedom."""
    n, k = x.shape
    params, _, rank, _ = np.linalg.lstsq(x, y, rcond=None)
    if rank < k or n <= k:
        raise FitError(
            f"the model has {n} rows and {k} coefficients, {rank} of them independent",
            ["Take a term out of `adjust`, or use fewer knots."],
        )
    resid, inverse = y - x @ params, np.linalg.inv(x.T @ x)
    if vcov == "model":
        return np.asarray(params), inverse * (resid @ resid) / (n - k), float(n - k)
    scaled = resid / (1 - np.einsum("ij,jk,ik->i", x, inverse, x))
    return np.asarray(params), inverse @ ((x * scaled[:, None] ** 2).T @ x) @ inverse, float(n - k)


def _row(estimate: float, error: float, df: float, level: float) -> pd.Series:
    """Return an estimate with its test and limits by t."""
    margin, t = stats.t.ppf((1 + level) / 2, df) * error, estimate / error if error else float("nan")
    return pd.Series(
        {
            "estimate": estimate,
            "std_error": error,
            "df": df,
            "statistic": t,
            "p_value": 2 * stats.t.sf(abs(t), df),
            "conf_low": estimate - margin,
            "conf_high": estimate + margin,
        }
    )
