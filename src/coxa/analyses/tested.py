"""What the hypotheses of a plan show: their statistics at each look, the graph, and inference after the looks."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy import special

from coxa.errors import FitError
from coxa.hypotheses import (
    Graph,
    GraphTest,
    SequentialDesign,
    SequentialInference,
    as_observed,
    closure,
    conditional_power,
    fallback,
    fixed_sequence,
    graph,
    graph_test,
    holm,
    repeated_intervals,
    repeated_p_values,
    sequential_design,
    sequential_inference,
)
from coxa.hypotheses.looks.inference import at_level
from coxa.study.assumptions.trial import PER_ARM
from coxa.study.comparative import ComparativeStudy, PlannedAnalysis
from coxa.study.hypotheses import Hypotheses
from coxa.study.margin import benefit_of, claim_bound
from coxa.study.tested import comparison_of, tested

LEAST_TAIL = 1e-300
"""Smallest p-value of which a statistic is taken."""

NEAR_NULL = 0.01
"""Statistic nearer to 0 than this is not divided by."""

LEAST_WEIGHT = 1e-6
"""Share of the level at which a hypothesis without weight is taken, so that its looks have an order."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A hypothesis at one look.

    n         : participants analysed
    estimate  : of the comparison, as a table of results has it
    std_error : on the scale of the test: of a ratio, of its logarithm
    z         : in the direction of a benefit, with the p-value of the analysis, or of its test against a margin
    """

    n: int
    estimate: float
    std_error: float
    z: float

    @property
    def information(self) -> float:
        """1 / standard error squared."""
        return 1 / self.std_error**2

    @property
    def p_value(self) -> float:
        """One-sided."""
        return float(special.ndtr(-self.z))


@dataclass(frozen=True, slots=True)
class LookSeen:
    """One look: its place in the plan (from 1), the share of the information, and what was seen.

    date : day of a recorded look; empty for that of the data at hand
    """

    look: int
    fraction: float
    date: str
    seen: Mapping[str, Seen]


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What is concluded on one hypothesis.

    name       : of the hypothesis
    weight     : its share of the level: where it was rejected, or when no more was
    p_value    : one-sided; the sequential p-value where there are looks
    adjusted   : for the graph
    rejected   : whether it is at most alpha
    design     : boundaries at its share of the level, with the information as observed; None without looks
    repeated   : repeated p-value of each look
    intervals  : repeated interval of each look, on the scale of the test, in the direction of a benefit
    reached_at : effect that would reach the boundary of each look taken, on the same scale
    inference  : stage-wise, on the same scale; None without looks
    to_come    : conditional power with the effect seen; None at the end
    """

    name: str
    weight: float
    p_value: float
    adjusted: float
    rejected: bool
    design: SequentialDesign | None = None
    repeated: tuple[float, ...] = ()
    intervals: tuple[tuple[float, float], ...] = ()
    reached_at: tuple[float, ...] = ()
    inference: SequentialInference | None = None
    to_come: float | None = None


@dataclass(frozen=True, slots=True)
class Conclusions:
    """What a plan's hypotheses show together.

    looks : taken so far, the last being that of the data at hand
    of    : hypothesis -> what is concluded
    test  : of the graph, by its shortcut; steps and the graph that is left
    """

    looks: tuple[LookSeen, ...]
    of: Mapping[str, Conclusion]
    test: GraphTest = field(repr=False)


def plan_graph(plan: Hypotheses) -> Graph:
    """Return the graph of the hypotheses of a plan."""
    names = tuple(plan.tested)
    weights = {name: one.weight or 0.0 for name, one in plan.tested.items()}
    if plan.procedure == "holm":
        return holm(names)
    if plan.procedure == "fixed_sequence":
        return fixed_sequence(names)
    if plan.procedure == "fallback":
        return fallback(weights)
    return graph(weights, {name: one.passes for name, one in plan.tested.items() if one.passes})


def plan_correlation(plan: Hypotheses) -> np.ndarray | None:
    """Return the correlation of the statistics that a plan gives, 0 where it gives none; None for other tests."""
    if plan.test != "parametric":
        return None
    names = list(plan.tested)
    found = np.eye(len(names))
    for one, row in plan.correlation.items():
        for other, value in row.items():
            i, j = names.index(one), names.index(other)
            found[i, j] = found[j, i] = value
    return found


def statistics_seen(study: ComparativeStudy, frame: pd.DataFrame) -> dict[str, Seen]:
    """Return hypothesis -> its statistic in a table of results.

    Raises
    ------
    FitError
        A hypothesis has no test there.
    """
    plan = tested(study)
    assert plan is not None
    found = {}
    for name, one in plan.tested.items():
        arm, visit = comparison_of(study, one)
        planned = study.planned(one.analysis)
        mine = _of(planned.rows(frame, planned.effect.term), arm, visit)
        if mine.empty or not np.isfinite(mine["p_value"].iloc[0]):
            raise FitError(
                f"hypothesis {name} has no test: analysis {one.analysis} gives no p-value for {arm} at {visit}",
                ("Look at the warnings of the analysis, or choose another one for the hypothesis.",),
            )
        claim = None
        if planned.analysis.margin is not None:
            against = _of(planned.rows(frame, planned.analysis.margin.type), arm, visit)
            if against.empty:
                raise FitError(
                    f"hypothesis {name} has no test: analysis {one.analysis} has none against its margin at {visit}",
                    ("Name a visit of the estimand of the analysis for the hypothesis.",),
                )
            claim = float(against["p_value"].iloc[0])
        found[name] = seen_in(study, one.analysis, mine.iloc[0], claim)
    return found


def _of(rows: pd.DataFrame, arm: str, visit: str) -> pd.DataFrame:
    return rows[(rows["arm"] == arm) & rows["visit"].isin((visit, ""))]


def seen_in(study: ComparativeStudy, analysis: str, row: pd.Series, claim: float | None = None) -> Seen:
    """Return the statistic of a row of results: the normal one with the same p-value, and its standard error.

    Parameters
    ----------
    study, analysis
        The plan, and one of its analyses.
    row
        The comparison.
    claim
        One-sided p-value of the test against the margin of the analysis, where it has one.
    """
    planned = study.planned(analysis)
    effect, level = planned.effect, float(row["conf_level"])
    if claim is None:
        z = math.copysign(_z(float(row["p_value"]) / 2), benefit_of(planned, float(row["estimate"])))
    else:
        z = _z(claim)
    std_error = float(row["std_error"])
    if effect.is_ratio:
        spread = math.log(float(row["conf_high"])) - math.log(float(row["conf_low"]))
        std_error = spread / 2 / float(special.ndtri((1 + level) / 2))
    return Seen(int(row["n_participants"]), float(row["estimate"]), std_error, z)


def _z(tail: float) -> float:
    """Return the normal statistic with a probability above it, which rounding may have taken to 0 or 1."""
    return float(-special.ndtri(min(max(tail, LEAST_TAIL), 1 - np.finfo(float).eps)))


def share_of_information(study: ComparativeStudy, seen: Mapping[str, Seen]) -> float:
    """Return the participants analysed as a share of those at the final analysis, 1 at most; the least hypothesis."""
    assert study.interim is not None
    whole = study.interim.participants or assumed_participants(study)
    return min(min(one.n for one in seen.values()) / whole, 1.0)


def assumed_participants(study: ComparativeStudy) -> int:
    """Return the participants that the assumptions of a plan name."""
    assumed = study.assumptions.participants if study.assumptions else None
    if assumed is None:
        return PER_ARM * len(study.arms)
    return sum(assumed.values()) if isinstance(assumed, dict) else assumed


def conclude(study: ComparativeStudy, looks: Sequence[LookSeen], *, inference: bool = True) -> Conclusions:
    """Return what the hypotheses of a plan show after some looks; without looks, after the one analysis.

    Parameters
    ----------
    study
        A plan with `hypotheses` or `interim`.
    looks
        Taken so far, in order; one of them, the final one, where the plan has no interim looks.
    inference
        Whether intervals and estimates are wanted, and not only what is rejected.
    """
    plan = tested(study)
    assert plan is not None
    designs = {name: _observed(study, name, looks) for name in plan.tested} if study.interim else {}
    shares = plan_graph(plan)
    alone = not inference and shares.weights == (1.0,)
    p = {
        name: _whether(name, looks, designs[name], plan.alpha)
        if alone and name in designs
        else _p_value(name, looks, designs.get(name))
        for name in plan.tested
    }
    test = graph_test(shares, p, alpha=plan.alpha)
    adjusted: Mapping[str, float] = test.adjusted
    if plan.test != "bonferroni":
        found = closure(shares, p, test=plan.test, correlation=plan_correlation(plan)).adjusted
        adjusted = {name: min(one, 1.0) for name, one in found.items()}
    of = {}
    for name in plan.tested:
        rejected = adjusted[name] <= plan.alpha + 1e-12
        weight = _weight(test, name)
        of[name] = Conclusion(name, weight, p[name], adjusted[name], rejected)
        if inference and name in designs:
            planned = study.planned(plan.tested[name].analysis)
            seen = [one.seen[name] for one in looks]
            of[name] = _with_looks(of[name], planned, designs[name], plan.alpha, seen, information_of(name, looks))
    return Conclusions(tuple(looks), of, test)


def _weight(test: GraphTest, name: str) -> float:
    """Return the share of the level at which a hypothesis was rejected, or that it has when no more is."""
    step = next(one for one in test.steps if one.hypothesis == name)
    return step.weight if step.rejected else test.left.weights[test.left.names.index(name)]


def planned_design(study: ComparativeStudy) -> SequentialDesign:
    """Return the boundaries of the planned looks, for one hypothesis at the whole level."""
    interim, plan = study.interim, tested(study)
    assert interim is not None
    assert plan is not None
    stops = [look.futility if look.futility is not None else -np.inf for look in interim.looks]
    return sequential_design(
        interim.fractions, interim.boundary, alpha=plan.alpha, gamma=interim.gamma,
        futility=stops if np.isfinite(stops).any() else None,
    )  # fmt: skip


def _observed(study: ComparativeStudy, name: str, looks: Sequence[LookSeen]) -> SequentialDesign:
    """Return the boundaries of a hypothesis at the whole level, with the information that its looks had."""
    planned = planned_design(study)
    return as_observed(planned, information_of(name, looks), [one.fraction for one in looks])


def information_of(name: str, looks: Sequence[LookSeen]) -> list[float]:
    """Return the information on a hypothesis at each look: 1 / standard error squared, or by participants.

    Standard errors are estimates, and in a small study that of a look may be smaller than that of the next by chance.
    Information cannot fall: it is then that of the last look times the shares of the participants.
    """
    own, last = [one.seen[name].information for one in looks], looks[-1]
    if rises(own):
        return own
    return [own[-1] * one.fraction / last.fraction for one in looks]


def rises(information: Sequence[float]) -> bool:
    """Return whether information rises from look to look."""
    return all(a < b for a, b in itertools.pairwise(information))


def _p_value(name: str, looks: Sequence[LookSeen], design: SequentialDesign | None) -> float:
    if design is None:
        return looks[-1].seen[name].p_value
    return min(repeated_p_values(design, [one.seen[name].z for one in looks]))


def _whether(name: str, looks: Sequence[LookSeen], design: SequentialDesign, alpha: float) -> float:
    """Return a p-value that says only whether a boundary was reached, as power asks: the level, or 1."""
    reached = (one.seen[name].z >= upper for one, upper in zip(looks, design.upper, strict=False))
    return alpha if any(reached) else 1.0


def _with_looks(
    one: Conclusion,
    planned: PlannedAnalysis,
    design: SequentialDesign,
    alpha: float,
    seen: Sequence[Seen],
    information: Sequence[float],
) -> Conclusion:
    """Add what the looks give: boundaries at the share of the level, repeated and stage-wise inference.

    A statistic is that of a t test put on the normal scale, so that estimate and limits are in units of a standard
    error with which they go on to agree with it: the estimate is that of the analysis, and a limit leaves out the bound
    of the claim exactly where the boundary was reached.
    """
    z = [look.z for look in seen]
    local = at_level(design, alpha * max(one.weight, LEAST_WEIGHT))
    to_come = None
    if len(seen) < design.looks:
        whole = information[-1] / design.fractions[len(seen) - 1]
        later = [share * whole for share in design.fractions[len(seen) :]]
        to_come = conditional_power(local, z, information, z[-1] / math.sqrt(information[-1]), later)
    bound, stretch = claim_bound(planned), [_stretch(planned, look) for look in seen]
    by_own = [by * look.std_error * math.sqrt(one) for by, look, one in zip(stretch, seen, information, strict=True)]
    repeated = zip(repeated_intervals(local, z, information), by_own, strict=True)
    reached = zip(local.upper, stretch, seen, strict=False)
    return replace(
        one,
        design=local if one.weight else None,
        repeated=repeated_p_values(design, z),
        intervals=tuple((bound + by * low, bound + by * high) for (low, high), by in repeated),
        reached_at=tuple(bound + by * upper * look.std_error for upper, by, look in reached),
        inference=_moved(sequential_inference(local, z, information, conf_level=1 - 2 * alpha), bound, by_own),
        to_come=to_come,
    )


def _stretch(planned: PlannedAnalysis, seen: Seen) -> float:
    """Return the distance of the estimate from the bound of the claim in units of Z times the standard error."""
    apart = benefit_of(planned, seen.estimate) - claim_bound(planned)
    by_z = seen.z * seen.std_error
    return apart / by_z if abs(seen.z) > NEAR_NULL and apart * by_z > 0 else 1.0


def _moved(found: SequentialInference, bound: float, stretch: Sequence[float]) -> SequentialInference:
    """Return inference on the effect from that on its distance to the bound of the claim."""
    by = stretch[found.look - 1]
    values = {name: bound + by * getattr(found, name) for name in ("estimate", "conf_low", "conf_high", "naive")}
    return replace(found, **values)
