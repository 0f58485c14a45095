"""Two groups compared without randomisation: by weights, by a model of the outcome, or by both (doubly robust)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, TEXT, kinds
from coxa.cards import Carded
from coxa.causal.balance import CovariateBalance, balance_of
from coxa.causal.confounders import confounder_matrix
from coxa.causal.means import GroupMeans, OutcomeFamily, modelled_group_means, weighted_group_means
from coxa.causal.weighted_times import weighted_hazard_ratio, weighted_restricted_means
from coxa.causal.weights import Target, WeightingMethod, Weights, balancing_weights, observation_weights
from coxa.distributions import norm
from coxa.errors import FitError, OptionError, check_known
from coxa.estimates import Estimates
from coxa.estimates.risk_rows import with_test

Estimator = Literal["weighted", "doubly_robust", "g_computation"]
ESTIMATORS: tuple[Estimator, ...] = ("weighted", "doubly_robust", "g_computation")
Kind = Literal["mean", "yes_no", "count"]
FAMILIES: dict[Kind, OutcomeFamily] = {"mean": "normal", "yes_no": "binomial", "count": "poisson"}
ARM_TERMS: dict[str, str] = {"mean": "marginal_mean", "yes_no": "risk", "count": "rate", "time": "restricted_mean"}
MissingOutcome = Literal["weighted", "complete"]

NAMES: dict[str, str] = {
    "weighted": "weighted",
    "doubly_robust": "doubly robust (augmented inverse probability weights)",
    "g_computation": "standardised by models of the outcome (g-computation)",
}
WAYS: dict[str, str] = {"propensity": "propensity score", "entropy": "entropy balancing"}


@dataclass(frozen=True, slots=True, repr=False)
class Comparison(Carded):
    """Two groups compared without randomisation.

    estimates : rows of both groups and of their comparisons, treated less (or over) reference
    weights   : that made the groups alike; of the participants only, without those for missing outcomes
    balance   : of the confounders before and after
    observed  : outcomes of the treated and of the reference group

    Examples
    --------
    >>> rng = np.random.default_rng(2)
    >>> data = pd.DataFrame({"age": rng.normal(60, 8, 80)})
    >>> data["group"] = np.where(data["age"] + rng.normal(0, 9, 80) > 60, "new", "old")
    >>> data["pain"] = data["age"] / 10 - (data["group"] == "new") + rng.normal(0, 1, 80)
    >>> found = compare_groups(data, outcome="pain", group="group", treated="new", confounders=["age"])
    >>> found.estimates.only(term="difference").frame["estimate"].round(2).tolist()
    [-0.75]
    """

    estimates: Estimates
    weights: Weights = field(repr=False)
    balance: CovariateBalance = field(repr=False)
    observed: tuple[int, int]


@kinds(data=FRAME, outcome=TEXT, group=TEXT)
def compare_groups(
    data: pd.DataFrame,
    *,
    outcome: str,
    group: str,
    treated: object,
    confounders: Sequence[str],
    estimator: Estimator = "weighted",
    kind: Kind = "mean",
    target: Target = "ATE",
    method: WeightingMethod = "propensity",
    stabilised: bool = False,
    truncate: float | None = None,
    missing_outcome: MissingOutcome = "weighted",
    conf_level: float = 0.95,
) -> Comparison:
    """Compare an outcome of two groups that were not randomised, as if they were alike in their confounders.

    Parameters
    ----------
    data : DataFrame
        One row per participant, also those without an outcome. Not changed.
    outcome, group : str
        Columns.
    treated : label
        The group whose outcome less that of the other is asked for.
    confounders : sequence of str
        Columns measured before the start, without gaps.
    estimator : {"weighted", "doubly_robust", "g_computation"}
        Weighted means; these with models of the outcome in each group (right where the weights or the models are
        right); or the models alone, standardised over the target.
    kind : {"mean", "yes_no", "count"}
        What the outcome is; of a yes or no (0, 1) risks are compared, of a count its means.
    target, method, stabilised, truncate
        As of `balancing_weights`.
    missing_outcome : {"weighted", "complete"}
        Participants with an outcome also count for those like them without one, by the inverse of the probability of
        having one given group and confounders; or those with an outcome are compared as they are.
    conf_level : float, default 0.95

    Returns
    -------
    Comparison
        Standard errors take account of the estimation of weights and models, by equations that are solved together;
        limits are normal, of ratios on the scale of the logarithm.

    Raises
    ------
    OptionError
        An option does not fit.
    FitError
        A confounder is missing; the groups have no overlap, or too few outcomes.

    Notes
    -----
    The difference is an effect only where, given the confounders, the groups are as if randomised (no unmeasured
    confounding), everybody could have been in either group (positivity), and the treatment is well defined
    (consistency). No data show the first.

    Examples
    --------
    >>> data = pd.DataFrame({"group": list("aabab") * 8, "age": 50.0 + np.arange(40) % 13, "pain": np.arange(40) % 7.0})
    >>> found = compare_groups(data, outcome="pain", group="group", treated="b", confounders=["age"], target="ATT")
    >>> found.estimates.frame["term"].tolist(), found.observed
    (['marginal_mean', 'marginal_mean', 'difference'], (16, 24))
    """
    check_known("estimator", estimator, ESTIMATORS)
    check_known("kind", kind, tuple(FAMILIES))
    check_known("column", outcome, [str(column) for column in data.columns])
    weights = balancing_weights(
        data, group=group, treated=treated, confounders=confounders, target=target, method=method,
        stabilised=stabilised, truncate=truncate,
    )  # fmt: skip
    y = data[outcome].to_numpy(dtype=float)
    columns, _ = confounder_matrix(data, confounders)
    full = _with_missing(weights, np.isfinite(y), columns, missing_outcome)
    if estimator == "weighted":
        means = weighted_group_means(y, full)
    else:
        means = modelled_group_means(y, columns, full, FAMILIES[kind], augmented=estimator == "doubly_robust")
    rows = list(_rows(means, kind, conf_level))
    names = (str(treated), _other(data[group], treated))
    told = _method_words(estimator, method, target, truncate)
    estimates = Estimates.of(_labelled(row, names, means.n, outcome, told) for row in rows)
    return Comparison(estimates, weights, balance_of(data, weights, confounders), means.n)


@kinds(data=FRAME, time=TEXT, event=TEXT, group=TEXT)
def compare_group_times(
    data: pd.DataFrame,
    *,
    time: str,
    event: str,
    group: str,
    treated: object,
    confounders: Sequence[str],
    horizon: float,
    target: Target = "ATE",
    method: WeightingMethod = "propensity",
    stabilised: bool = False,
    truncate: float | None = None,
    conf_level: float = 0.95,
) -> Comparison:
    """Compare times to an event of two groups that were not randomised, by weights.

    Parameters
    ----------
    data : DataFrame
        One row per participant. Not changed.
    time, event : str
        Columns: time to the event or to the end of observation, and 1 for an event, else 0.
    group, treated, confounders, target, method, stabilised, truncate, conf_level
        As of `compare_groups`.
    horizon : float
        Time up to which restricted means are compared.

    Returns
    -------
    Comparison
        Restricted mean times and their difference by weighted curves of Kaplan and Meier, and the hazard ratio of a
        weighted Cox model (ties by Breslow). Censoring is taken not to depend on the time to the event.

    Examples
    --------
    >>> rng = np.random.default_rng(2)
    >>> data = pd.DataFrame({"age": rng.normal(60, 8, 80), "seen": 1})
    >>> data["group"] = np.where(data["age"] + rng.normal(0, 9, 80) > 60, "new", "old")
    >>> data["weeks"] = np.ceil(rng.exponential(data["age"] / 6))
    >>> found = compare_group_times(data, time="weeks", event="seen", group="group", treated="new",
    ...                             confounders=["age"], horizon=20.0)
    >>> found.estimates.frame["term"].tolist()
    ['restricted_mean', 'restricted_mean', 'difference_in_restricted_means', 'hazard_ratio']
    """
    for name in (time, event):
        check_known("column", name, [str(column) for column in data.columns])
    known = data[time].notna() & data[event].notna()
    data = data[known]
    weights = balancing_weights(
        data, group=group, treated=treated, confounders=confounders, target=target, method=method,
        stabilised=stabilised, truncate=truncate,
    )  # fmt: skip
    days, happened = data[time].to_numpy(dtype=float), data[event].to_numpy(dtype=int)
    means = weighted_restricted_means(days, happened, weights, horizon)
    log_ratio, error = weighted_hazard_ratio(days, happened, weights)
    rows = list(_rows(means, "time", conf_level))
    rows.append({"term": "hazard_ratio", **with_test(log_ratio, error, conf_level, shown=np.exp)})
    rows = [{**row, "conf_level": conf_level} for row in rows]
    names = (str(treated), _other(data[group], treated))
    told = _method_words("weighted", method, target, truncate)
    estimates = Estimates.of(_labelled(row, names, means.n, time, told) for row in rows)
    return Comparison(estimates, weights, balance_of(data, weights, confounders), means.n)


@kinds(data=FRAME, outcome=TEXT, group=TEXT)
def unadjusted(data: pd.DataFrame, *, outcome: str, group: str, treated: object, kind: Kind = "mean") -> Estimates:
    """Return the naive comparison of two groups as they are, in the rows of `compare_groups`.

    Examples
    --------
    >>> data = pd.DataFrame({"group": list("aaabbb"), "y": [1.0, 2, 3, 4, 6, 5]})
    >>> unadjusted(data, outcome="y", group="group", treated="b").only(term="difference").frame["estimate"].tolist()
    [3.0]
    """
    y = data[outcome].to_numpy(dtype=float)
    chosen = (data[group].astype(str) == str(treated)).to_numpy()
    seen, blank = np.isfinite(y), np.empty((len(y), 0))
    plain = Weights(seen.astype(float), chosen, "ATE", "none", None, np.ones(len(y)), blank, blank, blank)
    means = weighted_group_means(y, plain)
    names = (str(treated), _other(data[group], treated))
    return group_rows(means, kind, 0.95, names, outcome, "not adjusted")


def _with_missing(weights: Weights, seen: np.ndarray, columns: np.ndarray, how: MissingOutcome) -> Weights:
    if seen.all():
        return weights
    if how == "complete":
        blank = np.empty((len(seen), 0))
        return weights.times(replace(weights, value=seen.astype(float), slope=blank, tilt_slope=blank, influence=blank))
    return weights.times(observation_weights(seen, columns, weights.treated, weights.target))


def _rows(means: GroupMeans, kind: str, level: float) -> Iterator[dict[str, Any]]:
    """Yield both groups and their comparisons, without names."""
    (new, old), covariance = means.mean, means.covariance
    z = float(norm.ppf((1 + level) / 2))
    spread = np.sqrt(np.diag(covariance))
    for side, (mean, error) in enumerate(zip(means.mean, spread, strict=True)):
        limits = {"conf_low": mean - z * error, "conf_high": mean + z * error, "conf_level": level}
        yield {"term": ARM_TERMS[kind], "side": side, "estimate": float(mean), "std_error": float(error), **limits}
    differences = {"mean": "difference", "yes_no": "risk_difference", "count": "rate_difference"}
    apart = np.array([1.0, -1.0])
    error = float(np.sqrt(apart @ covariance @ apart))
    if error == 0:
        raise FitError("the outcome does not vary, so that a difference has no standard error", ["Check the outcome."])
    name = differences.get(kind, "difference_in_restricted_means")
    yield {"term": name, **with_test(float(new - old), error, level), "conf_level": level}
    if kind in ("yes_no", "count") and min(new, old) > 0:
        name = "risk_ratio" if kind == "yes_no" else "rate_ratio"
        by_log = np.array([1 / new, -1 / old])
        yield _ratio(name, np.log(new / old), by_log, covariance, level)
    if kind == "yes_no" and min(new, old) > 0 and max(new, old) < 1:
        by_log = np.array([1 / (new * (1 - new)), -1 / (old * (1 - old))])
        value = np.log(new / (1 - new)) - np.log(old / (1 - old))
        yield _ratio("odds_ratio", value, by_log, covariance, level)


def _ratio(term: str, value: float, slope: np.ndarray, covariance: np.ndarray, level: float) -> dict[str, Any]:
    error = float(np.sqrt(slope @ covariance @ slope))
    return {"term": term, **with_test(float(value), error, level, shown=np.exp), "conf_level": level}


def group_rows(
    means: GroupMeans, kind: str, level: float, names: tuple[str, str], outcome: str, method: str
) -> Estimates:
    """Return rows of two groups (the treated first) and of their comparisons, by name."""
    return Estimates.of(_labelled(row, names, means.n, outcome, method) for row in _rows(means, kind, level))


def _labelled(
    row: dict[str, Any], names: tuple[str, str], n: tuple[int, int], outcome: str, method: str
) -> dict[str, Any]:
    row = dict(row)
    side = row.pop("side", None)
    who = {"arm": names[0], "reference": names[1]} if side is None else {"arm": names[side]}
    people = sum(n) if side is None else n[side]
    return {**row, **who, "outcome": outcome, "method": method, "n_participants": people, "n_observations": people}


def _other(groups: pd.Series, treated: object) -> str:
    others = sorted(set(groups.astype(str)) - {str(treated)})
    if len(others) != 1:
        raise OptionError(f"There are {len(others) + 1} groups. Give rows of two groups.")
    return others[0]


def _method_words(estimator: Estimator, method: WeightingMethod, target: Target, truncate: float | None) -> str:
    words = f"{NAMES[estimator]}, {target}"
    if estimator != "g_computation":
        words += f", {WAYS[method]}"
        words += f", weights cut at quantile {truncate:g}" if truncate is not None else ""
    return f"{words}; errors by stacked estimating equations"
