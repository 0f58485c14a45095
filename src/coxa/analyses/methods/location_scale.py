"""A mixed location scale model of the days in the window of each visit: level and variability by arm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from coxa.analyses.methods.method import Method, Telling, Words, options_of
from coxa.analyses.model_rows import check_arms_at
from coxa.analyses.rows import AnalysisRows
from coxa.errors import FitError
from coxa.estimates import Estimates
from coxa.models import LocationScaleFit, day_rows, fit_location_scale
from coxa.models.results.records import Sample
from coxa.models.results.run import AnyFit, ModelRun
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.location_scale import LocationScale
from coxa.study.wording import model_formula

MISSING = "Days that were not written: left out, taken as missing at random given the other days of the participant."
LEVEL = "level at the middle of the window, averaged over the participants"
SPREAD = "SD of the days of an average participant"

OF_ARMS = (("marginal_mean", "mean", LEVEL), ("within_person_sd", "within", SPREAD))
"""Kind of row of an arm, the part of the model that it is of, and what it is."""

COMPARED = (
    ("difference", "mean", f"difference in {LEVEL}"),
    ("within_person_sd_ratio", "within", f"ratio of the {SPREAD}"),
)
"""The same of a comparison."""


class LocationScaleMethod(Method):
    """One model of the days of each visit of the estimand."""

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[AnyFit]:
        """Yield the model of the days of each visit.

        Raises
        ------
        FitError
            An arm has no days, or the model cannot be fitted.
        """
        for visit in planned.visits:
            yield run_of(planned, dataset.analysed, visit)

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield level and SD of each arm, and what the arms differ by in both."""
        for run in fits:
            yield Estimates.of(rows_of(planned, run))

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called."""
        plan = options_of(planned, LocationScale)
        return Words(
            title="Mixed location scale model of the days of each visit",
            missing=MISSING,
            cites=("location_scale", "ml"),
            ddf=None if plan.ddf == "normal" else plan.ddf,
        )

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield the model, and what its numbers mean."""
        planned, plan = telling.planned, options_of(telling.planned, LocationScale)
        words, cite = planned.study.words, telling.cite
        for formula in telling.formulas():
            yield (
                f"The days behind {planned.variable} were analysed by a mixed location scale "
                f"model{cite('location_scale')}, fitted by maximum likelihood{cite('ml')} to the days in the window of "
                f"each visit. Level: {telling.terms(formula)}, with a random intercept of each participant."
            )
        by = "".join(f", {name}" for name in plan.variance)
        scale = ", with a normal effect of each participant that may go with the level" if plan.random_scale else ""
        yield (
            f"The logarithm of the variance within participants depends on {words.arm}{by}{scale}. The ratio of "
            "standard deviations is that of the days of an average participant; below 1, days are steadier."
        )
        if plan.trend != "none":
            yield "A straight line over the days of the window is part of the level, so that it is not variability."
        if plan.vcov == "CR0":
            yield "Standard errors are by a sandwich over participants, which holds where days correlate."
        elif plan.vcov == "model":
            yield "Correlation from one day to the next is not in the model."

    def assumption(self, planned: PlannedAnalysis) -> str | None:
        """Return what is assumed of days that were not written."""
        return (
            "a day that was not written is like the other days of its participant, given the model: it is missing at "
            "random"
        )


def options(planned: PlannedAnalysis) -> dict[str, Any]:
    """Return the options of the fit that a plan asks for, without formula and rows."""
    plan = options_of(planned, LocationScale)
    return {
        "within": plan.within,
        "between": "arm" if plan.between_by_arm else "1",
        "random_scale": plan.random_scale,
        "vcov": plan.vcov,
        "ddf": plan.ddf,
        "conf_level": plan.conf_level,
    }


def days_at(planned: PlannedAnalysis, rows: pd.DataFrame, visit: str) -> pd.DataFrame:
    """Return the days of a visit, one row each; raise FitError where an arm has none."""
    here = rows[rows["visit"] == visit]
    check_arms_at(planned, here, visit)
    days = day_rows(here)
    days = days.assign(arm=days["arm"].cat.remove_unused_categories())
    lost = [arm for arm in planned.arms if arm not in set(days["arm"].cat.categories)]
    if lost:
        raise FitError(f"no days of arm {', '.join(lost)} at {visit}", ["Look at the diary: `coxa check`."])
    return days


def run_of(planned: PlannedAnalysis, rows: pd.DataFrame, visit: str) -> ModelRun:
    """Return the model of the days of a visit, with the record of who was analysed."""
    days, formula = days_at(planned, rows, visit), model_formula(planned.study, planned.name)
    fit = fit_location_scale(formula, days, **options(planned))
    spec = replace(fit.spec, data=f"day_rows(data[data['visit'] == {visit!r}])")
    return ModelRun(
        formula=formula,
        spec=spec,
        sample=sample_of(fit, days, visit),
        model=fit,
        method="mixed location scale model",
        warnings=fit.warnings,
        ddf=fit.spec.ddf,
        vcov=fit.spec.vcov,
    )


def sample_of(fit: LocationScaleFit, days: pd.DataFrame, visit: str) -> Sample:
    """Return the days that were analysed, and those left out for a gap in a covariate."""
    used = days.index.isin(fit.designs["mean"].frame.index)
    lost = days.loc[~used, ["participant_id", "visit"]].reset_index(names="row")
    return Sample(
        participant_column="participant_id",
        visit_column="visit",
        participant=days.loc[used, "participant_id"].to_numpy(),
        visit=np.full(int(used.sum()), visit, dtype=object),
        visits=(visit,),
        left_out=lost.assign(reason="a covariate is missing"),
    )


def fit_of(run: AnyFit) -> LocationScaleFit:
    """Return the fit that a record of a model holds."""
    assert isinstance(run, ModelRun)
    fit = run.model
    assert isinstance(fit, LocationScaleFit)
    return fit


def rows_of(planned: PlannedAnalysis, run: AnyFit) -> Iterator[dict[str, Any]]:
    """Yield SD of each arm of a model, and the ratio between the compared arms; of an estimand of the level that too.

    Observations are counted as participants; the days are in the report's table of the model.
    """
    fit, (visit,) = fit_of(run), run.sample.visits
    people = pd.Series(run.sample.participant)
    arm_of_day = fit.designs["mean"].frame["arm"].astype(str).to_numpy()
    counted = people.groupby(arm_of_day).nunique()
    shared = {"visit": visit, "conf_level": fit.conf_level, "warning": "; ".join(run.warnings)}
    weights = {arm: weights_of(fit, arm) for arm in planned.arms}
    level_too = planned.of_means  # an estimand of the variability is not also one of the level
    for arm in planned.arms:
        own = {**shared, "arm": arm, "n_participants": int(counted[arm]), "n_observations": int(counted[arm])}
        for term, part, method in OF_ARMS if level_too else OF_ARMS[1:]:
            yield {**own, "term": term, "method": method, **number(fit, part, weights[arm][part])}
    for arm in planned.compare:
        both = [arm, planned.against]
        pair = {
            **shared,
            "arm": arm,
            "reference": planned.against,
            "n_participants": int(sum(counted[one] for one in both)),
            "n_observations": int(sum(counted[one] for one in both)),
        }
        for term, part, method in COMPARED if level_too else COMPARED[1:]:
            apart = weights[arm][part] - weights[planned.against][part]
            yield {**pair, "term": term, "method": method, **number(fit, part, apart, test=True)}


def weights_of(fit: LocationScaleFit, arm: str) -> Mapping[str, np.ndarray]:
    """Return the weights of the coefficients of mean and log variance with all participants in an arm, on average.

    Each participant counts once, with his or her own covariates, at the middle of the window.
    """
    found = {}
    for part, design in fit.designs.items():
        frame = design.frame
        if not len(frame.columns):
            found[part] = np.ones(1)
            continue
        once = frame.iloc[np.unique(fit.who, return_index=True)[1]]
        levels = frame["arm"].cat.categories if "arm" in frame else ()
        moved = once.assign(arm=pd.Categorical([arm] * len(once), levels)) if "arm" in frame else once
        moved = moved.assign(week=0.0) if "week" in frame else moved
        found[part] = design.rows(moved).mean(axis=0)
    return found


def number(fit: LocationScaleFit, part: str, weights: np.ndarray, *, test: bool = False) -> dict[str, float]:
    """Return estimate, error, limits and test of a sum of coefficients; of the log variance as an SD or a ratio."""
    at = np.flatnonzero(fit.coefficients["part"].to_numpy() == part)
    middle = float(weights @ fit.coefficients["estimate"].to_numpy(dtype=float)[at])
    error = float(np.sqrt(weights @ fit.covariance[np.ix_(at, at)] @ weights))
    half, statistic = fit.quantile(fit.conf_level) * error, middle / error
    found = {"df": fit.df if np.isfinite(fit.df) else np.nan}
    if test:
        found |= {"statistic": statistic, "p_value": 2 * float(stats.t.sf(abs(statistic), fit.df))}
    if part == "mean":
        return {**found, "estimate": middle, "std_error": error, "conf_low": middle - half, "conf_high": middle + half}
    ends = (middle, middle - half, middle + half)
    estimate, low, high = (float(np.exp(one / 2.0)) for one in ends)
    std_error = error / 2.0 if test else estimate * error / 2.0  # of a ratio that of its logarithm
    return {**found, "estimate": estimate, "std_error": std_error, "conf_low": low, "conf_high": high}


METHOD = LocationScaleMethod()
