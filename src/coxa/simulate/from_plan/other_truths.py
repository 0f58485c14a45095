"""True values of estimands that are no difference: ratios, hazards, wins; exact where a closed form is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.after_events import days_of
from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.diary_days import diary_days
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.effects import effect_of
from coxa.simulate.from_plan.endpoints import other_columns
from coxa.simulate.from_plan.exact import events_are_out, exact_mean, is_normal
from coxa.simulate.from_plan.follow import Conditions, follow
from coxa.simulate.from_plan.happenings import EventDesign
from coxa.simulate.from_plan.sets import EVERYBODY, set_members
from coxa.simulate.from_plan.strategies import estimand_values
from coxa.study.assumptions.trial import AssumedHappening
from coxa.study.effects import EFFECTS, endpoint_kind
from coxa.study.estimand import Estimand
from coxa.study.events import Composite, EventOutcome, kind_of
from coxa.study.outcome_sources.daily_diary import DailyDiarySource

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]
Members = NDArray[np.bool_]
Columns = dict[str, Floats]

TINY = 1e-6
"""Variance that is taken for days that do not vary."""

DIFFERENCES = ("difference_in_means", "risk_difference")
"""Summaries that are a difference between means of the endpoint."""


def is_difference(design: TrialDesign, plan: Estimand) -> bool:
    """Return whether the value of an estimand is a difference in means of what is measured at visits."""
    return plan.summary in DIFFERENCES and plan.endpoint.outcome in design.outcomes


def exact_other_value(design: TrialDesign, plan: Estimand, arm: str, visit: str) -> float | None:
    """Return the value of an estimand of an arm at a visit in closed form, where there is one."""
    if plan.population not in EVERYBODY:
        return None
    against = plan.treatment.against
    name, effect = plan.endpoint.outcome, EFFECTS[plan.summary]
    part = design.study.outcome_part(name)
    if isinstance(part, EventOutcome):
        return _exact_event(design, plan, part, arm, visit)
    if isinstance(part, Composite) or name in design.follows:
        return None
    k, t = design.outcomes.index(name), design.visits.index(visit)
    kind = endpoint_kind(kind_of(part), plan.endpoint.measure)
    if kind == "ordered" and effect.term == "cumulative_odds_ratio":
        if design.not_started.any() or not is_normal(design, k) or not events_are_out(design, plan):
            return None
        own, other = (design.means[design.arms.index(each), k, t] for each in (arm, against))
        return float(np.exp(own - other))
    if kind not in ("binary", "count") or not exposure_is_out(design, getattr(part, "exposure", None), effect.term):
        return None
    means = [exact_mean(design, plan, design.arms.index(each), t) for each in (arm, against)]
    if means[0] is None or means[1] is None:
        return None
    mine, theirs = means[0], means[1]
    return {
        "risk_ratio": mine / theirs,
        "odds_ratio": mine / (1 - mine) / (theirs / (1 - theirs)) if kind == "binary" else np.nan,
        "rate_ratio": mine / theirs,
        "rate_difference": mine - theirs,
    }[effect.term]


def exposure_is_out(design: TrialDesign, exposure: str | None, term: str) -> bool:
    """Return whether the exposure of a count drops out of a comparison: in a ratio, as it is the same in every arm.

    An exposure that is an outcome may differ between the arms, and a difference of rates hangs on who has how much.
    """
    return exposure is None or (exposure in design.study.covariates and term == "rate_ratio")


def _exact_event(design: TrialDesign, plan: Estimand, event: EventOutcome, arm: str, visit: str) -> float | None:
    """Return the ratio of hazards, or of rates, of an event that nothing competes with or acts upon."""
    part = design.assumptions.happenings.get(plan.endpoint.outcome)
    recurs = part is not None and part.number is not None
    happen = {one.name: one for one in design.events if recurs and one.switch_to >= 0}
    acting = [
        name
        for name, how in plan.intercurrent_events.items()
        if name in {one.name for one in design.events}
        and how.strategy != "hypothetical"
        and (how.strategy != "treatment_policy" or name in happen)
    ]
    if part is None or design.not_started.any() or event.competing:
        return None
    if acting:
        return _exact_rate_ratio(design, plan, arm, visit, acting) if recurs and event.after is None else None
    totals = design.hazards[plan.endpoint.outcome]
    mine, theirs = totals[design.arms.index(arm)], totals[design.arms.index(plan.treatment.against)]
    term = EFFECTS[plan.summary].term
    if term == "hazard_ratio" and not part.variation and adjusts_for(design, plan, part):
        return float(mine / theirs)
    if term == "rate_ratio" and part.number is not None and (event.after is None or part.shape == 1):
        return float(mine / theirs)
    if event.after is not None:
        return None  # how long participants are at risk differs between them, and between the arms
    at = (design.study.visits[visit].day / design.days[-1]) ** part.shape
    if term in ("risk_difference", "risk_ratio", "odds_ratio") and not part.variation and not part.covariates:
        one, two = (-np.expm1(-total * at) for total in (mine, theirs))
        return float(
            {"risk_difference": one - two, "risk_ratio": one / two, "odds_ratio": one / (1 - one) / (two / (1 - two))}[
                term
            ]
        )
    return None


def _exact_rate_ratio(design: TrialDesign, plan: Estimand, arm: str, visit: str, acting: Sequence[str]) -> float | None:
    """Return the ratio of rates where one event matters that does not go by values, or None."""
    (event, *others) = [one for one in design.events if one.name in acting]
    if others or event.log_odds or EFFECTS[plan.summary].term != "rate_ratio":
        return None
    horizon, how = float(design.study.visits[visit].day), plan.intercurrent_events[event.name].strategy
    wanted = design.study.events[plan.endpoint.outcome].higher_is_better
    if how == "composite" and wanted:
        return None
    rates = []
    for name in (arm, plan.treatment.against):
        count, time = _events_until(design, plan, event, design.arms.index(name), horizon, how)
        rates.append(count / time)
    return float(rates[0] / rates[1])


def _events_until(
    design: TrialDesign, plan: Estimand, event: EventDesign, arm: int, horizon: float, how: str
) -> tuple[float, float]:
    """Return the mean number of events of an arm up to a day, and the mean time in which they are counted."""
    part = design.assumptions.happenings[plan.endpoint.outcome]
    totals, last = design.hazards[plan.endpoint.outcome], float(design.days[-1])
    own = float(totals[arm])
    later = own
    if event.switch_to >= 0:
        later = event.keeps * own + (1.0 - event.keeps) * float(totals[event.switch_to])

    def course(day: float) -> float:
        return float((min(day, horizon) / last) ** part.shape)

    count, time, free = 0.0, 0.0, 1.0
    for on in days_of(design, event, arm):
        before, rest = own * course(on.day), later * (course(horizon) - course(on.day))
        ends = how == "while_on_treatment"
        adds = how == "composite" and on.day <= horizon
        count += on.probability * (before + (0.0 if ends else rest) + adds)
        time += on.probability * (min(on.day, horizon) if ends else horizon)
        free -= on.probability
    return count + free * own * course(horizon), time + free * horizon


def adjusts_for(design: TrialDesign, plan: Estimand, part: AssumedHappening) -> bool:
    """Return whether an analysis of an estimand adjusts for all covariates that act on its event.

    Its hazard ratio is then that of participants who are alike in them; else that of all, which is nearer to 1.
    """
    study = design.study
    [name] = [name for name, one in study.estimands.items() if one is plan]
    used = [one.names_used() for one in study.analyses.values() if one.estimand == name]
    return not part.covariates or any(set(part.covariates) <= set(names) for names in used)


def simulated_other_values(
    design: TrialDesign, names: Sequence[str], n: int, seed: int, chunk: int
) -> dict[tuple[str, str, str], tuple[float, float]]:
    """Return (estimand, arm, visit) -> its value and Monte Carlo error, from n participants under every arm.

    Participants are followed once under each arm in each world, which is that of the estimands of which the same events
    do not happen.
    """
    plans, complete = {name: design.study.estimands[name] for name in names}, {"everything": True, "population": True}
    parts: dict[tuple[str, str, str], list[Columns]] = {}
    for world, own in _by_world(plans).items():
        arms = dict.fromkeys(arm for name in own for arm in _arms(plans[name]))
        for arm in arms:
            for start in range(0, n, chunk):
                allocated = np.full(min(chunk, n - start), design.arms.index(arm), dtype=np.intp)
                drawn = follow(design, allocated, seed + start, world=Conditions(world, **complete))
                inside = _sets(design, [plans[name] for name in own], allocated, seed + start)
                for name in own:
                    for visit, columns in _columns(design, drawn, name, plans[name]):
                        member = inside[plans[name].population]
                        if "time" in columns:
                            member = member & ~np.isnan(
                                columns["time"]
                            )  # not at risk: what comes before did not happen
                        kept = {word: column[member] for word, column in columns.items()}
                        parts.setdefault((name, arm, visit), []).append(kept)
    every = {key: {word: np.concatenate([one[word] for one in found]) for word in found[0]}
             for key, found in parts.items()}  # fmt: skip
    values = {}
    for name, plan in plans.items():
        part = design.study.outcome_part(plan.endpoint.outcome)
        composite = part if isinstance(part, Composite) else None
        days = float(part.per_days) if isinstance(part, EventOutcome) else 1.0
        better = 1 if part.higher_is_better else -1
        for visit in plan.endpoint.visit:
            other = every[name, plan.treatment.against, visit]
            for arm in plan.treatment.compare:
                mine = every[name, arm, visit]
                values[name, arm, visit] = effect_of(EFFECTS[plan.summary], mine, other, composite, days, better)
    return values


def _by_world(plans: Mapping[str, Estimand]) -> dict[frozenset[str], list[str]]:
    """Return the events that do not happen -> the estimands in whose world that is so."""
    found: dict[frozenset[str], list[str]] = {}
    for name, plan in plans.items():
        handling = plan.intercurrent_events.items()
        without = frozenset(event for event, how in handling if how.strategy == "hypothetical")
        found.setdefault(without, []).append(name)
    return found


def _arms(plan: Estimand) -> tuple[str, ...]:
    return (*plan.treatment.compare, plan.treatment.against)


def _sets(design: TrialDesign, plans: Sequence[Estimand], allocated: Integers, seed: int) -> dict[str, Members]:
    """Return population -> (n,) who is in it, by what a trial would record."""
    everybody = np.ones(len(allocated), dtype=bool)
    found: dict[str, Members] = {}
    recorded = None
    for population in dict.fromkeys(plan.population for plan in plans):
        if population in EVERYBODY:
            found[population] = everybody
            continue
        recorded = recorded or follow(design, allocated, seed, world=Conditions(population=True))
        found[population] = set_members(design, recorded, population)
    return found


def _columns(design: TrialDesign, drawn: DrawnTrial, name: str, plan: Estimand) -> Iterator[tuple[str, Columns]]:
    """Yield each visit of an estimand with what participants have there."""
    if plan.endpoint.outcome not in design.outcomes:
        for visit, columns in other_columns(design, drawn, plan, complete=True):
            columns.pop("event_days", None)
            yield visit, columns | _directions(design, plan, len(drawn.arm))
        return
    values = estimand_values(design, drawn, name, complete=True)[0]
    exposure = design.study.outcomes[plan.endpoint.outcome].exposure
    for visit in plan.endpoint.visit:
        t = design.visits.index(visit)
        columns = {"response": values[:, t]}
        if plan.summary == "within_person_sd_ratio":
            columns["log_sd"] = np.where(np.isfinite(values[:, t]), log_sds(design, drawn, plan, visit), np.nan)
        if exposure in design.outcomes:
            columns["exposure"] = drawn.complete[:, design.outcomes.index(exposure), t]
        elif exposure in design.study.covariates:
            columns["exposure"] = np.asarray(drawn.covariates[exposure], dtype=float)
        yield visit, columns


def log_sds(design: TrialDesign, drawn: DrawnTrial, plan: Estimand, visit: str) -> Floats:
    """Return (n,) logarithms of the standard deviation of a participant's days in the window of a visit, all written.

    It is about the straight line that the days of all participants with the same treatment have in common.
    """
    source, diary = design.study.outcomes[plan.endpoint.outcome].source, diary_days(design, drawn, complete=True)
    assert isinstance(source, DailyDiarySource)
    assert diary is not None
    rows = diary.window(source.field, *source.days_at(design.study.visits[visit].day))
    day = np.arange(rows.shape[1]) - (rows.shape[1] - 1) / 2.0
    own = rows - rows.mean(axis=1, keepdims=True)
    for arm in np.unique(drawn.received):
        mine = drawn.received == arm
        slope = (own[mine].mean(axis=0) @ day) / (day @ day)
        own[mine] -= slope * day
    return np.asarray(0.5 * np.log(np.maximum((own**2).sum(axis=1) / (rows.shape[1] - 1), TINY)))


def _directions(design: TrialDesign, plan: Estimand, n: int) -> Columns:
    """Return, for each step of a composite, 1 where a higher number wins and -1 where a lower one does."""
    part = design.study.outcome_part(plan.endpoint.outcome)
    found: Columns = {}
    for place, step in enumerate(part.order if isinstance(part, Composite) else (), 1):
        wanted = design.study.outcome_part(step.outcome).higher_is_better
        higher = step.measure == "responder" or bool(wanted) != (step.measure == "time")
        found[f"better_{place}"] = np.full(n, 1.0 if higher else -1.0)
    return found
