"""Values that can be: scores on their scale, numbers in their range, sessions that add up."""

from __future__ import annotations

import math
from collections.abc import Iterator

from coxa.episodes.checks.draft import Draft, RowFault
from coxa.episodes.columns import quoted
from coxa.study.audit.plan import AGE, COUNTS

OLDEST = 115
"""Years of age above which a day of birth is taken for a slip."""


def range_faults(draft: Draft) -> Iterator[RowFault]:
    """Yield what scores outside their scale are, and descriptors outside the range of the plan."""
    for outcome in draft.plan.outcomes:
        scale = draft.plan.scale(outcome)
        for name in (f"{outcome}_intake", f"{outcome}_discharge"):
            yield from _outside(draft, name, scale.low, scale.high, f" of {draft.plan.label('outcomes', outcome)}")
    for name, one in draft.plan.descriptors.items():
        if one.range is not None:
            yield from _outside(draft, name, *one.range, "")
    if draft.plan.age_from_birth and draft.has(AGE):
        rule = f"the day of birth gives an age that is not from 0 to {OLDEST} years"
        condition = f"{quoted(AGE)} < 0 OR {quoted(AGE)} > {OLDEST}"
        remedy = "Correct the day of birth at the source (day and month, century)."
        yield RowFault(f"({condition})", "error", rule, remedy, AGE, quoted(AGE), unused=(AGE,))
    for name in COUNTS:
        yield from _outside(draft, name, 0, math.inf, "")


def _outside(draft: Draft, name: str, low: float, high: float, of: str) -> Iterator[RowFault]:
    ends = [(f"{quoted(name)} < ", low), (f"{quoted(name)} > ", high)]
    beyond = [sign + draft.reading.bound.number(end) for sign, end in ends if math.isfinite(end)]
    if not beyond or not draft.has(name):
        return
    span = f"the range{of}, {low:g} to {high:g}" if math.isfinite(high) else f"the range, {low:g} or more"
    remedy = f"Correct it, or map it under `values: {{{name}: ...}}`. If it means missing, write it under `missing`."
    yield RowFault(f"({' OR '.join(beyond)})", "error", f"the value is outside {span}", remedy, name, quoted(name),
                   unused=(name,))  # fmt: skip
