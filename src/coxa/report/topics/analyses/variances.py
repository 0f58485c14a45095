"""The random effects of a model: what they are in words, and a table of their variances."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coxa.models import Fit
from coxa.report.topics.analyses.participant_effects import participant_warning
from coxa.sentences import join_words
from coxa.study.cluster_periods import ClusterPeriods
from coxa.study.comparative import ComparativeStudy, PlannedAnalysis
from coxa.study.models.cluster_periods import CLUSTER_PERIOD
from coxa.study.wording import factor_words
from coxa.tables.formats import NONE, cell, share
from coxa.tables.phrases import abbreviations, sentence_case
from coxa.tables.prose import Prose, in_sentence, prose
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Statistic, Table, identifier

BOUNDARY = "\N{DOUBLE DAGGER}"
"""Stands beside a variance that was estimated at zero."""

EFFECT = re.compile(r"variance of (Intercept|arm\[\w+\]) between levels of (\w+)")
LEVELS = re.compile(r"\b([a-z]\w*) has (\d+) levels")


@dataclass(frozen=True, slots=True)
class Component:
    """The variance of a random effect.

    factor   : name in the plan
    arms     : the arms that have it
    own      : whether it is that of one arm alone
    levels   : how many levels it was estimated from
    variance : in squared units of the outcome
    at_zero  : whether it was estimated at zero
    """

    factor: str
    arms: tuple[str, ...]
    own: bool
    levels: int
    variance: float
    at_zero: bool


def components(planned: PlannedAnalysis, fit: Fit) -> list[Component]:
    """Return the variances of the random effects of a fit, in the order of the plan and of its arms."""
    found: list[Component] = []
    if fit.random is None or not planned.analysis.factors or planned.in_periods:
        return found
    study = planned.study
    parts = zip(fit.random.factors, fit.random.covariances, fit.random.at_zero, strict=True)
    for factor, covariance, at_zero in parts:
        options = planned.analysis.factors[factor.name]
        having = tuple(arm for arm in study.arm_order if arm in (options.only_in or study.arms))
        for k, name in enumerate(factor.names):
            arm = _arm_of(name)
            levels = len(np.unique(factor.codes[(factor.codes >= 0) & (factor.effects[:, k] != 0)]))
            arms = (arm,) if options.by_arm else having
            found.append(Component(factor.name, arms, options.by_arm, levels, float(covariance[k, k]), name in at_zero))
    return found


def random_words(planned: PlannedAnalysis, fit: Fit) -> Iterator[Prose]:
    """Yield sentences on the random effects of a fit: of what, in which arms, with which variances, and at the edge."""
    if fit.random is None or not planned.analysis.factors or planned.in_periods:
        return
    study, said = planned.study, []
    for factor in fit.random.factors:
        options = planned.analysis.factors[factor.name]
        arms = ""
        if options.only_in:
            labels = [study.label("arms", arm) for arm in study.arm_order if arm in options.only_in]
            arms = f", in {join_words(labels)} only"
        levels = cell("count", {"n": len(factor.labels)}, _address(planned, f"levels of {factor.name}"))
        each = f"; a variance for each {study.words.arm})" if options.by_arm else ")"
        said.append(prose(f"{factor_words(study, factor.name)} (", levels, f" levels{arms}{each}"))
    where = ", the same at every visit" if len(fit.sample.visits) > 1 else ""
    yield prose(f"Random effects{where}: ", in_sentence(said), ".")
    edge = [_name(study, part) for part in components(planned, fit) if part.at_zero]
    if edge:
        yield prose(f"Estimated at zero: the variance of {join_words(edge)}.")


def warning_words(study: ComparativeStudy, text: str) -> str:
    """Return what a model with random effects warns of, with labels in place of the names of columns and effects.

    Examples
    --------
    >>> warning_words(study, "therapist_id has 9 levels, fewer than 10")  # doctest: +SKIP
    'therapist has 9 levels, fewer than 10'
    """
    said = EFFECT.sub(
        lambda found: f"variance between levels of {_called(study, found[2])}{_in_arm(study, found[1])}",
        participant_warning(text),
    )
    return LEVELS.sub(lambda found: f"{_called(study, found[1])} has {found[2]} levels", said)


def variances_table(planned: PlannedAnalysis, fit: Fit, rows: pd.DataFrame | None = None) -> Table | None:
    """Return the variance of each random effect beside the residual's; None where the model has no random effects.

    The share of a visit is the variance between the levels over the whole variance of a value at that visit, given the
    fixed effects: the intraclass correlation of two participants with the same level. It is left out where it
    differs between rows (by weights, or by a covariance for each level of a covariate). With the rows that were
    analysed a note counts the levels in each arm.
    """
    if fit.random is None or not planned.analysis.factors or planned.in_periods:
        return None
    visits = [visit for visit in planned.visits if visit in fit.covariance.columns]
    parts = components(planned, fit)
    shared = fit.sample.weights is None and fit.group in (None, "arm")
    shown = [row for part in parts for row in _rows(planned, fit, parts, part, visits if shared else [])]
    shown += _residual_rows(planned, fit, visits)
    shares = [f"Share of variance at {planned.study.label('visits', visit)}" for visit in visits] if shared else []
    columns = (Column("Levels"), Column("SD"), *map(Column, shares))
    padded = tuple(Row(row.label, (*row.cells, *[Cell(NONE)] * (len(columns) - len(row.cells)))) for row in shown)
    return Table(
        identifier("variances", planned.name),
        "Random effects and residual",
        "Source of variance",
        columns,
        (RowGroup("", padded),),
        (*_notes(planned, fit, parts, columns), *_levels_by_arm(planned, rows)),
    )


def _notes(
    planned: PlannedAnalysis, fit: Fit, parts: Sequence[Component], columns: Sequence[Column]
) -> Iterator[Footnote]:
    if fit.sample.weights is not None:
        yield Footnote("The residual is that of a row of weight 1; shares of variance differ between rows.")
    elif fit.group not in (None, "arm"):
        yield Footnote(f"Shares of variance differ between levels of {fit.group}, and are not shown.")
    else:
        names = list(dict.fromkeys(_called(planned.study, part.factor) for part in parts))
        yield Footnote(
            "Share of variance (intraclass correlation): share of the variance of a value at that visit, given the "
            f"fixed effects, which is the correlation of two participants with the same {join_words(names, 'or')}."
        )
    if any(part.at_zero for part in parts):
        yield Footnote("Estimated at zero, the smallest value that a variance can have.", BOUNDARY)
    yield Footnote(f"SD in {planned.unit}. {abbreviations(str(column.label) for column in columns)}")


def _levels_by_arm(planned: PlannedAnalysis, rows: pd.DataFrame | None) -> Iterator[Footnote]:
    """Yield how many levels of each factor there are in each arm that has it."""
    if rows is None:
        return
    study = planned.study
    for factor, options in planned.analysis.factors.items():
        having = [arm for arm in study.arm_order if arm in (options.only_in or study.arms)]
        counts = rows.groupby(rows["arm"].astype("object"))[factor].nunique()
        each = [
            prose(cell("count", {"n": counts.get(arm, 0)}, at), f" in {study.label('arms', arm)}")
            for arm in having
            for at in [_address(planned, f"levels of {factor}", arm=arm)]
        ]
        yield Footnote(prose(f"Levels of {factor_words(study, factor)}: ", in_sentence(each), "."))


def _rows(
    planned: PlannedAnalysis, fit: Fit, parts: Sequence[Component], part: Component, visits: Sequence[str]
) -> Iterator[Row]:
    """Yield the row of a variance; one for each arm where its share differs between them."""
    study = planned.study
    each = {arm: [share(part.variance, _total(fit, parts, arm, visit)) for visit in visits] for arm in part.arms}
    groups: list[tuple[str, ...]] = [(arm,) for arm in part.arms]
    if all(np.allclose(values, each[part.arms[0]]) for values in each.values()):
        groups = [part.arms]
    for arms in groups:
        at = _address(planned, f"{part.factor} random effect", arm=arms[0] if len(arms) == 1 else "")
        mark = BOUNDARY if part.at_zero else ""
        cells = [
            cell("count", {"n": part.levels}, at),
            cell("sd", {"sd": math.sqrt(part.variance)}, at, planned.decimals, mark),
        ]
        for visit, value in zip(visits, each[arms[0]], strict=True):
            there = _address(planned, at.term, visit, at.arm)
            cells.append(cell("share", {"share": value}, there))
        label = _name(study, part) if len(groups) == 1 else f"{_name(study, part)}, {study.label('arms', arms[0])}"
        yield Row(sentence_case(label), tuple(cells))


def _residual_rows(planned: PlannedAnalysis, fit: Fit, visits: Sequence[str]) -> Iterator[Row]:
    study = planned.study
    groups = [""] if fit.group is None else list(dict.fromkeys(fit.covariance.index.get_level_values(0)))
    for group in groups:
        label = f", {study.label('arms', group)}" if group in study.arms else f", {group}" if group else ""
        for visit in visits:
            sd = math.sqrt(_residual(fit, group, visit))
            at = _address(planned, "residual", visit, str(group) if group in study.arms else "")
            words = f"Residual of a participant at {study.label('visits', visit)}{label}"
            yield Row(words, (Cell(NONE), cell("sd", {"sd": sd}, at, planned.decimals)))


def _total(fit: Fit, parts: Sequence[Component], arm: str, visit: str) -> float:
    """Return the variance of a value of an arm at a visit, given the fixed effects."""
    between = sum(part.variance for part in parts if arm in part.arms)
    return between + _residual(fit, arm if fit.group == "arm" else "", visit)


def _residual(fit: Fit, group: str, visit: str) -> float:
    matrix = fit.covariance.loc[group] if group else fit.covariance
    assert isinstance(matrix, pd.DataFrame)
    return float(matrix.to_numpy()[list(matrix.index).index(visit), list(matrix.columns).index(visit)])


def _called(study: ComparativeStudy, name: str) -> str:
    """Return the words for a factor of the plan's random effects; any other name as it is."""
    periods = study.received_in_periods
    if name == CLUSTER_PERIOD and isinstance(periods, ClusterPeriods):
        return f"{factor_words(study, periods.cluster)} in a period"
    known = any(name in analysis.factors for analysis in study.analyses.values())
    return factor_words(study, name) if known else name


def _arm_of(effect: str) -> str:
    """Return the arm of an effect, `arm[exercise]`; of any other its name."""
    return effect.removeprefix("arm[").removesuffix("]")


def _in_arm(study: ComparativeStudy, effect: str) -> str:
    """Return " in Exercise therapy" for the effect `arm[exercise]`, nothing for one of all arms."""
    arm = _arm_of(effect)
    return f" in {study.label('arms', arm)}" if arm in study.arms else ""


def _name(study: ComparativeStudy, part: Component) -> str:
    words = factor_words(study, part.factor)
    return f"{words} in {study.label('arms', part.arms[0])}" if part.own else words


def _address(planned: PlannedAnalysis, term: str, visit: str = "", arm: str = "") -> Statistic:
    return Statistic("", math.nan, planned.estimand_name, planned.name, term, visit, arm)
