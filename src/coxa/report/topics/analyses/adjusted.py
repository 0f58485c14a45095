"""Which p-values are adjusted for multiplicity: those of the comparisons that the estimand names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import get_args

import pandas as pd

from coxa.estimates.margins import MarginType
from coxa.estimates.table import COURSES
from coxa.sentences import join_words
from coxa.study.comparative import PlannedAnalysis
from coxa.study.words import SIMULTANEOUS
from coxa.tables.records import Record, records

MARK = "\N{DAGGER}"
"""Stands beside every adjusted p-value."""

FAMILY = re.compile(r"; p by \w+ over (\d+)")
"""What `coxa.estimates.adjust_multiplicity` adds to the method of a row."""


def is_adjusted(planned: PlannedAnalysis, record: Record) -> bool:
    """Return whether the p-value of a row of an analysis is adjusted for multiplicity."""
    method = planned.analysis.multiplicity
    in_family = record["visit"] in ("", *planned.visits) or method in SIMULTANEOUS
    return method != "none" and in_family and record["term"] in (planned.effect.term, *COURSES, *get_args(MarginType))


def p_mark(planned: PlannedAnalysis, record: Record) -> str:
    """Return the mark of a p-value."""
    return MARK if is_adjusted(planned, record) else ""


def family_words(planned: PlannedAnalysis, rows: pd.DataFrame) -> str:
    """Return "by the method of Holm over the 2 planned comparisons (Week 12)", or at each visit, with the limits."""
    plan = planned.analysis
    if plan.multiplicity in SIMULTANEOUS:
        return f"by the method of {plan.multiplicity.capitalize()} over the comparisons at each visit, limits too"
    marked = [record for record in records(rows) if is_adjusted(planned, record)]
    size = max((family_size(record) for record in marked), default=0) or len(marked)
    places = [planned.study.label("visits", visit) for visit in planned.visits]
    places += [f"{word} over the visits" for word in plan.courses]
    count = f"{size} planned comparisons" if size != 1 else "one planned comparison"
    return f"by the method of {plan.multiplicity.capitalize()} over the {count} ({join_words(places)})"


def families_words(parts: Iterable[tuple[PlannedAnalysis, pd.DataFrame]]) -> str:
    """Say of analyses and their rows in a table how p-values are adjusted, alike ones once; empty where none is."""
    named: dict[str, list[str]] = {}
    for planned, rows in parts:
        if any(is_adjusted(planned, record) for record in records(rows)):
            named.setdefault(family_words(planned, rows), []).append(planned.label)
    said = "; ".join(f"{join_words(labels)}: {words}" for words, labels in named.items())
    return f"P-value adjusted for multiplicity. {said}." if said else ""


def family_size(record: Record) -> int:
    """Return how many comparisons a p-value was adjusted over, 0 if it does not say; a table may show some of them."""
    found = FAMILY.search(str(record["method"]))
    return int(found.group(1)) if found else 0


def unadjusted_note(planned: PlannedAnalysis, rows: pd.DataFrame) -> str:
    """Say which p-values of an analysis are not adjusted although another analysis adjusts them; empty without any."""
    study, compared = planned.study, rows["term"].isin((planned.effect.term, *COURSES))
    shown = set(rows.loc[compared, "visit"]) - set(planned.visits)
    adjusted = {
        other.label: [visit for visit in other.visits if visit in shown]
        for other in study.planned_analyses
        if other.analysis.multiplicity != "none"
        and (other.outcome_name, other.response) == (planned.outcome_name, planned.response)
    }
    said = []
    for label, visits in adjusted.items():
        if visits:
            at = join_words([study.label("visits", visit) for visit in visits])
            said.append(
                f"P-values at {at} are not adjusted for multiplicity here; the adjusted ones are those of {label}."
            )
    return " ".join(said)


def adjusted_note(planned: PlannedAnalysis, rows: pd.DataFrame) -> str:
    """Say which p-values of a table are adjusted, how, and over what; empty where none is."""
    marked = [is_adjusted(planned, record) for record in records(rows)]
    if not any(marked):
        return ""
    said = f"P-value adjusted for multiplicity {family_words(planned, rows)}."
    return said if all(marked) else f"{said} The other p-values are not adjusted."
