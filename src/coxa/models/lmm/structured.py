"""Random effects together with a covariance structure within participants: an MMRM with therapists, a diary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np
import pandas as pd

from coxa.covariances import COVARIANCES
from coxa.errors import DataError, OptionError
from coxa.findings import Finding, Findings
from coxa.models.covariance.spatial_exponential import fades_early
from coxa.models.covariance.structure import Structure
from coxa.models.design.columns import in_order
from coxa.models.design.rows import place, skipped, steps_warning, visit_order
from coxa.models.lmm.data import MixedData
from coxa.models.lmm.factors import RandomFactor
from coxa.models.lmm.fit import as_fit, flat_in, method_text, not_proven, random_part, warnings_of
from coxa.models.lmm.random_part import named_variances
from coxa.models.lmm.rows import Prepared, Setting, built, prepared, terms_of
from coxa.models.mmrm.data import RepeatedData, checked_times
from coxa.models.numerics.marginal_fit import Attempt
from coxa.models.numerics.mixed.build import Blocks, Places
from coxa.models.numerics.mixed.likelihood import Mixed
from coxa.models.numerics.mixed.markov import Markov
from coxa.models.numerics.mixed.search import HeldAt, MixedOptimum, best_optimum, optimum_of
from coxa.models.numerics.mixed.starts import starts
from coxa.models.numerics.mixed.structured import Structured
from coxa.models.results.fit import Fit
from coxa.models.spec import LMMSpec, MMRMSpec

MOST_TIMES = 40
"""Distinct times up to which they are taken for places that participants share."""

SHOWN = 12
"""Places up to which their covariance is shown as a matrix."""

Climbed = tuple[MixedOptimum, Mixed, Blocks | None, Setting, tuple[Attempt, ...]]


def fit_with_structure(
    analysed: MixedData,
    data: pd.DataFrame,
    structure: Structure,
    spec: LMMSpec,
    *,
    clock: list[float],
) -> Fit:
    """Fit a linear mixed model whose residuals are correlated within a participant.

    Raises
    ------
    OptionError
        Neither a visit nor a time says where the rows of a participant stand.
    DataError
        A time is not a number, or a participant has two rows at one place.
    """
    sample, order, apart = analysed.sample, "", ""
    used = data.loc[analysed.design.complete]
    who = pd.factorize(sample.participant)[0]
    if structure.spatial and spec.time is not None:
        moments = checked_times(used[spec.time], who, np.flatnonzero(analysed.design.complete))
        where, labels = places_of_times(who, moments)
    else:
        column = spec.time or spec.visit
        if column not in data.columns:
            raise OptionError(
                f"Covariance '{structure.name}' needs the place of each row of a participant. Name the column "
                "of the visit (visit=...) or of the time (time=...)."
            )
        where, labels = places_of_visits(used[column], who, analysed.design.complete, sample.participant)
        order = visit_order(used[column], None).warning.partition("; give")[0]
        apart = steps_warning(structure, skipped(used[column], visit_order(used[column], None).labels), column)
    ready = prepared(analysed.design, analysed.factors, analysed.weights)
    setting = setting_of(analysed.factors, sample.participant_column, where, structure)
    climbed = climb(setting, ready, [structure], clock, reml=spec.reml)
    return finished(
        analysed,
        ready,
        climbed,
        labels,
        ("",),
        spec,
        place_warnings=(f"{order}; make '{column}' categorical in theirs" if order else "", apart),
        clock=clock,
    )


def fit_repeated(
    analysed: RepeatedData,
    factors: tuple[RandomFactor, ...],
    spec: MMRMSpec,
    *,
    clock: list[float],
) -> Fit:
    """Fit a mixed model for repeated measures with random effects beside its covariance over visits."""
    ready = prepared(analysed.design, factors, analysed.weights)
    grouped = np.zeros(len(analysed.who), dtype=np.intp) if analysed.group is None else analysed.group
    times = analysed.visit_times if analysed.times is not None else np.arange(len(analysed.labels), dtype=float)
    where = Places(analysed.who, analysed.when, analysed.times if times is None else times, grouped)  # type: ignore[arg-type]
    setting = setting_of(factors, analysed.sample.participant_column, where, spec.ladder[0])
    climbed = climb(setting, ready, spec.ladder, clock, reml=spec.reml)
    return finished(
        analysed,
        ready,
        climbed,
        analysed.labels,
        analysed.group_labels,
        spec,
        place_warnings=(
            analysed.order_warning,
            steps_warning(climbed[3].structure or spec.ladder[0], analysed.apart, spec.visit),
        ),
        clock=clock,
    )


def setting_of(factors: tuple[RandomFactor, ...], participant: str, where: Places, structure: Structure) -> Setting:
    """Return which factor stands where: the participant's own effects within blocks, all others above."""
    own = [k for k, factor in enumerate(factors) if factor.name == participant]
    setting = Setting(factors, own[0] if own else None, where, structure)
    return replace(setting, block=None) if setting.along_times else setting


def climb(setting: Setting, ready: Prepared, ladder: Sequence[Structure], clock: list[float], *, reml: bool) -> Climbed:
    """Return the optimum of the first structure of the ladder that has a proven one.

    Raises
    ------
    NonConvergenceError
        None has.
    """
    clock.append(perf_counter())
    attempts: list[Attempt] = []
    first, blocks = built(setting, ready, reml=reml)
    clock.append(perf_counter())
    for structure in ladder:
        assert isinstance(first.within, (Structured, Markov))
        model = replace(first, within=replace(first.within, structure=structure))
        if said := repeats(setting, structure) or flat_in(setting, model):
            attempts.append(Attempt(structure.name, "any start", said))
            continue
        terms = terms_of(model, setting)
        if limits := limits_of(model, structure):
            optimum, tried = best_optimum(model, starts(model), terms, limits)
        else:
            optimum, tried = optimum_of(model, starts(model), terms)
        attempts += [Attempt(structure.name, start, failure) for start, failure in tried]
        if optimum is not None:
            clock.append(perf_counter())
            return optimum, model, blocks, replace(setting, structure=structure), tuple(attempts)
    raise not_proven(attempts, setting)


def limits_of(model: Mixed, structure: Structure) -> list[HeldAt]:
    """Return the simpler models that a structure has at its boundary, in each group and in all of them."""
    within = model.within
    assert isinstance(within, (Structured, Markov))
    first = within.cholesky.size if isinstance(within, Structured) else 0
    each = within.size - first if isinstance(within, Markov) else within.each
    groups = list(range(within.groups))
    limits = []
    for limit in structure.limits(within.gap):
        for chosen in [groups, *([g] for g in groups if len(groups) > 1)]:
            held = {first + g * each + place: value for g in chosen for place, value in limit.held.items()}
            limits.append(HeldAt(limit.name, limit.words, held))
    return limits


def repeats(setting: Setting, structure: Structure) -> str:
    """Say why a structure cannot be told from the random effects of participants; empty where it can."""
    if setting.block is None:
        return ""
    factor, contained = setting.factors[setting.block], COVARIANCES[structure.name].contains
    if "Intercept" in factor.names and not contained and one_distance(setting, structure):
        return (
            f"participants have two rows each, and the intercept of {factor.name} makes the one correlation there is: "
            "leave it out of the formula, or use independent residuals"
        )
    if not contained or (contained == "intercept" and "Intercept" not in factor.names):
        return ""
    return (
        f"{structure.long_name} covariance within participants has the effects of {factor.name} in it already: leave "
        "these out of the formula, or use a structure such as ar1"
    )


def one_distance(setting: Setting, structure: Structure) -> bool:
    """Return whether all rows of participants are equally far apart, so that there is one correlation of two rows."""
    where = setting.where
    if where is None or int(np.bincount(where.block).max()) > 2:
        return False
    spread = where.times if len(where.times) == len(where.block) else where.times[where.place]
    along = spread if structure.spatial else where.place.astype(float)
    order = np.lexsort([along, where.block])
    gaps = np.diff(along[order])[np.diff(where.block[order]) == 0]
    return bool(len(gaps) == 0 or np.ptp(gaps) == 0)


def finished(
    analysed: MixedData | RepeatedData,
    ready: Prepared,
    climbed: Climbed,
    labels: Sequence[str],
    groups: Sequence[str],
    spec: MMRMSpec | LMMSpec,
    *,
    place_warnings: Sequence[str],
    clock: list[float],
) -> Fit:
    """Return the fit of what was found."""
    optimum, mixed, blocks, setting, attempts = climbed
    information, ddf = str(spec.information), str(spec.ddf)
    part = random_part(setting, ready, mixed, optimum, blocks, information, (tuple(labels), tuple(groups)))
    group = spec.group if isinstance(spec, MMRMSpec) else None
    repeated = isinstance(spec, MMRMSpec) and len(labels) > 1
    kind = "MMRM" if repeated else "linear mixed model"
    within, structure = mixed.within, setting.structure
    assert isinstance(within, (Structured, Markov))
    assert structure is not None
    size, times = ready.size, within.times.mean(axis=0)
    own = [within.own(optimum.theta, g) for g in range(within.groups)]
    matrices = [size**2 * structure.matrix(theta, times) for theta in own]
    named = named_variances(part) | residual_parameters(structure, own, times, labels, groups, size)
    residual = f"{structure.long_name} covariance within participants" if len(labels) > 1 else "independent residuals"
    residual += f" for each {group}" if group else ""
    rests_on = "" if optimum.limits else close_rows(structure, own, setting)
    warnings = warnings_of(analysed.design, part, analysed.sample, rests_on, *place_warnings)
    return as_fit(
        analysed,
        part,
        attempts,
        spec,
        structure=structure.name,
        covariance=covariance_frame(matrices, labels, groups),
        parameters=named,
        method=method_text(part, kind, residual, ddf, analysed.sample, reml=spec.reml),
        warnings=warnings,
        clock=clock,
    )


def close_rows(structure: Structure, own: Sequence[np.ndarray], setting: Setting) -> str:
    """Say that a correlation over time fades before the next row of most participants; empty where it does not."""
    where = setting.where
    if not structure.spatial or where is None:
        return ""
    times = where.times if len(where.times) == len(where.block) else where.times[where.place]
    order = np.lexsort([times, where.block])
    gaps = np.diff(times[order])[np.diff(where.block[order]) == 0]
    return fades_early(own, gaps)


def residual_parameters(
    structure: Structure,
    own: Sequence[np.ndarray],
    times: np.ndarray,
    labels: Sequence[str],
    groups: Sequence[str],
    size: float,
) -> dict[str, float]:
    """Return the parameters of the structure by name, with groups each name after its group; in units of the data."""
    named: dict[str, float] = {}
    for group, theta in zip(groups, own, strict=True):
        for name, value in structure.parameters(theta, times, labels).items():
            scaled = value * size if name.startswith("sd") else value
            named[f"{group}: residual {name}" if group else f"residual {name}"] = scaled
    return named


def covariance_frame(matrices: Sequence[np.ndarray], labels: Sequence[str], groups: Sequence[str]) -> pd.DataFrame:
    """Return the covariance of the residuals over places; with many places their variance alone."""
    if len(labels) > SHOWN:
        return pd.DataFrame([[matrices[0][0, 0]]], ["residual"], ["residual"])
    if len(groups) == 1:
        return pd.DataFrame(matrices[0], list(labels), list(labels))
    index = pd.MultiIndex.from_product([list(groups), list(labels)], names=["group", "visit"])
    return pd.DataFrame(np.concatenate(matrices), index, list(labels))


def places_of_times(who: np.ndarray, times: np.ndarray) -> tuple[Places, tuple[str, ...]]:
    """Return where rows stand: at the times they share, or, where these are many, in the order of each participant."""
    distinct, place_of = np.unique(times, return_inverse=True)
    group = np.zeros(len(who), dtype=np.intp)
    if len(distinct) <= min(MOST_TIMES, 3 * int(np.bincount(who).max())):
        return Places(who, place_of, distinct, group), tuple(f"{time:g}" for time in distinct)
    order = np.lexsort([times, who])
    rank = np.empty(len(who), dtype=np.intp)
    starts_at = np.searchsorted(who[order], who[order])
    rank[order] = np.arange(len(who)) - starts_at
    return Places(who, rank, times, group), tuple(str(k + 1) for k in range(int(rank.max()) + 1))


def places_of_visits(
    values: pd.Series, who: np.ndarray, complete: np.ndarray, participant: np.ndarray
) -> tuple[Places, tuple[str, ...]]:
    """Return where rows stand among the visits, in the order of their categories, else sorted.

    Raises
    ------
    DataError
        A participant has two rows at one visit.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        levels = values.cat.remove_unused_categories().cat.categories
    else:
        levels = pd.Index(in_order(pd.unique(values.dropna()), values.name))
    codes = levels.get_indexer(pd.Index(values))
    twice = pd.DataFrame({"who": who, "at": codes}).duplicated().to_numpy() | (codes < 0)
    rows = np.flatnonzero(complete)
    findings = Findings.of(
        Finding(
            "error",
            "data",
            f"the row has no {values.name}, or that of another row of the participant",
            "Keep the row that counts, or fill in the column.",
            place(rows[k]),
            participant_id=str(participant[k]),
            field=str(values.name),
            value=str(values.iloc[k]),
        )
        for k in np.flatnonzero(twice)
    )
    if findings:
        raise DataError("rows cannot be placed:", findings)
    group = np.zeros(len(who), dtype=np.intp)
    return Places(who, codes, np.arange(len(levels), dtype=float), group), tuple(map(str, levels))
