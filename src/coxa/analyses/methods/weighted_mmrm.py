"""Groups made comparable at all visits in one repeated-measures model, weighted or standardised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from coxa.analyses.groups import (
    Pair,
    errors_of,
    in_plan_order,
    levels_of_pair,
    named_error,
    recorded,
    recorded_levels,
    target_of,
    target_options,
)
from coxa.analyses.methods.method import Telling, Words, options_of
from coxa.analyses.methods.without_randomisation import WithoutRandomisationMethod, weights_words
from coxa.analyses.model_rows import check_arms_at
from coxa.analyses.rows import AnalysisRows
from coxa.causal import Comparison, SeveralGroups, compare_group_courses, compare_several_courses
from coxa.models.results.run import AnyFit
from coxa.sentences import join_words
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.weighted_mmrm import WeightedMMRM
from coxa.study.target_trial import in_one_population

Courses = Mapping[str, Comparison]
"""Visit -> its comparison."""


class WeightedMMRMMethod(WithoutRandomisationMethod):
    """Weights of participants, times those for dropout where they are asked for, in one model of all visits."""

    title = "Weighted repeated-measures model"

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[AnyFit]:
        """Yield the comparisons at each visit of the estimand, from one model of each pair of groups."""
        pairs = {arm: courses_of(planned, dataset, (arm,)) for arm in planned.compare}
        found: dict[str, Any] = {}
        if in_one_population(planned):
            everyone = courses_of(planned, dataset, planned.compare)
            levels = (
                {None: everyone} if subgroup is None else levels_of_pair(planned, everyone, planned.compare, subgroup)
            )
            whole = {level: together(planned, one) for level, one in levels.items()}
            for arm in planned.compare:
                each = {level: {at: one.pair(arm) for at, one in courses.items()} for level, courses in whole.items()}
                found[arm] = each[None] if subgroup is None else each
        for arm, pair in pairs.items() if not found else ():
            levels = {None: pair} if subgroup is None else levels_of_pair(planned, pair, (arm,), subgroup)
            own = {level: modelled(planned, one, arm) for level, one in levels.items()}
            found[arm] = own[None] if subgroup is None else own
        for visit in planned.visits:
            here = {arm: _at(pair, visit) for arm, pair in pairs.items()}
            if subgroup is None:
                one = {arm: courses[visit] for arm, courses in found.items()}
                yield recorded(planned, here, one, visit, self.call(planned, pairs, visit))
                continue
            within = {arm: {level: one[visit] for level, one in each.items()} for arm, each in found.items()}
            yield recorded_levels(planned, here, within, visit, subgroup)

    def call(self, planned: PlannedAnalysis, pairs: Mapping[str, Pair], visit: str) -> tuple[str, dict[str, Any]]:
        """Return the function of the library and its options."""
        name = "compare_several_courses" if in_one_population(planned) else "compare_group_courses"
        return name, options(planned)

    def way(self, planned: PlannedAnalysis) -> tuple[str, tuple[str, ...]]:
        """Return how weights are made, and what becomes of gaps."""
        plan = options_of(planned, WeightedMMRM)
        if plan.estimator == "g_computation":
            return _standardised(planned, plan)
        said, cited = weights_words(planned)
        regressed = (
            f", and of regressions on the confounders in each {planned.study.words.arm} at each visit, standardised"
            if plan.estimator == "doubly_robust"
            else ""
        )
        words = ("dropout_weights",) if plan.dropout == "weighted" else ()
        return (
            f"by one repeated-measures model of weighted participants, with means by {planned.study.words.arm} and "
            f"visit{regressed}, and an unstructured covariance in each {planned.study.words.arm}; weights are {said}"
            + (", times those of each outcome for dropout" if plan.dropout == "weighted" else ""),
            (cited, *words),
        )

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called."""
        missing = "Missing outcomes: none imputed; all observed outcomes of a participant are in the model."
        title = self.title
        if options_of(planned, WeightedMMRM).estimator == "g_computation":
            title = "Standardised repeated-measures model"
        if options_of(planned, WeightedMMRM).dropout == "weighted":
            missing = "Missing outcomes: none imputed; those observed are weighted for those that are not."
        return replace(super().words(planned, fits), title=title, missing=missing)

    def errors(self, telling: Telling) -> str:
        """Return how standard errors were found, in a sentence."""
        plan = options_of(telling.planned, WeightedMMRM)
        if plan.standard_error == "bootstrap":
            return super().errors(telling)
        parts = ["coefficients" if plan.estimator == "g_computation" else "weights", "means"]
        parts.append("who stays" if plan.dropout == "weighted" else "covariance")
        return f"Standard errors are those of equations that are solved together: of {join_words(parts)}."

    def assumption(self, planned: PlannedAnalysis) -> str | None:
        """Return what is assumed of missing outcomes."""
        if options_of(planned, WeightedMMRM).dropout == "weighted":
            return (
                "Missing outcomes are taken to be missing at random given group, confounders and the outcomes so far, "
                "by models of who stays."
            )
        given = "group" if options_of(planned, WeightedMMRM).estimator == "weighted" else "group, confounders"
        return f"Missing outcomes are taken to be missing at random given {given} and the outcomes observed."


def _standardised(planned: PlannedAnalysis, plan: WeightedMMRM) -> tuple[str, tuple[str, ...]]:
    """Return how regressions are standardised, and what that cites."""
    arm, weighted = planned.study.words.arm, plan.dropout == "weighted"
    return (
        f"by one repeated-measures model in each {arm}, with a regression on the confounders at each visit and an "
        "unstructured covariance, standardised over those whom the estimand is about (g-computation)"
        + ("; each outcome is weighted for dropout" if weighted else ""),
        ("g-computation", *(("dropout_weights",) if weighted else ())),
    )


def options(planned: PlannedAnalysis) -> dict[str, Any]:
    """Return the options of the call, but for rows, groups and confounders."""
    plan = options_of(planned, WeightedMMRM)
    return {
        "outcome": planned.response, "group": "arm", "visits": list(planned.model_visits), "estimator": plan.estimator,
        **target_options(planned), "method": plan.method, "stabilised": plan.stabilised,
        "truncate": plan.truncate, "dropout": plan.dropout, **errors_of(planned), "conf_level": plan.conf_level,
    }  # fmt: skip


def courses_of(planned: PlannedAnalysis, dataset: AnalysisRows, arms: Sequence[str]) -> Pair:
    """Return the rows of some groups and of their comparator at all visits of the model."""
    rows = dataset.frame[dataset.frame["visit"].isin(planned.model_visits)]
    for visit in planned.visits:
        check_arms_at(planned, rows[(rows["visit"] == visit) & rows[planned.response].notna()], visit)
    both = rows[rows["arm"].astype(str).isin([*arms, planned.against])]
    names = tuple(target_of(planned).confounders)
    known = both[list(names)].notna().all(axis=1)
    kept = both[known].assign(arm=both.loc[known, "arm"].astype(str)).reset_index(drop=True)
    return Pair(kept, names, int(both.loc[~known, "participant_id"].nunique()))


def modelled(planned: PlannedAnalysis, pair: Pair, arm: str) -> Courses:
    """Return visit -> the comparison of two groups, from one model.

    Raises
    ------
    FitError
        The groups have no overlap, or too few outcomes.
    """
    with named_error(planned, arm):
        return compare_group_courses(pair.rows, treated=arm, confounders=pair.confounders, **options(planned))


def together(planned: PlannedAnalysis, everyone: Pair) -> dict[str, SeveralGroups]:
    """Return visit -> the comparison of all groups, from one model.

    Raises
    ------
    FitError
        The groups have no overlap, or too few outcomes.
    """
    with named_error(planned, *planned.compare):
        return compare_several_courses(
            in_plan_order(planned, everyone.rows), against=planned.against, confounders=everyone.confounders,
            **options(planned),
        )  # fmt: skip


def _at(pair: Pair, visit: str) -> Pair:
    """Return the participants at a visit, one row each."""
    rows = pair.rows[pair.rows["visit"] == visit].reset_index(drop=True)
    return Pair(pd.DataFrame(rows), pair.confounders, pair.left_out)


METHOD = WeightedMMRMMethod()
