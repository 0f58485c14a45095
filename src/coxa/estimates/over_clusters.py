"""Risks and rates over all clusters from a model of what holds given a cluster, and what arms differ by in both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from coxa.errors import OptionError, check_kind, check_level, check_option, not_allowed
from coxa.estimates.risk_rows import RISK_CONTRASTS, contrast, own_limits, quantile_of, wald
from coxa.estimates.table import Estimates
from coxa.models.design.columns import label_text
from coxa.models.glmm.fit import GLMMFit, population_mean, population_slopes

RATE_CONTRASTS = {"rate_difference": "difference", "rate_ratio": "log_ratio"}
"""Term -> the scale on which two rates are compared."""


@dataclass(frozen=True, slots=True)
class Averaged:
    """Means of the outcome over all clusters, M combinations of levels.

    keys      : the combinations, in the order of the names
    means     : (M,) averaged over the random intercept, and over the participants with their covariates
    gradients : (M, p + 1) derivatives by the coefficients and the standard deviation
    rows      : (M, p) averaged design rows; the linear predictor at a random intercept of zero
    n         : (M,) participants that were averaged over
    """

    keys: tuple[tuple[Any, ...], ...]
    means: np.ndarray
    gradients: np.ndarray
    rows: np.ndarray
    n: np.ndarray

    def covariance(self, fit: GLMMFit) -> np.ndarray:
        """Return the covariance (M, M) of the means."""
        size = self.gradients.shape[1]
        return np.asarray(self.gradients @ fit.joint.to_numpy()[:size, :size] @ self.gradients.T)


def population_averaged(
    fit: GLMMFit,
    arm: str = "arm",
    against: str | None = None,
    *,
    by: str | None = "visit",
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate every arm's risk or rate over all clusters, and what arms differ by: over all clusters and within one.

    Parameters
    ----------
    fit : GLMMFit
        From `coxa.models.fit_glmm`, with the arm in its formula.
    arm : str
        Column of the arms.
    against : str, optional
        The arm that the others are compared with; unless given the first level.
    by : str or None
        Factor at whose every level arms are compared, where the model has it; its levels go to the column `visit`.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimates
        A row for each arm: `risk`, or `rate` per unit of exposure. Then rows against the reference. Of risks
        `risk_difference`, `risk_ratio` and `odds_ratio`, which compare these risks, and `conditional_odds_ratio`,
        which compares participants with the same random intercept and is farther from 1. Of rates `rate_difference`
        and `rate_ratio`; a ratio of rates is the same within a cluster, unless the arm interacts with a covariate.
        `std_error` of a ratio is that of its logarithm.

    Raises
    ------
    OptionError
        The arm is not a factor of the model, or the reference is none of its levels.

    Notes
    -----
    The participants' own covariates are kept, every participant counts alike, and every participant is put into every
    arm (and at every level of `by`). Risks are integrated over the normal random intercept; standard errors are by the
    delta method, and take in the uncertainty of its standard deviation (Zeger, Liang & Albert, Biometrics 1988,
    44:1049-1060). Covariates are taken as given.

    Examples
    --------
    >>> from coxa.models import fit_glmm
    >>> who = np.repeat(range(12), 3)
    >>> d = pd.DataFrame({"participant_id": who, "arm": np.where(who < 6, "a", "b")})
    >>> d["better"] = [int(answer) for answer in "000010110001000010111001110111000011"]
    >>> e = population_averaged(fit_glmm("better ~ arm + (1 | participant_id)", d))
    >>> e.frame.set_index("term")["estimate"].round(3).iloc[-4:].to_dict()
    {'risk_difference': 0.333, 'risk_ratio': 2.19, 'odds_ratio': 4.067, 'conditional_odds_ratio': 4.863}
    """
    check_kind("fit", fit, GLMMFit, "a fit of coxa.models.fit_glmm")
    check_level(conf_level)
    levels = [label_text(level) for level in levels_of(fit, arm)]
    against = levels[0] if against is None else check_option("against", str(against), levels)
    within = [by] if by is not None and by in fit.design.levels else []
    found = averaged(fit, [arm, *within])
    shared = {
        "outcome": fit.outcome,
        "conf_level": conf_level,
        "method": described(fit),
        "warning": "; ".join(fit.warnings),
        "n_participants": fit.n_participants,
        "n_observations": fit.n_observations,
    }
    return Estimates.of({**shared, **row} for row in averaged_rows(fit, found, levels, against, conf_level))


def levels_of(fit: GLMMFit, arm: str) -> tuple[Any, ...]:
    """Return the levels of the arm; raise OptionError where it is not a factor of the model."""
    if arm not in fit.design.levels:
        raise OptionError(not_allowed("factor of the model", arm, fit.design.levels))
    return fit.design.levels[arm]


def described(fit: GLMMFit) -> str:
    """Return the method in words, for a footnote."""
    return f"{fit.method}; averaged over the random intercept and the participants, delta method"


def averaged(fit: GLMMFit, factors: Sequence[str], within: Mapping[str, Any] | None = None) -> Averaged:
    """Return the means at every combination of levels of factors, over the participants with some levels.

    Parameters
    ----------
    fit : GLMMFit
    factors : sequence of str
        What every participant is put into.
    within : mapping, optional
        Factor -> the level of the participants that are averaged over.
    """
    frame, who = fit.design.frame, pd.Series(fit.sample.participant)
    chosen = np.ones(len(frame), dtype=bool)
    for name, level in (within or {}).items():
        chosen &= (frame[name] == level).to_numpy()
    frame, who = frame[chosen], who[chosen]
    weights = 1 / who.groupby(who).transform("size").to_numpy()
    weights = weights / weights.sum()
    keys = tuple(product(*(fit.design.levels[name] for name in factors)))
    params, family = fit.params.to_numpy(), fit.family
    means, gradients, rows = [], [], []
    for key in keys:
        x = fit.design.rows(frame.assign(**dict(zip(factors, key, strict=True))))
        eta = x @ params
        slopes, by_sd = population_slopes(family, eta, fit.sd)
        means.append(weights @ population_mean(family, eta, fit.sd))
        gradients.append(np.r_[(weights * slopes) @ x, weights @ by_sd])
        rows.append(weights @ x)
    n = np.full(len(keys), who.nunique())
    return Averaged(keys, np.array(means), np.array(gradients), np.array(rows), n)


def averaged_rows(
    fit: GLMMFit, found: Averaged, levels: Sequence[str], against: str, conf_level: float
) -> Iterator[dict[str, Any]]:
    """Yield the rows of the arms, then those of the comparisons, for each level of what they are compared by."""
    binary = fit.family == "binomial"
    term, link = ("risk", "binomial") if binary else ("rate", "poisson")
    covariance, quantile = found.covariance(fit), quantile_of(conf_level)
    place = {tuple(map(label_text, key)): k for k, key in enumerate(found.keys)}
    for rest in dict.fromkeys(key[1:] for key in place):
        at = {"visit": rest[0] if rest else ""}
        for name in levels:
            k = place[name, *rest]
            row = own_limits(link, float(found.means[k]), float(np.sqrt(covariance[k, k])), quantile)
            yield {"arm": name, "term": term, **at, **row}
        for name in levels:
            if name == against:
                continue
            pair = [place[name, *rest], place[against, *rest]]
            for compared, row in compared_rows(fit, found, covariance, pair, conf_level):
                yield {"arm": name, "reference": against, "term": compared, **at, **row}


def compared_rows(
    fit: GLMMFit, found: Averaged, covariance: np.ndarray, pair: Sequence[int], conf_level: float
) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield term and numbers of each comparison of two means."""
    linear = found.rows[pair[0]] - found.rows[pair[1]]
    df = fit.inference.df(linear)
    shown = {"df": df} if np.isfinite(df) else {}
    contrasts = RISK_CONTRASTS if fit.family == "binomial" else RATE_CONTRASTS
    for term, scale in contrasts.items():
        yield term, {**contrast(found.means[pair], covariance[np.ix_(pair, pair)], scale, conf_level, df), **shown}
    if fit.family == "binomial":
        tested = fit.test(linear)
        value, spread = float(tested.estimate[0]), float(tested.std_error[0])
        row = wald(value, spread, quantile_of(conf_level, df), lambda v: float(np.exp(v)))
        p_value = float(tested.p_value[0])
        yield "conditional_odds_ratio", {**row, "statistic": float(tested.statistic[0]), "p_value": p_value, **shown}
