"""What analyses of events with days have in common: rows of a visit, records of models, and rows of results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from coxa.analyses.methods.method import Method
from coxa.analyses.model_rows import check_arms_at
from coxa.analyses.rows import AnalysisRows, at_visit
from coxa.estimates import Estimates
from coxa.estimates.levels import chi_square_of_levels, differences_between
from coxa.estimates.risk_rows import finite, with_test
from coxa.models.design.columns import materialised
from coxa.models.design.matrix import Design
from coxa.models.results.records import Sample
from coxa.models.results.run import AnyFit, ModelRun
from coxa.models.survival.cox_fit import CoxFit
from coxa.models.survival.grouped import GroupedFit
from coxa.models.survival.incidence import aalen_johansen, log_log_limits
from coxa.models.survival.kaplan_meier import kaplan_meier
from coxa.study.comparative import PlannedAnalysis
from coxa.study.wording import model_formula

EVENT = 1
"""Status of a participant with the event of the endpoint."""

COMPETING = 2
"""Status of a participant with an event that prevents it."""


class TimesMethod(Method):
    """A method with a model of the hazard up to each visit of the estimand, in which the arms may be compared."""

    term = "hazard_ratio"

    def run(self, planned: PlannedAnalysis, rows: pd.DataFrame, visit: str, subgroup: str | None) -> ModelRun:
        """Fit the model to the rows of a visit."""
        raise NotImplementedError

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[AnyFit]:
        """Yield a model up to each visit of the estimand."""
        for visit in planned.visits:
            yield self.run(planned, rows_at(planned, dataset, visit), visit, subgroup)

    def in_subgroup(self, planned: PlannedAnalysis, fit: AnyFit, subgroup: str) -> Estimates:
        """Return the ratios within the levels of a subgroup, ratios of these, and the test of the interaction."""
        return Estimates.of(subgroup_rows(planned, run_of(fit), subgroup))


def run_of(fit: AnyFit) -> ModelRun:
    """Return a model as the record of one that is not of means."""
    assert isinstance(fit, ModelRun)
    return fit


def rows_at(planned: PlannedAnalysis, dataset: AnalysisRows, visit: str) -> pd.DataFrame:
    """Return the analysed rows of a visit, each arm of the comparison having some."""
    rows = at_visit(dataset.analysed, visit)
    check_arms_at(planned, rows, visit)
    return rows


def terms_of(planned: PlannedAnalysis, subgroup: str | None = None) -> str:
    """Return the terms of the model, without the response."""
    return model_formula(planned.study, planned.name, subgroup).partition("~")[2].strip()


def selected(visit: str, then: str = "") -> str:
    """Return the expression that makes the rows of a visit of those of the estimand."""
    return f"data[data['visit'] == {visit!r}]{then}"


def recorded(planned: PlannedAnalysis, fit: Any, rows: pd.DataFrame, visit: str, data: str, method: str) -> ModelRun:
    """Return the record of a model that was fitted to rows of a visit."""
    used = fit.design.complete
    lost = rows[~used]
    reasons = dict(zip(fit.design.left_out["row"], fit.design.left_out["missing"], strict=True))
    left_out = pd.DataFrame(
        {
            "row": lost.index,
            "participant_id": lost["participant_id"].to_numpy(),
            "visit": visit,
            "reason": [f"no {reasons.get(row, 'value')}" for row in lost.index],
        }
    )
    who = rows.loc[used, "participant_id"].to_numpy()
    sample = Sample("participant_id", "visit", who, np.full(len(who), visit, dtype=object), (visit,), left_out)
    formula = f"{planned.response} ~ {fit.spec.formula}"
    return ModelRun(formula, replace(fit.spec, data=data), sample, fit, method, fit.warnings, ddf="normal")


def compared_rows(planned: PlannedAnalysis, run: ModelRun, term: str, **shared: Any) -> Iterator[dict[str, Any]]:
    """Yield the ratio of each compared arm against the comparator, with normal limits on the scale of the logarithm."""
    for row in ratios(planned, run.model, term):
        yield {
            **row,
            **counted(run, arm=(row["arm"], planned.against)),
            "visit": str(run.sample.visits[0]),
            "method": run.method,
            "warning": "; ".join(run.warnings),
            **shared,
        }


def ratios(planned: PlannedAnalysis, fit: CoxFit | GroupedFit, term: str) -> Iterator[dict[str, Any]]:
    """Yield the ratio of each compared arm against the comparator, with its limits and test."""
    design = fit.design
    assert design is not None
    for arm in planned.compare:
        weights = averaged(design, arm=arm) - averaged(design, arm=planned.against)
        own = {"term": term, "arm": arm, "reference": planned.against}
        yield ratio_row(fit, weights, planned.analysis.conf_level) | own


def averaged(design: Design, **levels: Any) -> np.ndarray:
    """Return the mean design row, without its intercept, where all analysed rows had some levels.

    Notes
    -----
    A difference of two such rows is a log hazard ratio; where the arm interacts with covariates, it is its mean over
    the analysed participants.
    """
    keep = [k for k, name in enumerate(design.names) if name != "Intercept"]
    if len(levels) == 1:
        ((name, level),) = levels.items()
        return np.asarray(design.rows_as(name, design.levels[name].index(level))[:, keep].mean(axis=0))
    fixed = {
        name: pd.Categorical.from_codes(
            np.full(len(design.frame), design.levels[name].index(level)), pd.Index(design.levels[name])
        )
        for name, level in levels.items()
    }
    return np.asarray(materialised(design.spec, design.frame.assign(**fixed))[:, keep].mean(axis=0))


def ratio_row(fit: CoxFit | GroupedFit, weights: np.ndarray, level: float) -> dict[str, Any]:
    """Return a ratio with its limits, the standard error of its logarithm, z and p."""
    value, se = float(weights @ fit.coef), float(np.sqrt(weights @ fit.vcov @ weights))
    df = fit.df(weights) if isinstance(fit, CoxFit) else np.inf
    return {**with_test(value, se, level, df, np.exp), "df": finite(df), "conf_level": level}


def counted(run: ModelRun, **levels: Sequence[Any]) -> dict[str, int]:
    """Return the analysed participants and rows of some levels."""
    frame = run.model.design.frame
    inside = np.logical_and.reduce([_is_one_of(frame[name], some) for name, some in levels.items()])
    people = pd.unique(run.sample.participant[inside])
    return {"n_participants": len(people), "n_observations": int(inside.sum())}


def _is_one_of(values: pd.Series, levels: Sequence[Any]) -> np.ndarray:
    """Return which values of a factor are some levels, compared as text."""
    wanted = set(map(str, levels))
    return np.isin(values.cat.codes, [k for k, level in enumerate(values.cat.categories) if str(level) in wanted])


def subgroup_rows(planned: PlannedAnalysis, run: ModelRun, subgroup: str) -> Iterator[dict[str, Any]]:
    """Yield ratios within the levels of a subgroup, ratios of these, and the chi-square test of the interaction."""
    design, fit, visit = run.model.design, run.model, str(run.sample.visits[0])
    groups = list(design.levels[subgroup])
    shared = {"visit": visit, "method": f"one model of all levels of {subgroup}; {run.method}"}
    shared["warning"] = "; ".join(run.warnings)
    level = planned.analysis.conf_level
    every = []
    for arm in planned.compare:
        pair = {**shared, "arm": arm, "reference": planned.against}
        weights = np.array(
            [
                averaged(design, arm=arm, **{subgroup: g}) - averaged(design, arm=planned.against, **{subgroup: g})
                for g in groups
            ]
        )
        for g, mine in zip(groups, weights, strict=True):
            row = ratio_row(fit, mine, level) | counted(run, arm=(arm, planned.against), **{subgroup: (g,)})
            yield {**row, **pair, "term": "subgroup_difference", "analysis": f"{subgroup}={g}"}
        values, covariance = weights @ fit.coef, weights @ fit.vcov @ weights.T
        found = differences_between(groups, values, covariance, ratio=True, conf_level=level)
        for two, (name, row) in zip(combinations(groups, 2), found, strict=True):
            behind = counted(run, arm=(arm, planned.against), **{subgroup: two})
            own = {"term": "difference_between_subgroups", "analysis": f"{subgroup}={name}"}
            yield {**row, **behind, **pair, **own}
        every.append(weights)
    rows = np.vstack(every)
    of_arms = (rows @ fit.coef).reshape(len(every), len(groups))
    statistic, df, p_value = chi_square_of_levels(of_arms, rows @ fit.vcov @ rows.T)
    yield {
        **shared,
        "analysis": f"{subgroup}=*",
        "term": "interaction_test",
        "statistic": statistic,
        "p_value": p_value,
        "n_participants": run.n_participants,
        "n_observations": run.n_observations,
        "method": f"{run.method}; chi-square of the interaction with {df} degrees of freedom",
    }


def risks(planned: PlannedAnalysis, rows: pd.DataFrame, visit: str) -> Iterator[dict[str, Any]]:
    """Yield the share with the event by a visit in each arm, by Kaplan-Meier or, with competing events, Aalen-Johansen.

    An arm in which no participant is followed until the visit has no number.
    """
    level, day = planned.analysis.conf_level, horizon(planned, visit)
    several = rows["status"].eq(COMPETING).any()
    name = "cumulative incidence (Aalen-Johansen)" if several else "Kaplan-Meier"
    for arm in planned.study.arm_order:
        mine = rows[rows["arm"] == arm]
        if mine.empty:
            continue
        share, se = share_at(mine["time"], mine["status"], day)
        z = float(norm.ppf((1 + level) / 2))
        low, high = (float(each[0]) for each in log_log_limits(np.array([share]), np.array([se]), z))
        yield {
            "term": "risk",
            "arm": arm,
            "visit": visit,
            "estimate": share,
            "std_error": se,
            "conf_low": low,
            "conf_high": high,
            "conf_level": level,
            "n_participants": len(mine),
            "n_observations": len(mine),
            "method": f"{name}; {int(mine['status'].eq(EVENT).sum())} events; limits on the scale of log(-log)",
            "warning": "" if np.isfinite(share) else f"no participant of {arm} is followed until {visit}",
        }


def share_at(time: pd.Series, status: pd.Series, day: float) -> tuple[float, float]:
    """Return the share with the event by a day, and its standard error."""
    if not status.eq(EVENT).any():
        reached = time.max() >= day or not status.eq(0).any()
        return (0.0 if reached else float("nan")), 0.0
    if status.eq(COMPETING).any():
        row = aalen_johansen(time, status.astype(int)).at([day], EVENT).iloc[0]
        return float(row["incidence"]), float(row["se"])
    row = kaplan_meier(time, status.eq(EVENT)).at([day]).iloc[0]
    return 1 - float(row["survival"]), float(row["se"])


def horizon(planned: PlannedAnalysis, visit: str) -> float:
    """Return the planned day of a visit, up to which events count."""
    return float(planned.study.visits[visit].day)


def tested_row(test: Any, visit: str, n: int, name: str) -> Mapping[str, Any]:
    """Return the row of a test of all arms together."""
    return {
        "term": "joint_test",
        "visit": visit,
        "df": float(test.df),
        "statistic": test.statistic,
        "p_value": test.p_value,
        "n_participants": n,
        "n_observations": n,
        "method": f"{name}, chi-square with {test.df} degrees of freedom",
    }


def until_words(planned: PlannedAnalysis) -> str:
    """Return up to when events count: "until Month 6 (day 182)"."""
    study = planned.study
    each = [f"{study.label('visits', visit)} (day {study.visits[visit].day})" for visit in planned.visits]
    return f"until {' and until '.join(each)}"
