"""The probability of being a responder, from a model of the outcome itself: of an MMRM, a cLDA or an ANCOVA."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal, get_args

import numpy as np
from scipy import stats
from scipy.special import ndtr

from coxa.arguments import NUMBER, kinds
from coxa.errors import OptionError, check_level, check_option, not_allowed
from coxa.estimates.reached import (
    Measure,
    People,
    Responder,
    Response,
    baseline_visit,
    group_levels,
    people_of,
    visit_weights,
)
from coxa.estimates.reference_grid import check_factor, counted_at
from coxa.estimates.risk_rows import RISK_CONTRASTS, contrast, on_scale, own_limits, quantile_of
from coxa.estimates.table import Estimates
from coxa.models.results.fit import FIT, Fit
from coxa.models.results.joint import Joint, joint

Covariates = Literal["drawn", "given"]
WORDS = {
    "drawn": "covariates drawn with the participants",
    "given": "covariates taken as given",
}


@kinds(fit=FIT, threshold=NUMBER)
def responder_by_model(
    fit: Fit,
    threshold: float,
    *,
    higher_is_better: bool,
    measure: Measure = "change",
    response: Response = "change",
    baseline: str = "baseline",
    over: str = "arm",
    against: str | None = None,
    visits: Sequence[Any] | None = None,
    covariates: Covariates = "drawn",
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the probability of being a responder at each visit, from the model of the outcome itself.

    Each analysed participant is given every arm in turn with the covariates that are his or her own; the model's normal
    distribution says how likely the threshold is reached, and these probabilities are averaged. Participants whose
    outcome at the visit is missing count as the others do.

    Parameters
    ----------
    fit : Fit
        From `coxa.fit_mmrm`, `coxa.models.fit_clda` or `coxa.models.fit_ancova`.
    threshold : float
        The smallest improvement that counts, above 0 in either direction; for ``measure="value"`` the mark to reach.
    higher_is_better : bool
        Direction of improvement of the outcome.
    measure : {"change", "value", "percent_change"}
        What has to reach the threshold.
    response : {"change", "value"}
        What the outcome of the model is. A model with the baseline as its first visit (cLDA) is always one of values.
    baseline : str
        The covariate that is the baseline; used where `measure` is not what the model has.
    over, against : str
        Factor that is compared, and its level that the others are compared with; unless given the first.
    visits : sequence, optional
        Visits; by default all after baseline.
    covariates : {"drawn", "given"}
        Whether other participants would have other covariates. `given` is the uncertainty for just these.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimates
        For each visit and arm a row `risk`; then, against the reference, `risk_difference`, `risk_ratio` and
        `odds_ratio`. Limits of an arm are on the logit scale, of ratios on the log scale (`std_error` is then that of
        the logarithm), at the quantile of t with the model's degrees of freedom for the mean or difference behind
        them. `coxa.estimates.numbers_needed` gives the number needed to treat.

    Raises
    ------
    OptionError
        An option is not allowed, a covariate varies within a participant, or the model has weights of rows.
    FitError
        The model has random effects, or its covariance is at a boundary.

    Notes
    -----
    With z_i = (s x_i'b - c_i) / sd, s the direction and c_i the bound, the probability is the mean of Phi(z_i). Its
    gradient is the mean of phi(z_i) s x_i / sd in b, and of -phi(z_i) z_i / (2 sd^2) times the derivative of sd^2 in a
    parameter of the covariance; both have a joint covariance, the inverse of the observed information. Drawn covariates
    add the covariance of the participants' probabilities over n. It rests on the normal distribution, which no other
    estimate of the model does: compare it with `coxa.estimates.compare_responders`.

    Examples
    --------
    >>> import pandas as pd
    >>> from coxa.models import fit_ancova
    >>> d = pd.DataFrame({"participant_id": range(8), "arm": list("aaaabbbb"), "change": [1.0, 5, 9, 5, 8, 12, 16, 12]})
    >>> e = responder_by_model(fit_ancova("change ~ arm", d), 10, higher_is_better=True)
    >>> e.frame[["term", "arm", "estimate", "std_error"]].round(3).values.tolist()[:3]
    [['risk', 'a', 0.063, 0.082], ['risk', 'b', 0.73, 0.175], ['risk_difference', 'b', 0.667, 0.21]]
    """
    check_level(conf_level)
    check_option("covariates", covariates, get_args(Covariates))
    responder = Responder(float(threshold), bool(higher_is_better), measure, response, baseline)
    asked = visits_asked(fit, visits, baseline_visit(fit))
    found = probabilities(fit, responder, over, asked, drawn=covariates == "drawn")
    against = str(fit.design.levels[over][0]) if against is None else str(against)
    return model_rows(fit, responder, found, over, against, asked, covariates, conf_level)


def model_rows(
    fit: Fit,
    responder: Responder,
    found: Probabilities,
    over: str,
    against: str,
    visits: Sequence[Any],
    covariates: Covariates,
    conf_level: float,
) -> Estimates:
    """Return the rows of probabilities and of what they differ by."""
    levels = [str(level) for level in fit.design.levels[over]]
    check_option("against", against, levels)
    what = f"probability of {responder.words(baseline_visit(fit))}, by the normal distribution"
    shared = {
        "outcome": fit.outcome,
        "conf_level": conf_level,
        "method": f"{fit.method}; {what}; {WORDS[covariates]}",
        "warning": "; ".join(fit.warnings),
    }
    rows: list[dict[str, Any]] = []
    for visit in visits:
        cells = {str(key[0]): k for k, key in enumerate(found.keys) if key[1] == visit}
        rows += [
            {"visit": str(visit), "arm": name, "term": "risk", **arm_row(fit, found, k, conf_level)}
            for name, k in cells.items()
        ]
        rows += [
            {
                "visit": str(visit),
                "arm": name,
                "reference": against,
                "term": term,
                **pair_row(fit, found, [cells[name], cells[against]], scale, conf_level),
            }
            for name in levels
            if name != against
            for term, scale in RISK_CONTRASTS.items()
        ]
    return Estimates.of({**shared, **row, **counted(fit, over, row)} for row in rows)


@dataclass(frozen=True, slots=True)
class Probabilities:
    """Probabilities of Q combinations of a level and a visit, averaged over n participants.

    keys       : the combinations
    means      : (Q,)
    covariance : (Q, Q)
    by_beta    : (Q, p) gradient in the coefficients
    each       : (Q, n) of each participant
    """

    keys: tuple[tuple[Any, Any], ...]
    means: np.ndarray
    covariance: np.ndarray
    by_beta: np.ndarray
    each: np.ndarray


def probabilities(
    fit: Fit, responder: Responder, over: str, visits: Sequence[Any], *, drawn: bool = True
) -> Probabilities:
    """Return the averaged probabilities of every level of `over` at each visit, with their covariance."""
    check_factor(fit, over)
    check_plain(fit)
    known = joint(fit)
    visit_column = fit.sample.visit_column
    kept = [over] if visit_column is None or visit_column not in fit.design.levels else [over, visit_column]
    people = people_of(fit, responder, dict.fromkeys(kept))
    keys = tuple((level, visit) for visit, level in product(visits, fit.design.levels[over]))
    cells = [cell(fit, known, responder, people, kept, level, visit) for level, visit in keys]
    each = np.array([found.each for found in cells])
    gradient = np.array([np.concatenate([found.by_beta, found.by_theta]) for found in cells])
    covariance = gradient @ known.covariance @ gradient.T
    if drawn and each.shape[1] > 1:
        covariance = covariance + np.atleast_2d(np.cov(each)) / each.shape[1]
    return Probabilities(keys, each.mean(axis=1), covariance, gradient[:, : len(known.beta)], each)


@dataclass(frozen=True, slots=True)
class Cell:
    """The probabilities of n participants at one level and visit, and the gradient of their mean.

    each : (n,); by_beta : (p,); by_theta : (BK,)
    """

    each: np.ndarray
    by_beta: np.ndarray
    by_theta: np.ndarray


def cell(
    fit: Fit, known: Joint, responder: Responder, people: People, kept: Sequence[str], level: Any, visit: Any
) -> Cell:
    """Return the probabilities of everybody at one level and visit."""
    weights = visit_weights(fit, responder, visit)
    rows = np.zeros((len(people.frame), len(known.beta)))
    for at, weight in weights.items():
        rows += weight * fit.design.rows(people.frame.assign(**dict(zip(kept, (level, at), strict=False))))
    own = people.group
    if fit.group is not None and fit.group == kept[0]:
        own = np.full(len(own), group_levels(fit).get_loc(str(level)))
    each, by_beta, by_theta = np.empty(len(own)), np.zeros(len(known.beta)), np.zeros(known.parameters)
    for group in np.unique(own):
        mine = own == group
        variance, slopes = known.variance(over_visits(fit, responder, visit), group)
        part = reached(rows[mine], known.beta, people.bounds[mine], responder.sign, variance, slopes)
        each[mine] = part.each
        by_beta += mine.mean() * part.by_beta
        by_theta += mine.mean() * part.by_theta
    return Cell(each, by_beta, by_theta)


def over_visits(fit: Fit, responder: Responder, visit: Any) -> np.ndarray:
    """Return the weight of each visit of the model (m,) in the outcome that is to reach the bound."""
    weights = visit_weights(fit, responder, visit)
    return np.array([weights.get(label, 0.0) for label in fit.sample.visits])


def reached(
    rows: np.ndarray, beta: np.ndarray, bounds: np.ndarray, sign: float, variance: float, slopes: np.ndarray
) -> Cell:
    """Return the probabilities that a normal outcome reaches its bound, and the gradient of their mean.

    rows (n, p), bounds (n,), sign 1 or -1, variance of the outcome and its derivatives (BK,).
    """
    sd = np.sqrt(variance)
    z = (sign * (rows @ beta) - bounds) / sd
    density = stats.norm.pdf(z)
    by_beta = sign * (density @ rows) / (len(z) * sd)
    by_theta = -(density @ z) / (2 * len(z) * variance) * slopes
    return Cell(ndtr(z), by_beta, by_theta)


def visits_asked(fit: Fit, visits: Sequence[Any] | None, first: str) -> list[Any]:
    """Return the visits of the rows, in the order asked or in that of the model, without the baseline."""
    later = [visit for visit in fit.sample.visits if not first or visit != first]
    if visits is None:
        return list(later)
    for visit in visits:
        if visit not in later:
            raise OptionError(not_allowed("visit of the model", visit, map(str, later)))
    return list(visits)


def check_plain(fit: Fit) -> None:
    """Raise OptionError where the spread of an outcome is not that of the model's covariance alone."""
    if fit.sample.weights is not None:
        raise OptionError(
            f"The model '{fit.formula}' has weights of rows, with which outcomes have different spreads. Fit it "
            "without `weights`."
        )


def arm_row(fit: Fit, found: Probabilities, k: int, conf_level: float) -> dict[str, Any]:
    """Return the row of a probability, with limits on the logit scale."""
    df = float(fit.inference.df(found.by_beta[k]))
    spread = float(np.sqrt(found.covariance[k, k]))
    return {**own_limits("binomial", found.means[k], spread, quantile_of(conf_level, df)), "df": df}


def pair_row(fit: Fit, found: Probabilities, pair: list[int], scale: str, conf_level: float) -> dict[str, Any]:
    """Return the row of one probability against another on a scale."""
    means, covariance = found.means[pair], found.covariance[np.ix_(pair, pair)]
    df = float(fit.inference.df(on_scale(means, scale)[1] @ found.by_beta[pair]))
    return {**contrast(means, covariance, scale, conf_level, df), "df": df}


def counted(fit: Fit, over: str, row: dict[str, Any]) -> dict[str, int]:
    """Return the participants of the levels of a row, and their analysed rows at its visit."""
    names = {str(level): level for level in fit.design.levels[over]}
    levels = [names[row[side]] for side in ("arm", "reference") if row.get(side)]
    people, rows = counted_at(fit, {over: levels}, row["visit"] or None)
    return {"n_participants": people, "n_observations": rows}
