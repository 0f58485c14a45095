"""Columns of after randomisation that the rows of an estimand need: doses, the arm received, and earlier outcomes."""

from __future__ import annotations

from typing import get_args

from coxa.study.comparative import ComparativeStudy
from coxa.study.words import Dose

ARM_RECEIVED = "arm_received"
"""Column of the arm whose treatment was given; that allocated where no other is recorded."""

DOSES: tuple[Dose, ...] = get_args(Dose)
"""Columns of what was taken of the supervised sessions."""


def earlier_column(outcome: str, visit: str) -> str:
    """Return the column of an outcome at a visit before that of the endpoint.

    Examples
    --------
    >>> earlier_column("fear", "week_6")
    'fear_at_week_6'
    """
    return f"{outcome}_at_{visit}"


def needs_doses(study: ComparativeStudy, estimand: str) -> bool:
    """Return whether an analysis of an estimand needs what was taken of the sessions."""
    return any(one.uses_doses for one in study.analyses.values() if one.estimand == estimand)


def needed_earlier(study: ComparativeStudy, estimand: str) -> tuple[tuple[str, str], ...]:
    """Return outcome and visit of what the analyses of an estimand need, each also at baseline."""
    asked = [pair for one in study.analyses.values() if one.estimand == estimand for pair in one.earlier]
    both = [(outcome, visit) for outcome, later in asked for visit in (later, study.baseline_visit)]
    return tuple(dict.fromkeys(both))
