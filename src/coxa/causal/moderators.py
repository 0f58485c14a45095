"""The difference between arms over a continuous modifier: a spline in the model, with a band for the whole curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats

from coxa.arguments import FRAME, kinds
from coxa.cards import Carded
from coxa.causal.splines import restricted_cubic, spline_knots
from coxa.errors import OptionError, check_level
from coxa.estimates.differences import compared
from coxa.estimates.means import kept, numbers, visit_of
from coxa.estimates.reference_grid import check_fit, reference_grid
from coxa.models.results.fit import Fit

Floats = NDArray[np.float64]

DIRECTIONS = 4096
"""Directions of the sphere over which the band's quantile is averaged."""


@dataclass(frozen=True, slots=True, repr=False)
class Curved(Carded):
    """A modifier with the columns of its spline.

    data     : the rows, with the columns
    modifier : the column of the values themselves
    columns  : those of the terms beyond a straight line
    knots    : of the restricted cubic spline
    term     : what interacts with the arm in a formula: ``(age + age_curve1)``

    Examples
    --------
    >>> curved_modifier(pd.DataFrame({"age": range(40, 80)}), "age").term
    '(age + age_curve1)'
    """

    data: pd.DataFrame
    modifier: str
    columns: tuple[str, ...]
    knots: tuple[float, ...]

    @property
    def term(self) -> str:
        """What interacts with the arm in a formula."""
        return f"({' + '.join([self.modifier, *self.columns])})"

    def at(self, value: float) -> dict[str, float]:
        """Return the columns at a value of the modifier."""
        return dict(zip([self.modifier, *self.columns], restricted_cubic([value], self.knots)[0], strict=True))


@dataclass(frozen=True, slots=True, repr=False)
class EffectOver(Carded):
    """The difference between arms over a modifier.

    table : one row for each visit, arm and value: visit, arm, reference, value, estimate, std_error, df, conf_low,
            conf_high (each value by itself), band_low, band_high (all values together)
    tests : one row for each visit and arm: visit, arm, reference, modified_f, modified_df, modified_p (that the
            difference is the same at all values) and curved_f, curved_df, curved_p (that it changes along a straight
            line); df are those of the denominator
    modifier, knots, conf_level : as asked for

    Examples
    --------
    >>> from coxa.models import fit_ancova
    >>> rng = np.random.default_rng(1)
    >>> d = pd.DataFrame({"participant_id": range(90), "arm": list("ab") * 45, "age": rng.uniform(40, 80, 90)})
    >>> d["pain"] = (d["arm"] == "b") * (d["age"] - 60) / 5 + rng.normal(size=90)
    >>> curved = curved_modifier(d, "age")
    >>> fit = fit_ancova(f"pain ~ arm * {curved.term}", curved.data)
    >>> found = effect_over(fit, curved, against="a", values=[50, 70])
    >>> found.table["estimate"].round(0).tolist(), bool(found.tests["modified_p"][0] < 0.001)
    ([-2.0, 2.0], True)
    """

    table: pd.DataFrame
    tests: pd.DataFrame
    modifier: str
    knots: tuple[float, ...]
    conf_level: float


@kinds(data=FRAME)
def curved_modifier(data: pd.DataFrame, modifier: str, knots: int = 3) -> Curved:
    """Return data with the columns of a restricted cubic spline of a modifier.

    Parameters
    ----------
    data : DataFrame
        Rows that a model is fitted to. Not changed.
    modifier : str
        A number of before randomisation, such as age or the outcome at baseline.
    knots : {3, 4, 5}
        At quantiles of the modifier.

    Raises
    ------
    OptionError
        There is no such column, or it does not hold numbers.
    FitError
        There are fewer than three different values.

    Examples
    --------
    >>> curved = curved_modifier(pd.DataFrame({"age": range(40, 81)}), "age", knots=4)
    >>> curved.columns, curved.knots
    (('age_curve1', 'age_curve2'), (42.0, 54.0, 66.0, 78.0))
    """
    if modifier not in data or not pd.api.types.is_numeric_dtype(data[modifier]):
        raise OptionError(f"'{modifier}' is no column of numbers. Name one, such as age.")
    placed = spline_knots(data[modifier].dropna(), knots)
    values = restricted_cubic(data[modifier].to_numpy(dtype=float), placed)
    names = tuple(f"{modifier}_curve{k}" for k in range(1, values.shape[1]))
    return Curved(data.assign(**dict(zip(names, values[:, 1:].T, strict=True))), modifier, names, placed)


def effect_over(
    fit: Fit,
    curved: Curved,
    over: str = "arm",
    *,
    against: str | None = None,
    by: str | None = "visit",
    values: Sequence[float] | None = None,
    conf_level: float = 0.95,
) -> EffectOver:
    """Estimate the difference between arms over a modifier, with a band that holds for all its values together.

    Parameters
    ----------
    fit : Fit
        A model of `curved.data` in which the modifier's terms interact with the arm, and with the visit where there
        are several: ``f"change ~ baseline * visit + arm * visit * {curved.term}"``.
    curved : Curved
        From `curved_modifier`.
    over, against, by
        As in `coxa.estimates.contrasts`.
    values : sequence of float, optional
        Values of the modifier; 21 between its 5th and 95th percentile unless given.
    conf_level : float
        Between 0.5 and 1.

    Returns
    -------
    EffectOver
        Arm less reference, in units of the outcome.

    Raises
    ------
    OptionError
        The model has no interaction of arm and modifier.

    Notes
    -----
    The curve is linear in q coefficients, so that its largest t statistic over all values is that of a vector of q t
    variables along the directions of the curve. Its quantile is found by averaging F distributions over the sphere
    (4,096 fixed directions), and is between the pointwise one and that of Scheffé. With degrees of freedom that differ
    between values the smallest are used. Other covariates are at their means. One model with the modifier as it was
    measured loses less than one with its levels (Royston & Sauerbrei, Statistics in Medicine 2004, 23:2509-2525).

    Examples
    --------
    >>> from coxa.models import fit_ancova
    >>> d = pd.DataFrame({"participant_id": range(12), "arm": list("ab") * 6, "age": range(50, 62)})
    >>> d["pain"] = [5.0, 4, 6, 4, 5, 3, 6, 3, 5, 2, 6, 2]
    >>> curved = curved_modifier(d, "age")
    >>> fit = fit_ancova(f"pain ~ arm * {curved.term}", curved.data)
    >>> found = effect_over(fit, curved, against="a", values=[52, 60])
    >>> bool((found.table["band_high"] > found.table["conf_high"]).all())
    True
    """
    check_level(conf_level)
    check_fit(fit)
    terms = [set(term.split(":")) for term in fit.design.terms]
    if not any({over, curved.modifier} <= term for term in terms):
        raise OptionError(
            f"The model has no interaction of {over} and {curved.modifier}, so its differences are the same at every "
            f"value. Fit it with '{over} * {curved.term}' in the formula."
        )
    grid_values = np.asarray(_default(fit, curved) if values is None else values, dtype=float)
    known = np.array(curved.knots)  # values at them are all of a curve that is straight beyond the outer ones
    cells = [
        dict(zip(grid.keys, grid.rows, strict=True))
        for grid in (reference_grid(fit, kept(fit, over, by), at=curved.at(value)) for value in known)
    ]
    rests = list(dict.fromkeys(key[1:] for key in cells[0]))
    table, tests = [], []
    for rest in rests:
        for arm, reference in compared(list(fit.design.levels[over]), against):
            at_known = np.array([cell[arm, *rest] - cell[reference, *rest] for cell in cells])
            whole = np.linalg.solve(_basis(known, curved), at_known)
            named = {"visit": visit_of(fit, (arm, *rest)), "arm": str(arm), "reference": str(reference)}
            table += _banded(fit, _basis(grid_values, curved) @ whole, grid_values, named, conf_level)
            tests.append({**named, **_tested(fit, whole)})
    return EffectOver(pd.DataFrame(table), pd.DataFrame(tests), curved.modifier, curved.knots, conf_level)


def _default(fit: Fit, curved: Curved) -> Floats:
    """Return 21 values between the 5th and the 95th percentile of the analysed rows."""
    low, high = np.quantile(fit.design.frame[curved.modifier].to_numpy(dtype=float), [0.05, 0.95]).tolist()
    return np.linspace(low, high, 21)


def _banded(fit: Fit, rows: Floats, values: Floats, named: dict[str, str], conf_level: float) -> list[dict[str, Any]]:
    """Return the rows of one curve."""
    found = numbers(fit, rows, conf_level)
    covariance = rows @ fit.inference.covariance @ rows.T
    half = band_quantile(covariance, min(row["df"] for row in found), conf_level)
    return [
        {
            **named,
            "value": value,
            **{name: row[name] for name in ("estimate", "std_error", "df", "conf_low", "conf_high")},
            "band_low": row["estimate"] - max(half * row["std_error"], row["estimate"] - row["conf_low"]),
            "band_high": row["estimate"] + max(half * row["std_error"], row["conf_high"] - row["estimate"]),
        }
        for value, row in zip(values, found, strict=True)
    ]


def _basis(values: Floats, curved: Curved) -> Floats:
    """Return (n, q) the intercept and the columns of the spline; a difference is linear in them."""
    return np.column_stack([np.ones(len(values)), restricted_cubic(values, curved.knots)])


def _tested(fit: Fit, whole: Floats) -> dict[str, float]:
    """Return the tests that a curve is flat, and a straight line, from its coefficients as rows (q, p) of the model."""
    found: dict[str, float] = {}
    for name, part in (("modified", whole[1:]), ("curved", whole[2:])):
        joint = fit.joint_test(part)
        found |= {f"{name}_f": joint.statistic, f"{name}_df": joint.df_denominator, f"{name}_p": joint.p_value}
    return found


def band_quantile(covariance: Floats, df: float, conf_level: float = 0.95) -> float:
    """Return how many standard errors a band is wide that holds at all points of a curve together.

    Parameters
    ----------
    covariance : (g, g) array
        Of the estimates at the points of the curve; its rank may be small.
    df : float
        Degrees of freedom; infinite for a normal distribution.
    conf_level : float
        Between 0 and 1.

    Examples
    --------
    >>> round(band_quantile(np.array([[1.0, 1.0], [1.0, 1.0]]), 20), 3)  # one number: the quantile of t
    2.086
    >>> round(band_quantile(np.eye(2), np.inf), 2)  # two independent ones
    2.24
    """
    values, vectors = np.linalg.eigh(covariance)
    kept_ = values > 1e-10 * values.max()
    points = vectors[:, kept_] * np.sqrt(values[kept_])
    points = points / np.linalg.norm(points, axis=1, keepdims=True)
    q = points.shape[1]
    df = min(df, 1e8)
    if q == 1:
        return float(stats.t.ppf((1 + conf_level) / 2, df))
    drawn = stats.norm.ppf(stats.qmc.Halton(q, scramble=False).random(DIRECTIONS + 1)[1:])
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    reach = np.abs(drawn @ points.T).max(axis=1)

    def excess(half: float) -> float:
        return float(stats.f.cdf((half / reach) ** 2 / q, q, df).mean() - conf_level)

    top = float(np.sqrt(q * stats.f.ppf(conf_level, q, df)))
    return float(optimize.brentq(excess, 0.5 * stats.t.ppf((1 + conf_level) / 2, df), top * 1.001))
