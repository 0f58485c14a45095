"""Times to an event of several groups compared without randomisation, all from one set of equations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, TEXT, WHOLE, kinds
from coxa.causal.compare_times import known_times
from coxa.causal.comparison import ESTIMATORS, Estimator, StandardError
from coxa.causal.confounders import confounder_matrix
from coxa.causal.modelled_times import modelled_time_number
from coxa.causal.several_record import Making, SeveralGroups, Whole, ordered_groups, pairs_of, samples_of
from coxa.causal.several_weights import GroupWeights
from coxa.causal.weighted_times import (
    TimeNumbers,
    side_by_side_times,
    weighted_log_hazard_ratio,
    weighted_time_number,
)
from coxa.causal.weights import Target, WeightingMethod, Weights
from coxa.errors import check_known


@kinds(data=FRAME, time=TEXT, event=TEXT, group=TEXT, replicates=WHOLE, seed=WHOLE)
def compare_several_times(
    data: pd.DataFrame,
    *,
    time: str,
    event: str,
    group: str,
    against: object,
    confounders: Sequence[str],
    horizon: float,
    estimator: Estimator = "weighted",
    target: Target = "ATE",
    focal: str | None = None,
    method: WeightingMethod = "propensity",
    stabilised: bool = False,
    truncate: float | None = None,
    standard_error: StandardError = "stacked",
    replicates: int = 1000,
    seed: int = 1,
    conf_level: float = 0.95,
) -> SeveralGroups:
    """Compare times to an event of three or more groups that were not randomised, in one target population.

    Parameters
    ----------
    data, time, event, group, confounders, horizon, estimator, standard_error, replicates, seed, conf_level
        As of `compare_group_times`.
    against, target, focal, method, stabilised, truncate
        As of `compare_several_groups`.

    Returns
    -------
    SeveralGroups
        The joint test is of the restricted means.

    Examples
    --------
    >>> rng = np.random.default_rng(2)
    >>> data = pd.DataFrame({"age": rng.normal(60, 8, 90), "seen": 1, "group": rng.choice(list("abc"), 90)})
    >>> data["weeks"] = np.ceil(rng.exponential(data["age"] / 6))
    >>> found = compare_several_times(data, time="weeks", event="seen", group="group", against="a",
    ...                               confounders=["age"], horizon=20.0)
    >>> found.estimates.only(term="hazard_ratio").frame["arm"].tolist()
    ['b', 'c', 'c']
    """
    check_known("estimator", estimator, ESTIMATORS)
    known = known_times(data, time, event)
    data = data[known]
    codes, names = ordered_groups(data, group, against)
    columns, _ = confounder_matrix(data, confounders)
    days, happened = data[time].to_numpy(dtype=float), data[event].to_numpy(dtype=int)
    making = Making(names, target, focal, method, stabilised, truncate)
    pairs = pairs_of(names, str(against))

    def found(rows: np.ndarray | slice) -> tuple[GroupWeights, TimeNumbers, np.ndarray, np.ndarray]:
        t, e, x = days[rows], happened[rows], columns[rows]
        made = making.weights(x, codes[rows])
        if estimator != "weighted":
            augmented = estimator == "doubly_robust"
            numbers = side_by_side_times(
                modelled_time_number(t, e, x, made, mine, horizon, augmented=augmented) for mine in made.masks
            )
            return made, numbers, numbers.value, numbers.influence
        numbers = side_by_side_times(weighted_time_number(t, e, made, mine, horizon) for mine in made.masks)
        ratios = [weighted_log_hazard_ratio(t, e, of_two_groups(made, pair)) for pair in pairs]
        value = np.append(numbers.value, [one[0] for one in ratios])
        return made, numbers, value, np.column_stack([numbers.influence, *(one[1] for one in ratios)])

    weights, numbers, value, influence = found(slice(None))
    samples = samples_of(lambda rows: found(rows)[2], len(days), standard_error, replicates, seed)
    covariance = influence.T @ influence if samples is None else samples.covariance
    whole = Whole(data, confounders, weights, str(against), numbers.n, known, time, samples)
    return whole.of_times(value, covariance, conf_level, making.words(estimator, samples), pairs)


def of_two_groups(weights: GroupWeights, pair: tuple[int, int]) -> Weights:
    """Return weights of all participants that are 0 outside two groups, the first as the treated."""
    inside = np.isin(weights.group, pair)
    return Weights(
        np.where(inside, weights.value, 0.0), weights.group == pair[0], weights.target, weights.method, None,
        weights.tilt, np.where(inside[:, None], weights.slope, 0.0), weights.tilt_slope, weights.influence,
    )  # fmt: skip
