"""Outcomes at several visits of several groups compared without randomisation, in one model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, TEXT, WHOLE, kinds
from coxa.causal.comparison import ESTIMATORS, Estimator, StandardError
from coxa.causal.confounders import confounder_matrix
from coxa.causal.courses import (
    GAPS,
    AskedOfCourses,
    CourseMeans,
    Gaps,
    course_words,
    covariance_of_courses,
    outcomes_of,
)
from coxa.causal.several_record import Making, SeveralGroups, Whole, ordered_groups, samples_of
from coxa.causal.several_weights import GroupWeights
from coxa.causal.weights import Target, WeightingMethod
from coxa.errors import check_known


@kinds(data=FRAME, outcome=TEXT, group=TEXT, participant=TEXT, visit=TEXT, replicates=WHOLE, seed=WHOLE)
def compare_several_courses(
    data: pd.DataFrame,
    *,
    outcome: str,
    group: str,
    against: object,
    confounders: Sequence[str],
    participant: str = "participant_id",
    visit: str = "visit",
    visits: Sequence[str] | None = None,
    estimator: Estimator = "weighted",
    target: Target = "ATE",
    focal: str | None = None,
    method: WeightingMethod = "propensity",
    stabilised: bool = False,
    truncate: float | None = None,
    dropout: Gaps = "likelihood",
    standard_error: StandardError = "stacked",
    replicates: int = 1000,
    seed: int = 1,
    conf_level: float = 0.95,
) -> dict[str, SeveralGroups]:
    """Compare an outcome at several visits of three or more groups that were not randomised, in one model.

    Parameters
    ----------
    data, outcome, group, confounders, participant, visit, visits, estimator, dropout, standard_error, replicates, seed
        As of `compare_group_courses`.
    against, target, focal, method, stabilised, truncate, conf_level
        As of `compare_several_groups`.

    Returns
    -------
    dict
        Visit -> `SeveralGroups`.

    Examples
    --------
    >>> rng = np.random.default_rng(4)
    >>> people = pd.DataFrame({"participant_id": range(150), "age": rng.normal(60, 8, 150)})
    >>> people["group"] = rng.choice(list("abc"), 150)
    >>> rows = people.merge(pd.DataFrame({"visit": ["w6", "w12"]}), how="cross")
    >>> rows["pain"] = 0.1 * rows["age"] + rng.normal(0, 1, 300)
    >>> found = compare_several_courses(rows, outcome="pain", group="group", against="a", confounders=["age"])
    >>> list(found)
    ['w12', 'w6']
    """
    check_known("estimator", estimator, ESTIMATORS)
    check_known("dropout", dropout, tuple(GAPS))
    wide = outcomes_of(data, outcome, participant, visit, visits)
    codes, names = ordered_groups(wide.people, group, against)
    columns, _ = confounder_matrix(wide.people, confounders)
    making, asked = Making(names, target, focal, method, stabilised, truncate), AskedOfCourses(estimator, dropout)

    def found(rows: np.ndarray | slice, *, errors: bool = True) -> tuple[GroupWeights, list[CourseMeans]]:
        made = making.weights(columns[rows], codes[rows])
        return made, asked.means(wide.y[rows], columns[rows], made, made.masks, errors=errors)

    weights, means = found(slice(None))
    samples = samples_of(
        lambda rows: np.concatenate([one.value for one in found(rows, errors=False)[1]]), len(codes), standard_error,
        replicates, seed,
    )  # fmt: skip
    covariance, told = covariance_of_courses(means, samples), course_words(making.words(estimator, samples), dropout)
    seen, out = np.isfinite(wide.y), {}
    for place, name in enumerate(wide.visits):
        n = tuple(int((seen[:, place] & mine).sum()) for mine in weights.masks)
        whole = Whole(wide.people, confounders, weights, str(against), n, seen[:, place], outcome, samples)
        value = np.array([one.value[place] for one in means])
        out[name] = whole.of_means(value, covariance[place], "mean", conf_level, told)
    return out
