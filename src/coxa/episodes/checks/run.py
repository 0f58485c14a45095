"""Run every check: rows by themselves in one pass, then rows together, then the episodes that are left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from coxa.episodes.checks.attendance import attendance_faults
from coxa.episodes.checks.clinics import clinic_faults
from coxa.episodes.checks.dates import late_faults, order_faults
from coxa.episodes.checks.draft import Draft, RowFault
from coxa.episodes.checks.duplicates import (
    COPIES,
    GOES_ON,
    check_duplicates,
    joined_transfers,
    left_out_sql,
    repeated_keys,
)
from coxa.episodes.checks.keys import check_keys, key_faults
from coxa.episodes.checks.period import period_faults
from coxa.episodes.checks.ranges import range_faults
from coxa.episodes.checks.repeats import LATER, NOT_FIRST, check_overlaps
from coxa.episodes.checks.spellings import check_spellings
from coxa.episodes.checks.structure import check_structure
from coxa.episodes.columns import column_types, quoted
from coxa.findings import Finding

BY_ROW: tuple[Callable[[Draft], Iterable[RowFault]], ...] = (
    key_faults,
    late_faults,
    period_faults,
    order_faults,
    range_faults,
    attendance_faults,
    clinic_faults,
)
"""Checks of a row by itself; the first reason for which a row is left out is its reason."""

OF_ALL: tuple[Callable[[Draft], Iterable[Finding]], ...] = (
    check_keys,
    check_overlaps,
    check_spellings,
    check_structure,
)
"""Checks of the episodes that are kept."""


def check_rows(draft: Draft) -> tuple[Draft, list[Finding]]:
    """Return the rows with what then is empty, and `why` they are left out; and the findings."""
    faults = [fault for check in BY_ROW for fault in check(draft)]
    sums = ", ".join(f"COUNT(*) FILTER (WHERE {fault.condition}) AS n{k}" for k, fault in enumerate(faults))
    counts = draft.frame(f"SELECT {sums} FROM {{rows}}").iloc[0]
    there = [(fault, int(n)) for fault, n in zip(faults, counts, strict=True) if n]
    findings = [finding for fault, n in there if fault.severity for finding in draft.rows(fault.condition, n, fault)]
    return replace(draft, relation=_without(draft, [fault for fault, _ in there])), findings


def _without(draft: Draft, faults: list[RowFault]) -> str:
    """Return the relation in which faulty values are empty, and rows have a reason why they are left out."""
    chosen = []
    for name in column_types(draft.plan):
        wrong = " OR ".join(f"COALESCE({fault.condition}, FALSE)" for fault in faults if name in fault.unused)
        chosen.append(
            f"CASE WHEN {wrong} THEN NULL ELSE {quoted(name)} END AS {quoted(name)}" if wrong else quoted(name)
        )
    bound = draft.reading.bound
    cases = " ".join(f"WHEN {fault.condition} THEN {bound.text(fault.reason)}" for fault in faults if fault.reason)
    why = f"CASE {cases} END" if cases else "CAST(NULL AS VARCHAR)"
    return f"SELECT {', '.join(chosen)}, {why} AS why FROM ({draft.relation}) AS r"


def check_together(draft: Draft) -> tuple[Draft, list[Finding]]:
    """Return the rows with the reasons that other rows give to leave them out, and the findings.

    A row of each episode stays, and of each patient, where the plan asks for it, an episode.
    """
    findings: list[Finding] = []
    columns = ", ".join(map(quoted, column_types(draft.plan)))
    if repeated_keys(draft):
        copies = replace(draft, relation=COPIES.format(rows=draft.relation))
        found = list(check_duplicates(copies))
        findings += found
        relation, changed = copies.relation, dict[str, str]()
        if any(each.rule.startswith(GOES_ON) for each in found):
            relation, changed = joined_transfers(draft.plan, relation)
        chosen = ", ".join(f"{changed.get(name, quoted(name))} AS {quoted(name)}" for name in column_types(draft.plan))
        why = f"CASE WHEN why IS NULL AND coxa_copy > 1 THEN {left_out_sql(draft.plan)} ELSE why END"
        draft = replace(draft, relation=f"SELECT {chosen}, {why} AS why FROM ({relation}) AS r")
    if draft.plan.repeats == "first":
        later = LATER.format(rows=draft.relation)
        why = f"CASE WHEN why IS NULL AND coxa_nth > 1 THEN '{NOT_FIRST}' ELSE why END"
        draft = replace(draft, relation=f"SELECT {columns}, {why} AS why FROM ({later}) AS r")
    return draft, findings


def check_all(draft: Draft) -> Iterator[Finding]:
    """Yield the findings about the episodes that are kept; `draft.relation` has them."""
    for check in OF_ALL:
        yield from check(draft)
