"""Outcomes at several visits of two groups that were not randomised: one repeated-measures model.

Weights make the groups alike in their confounders, as in `compare_groups`, or regressions in each group are
standardised, or both; each group has means by visit and an unstructured covariance. Standard errors are of equations
that are solved together: those of the weights, of the model of who stays, of means, covariance and columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, TEXT, WHOLE, kinds
from coxa.causal.balance import balance_of
from coxa.causal.bootstrap import Resampled, resample
from coxa.causal.comparison import (
    ESTIMATORS,
    Comparison,
    Estimator,
    StandardError,
    group_rows,
    method_words,
    other_group,
)
from coxa.causal.confounders import confounder_matrix, two_groups
from coxa.causal.course_model import CourseFit, fit_course, solve_course
from coxa.causal.means import both_sides
from coxa.causal.staying import Staying, staying_weights
from coxa.causal.weights import Balancing, Target, Weighing, WeightingMethod, Weights
from coxa.errors import DataError, OptionError, check_known
from coxa.findings import Finding, Findings

Gaps = Literal["likelihood", "weighted"]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Outcomes of n participants at m visits, in the order of the first rows of participants.

    people : one row per participant
    y      : (n, m), NaN where missing
    visits : m labels
    """

    people: pd.DataFrame
    y: np.ndarray
    visits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AskedOfCourses:
    """How courses are compared: the options of `compare_group_courses`, on arrays."""

    estimator: Estimator
    dropout: Gaps

    def means(
        self, y: np.ndarray, columns: np.ndarray, weights: Balancing, groups: np.ndarray, *, errors: bool = True
    ) -> list[CourseMeans]:
        """Return the means of each group by visit.

        Parameters
        ----------
        y : (n, m)
            Outcomes, NaN where missing.
        columns : (n, p)
            Confounders.
        weights : Balancing
        groups : (k, n) bool
            Who is in each of k groups.
        errors : bool, default True
            Whether what participants add to the errors is found too.
        """
        in_model = np.empty((len(columns), 0)) if self.estimator == "weighted" else columns
        staying = staying_weights(y, columns, groups) if self.dropout == "weighted" else None
        return [
            _group(y, in_model, weights, mine, staying, by_weights=self.estimator != "g_computation", errors=errors)
            for mine in groups
        ]


@dataclass(frozen=True, slots=True)
class CourseMeans:
    """Means of one group by visit in the target population.

    value : (m,) at m visits
    error : (n, m) what each participant adds to the error of each
    """

    value: np.ndarray
    error: np.ndarray


@kinds(data=FRAME, outcome=TEXT, group=TEXT, participant=TEXT, visit=TEXT, replicates=WHOLE, seed=WHOLE)
def compare_group_courses(
    data: pd.DataFrame,
    *,
    outcome: str,
    group: str,
    treated: object,
    confounders: Sequence[str],
    participant: str = "participant_id",
    visit: str = "visit",
    visits: Sequence[str] | None = None,
    estimator: Estimator = "weighted",
    target: Target = "ATE",
    method: WeightingMethod = "propensity",
    stabilised: bool = False,
    truncate: float | None = None,
    dropout: Gaps = "likelihood",
    standard_error: StandardError = "stacked",
    replicates: int = 1000,
    seed: int = 1,
    conf_level: float = 0.95,
) -> dict[str, Comparison]:
    """Compare an outcome at several visits of two groups that were not randomised, in one weighted model.

    Parameters
    ----------
    data : DataFrame
        One row per participant and visit; a visit without an outcome has an empty one, or no row. Not changed.
    outcome, group, participant, visit : str
        Columns.
    treated, confounders, target, method, stabilised, truncate, standard_error, replicates, seed, conf_level
        As of `compare_groups`; the confounders are those of the first row of a participant.
    visits : sequence of str, optional
        The visits in order; categories of the column, else sorted, unless given.
    estimator : {"weighted", "doubly_robust", "g_computation"}
        Means of weighted groups by visit; these with a regression on the confounders in each group and at each visit,
        standardised over the target, right where the weights or the regressions are; or the regressions alone, of
        participants who all count the same.
    dropout : {"likelihood", "weighted"}
        Gaps are missing at random given the outcomes observed (and the confounders, where they are in the model), by
        the likelihood; or each outcome counts by the inverse probability of being observed too, by a model of who stays
        in each group from visit to visit, given confounders and outcomes so far.

    Returns
    -------
    dict
        Visit -> `Comparison`: means of both groups and their difference.

    Raises
    ------
    FitError
        A confounder is missing, or a group has too few outcomes at a visit.

    Notes
    -----
    With complete outcomes the numbers are those of `compare_groups` at each visit. Limits are normal.

    Examples
    --------
    >>> rng = np.random.default_rng(4)
    >>> people = pd.DataFrame({"participant_id": range(200), "age": rng.normal(60, 8, 200)})
    >>> people["group"] = np.where(people["age"] + rng.normal(0, 9, 200) > 60, "new", "old")
    >>> rows = people.merge(pd.DataFrame({"visit": ["w6", "w12"]}), how="cross")
    >>> rows["pain"] = 0.1 * rows["age"] - 1.0 * (rows["group"] == "new") + rng.normal(0, 1, 400)
    >>> found = compare_group_courses(rows, outcome="pain", group="group", treated="new", confounders=["age"],
    ...                               visits=["w6", "w12"])
    >>> list(found), [one.observed for one in found.values()] == [(100, 100), (100, 100)]
    (['w6', 'w12'], False)
    """
    check_known("estimator", estimator, ESTIMATORS)
    check_known("dropout", dropout, tuple(GAPS))
    check_known("standard_error", standard_error, ("stacked", "bootstrap"))
    wide = outcomes_of(data, outcome, participant, visit, visits)
    chosen = two_groups(wide.people, group, treated)
    columns, _ = confounder_matrix(wide.people, confounders)
    asked, weighing = AskedOfCourses(estimator, dropout), Weighing(target, method, stabilised, truncate)

    def found(rows: np.ndarray | slice, *, errors: bool = True) -> tuple[Weights, list[CourseMeans]]:
        made = weighing.weights(columns[rows], chosen[rows])
        return made, asked.means(wide.y[rows], columns[rows], made, np.array(both_sides(chosen[rows])), errors=errors)

    weights, means = found(slice(None))
    samples = None
    if standard_error == "bootstrap":
        samples = resample(
            lambda rows: np.concatenate([one.value for one in found(rows, errors=False)[1]]), len(chosen),
            replicates=replicates, seed=seed,
        )  # fmt: skip
    names = (str(treated), other_group(wide.people[group], treated))
    told = course_words(method_words(estimator, method, target, truncate, samples), dropout)
    balance, seen, out = balance_of(wide.people, weights, confounders), np.isfinite(wide.y), {}
    covariance = covariance_of_courses(means, samples)
    for place, name in enumerate(wide.visits):
        n = (int((seen[:, place] & chosen).sum()), int((seen[:, place] & ~chosen).sum()))
        pair = np.array([one.value[place] for one in means])
        rows = group_rows(pair, covariance[place], n, "mean", conf_level, names, outcome, told)
        out[name] = Comparison(rows, weights, balance, n, seen[:, place], resampled=samples)
    return out


def covariance_of_courses(means: Sequence[CourseMeans], samples: Resampled | None) -> np.ndarray:
    """Return, at each of m visits, the covariance of the means of k groups (m, k, k)."""
    k, m = len(means), len(means[0].value)
    if samples is None:
        each = np.stack([one.error for one in means])
        return np.einsum("anv,bnv->vab", each, each)
    whole = samples.covariance.reshape(k, m, k, m)
    return np.stack([whole[:, place, :, place] for place in range(m)])


def course_words(words: str, dropout: Gaps) -> str:
    """Return what was done, in words."""
    return f"{words}; one repeated-measures model, gaps by {GAPS[dropout]}"


GAPS = {"likelihood": "likelihood", "weighted": "weights for dropout"}


def outcomes_of(
    data: pd.DataFrame, outcome: str, participant: str, visit: str, visits: Sequence[str] | None
) -> Outcomes:
    """Return outcomes side by side; participants in the order of their first rows."""
    for name in (outcome, participant, visit):
        check_known("column", name, [str(column) for column in data.columns])
    if visits is None:
        is_ordered = isinstance(data[visit].dtype, pd.CategoricalDtype)
        visits = list(data[visit].cat.categories) if is_ordered else sorted(set(data[visit].astype(str)))
    names = tuple(map(str, visits))
    rows = data[data[visit].astype(str).isin(names)]
    twice = rows.duplicated([participant, visit])
    if twice.any():
        row = rows[twice].iloc[0]
        rule = f"participant {row[participant]} has two rows at visit {row[visit]}"
        raise DataError(
            "the outcomes cannot be put side by side", Findings((Finding("error", "data", rule, "Keep one."),))
        )
    people = rows.drop_duplicates(participant).reset_index(drop=True)
    wide = rows.assign(visit_=rows[visit].astype(str)).pivot(index=participant, columns="visit_", values=outcome)
    wide = wide.reindex(index=people[participant], columns=list(names)).astype(float)
    if not names or wide.isna().all().any():
        empty = next((name for name in names if wide[name].isna().all()), "any")
        raise OptionError(f"There is no outcome at visit {empty}. Leave it out of `visits`.")
    return Outcomes(people, wide.to_numpy(), names)


def _group(
    y: np.ndarray,
    columns: np.ndarray,
    weights: Balancing,
    mine: np.ndarray,
    staying: Staying | None,
    *,
    by_weights: bool = True,
    errors: bool = True,
) -> CourseMeans:
    """Return the means of one group by visit in the target; without weights everyone counts the same in its model."""
    x = np.column_stack([np.ones(len(y)), columns])
    p, m = x.shape[1], y.shape[1]
    own = np.where(mine, weights.value if by_weights else 1.0, 0.0)
    fit = fit_course(y, x, own, errors=errors)
    tilt = weights.tilt / weights.tilt.sum()
    centre = tilt @ x
    if staying is not None:
        each = mine[:, None] * staying.weight
        fit = solve_course(y, x, own[:, None] * each, fit.covariance)
    if not errors:
        return CourseMeans(centre @ fit.coefficient, np.empty((len(y), 0)))
    slopes = weights.slope * (mine[:, None] & by_weights)
    if staying is None:
        error = fit.score + weights.influence @ (slopes.T @ fit.plain)
    else:
        by_weight = _by_weight(fit, y, x)
        of_people = np.einsum("nv,nvk->nk", each, by_weight)
        error = fit.score + weights.influence @ (slopes.T @ of_people)
        error = error + staying.error_of(own[:, None, None] * by_weight)
    influence = np.linalg.solve(fit.bread, error.T).T[:, : p * m].reshape(len(y), m, p)
    of_centre = tilt[:, None] * (x - centre)
    of_centre = of_centre + weights.influence @ (weights.tilt_slope.T @ (x - centre)) / weights.tilt.sum()
    return CourseMeans(centre @ fit.coefficient, influence @ centre + of_centre @ fit.coefficient)


def _by_weight(fit: CourseFit, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the derivative of the scores of each participant by the weight of each outcome (n, m, k)."""
    residual = np.where(np.isfinite(y), y - x @ fit.coefficient, 0.0)
    inverse = np.linalg.inv(fit.covariance)
    return np.einsum("nv,va,np->nvap", residual, inverse, x).reshape(*y.shape, -1)
