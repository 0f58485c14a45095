"""The value of each estimand of a plan under its assumptions: exact where it can be, else from a large run.

That of an estimand of the per-protocol or the safety set is of those who would be in the set, from a large run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coxa.errors import OptionError
from coxa.estimates.factorial import parts, two_by_two
from coxa.simulate.from_plan.causal_truths import CAUSAL, IN_COMPLIERS, exact_causal, simulated_causal_values
from coxa.simulate.from_plan.clinic import values_in_clinic
from coxa.simulate.from_plan.design import TrialDesign, check_seed
from coxa.simulate.from_plan.diary import planted_diary
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.exact import exact_mean, steps_end_at_the_ends
from coxa.simulate.from_plan.follow import Conditions, follow
from coxa.simulate.from_plan.following import follows_from_days
from coxa.simulate.from_plan.modified_truths import true_curves
from coxa.simulate.from_plan.other_truths import exact_other_value, is_difference, simulated_other_values
from coxa.simulate.from_plan.sets import EVERYBODY, arm_analysed, set_members
from coxa.simulate.from_plan.strategies import estimand_values
from coxa.simulate.from_plan.targeted import targeted_values
from coxa.simulate.from_plan.truth_words import EXACT, IN_CLINIC, IN_SETS, IN_TARGET, LARGE
from coxa.simulate.from_plan.truths_in_periods import true_values_in_periods
from coxa.simulate.truth import TrueValue, Truth
from coxa.study.effects import EFFECTS
from coxa.study.estimand import Estimand
from coxa.study.parts import arm_factors

Floats = NDArray[np.float64]

Key = tuple[str, str, str]

RECORDED = Conditions(population=True)
"""The world that decides who is in a set: participants leave and have events, as a trial records them."""


def large_run_in_sets(
    design: TrialDesign, worlds: dict[str, frozenset[str]], n: int, seed: int, chunk: int
) -> dict[Key, tuple[float, float]]:
    """Return (estimand, arm, visit) -> difference and its Monte Carlo error, from n participants under every arm.

    Parameters
    ----------
    design
        The trial.
    worlds
        Estimand -> the events that do not happen in its world.
    n, seed, chunk
        Participants, seed, and how many are followed at once.

    Notes
    -----
    Who is in the set under an arm is decided by what is recorded under it; the endpoint is that of the estimand's
    world, with the same draws. The mean of an arm is over those analysed in it: in the safety set with the numbers
    in which participants are allocated as weights. With u the sum over arms of weight times endpoint where a
    participant is a member, and v that of the weights, it is mean(u) / mean(v); its error follows from the spread of
    (u - v mean(u) / mean(v)) / mean(v).
    """
    sums: dict[Key, list[tuple[Floats, Floats]]] = {}
    share = design.numbers / design.numbers.sum()
    for start in range(0, n, chunk):
        size, own = min(chunk, n - start), seed + start
        recorded = _under_each_arm(design, size, own, RECORDED)
        for world in dict.fromkeys(worlds.values()):
            followed = _under_each_arm(design, size, own, Conditions(world, everything=True, population=True))
            for name in (name for name in worlds if worlds[name] == world):
                plan = design.study.estimands[name]
                inside = np.stack([set_members(design, one, plan.population) for one in recorded])
                analysed = np.stack([arm_analysed(one, plan.population) for one in recorded])
                value = np.stack([estimand_values(design, one, name, complete=True)[0] for one in followed])
                for visit in plan.endpoint.visit:
                    at = value[:, :, design.visits.index(visit)]
                    for arm in (*plan.treatment.compare, plan.treatment.against):
                        mine = inside & (analysed == design.arms.index(arm)) & ~np.isnan(at)
                        weight = share[:, None] * mine
                        u, v = (weight * np.nan_to_num(at)).sum(axis=0), weight.sum(axis=0)
                        sums.setdefault((name, arm, visit), []).append((u, v))
    found = {}
    means = {key: _mean_of(design, key, parts) for key, parts in sums.items()}
    for name in worlds:
        plan = design.study.estimands[name]
        for visit in plan.endpoint.visit:
            other, noise_of_other = means[name, plan.treatment.against, visit]
            for arm in plan.treatment.compare:
                mean, noise = means[name, arm, visit]
                error = float((noise - noise_of_other).std(ddof=1) / np.sqrt(n))
                found[name, arm, visit] = (mean - other, error)
    return found


def _under_each_arm(design: TrialDesign, size: int, seed: int, world: Conditions) -> list[DrawnTrial]:
    """Follow the same participants under every arm."""
    return [
        follow(design, np.full(size, place, dtype=np.intp), seed, world=world) for place in range(len(design.arms))
    ]  # fmt: skip


def _mean_of(design: TrialDesign, key: Key, parts: list[tuple[Floats, Floats]]) -> tuple[float, Floats]:
    """Return the mean of an arm and (n,) what each participant adds to its error."""
    u, v = (np.concatenate([part[k] for part in parts]) for k in range(2))
    if not v.any():
        name, arm, _ = key
        words = design.study.words.sets[design.study.estimands[name].population]
        raise OptionError(
            f"None of {len(v)} simulated participants of {arm} is among the {words}, so that estimand {name} "
            "has no value. Check `per_protocol`, and attendance and events in `assumptions`."
        )
    mean = float(u.sum() / v.sum())
    return mean, (u - mean * v) / v.mean()


def planted(design: TrialDesign) -> dict[str, Any]:
    """Return the assumptions of a design, and what follows from them: means, spreads and correlations.

    Means and spreads are those before events and the ends of the scale.
    """
    part = design.assumptions
    visits = {visit: int(day) for visit, day in zip(design.visits, design.days, strict=True)}
    covariance = design.covariance()
    outcomes: dict[str, dict[str, Any]] = {}
    for k, name in enumerate(design.outcomes):
        if name in design.follows:
            source = design.study.outcomes[name].source
            outcomes[name] = {"follows_from": source.table if source else ""}
            continue
        own = covariance[k, :, k, :]
        outcomes[name] = {
            "scale": design.measures[k].kind,
            "means": {
                arm: dict(zip(design.visits, _rounded(design.means[place, k]), strict=True))
                for place, arm in enumerate(design.arms)
            },
            "sd": dict(zip(design.visits, _rounded(design.sd[k]), strict=True)),
            **_own_spreads(design, k),
            "correlation": [_rounded(row) for row in own / design.sd[k][:, None] / design.sd[k]],
        }
    return {
        "participants": dict(zip(design.arms, map(int, design.numbers), strict=True)),
        "visits": visits,
        "outcomes": outcomes,
        "correlation_of_outcomes": [_rounded(row) for row in design.between],
        **({} if part.diary is None else {"diary": planted_diary(design, part.diary)}),
        "assumptions": part.model_dump(mode="json", exclude_none=True),
    }


def _own_spreads(design: TrialDesign, k: int) -> dict[str, Any]:
    """Return the standard deviations by arm, where an arm has its own."""
    own = design.own_sd[:, k]
    if (own == design.sd[k]).all():
        return {}
    rows = zip(design.arms, own, strict=True)
    return {"sd_by_arm": {arm: dict(zip(design.visits, _rounded(row), strict=True)) for arm, row in rows}}


def _rounded(values: Any) -> list[float]:
    return [round(float(value), 6) for value in values]


SIZE, SEED, CHUNK = 200_000, 20_260, 20_000
"""Participants and seed of the large run, and how many are followed at once."""

SIZE_OF_DAYS = 20_000
"""Participants of the large run, at most, where a diary of each of them is drawn day by day."""


def true_values(design: TrialDesign, *, n: int = SIZE, seed: int = SEED) -> Truth:
    """Return what was planted, and the value of every estimand, for everybody who is randomised.

    Parameters
    ----------
    design
        From `trial_design`.
    n, seed
        Participants and seed of the large run, for values without a closed form; fewer where each has a diary.

    Returns
    -------
    Truth
        One value per estimand, visit and compared arm. Those of the per-protocol and the safety set are of the
        participants who would be in the set under each arm, from the large run.

    Examples
    --------
    >>> import coxa
    >>> truth = true_values(coxa.simulate.trial_design(coxa.preset("moa-2013"), 40), n=2000)
    >>> truth.estimands, truth.value("primary", "exercise", "year_1").obtained
    (('primary',), 'exact')
    """
    check_seed(seed)
    n = min(n, SIZE_OF_DAYS) if follows_from_days(design) else n
    if (found := true_values_in_periods(design, n, seed)) is not None:
        return Truth(planted(design), tuple(found[0]), found[1])
    plans = design.study.estimands
    exact = {name: exact_values(design, plan) for name, plan in plans.items()}
    unknown = [name for name in plans if any(value is None for value in exact[name].values())]
    rest = [name for name in unknown if is_difference(design, plans[name])]
    in_sets = [name for name in rest if plans[name].population not in EVERYBODY]
    large = large_run(design, [name for name in rest if name not in in_sets], n, seed)
    if in_sets:
        worlds = {name: _without(design, name) for name in in_sets}
        large |= large_run_in_sets(simplified(design, in_sets), worlds, n, seed, CHUNK)
    causal = [name for name in unknown if plans[name].summary in CAUSAL]
    if causal:
        large |= simulated_causal_values(design, causal, n, seed, CHUNK)
    targeted = targeted_values(design, n, seed, CHUNK)
    for name, arm, visit in targeted:
        exact[name][arm, visit] = None
    large |= targeted
    if others := [name for name in unknown if name not in (*rest, *causal)]:
        large |= simulated_other_values(design, others, n, seed, CHUNK)
    values = []
    for name, plan in plans.items():
        for (arm, visit), value in exact[name].items():
            mean, error = (value, 0.0) if value is not None else large[name, arm, visit]
            values.append(
                TrueValue(
                    estimand=name,
                    outcome=plan.endpoint.outcome,
                    measure=plan.endpoint.measure,
                    visit=visit,
                    arm=arm,
                    reference=plan.treatment.against,
                    value=mean,
                    monte_carlo_error=error,
                    obtained="exact" if value is not None else "simulation",
                    term="" if is_difference(design, plan) else EFFECTS[plan.summary].term,
                )
            )
        values += factorial_values(design, plan, values)
    said = [EXACT] if any(item.obtained == "exact" for item in values) else []
    said += [LARGE.format(n=n)] if large else []
    said += [IN_SETS] if in_sets else []
    said += [IN_TARGET] if targeted else []
    said += [IN_COMPLIERS] if causal else []
    in_clinic = values_in_clinic(design, n, seed)
    said += [IN_CLINIC] if in_clinic else []
    return Truth(planted(design), tuple(values), "; ".join(said), true_curves(design, seed), in_clinic)


def factorial_values(design: TrialDesign, plan: Estimand, values: list[TrueValue]) -> list[TrueValue]:
    """Return the main effects and the interaction of a two by two design, from its differences.

    Parameters
    ----------
    design
        The trial.
    plan
        An estimand that is a difference and compares three arms with the one that has neither factor; of others there
        is nothing to return.
    values
        True values, those of the differences of the estimand among them.

    Returns
    -------
    list of TrueValue
        Terms, arms and references as `coxa.estimates.factorial_contrasts` names them. The Monte Carlo error takes those
        of the differences as independent, which is too large.
    """
    study = design.study
    if study.design != "factorial" or not is_difference(design, plan):
        return []
    having = arm_factors(study.arms)
    if having[plan.treatment.against] or len(plan.treatment.compare) < len(having) - 1:
        return []
    found = []
    mine = [item for item in values if not item.term and study.estimands[item.estimand] is plan]
    for term, arm, reference, weights in parts(two_by_two(having, list(having), "arm")):
        for visit in plan.endpoint.visit if term != "simple_effect" else ():
            at = {item.arm: item for item in mine if item.visit == visit}
            summed = [(weights[name], item) for name, item in at.items()]
            found.append(
                replace(
                    mine[0],
                    visit=visit,
                    arm=arm,
                    reference=reference,
                    value=sum(weight * item.value for weight, item in summed),
                    monte_carlo_error=sum((weight * item.monte_carlo_error) ** 2 for weight, item in summed) ** 0.5,
                    term=term,
                )
            )
    return found


def pairs(plan: Estimand) -> Iterator[tuple[str, str]]:
    """Yield the compared arms and visits of an estimand, visit by visit."""
    for visit in plan.endpoint.visit:
        for arm in plan.treatment.compare:
            yield arm, visit


def exact_values(design: TrialDesign, plan: Estimand) -> dict[tuple[str, str], float | None]:
    """Return (arm, visit) -> the value of an estimand in closed form, or None."""
    if is_difference(design, plan):
        return exact_differences(design, plan)
    if plan.summary in CAUSAL:
        return {(arm, visit): exact_causal(design, plan, arm, visit) for arm, visit in pairs(plan)}
    return {(arm, visit): exact_other_value(design, plan, arm, visit) for arm, visit in pairs(plan)}


def exact_differences(design: TrialDesign, plan: Estimand) -> dict[tuple[str, str], float | None]:
    """Return (arm, visit) -> the difference in closed form, or None; in sets formed after randomisation always None."""
    found: dict[tuple[str, str], float | None] = dict.fromkeys(pairs(plan))
    if plan.population not in EVERYBODY:
        return found
    for arm, visit in found:
        at = design.visits.index(visit)
        mine = exact_mean(design, plan, design.arms.index(arm), at)
        other = exact_mean(design, plan, design.arms.index(plan.treatment.against), at)
        found[arm, visit] = mine - other if mine is not None and other is not None else None
    return found


def large_run(
    design: TrialDesign, estimands: list[str], n: int, seed: int
) -> dict[tuple[str, str, str], tuple[float, float]]:
    """Return (estimand, arm, visit) -> difference and its Monte Carlo error, from n participants."""
    sums: dict[tuple[str, str, str], list[Floats]] = {}
    if not estimands:
        return {}
    design = simplified(design, estimands)
    worlds = {name: _without(design, name) for name in estimands}
    for start in range(0, n, CHUNK):
        size = min(CHUNK, n - start)
        drawn = {
            (world, arm): follow(
                design,
                np.full(size, place, dtype=np.intp),
                seed + start,
                world=Conditions(world, everything=True, population=True),
            )
            for world in dict.fromkeys(worlds.values())
            for place, arm in enumerate(design.arms)
            if _is_compared(design, [name for name in estimands if worlds[name] == world], arm)
        }
        for name in estimands:
            plan = design.study.estimands[name]
            values = {arm: _endpoints(design, drawn, worlds[name], arm, name) for arm in _arms_of(plan)}
            for arm, visit in pairs(plan):
                at = design.visits.index(visit)
                difference = values[arm][:, at] - values[plan.treatment.against][:, at]
                sums.setdefault((name, arm, visit), []).append(difference[~np.isnan(difference)])
    found = {}
    for key, differences in sums.items():
        every = np.concatenate(differences)
        found[key] = (float(every.mean()), float(every.std(ddof=1) / np.sqrt(len(every))))
    return found


def simplified(design: TrialDesign, estimands: list[str]) -> TrialDesign:
    """Return the design without item answers and steps where only a mean is asked for, which they do not change."""
    plans = [design.study.estimands[name].endpoint for name in estimands]
    kept = {plan.outcome for plan in plans if plan.measure in ("responder", "percent_change")}
    steered = design.events or any(
        design.study.estimands[name].population not in EVERYBODY for name in estimands
    )  # fmt: skip
    kept |= {design.outcomes[design.driver]} if steered else set()
    measures = tuple(
        one if name in kept or one.kind == "continuous" or not one.is_score or not steps_end_at_the_ends(design, k)
        else replace(one, kind="bounded", step=0.0, items=())
        for k, (name, one) in enumerate(zip(design.outcomes, design.measures, strict=True))
    )  # fmt: skip
    return replace(design, measures=measures)


def _endpoints(
    design: TrialDesign, drawn: dict[tuple[frozenset[str], str], DrawnTrial], world: frozenset[str], arm: str, name: str
) -> Floats:
    return estimand_values(design, drawn[world, arm], name, complete=True)[0]


def _without(design: TrialDesign, estimand: str) -> frozenset[str]:
    """Return the events that do not happen in the world of an estimand."""
    handling = design.study.estimands[estimand].intercurrent_events
    return frozenset(name for name, how in handling.items() if how.strategy == "hypothetical")


def _arms_of(plan: Estimand) -> tuple[str, ...]:
    return (*plan.treatment.compare, plan.treatment.against)


def _is_compared(design: TrialDesign, estimands: list[str], arm: str) -> bool:
    return any(arm in _arms_of(design.study.estimands[name]) for name in estimands)
