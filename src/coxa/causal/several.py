"""An outcome of several groups compared without randomisation, all from one set of equations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, TEXT, WHOLE, kinds
from coxa.causal.comparison import ESTIMATORS, FAMILIES, Estimator, Kind, StandardError
from coxa.causal.confounders import confounder_matrix
from coxa.causal.means import GroupMeans, modelled_mean, side_by_side, weighted_mean
from coxa.causal.several_record import Making, SeveralGroups, Whole, ordered_groups, samples_of
from coxa.causal.several_weights import GroupWeights, with_missing_of_groups
from coxa.causal.weights import MissingOutcome, Target, WeightingMethod
from coxa.errors import check_known


@kinds(data=FRAME, outcome=TEXT, group=TEXT, replicates=WHOLE, seed=WHOLE)
def compare_several_groups(
    data: pd.DataFrame,
    *,
    outcome: str,
    group: str,
    against: object,
    confounders: Sequence[str],
    estimator: Estimator = "weighted",
    kind: Kind = "mean",
    target: Target = "ATE",
    focal: str | None = None,
    method: WeightingMethod = "propensity",
    stabilised: bool = False,
    truncate: float | None = None,
    missing_outcome: MissingOutcome = "weighted",
    standard_error: StandardError = "stacked",
    replicates: int = 1000,
    seed: int = 1,
    conf_level: float = 0.95,
) -> SeveralGroups:
    """Compare an outcome of three or more groups that were not randomised, in one target population.

    Parameters
    ----------
    data : DataFrame
        One row per participant, also those without an outcome. Not changed.
    outcome, group : str
        Columns.
    against : label
        The comparator: the outcome of each group less that of it comes first.
    confounders : sequence of str
        Columns measured before the start, without gaps.
    target, focal, method, stabilised, truncate
        As of `weights_of_groups`.
    estimator, kind, missing_outcome, standard_error, replicates, seed, conf_level
        As of `compare_groups`.

    Returns
    -------
    SeveralGroups
        Numbers of all groups are of the same people, so that differences of two of them add up.

    Raises
    ------
    OptionError
        An option does not fit.
    FitError
        A confounder is missing; the groups have no overlap, or too few outcomes.

    Examples
    --------
    >>> rng = np.random.default_rng(5)
    >>> data = pd.DataFrame({"age": rng.normal(60, 8, 150), "group": rng.choice(list("abc"), 150)})
    >>> data["pain"] = data["age"] / 10 - (data["group"] == "c") + rng.normal(0, 1, 150)
    >>> found = compare_several_groups(data, outcome="pain", group="group", against="a", confounders=["age"])
    >>> float(found.estimates.only(term="joint_test").frame["p_value"].iloc[0]) < 0.001
    True
    """
    check_known("estimator", estimator, ESTIMATORS)
    check_known("kind", kind, tuple(FAMILIES))
    check_known("column", outcome, [str(column) for column in data.columns])
    codes, names = ordered_groups(data, group, against)
    columns, _ = confounder_matrix(data, confounders)
    y = data[outcome].to_numpy(dtype=float)
    making = Making(names, target, focal, method, stabilised, truncate)

    def found(rows: np.ndarray | slice) -> tuple[GroupWeights, GroupMeans]:
        made = making.weights(columns[rows], codes[rows])
        full = with_missing_of_groups(made, np.isfinite(y[rows]), columns[rows], missing_outcome)
        if estimator == "weighted":
            return made, side_by_side(weighted_mean(y[rows], full, mine) for mine in made.masks)
        augmented = estimator == "doubly_robust"
        return made, side_by_side(
            modelled_mean(y[rows], columns[rows], full, mine, FAMILIES[kind], augmented=augmented)
            for mine in made.masks
        )

    weights, means = found(slice(None))
    samples = samples_of(lambda rows: found(rows)[1].mean, len(y), standard_error, replicates, seed)
    covariance = means.covariance if samples is None else samples.covariance
    whole = Whole(data, confounders, weights, str(against), means.n, np.isfinite(y), outcome, samples)
    return whole.of_means(means.mean, covariance, kind, conf_level, making.words(estimator, samples))
