"""Responder status after the plan's rule, in the direction of improvement."""

from __future__ import annotations

import pandas as pd

from coxa.study.outcome import Responder

ROUNDING = 1e-9
"""Slack for decimal fractions, so that a change of 10 written as 64.3 - 54.3 counts as 10."""


def responder_status(rows: pd.DataFrame, rule: Responder, higher_is_better: bool) -> pd.Series:
    """Return 1.0 for a responder, 0.0 for none, missing where the measure is missing.

    Parameters
    ----------
    rows
        value, change and percent_change.
    rule
        Measure and the smallest improvement that counts (for `value` the mark to reach).
    higher_is_better
        Direction of the outcome.
    """
    sign = 1.0 if higher_is_better else -1.0
    mark = rule.at_least if rule.measure != "value" else sign * rule.at_least
    improvement = sign * rows[rule.measure].astype(float)
    return (improvement >= mark - ROUNDING).astype(float).where(improvement.notna())
