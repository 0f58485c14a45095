"""Whether counts are more variable than their model, and whether they have more zeros: tests after a fit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from coxa.errors import OptionError, check_kind, check_level
from coxa.findings import Finding, Findings
from coxa.models.design.matrix import orthonormal
from coxa.models.glm.negative_binomial import slope_of_log
from coxa.models.glm.record import GLMFit

COLUMNS = ("check", "estimate", "expected", "conf_low", "conf_high", "statistic", "df", "p_value", "method")

NEGLIGIBLE = 1e-13
"""Probability of larger counts that is left out of a sum."""

LARGE = 300.0
"""Mean from which the probability of a zero is 0 to rounding, and the score test of zero inflation is not made."""

MOST_COUNTS = 2_000
"""Counts that are summed one by one; the sum over larger ones is an integral, as its terms change slowly."""

NODES = 400
"""Nodes of that integral."""


def overdispersion(fit: GLMFit) -> pd.DataFrame:
    """Test whether counts are more variable than Poisson's.

    Parameters
    ----------
    fit : GLMFit
        Of family "poisson".

    Returns
    -------
    DataFrame
        A row per test, columns `check, estimate, expected, conf_low, conf_high, statistic, df, p_value, method`;
        p-values are one-sided. ``pearson``: Pearson's statistic over N - p (`estimate`, 1 is `expected`). ``score``:
        Dean and Lawless's score test against a negative binomial variance, with the leverages taken into account.
        ``cameron_trivedi_nb1`` and ``cameron_trivedi_nb2``: t tests of a in a variance mu + a mu and mu + a mu^2
        (`estimate` is a).

    Raises
    ------
    OptionError
        The fit is not of family "poisson".

    Notes
    -----
    Score test: Dean & Lawless, Journal of the American Statistical Association 1989, 84:467-472: the sum of
    (y - mu)^2 - y + h mu over the root of 2 sum mu^2. Regression tests: Cameron & Trivedi, Journal of Econometrics
    1990, 46:347-364: ((y - mu)^2 - y) / mu on 1 or on mu, without an intercept, by least squares.

    Examples
    --------
    >>> from coxa.models import fit_glm
    >>> d = pd.DataFrame({"arm": list("aaaabbbb"), "falls": [0, 9, 2, 1, 0, 0, 1, 4]})
    >>> found = overdispersion(fit_glm("falls ~ arm", d, family="poisson")).set_index("check")
    >>> found["statistic"].round(3).to_dict()
    {'pearson': 25.267, 'score': 5.222, 'cameron_trivedi_nb1': 1.993, 'cameron_trivedi_nb2': 2.346}
    """
    _check(fit, ("poisson",))
    y, mean = fit.design.y, fit.fitted
    basis = orthonormal(np.sqrt(mean)[:, None] * fit.design.x, fit.design.names)
    leverage = (basis.q**2).sum(axis=1)
    gap = (y - mean) ** 2
    pearson = float((gap / mean).sum())
    score = float((gap - y + leverage * mean).sum() / np.sqrt(2 * (mean**2).sum()))
    rows: list[dict[str, Any]] = [
        {
            "check": "pearson",
            "estimate": pearson / fit.residual_df,
            "expected": 1.0,
            "statistic": pearson,
            "df": fit.residual_df,
            "p_value": stats.chi2.sf(pearson, fit.residual_df),
            "method": "Pearson's statistic over N - p, chi-squared",
        },
        {
            "check": "score",
            "statistic": score,
            "p_value": stats.norm.sf(score),
            "method": "score test against the negative binomial (Dean & Lawless 1989), normal",
        },
    ]
    for name, power, variance in (("nb1", 0, "mu + a mu"), ("nb2", 1, "mu + a mu^2")):
        a, t, df = through_origin((gap - y) / mean, mean**power)
        rows.append(
            {
                "check": f"cameron_trivedi_{name}",
                "estimate": a,
                "expected": 0.0,
                "statistic": t,
                "df": df,
                "p_value": stats.t.sf(t, df),
                "method": f"regression test of a in a variance {variance} (Cameron & Trivedi 1990), t",
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def through_origin(z: np.ndarray, x: np.ndarray) -> tuple[float, float, int]:
    """Return the slope of z on x through the origin, its t statistic and degrees of freedom."""
    slope = float(x @ z / (x @ x))
    residual = z - slope * x
    df = len(z) - 1
    return slope, slope / math.sqrt(residual @ residual / df / (x @ x)), df


def zero_inflation(fit: GLMFit, *, conf_level: float = 0.95) -> pd.DataFrame:
    """Test whether there are more zeros than a model of counts has.

    Parameters
    ----------
    fit : GLMFit
        Of family "poisson" or "negative_binomial".
    conf_level : float
        Of the interval of the zeros expected, between 0 and 1.

    Returns
    -------
    DataFrame
        A row per test, in the columns of `overdispersion`. ``zeros``: the zeros observed (`estimate`) and `expected` by
        the model, with the interval in which they are expected; the test is two-sided. ``score``, of Poisson only: van
        den Broek's score test against zero-inflated Poisson, one-sided.

    Raises
    ------
    OptionError
        The fit is of another family, or the level is not allowed.

    Notes
    -----
    Score test: van den Broek, Biometrics 1995, 51:738-743, with covariates: the sum of (1(y = 0) - p0) / p0 against its
    variance given the estimated coefficients. The variance of the zeros observed less expected is sum p0 (1 - p0), less
    what estimating the coefficients (and the dispersion) takes from it; normal.

    Examples
    --------
    >>> from coxa.models import fit_glm
    >>> d = pd.DataFrame({"arm": list("aaaabbbb"), "falls": [0, 9, 2, 1, 0, 0, 1, 4]})
    >>> found = zero_inflation(fit_glm("falls ~ arm", d, family="poisson")).set_index("check")
    >>> found.loc["zeros", ["estimate", "expected", "conf_low", "conf_high"]].astype(float).round(2).to_list()
    [3.0, 1.35, 0.0, 2.82]
    """
    check_level(conf_level)
    _check(fit, ("poisson", "negative_binomial"))
    basis = orthonormal(fit.design.x, fit.design.names)
    y, mean, alpha = fit.design.y, fit.fitted, fit.dispersion
    none = zeros_of(mean, alpha)
    slopes = zero_slopes(basis.q, mean, none, alpha)
    observed, expected = float((y == 0).sum()), float(none.sum())
    taken = slopes @ np.linalg.solve(expected_information(basis.q, mean, alpha), slopes)
    spread = math.sqrt(max(float((none * (1 - none)).sum() - taken), 0.0))
    quantile = float(stats.norm.ppf((1 + conf_level) / 2))
    z = (observed - expected) / spread if spread > 0 else math.nan
    rows: list[dict[str, Any]] = [
        {
            "check": "zeros",
            "estimate": observed,
            "expected": expected,
            "conf_low": max(expected - quantile * spread, 0.0),
            "conf_high": min(expected + quantile * spread, float(len(y))),
            "statistic": z,
            "p_value": 2 * stats.norm.sf(abs(z)),
            "method": f"zeros observed against expected by the {fit.family} model, normal",
        }
    ]
    if fit.family == "poisson":
        score = van_den_broek(basis.q, y, mean)
        rows.append(
            {
                "check": "score",
                "statistic": score,
                "p_value": stats.norm.sf(score),
                "method": "score test against zero-inflated Poisson (van den Broek 1995), normal",
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def van_den_broek(q: np.ndarray, y: np.ndarray, mean: np.ndarray) -> float:
    """Return the score statistic of zero inflation, normal; its square is van den Broek's.

    q (N, p) design, y (N,) counts, mean (N,) of Poisson's model at its maximum. Missing where a mean is so large that
    its zeros say everything.
    """
    if mean.max() > LARGE:
        return math.nan
    none = np.exp(-mean)
    with_coefficients = q.T @ mean
    information = (q.T * mean) @ q
    taken = with_coefficients @ np.linalg.solve(information, with_coefficients)
    variance = float(np.expm1(mean).sum() - taken)
    return float((((y == 0) - none) / none).sum() / math.sqrt(variance)) if variance > 0 else math.nan


def zero_slopes(q: np.ndarray, mean: np.ndarray, none: np.ndarray, alpha: float) -> np.ndarray:
    """Return the derivatives of the zeros expected in the coefficients, and in log alpha where it is above 0."""
    by_predictor = -none * mean / (1 + alpha * mean)
    slopes = q.T @ by_predictor
    if alpha == 0:
        return np.asarray(slopes)
    by_log_alpha = none * (np.log1p(alpha * mean) / alpha - mean / (1 + alpha * mean))
    return np.append(slopes, by_log_alpha.sum())


def expected_information(q: np.ndarray, mean: np.ndarray, alpha: float) -> np.ndarray:
    """Return the expected information of the coefficients (p,), and of log alpha where it is above 0, by blocks."""
    p = q.shape[1]
    information = np.zeros((p + (alpha > 0), p + (alpha > 0)))
    information[:p, :p] = (q.T * (mean / (1 + alpha * mean))) @ q
    if alpha > 0:
        information[p, p] = information_of_log_alpha(mean, alpha)
    return information


def information_of_log_alpha(mean: np.ndarray, alpha: float) -> float:
    """Return the expected information of log alpha, of negative binomial counts with these means (N,).

    The sum over j < y of (alpha j / (1 + alpha j))^2 is expected to be the sum over j of that times P(Y > j); the
    probabilities follow from one count to the next.

    Examples
    --------
    >>> round(information_of_log_alpha(np.array([2.0, 5.0]), 0.5), 4)
    0.3342
    """
    above = 1 - (none := zeros_of(mean, alpha))
    probability, factor = none, alpha * mean / (1 + alpha * mean)
    squares, rest, j = 0.0, 0.0, 0
    while j < MOST_COUNTS and float(above.max()) > NEGLIGIBLE:
        square = (alpha * j / (1 + alpha * j)) ** 2
        squares += square * float(above.sum())
        rest += (1 - square) * float(above.sum())
        probability = probability * factor * (j + 1 / alpha) / (j + 1)
        above, j = np.maximum(above - probability, 0.0), j + 1
    t = alpha * mean
    if j == MOST_COUNTS:  # the sum over j of P(Y > j) is the mean, so that only the rest has to be summed further
        return float((mean * (2 * np.log1p(t) / t - 1 / (1 + t))).sum()) - rest - rest_beyond(mean, alpha)
    _, slope = slope_of_log(t)
    return squares - alpha**2 * float((mean * (mean / (1 + t)) ** 2 + mean**3 * slope).sum())


def rest_beyond(mean: np.ndarray, alpha: float) -> float:
    """Return the sum over j from `MOST_COUNTS` up of P(Y > j) (1 - (alpha j / (1 + alpha j))^2), as an integral."""
    size, share = 1 / alpha, 1 / (1 + alpha * mean)
    last = float(stats.nbinom.isf(NEGLIGIBLE, size, share.min())) + 1
    if last <= MOST_COUNTS:
        return 0.0
    nodes = np.geomspace(MOST_COUNTS - 0.5, last, NODES)
    above = np.array([stats.nbinom.sf(np.floor(nodes), size, one) for one in share]).sum(axis=0)
    return float(np.trapezoid((1 + 2 * alpha * nodes) / (1 + alpha * nodes) ** 2 * above, nodes))


def zeros_of(mean: np.ndarray, alpha: float) -> np.ndarray:
    """Return the probabilities of a count of 0."""
    return np.asarray(np.exp(-mean) if alpha == 0 else np.exp(-np.log1p(alpha * mean) / alpha))


def count_findings(fit: GLMFit, *, alpha: float = 0.05) -> Findings:
    """Return what the tests find against a model of counts.

    Parameters
    ----------
    fit : GLMFit
        Of family "poisson" or "negative_binomial".
    alpha : float
        Level of each test, between 0 and 1.

    Returns
    -------
    Findings
        Warnings, each with its numbers and what to do; none where no test is below the level.

    Examples
    --------
    >>> from coxa.models import fit_glm
    >>> d = pd.DataFrame({"arm": list("aaaabbbb"), "falls": [0, 9, 2, 1, 0, 0, 1, 4]})
    >>> [each.field for each in count_findings(fit_glm("falls ~ arm", d, family="poisson"))]
    ['falls', 'falls']
    """
    check_level(1 - alpha)
    found = []
    if fit.family == "poisson":
        pearson, score = overdispersion(fit).to_dict("records")[:2]
        if score["p_value"] < alpha:
            found.append(
                _finding(
                    fit,
                    f"the counts are more variable than Poisson's: Pearson's statistic over N - p is "
                    f"{pearson['estimate']:.2f}, score test p {_p(score['p_value'])}",
                    "Use family='negative_binomial' or 'quasi-poisson', or vcov='HC3'.",
                )
            )
    zeros = zero_inflation(fit).to_dict("records")[0]
    if zeros["p_value"] < alpha:
        more = "more" if zeros["estimate"] > zeros["expected"] else "fewer"
        remedy = "Use family='negative_binomial'." if fit.family == "poisson" else "Look at who has no event, and why."
        found.append(
            _finding(
                fit,
                f"there are {more} zeros than the {fit.family} model has: {zeros['estimate']:.0f} observed, "
                f"{zeros['expected']:.1f} expected ({zeros['conf_low']:.1f} to {zeros['conf_high']:.1f}), "
                f"p {_p(zeros['p_value'])}",
                remedy,
            )
        )
    return Findings.of(found)


def _finding(fit: GLMFit, rule: str, remedy: str) -> Finding:
    return Finding("warning", "model", rule, remedy, field=fit.outcome)


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def _check(fit: GLMFit, families: tuple[str, ...]) -> None:
    check_kind("fit", fit, GLMFit, "a fit of coxa.models.fit_glm")
    if fit.family not in families:
        raise OptionError(f"The fit is of family '{fit.family}'. Fit the counts with family='{families[0]}'.")
