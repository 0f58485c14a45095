"""Times to an event of two groups compared without randomisation: weighted, by models, or doubly robust."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, TEXT, WHOLE, kinds
from coxa.causal.balance import balance_of
from coxa.causal.bootstrap import resample
from coxa.causal.comparison import (
    ESTIMATORS,
    Comparison,
    Estimator,
    StandardError,
    labelled,
    method_words,
    other_group,
    ratio_row,
    row_of_difference,
    rows_of_arms,
)
from coxa.causal.confounders import confounder_matrix, two_groups
from coxa.causal.modelled_times import modelled_time_numbers
from coxa.causal.weighted_times import TimeNumbers, weighted_log_hazard_ratio, weighted_time_numbers
from coxa.causal.weights import Target, Weighing, WeightingMethod, Weights
from coxa.errors import check_known
from coxa.estimates import Estimates
from coxa.estimates.risk_rows import with_test


@dataclass(frozen=True, slots=True)
class AskedOfTimes:
    """How times of two groups are compared: the options of `compare_group_times`, on arrays."""

    estimator: Estimator
    weighing: Weighing
    horizon: float

    def found(
        self, time: np.ndarray, event: np.ndarray, columns: np.ndarray, treated: np.ndarray
    ) -> tuple[Weights, TimeNumbers, np.ndarray, np.ndarray]:
        """Return weights, numbers up to the horizon, and all numbers (4 or 5,) with their influences.

        The fifth is the logarithm of the hazard ratio of weighted groups.
        """
        weights = self.weighing.weights(columns, treated)
        if self.estimator == "weighted":
            numbers = weighted_time_numbers(time, event, weights, self.horizon)
            ratio, influence = weighted_log_hazard_ratio(time, event, weights)
            return weights, numbers, np.append(numbers.value, ratio), np.column_stack([numbers.influence, influence])
        augmented = self.estimator == "doubly_robust"
        numbers = modelled_time_numbers(time, event, columns, weights, self.horizon, augmented=augmented)
        return weights, numbers, numbers.value, numbers.influence


@kinds(data=FRAME, time=TEXT, event=TEXT, group=TEXT, replicates=WHOLE, seed=WHOLE)
def compare_group_times(
    data: pd.DataFrame,
    *,
    time: str,
    event: str,
    group: str,
    treated: object,
    confounders: Sequence[str],
    horizon: float,
    estimator: Estimator = "weighted",
    target: Target = "ATE",
    method: WeightingMethod = "propensity",
    stabilised: bool = False,
    truncate: float | None = None,
    standard_error: StandardError = "stacked",
    replicates: int = 1000,
    seed: int = 1,
    conf_level: float = 0.95,
) -> Comparison:
    """Compare times to an event of two groups that were not randomised.

    Parameters
    ----------
    data : DataFrame
        One row per participant. Not changed.
    time, event : str
        Columns: time to the event or to the end of observation, and 1 for an event, else 0.
    group, treated, confounders, target, method, stabilised, truncate, standard_error, replicates, seed, conf_level
        As of `compare_groups`.
    horizon : float
        Time up to which restricted means, and at which risks, are compared.
    estimator : {"weighted", "doubly_robust", "g_computation"}
        Weighted curves of Kaplan and Meier; Cox models of the event in each group, standardised over the target, with
        weighted martingale residuals over the probability of not being censored (right where the model of the event
        is, or those of group and censoring are); or the Cox models alone.

    Returns
    -------
    Comparison
        Restricted mean times and risks of both groups with their differences and the ratio of risks; of weighted groups
        the hazard ratio of a weighted Cox model too (ties by Breslow).

    Raises
    ------
    FitError
        A group is not followed up to the horizon, or has too few events.

    Notes
    -----
    Of weighted groups censoring is taken not to depend on the time to the event within the weighted groups; of the
    others given the confounders and the group.

    Examples
    --------
    >>> rng = np.random.default_rng(2)
    >>> data = pd.DataFrame({"age": rng.normal(60, 8, 80), "seen": 1})
    >>> data["group"] = np.where(data["age"] + rng.normal(0, 9, 80) > 60, "new", "old")
    >>> data["weeks"] = np.ceil(rng.exponential(data["age"] / 6))
    >>> found = compare_group_times(data, time="weeks", event="seen", group="group", treated="new",
    ...                             confounders=["age"], horizon=20.0, estimator="doubly_robust")
    >>> found.estimates.frame["term"].tolist()[2:]
    ['difference_in_restricted_means', 'risk', 'risk', 'risk_difference', 'risk_ratio']
    """
    check_known("estimator", estimator, ESTIMATORS)
    check_known("standard_error", standard_error, ("stacked", "bootstrap"))
    known = known_times(data, time, event)
    data = data[known]
    chosen = two_groups(data, group, treated)
    columns, _ = confounder_matrix(data, confounders)
    days, happened = data[time].to_numpy(dtype=float), data[event].to_numpy(dtype=int)
    asked = AskedOfTimes(estimator, Weighing(target, method, stabilised, truncate), horizon)
    weights, numbers, value, influence = asked.found(days, happened, columns, chosen)
    covariance, samples = influence.T @ influence, None
    if standard_error == "bootstrap":
        samples = resample(
            lambda rows: asked.found(days[rows], happened[rows], columns[rows], chosen[rows])[2], len(days),
            replicates=replicates, seed=seed,
        )  # fmt: skip
        covariance = samples.covariance
    names = (str(treated), other_group(data[group], treated))
    told = method_words(estimator, method, target, truncate, samples)
    rows = rows_of_times(value, covariance, conf_level)
    estimates = Estimates.of(labelled(row, names, numbers.n, time, told) for row in rows)
    balance = balance_of(data, weights, confounders)
    return Comparison(estimates, weights, balance, numbers.n, known, resampled=samples)


def known_times(data: pd.DataFrame, time: str, event: str) -> np.ndarray:
    """Return (n,) the participants with a time and with whether it ends with the event; unknown columns are refused."""
    for name in (time, event):
        check_known("column", name, [str(column) for column in data.columns])
    return (data[time].notna() & data[event].notna()).to_numpy()


def rows_of_times(value: np.ndarray, covariance: np.ndarray, level: float) -> Iterator[dict[str, Any]]:
    """Yield restricted means, risks, their differences and, of five numbers, the hazard ratio, without names."""
    for places, sign, arms, apart in (
        ([0, 1], 1, "restricted_mean", "difference_in_restricted_means"),
        ([2, 3], -1, "risk", "risk_difference"),
    ):
        own, spread = value[places], covariance[np.ix_(places, places)]
        shown = own if sign > 0 else 1 - own
        yield from rows_of_arms(shown, spread, arms, level)
        yield row_of_difference(shown, spread, apart, level)
    risk = 1 - value[2:4]
    if min(risk) > 0:
        slope = np.array([-1 / risk[0], 1 / risk[1]])
        yield ratio_row("risk_ratio", np.log(risk[0] / risk[1]), slope, covariance[2:4, 2:4], level)
    if len(value) > 4:
        error = float(np.sqrt(covariance[4, 4]))
        yield {
            "term": "hazard_ratio", **with_test(float(value[4]), error, level, shown=np.exp), "conf_level": level
        }  # fmt: skip
