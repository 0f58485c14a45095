"""The rows that an estimand is estimated from, of a drawn trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coxa.arguments import TEXT, kinds
from coxa.simulate.from_plan.design import DESIGN, TrialDesign
from coxa.simulate.from_plan.diary_days import diary_days
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.endpoints import other_columns
from coxa.simulate.from_plan.exposures import exposure_columns
from coxa.simulate.from_plan.own_sequences import blocks_of, sequence_words
from coxa.simulate.from_plan.sets import arm_analysed, set_members
from coxa.simulate.from_plan.strategies import category, cluster_names, estimand_values, handled_words
from coxa.simulate.identifiers import participant_ids
from coxa.study.blocks import SEQUENCE
from coxa.study.estimand import Estimand
from coxa.study.models.imputation import AFTER, SINCE
from coxa.study.outcome_sources.daily_diary import DailyDiarySource

if TYPE_CHECKING:
    import pandas as pd


@kinds(design=DESIGN, estimand=TEXT)
def estimand_frame(design: TrialDesign, drawn: DrawnTrial, estimand: str) -> pd.DataFrame:
    """Return the rows that an estimand is estimated from, as `coxa.derive_dataset` would give them.

    Returns
    -------
    DataFrame
        One row per participant and visit after baseline, sorted: participant_id, arm and visit (categorical, the
        reference and the earliest first), study_day, value, baseline, change, percent_change, responder (where the
        outcome has a rule), covariates and clusters; `handled`, as derived, where an analysis has strategies by
        event. Rows without a response are there, with NaN; those of participants
        outside the analysis set are not. In the safety set `arm` is the one received.

    Examples
    --------
    >>> import coxa
    >>> design = coxa.simulate.trial_design(coxa.preset("moa-2013"), 40)
    >>> frame = estimand_frame(design, coxa.simulate.draw_outcomes(design, 1), "primary")
    >>> frame["visit"].unique().tolist(), frame["participant_id"].nunique()
    (['week_9', 'month_6', 'year_1'], 40)
    """
    import pandas as pd

    columns = estimand_columns(design, drawn, estimand)
    return pd.DataFrame(columns | {"participant_id": participant_ids(len(drawn.arm))[columns["participant_id"]]})


def stacked_frame(design: TrialDesign, drawn: Sequence[DrawnTrial], estimand: str) -> pd.DataFrame:
    """Return the rows of an estimand in many trials under each other; `trial` and `participant_id` count from 0."""
    import pandas as pd

    parts = [estimand_columns(design, one, estimand) for one in drawn]
    sizes = [len(part["participant_id"]) for part in parts]
    columns = {name: joined([part[name] for part in parts]) for name in parts[0]}
    return pd.DataFrame({"trial": np.repeat(np.arange(len(parts)), sizes), **columns})


def joined(parts: Sequence[Any]) -> Any:
    """Return a column of many trials: arrays, or categories of which a trial has the first ones of the longest list."""
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    longest = max((part.categories for part in parts), key=len)
    return type(parts[0]).from_codes(np.concatenate([part.codes for part in parts]), longest)


def days_since(drawn: DrawnTrial, plan: Estimand) -> np.ndarray:
    """Return (n, m) days since the first event that is handled by treatment policy, 0 before it and without one."""
    kept = [
        name
        for name, how in plan.intercurrent_events.items()
        if how.strategy == "treatment_policy" and name in drawn.events
    ]
    if not kept:
        return np.zeros(drawn.day.shape)
    first = np.min([np.nan_to_num(drawn.events[name], nan=np.inf) for name in kept], axis=0)
    return np.maximum(drawn.day - first[:, None], 0.0)


def estimand_columns(design: TrialDesign, drawn: DrawnTrial, estimand: str) -> dict[str, Any]:
    """Return the columns of `estimand_frame`; `participant_id` are numbers from 0."""
    plan: Estimand = design.study.part("estimands", estimand)
    if plan.endpoint.outcome not in design.outcomes:
        return _other_columns(design, drawn, plan)
    response, value = estimand_values(design, drawn, estimand)
    n, m = value.shape
    baseline, later = np.repeat(value[:, 0], m - 1), value[:, 1:].ravel()
    columns: dict[str, Any] = {
        "participant_id": np.repeat(np.arange(n), m - 1),
        "arm": category(np.repeat(arm_analysed(drawn, plan.population), m - 1), design.arms),
        "visit": category(np.tile(np.arange(m - 1), n), design.visits[1:]),
        "study_day": drawn.day[:, 1:].ravel(),
        "value": later,
        "baseline": baseline,
        "change": later - baseline,
        "percent_change": 100.0 * (later - baseline) / np.where(baseline == 0, np.nan, baseline),
    }
    if any(one.estimand == estimand and one.option("strategies") for one in design.study.analyses.values()):
        columns["handled"] = handled_words(drawn, plan)[:, 1:].ravel()
    mine = [one for one in design.study.analyses.values() if one.estimand == estimand]
    if any(one.option("retrieved", "no") != "no" for one in mine):
        since = days_since(drawn, plan)[:, 1:].ravel()
        columns |= {SINCE: since, AFTER: (since > 0).astype(float)}
    if plan.endpoint.measure == "responder":
        columns["responder"] = response[:, 1:].ravel()
    exposure = design.study.outcomes[plan.endpoint.outcome].exposure
    if exposure in design.outcomes:
        columns["exposure"] = drawn.value[:, design.outcomes.index(exposure), 1:].ravel()
    if any(one.of_days for one in mine):
        columns |= _window_columns(design, drawn, plan)
    columns |= _of_participants(design, drawn, m - 1)
    exposed = exposure_columns(design, drawn, estimand)
    columns |= {name: np.repeat(column, m - 1) for name, column in exposed.items()}
    if exposure in design.study.covariates:
        columns["exposure"] = columns[exposure]
    return _of_set(design, drawn, plan, columns, m - 1)


def _other_columns(design: TrialDesign, drawn: DrawnTrial, plan: Estimand) -> dict[str, Any]:
    """Return the columns of an estimand of an event or a composite: one row per participant and visit of it."""
    n = len(drawn.arm)
    by_visit = dict(other_columns(design, drawn, plan))
    visits, parts = list(by_visit), list(by_visit.values())
    times = len(visits)
    columns: dict[str, Any] = {
        "participant_id": np.repeat(np.arange(n), times),
        "arm": category(np.repeat(arm_analysed(drawn, plan.population), times), design.arms),
        "visit": category(np.tile(np.arange(times), n), visits),
        "study_day": np.tile([float(design.study.visits[visit].day) for visit in visits], n),
    }
    columns |= {name: np.stack([part[name] for part in parts], axis=1).ravel() for name in parts[0]}
    return _of_set(design, drawn, plan, columns | _of_participants(design, drawn, times), times)


def _of_participants(design: TrialDesign, drawn: DrawnTrial, times: int) -> dict[str, Any]:
    """Return covariates and clusters, those of each participant so many times."""
    columns: dict[str, Any] = {}
    if (blocks := blocks_of(design.study)) is not None:
        columns[SEQUENCE] = np.repeat(sequence_words(blocks, len(drawn.arm), drawn.seed), times)
    for name, covariate in design.study.covariates.items():
        column = np.repeat(drawn.covariates[name], times)
        columns[name] = category(column, covariate.level_labels()) if covariate.type == "category" else column
    for name, code in drawn.clusters.items():
        if name not in columns:
            columns[name] = category(np.repeat(code, times), cluster_names(name, int(code.max(initial=-1)) + 1))
    return columns


def _window_columns(design: TrialDesign, drawn: DrawnTrial, plan: Estimand) -> dict[str, Any]:
    """Return the days behind the values of the visits after the baseline, as tuples."""
    source = design.study.outcomes[plan.endpoint.outcome].source
    diary = diary_days(design, drawn)
    assert isinstance(source, DailyDiarySource)
    assert diary is not None
    n, m = len(drawn.arm), len(design.visits) - 1
    days, values = np.empty((n, m), dtype=object), np.empty((n, m), dtype=object)
    for place, visit in enumerate(design.visits[1:]):
        first, last = source.days_at(design.study.visits[visit].day)
        window = diary.window(source.field, first, last)
        start = max(first, diary.first)
        for row, known in enumerate(np.isfinite(window)):
            days[row, place] = tuple((start + np.flatnonzero(known)).tolist())
            values[row, place] = tuple(window[row, known].tolist())
    return {"window_days": days.ravel(), "window_values": values.ravel()}


def _of_set(
    design: TrialDesign, drawn: DrawnTrial, plan: Estimand, columns: dict[str, Any], times: int
) -> dict[str, Any]:
    """Return the columns of those in the analysis set."""
    inside = set_members(design, drawn, plan.population)
    if inside.all():
        return columns
    kept = np.repeat(inside, times)
    return {name: column[kept] for name, column in columns.items()}
