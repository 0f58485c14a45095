"""Which p-values are adjusted for multiplicity: those of the comparisons that the estimand names."""

from __future__ import annotations

import pandas as pd

from coxa.estimates.table import COMPARISONS
from coxa.study import Study
from coxa.study.wording import join_words
from coxa.study.words import SIMULTANEOUS
from coxa.tables.records import Record, records

MARK = "\N{DAGGER}"
"""Stands beside every adjusted p-value."""


def is_adjusted(study: Study, record: Record) -> bool:
    """Say whether the p-value of a row of estimates is adjusted for multiplicity."""
    plan = study.analyses[record["analysis"]]
    planned = record["visit"] in ("", *study.estimands[plan.estimand].endpoint.visit)
    in_family = planned or plan.multiplicity in SIMULTANEOUS
    return plan.multiplicity != "none" and in_family and record["term"] in COMPARISONS


def p_mark(study: Study, record: Record) -> str:
    """Return the mark of a p-value."""
    return MARK if is_adjusted(study, record) else ""


def family_words(study: Study, analysis: str, rows: pd.DataFrame) -> str:
    """Return "by the method of Holm over the 2 planned comparisons (Week 12)", or at each visit, with the limits."""
    plan = study.analyses[analysis]
    if plan.multiplicity in SIMULTANEOUS:
        return f"by the method of {plan.multiplicity.capitalize()} over the comparisons at each visit, limits too"
    family = [record for record in records(rows) if is_adjusted(study, record)]
    visits = [study.label("visits", visit) for visit in study.estimands[plan.estimand].endpoint.visit]
    count = f"{len(family)} planned comparisons" if len(family) != 1 else "one planned comparison"
    return f"by the method of {plan.multiplicity.capitalize()} over the {count} ({join_words(visits)})"


def adjusted_note(study: Study, analysis: str, rows: pd.DataFrame) -> str:
    """Say which p-values of a table are adjusted, how, and over what; empty where none is."""
    marked = [is_adjusted(study, record) for record in records(rows)]
    if not any(marked):
        return ""
    said = f"P-value adjusted for multiplicity {family_words(study, analysis, rows)}."
    return said if all(marked) else f"{said} The other p-values are not adjusted."
