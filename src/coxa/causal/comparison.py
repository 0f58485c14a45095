"""The records of groups compared without randomisation, and the rows of their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.stats import norm

from coxa.cards import Carded
from coxa.causal.balance import CovariateBalance
from coxa.causal.bootstrap import Resampled
from coxa.causal.matching import Matched
from coxa.causal.means import OutcomeFamily
from coxa.causal.several_balance import GroupsBalance
from coxa.causal.several_weights import GroupWeights
from coxa.causal.weights import Target, WeightingMethod, Weights
from coxa.errors import FitError, OptionError
from coxa.estimates import Estimates
from coxa.estimates.risk_rows import with_test

Estimator = Literal["weighted", "doubly_robust", "g_computation"]
ESTIMATORS: tuple[Estimator, ...] = ("weighted", "doubly_robust", "g_computation")
Kind = Literal["mean", "yes_no", "count"]
FAMILIES: dict[Kind, OutcomeFamily] = {"mean": "normal", "yes_no": "binomial", "count": "poisson"}
ARM_TERMS: dict[str, str] = {"mean": "marginal_mean", "yes_no": "risk", "count": "rate"}
DIFFERENCES: dict[str, str] = {"mean": "difference", "yes_no": "risk_difference", "count": "rate_difference"}
StandardError = Literal["stacked", "bootstrap"]
"""How errors are found: by equations that are solved together, or by samples of participants."""

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
    observed  : outcomes of the treated and of the reference group that were used
    complete  : (n,) the participants whose outcomes were used
    matched   : the pairs, where groups were matched
    resampled : the samples, where errors are by a bootstrap
    together  : the comparison of several groups that these two are of; then `complete` is of the two alone

    Examples
    --------
    >>> from coxa.causal import compare_groups
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
    observed: tuple[int, ...]
    complete: np.ndarray = field(repr=False)
    matched: Matched | None = field(default=None, repr=False)
    resampled: Resampled | None = field(default=None, repr=False)
    together: SeveralGroups | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, repr=False)
class SeveralGroups(Carded):
    """Several groups compared without randomisation.

    estimates : rows of every group, of every two of them (those with the comparator first), and the joint test that all
                groups have the same number (Wald, chi-square)
    weights   : that made the groups alike; of the participants only, without those for missing outcomes
    balance   : of the confounders before and after, the largest difference of two groups
    against   : the comparator
    observed  : outcomes of each group that were used, in the order of `weights.names`
    complete  : (n,) the participants whose outcomes were used
    resampled : the samples, where errors are by a bootstrap

    Examples
    --------
    >>> rng = np.random.default_rng(5)
    >>> data = pd.DataFrame({"age": rng.normal(60, 8, 150), "group": rng.choice(list("abc"), 150)})
    >>> data["pain"] = data["age"] / 10 + rng.normal(0, 1, 150)
    >>> from coxa.causal import compare_several_groups
    >>> found = compare_several_groups(data, outcome="pain", group="group", against="a", confounders=["age"])
    >>> found.estimates.frame[["term", "arm", "reference"]].iloc[3:].to_numpy().tolist()
    [['difference', 'b', 'a'], ['difference', 'c', 'a'], ['difference', 'c', 'b'], ['joint_test', '', '']]
    """

    estimates: Estimates
    weights: GroupWeights = field(repr=False)
    balance: GroupsBalance = field(repr=False)
    against: str
    observed: tuple[int, ...]
    complete: np.ndarray = field(repr=False)
    resampled: Resampled | None = field(default=None, repr=False)

    def pair(self, name: str, reference: str | None = None) -> Comparison:
        """Return two of the groups: their rows, weights and balance, as of participants of both."""
        other = reference or self.against
        frame, names = self.estimates.frame, self.weights.names
        mine = (frame["arm"].isin([name, other]) & frame["reference"].eq("")) | (
            frame["arm"].eq(name) & frame["reference"].eq(other)
        )
        both = np.isin(self.weights.group, [names.index(one) for one in (name, other)])
        rows = frame[mine]
        rows = pd.concat([rows[rows["arm"].eq(one) & rows["reference"].eq("")] for one in (name, other)]
                         + [rows[rows["reference"].ne("")]], ignore_index=True)  # fmt: skip
        return Comparison(
            Estimates(rows), self.weights.pair(name, other), self.balance.pairs[name, other],
            tuple(self.observed[names.index(one)] for one in (name, other)), self.complete[both],
            resampled=self.resampled, together=self,
        )  # fmt: skip


def rows_of_means(mean: np.ndarray, covariance: np.ndarray, kind: str, level: float) -> Iterator[dict[str, Any]]:
    """Yield both groups (the treated first) and their comparisons, without names.

    Parameters
    ----------
    mean, covariance : (2,), (2, 2)
        Of the treated and of the reference group.
    kind : {"mean", "yes_no", "count"}
    level : float
        Of the limits.

    Raises
    ------
    FitError
        The difference has no standard error.
    """
    new, old = (float(value) for value in mean)
    yield from rows_of_arms(mean, covariance, ARM_TERMS[kind], level)
    yield row_of_difference(mean, covariance, DIFFERENCES[kind], level)
    if kind in ("yes_no", "count") and min(new, old) > 0:
        name = "risk_ratio" if kind == "yes_no" else "rate_ratio"
        yield ratio_row(name, np.log(new / old), np.array([1 / new, -1 / old]), covariance, level)
    if kind == "yes_no" and min(new, old) > 0 and max(new, old) < 1:
        by_log = np.array([1 / (new * (1 - new)), -1 / (old * (1 - old))])
        value = np.log(new / (1 - new)) - np.log(old / (1 - old))
        yield ratio_row("odds_ratio", value, by_log, covariance, level)


def rows_of_arms(mean: np.ndarray, covariance: np.ndarray, term: str, level: float) -> Iterator[dict[str, Any]]:
    """Yield a number of the treated and of the reference group, with normal limits."""
    z = float(norm.ppf((1 + level) / 2))
    for side, (value, error) in enumerate(zip(mean, np.sqrt(np.diag(covariance)), strict=True)):
        limits = {"conf_low": value - z * error, "conf_high": value + z * error, "conf_level": level}
        yield {"term": term, "side": side, "estimate": float(value), "std_error": float(error), **limits}


def row_of_difference(mean: np.ndarray, covariance: np.ndarray, term: str, level: float) -> dict[str, Any]:
    """Return the first number less the second."""
    apart = np.array([1.0, -1.0])
    error = float(np.sqrt(apart @ covariance @ apart))
    if error == 0:
        raise FitError("the outcome does not vary, so that a difference has no standard error", ["Check the outcome."])
    return {"term": term, **with_test(float(mean[0] - mean[1]), error, level), "conf_level": level}


def ratio_row(term: str, value: float, slope: np.ndarray, covariance: np.ndarray, level: float) -> dict[str, Any]:
    """Return a ratio from its logarithm, whose derivatives by both numbers are `slope` (2,)."""
    error = float(np.sqrt(slope @ covariance @ slope))
    return {"term": term, **with_test(float(value), error, level, shown=np.exp), "conf_level": level}


def labelled(
    row: dict[str, Any], names: tuple[str, str], n: tuple[int, ...], outcome: str, method: str
) -> dict[str, Any]:
    """Return a row of results with the names of both groups (the treated first), outcome, method and numbers."""
    row = dict(row)
    side = row.pop("side", None)
    who = {"arm": names[0], "reference": names[1]} if side is None else {"arm": names[side]}
    people = sum(n) if side is None else n[side]
    return {**row, **who, "outcome": outcome, "method": method, "n_participants": people, "n_observations": people}


def group_rows(
    mean: np.ndarray,
    covariance: np.ndarray,
    n: tuple[int, ...],
    kind: str,
    level: float,
    names: tuple[str, str],
    outcome: str,
    method: str,
) -> Estimates:
    """Return rows of two groups (the treated first) and of their comparisons, by name."""
    return Estimates.of(
        labelled(row, names, n, outcome, method) for row in rows_of_means(mean, covariance, kind, level)
    )


def other_group(groups: pd.Series, treated: object) -> str:
    """Return the group that the treated one is compared with."""
    others = sorted(set(groups.astype(str)) - {str(treated)})
    if len(others) != 1:
        raise OptionError(f"There are {len(others) + 1} groups. Give rows of two groups.")
    return others[0]


def method_words(
    estimator: Estimator,
    method: WeightingMethod,
    target: Target,
    truncate: float | None,
    resampled: Resampled | None = None,
) -> str:
    """Return what was done, in words."""
    words = f"{NAMES[estimator]}, {target}"
    if estimator != "g_computation":
        words += f", {WAYS[method]}"
        words += f", weights cut at quantile {truncate:g}" if truncate is not None else ""
    return f"{words}; {resampled.words if resampled else 'errors by stacked estimating equations'}"
