"""Whether hazards are proportional: Schoenfeld residuals, and the test of Grambsch and Therneau by its score test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy.stats import chi2, rankdata

from coxa.cards import Carded
from coxa.errors import OptionError, check_option
from coxa.models.survival.cox_fit import CoxFit
from coxa.models.survival.kaplan_meier import kaplan_meier
from coxa.models.survival.partial import Stratum, moments

Transform = Literal["km", "rank", "identity", "log"]
TRANSFORMS: tuple[str, ...] = get_args(Transform)

REMEDY = (
    "Hazards that are not proportional make one hazard ratio an average over time that depends on the censoring. "
    "Report the difference of restricted means (`coxa.estimates.restricted_difference`) or of shares at a time "
    "named in advance, take a covariate that is not of interest into `strata`, or let its effect change with time by "
    "rows (start, stop] with its product with time."
)
"""What to do where hazards are not proportional."""


@dataclass(frozen=True, slots=True, repr=False)
class ProportionalHazardsTest(Carded):
    """A test of proportional hazards.

    frame     : one row per term and one for all (`GLOBAL`): statistic, df, p_value
    transform : of time: "km", "rank", "identity" or "log"
    residuals : one row per event: time, transformed time, and the scaled Schoenfeld residuals plus the coefficient,
                whose course over time is that of the log hazard ratio
    method    : which version of the test it is
    remedy    : what to do where hazards are not proportional

    Examples
    --------
    >>> from coxa.models import fit_cox
    >>> d = pd.DataFrame({"day": [6, 7, 9, 10, 13, 15], "flare": [1, 0, 1, 1, 1, 1], "arm": list("ababab")})
    >>> proportional_hazards_test(fit_cox("arm", d, time="day", event="flare")).frame["term"].tolist()
    ['arm', 'GLOBAL']
    """

    frame: pd.DataFrame
    transform: str
    residuals: pd.DataFrame
    method: str
    remedy: str = REMEDY


def schoenfeld_residuals(fit: CoxFit, *, scaled: bool = False) -> pd.DataFrame:
    """Return what the covariates of each event are above their mean over who was at risk.

    Parameters
    ----------
    fit : CoxFit
    scaled : bool, default False
        Times the number of events and the covariance, plus the coefficient (Grambsch and Therneau 1994): an estimate of
        the log hazard ratio at each event.

    Returns
    -------
    DataFrame
        `stratum` (its number), `time`, and a column per covariate, in order of stratum and time.

    Examples
    --------
    >>> from coxa.models import fit_cox
    >>> d = pd.DataFrame({"day": [6, 7, 9, 10, 13, 15], "flare": [1, 0, 1, 1, 1, 0], "arm": list("ababab")})
    >>> schoenfeld_residuals(fit_cox("arm", d, time="day", event="flare")).round(3)["arm[b]"].tolist()
    [-0.215, -0.215, 0.646, -0.215]
    """
    theta = fit.coef * fit.scale
    parts = [_residuals(stratum, theta) * fit.scale for stratum in fit.strata]
    values = np.vstack(parts)
    if scaled:
        values = fit.n_events * values @ fit.model_vcov + fit.coef
    frame = pd.DataFrame(values, columns=list(fit.names))
    frame.insert(0, "stratum", np.repeat(np.arange(len(parts)), [len(each) for each in parts]))
    frame.insert(1, "time", np.concatenate([each.times[each.at] for each in fit.strata]))
    return frame


def proportional_hazards_test(fit: CoxFit, *, transform: Transform = "km") -> ProportionalHazardsTest:
    """Test whether hazard ratios are constant over time.

    Parameters
    ----------
    fit : CoxFit
    transform : {"km", "rank", "identity", "log"}
        Of time: 1 less the share without an event just before, the rank among all times, time, its logarithm.

    Notes
    -----
    Score test of a product of each covariate with transformed time, with its full information: that of `cox.zph` in R's
    survival 3, not the approximation of versions before 3.0, which took the variance as constant over time.

    Examples
    --------
    >>> from coxa.models import fit_cox
    >>> d = pd.DataFrame({"day": [6, 7, 9, 10, 13, 15], "flare": [1, 0, 1, 1, 1, 1], "arm": list("ababab")})
    >>> test = proportional_hazards_test(fit_cox("arm", d, time="day", event="flare"), transform="rank")
    >>> test.frame.round(4).loc[0, ["statistic", "p_value"]].tolist()
    [0.2763, 0.5991]
    """
    check_option("transform", transform, TRANSFORMS)
    g = _transformed(fit, transform)
    every = {**fit.terms, "GLOBAL": tuple(range(fit.coef.size))}
    frame = pd.DataFrame(_tests(fit, every, g), columns=["term", "statistic", "df", "p_value"])
    residuals = schoenfeld_residuals(fit, scaled=True)
    residuals.insert(2, "transformed_time", np.concatenate(g))
    method = f"score test of Grambsch and Therneau, full information (as cox.zph of survival 3), time by '{transform}'"
    return ProportionalHazardsTest(frame, transform, residuals, method)


def p_value_of_term(fit: CoxFit, term: str) -> float:
    """Return the p-value of the test of one term with the transform "km", without the residuals."""
    [(_, _, _, p_value)] = _tests(fit, {term: fit.terms[term]}, _transformed(fit, "km"))
    return p_value


def _tests(
    fit: CoxFit, terms: Mapping[str, tuple[int, ...]], g: list[np.ndarray]
) -> list[tuple[str, float, int, float]]:
    """Return of each term its statistic, degrees of freedom and p-value, given the transformed times of events."""
    theta = fit.coef * fit.scale
    score, information = _extended(fit, theta, g)
    p, rows = theta.size, []
    for term, where in terms.items():
        kept = [*range(p), *(p + k for k in where)]
        u = np.concatenate([np.zeros(p), score[list(where)]])
        statistic = float(u @ np.linalg.solve(information[np.ix_(kept, kept)], u))
        rows.append((term, statistic, len(where), float(chi2.sf(statistic, len(where)))))
    return rows


def _residuals(stratum: Stratum, theta: np.ndarray) -> np.ndarray:
    """Return (d, p) covariates of events less their means; of tied events the mean of their means."""
    means = moments(stratum, theta)[0]
    counts = np.bincount(stratum.at)
    total = np.zeros((counts.size, theta.size))
    np.add.at(total, stratum.at, means)
    return stratum.x[stratum.event] - (total / counts[:, None])[stratum.at]


def _extended(fit: CoxFit, theta: np.ndarray, g: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the score of products with g, and the information of coefficients and products at none of them."""
    p = theta.size
    score, information = np.zeros(p), np.zeros((2 * p, 2 * p))
    for stratum, when in zip(fit.strata, g, strict=True):
        score += when @ _residuals(stratum, theta)
        variance = moments(stratum, theta)[1]
        weighted = [np.einsum("kij,k->ij", variance, when**power) for power in range(3)]
        information += np.block([[weighted[0], weighted[1]], [weighted[1], weighted[2]]])
    return score, information


def _transformed(fit: CoxFit, transform: str) -> list[np.ndarray]:
    """Return transformed times of the events of each stratum, less their mean."""
    times, starts = fit.rows.time, fit.rows.start
    at = [each.times[each.at] for each in fit.strata]
    if transform == "km":
        late = np.isfinite(starts).any()
        curve = kaplan_meier(times, fit.rows.event, start=np.where(np.isfinite(starts), starts, -1.0) if late else None)
        before = np.concatenate([[1.0], curve.survival])
        values = [1 - before[np.searchsorted(curve.time, each, side="left")] for each in at]
    elif transform == "rank":
        first = dict(zip(times.tolist(), rankdata(times).tolist(), strict=True))
        values = [np.array([first[t] for t in each.tolist()]) for each in at]
    elif transform == "log":
        if min(each.min() for each in at) <= 0:
            raise OptionError("An event is at time 0, which has no logarithm. Use another transform.")
        values = [np.log(each) for each in at]
    else:
        values = [each.astype(float) for each in at]
    mean = np.concatenate(values).mean()
    return [each - mean for each in values]
