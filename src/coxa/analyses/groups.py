"""The participants of two groups that were not randomised, their comparison as a plan asks for it, and its record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from coxa.analyses.levels import rows_of_levels, without_level
from coxa.analyses.model_rows import check_arms_at
from coxa.analyses.rows import AnalysisRows
from coxa.causal import (
    Comparison,
    SeveralGroups,
    compare_group_times,
    compare_groups,
    compare_matched,
    compare_matched_times,
    compare_several_groups,
    compare_several_times,
    unadjusted,
)
from coxa.causal.comparison import Estimator, Kind
from coxa.errors import FitError
from coxa.estimates import Estimates
from coxa.models.results.records import Sample
from coxa.models.results.run import AnyFit, ModelRun
from coxa.sentences import join_words, mid_sentence
from coxa.study.comparative import PlannedAnalysis
from coxa.study.effects import EndpointKind
from coxa.study.models.weighting import WithoutRandomisation
from coxa.study.target_trial import BASELINE, TargetTrial, in_one_population, target_trial_of

KINDS: Mapping[EndpointKind, Kind] = {"mean": "mean", "binary": "yes_no", "count": "count"}
ESTIMATORS: Mapping[str, Estimator] = {
    "weighting": "weighted",
    "doubly_robust": "doubly_robust",
    "standardisation": "g_computation",
}
SHOWN_AS = {"risk": "marginal_mean", "rate": "marginal_mean"}
"""Kind of row of a group -> the kind that tables of means have."""
HAPPENED = "happened"
"""Column that says whether a time ends with the event."""
EVENT = 1
"""Status of a participant with the event of the endpoint."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The participants of two groups, or of several, at one visit, and those who cannot be compared.

    rows        : one row per participant with every confounder
    confounders : columns
    left_out    : participants without a confounder
    """

    rows: pd.DataFrame
    confounders: tuple[str, ...]
    left_out: int

    @property
    def warning(self) -> str:
        """What is said of those who are left out; empty where nobody is."""
        return f"{self.left_out} participants without a confounder are left out" if self.left_out else ""


def target_of(planned: PlannedAnalysis) -> TargetTrial:
    """Return the target trial of an analysis, which its plan was checked to have."""
    trial = target_trial_of(planned.study)
    assert trial is not None
    return trial


def pair_at(planned: PlannedAnalysis, dataset: AnalysisRows, arm: str, visit: str) -> Pair:
    """Return the participants of a group and of its comparator at a visit, with their confounders."""
    return people_at(planned, dataset, (arm, planned.against), visit)


def people_at(planned: PlannedAnalysis, dataset: AnalysisRows, arms: Sequence[str], visit: str) -> Pair:
    """Return the participants of some groups at a visit, with their confounders."""
    rows = dataset.frame[dataset.frame["visit"] == visit]
    check_arms_at(planned, rows[rows[planned.response].notna()] if planned.kind != "time" else rows, visit)
    both = rows[rows["arm"].astype(str).isin(arms)]
    names = tuple(target_of(planned).confounders)
    known = both[list(names)].notna().all(axis=1)
    kept = both[known].assign(arm=both.loc[known, "arm"].astype(str)).reset_index(drop=True)
    return Pair(kept, names, int((~known).sum()))


def compared(planned: PlannedAnalysis, pair: Pair, arm: str, visit: str) -> Comparison:
    """Return the comparison of a group with its comparator, from the participants of both.

    Raises
    ------
    FitError
        The groups have no overlap, or too few outcomes.
    """
    function, options = call_at(planned, visit)
    with named_error(planned, arm):
        found: Comparison = function(_timed(planned, pair), treated=arm, confounders=pair.confounders, **options)
    return found


def compared_together(planned: PlannedAnalysis, everyone: Pair, visit: str) -> dict[str, Comparison]:
    """Return group -> its comparison with the comparator, all from one set of equations.

    Raises
    ------
    FitError
        The groups have no overlap, or too few outcomes.
    """
    function, options = call_at(planned, visit)
    with named_error(planned, *planned.compare):
        found: SeveralGroups = function(
            in_plan_order(planned, _timed(planned, everyone)),
            against=planned.against,
            confounders=everyone.confounders,
            **options,
        )
    return {arm: found.pair(arm) for arm in planned.compare}


def in_plan_order(planned: PlannedAnalysis, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the groups in the order of the plan, in which their differences are shown."""
    return rows.assign(arm=pd.Categorical(rows["arm"], planned.study.arm_order))


def _timed(planned: PlannedAnalysis, people: Pair) -> pd.DataFrame:
    """Return the rows, of times with whether they end with the event."""
    rows = people.rows
    return rows.assign(**{HAPPENED: (rows["status"] == EVENT).astype(int)}) if planned.kind == "time" else rows


@contextmanager
def named_error(planned: PlannedAnalysis, *arms: str) -> Iterator[None]:
    """Say of an error in which analysis and groups it was."""
    try:
        yield
    except FitError as error:
        named = join_words([*arms, planned.against])
        raise FitError(f"analysis {planned.name}, {named}: {error.message}", error.remedies) from error


def call_at(planned: PlannedAnalysis, visit: str) -> tuple[Callable[..., Any], dict[str, Any]]:
    """Return the function of the library that compares groups at a visit, and its options but for group and rows."""
    if planned.kind == "time":
        return called(planned, of_times=True), times_options(planned, float(planned.study.visits[visit].day))
    options = {"outcome": planned.response, "kind": KINDS[planned.kind], **outcome_options(planned)}
    return called(planned), options


def called(planned: PlannedAnalysis, *, of_times: bool = False) -> Callable[..., Any]:
    """Return the function of the library that an analysis calls."""
    if in_pairs(planned):
        return compare_matched_times if of_times else compare_matched
    if in_one_population(planned):
        return compare_several_times if of_times else compare_several_groups
    return compare_group_times if of_times else compare_groups


def in_pairs(planned: PlannedAnalysis) -> bool:
    """Return whether participants are compared in pairs."""
    assert isinstance(planned.analysis, WithoutRandomisation)
    return planned.analysis.in_pairs


def outcome_options(planned: PlannedAnalysis) -> dict[str, Any]:
    """Return the options of that call for an outcome at a visit, but for the outcome itself."""
    missing = planned.analysis.option("missing_outcome")
    return {"group": "arm", **shared_options(planned), **({"missing_outcome": missing} if missing else {})}


def times_options(planned: PlannedAnalysis, horizon: float) -> dict[str, Any]:
    """Return the options of that call for times up to a horizon in days."""
    return {"time": "time", "event": HAPPENED, "group": "arm", "horizon": horizon, **shared_options(planned)}


def shared_options(planned: PlannedAnalysis) -> dict[str, Any]:
    """Return the options that the calls for outcomes and for times have in common."""
    analysis = planned.analysis
    names = ("caliper", "distance", "order", "method", "stabilised", "truncate", "conf_level")
    options = {name: analysis.option(name) for name in names if name in type(analysis).model_fields}
    if in_pairs(planned):
        return options
    estimator = ESTIMATORS.get(analysis.model) or analysis.option("estimator")
    return {**options, "estimator": estimator, **target_options(planned), **errors_of(planned)}


def target_options(planned: PlannedAnalysis) -> dict[str, Any]:
    """Return whom the comparison is of."""
    trial = target_of(planned)
    focal = {"focal": trial.focal} if in_one_population(planned) and trial.focal else {}
    return {"target": trial.estimand, **focal}


def errors_of(planned: PlannedAnalysis) -> dict[str, Any]:
    """Return the options of that call for a bootstrap; none where equations are solved together."""
    if planned.analysis.option("standard_error") != "bootstrap":
        return {}
    return {name: planned.analysis.option(name) for name in ("standard_error", "replicates", "seed")}


@dataclass(frozen=True, slots=True)
class ComparisonSpec:
    """The calls that give the comparisons of a visit again, of the rows of the estimand held in `data`."""

    function: str
    options: Mapping[str, Any]
    confounders: tuple[str, ...]
    compare: tuple[str, ...]
    against: str
    visit: str
    of_times: bool
    several: bool = False
    together: bool = False

    def call(self) -> str:
        """Return the expression: group -> its comparison."""
        names, arms = list(self.confounders), f"[arm, {self.against!r}]"
        if self.together:
            arms = repr([*self.compare, self.against])
        here = (
            f"data['visit'].isin({self.options['visits']!r})" if self.several else f"(data['visit'] == {self.visit!r})"
        )
        rows = f"data[{here} & data['arm'].isin({arms})].dropna(subset={names!r})"
        if self.of_times:
            rows += f".assign(**{{{HAPPENED!r}: lambda d: (d['status'] == {EVENT}).astype(int)}})"
        given = ", ".join(f"{name}={value!r}" for name, value in self.options.items())
        at = f"[{self.visit!r}]" if self.several else ""
        if self.together:
            return (
                f"{{arm: found.pair(arm) for found in [coxa.causal.{self.function}({rows}, against={self.against!r}, "
                f"confounders={names!r}, {given}){at}] for arm in {list(self.compare)!r}}}"
            )
        return (
            f"{{arm: coxa.causal.{self.function}({rows}, treated=arm, confounders={names!r}, {given}){at} "
            f"for arm in {list(self.compare)!r}}}"
        )


def comparisons_of(fit: AnyFit) -> dict[str, Comparison]:
    """Return group -> its comparison, of the record of a visit."""
    assert isinstance(fit, ModelRun)
    return dict(fit.model)


def levels_of_pair(planned: PlannedAnalysis, pair: Pair, arms: Sequence[str], subgroup: str) -> dict[str, Pair]:
    """Return level -> its participants, with the confounders that vary among them; each has some of every group."""
    levels = rows_of_levels(planned, pair.rows, subgroup, (*arms, planned.against))
    return {level: varying(replace(pair, rows=rows.reset_index(drop=True))) for level, rows in levels.items()}


def recorded_levels(
    planned: PlannedAnalysis,
    pairs: Mapping[str, Pair],
    found: Mapping[str, Mapping[str, Comparison]],
    visit: str,
    subgroup: str,
) -> ModelRun:
    """Return the record of the comparisons within the levels of a subgroup at a visit."""
    whole = {arm: next(iter(each.values())) for arm, each in found.items()}
    warnings = next(without_level(pair.rows, subgroup) for pair in pairs.values())
    return replace(recorded(planned, pairs, whole, visit), model=dict(found), warnings=warnings)


def rows_used(pair: Pair, found: Comparison) -> pd.DataFrame:
    """Return the participants whose outcomes a comparison used; all with an outcome, where it is of a level of them."""
    if len(found.complete) == len(pair.rows):
        return pair.rows[found.complete]
    return pair.rows


def varying(pair: Pair) -> Pair:
    """Return participants with the confounders that vary among them."""
    return replace(pair, confounders=tuple(name for name in pair.confounders if pair.rows[name].nunique() > 1))


def recorded(
    planned: PlannedAnalysis,
    pairs: Mapping[str, Pair],
    found: Mapping[str, Comparison],
    visit: str,
    call: tuple[str, dict[str, Any]] | None = None,
) -> ModelRun:
    """Return the record of the comparisons of a visit: who was analysed, who was not and why, and the calls.

    `call` is the function of the library and its options, where it is not that of one visit.
    """
    used = pd.concat([rows_used(pairs[arm], one) for arm, one in found.items()])
    who = used.drop_duplicates("participant_id")["participant_id"].to_numpy()
    lost = []
    for arm, one in found.items():
        if one.matched is not None:
            alone = pairs[arm].rows.loc[list(one.matched.unmatched), "participant_id"]
            lost += [(row, person, visit, "no partner within the caliper") for row, person in alone.items()]
    left_out = pd.DataFrame(lost, columns=["row", "participant_id", "visit", "reason"])
    sample = Sample("participant_id", "visit", who, np.full(len(who), visit, dtype=object), (visit,), left_out)
    pair = next(iter(pairs.values()))
    several = call is not None
    if call is None:
        one_visit, options = call_at(planned, visit)
        call = one_visit.__name__, options
    spec = ComparisonSpec(
        *call, pair.confounders, planned.compare, planned.against, visit, planned.kind == "time", several,
        in_one_population(planned),
    )  # fmt: skip
    formula = f"{planned.response} ~ arm | {' + '.join(pair.confounders)}"
    method = str(next(iter(found.values())).estimates.frame["method"].iloc[0])
    return ModelRun(formula, spec, sample, dict(found), method, ddf="normal")


def naive_at(planned: PlannedAnalysis, dataset: AnalysisRows, arm: str, visit: str) -> Estimates:
    """Return the comparison of a group with its comparator as they are; none of times."""
    if planned.kind == "time":
        return Estimates.of([])
    rows = pair_at(planned, dataset, arm, visit).rows
    found = unadjusted(rows, outcome=planned.response, group="arm", treated=arm, kind=KINDS[planned.kind])
    return Estimates(found.frame.assign(visit=visit))


def confounder_label(planned: PlannedAnalysis, name: str) -> str:
    """Return what a confounder is called in a sentence."""
    if name == BASELINE:
        return f"{mid_sentence(planned.outcome_label)} at baseline"
    label = planned.study.label("covariates", name)
    return label if label[:2].isupper() else label[:1].lower() + label[1:]
