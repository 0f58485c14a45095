"""The value of an estimand of a cohort in the people that its target trial is about: the treated, or the overlap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.confounding import chances
from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.follow import Conditions, follow
from coxa.simulate.from_plan.other_truths import is_difference
from coxa.simulate.from_plan.sets import EVERYBODY
from coxa.simulate.from_plan.strategies import estimand_values
from coxa.study.comparative import PlannedAnalysis
from coxa.study.target_trial import TargetTrial, emulated, in_one_population, target_trial_of

Floats = NDArray[np.float64]
Key = tuple[str, str, str]


def targeted_estimands(design: TrialDesign) -> dict[str, PlannedAnalysis]:
    """Return estimand -> its first analysis, of differences whose target population is not all participants."""
    trial = target_trial_of(design.study)
    if trial is None or not design.assumptions.confounding:
        return {}
    found: dict[str, PlannedAnalysis] = {}
    for name, plan in design.study.estimands.items():
        analyses = [one for one in design.study.analyses_of(name) if emulated(one)]
        if not analyses or not is_difference(design, plan) or plan.population not in EVERYBODY:
            continue
        everyone = trial.estimand == "ATE" and set(_together(analyses[0], plan.treatment.compare[0])) == set(
            design.arms
        )
        if not everyone:
            found[name] = analyses[0]
    return found


def _together(planned: PlannedAnalysis, arm: str) -> tuple[str, ...]:
    """Return the groups whose participants the comparison of a group is of."""
    return planned.arms if in_one_population(planned) else (arm, planned.against)


def targeted_values(design: TrialDesign, n: int, seed: int, chunk: int) -> dict[Key, tuple[float, float]]:
    """Return (estimand, arm, visit) -> difference and its Monte Carlo error, from n participants under every arm.

    Each participant counts by how likely he or she is to be of the target population, given the covariates.
    """
    asked = targeted_estimands(design)
    trial = target_trial_of(design.study)
    sums: dict[Key, list[tuple[Floats, Floats]]] = {}
    for start in range(0, n if asked else 0, chunk):
        size, own = min(chunk, n - start), seed + start
        for name, planned in asked.items():
            plan = design.study.estimands[name]
            out = {event for event, how in plan.intercurrent_events.items() if how.strategy == "hypothetical"}
            world = Conditions(frozenset(out), everything=True, population=True)
            drawn = {
                arm: follow(design, np.full(size, design.arms.index(arm), dtype=np.intp), own, world=world)
                for arm in planned.arms
            }
            probability = chances(design, drawn[planned.against].covariates)
            values = {arm: estimand_values(design, one, name, complete=True)[0] for arm, one in drawn.items()}
            for arm in planned.compare:
                assert trial is not None
                places = [design.arms.index(one) for one in _together(planned, arm)]
                weight = _weight(trial, probability[:, places], places, design.arms.index(trial.focal or arm))
                for visit in plan.endpoint.visit:
                    at = design.visits.index(visit)
                    apart = values[arm][:, at] - values[planned.against][:, at]
                    known = ~np.isnan(apart)
                    sums.setdefault((name, arm, visit), []).append((apart[known], weight[known]))
    found = {}
    for key, parts in sums.items():
        apart, weight = (np.concatenate([part[side] for part in parts]) for side in (0, 1))
        value = float(weight @ apart / weight.sum())
        found[key] = value, float(np.sqrt((weight**2 * (apart - value) ** 2).sum()) / weight.sum())
    return found


def _weight(trial: TargetTrial, probability: Floats, places: Sequence[int], treated: int) -> Floats:
    """Return (n,) how likely participants are to be of the target, from their probabilities of the groups (n, g)."""
    if trial.estimand == "ATE":
        return np.asarray(probability.sum(axis=1))
    if trial.estimand == "ATT":
        return np.asarray(probability[:, list(places).index(treated)])
    return np.asarray(1 / (1 / probability).sum(axis=1))
