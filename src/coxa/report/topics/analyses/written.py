"""How comparisons and the numbers of arms are written, whatever the population-level summary of an estimand is."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import get_args

from coxa.estimates.margins import MarginType
from coxa.estimates.table import null_value
from coxa.report.topics.analyses.results import INTERVAL, estimate_cell
from coxa.study.comparative import PlannedAnalysis
from coxa.study.effects import EFFECTS, Effect, Scale
from coxa.tables.cells import Cell
from coxa.tables.phrases import sentence_case
from coxa.tables.records import Record

DRAWN = ("primary", "secondary")
"""Roles whose analyses are drawn; the others are in one figure with the primary one (`side_by_side`)."""

POINTS = {"estimate": "points", "limits": "points_limits", "estimate_interval": "points_interval"}
"""Rule for a number in units -> that for a difference in percentage points."""

PERCENT = {"estimate": "percent", "limits": "percent_limits", "estimate_interval": "percent_interval"}
"""Rule for a number in units -> that for the proportion of an arm."""

DECIMALS: dict[Scale, int] = {"ratio": 2, "probability": 2, "rate": 2, "days": 1}
"""Decimals of what has none of the outcome."""

ARMS: dict[str, Scale] = {"risk": "points", "rate": "rate", "restricted_mean": "days"}
"""Kind of row of an arm -> how it is written; others are in units of the outcome."""

NAMED = 2
"""Kinds of comparisons that the head of their column names; of more it says that they are comparisons."""

BY_TERM: dict[str, Effect] = {effect.term: effect for effect in EFFECTS.values()}
"""Kind of row of a comparison -> what it is."""

MARGINS: tuple[str, ...] = get_args(MarginType)
"""Kinds of rows that test the comparison of the estimand against a margin."""

IN_SUBGROUPS = ("subgroup_difference", "difference_between_subgroups")
"""Kinds of rows that are written as the comparisons of the estimand."""


def scale_of(planned: PlannedAnalysis, term: str) -> Scale:
    """Return how a kind of row is written; an adjusted mean as the number of an arm that it adjusts."""
    if term in BY_TERM:
        scale = BY_TERM[term].scale
        return "points" if scale == "units" and planned.kind == "binary" else scale
    if term in IN_SUBGROUPS or term in MARGINS:
        return planned.effect.scale
    if term == "marginal_mean":
        return ARMS.get(planned.effect.arms, "units")
    return ARMS.get(term, "units")


def written(planned: PlannedAnalysis, rule: str, record: Record, *names: str, mark: str = "") -> Cell:
    """Write numbers of a row of estimates, by a rule for numbers in units: as points, with the decimals of its kind.

    Parameters
    ----------
    planned
        The analysis, whose outcome has the decimals of means.
    rule
        estimate, limits or estimate_interval.
    record
        A row of estimates.
    *names
        The numbers that the rule has: all of an interval unless given.
    mark
        Put after it.
    """
    scale = scale_of(planned, record["term"])
    decimals = DECIMALS.get(scale, planned.decimals)
    if scale == "points":
        rule = (POINTS if record["reference"] else PERCENT)[rule]
    return estimate_cell(rule, record, *(names or INTERVAL), decimals=decimals, mark=mark)


def clear(record: Record) -> bool:
    """Return whether the interval of a comparison leaves out no difference: 0, or 1 for a ratio."""
    null = null_value(record["term"])
    return bool(record["conf_low"] > null or record["conf_high"] < null)


def better_side(planned: PlannedAnalysis, record: Record) -> str:
    """Return the arm that a comparison is in favour of, by its estimate."""
    above = record["estimate"] > null_value(record["term"])
    return str(record["arm"] if above == planned.higher_is_better else record["reference"])


def has_interval(record: Record) -> bool:
    """Return whether a comparison has an interval: there is none where its spread could not be estimated."""
    return not (math.isnan(record["conf_low"]) and math.isnan(record["conf_high"]))


def no_difference_words(effect: Effect) -> str:
    """Return the value of a comparison where arms do not differ: "zero", or "1" of a ratio."""
    return f"{effect.null:g}" if effect.null else "zero"


def conclusion(planned: PlannedAnalysis, record: Record) -> str:
    """Return what an interval says: in whose favour it is, or that it includes zero, or 1 of a ratio."""
    if not has_interval(record):
        return "the spread could not be estimated, so that nothing is shown"
    if not clear(record):
        return f"the interval includes {no_difference_words(planned.effect)}"
    study = planned.study
    return f"{study.words.favour} {study.label('arms', better_side(planned, record))}"


def compared_heading(analyses: Iterable[PlannedAnalysis]) -> str:
    """Return the head of the column of comparisons: "Difference (CI)", "Hazard ratio or difference (CI)"."""
    words = list(dict.fromkeys(compared_words(one) for one in analyses))
    return f"{sentence_case(' or '.join(words)) if len(words) <= NAMED else 'Comparison'} (CI)"


def compared_words(planned: PlannedAnalysis) -> str:
    """Return what a comparison is called below a heading that has its unit: "difference", or the name of a ratio."""
    return "difference" if planned.effect.scale in ("units", "points", "rate", "days") else planned.effect.words
