"""A plan's assumptions as arrays, worked out once, from which any number of trials can be drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from coxa.arguments import Kind, kinds
from coxa.errors import OptionError, PlanError
from coxa.findings import Finding, Findings
from coxa.simulate.from_plan.clusters import ClusterDesign
from coxa.simulate.from_plan.defaults import default_baseline, with_planned_log
from coxa.simulate.from_plan.dose import DoseDesign, dose_covariance, dose_design
from coxa.simulate.from_plan.happenings import EventDesign, event_designs, risk_table
from coxa.simulate.from_plan.means import (
    SLACK,
    added_in_periods,
    cluster_covariance,
    mean_courses,
    root_of,
    total_covariance,
)
from coxa.simulate.from_plan.measure import Measure, measure_of
from coxa.simulate.from_plan.mix import Mix, case_mix
from coxa.simulate.from_plan.modified import Modifier, covariance_of, planned_modifiers, with_baseline
from coxa.simulate.from_plan.numbers import arm_numbers
from coxa.simulate.from_plan.other_kinds import other_centres, other_spread
from coxa.simulate.from_plan.risk_factors import event_hazards
from coxa.simulate.from_plan.what_follows import outcomes_that_follow
from coxa.study.assumptions.correlation import outcome_matrix, visit_matrix
from coxa.study.assumptions.numbers import by_name
from coxa.study.assumptions.trial import AssumedBaseline, AssumedOutcome, Assumptions
from coxa.study.comparative import COMPARATIVE, ComparativeStudy
from coxa.study.scales import OutcomeScale, outcome_scale

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TrialDesign:
    """Everything that a simulated trial is drawn from: a arms, k outcomes, m visits.

    study       : the plan
    assumptions : its assumptions
    arms        : the reference first
    numbers     : (a,) participants per arm, meant: a scheme of the plan allocates as many in all
    visits      : by day, the baseline first
    days        : (m,) planned study days
    outcomes    : the plan's order
    scales      : k ranges, units and directions
    assumed     : k assumptions
    measures    : k ways of measuring
    driver      : place of the outcome that dropout and events look at
    means       : (a, k, m) before events, clusters and the ends of the scale; of what is no score, centres
                  (`coxa.simulate.from_plan.other_kinds`)
    sd          : (k, m) of an arm without its own; dropout, events and clusters go by it
    own_sd      : (a, k, m) of each arm
    between     : (k, k) correlation of the outcomes
    roots       : (a, km, km) root of the covariance beside covariates, clusters and dose, by arm received
    mix         : covariates and conditions
    clusters    : factors of clusters
    events      : intercurrent events that can happen
    dropout     : (a, m - 1) intercepts of the risk of leaving
    not_started : (a,) probabilities
    dose        : what attendance adds, None where it adds nothing
    hazards     : event -> (a,) cumulative hazard or mean number up to the last visit, at covariates that do not act
    modifiers   : what covariates add to the effects of arms
    follows     : outcomes of which nothing is assumed, and which follow from other rows

    Examples
    --------
    >>> import coxa
    >>> design = coxa.simulate.trial_design(coxa.preset("moa-2013"), 40)
    >>> design.arms, design.numbers.tolist()
    (('usual_care', 'manual_therapy', 'exercise', 'both'), [10, 10, 10, 10])
    """

    study: ComparativeStudy
    assumptions: Assumptions
    arms: tuple[str, ...]
    numbers: NDArray[np.intp]
    visits: tuple[str, ...]
    days: Floats
    outcomes: tuple[str, ...]
    scales: tuple[OutcomeScale, ...]
    assumed: tuple[AssumedOutcome, ...]
    measures: tuple[Measure, ...]
    driver: int
    means: Floats
    sd: Floats
    own_sd: Floats
    between: Floats
    roots: Floats
    mix: Mapping[str, Mix]
    clusters: tuple[ClusterDesign, ...]
    events: tuple[EventDesign, ...]
    dropout: Floats
    not_started: Floats
    dose: DoseDesign | None
    follows: tuple[str, ...] = ()
    hazards: Mapping[str, Floats] = field(default_factory=dict)
    modifiers: tuple[Modifier, ...] = ()

    @property
    def exposures(self) -> tuple[int, ...]:
        """(k,) place of the outcome that is the exposure of a count, -1 where there is none."""
        given = [self.study.outcomes[name].exposure for name in self.outcomes]
        return tuple(self.outcomes.index(name) if name in self.outcomes else -1 for name in given)

    @property
    def n(self) -> int:
        """Participants of a trial."""
        return int(self.numbers.sum())

    @property
    def signs(self) -> Floats:
        """(k,) +1 where a higher value is better, -1 where a lower one is."""
        return np.array([1.0 if scale.higher_is_better else -1.0 for scale in self.scales])

    def covariance(self, arm: int | None = None) -> Floats:
        """Return (k, m, k, m) the covariance of an arm's values before events and the ends of the scale.

        Without an arm, that of an arm without standard deviations and modifiers of its own.
        """
        visits = [visit_matrix(part.correlation, len(self.visits)) for part in self.assumed]
        if arm is None:
            return total_covariance(self.sd, visits, self.between)
        return with_baseline(total_covariance(self.own_sd[arm], visits, self.between), self.modifiers, arm)


DESIGN = Kind(
    (TrialDesign,), "the design of a trial (`TrialDesign`)", "Make one by `coxa.simulate.trial_design(study)`."
)


@kinds(study=COMPARATIVE)
def trial_design(study: ComparativeStudy, participants: int | Mapping[str, int] | None = None) -> TrialDesign:
    """Work out a plan's assumptions.

    Parameters
    ----------
    study
        A checked plan with `assumptions`.
    participants
        Instead of the plan's: by arm, or of all arms together.

    Returns
    -------
    TrialDesign
        What `draw_outcomes` and `simulate_study` draw from.

    Raises
    ------
    PlanError
        The plan has no assumptions, or covariates, clusters and dose take more than the whole variance.
    OptionError
        Too few participants.

    Examples
    --------
    >>> import coxa
    >>> numbers = {"usual_care": 8, "manual_therapy": 8, "exercise": 16, "both": 8}
    >>> design = trial_design(coxa.preset("moa-2013"), numbers)
    >>> design.numbers.tolist()
    [8, 8, 16, 8]
    """
    part = study.assumptions
    if part is None:
        remedy = "Add `assumptions:`, or `assumptions: {}` for all defaults (docs/simulate.md)."
        raise _fault(study, (), "the plan has no assumptions about the trial", remedy)
    part = with_planned_log(study, part)
    arms = study.arm_order
    visits = (study.baseline_visit, *study.post_visits)
    days = np.array([study.visits[visit].day for visit in visits], dtype=float)
    outcomes = tuple(study.outcomes)
    scales = tuple(outcome_scale(study.outcomes[name]) for name in outcomes)
    assumed = tuple(part.outcomes.get(name, AssumedOutcome()) for name in outcomes)
    baselines = [
        one.baseline or default_baseline(study.outcomes[name]) for name, one in zip(outcomes, assumed, strict=True)
    ]
    if not outcomes:
        remedy = "Add an outcome that is measured at visits, by which they are known to have taken place."
        raise _fault(study, (), "the plan has no outcome that is measured at visits", remedy)
    first = next(iter(study.estimands.values())).endpoint.outcome
    follows = outcomes_that_follow(study, part)
    drawn = [name for name in outcomes if name not in follows] or list(outcomes)
    driver_name = part.dropout.outcome or (first if first in drawn else drawn[0])
    if driver_name in follows:
        _check_driver(study, part, driver_name)
    driver = outcomes.index(driver_name)
    means = np.stack(
        [
            mean_courses(one, base.mean, arms, visits, days.tolist()) + added_in_periods(study, one, arms, visits)
            if study.outcomes[name].is_score
            else other_centres(study.outcomes[name], one, arms, visits, study.reference_arm)
            + added_in_periods(study, one, arms, visits)
            for name, one, base in zip(outcomes, assumed, baselines, strict=True)
        ],
        axis=1,
    )
    sd = np.array(
        [
            _spreads(one, base, visits)
            if study.outcomes[name].is_score
            else [other_spread(study.outcomes[name], one)] * len(visits)
            for name, one, base in zip(outcomes, assumed, baselines, strict=True)
        ]
    )
    signs = [1.0 if scale.higher_is_better else -1.0 for scale in scales]
    between = outcome_matrix(part.correlation_of_outcomes, outcomes, signs)
    mix = case_mix(study.covariates, part, outcomes, driver_name)
    clusters = cluster_designs(study, part, arms, outcomes)
    dose = dose_design(study, part, arms, outcomes, driver_name, days)
    correlations = [visit_matrix(one.correlation, len(visits)) for one in assumed]
    own_sd = np.stack([own_spreads(assumed, sd, arm, visits) for arm in arms])
    modifiers = planned_modifiers(assumed, mix, arms, [base.mean for base in baselines])
    totals = [
        with_baseline(total_covariance(mine, correlations, between), modifiers, place)
        for place, mine in enumerate(own_sd)
    ]
    roots = _roots(study, arms, outcomes, visits, totals, sd, between, mix, modifiers, clusters, dose)
    leaving = np.array([by_name(part.dropout.probability, arm) for arm in arms])
    return TrialDesign(
        study=study,
        assumptions=part,
        arms=arms,
        numbers=arm_numbers(study, part, participants),
        visits=visits,
        days=days,
        outcomes=outcomes,
        scales=scales,
        assumed=assumed,
        measures=tuple(
            measure_of(study.outcomes[name], scale, one)
            for name, scale, one in zip(outcomes, scales, assumed, strict=True)
        ),
        driver=driver,
        means=means,
        sd=sd,
        own_sd=own_sd,
        between=between,
        roots=roots,
        mix=mix,
        clusters=clusters,
        events=event_designs(part, arms, outcomes, driver_name, days),
        dropout=risk_table(leaving, part.dropout.odds_ratio, days),
        not_started=np.array([0.0 if arm == study.reference_arm else by_name(part.not_started, arm) for arm in arms]),
        dose=dose,
        follows=follows,
        hazards=event_hazards(part, arms, mix, len(outcomes)),
        modifiers=modifiers,
    )


def _spreads(one: AssumedOutcome, base: AssumedBaseline, visits: tuple[str, ...]) -> list[float]:
    if isinstance(one.sd, dict):
        return [base.sd, *(one.sd.get(visit, base.sd) for visit in visits[1:])]
    return [base.sd, *[one.sd or base.sd] * (len(visits) - 1)]


def own_spreads(assumed: Sequence[AssumedOutcome], sd: Floats, arm: str, visits: tuple[str, ...]) -> Floats:
    """Return (k, m) standard deviations of an arm: its own after baseline where it has any, else those of all."""
    found = sd.copy()
    for k, one in enumerate(assumed):
        given = one.sd_by_arm.get(arm)
        for t, visit in enumerate(visits[1:], start=1):
            found[k, t] = given.get(visit, sd[k, t]) if isinstance(given, dict) else given or sd[k, t]
    return found


def cluster_designs(
    study: ComparativeStudy, part: Assumptions, arms: tuple[str, ...], outcomes: tuple[str, ...]
) -> tuple[ClusterDesign, ...]:
    """Return the factors of clusters of a plan."""
    known_first = set(study.allocation.covariates if study.allocation else ())
    for analysis in study.analyses.values():
        known_first |= {*analysis.names_used(), *analysis.option("subgroups", ())}
    periods = study.received_in_periods
    in_one_period = periods is not None and not periods.by_visit
    return tuple(
        ClusterDesign(
            name=name,
            number=given.number,
            icc=np.array([by_name(given.icc, outcome) for outcome in outcomes]),
            arms=np.array([not given.arms or arm in given.arms for arm in arms]),
            within=given.within,
            own_per_arm=given.own_per_arm,
            at_baseline=given.at_baseline,
            size_variation=given.size_variation,
            covariate=name in study.covariates,
            known_first=name in known_first,
            autocorrelation=given.autocorrelation,
            decays=given.decays,
            in_one_period=in_one_period,
        )
        for name, given in part.clusters.items()
    )


def _roots(
    study: ComparativeStudy,
    arms: tuple[str, ...],
    outcomes: tuple[str, ...],
    visits: tuple[str, ...],
    totals: Sequence[Floats],
    sd: Floats,
    between: Floats,
    mix: Mapping[str, Mix],
    modifiers: Sequence[Modifier],
    clusters: tuple[ClusterDesign, ...],
    dose: DoseDesign | None,
) -> Floats:
    """Return (a, km, km) roots of what is left of the covariance in each arm."""
    found = []
    for place, (arm, total) in enumerate(zip(arms, totals, strict=True)):
        left = total.copy()
        for name, part in mix.items():
            left -= covariance_of(name, part, modifiers, place, len(visits))
        for factor in clusters:
            if factor.arms[place]:
                left -= cluster_covariance(factor, sd, between)
        if dose is not None:
            left -= dose_covariance(dose, place)
        root, least = root_of(left)
        if least < -SLACK:
            raise _too_much(study, arm, outcomes, visits, left, total, modified=bool(modifiers))
        found.append(root)
    return np.stack(found)


def _too_much(
    study: ComparativeStudy,
    arm: str,
    outcomes: tuple[str, ...],
    visits: tuple[str, ...],
    left: Floats,
    total: Floats,
    *,
    modified: bool,
) -> PlanError:
    """Return the error that covariates, clusters and dose take more than there is, named by outcome and visit."""
    k, m = left.shape[:2]
    own = np.array([[left[i, t, i, t] / total[i, t, i, t] for t in range(m)] for i in range(k)])
    i, t = np.unravel_index(own.argmin(), own.shape)
    remedy = "Lower their effects or intraclass correlations, or raise the sd."
    what = f"covariates, {'modifiers, ' if modified else ''}clusters and dose"
    if own[i, t] < 0:
        rule = f"{what} take {1 - own[i, t]:.0%} of the variance at {visits[t]} in {arm}"
    else:
        rule = f"{what} in {arm} leave no covariance over the visits that holds together"
        remedy += "; or raise the `correlation` between visits, to which lasting differences between participants add"
    return _fault(study, ("outcomes", outcomes[int(i)]), rule, remedy)


def _check_driver(study: ComparativeStudy, part: Assumptions, driver: str) -> None:
    """Raise `PlanError` where dropout, events or effects go by an outcome that follows from other rows."""
    acting = {
        "dropout": part.dropout.mechanism != "mcar" or part.dropout.outcome is not None,
        "events": any(event.odds_ratio != 1 or event.effect for event in part.events.values()),
        "dose_response": bool(part.dose_response),
    }
    for key, acts in acting.items():
        if acts:
            rule = f"outcome {driver} follows from the rows of its table, and nothing can go by it or act on it"
            remedy = f"Assume {driver} under `outcomes`, or name another outcome in `dropout: outcome`."
            raise _fault(study, (key,), rule, remedy)


def _fault(study: ComparativeStudy, path: tuple[str, ...], rule: str, remedy: str) -> PlanError:
    origin = study.origin
    row = origin.line("assumptions", *path) if origin else None
    field = ".".join(("assumptions", *path))
    finding = Finding("error", origin.name if origin else "plan", rule, remedy, row=row, field=field)
    return PlanError("the plan cannot be simulated", Findings((finding,)))


def check_seed(seed: int) -> int:
    """Return the seed; raise `OptionError` if it is negative."""
    if seed < 0:
        raise OptionError(f"`seed` is {seed!r}. Give a whole number of 0 or more.")
    return seed
