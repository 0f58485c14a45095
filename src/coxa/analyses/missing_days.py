"""Days of a diary that were not written: which they are, and what follows for level and variability of the days.

Three answers next to an analysis of days: a model of whether a day is written, the analysis with days weighted for
those that are not, and the analysis with days that were not written filled in, worse than the others by a delta.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from coxa.analyses.methods.location_scale import days_at, fit_of, options, weights_of
from coxa.errors import FitError
from coxa.impute.days import drawn_days
from coxa.impute.pooling import pool_rubin
from coxa.models import GEEFit, LocationScaleFit, fit_gee, fit_location_scale
from coxa.models.location_scale.days import WEEK
from coxa.models.results.run import AnyFit
from coxa.sentences import join_words
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.location_scale import MissingDays
from coxa.study.outcome_sources.daily_diary import DailyDiarySource
from coxa.study.wording import model_formula

Floats = NDArray[np.float64]

ENTRY = "written"
LAST, BEFORE, YESTERDAY = "last_above_mean", "mean_before", "written_yesterday"
"""Columns of the model of entries: the last value less the mean of those before the day; this mean; whether there
was an entry on the day before."""

MOST_WEIGHT = 10.0
"""Weight at which weights are cut, in means of weights."""


@dataclass(frozen=True, slots=True)
class Entries:
    """The model of whether a day of the window is written.

    rows    : one per participant and day that was due, from the second day of the window: `written`, `arm`, `week`, and
              what was written before
    fit     : logistic, by estimating equations; errors over participants
    due, written : days of the window by arm, all of them
    """

    rows: pd.DataFrame = field(repr=False)
    fit: GEEFit = field(repr=False)
    due: Mapping[str, int]
    written: Mapping[str, int]

    def ratio(self, term: str) -> tuple[float, float, float, float] | None:
        """Return the odds ratio of an entry per unit of a term, with limits and p; None where the model has none."""
        if term not in self.fit.params.index:
            return None
        limits = self.fit.conf_int().loc[term]
        ends = (self.fit.params[term], limits["conf_low"], limits["conf_high"])
        return (*(float(np.exp(one)) for one in ends), float(self.fit.pvalues[term]))  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Assumed:
    """One comparison of level and variability under an assumption on days that were not written.

    label : the assumption
    arm   : that is compared
    level : difference, limits, p
    ratio : of SDs, limits, p
    n_days : analysed, or filled in with them
    """

    label: str
    arm: str
    level: tuple[float, float, float, float]
    ratio: tuple[float, float, float, float]
    n_days: int


def entry_rows(planned: PlannedAnalysis, frame: pd.DataFrame, visit: str) -> pd.DataFrame:
    """Return the days of the window of a visit of everybody in an arm who wrote on one, from the second day on.

    Parameters
    ----------
    planned
        An analysis of days.
    frame
        One row per participant and visit, with `window_days` and `window_values`.
    visit
        Of the estimand.

    Returns
    -------
    DataFrame
        participant_id, arm, study_day, week (from the middle of the window), `written`, and from the days before it in
        the window: the last value above the mean before it, this mean, whether the day before was written. Days before
        the first entry have no history and are not there.
    """
    first, last = window_of(planned, visit)
    parts = []
    for row in frame[frame["visit"] == visit].to_dict("records"):
        known = dict(zip(row["window_days"], row["window_values"], strict=True))
        if not known:
            continue
        values = np.array([known.get(day, np.nan) for day in range(first, last + 1)], dtype=float)
        history = _history(values)
        parts.append(
            pd.DataFrame(
                {"participant_id": row["participant_id"], "arm": row["arm"], "study_day": range(first, last + 1),
                 ENTRY: np.isfinite(values).astype(float), **history}
            )
        )  # fmt: skip
    if not parts:
        raise FitError(f"no days of the diary in the window of {visit}", ["Look at the diary: `coxa check`."])
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.assign(
        week=(rows["study_day"] - (first + last) / 2.0) / WEEK,
        arm=pd.Categorical(rows["arm"].astype(str), list(planned.study.treatment_order)),
    )
    return rows[rows[BEFORE].notna()].reset_index(drop=True)


def _history(values: Floats) -> dict[str, Floats]:
    """Return what was written before each day of a window: NaN before the first entry."""
    known = np.isfinite(values)
    count = np.concatenate([[0], np.cumsum(known)[:-1]])
    total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values))[:-1]])
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    latest = pd.Series(values).ffill().shift(1).to_numpy()
    return {LAST: latest - mean, BEFORE: mean, YESTERDAY: np.concatenate([[0.0], known[:-1].astype(float)])}


def entry_model(planned: PlannedAnalysis, frame: pd.DataFrame, visit: str) -> Entries:
    """Fit the model of whether a day is written.

    Returns
    -------
    Entries
        Logistic in arm, week, the last value above the mean before it, this mean, and an entry on the day before, by
        independence estimating equations with Kauermann and Carroll's variance over participants.

    Raises
    ------
    FitError
        All days were written, or none were missing in a way that can be modelled.
    """
    rows = entry_rows(planned, frame, visit)
    rows = rows.assign(arm=rows["arm"].cat.remove_unused_categories())
    if rows[ENTRY].all():
        raise FitError("every day was written", ["There is nothing to model."])
    arms = "arm + " if len(rows["arm"].cat.categories) > 1 else ""
    terms = [name for name in (LAST, BEFORE, YESTERDAY) if rows[name].nunique() > 1]
    fit = fit_gee(f"{ENTRY} ~ {arms}week + {' + '.join(terms)}", rows, family="binomial", vcov="KC")
    here = frame[frame["visit"] == visit]
    first, last = window_of(planned, visit)
    written = here.groupby(here["arm"].astype(str))["window_days"].agg(lambda days: int(days.map(len).sum()))
    due = here.groupby(here["arm"].astype(str)).size() * (last - first + 1)
    return Entries(rows, fit, {str(k): int(v) for k, v in due.items()}, {str(k): int(v) for k, v in written.items()})


def entry_weights(entries: Entries) -> pd.Series:
    """Return (participant, study day) -> weight of a written day: the share of its arm written over its probability.

    Weights above `MOST_WEIGHT` are cut.
    """
    rows = entries.rows
    share = rows.groupby("arm", observed=True)[ENTRY].transform("mean")
    weight = (share / entries.fit.fittedvalues.to_numpy()).clip(upper=MOST_WEIGHT)
    kept = rows[ENTRY] == 1
    index = pd.MultiIndex.from_frame(rows.loc[kept, ["participant_id", "study_day"]])
    return pd.Series(weight[kept].to_numpy(), index)


def window_of(planned: PlannedAnalysis, visit: str) -> tuple[int, int]:
    """Return the first and the last study day of the window of a visit."""
    source = getattr(planned.outcome, "source", None)
    assert isinstance(source, DailyDiarySource)
    return source.days_at(planned.study.visits[visit].day)


def under_assumptions(
    planned: PlannedAnalysis, run: AnyFit, analysed: pd.DataFrame, entries: Entries
) -> Iterator[Assumed]:
    """Yield the comparisons of an analysis as planned, weighted, and under each delta of the plan."""
    plan = planned.analysis.option("missing_days")
    assert isinstance(plan, MissingDays)
    (visit,), fit = run.sample.visits, fit_of(run)
    yield from _pooled(planned, "As planned: missing at random given the days written", [fit])
    days = days_at(planned, analysed, visit)
    if plan.weights:
        yield from _pooled(planned, "Days weighted by the model of entries", [weighted_fit(planned, days, entries)])
    for delta in plan.delta:
        yield from filled(planned, fit, days, visit, delta, plan)


def weighted_fit(planned: PlannedAnalysis, days: pd.DataFrame, entries: Entries) -> LocationScaleFit:
    """Return the model of the days with weights for those that were not written; errors over participants."""
    weights = entry_weights(entries)
    keys = pd.MultiIndex.from_arrays([days["participant_id"], days["study_day"].astype(int)])
    given = weights.reindex(keys).fillna(1.0).to_numpy()  # days before there was a history
    asked = {**options(planned), "vcov": "CR0"}
    formula = model_formula(planned.study, planned.name)
    return fit_location_scale(formula, days.assign(entry_weight=given), weights="entry_weight", **asked)


def filled(
    planned: PlannedAnalysis, fit: LocationScaleFit, days: pd.DataFrame, visit: str, delta: float, plan: MissingDays
) -> Iterator[Assumed]:
    """Yield the comparisons with days that were not written drawn from the model, worse by delta in the arms asked.

    The completed sets are combined by Rubin's rules. A value beyond an end of the scale is put there.
    """
    worse, scale = -1.0 if planned.scale.higher_is_better else 1.0, planned.scale
    gaps = _gaps(days, *window_of(planned, visit))
    gaps = gaps[gaps["participant_id"].astype(str).isin(set(fit.persons["participant_id"]))].reset_index(drop=True)
    shift = np.where(gaps["arm"].astype(str).isin(plan.in_arms or list(planned.study.arms)), worse * delta, 0.0)
    seed = zlib.crc32(f"{planned.study.study} {planned.name} {visit} {delta:g}".encode())
    formula, levels = model_formula(planned.study, planned.name), list(days["arm"].cat.categories)
    parts: list[LocationScaleFit] = []
    for value in drawn_days(fit, gaps, plan.imputations, seed):
        made = gaps.assign(value=np.clip(value + shift, scale.low, scale.high))
        complete = pd.concat([days, made], ignore_index=True)
        complete = complete.assign(arm=pd.Categorical(complete["arm"].astype(str), levels))
        parts.append(fit_location_scale(formula, complete, **options(planned)))
    where = f" in {join_words([planned.study.label('arms', arm) for arm in plan.in_arms])}" if plan.in_arms else ""
    label = "Days not written filled in, like the others of the participant"
    if delta:
        unit = "point" if delta == 1 and scale.unit == "points" else scale.unit
        label = f"Days not written filled in, worse by {delta:g} {unit}{where}"
    yield from _pooled(planned, label, parts)


def _gaps(days: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """Return the days of a window without a value, with what is constant of each participant."""
    people = days.drop_duplicates("participant_id").drop(columns=["study_day", "week", "value"])
    grid: pd.DataFrame = people.merge(pd.DataFrame({"study_day": np.arange(first, last + 1, dtype=float)}), how="cross")
    there = pd.MultiIndex.from_frame(days[["participant_id", "study_day"]])
    middle = float((days["study_day"] - WEEK * days["week"]).iloc[0])
    grid = grid.assign(week=(grid["study_day"] - middle) / WEEK)
    return grid[~pd.MultiIndex.from_frame(grid[["participant_id", "study_day"]]).isin(there)].reset_index(drop=True)


def _pooled(planned: PlannedAnalysis, label: str, fits: Sequence[LocationScaleFit]) -> Iterator[Assumed]:
    """Yield the comparisons of one fit, or of several by Rubin's rules."""
    for arm in planned.compare:
        level, ratio = (_number(planned, fits, arm, part) for part in ("mean", "within"))
        estimate, low, high = (float(np.exp(one / 2.0)) for one in ratio[:3])
        yield Assumed(label, arm, level, (estimate, low, high, ratio[3]), fits[0].n_days)


def _number(
    planned: PlannedAnalysis, fits: Sequence[LocationScaleFit], arm: str, part: str
) -> tuple[float, float, float, float]:
    """Return estimate, limits and p of a comparison in the mean, or in the log variance."""
    estimates, variances = [], []
    for fit in fits:
        weights = weights_of(fit, arm)[part] - weights_of(fit, planned.against)[part]
        at = np.flatnonzero(fit.coefficients["part"].to_numpy() == part)
        estimates.append(float(weights @ fit.coefficients["estimate"].to_numpy(dtype=float)[at]))
        variances.append(float(weights @ fit.covariance[np.ix_(at, at)] @ weights))
    middle, error, df = estimates[0], float(np.sqrt(variances[0])), fits[0].df
    if len(fits) > 1:
        pooled = pool_rubin(np.array(estimates), np.array(variances), df_complete=df)
        middle, error, df = (float(one[0]) for one in (pooled.estimate, pooled.std_error, pooled.df))
    half = float(stats.t.ppf((1 + fits[0].conf_level) / 2, df)) * error
    return middle, middle - half, middle + half, 2 * float(stats.t.sf(abs(middle) / error, df))
