"""Whose change is known, and who reaches something, as SQL over a row of episodes: the same in every measure."""

from __future__ import annotations

from typing import Literal

from coxa.episodes.columns import quoted
from coxa.study.audit.plan import AuditPlan

Kind = Literal["important", "acceptable", "worse"]
KINDS: tuple[Kind, ...] = ("important", "acceptable", "worse")

ROUNDING = 1e-9
"""How far a change may be below its threshold: 0.3 less 0.1 is not quite 0.2 in binary."""


def improvement_sql(plan: AuditPlan, outcome: str) -> str:
    """Return the improvement of an outcome, positive if better, as SQL; null where a value is missing.

    Examples
    --------
    >>> given = {"audit": "tiny", "title": "Tiny", "data": {"file": "episodes.csv"}}
    >>> plan = AuditPlan.model_validate(given | {"outcomes": {"pain": {"instrument": "nprs"}}})
    >>> improvement_sql(plan, "pain")
    '("pain_intake" - "pain_discharge")'
    """
    intake, discharge = quoted(f"{outcome}_intake"), quoted(f"{outcome}_discharge")
    first, second = (discharge, intake) if plan.scale(outcome).higher_is_better else (intake, discharge)
    return f"({first} - {second})"


def changed_sql(outcome: str) -> str:
    """Return whether the change of an outcome is known, in time and of an eligible episode, as SQL.

    Examples
    --------
    >>> changed_sql("pain")
    '(eligible AND due AND done AND "pain_intake" IS NOT NULL AND "pain_discharge" IS NOT NULL)'
    """
    intake, discharge = quoted(f"{outcome}_intake"), quoted(f"{outcome}_discharge")
    return f"(eligible AND due AND done AND {intake} IS NOT NULL AND {discharge} IS NOT NULL)"


def threshold_of(plan: AuditPlan, outcome: str, kind: Kind) -> float | None:
    """Return the number that is to be reached; None where the plan has none."""
    found = plan.threshold(outcome, "acceptable" if kind == "acceptable" else "important")
    return None if found is None else found.value


def kinds_of(plan: AuditPlan, outcome: str) -> tuple[Kind, ...]:
    """Return what can be reached: important and acceptable need a threshold; worse without one is worse at all."""
    return tuple(kind for kind in KINDS if kind == "worse" or threshold_of(plan, outcome, kind) is not None)


def reached_sql(plan: AuditPlan, outcome: str, kind: Kind) -> str:
    """Return whether an episode reaches something, among those whose change is known, as SQL.

    Examples
    --------
    >>> pain = {"instrument": "nprs", "important": {"value": 2, "source": "a paper"}}
    >>> given = {"audit": "tiny", "title": "Tiny", "data": {"file": "episodes.csv"}, "outcomes": {"pain": pain}}
    >>> reached_sql(AuditPlan.model_validate(given), "pain", "worse")
    '(("pain_intake" - "pain_discharge") <= -1.999999999)'
    """
    value, change = threshold_of(plan, outcome, kind), improvement_sql(plan, outcome)
    if kind == "important" and value is not None:
        return f"({change} >= {value - ROUNDING!r})"
    if kind == "acceptable" and value is not None:
        discharge = quoted(f"{outcome}_discharge")
        better = plan.scale(outcome).higher_is_better
        return f"({discharge} >= {value - ROUNDING!r})" if better else f"({discharge} <= {value + ROUNDING!r})"
    return f"({change} < 0)" if value is None else f"({change} <= {ROUNDING - value!r})"
