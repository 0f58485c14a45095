"""What a plan's assumptions and its other parts disagree about.

Names in the published source of the assumptions are checked too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from coxa.errors import CoxaError, not_allowed
from coxa.instruments import load_instrument
from coxa.study.assumptions.clusters import AssumedClusters
from coxa.study.assumptions.correlation import matrix_problem, outcome_matrix, visit_problem
from coxa.study.assumptions.diary import AssumedDailyPain
from coxa.study.assumptions.numbers import by_name
from coxa.study.assumptions.trial import AssumedOutcome
from coxa.study.checks.assumed_modifiers import assumed_modifier_problems
from coxa.study.checks.confounding import clinic_problems, confounding_problems
from coxa.study.checks.covariate_sources import assumed_source_problems
from coxa.study.checks.diary_windows import diary_window_problems
from coxa.study.checks.risk_factors import risk_factor_problems
from coxa.study.comparative import ComparativeStudy
from coxa.study.delivery.exercises import exercises
from coxa.study.scales import outcome_scale, scale_name
from coxa.study.words import CROSSING, OF_CLUSTERS, RETURN_STATUSES

Said = tuple[tuple[str, ...], str]
"""Where in the assumptions, and what is wrong with its remedy."""

COLUMNS = ("site_id", "therapist_id")

ITEM_FORMULAS = ("mean_to_percent", "mean_to_percent_reversed", "mean", "sum")


def assumption_problems(study: ComparativeStudy) -> Iterator[Said]:
    """Yield what the assumptions and the other parts of a plan disagree about."""
    part = study.assumptions
    if part is None:
        return
    by_arm: dict[tuple[str, ...], Any] = {
        ("participants",): part.participants,
        ("not_started",): part.not_started,
        ("adverse_events",): part.adverse_events,
        ("flares",): part.flares,
        ("soreness",): part.soreness,
        ("co_interventions",): part.co_interventions,
        ("dropout", "probability"): part.dropout.probability,
        **{("events", name, "probability"): event.probability for name, event in part.events.items()},
    }
    if part.sessions is not None:
        for key in ("attendance", "home_per_week", "home", "fidelity"):
            by_arm[("sessions", key)] = getattr(part.sessions, key)
    if part.diary is not None:
        by_arm[("diary", "training", "days")] = part.diary.training.days
        by_arm[("diary", "pain", "mean_change")] = part.diary.pain.mean_change
        by_arm[("diary", "pain", "day_sd_by_arm")] = part.diary.pain.day_sd_by_arm
        by_arm[("diary", "missing", "single_by_arm")] = part.diary.missing.single_by_arm
        for field, column in part.diary.columns.items():
            by_arm[("diary", "columns", field, "day_sd_by_arm")] = column.day_sd_by_arm
    if part.exercise_log is not None:
        for key in ("per_week", "done"):
            by_arm[("exercise_log", key)] = getattr(part.exercise_log, key)
        known_exercises = [*exercises(), *study.exercises]
        yield from _names(list(part.exercise_log.exercises), known_exercises, "exercise", ("exercise_log", "exercises"))
    if part.red_flags is not None:
        for key in ("screened", "acted_on"):
            by_arm[("red_flags", key)] = getattr(part.red_flags, key)
        yield from _names(list(part.red_flags.at), study.visits, "visit", ("red_flags", "at"))
    for path, given in by_arm.items():
        yield from _names(given, study.arms, "arm", path)
    if isinstance(part.participants, dict):
        silent = [arm for arm in study.arms if arm not in part.participants]
        if silent:
            yield (
                ("participants",),
                f"the assumptions have no number for {', '.join(silent)}; give every arm its number, or one number",
            )
    yield from _outcomes(study)
    yield from _covariates(study)
    yield from assumed_modifier_problems(study)
    yield from confounding_problems(study)
    yield from clinic_problems(study)
    yield from assumed_source_problems(study)
    if part.diary is not None:
        yield from _days_in_periods(study, part.diary.pain)
    yield from diary_window_problems(study)
    yield from _clusters(study)
    yield from _events(study)
    yield from _names([part.dropout.outcome] if part.dropout.outcome else [], study.outcomes, "outcome", ("dropout",))
    yield from _names(part.dose_response, study.outcomes, "outcome", ("dose_response",))
    if part.soreness and part.sessions is None:
        yield ("soreness",), "soreness needs sessions to come after; add for example `sessions: {attendance: 0.85}`"
    if part.dose_response and part.sessions is None:
        yield ("dose_response",), "a dose needs sessions; add for example `sessions: {attendance: 0.85}`"
    for name, condition in part.conditions.items():
        yield from _names(condition.shift, study.outcomes, "outcome", ("conditions", name, "shift"))


def _names(given: object, allowed: Iterable[str], what: str, path: tuple[str, ...]) -> Iterator[Said]:
    """Yield every name of a mapping or list that is not there; a number has no names."""
    if not isinstance(given, dict | list | tuple):
        return
    allowed = list(allowed)
    for name in given:
        if name not in allowed:
            yield (
                (*path, *([name] if isinstance(given, dict) else [])),
                not_allowed(what, name, allowed),
            )


def _outcomes(study: ComparativeStudy) -> Iterator[Said]:
    part = study.assumptions
    assert part is not None
    yield from _names(part.outcomes, study.outcomes, "outcome", ("outcomes",))
    yield from _names(part.happenings, study.events, "event", ("happenings",))
    for name, happening in part.happenings.items():
        for key in ("probability", "number"):
            yield from _names(getattr(happening, key), study.arms, "arm", ("happenings", name, key))
    yield from _levels_of_returns(study)
    yield from risk_factor_problems(study)
    for name, assumed in part.outcomes.items():
        if name in study.outcomes:
            yield from _other_kind(study, name, assumed)
    visits = _visits_by_day(study)
    for name, assumed in part.outcomes.items():
        at = ("outcomes", name)
        yield from _names(assumed.mean_change, study.arms, "arm", (*at, "mean_change"))
        yield from _in_periods(study, assumed, at)
        changes: dict[tuple[str, ...], object] = {("shared_change",): assumed.shared_change}
        changes |= {("mean_change", arm): change for arm, change in assumed.mean_change.items()}
        for path, change in changes.items():
            yield from _names(change, visits[1:], "visit after baseline", (*at, *path))
        yield from _names(assumed.sd, visits[1:], "visit after baseline", (*at, "sd"))
        yield from _names(assumed.sd_by_arm, study.arms, "arm", (*at, "sd_by_arm"))
        for arm, spread in assumed.sd_by_arm.items():
            yield from _names(spread, visits[1:], "visit after baseline", (*at, "sd_by_arm", arm))
        if message := visit_problem(assumed, visits):
            yield (*at, "correlation"), message
        if name in study.outcomes:
            yield from _scale(study, name, assumed)
    pairs = part.correlation_of_outcomes
    where = ("correlation_of_outcomes",)
    if isinstance(pairs, dict):
        yield from _names(pairs, study.outcomes, "outcome", where)
        for one, others in pairs.items():
            yield from _names(others, study.outcomes, "outcome", (*where, one))
    names, signs = list(study.outcomes), []
    for outcome in study.outcomes.values():
        try:
            signs.append(1.0 if outcome_scale(outcome).higher_is_better else -1.0)
        except CoxaError:
            return  # said elsewhere
    if names and (message := matrix_problem(outcome_matrix(pairs, names, signs), names, "between outcomes")):
        yield where, message


def _in_periods(study: ComparativeStudy, assumed: AssumedOutcome, at: tuple[str, ...]) -> Iterator[Said]:
    """Yield effects of treatments that no arm receives in a period."""
    periods = study.received_in_periods
    for key in ("treatments", "carry_over", "treatment_sd"):
        given = getattr(assumed, key)
        if periods is not None and periods.own_sequences and any(isinstance(one, tuple) for one in given.values()):
            yield (*at, key), "a treatment of n-of-1 trials adds one number in each of its periods; write that number"
        elif key == "treatment_sd" and given and not (periods and periods.own_sequences):
            yield (*at, key), "`treatment_sd` is of n-of-1 trials (`design: n_of_1`); remove it"
        elif given and periods is None:
            yield (*at, key), f"`{key}` is of treatments in `periods`, and the plan has none; write `mean_change`"
        elif periods is not None:
            yield from _names(given, periods.treatments, "treatment", (*at, key))
    if periods is not None and not periods.by_visit:
        yield from _names(assumed.by_period, periods.order, "period", (*at, "by_period"))
        if assumed.carry_over:
            text = "each participant is in one period, and nothing is carried over; write `treatments` as a list"
            yield (*at, "carry_over"), text
    elif assumed.by_period:
        text = "`by_period` is of the periods of a `calendar`, and the plan has none; write `shared_change` by visit"
        yield (*at, "by_period"), text


def _days_in_periods(study: ComparativeStudy, pain: AssumedDailyPain) -> Iterator[Said]:
    """Yield effects on daily pain of treatments that nobody takes period by period."""
    periods, at = study.received_in_periods, ("diary", "pain")
    own = periods is not None and periods.own_sequences
    for key in ("treatments", "treatment_sd"):
        given = getattr(pain, key)
        if given and not own:
            yield (*at, key), f"`{key}` is of n-of-1 trials (`design: n_of_1`); write `mean_change`"
        elif periods is not None:
            yield from _names(given, periods.treatments, "treatment", (*at, key))
    if pain.carry_over_days and not own:
        yield (*at, "carry_over_days"), "`carry_over_days` is of n-of-1 trials (`design: n_of_1`); remove it"


def _levels_of_returns(study: ComparativeStudy) -> Iterator[Said]:
    """Yield the levels of a return to sport that are more likely than a lower one, or reached at other times."""
    assert study.assumptions is not None
    happenings = study.assumptions.happenings
    levels = sorted(
        (RETURN_STATUSES.index(event.source.level), name)
        for name, event in study.events.items()
        if event.source.level is not None and name in happenings
    )
    for (_, lower), (_, higher) in pairwise(levels):
        one, two = happenings[lower], happenings[higher]
        for name, part in ((lower, one), (higher, two)):
            if part.number is not None:
                yield ("happenings", name), "a level of a return to sport is reached once; write its `probability`"
                return
        if one.shape != two.shape:
            yield (
                ("happenings", higher, "shape"),
                f"the levels of a return to sport have one shape, and '{lower}' has {one.shape:g}; write the same",
            )
        for arm in study.arms:
            lows, highs = (by_name(part.probability or 0.0, arm) for part in (one, two))
            if highs > lows:
                yield (
                    ("happenings", higher, "probability"),
                    f"in {arm} it is {highs:g}, more than {lows:g} of the lower level '{lower}'; write no more",
                )


OF_KIND = {"yes_no": ("risk",), "ordered": ("shares", "odds_ratio"), "count": ("rate", "never"), "score": ()}
"""Kind of an outcome -> the assumptions that it alone has."""

OF_SCORES = ("baseline", "mean_change", "modifiers", "treatments", "carry_over", "sd", "sd_by_arm", "step")
"""Assumptions that scores have."""


def _other_kind(study: ComparativeStudy, name: str, assumed: AssumedOutcome) -> Iterator[Said]:
    """Yield assumptions that do not fit the kind of an outcome."""
    outcome, at = study.outcomes[name], ("outcomes", name)
    own = OF_KIND[outcome.kind]
    others = [key for keys in OF_KIND.values() for key in keys if key not in own]
    of_scores = [key for key in OF_SCORES if key != "treatments" or study.design not in CROSSING]
    for key in (*others, *(() if outcome.is_score else of_scores)):
        if getattr(assumed, key):
            fit = ", ".join(f"`{word}`" for word in own) or "`mean_change`"
            yield (*at, key), f"an outcome of `kind: {outcome.kind}` has no `{key}`; write {fit}"
    for key in ("risk", "odds_ratio", "rate"):
        given = getattr(assumed, key)
        yield from _names(given, study.arms, "arm", (*at, key))
        for arm, by_visit in given.items() if isinstance(given, dict) else ():
            yield from _names(by_visit, _visits_by_day(study)[1:], "visit after baseline", (*at, key, arm))
    if assumed.shares and outcome.levels:
        allowed = [str(level) for level in outcome.levels]
        yield from _names([str(level) for level in assumed.shares], allowed, "level", (*at, "shares"))
        if abs((total := sum(assumed.shares.values())) - 1) > 1e-6:
            yield (*at, "shares"), f"the shares add up to {total:g}; give shares that add up to 1"


def _visits_by_day(study: ComparativeStudy) -> list[str]:
    """Return the visits, the baseline first; the first by day where the plan has none, or several."""
    marked = [name for name, visit in study.visits.items() if visit.baseline]
    by_day = sorted(study.visits, key=lambda name: study.visits[name].day)
    return sorted(
        by_day, key=lambda name: name not in (marked or [name for name in by_day if study.visits[name].day == 0])
    )


def _scale(study: ComparativeStudy, name: str, outcome: AssumedOutcome) -> Iterator[Said]:
    """Yield what does not fit the range or the instrument of the outcome."""
    at, planned = ("outcomes", name), study.outcomes[name]
    try:
        scale = outcome_scale(planned)
    except CoxaError:
        return  # said elsewhere
    if outcome.baseline and not scale.low <= outcome.baseline.mean <= scale.high:
        text = f"the mean {outcome.baseline.mean:g} lies outside the range, {scale.low:g} to {scale.high:g}"
        yield (*at, "baseline", "mean"), f"{text}; write it in the unit of the outcome ({scale.unit})"
    if outcome.scale != "items":
        return
    if planned.instrument is None:
        yield (*at, "scale"), "items belong to an instrument, and this outcome has none; write `scale: bounded`"
    elif load_instrument(planned.instrument).scales[scale_name(planned)].formula not in ITEM_FORMULAS:
        yield (
            (*at, "scale"),
            f"answers to the items of {planned.instrument} are not simulated; write `scale: bounded`, for scores",
        )


def _covariates(study: ComparativeStudy) -> Iterator[Said]:
    part = study.assumptions
    assert part is not None
    yield from _names(part.covariates, study.covariates, "covariate", ("covariates",))
    for name, mix in part.covariates.items():
        at, planned = ("covariates", name), study.covariates.get(name)
        if planned is None:
            continue
        if planned.type == "number" and mix.shares:
            yield at, f"'{name}' is a number; give its mean and sd"
        if planned.type == "category":
            if mix.mean is not None or mix.sd is not None:
                yield at, f"'{name}' is a category; give the `shares` of its levels"
            yield from _names(mix.shares, planned.level_labels(), "level", (*at, "shares"))
    for outcome, assumed in part.outcomes.items():
        where = ("outcomes", outcome, "covariates")
        yield from _names(assumed.covariates, study.covariates, "covariate", where)
        for name, effect in assumed.covariates.items():
            planned = study.covariates.get(name)
            if planned and planned.type == "number" and isinstance(effect, dict):
                yield (*where, name), f"'{name}' is a number; write what one unit of it adds"
            elif planned and planned.type == "category":
                if not isinstance(effect, dict):
                    yield (
                        (*where, name),
                        f"'{name}' is a category; write what each level adds, for example {{level: -2}}",
                    )
                yield from _names(effect, planned.level_labels(), "level", (*where, name))


def _clusters(study: ComparativeStudy) -> Iterator[Said]:
    part = study.assumptions
    assert part is not None
    allowed = [*COLUMNS, *(name for name, covariate in study.covariates.items() if covariate.type == "category")]
    yield from _names(part.clusters, allowed, "cluster", ("clusters",))
    for name, cluster in part.clusters.items():
        at = ("clusters", name)
        yield from _names(list(cluster.arms), study.arms, "arm", (*at, "arms"))
        yield from _names(cluster.icc, study.outcomes, "outcome", (*at, "icc"))
        others = [other for other in part.clusters if other != name]
        if cluster.within is not None:
            yield from _names([cluster.within], others, "higher cluster", (*at, "within"))
            if _in_a_circle(part.clusters, name):
                yield (*at, "within"), "clusters are nested in each other in a circle; leave out one `within`"
        levels = study.covariates[name].level_labels() if name in study.covariates else {}
        if levels and (cluster.within or cluster.own_per_arm or cluster.number != len(levels)):
            yield (
                at,
                f"'{name}' is a covariate with {len(levels)} levels, which are the clusters; write `number: "
                f"{len(levels)}`, without `within` and `own_per_arm`",
            )
        if levels and cluster.size_variation:
            text = f"the sizes of {name} are the `shares` of that covariate; write them there, without `size_variation`"
            yield (*at, "size_variation"), text
    if study.design in OF_CLUSTERS and not any(cluster.own_per_arm for cluster in part.clusters.values()):
        text = f"the design is {study.design}, and no clusters are nested in arms; add for example "
        yield ("clusters",), text + "`site_id: {number: 8, icc: 0.03, own_per_arm: true}`, with the number per arm"
    for outcome in study.outcomes:
        total = sum(_icc(cluster.icc, outcome) for cluster in part.clusters.values())
        if total >= 1:
            yield ("clusters",), f"the intraclass correlations of {outcome} add up to {total:g}; keep them well below 1"


def _in_a_circle(clusters: Mapping[str, AssumedClusters], name: str) -> bool:
    """Return whether going up from a factor leads back to it."""
    above, steps = clusters[name].within, 0
    while above is not None and above in clusters and above != name and steps < len(clusters):
        above, steps = clusters[above].within, steps + 1
    return above == name


def _icc(given: float | Mapping[str, float], outcome: str) -> float:
    return given.get(outcome, 0.0) if isinstance(given, Mapping) else given


def _events(study: ComparativeStudy) -> Iterator[Said]:
    part = study.assumptions
    assert part is not None
    yield from _names(part.events, study.intercurrent_events, "intercurrent event", ("events",))
    for name, event in part.events.items():
        at = ("events", name)
        yield from _names(event.effect, study.outcomes, "outcome", (*at, "effect"))
        if event.switch_to is not None:
            yield from _names([event.switch_to], study.arms, "arm", (*at, "switch_to"))
        elif event.keeps:
            yield (*at, "keeps"), "`keeps` belongs to `switch_to`; name the arm whose course is followed afterwards"


def source_problems(study: ComparativeStudy) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the names in a plan's source that are not in the plan, each with its path."""
    if study.source is None:
        return
    for place, figure in enumerate(study.source.figures):
        at = ("source", "figures", str(place))
        named: list[tuple[str, str | None, Iterable[str]]] = [
            ("outcome", figure.outcome, study.outcomes),
            ("visit", figure.visit, study.visits),
            ("arm", figure.arm, study.arms),
            ("against", figure.against, study.arms),
        ]
        for key, name, allowed in named:
            if name is not None and name not in allowed:
                yield (*at, key), not_allowed("arm" if key == "against" else key, name, allowed)
        outcome = study.outcomes.get(figure.outcome or "")
        if figure.kind in ("responders", "risk_difference") and outcome and outcome.response is None:
            yield (*at, "kind"), f"outcome {figure.outcome} has no `responder` rule; add one to the outcome"
        if figure.kind == "interaction" and study.design != "factorial":
            yield (*at, "kind"), "an interaction belongs to a factorial design; write `design: factorial`"
