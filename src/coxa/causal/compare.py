"""Two groups compared without randomisation: by weights, by a model of the outcome, or by both (doubly robust)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, TEXT, WHOLE, kinds
from coxa.causal.balance import balance_of
from coxa.causal.bootstrap import resample
from coxa.causal.comparison import (
    ESTIMATORS,
    FAMILIES,
    Comparison,
    Estimator,
    Kind,
    StandardError,
    group_rows,
    method_words,
    other_group,
)
from coxa.causal.confounders import confounder_matrix, two_groups
from coxa.causal.means import GroupMeans, OutcomeFamily, modelled_group_means, weighted_group_means
from coxa.causal.weights import (
    MissingOutcome,
    Target,
    Weighing,
    WeightingMethod,
    Weights,
    observation_weights,
)
from coxa.errors import check_known
from coxa.estimates import Estimates


@dataclass(frozen=True, slots=True)
class Asked:
    """How two means are found: the options of `compare_groups`, on arrays."""

    estimator: Estimator
    family: OutcomeFamily
    weighing: Weighing
    missing_outcome: MissingOutcome

    def found(self, y: np.ndarray, columns: np.ndarray, treated: np.ndarray) -> tuple[Weights, GroupMeans]:
        """Return weights and means of an outcome (n,), columns of confounders (n, p) and the group (n,)."""
        weights = self.weighing.weights(columns, treated)
        full = with_missing(weights, np.isfinite(y), columns, self.missing_outcome)
        if self.estimator == "weighted":
            return weights, weighted_group_means(y, full)
        augmented = self.estimator == "doubly_robust"
        return weights, modelled_group_means(y, columns, full, self.family, augmented=augmented)


@kinds(data=FRAME, outcome=TEXT, group=TEXT, replicates=WHOLE, seed=WHOLE)
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
    standard_error: StandardError = "stacked",
    replicates: int = 1000,
    seed: int = 1,
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
    standard_error : {"stacked", "bootstrap"}
        By equations of weights, models and means that are solved together; or by samples of participants, in
        each of which all of them are found anew.
    replicates, seed : int
        Of the bootstrap.
    conf_level : float, default 0.95

    Returns
    -------
    Comparison
        Limits are normal, of ratios on the scale of the logarithm.

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
    check_known("standard_error", standard_error, ("stacked", "bootstrap"))
    check_known("column", outcome, [str(column) for column in data.columns])
    chosen = two_groups(data, group, treated)
    columns, _ = confounder_matrix(data, confounders)
    y = data[outcome].to_numpy(dtype=float)
    asked = Asked(estimator, FAMILIES[kind], Weighing(target, method, stabilised, truncate), missing_outcome)
    weights, means = asked.found(y, columns, chosen)
    covariance, samples = means.covariance, None
    if standard_error == "bootstrap":
        samples = resample(
            lambda rows: asked.found(y[rows], columns[rows], chosen[rows])[1].mean, len(y), replicates=replicates,
            seed=seed,
        )  # fmt: skip
        covariance = samples.covariance
    names = (str(treated), other_group(data[group], treated))
    told = method_words(estimator, method, target, truncate, samples)
    estimates = group_rows(means.mean, covariance, means.n, kind, conf_level, names, outcome, told)
    balance = balance_of(data, weights, confounders)
    return Comparison(estimates, weights, balance, means.n, np.isfinite(y), resampled=samples)


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
    means = weighted_group_means(y, known_weights(np.isfinite(y).astype(float), chosen))
    names = (str(treated), other_group(data[group], treated))
    return group_rows(means.mean, means.covariance, means.n, kind, 0.95, names, outcome, "not adjusted")


def known_weights(value: np.ndarray, treated: np.ndarray, target: Target = "ATE") -> Weights:
    """Return weights (n,) that were not estimated."""
    blank = np.empty((len(value), 0))
    return Weights(value, treated, target, "none", None, np.ones(len(value)), blank, blank, blank)


def with_missing(weights: Weights, seen: np.ndarray, columns: np.ndarray, how: MissingOutcome) -> Weights:
    """Return weights (n,) times those for outcomes that are missing."""
    if seen.all():
        return weights
    if how == "complete":
        blank = np.empty((len(seen), 0))
        return weights.times(replace(weights, value=seen.astype(float), slope=blank, tilt_slope=blank, influence=blank))
    return weights.times(observation_weights(seen, columns, weights.treated, weights.target))
