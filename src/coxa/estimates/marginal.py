"""Risks, rates or means of arms at each visit, averaged over all participants, from estimating equations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit, logit

from coxa.arguments import kinds
from coxa.errors import OptionError, check_level, check_option, not_allowed
from coxa.estimates.standardised import TERMS_OF
from coxa.estimates.table import Estimates
from coxa.models.design.columns import label_text
from coxa.models.gee.result import GEE_FIT, GEEFit
from coxa.models.glm.families import FAMILIES

Function = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale on which means are compared, or an interval is made.

    to    : mean -> value
    slope : mean -> derivative of the value
    back  : value -> mean; of a difference of values, what it is shown as
    """

    to: Function
    slope: Function
    back: Function


IDENTITY = Scale(lambda m: m, np.ones_like, lambda v: v)
LOG = Scale(np.log, lambda m: 1 / m, np.exp)
LOGIT = Scale(logit, lambda m: 1 / (m * (1 - m)), expit)
OWN = {"gaussian": IDENTITY, "poisson": LOG, "binomial": LOGIT}
"""Scale of the limits of a mean: that of the link, so that they can occur."""

COMPARED = {
    "difference": IDENTITY,
    "log_ratio": LOG,
    "log_odds_ratio": Scale(LOGIT.to, LOGIT.slope, np.exp),
}


TERMS = {
    **TERMS_OF,
    "poisson": ("rate", {"rate_difference": "difference", "rate_ratio": "log_ratio"}),
}
"""Family -> kind of row of an arm, and kinds of its comparisons with the scale of each."""


@dataclass(frozen=True, slots=True)
class MarginalMeans:
    """Means of arms and visits over all participants.

    keys   : (arm, visit) of each, as levels; visit None where there is one mean for all
    means  : (q,)
    slopes : (q, p) derivatives of the means by the coefficients
    """

    keys: tuple[tuple[Any, Any], ...]
    means: np.ndarray
    slopes: np.ndarray


@kinds(fit=GEE_FIT)
def marginal_effects(
    fit: GEEFit,
    arm: str = "arm",
    against: str | None = None,
    *,
    by: str | None = "visit",
    per: float = 1.0,
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate every arm's risk, rate or mean at each visit over all participants, and what it differs by.

    Parameters
    ----------
    fit : GEEFit
        From `coxa.models.fit_gee`, with the arm as a factor of its formula.
    arm : str
        Column of the arms.
    against : str, optional
        The arm that the others are compared with; unless given the first level.
    by : str, optional
        Column of the visits, a factor of the formula; None averages over the visits, each of which counts alike. Where
        the formula has no such column there is one number for all visits.
    per : float
        Units of exposure that rates and their differences are given for, such as 365 days.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimates
        A row for each arm: `risk`, `rate` (per unit of exposure, where there is one) or `marginal_mean`. Then rows
        against the reference: `risk_difference`, `risk_ratio` and `odds_ratio`; `rate_difference` and `rate_ratio`;
        `difference`. Standard errors are by the delta method from the sandwich of the fit, tests and limits by t with
        its degrees of freedom for that combination of coefficients; of ratios on the log scale, of arms on the scale of
        the link. `std_error` of a ratio is that of its logarithm.

    Raises
    ------
    OptionError
        The arm or the visit is not a factor of the formula, or a covariate varies within a participant.

    Notes
    -----
    Every analysed participant is given each arm at each visit, with the covariates that are his or her own, and the
    predicted means are averaged (g-computation), also over participants who were not seen at that visit. The covariates
    are taken as given.

    Examples
    --------
    >>> from coxa.models import fit_gee
    >>> d = pd.DataFrame({"participant_id": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6], "arm": list("aaaaaabbbbbb")})
    >>> d["better"] = [0, 1, 0, 0, 0, 0, 1, 1, 0, 1, 1, 1]
    >>> e = marginal_effects(fit_gee("better ~ arm", d))
    >>> e.frame[["term", "estimate"]].round(3).values.tolist()[:3]
    [['risk', 0.167], ['risk', 0.833], ['risk_difference', 0.667]]
    """
    check_level(conf_level)
    found = standardised_by_visit(fit, arm, by)
    if per != 1.0 and fit.family != "poisson":
        raise OptionError(f"`per` is {per:g}, units of exposure, and the outcome is no count. Leave it out.")
    found = MarginalMeans(found.keys, per * found.means, per * found.slopes)
    arms = [label_text(level) for level in fit.design.levels[arm]]
    against = arms[0] if against is None else check_option("against", str(against), arms)
    term, compared = TERMS[fit.family]
    shared = {"outcome": fit.outcome, "conf_level": conf_level, "warning": "; ".join(fit.warnings)}
    shared["method"] = f"{fit.method}; averaged over the covariates of the analysed participants (g-computation)"
    counted = counts(fit, arm, by)
    rows = []
    for visit in dict.fromkeys(key[1] for key in found.keys):
        place = {label_text(key[0]): k for k, key in enumerate(found.keys) if key[1] == visit}
        named = {**shared, "visit": "" if visit is None else label_text(visit)}
        for name in arms:
            own = limits(fit, found, [place[name]], OWN[fit.family], conf_level)
            mean = found.means[place[name]]
            own["std_error"] = float(own["std_error"] / OWN[fit.family].slope(mean))
            rows.append({**named, "arm": name, "term": term, **own, **counted(visit, [name])})
        for name in arms:
            for kind, scale in compared.items() if name != against else ():
                pair = limits(fit, found, [place[name], place[against]], COMPARED[scale], conf_level)
                rows.append(
                    {
                        **named,
                        "arm": name,
                        "reference": against,
                        "term": kind,
                        **pair,
                        **counted(visit, [name, against]),
                    }
                )
    return Estimates.of(rows)


def standardised_by_visit(fit: GEEFit, arm: str, by: str | None) -> MarginalMeans:
    """Return the mean of each arm, at each visit or over them; the arguments are those of `marginal_effects`."""
    design = fit.design
    variables = design.formula.variables
    visit = fit.spec.order if by is None else by
    for name in (arm, *((visit,) if visit in variables else ())):
        if name not in design.levels:
            raise OptionError(
                f"'{name}' is a number in the model. Make it categorical to have a mean for each value."
                if name in variables
                else not_allowed("factor of the model", name, design.levels)
            )
    people = one_row_each(fit, [name for name in variables if name not in (arm, visit)])
    visits: tuple[Any, ...] = design.levels.get(str(visit), (None,))
    keys = tuple((level, at) for at in visits for level in design.levels[arm])
    slope = FAMILIES[fit.family].slope
    means, slopes = [], []
    for level, at in keys:
        put = {arm: level} if at is None else {arm: level, str(visit): at}
        x = design.rows(people.assign(**put))
        mean = fit.means(x)
        means.append(mean.mean())
        slopes.append((slope(mean)[:, None] * x).mean(axis=0))
    if by is not None or visits == (None,):
        return MarginalMeans(keys, np.array(means), np.array(slopes))
    k = len(design.levels[arm])
    return MarginalMeans(
        tuple((level, None) for level in design.levels[arm]),
        np.array(means).reshape(-1, k).mean(axis=0),
        np.array(slopes).reshape(len(visits), k, -1).mean(axis=0),
    )


def one_row_each(fit: GEEFit, names: Sequence[str]) -> pd.DataFrame:
    """Return one row per analysed participant with the covariates named.

    Raises
    ------
    OptionError
        A covariate varies within a participant.
    """
    frame = fit.design.frame[list(names)].reset_index(drop=True)
    groups = frame.groupby(fit.sample.participant, sort=False)
    for name in names:
        if (groups[name].nunique() > 1).any():
            raise OptionError(
                f"'{name}' varies within a participant, so that there is no value of it to average over. Use its value "
                "at baseline in the formula."
            )
    return frame.loc[~pd.Series(fit.sample.participant).duplicated().to_numpy()]


def counts(fit: GEEFit, arm: str, by: str | None) -> Callable[[Any, Sequence[str]], dict[str, int]]:
    """Return what counts the participants of arms, and their rows at a visit (None: at all)."""
    levels = np.array([label_text(level) for level in fit.design.frame[arm]])
    visits = fit.design.frame[by].to_numpy() if by in fit.design.levels else None

    def counted(visit: Any, arms: Sequence[str]) -> dict[str, int]:
        chosen = np.isin(levels, list(arms))
        here = chosen if visit is None or visits is None else chosen & (visits == visit)
        return {"n_participants": len(pd.unique(fit.sample.participant[chosen])), "n_observations": int(here.sum())}

    return counted


def limits(
    fit: GEEFit, found: MarginalMeans, places: Sequence[int], scale: Scale, conf_level: float
) -> dict[str, float]:
    """Return estimate, standard error on the scale, and limits of one mean, or of one less another with its test."""
    means = found.means[list(places)]
    signs = np.array([1.0, -1.0])[: len(places)]
    row = (signs * scale.slope(means)) @ found.slopes[list(places)]
    value = float(signs @ scale.to(means))
    error = float(np.sqrt(row @ fit.inference.covariance @ row))
    df = fit.inference.df(row)
    half = float(stats.t.ppf((1 + conf_level) / 2, df)) * error
    shown = {
        "estimate": float(scale.back(np.float64(value))),
        "std_error": error,
        "df": df if np.isfinite(df) else np.nan,
        "conf_low": float(scale.back(np.float64(value - half))),
        "conf_high": float(scale.back(np.float64(value + half))),
    }
    if len(places) == 1:
        return shown
    return {**shown, "statistic": value / error, "p_value": float(2 * stats.t.sf(abs(value / error), df))}
