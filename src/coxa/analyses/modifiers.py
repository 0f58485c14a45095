"""What modifies an effect, in a plan: differences over a number, and effects in subgroups after shrinkage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from coxa.analyses.methods import method_of
from coxa.analyses.rows import AnalysisRows, SimulatedRows
from coxa.causal import Curved, EffectOver, curved_modifier, effect_over, shrink_subgroups
from coxa.estimates import Estimates
from coxa.models import Fit
from coxa.study.comparative import PlannedAnalysis

KNOTS = 3
"""Of the spline of a modifier."""

SHRUNKEN = "posterior of a normal distribution of effects between subgroups, half-normal scale {0:g}"


def modifier_estimates(planned: PlannedAnalysis, dataset: AnalysisRows, modifier: str) -> Iterator[Estimates]:
    """Yield the differences between arms over a modifier of an analysis, with their tests.

    Raises
    ------
    FitError
        The model with the modifier cannot be fitted.
    """
    analysis = planned.analysis
    curved = curved_modifier(dataset.analysed, modifier, KNOTS)
    rows = SimulatedRows(curved.data, dataset.response)
    for fit in method_of(analysis).fits(planned, rows, curved.term):
        if isinstance(fit, Fit) and set(map(str, fit.sample.visits)) & set(planned.visits):
            found = effect_over(fit, curved, against=planned.against, conf_level=analysis.conf_level)
            yield Estimates.of(_rows(planned, fit, curved, found))


def _rows(planned: PlannedAnalysis, fit: Fit, curved: Curved, found: EffectOver) -> Iterator[dict[str, Any]]:
    """Yield each value of a curve, with its limits and with its band, and both tests."""
    shared = {
        "outcome": fit.outcome,
        "n_participants": fit.n_participants,
        "n_observations": fit.n_observations,
        "warning": "; ".join(fit.warnings),
    }
    knots = ", ".join(f"{knot:g}" for knot in curved.knots)
    method = f"one model with a restricted cubic spline of {curved.modifier}, knots {knots}; {fit.method}"
    for row in _asked(planned, found.table):
        named = {name: row[name] for name in ("visit", "arm", "reference", "estimate", "std_error", "df")}
        named |= {"analysis": f"{curved.modifier}={row['value']:g}", "conf_level": found.conf_level, **shared}
        limits = {"conf_low": row["conf_low"], "conf_high": row["conf_high"]}
        yield {**named, **limits, "term": "difference_at_value", "method": method}
        band = {"conf_low": row["band_low"], "conf_high": row["band_high"]}
        yield {**named, **band, "term": "band_at_value", "method": f"{method}; limits for all values together"}
    for row in _asked(planned, found.tests):
        named = {name: row[name] for name in ("visit", "arm", "reference")}
        named |= {"analysis": f"{curved.modifier}=*", **shared}
        for term, test in (("modifier_test", "modified"), ("curvature_test", "curved")):
            numbers = {"statistic": row[f"{test}_f"], "df": row[f"{test}_df"], "p_value": row[f"{test}_p"]}
            yield {**named, **numbers, "term": term, "method": f"{method}; F test"}


def _asked(planned: PlannedAnalysis, table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of the arms and visits that the estimand names."""
    mine = table[table["arm"].isin(planned.compare) & table["visit"].isin(planned.visits)]
    return [{str(name): value for name, value in row.items()} for row in mine.to_dict("records")]


def shrunken_estimates(planned: PlannedAnalysis, subgroups: Estimates) -> Estimates:
    """Return the differences in the levels of a subgroup after shrinkage, as the plan asks; none where it does not."""
    scale = planned.analysis.option("shrink_subgroups")
    frame = subgroups.frame
    inside = frame[frame["term"] == "subgroup_difference"]
    if scale is None or len(inside) < 2:
        return Estimates(frame.iloc[:0])
    rows: list[dict[str, Any]] = []
    for _, part in inside.groupby(["arm", "visit"], sort=False):
        found = shrink_subgroups(
            part["estimate"], part["std_error"], scale=scale, conf_level=planned.analysis.conf_level
        ).table
        for (_, own), shrunken in zip(part.iterrows(), found.to_dict("records"), strict=True):
            kept = {str(name): value for name, value in own.items() if name not in ("df", "statistic", "p_value")}
            numbers = {name: shrunken[name] for name in ("conf_low", "conf_high")}
            numbers |= {"estimate": shrunken["shrunken"], "std_error": shrunken["sd"]}
            rows.append({**kept, **numbers, "term": "shrunken_difference", "method": SHRUNKEN.format(scale)})
    return Estimates.of(rows)
