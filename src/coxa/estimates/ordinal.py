"""What a cumulative logit model says of the arms: odds ratios, probabilities of categories, the probability to win."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit, logit

from coxa.errors import OptionError, check_kind, check_level, check_option, not_allowed
from coxa.estimates.mann_whitney import wins_and_odds
from coxa.estimates.risk_rows import with_test
from coxa.estimates.table import Estimates
from coxa.models.design.columns import label_text
from coxa.models.ordinal.record import OrdinalFit, averaged, rows_at

CONSTANT = 1e-9
"""Spread of a coefficient of the log odds ratio over participants that is rounding."""


@dataclass(frozen=True, slots=True)
class Distributions:
    """The distribution of the outcome in each arm, averaged over participants.

    arms       : their names, in the order of the levels
    shares     : (K, J) probability of each category
    covariance : (K J, K J) of the shares, arm by arm
    warning    : why they should be looked at; empty if nothing
    """

    arms: tuple[str, ...]
    shares: np.ndarray
    covariance: np.ndarray
    warning: str = ""


def cumulative_odds_ratios(
    fit: OrdinalFit,
    arm: str = "arm",
    against: str | None = None,
    *,
    at: Mapping[str, Any] | None = None,
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the odds ratio of a higher category between each arm and a reference.

    Parameters
    ----------
    fit : OrdinalFit
        From `coxa.models.fit_ordinal`, with the arm in its formula.
    arm : str
        Column of the arms.
    against : str, optional
        The arm that the others are compared with; unless given the first level.
    at : mapping, optional
        Column -> value at which the arms are compared, such as a visit; needed where the arm is in an interaction.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimates
        Rows `cumulative_odds_ratio`, above 1 where the arm has higher categories than the reference: one for each arm,
        or with an effect at each threshold one for each of these, with ``above=none`` in `analysis`. `std_error` is
        that of the logarithm; tests and limits are normal. With a random intercept it is the odds ratio at one and the
        same intercept, which is further from 1 than that of the population.

    Raises
    ------
    OptionError
        The arm or `against` is not there, or the odds ratio depends on a column that `at` does not fix.

    Examples
    --------
    >>> from coxa.models import fit_ordinal
    >>> d = pd.DataFrame({"arm": list("aaaabbbb"), "pain": [0, 1, 2, 1, 0, 0, 1, 1]})
    >>> e = cumulative_odds_ratios(fit_ordinal("pain ~ arm", d, levels=[0, 1, 2]))
    >>> e.frame[["estimate", "std_error", "p_value"]].round(3).values.tolist()
    [[0.229, 1.481, 0.319]]
    """
    check_level(conf_level)
    put = rows_in_arms(fit, arm, at)
    reference = reference_of(put, against)
    shared = facts(fit, at, conf_level)
    rows = []
    for name in put:
        if name == reference:
            continue
        weights = [rows_at(fit, put[reference], j) - rows_at(fit, put[name], j) for j in range(fit.data.k)]
        if max(np.ptp(each, axis=0).max() for each in weights) > CONSTANT:
            raise OptionError(
                f"The odds ratio of '{name}' depends on other columns, with which '{arm}' interacts. Fix them, such as "
                "at={'visit': 'week_12'}."
            )
        same = all(np.abs(each[0] - weights[0][0]).max() <= CONSTANT for each in weights)
        behind = counts(fit, arm, at, (name, reference))
        for j, each in enumerate(weights[: 1 if same else None]):
            own = {"arm": name, "reference": reference, "term": "cumulative_odds_ratio"}
            own["analysis"] = "" if same else f"above={label_text(fit.levels[j])}"
            rows.append({**shared, **own, **behind, **ratio(fit, each[0], conf_level)})
    return Estimates.of(rows)


def ratio(fit: OrdinalFit, weights: np.ndarray, conf_level: float) -> dict[str, float]:
    """Return the row of a log odds ratio, a linear function of the coefficients."""
    value = float(weights @ fit.params.to_numpy())
    error = float(np.sqrt(weights @ fit.covariance.to_numpy() @ weights))
    return with_test(value, error, conf_level, shown=np.exp)


def category_probabilities(
    fit: OrdinalFit,
    arm: str = "arm",
    against: str | None = None,
    *,
    at: Mapping[str, Any] | None = None,
    at_least: bool = False,
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the probability of each category in each arm over all participants, and differences from a reference.

    Parameters
    ----------
    fit, arm, against, at, conf_level
        As in `cumulative_odds_ratios`. Each analysed row is put into every arm and the probabilities are averaged; with
        a categorical column in `at`, the rows that have the value, and with a number, all of them put to it.
    at_least : bool
        Whether probabilities are of the category or a higher one, from the second category on.

    Returns
    -------
    Estimates
        Rows `level_share` of each arm, with limits on the logit scale, and `difference_in_shares` against
        the reference; the category is in `analysis`, as ``level=mild``, or ``at_least=mild``. Standard errors are by
        the delta method with covariates as they are: the model has to be right. With a random intercept, probabilities
        are averaged over it.

    Raises
    ------
    OptionError
        As in `cumulative_odds_ratios`.

    Examples
    --------
    >>> from coxa.models import fit_ordinal
    >>> d = pd.DataFrame({"arm": list("aaaabbbb"), "pain": [0, 1, 2, 1, 0, 0, 1, 1]})
    >>> e = category_probabilities(fit_ordinal("pain ~ arm", d, levels=[0, 1, 2]))
    >>> own = e.only(arm="b", term="level_share").frame
    >>> own[["analysis", "estimate", "std_error"]].round(3).values.tolist()
    [['level=0', 0.528, 0.239], ['level=1', 0.417, 0.208], ['level=2', 0.055, 0.077]]
    """
    check_level(conf_level)
    found = distributions(fit, arm, at)
    reference = reference_of(found.arms, against)
    k, categories = len(found.arms), len(fit.levels)
    take = np.tri(categories).T[1:] if at_least else np.eye(categories)
    each = np.kron(np.eye(k), take)
    values, covariance = (each @ found.shares.ravel()).reshape(k, -1), each @ found.covariance @ each.T
    word, levels = ("at_least", fit.levels[1:]) if at_least else ("level", fit.levels)
    names = [f"{word}={label_text(level)}" for level in levels]
    quantile = float(stats.norm.ppf((1 + conf_level) / 2))
    shared = facts(fit, at, conf_level, "standardised, delta method, covariates taken as given", found.warning)
    behind = {name: counts(fit, arm, at, (name,)) for name in found.arms}
    rows = [
        {**shared, **behind[name], "arm": name, "analysis": one, "term": "level_share", **share(value, error, quantile)}
        for name, own, errors in zip(found.arms, values, np.sqrt(np.diag(covariance)).reshape(k, -1), strict=True)
        for one, value, error in zip(names, own, errors, strict=True)
    ]
    place, m = found.arms.index(reference), len(names)
    for a, name in enumerate(found.arms):
        for c, one in enumerate(names if a != place else []):
            contrast = np.zeros(k * m)
            contrast[a * m + c], contrast[place * m + c] = 1.0, -1.0
            own = {"arm": name, "reference": reference, "analysis": one, "term": "difference_in_shares"}
            error = float(np.sqrt(contrast @ covariance @ contrast))
            behind_both = counts(fit, arm, at, (name, reference))
            rows.append(
                {**shared, **own, **behind_both, **with_test(float(contrast @ values.ravel()), error, conf_level)}
            )
    return Estimates.of(rows)


def standardised_win_probability(
    fit: OrdinalFit,
    arm: str = "arm",
    against: str | None = None,
    *,
    at: Mapping[str, Any] | None = None,
    higher_is_better: bool = True,
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the probability that a participant of an arm has a better category than one of the reference.

    Parameters
    ----------
    fit, arm, against, at, conf_level
        As in `category_probabilities`, whose distributions are compared.
    higher_is_better : bool
        Which of two categories wins.

    Returns
    -------
    Estimates
        Rows `win_probability`: P(better) + P(same) / 2, 0.5 where the arms are alike, and `win_odds`, that over its
        complement. Limits and test are normal on the logit scale; `std_error` is that of the probability, and of the
        logarithm of the odds.

    Examples
    --------
    >>> from coxa.models import fit_ordinal
    >>> d = pd.DataFrame({"arm": list("aaaabbbb"), "pain": [0, 1, 2, 1, 0, 0, 1, 1]})
    >>> e = standardised_win_probability(fit_ordinal("pain ~ arm", d, levels=[0, 1, 2]))
    >>> e.frame[["term", "estimate", "std_error"]].round(3).values.tolist()
    [['win_probability', 0.312, 0.167], ['win_odds', 0.453, 0.779]]
    """
    check_level(conf_level)
    found = distributions(fit, arm, at)
    reference = reference_of(found.arms, against)
    quantile = float(stats.norm.ppf((1 + conf_level) / 2))
    shared = facts(fit, at, conf_level, "standardised, delta method, covariates taken as given", found.warning)
    wins = np.tri(len(fit.levels), k=-1) + np.eye(len(fit.levels)) / 2
    wins = wins if higher_is_better else wins.T
    place = found.arms.index(reference)
    rows = []
    for a, name in enumerate(found.arms):
        if a == place:
            continue
        gradient = np.zeros_like(found.shares)
        gradient[a], gradient[place] = wins @ found.shares[place], found.shares[a] @ wins
        error = float(np.sqrt(gradient.ravel() @ found.covariance @ gradient.ravel()))
        value = float(found.shares[a] @ wins @ found.shares[place])
        own = {**shared, "arm": name, "reference": reference, **counts(fit, arm, at, (name, reference))}
        rows += [
            {**own, **row} for row in wins_and_odds({**share(value, error, quantile), **against_half(value, error)})
        ]
    return Estimates.of(rows)


def against_half(value: float, error: float) -> dict[str, float]:
    """Return the test of a probability against 0.5, normal on the logit scale."""
    z = float(logit(value)) * value * (1 - value) / error
    return {"statistic": z, "p_value": float(2 * stats.norm.sf(abs(z)))}


def rows_in_arms(fit: OrdinalFit, arm: str, at: Mapping[str, Any] | None) -> dict[str, np.ndarray]:
    """Return the design rows of the analysed rows, put into each arm."""
    frame = chosen_rows(fit, arm, at)[0]
    levels = fit.design.levels[arm]
    return {label_text(level): fit.design.rows(frame.assign(**{arm: [level] * len(frame)})) for level in levels}


def chosen_rows(fit: OrdinalFit, arm: str, at: Mapping[str, Any] | None) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the analysed rows that have the categories of `at`, its numbers put in, and whose rows they are."""
    check_kind("fit", fit, OrdinalFit, "a fit of coxa.models.fit_ordinal")
    levels, frame = fit.design.levels, fit.design.frame
    keep = np.ones(len(frame), dtype=bool)
    if arm not in levels:
        raise OptionError(not_allowed("factor in the formula", arm, levels))
    for column, value in (at or {}).items():
        if column not in frame.columns or column == arm:
            raise OptionError(not_allowed("column in the formula", column, [c for c in frame.columns if c != arm]))
        if column in levels:
            check_option(column, label_text(value), [label_text(level) for level in levels[column]])
            keep &= np.array([label_text(each) == label_text(value) for each in frame[column]])
        else:
            frame = frame.assign(**{column: float(value)})
    return frame[keep], fit.data.participant[keep]


def counts(fit: OrdinalFit, arm: str, at: Mapping[str, Any] | None, arms: Sequence[str]) -> dict[str, int]:
    """Return the participants and rows of some arms."""
    frame, participant = chosen_rows(fit, arm, at)
    mine = np.array([label_text(each) in arms for each in frame[arm]])
    return {"n_participants": len(pd.unique(participant[mine])), "n_observations": int(mine.sum())}


def reference_of(arms: Mapping[str, Any] | tuple[str, ...], against: str | None) -> str:
    """Return the reference, the first arm unless it is given."""
    names = list(arms)
    return names[0] if against is None else check_option("against", label_text(against), names)


def distributions(fit: OrdinalFit, arm: str, at: Mapping[str, Any] | None) -> Distributions:
    """Return the probabilities of the categories in each arm with their covariance."""
    put = rows_in_arms(fit, arm, at)
    at_most, slopes, crossed = zip(*(averages(fit, x) for x in put.values()), strict=True)
    k = fit.data.k
    differences = np.vstack([np.eye(k), np.zeros(k)]) - np.vstack([np.zeros(k), np.eye(k)])
    last = np.append(np.zeros(k), 1.0)
    gradient = np.vstack([differences @ each for each in slopes])
    warning = "thresholds cross for some rows, whose probabilities are below 0: give fewer terms in `partial`"
    return Distributions(
        tuple(put),
        np.array([differences @ each + last for each in at_most]),
        gradient @ fit.joint @ gradient.T,
        warning if any(crossed) else "",
    )


def averages(fit: OrdinalFit, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
    """Return the mean P(Y <= j) (k,) over design rows, derivatives (k, q or q + 1), and whether thresholds cross."""
    params, sd = fit.params.to_numpy(), fit.random.sd if fit.random is not None else 0.0
    rows = [rows_at(fit, x, j) for j in range(fit.data.k)]
    predictors = np.column_stack([each @ params for each in rows])
    value, by_predictor, by_sd = averaged(predictors, sd)
    slopes = np.array([by_predictor[:, j] @ each / len(x) for j, each in enumerate(rows)])
    if len(fit.joint) > len(params):
        slopes = np.column_stack([slopes, by_sd.mean(axis=0)])
    return value.mean(axis=0), slopes, bool((np.diff(predictors, axis=1) < 0).any())


def facts(
    fit: OrdinalFit, at: Mapping[str, Any] | None, conf_level: float, how: str = "", warning: str = ""
) -> dict[str, Any]:
    """Return what all rows have in common."""
    fixed = ", ".join(f"{column} = {label_text(value)}" for column, value in (at or {}).items() if column != "visit")
    averaged_over = f"averaged over the random intercept of {fit.random.factor}" if how and fit.random else ""
    return {
        "outcome": fit.design.formula.response,
        "visit": label_text((at or {}).get("visit", "")),
        "conf_level": conf_level,
        "method": "; ".join(filter(None, (fit.method, how, averaged_over, f"at {fixed}" if fixed else ""))),
        "warning": "; ".join(filter(None, (*fit.warnings, warning))),
    }


def share(value: float, error: float, quantile: float) -> dict[str, float]:
    """Return a probability with its standard error, and limits on the logit scale."""
    if not 0 < value < 1:
        return {"estimate": float(value), "std_error": float(error)}
    centre, half = logit(value), quantile * error / (value * (1 - value))
    return {
        "estimate": float(value),
        "std_error": float(error),
        "conf_low": float(expit(centre - half)),
        "conf_high": float(expit(centre + half)),
    }
