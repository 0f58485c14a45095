"""Pool the estimates of studies: fixed and random effects, meta-regression, intervals that say how they were made."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from coxa.arguments import FRAME, kinds
from coxa.cards import Carded
from coxa.errors import OptionError, check_option
from coxa.meta.effects import Effects, Flags, Floats, as_columns, refuse
from coxa.meta.heterogeneity import POOL_METHODS, Heterogeneity, PoolMethod, heterogeneity, tau2_interval
from coxa.meta.weighted import check_design, fit_line, projection

PoolTest = Literal["hartung-knapp", "hartung-knapp-plain", "t", "z"]
POOL_TESTS: tuple[PoolTest, ...] = get_args(PoolTest)
PredictionDf = Literal["k-1", "k-2", "normal"]
PREDICTIONS: tuple[PredictionDf, ...] = get_args(PredictionDf)
INTERCEPT = "intercept"


@dataclass(frozen=True, slots=True)
class PoolSpec:
    """How estimates are pooled: every option of `pool_effects`.

    Examples
    --------
    >>> PoolSpec(method="paule-mandel").test
    'hartung-knapp'
    """

    method: PoolMethod = "reml"
    test: PoolTest = "hartung-knapp"
    prediction: PredictionDf = "k-1"
    level: float = 0.95
    tau2: float | None = None


@dataclass(frozen=True, slots=True, repr=False)
class PooledEffect(Carded):
    """Pooled estimates of k studies and p coefficients.

    spec          : how they were pooled
    names         : (p,) of the coefficients; the first is the pooled effect where there are no moderators
    y, v, x       : (k,), (k,), (k, p): what was pooled
    coefficients  : (p,)
    std_errors    : (p,), after the scaling of the test
    covariance    : (p, p), likewise
    df            : of the t distribution of the tests; infinite where they are normal
    scale         : by which variances were multiplied (Hartung and Knapp); 1 where not
    ad_hoc        : whether `scale` was below 1 and was set to 1
    tau2, tau2_std_error, tau2_interval : variance between studies; NaN where it cannot be known
    q, q_df, q_p_value : Cochran's test of heterogeneity (residual, with moderators)
    i2, h2        : share of the variance that is between studies, from 0 to 1, and its ratio
    r2            : share of tau² that the moderators explain; NaN without moderators
    moderators_statistic, moderators_df, moderators_p_value : joint test of the moderators, F or chi²; NaN without
    weights       : (k,), shares of the pooled estimate that add up to 1 (of the precision, with moderators)

    Examples
    --------
    >>> from coxa.meta import pool_effects
    >>> found = pool_effects([-0.56, -0.43, -0.14, -0.26], [0.030, 0.044, 0.127, 0.037])
    >>> found.k, found.df, found.ad_hoc, found.weights.round(2).tolist()
    (4, 3.0, True, [0.37, 0.25, 0.09, 0.3])
    """

    spec: PoolSpec
    names: tuple[str, ...]
    y: Floats
    v: Floats
    x: Floats
    coefficients: Floats
    std_errors: Floats
    covariance: Floats
    df: float
    scale: float
    ad_hoc: bool
    tau2: float
    tau2_std_error: float
    tau2_interval: tuple[float, float]
    q: float
    q_df: int
    q_p_value: float
    i2: float
    h2: float
    r2: float
    moderators_statistic: float
    moderators_df: int
    moderators_p_value: float
    weights: Floats

    @property
    def k(self) -> int:
        """Number of studies."""
        return len(self.y)

    @property
    def estimate(self) -> float:
        """The pooled effect; with moderators, the first coefficient."""
        return float(self.coefficients[0])

    @property
    def std_error(self) -> float:
        """Its standard error."""
        return float(self.std_errors[0])

    @property
    def conf_int(self) -> Floats:
        """Confidence limits of the coefficients, (p, 2)."""
        reach = self.quantile(self.df) * self.std_errors
        return np.column_stack([self.coefficients - reach, self.coefficients + reach])

    @property
    def p_values(self) -> Floats:
        """Two-sided p-values of the coefficients, (p,)."""
        statistic = np.abs(self.coefficients / self.std_errors)
        return np.asarray(2 * _distribution(self.df).sf(statistic), dtype=float)

    @property
    def prediction_df(self) -> float:
        """Degrees of freedom of the prediction interval; NaN where there are too few studies for it."""
        if self.spec.prediction == "normal":
            return math.inf
        df = self.k - {"k-1": 1, "k-2": 2}[self.spec.prediction]
        return float(df) if df > 0 else math.nan

    @property
    def prediction_interval(self) -> tuple[float, float]:
        """Where the true effect of a next study like these lies; NaN where there are too few studies, or moderators."""
        if len(self.names) > 1 or self.spec.method == "fixed" or math.isnan(self.prediction_df):
            return math.nan, math.nan
        reach = self.quantile(self.prediction_df) * math.sqrt(self.std_error**2 + self.tau2)
        return self.estimate - reach, self.estimate + reach

    def quantile(self, df: float) -> float:
        """Return the quantile of the level at some degrees of freedom; NaN where there are none."""
        return math.nan if math.isnan(df) else float(_distribution(df).ppf(0.5 + self.spec.level / 2))

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each coefficient: estimate, error, df, test and interval."""
        limits = self.conf_int
        return pd.DataFrame({
            "term": self.names, "estimate": self.coefficients, "std_error": self.std_errors, "df": self.df,
            "statistic": self.coefficients / self.std_errors, "p_value": self.p_values, "conf_low": limits[:, 0],
            "conf_high": limits[:, 1], "conf_level": self.spec.level,
        })  # fmt: skip


@kinds(moderators=FRAME)
def pool_effects(
    estimate: ArrayLike | Effects,
    variance: ArrayLike | None = None,
    *,
    moderators: pd.DataFrame | None = None,
    method: PoolMethod = "reml",
    test: PoolTest = "hartung-knapp",
    prediction: PredictionDf = "k-1",
    level: float = 0.95,
    tau2: float | None = None,
) -> PooledEffect:
    """Pool the estimates of studies.

    Parameters
    ----------
    estimate
        One for each study, ratios as logarithms; or `Effects`, of which studies without an estimate are left out.
    variance
        Sampling variances, the squares of standard errors.
    moderators
        A column of numbers for each moderator, a row for each study (meta-regression).
    method
        How tau² is estimated: "reml", "ml", "dersimonian-laird", "paule-mandel" (the same as "empirical-bayes"),
        "sidik-jonkman", "hedges"; "fixed" assumes one effect.
    test
        "hartung-knapp" scales the variance by the weighted residual variance, never below 1 (the ad hoc rule), with a
        t distribution on k - p degrees of freedom; "hartung-knapp-plain" without that rule; "t" and "z" do not scale.
    prediction
        Degrees of freedom of the prediction interval: "k-1", "k-2" or "normal".
    level
        Of all intervals.
    tau2
        Taken as known, for example from larger reviews, in place of an estimate.

    Returns
    -------
    PooledEffect

    Raises
    ------
    OptionError
        An option is unknown, a variance is not positive, or columns differ in length.
    FitError
        The studies do not determine the coefficients.

    Notes
    -----
    I² is tau²/(tau² + typical variance) with the estimate of tau² of `method`, and (Q - df)/Q for "fixed". With one
    study there is no tau², and the test is normal.

    References
    ----------
    Viechtbauer W. Journal of Statistical Software 2010;36(3). Knapp G, Hartung J. Statistics in Medicine
    2003;22:2693-2710. Rover C, Knapp G, Friede T. BMC Medical Research Methodology 2015;15:99. Higgins JPT, Thompson
    SG, Spiegelhalter DJ. JRSS A 2009;172:137-159.

    Examples
    --------
    >>> found = pool_effects([-0.56, -0.43, -0.14, -0.26], [0.030, 0.044, 0.127, 0.037])
    >>> round(found.estimate, 2), found.conf_int[0].round(2).tolist(), found.tau2
    (-0.4, [-0.74, -0.07], 0.0)
    """
    spec = _checked(PoolSpec(method, test, prediction, level, tau2))
    y, v, kept = _data(estimate, variance)
    names, x = _design(moderators, kept)
    check_design(x, names)
    return fit_pooled(y, v, x, names, spec)


def fit_pooled(y: Floats, v: Floats, x: Floats, names: tuple[str, ...], spec: PoolSpec) -> PooledEffect:
    """Pool arrays that were checked; see `pool_effects`."""
    k, p = x.shape
    known = None if spec.tau2 is None else Heterogeneity(spec.tau2, math.nan)
    between = known or heterogeneity(y, x, v, spec.method)
    weights = 1 / (v + between.tau2)
    line, common = fit_line(y, x, weights), fit_line(y, x, 1 / v)
    df = k - p
    scale, ad_hoc = _scale(line.q, df, spec.test)
    covariance = line.covariance * scale
    test_df = math.inf if spec.test == "z" or df == 0 else float(df)
    i2, h2 = _shares(y, x, v, between.tau2, common.q, spec.method)
    statistic, m, p_value = _joint(line.coefficients, covariance, test_df)
    return PooledEffect(
        spec=spec, names=names, y=y, v=v, x=x,
        coefficients=line.coefficients, std_errors=np.sqrt(np.diag(covariance)), covariance=covariance,
        df=test_df, scale=scale, ad_hoc=ad_hoc,
        tau2=between.tau2 if df or known or spec.method == "fixed" else math.nan, tau2_std_error=between.std_error,
        tau2_interval=(0.0, 0.0) if spec.method == "fixed" else tau2_interval(y, x, v, spec.level),
        q=common.q, q_df=df, q_p_value=float(stats.chi2.sf(common.q, df)) if df else math.nan,
        i2=i2, h2=h2, r2=_explained(y, v, x, between.tau2, spec.method),
        moderators_statistic=statistic, moderators_df=m, moderators_p_value=p_value,
        weights=weights / weights.sum(),
    )  # fmt: skip


def _checked(spec: PoolSpec) -> PoolSpec:
    check_option("method", spec.method, POOL_METHODS)
    check_option("test", spec.test, POOL_TESTS)
    check_option("prediction", spec.prediction, PREDICTIONS)
    if not 0 < spec.level < 1:
        raise OptionError(f"`level` is {spec.level:g}. Give a number between 0 and 1, such as 0.95.")
    if spec.tau2 is not None and spec.tau2 < 0:
        raise OptionError(f"`tau2` is {spec.tau2:g}. Give a variance of 0 or more.")
    return spec


def _data(estimate: ArrayLike | Effects, variance: ArrayLike | None) -> tuple[Floats, Floats, Flags]:
    """Return estimates and variances of the studies that have both, and which studies these are."""
    if isinstance(estimate, Effects):
        kept = np.isfinite(estimate.estimate) & np.isfinite(estimate.variance)
        if not kept.any():
            raise OptionError("No study has an estimate. Give studies with events, or pool `rd`.")
        return estimate.estimate[kept], estimate.variance[kept], kept
    if variance is None:
        raise OptionError("`variance` is missing. Give the squares of the standard errors.")
    y, v = as_columns(estimate=estimate, variance=variance)
    refuse(~np.isfinite(y), "There is no estimate", "Leave the study out.")
    refuse(~np.isfinite(v) | (v <= 0), "The sampling variance is not positive", "Give the square of the error.")
    return y, v, np.ones(len(y), dtype=bool)


def _design(moderators: pd.DataFrame | None, kept: Flags) -> tuple[tuple[str, ...], Floats]:
    """Return names and columns of the coefficients, with an intercept."""
    k = int(np.sum(kept))
    if moderators is None:
        return (INTERCEPT,), np.ones((k, 1))
    if len(moderators) != len(kept):
        raise OptionError(f"`moderators` has {len(moderators)} rows for {len(kept)} studies. Give one for each study.")
    values = moderators.to_numpy(dtype=float)[np.asarray(kept, dtype=bool)]
    for place, name in enumerate(moderators.columns):
        refuse(~np.isfinite(values[:, place]), f"Moderator `{name}` is missing", "Leave the study out.")
    return (INTERCEPT, *map(str, moderators.columns)), np.column_stack([np.ones(k), values])


def _scale(q: float, df: int, test: PoolTest) -> tuple[float, bool]:
    """Return by what variances are multiplied, and whether the ad hoc rule raised it to 1."""
    if not test.startswith("hartung-knapp") or df == 0:
        return 1.0, False
    scale = q / df
    return (1.0, True) if test == "hartung-knapp" and scale < 1 else (scale, False)


def _shares(y: Floats, x: Floats, v: Floats, tau2: float, q: float, method: PoolMethod) -> tuple[float, float]:
    """Return I² and H²."""
    df = len(y) - x.shape[1]
    if df == 0:
        return math.nan, math.nan
    if method == "fixed":
        return max(0.0, (q - df) / q) if q > 0 else 0.0, q / df
    typical = df / float(np.trace(projection(x, 1 / v)))
    return tau2 / (tau2 + typical), tau2 / typical + 1


def _explained(y: Floats, v: Floats, x: Floats, tau2: float, method: PoolMethod) -> float:
    """Return the share of tau² that moderators explain; NaN without them, or where there is none to explain."""
    if x.shape[1] == 1 or method == "fixed":
        return math.nan
    without = heterogeneity(y, np.ones((len(y), 1)), v, method).tau2
    return max(0.0, (without - tau2) / without) if without > 0 else math.nan


def _joint(coefficients: Floats, covariance: Floats, df: float) -> tuple[float, int, float]:
    """Return statistic, degrees of freedom and p-value of the moderators together."""
    m = len(coefficients) - 1
    if m == 0:
        return math.nan, 0, math.nan
    wald = float(coefficients[1:] @ np.linalg.solve(covariance[1:, 1:], coefficients[1:]))
    if math.isinf(df):
        return wald, m, float(stats.chi2.sf(wald, m))
    return wald / m, m, float(stats.f.sf(wald / m, m, df))


def _distribution(df: float) -> Any:
    return stats.t(df) if math.isfinite(df) else stats.norm()
