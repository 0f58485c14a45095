"""What is wrong between an analysis and the rest of the plan: estimand, visits, covariates, random effects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from coxa.errors import not_allowed
from coxa.study.analysis import Analysis
from coxa.study.checks.imputation import imputation_faults
from coxa.study.comparative import ComparativeStudy
from coxa.study.effects import EFFECTS
from coxa.study.margin import margin_problem
from coxa.study.models import MODELS, models_of
from coxa.study.words import CROSSING, GROUPINGS

Fault = tuple[tuple[str, ...], str]
"""Key path and message."""


def random_faults(study: ComparativeStudy, name: str, analysis: Analysis, cluster: str | None) -> Iterator[Fault]:
    """Yield what is wrong between the random effects, or the cluster, of an analysis and the rest of the plan."""
    at = ("analyses", name, analysis.factor_key)
    if study.design == "cluster" and analysis.role == "primary":
        yield from _clusters(study, analysis, at, cluster)
    for factor, options in analysis.factors.items():
        here = (*at, factor) if analysis.factor_key == "random" else at
        yield from _known_factor(study, factor, here)
        for arm in options.only_in:
            if arm not in study.arms:
                yield (*here, "only_in"), not_allowed("arm", arm, study.arms)
        if options.only_in and set(options.only_in) == set(study.arms):
            yield (*here, "only_in"), "`only_in` names every arm; leave it out where all arms have the factor"
        if options.by_arm and len(set(options.only_in)) == 1:
            yield (*here, "by_arm"), "one arm alone has the factor, and one variance; remove `by_arm`"
        yield from _same_column(study, analysis, factor, here)


def _clusters(study: ComparativeStudy, analysis: Analysis, at: tuple[str, ...], unit: str | None) -> Iterator[Fault]:
    """Yield the fault of a primary analysis of a cluster trial without a random effect of what was randomised."""
    if not analysis.factors:
        example = unit if unit in _factors(study) else "site_id"
        if analysis.option("cluster", example) is None:
            yield (
                at[:2],
                "standard errors of a primary analysis of a cluster trial are over the clusters that were randomised; "
                f"add `cluster: {example}`",
            )
            return
        yield (
            at[:2],
            "a primary analysis of a cluster trial has a random effect of the clusters that were randomised; add for "
            f"example `random: {{{example}: {{}}}}` to an mmrm",
        )
    elif unit in _factors(study) and unit not in analysis.factors and analysis.factor_key == "cluster":
        yield (
            at,
            f"standard errors of a primary analysis of a cluster trial are over {unit}, which was randomised; write "
            f"`cluster: {unit}`",
        )
    elif unit in _factors(study) and unit not in analysis.factors:
        yield (
            at,
            f"the primary analysis of a cluster trial has a random effect of {unit}, which was randomised; add "
            f"`{unit}: {{}}`",
        )


def _factors(study: ComparativeStudy) -> list[str]:
    """Return what can have a random effect, or be a cluster: identifiers, and covariates of `type: category`."""
    return [*GROUPINGS, *(name for name, covariate in study.covariates.items() if covariate.type == "category")]


def _known_factor(study: ComparativeStudy, factor: str, here: tuple[str, ...]) -> Iterator[Fault]:
    """Yield the fault of a factor that is neither an identifier nor a category."""
    allowed = _factors(study)
    if factor in allowed:
        return
    if factor in study.covariates:
        yield here, f"'{factor}' is a number and has no levels; name one of {', '.join(allowed)}"
        return
    yield here, not_allowed("factor", factor, allowed)


def _same_column(study: ComparativeStudy, analysis: Analysis, factor: str, here: tuple[str, ...]) -> Iterator[Fault]:
    """Yield the fault of a factor that the file holds in the column of a covariate that is adjusted for."""
    people = study.data.tables.get("participants") if study.data else None
    if people is None:
        return
    column = people.columns.get(factor)
    for covariate in (*analysis.names_used(), *analysis.option("subgroups", ())):
        if covariate != factor and column is not None and column == people.columns.get(covariate, covariate):
            yield (
                here,
                (
                    f"'{factor}' and '{covariate}', which is adjusted for, are the same column '{column}' of the file; "
                    "keep one of the two"
                ),
            )


MODEL_NAMES = ("arm", "visit", "baseline")
"""Names that a model may use beside the covariates."""


def analysis_problems(study: ComparativeStudy, name: str, analysis: Analysis, cluster: str | None) -> Iterator[Fault]:
    """Yield every disagreement between an analysis and other parts of its plan; `cluster` is what was randomised."""
    at = ("analyses", name)
    yield from _known([analysis.estimand], study.estimands, "estimand", (*at, "estimand"))
    allowed = [*MODEL_NAMES, *study.covariates]
    yield from _known(analysis.names_used(), allowed, "variable", (*at, "adjust"))
    yield from _known(analysis.option("subgroups", ()), study.covariates, "covariate", (*at, "subgroups"))
    categories = [word for word, covariate in study.covariates.items() if covariate.type == "category"]
    yield from _known(analysis.option("strata", ()), categories, "covariate of `type: category`", (*at, "strata"))
    numbers = [word for word, covariate in study.covariates.items() if covariate.type == "number"]
    yield from _split_days(study, name, analysis)
    modifiers = analysis.option("modifiers", ())
    yield from _known(modifiers, ["baseline", *numbers], "covariate of `type: number`", (*at, "modifiers"))
    yield from random_faults(study, name, analysis, cluster)
    yield from imputation_faults(study, name, analysis)
    yield from _columns(study, analysis, at)
    yield from _visits(study, analysis, at)
    yield from _estimand(study, analysis, at)


def _columns(study: ComparativeStudy, analysis: Analysis, at: tuple[str, ...]) -> Iterator[Fault]:
    """Yield the faults of covariates that options name."""
    if analysis.option("numbers_needed") and not study.words.allocates:
        yield (*at, "numbers_needed"), "a number needed to treat is of a randomised trial; remove it"
    if adjusted := analysis.option("adjusted_test"):
        yield from _known(adjusted, study.covariates, "covariate", (*at, "adjusted_test"))
        if not study.words.allocates:
            yield (*at, "adjusted_test"), "a log-rank test is adjusted for covariates of a randomised trial; remove it"
    if by := analysis.option("group"):
        yield from _known([by], ["arm", *study.covariates], "factor", (*at, "group"))
    if weights := analysis.option("weights"):
        numbers = [name for name, covariate in study.covariates.items() if covariate.type == "number"]
        yield from _known([weights], numbers, "numeric covariate", (*at, "weights"))
    for subgroup in analysis.option("subgroups", ()):
        if subgroup in study.covariates and study.covariates[subgroup].type == "number":
            yield (
                (*at, "subgroups"),
                f"'{subgroup}' is a number and has no subgroups; add a covariate of `type: category` with its levels",
            )


def _visits(study: ComparativeStudy, analysis: Analysis, at: tuple[str, ...]) -> Iterator[Fault]:
    """Yield the faults of the visits of the model."""
    estimand, chosen = study.estimands.get(analysis.estimand), analysis.option("visits", ())
    later = study.later_visits
    yield from _known(chosen, later, "visit after baseline", (*at, "visits"))
    missing = [visit for visit in estimand.endpoint.visit if visit not in chosen] if estimand else []
    if chosen and missing:
        yield (
            (*at, "visits"),
            f"the estimand is about {', '.join(missing)}, which the analysis leaves out; add it to `visits`",
        )
    if problem := analysis.visits_problem(len(chosen or later)):
        yield at, problem
    elif analysis.courses and len(chosen or later) < 2:
        yield (*at, "contrasts"), "a course needs two visits after baseline; use `contrasts: by_visit`"


def _estimand(study: ComparativeStudy, analysis: Analysis, at: tuple[str, ...]) -> Iterator[Fault]:
    """Yield the faults of an analysis that cannot estimate its estimand."""
    estimand = study.estimands.get(analysis.estimand)
    if estimand is None:
        return
    if analysis.multiplicity == "tukey" and len(estimand.treatment.compare) + 1 < len(study.treatment_order):
        yield (
            (*at, "multiplicity"),
            "Tukey's adjustment is over all pairs of arms, and this estimand compares some of them; compare all arms, "
            "or use `multiplicity: dunnett`",
        )
    if fault := _of_periods(study, analysis):
        yield fault
    elif estimand.summary not in analysis.summaries:
        yield (
            (*at, "model"),
            f"model {analysis.model} does not estimate {_with_article(estimand.summary)}; "
            f"Use {' or '.join(models_of(estimand.summary))}.",
        )
    elif estimand.endpoint.measure not in analysis.measures:
        yield (
            (*at, "model"),
            f"model {analysis.model} cannot analyse a {estimand.endpoint.measure.replace('_', ' ')}; "
            f"Use another model, or an estimand with `measure: {analysis.measures[0]}`.",
        )
    elif problem := analysis.summary_problem(estimand.summary):
        option, why = problem
        yield (*at, option), why
    if analysis.margin is not None:
        scale = EFFECTS[estimand.summary].scale
        yield from (((*at, "margin", "value"), text) for text in margin_problem(analysis.margin, scale))


def _of_periods(study: ComparativeStudy, analysis: Analysis) -> Fault | None:
    """Return the fault of a model that does not go with how the arms receive treatments."""
    at, periods = ("analyses", analysis_name(study, analysis)), study.received_in_periods
    if analysis.of_periods and periods is None:
        design = "stepped_wedge" if analysis.of_clusters else "crossover"
        return (
            (*at, "model"),
            f"model {analysis.model} is of treatments that arms receive in periods; write `design: {design}` with "
            "`periods`, or use another model",
        )
    if periods is not None and periods.own_sequences != analysis.of_blocks:
        return (
            (*at, "model"),
            f"model {analysis.model} does not take the treatments of a trial of `design: {study.design}`; Use "
            f"{_models_of_periods(study)}.",
        )
    if periods is None:
        return None
    if not analysis.of_periods or analysis.of_clusters != (study.design in CROSSING):
        return (
            (*at, "model"),
            f"model {analysis.model} is not of the arms of a {study.design.replace('_', ' ')} trial, which are "
            f"sequences{' of clusters' if study.design in CROSSING else ''}; Use {_models_of_periods(study)}.",
        )
    if analysis.option("baselines") == "covariate" and not periods.baselines:
        return (
            (*at, "baselines"),
            "the plan names no visits at the starts of the periods; write them as `periods: baselines`, or write "
            "`baselines: none`",
        )
    if analysis.option("carry_over") == "adjusted" and not periods.carry_over_is_estimable():
        return (
            (*at, "carry_over"),
            "carry-over cannot be separated from treatment, period and participant in these sequences; write "
            "`carry_over: none`, or plan a Williams design of three or more treatments, or sequences that repeat a "
            "treatment",
        )
    return None


def _models_of_periods(study: ComparativeStudy) -> str:
    """Return the models of treatments in periods that go with a design."""
    own = study.received_in_periods is not None and study.received_in_periods.own_sequences
    clusters = study.design in CROSSING
    kinds = ((word, kind) for word, kind in MODELS.items() if kind.of_periods and kind.of_blocks == own)
    return " or ".join(word for word, kind in kinds if kind.of_clusters == clusters)


def analysis_name(study: ComparativeStudy, analysis: Analysis) -> str:
    """Return the name of an analysis of a plan."""
    return next(name for name, one in study.analyses.items() if one is analysis)


def _known(names: Iterable[str], allowed: Iterable[str], what: str, path: tuple[str, ...]) -> Iterator[Fault]:
    allowed = list(allowed)
    for name in names:
        if name not in allowed:
            yield path, not_allowed(what, name, allowed)


def _with_article(summary: str) -> str:
    """Return a summary in words, with its article."""
    return f"{'an' if summary[0] in 'aeiou' else 'a'} {summary.replace('_', ' ')}"


def _split_days(study: ComparativeStudy, name: str, analysis: Analysis) -> Iterator[Fault]:
    """Yield the fault of a day at which a ratio may change that is not before the last visit of the estimand."""
    days, estimand = analysis.option("split_at", ()), study.estimands.get(analysis.estimand)
    known = [study.visits[visit].day for visit in estimand.endpoint.visit if visit in study.visits] if estimand else []
    if days and known and max(days) >= max(known):
        yield (
            ("analyses", name, "split_at"),
            f"day {max(days)} is not before the last visit of the estimand, day {max(known)}; write an earlier day",
        )
