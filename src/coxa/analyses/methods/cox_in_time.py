"""Hazard ratios in each part of follow-up: Cox's model with an effect of the arm that changes on planned days."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from coxa.analyses.methods.times import horizon, ratio_row, run_of, selected
from coxa.errors import FitError
from coxa.estimates.levels import chi_square_of_levels
from coxa.models import fit_cox, split_follow_up
from coxa.models.results.run import AnyFit
from coxa.models.survival.cox_fit import CoxFit
from coxa.models.survival.specs import CoxSpec
from coxa.models.survival.split import indicator, levels_of
from coxa.study.comparative import PlannedAnalysis

HAPPENED = ".assign(happened=lambda rows: rows['status'].eq(1).astype(int))"
"""How the rows of a call get a column of the event of the endpoint; other events end the time at risk."""

PART = "days"
"""Name of the parts of follow-up where a result says of which one it is."""


def days_of(planned: PlannedAnalysis, visit: str) -> list[float]:
    """Return the days of the plan at which a ratio up to a visit may change: those before the visit."""
    return [float(day) for day in planned.analysis.option("split_at", ()) if day < horizon(planned, visit)]


def parts_of(planned: PlannedAnalysis, visit: str) -> list[str]:
    """Return the parts of follow-up up to a visit as text: "0 to 91", "92 to 182"."""
    ends = [*days_of(planned, visit), horizon(planned, visit)]
    return [f"{start:g} to {end:g}" for start, end in zip([0.0, *(day + 1 for day in ends)], ends, strict=False)]


def spec_of(planned: PlannedAnalysis, visit: str, levels: list[str]) -> CoxSpec:
    """Return the model of the parts up to a visit, of arms that have rows."""
    analysis, days = planned.analysis, days_of(planned, visit)
    others = [level for level in levels if level != planned.against]
    terms = [indicator(level, k) for level in others for k in range(1, len(days) + 2)]
    cluster = analysis.option("cluster")
    return CoxSpec(
        formula=" + ".join([*terms, *analysis.terms(())[1:]]),
        time="time",
        event="happened",
        start="start",
        strata=analysis.option("strata") or None,
        cluster=cluster,
        ties=analysis.option("ties"),
        correction="leverage" if cluster else "none",
        data=f"split_follow_up({selected(visit, HAPPENED)}, at={days!r}, event='happened', arm='arm', "
        f"against={planned.against!r})",
    )


def call_in_time(planned: PlannedAnalysis, fit: AnyFit) -> str | None:
    """Return the call of the model of the parts; None where the plan asks for none up to this visit."""
    run = run_of(fit)
    visit = str(run.sample.visits[0])
    if not days_of(planned, visit) or not isinstance(run.model, CoxFit) or run.model.design is None:
        return None
    return spec_of(planned, visit, levels_of(run.model.design.frame["arm"])).call()


def in_time_rows(planned: PlannedAnalysis, rows: pd.DataFrame, visit: str) -> Iterator[dict[str, Any]]:
    """Yield the hazard ratio of each compared arm in each part of follow-up, and the test that they are alike.

    Where the model has no maximum, as in a part without an event in an arm, the rows say why and have no number.
    """
    days = days_of(planned, visit)
    if not days:
        return
    people = rows.assign(happened=rows["status"].eq(1).astype(int))
    split = split_follow_up(people, at=days, event="happened", arm="arm", against=planned.against)
    spec, parts = spec_of(planned, visit, levels_of(rows["arm"])), parts_of(planned, visit)
    level = planned.analysis.conf_level
    shared: dict[str, Any] = {"visit": visit, "conf_level": level}
    try:
        fit: CoxFit | None = _fitted(spec, split)
        why = ""
    except FitError as error:
        fit, why = None, error.message
    for arm in planned.compare:
        for k, part in enumerate(parts, start=1):
            here = split[(split["part"] == k) & split["arm"].astype(str).isin([arm, planned.against])]
            own: dict[str, Any] = {
                "term": "hazard_ratio",
                "arm": arm,
                "reference": planned.against,
                "analysis": f"{PART}={part}",
            }
            own |= {"n_participants": int(here["participant_id"].nunique()), "n_observations": len(here)}
            own |= {"method": f"Cox's model with a ratio in each part of follow-up; {here['happened'].sum():g} events"}
            if fit is None:
                yield {**shared, **own, "warning": f"no ratio in this part: {why}"}
                continue
            yield {**shared, **own, **ratio_row(fit, _unit(fit, [indicator(arm, k)]), level)}
    if fit is not None:
        yield {**shared, **_alike(planned, fit, len(parts)), "n_participants": len(rows)}


def _fitted(spec: CoxSpec, split: pd.DataFrame) -> CoxFit:
    options = {name: value for name, value in spec.options().items() if value is not None}
    return fit_cox(options.pop("formula"), split, **options)


def _unit(fit: CoxFit, names: list[str]) -> np.ndarray:
    return np.array([float(name in names) for name in fit.names])


def _alike(planned: PlannedAnalysis, fit: CoxFit, parts: int) -> dict[str, Any]:
    """Return Wald's test that the ratios of the parts are alike, in every comparison."""
    each = [[indicator(arm, k) for k in range(1, parts + 1)] for arm in planned.compare]
    weights = np.array([_unit(fit, [name]) for names in each for name in names])
    values = (weights @ fit.coef).reshape(len(each), parts)
    statistic, df, p_value = chi_square_of_levels(values, weights @ fit.vcov @ weights.T)
    method = f"ratios alike in all parts of follow-up, chi-square with {df} degrees of freedom"
    own = {"term": "joint_test", "analysis": f"{PART}=*", "method": method}
    return own | {"statistic": statistic, "df": float(df), "p_value": p_value}
