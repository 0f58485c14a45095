"""Values that an outcome of their kind cannot have: a half, a code between levels, a count that is a code."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.checks.ranges import MISSING_CODES
from coxa.cohort.row_findings import row_findings
from coxa.findings import Finding
from coxa.study.outcome import MeasuredOutcome, Outcome

NO_VALUE = "no value of its kind of outcome"
"""Reason of values that are left out."""

FAR_ABOVE = 3
"""A count that people write for a missing value is suspected where it is so many times the largest of the others."""


def values_of_kind(
    frame: pd.DataFrame, mine: pd.Series, name: str, outcome: MeasuredOutcome
) -> tuple[pd.Index, list[Finding]]:
    """Return which assessments of an outcome have a value that its kind cannot have, and what was found.

    Parameters
    ----------
    frame
        The assessments.
    mine
        Rows of the outcome whose values are in its range.
    name, outcome
        The outcome, as the plan has it.
    """
    if not isinstance(outcome, Outcome) or outcome.is_score:
        return frame.index[:0], []
    values = frame.loc[mine, "value"]
    if outcome.levels is not None:
        levels = ", ".join(f"{code} ({label})" for code, label in outcome.levels.items())
        broken = values.index[~values.isin(list(outcome.levels))]
        rule = f"`{name}` is not the code of a level"
        remedy = f"Correct it at the source or under `corrections`. Levels: {levels}."
    elif outcome.kind == "yes_no":
        broken = values.index[~values.isin([0, 1])]
        rule, remedy = f"`{name}` is neither 1 nor 0", "Correct it at the source or under `corrections`."
    else:
        broken = values.index[values % 1 != 0]
        rule = f"`{name}` is not a whole number"
        remedy = "Correct it, or write `kind: score` with a `range` if it is an average or a rate."
    findings = row_findings(
        frame,
        broken,
        severity="error",
        table="assessments",
        field=name,
        rule=rule,
        remedy=remedy,
        value=frame["value"],
        by_column=True,
    )
    if outcome.kind == "count":
        findings += _suspected(frame, values, name)
    return broken, findings


def _suspected(frame: pd.DataFrame, values: pd.Series, name: str) -> list[Finding]:
    """Return a warning of counts that are written for a missing value and far above all others."""
    codes = values[values.isin(MISSING_CODES)]
    others = values[~values.isin(MISSING_CODES) | (values < 10)]
    highest = others.max() if len(others) else 0
    far = codes.index[codes > max(FAR_ABOVE * highest, 10)]
    return row_findings(
        frame,
        far,
        severity="warning",
        table="assessments",
        field=name,
        rule=f"`{name}` is far above the other counts, of which the highest is {highest:g}, and looks like a code for "
        "missing",
        remedy=f"Write `missing: {{{name}: [...]}}` in its table if it means missing. If not, nothing: it is counted.",
        value=frame["value"],
        by_column=True,
    )
