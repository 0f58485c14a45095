"""What was found while reading an export, and what has changed in it, each said once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from coxa.findings import Finding, Findings
from coxa.importing.late_dates import DATA_CUT

NO_COLUMN = "no column "
"""How a fault of reading names the column of the file that it lacks."""

AFTER = re.compile(r"the date is after \d{4}-\d\d-\d\d, the data cut")
ADDED = re.compile(r"\badd `(.+?)` to ")
DAY = re.compile(r"\d{4}-\d\d-\d\d")


def settled(read: Findings, drifted: Findings) -> Findings:
    """Return what was found in an export, with the line of the plan where what has changed in it gives one.

    A column that is gone, and dates after the data cut, are faults of reading and changes of the export: the fault
    stays, with the remedy of the change. A spelling that reading has proposed to map is told of once.

    Parameters
    ----------
    read
        As `read_episodes` found it.
    drifted
        As `drift` found it for the same plan and export.

    Examples
    --------
    >>> fault = Finding("error", "episodes", "the file lacks the column", "Name it.", value="no column Site")
    >>> change = Finding("warning", "july.csv", "the column of `clinic` is not in the file", "If ...", field="Site")
    >>> [(each.severity, each.remedy) for each in settled(Findings((fault,)), Findings((change,)))]
    [('error', 'If ...')]
    """
    gone = {each.field: each for each in drifted if each.field and each.rule.endswith("is not in the file")}
    cut = next((each for each in drifted if each.field == DATA_CUT), None)
    change_of = {each: _change(each, gone, cut) for each in read}
    found = [_with_remedy(each, change_of[each]) for each in read]
    said = " ".join(each.remedy for each in read)
    return Findings.of((*found, *(each for each in drifted if each not in change_of.values() and not _in(each, said))))


def _in(change: Finding, said: str) -> bool:
    """Say whether what a change adds to the plan is in the remedies of faults already, as spellings are."""
    added = ADDED.search(change.remedy)
    return added is not None and added[1] in said


def _change(fault: Finding, gone: Mapping[str, Finding], cut: Finding | None) -> Finding | None:
    """Return the change of the export that a fault of reading is; None where it is none."""
    value = fault.value or ""
    if value.startswith(NO_COLUMN):
        return gone.get(value.removeprefix(NO_COLUMN))
    late = cut is not None and AFTER.match(fault.rule) is not None
    return cut if late and cut and all(day <= str(cut.value) for day in DAY.findall(value)) else None


def _with_remedy(fault: Finding, change: Finding | None) -> Finding:
    """Return a fault with the remedy of a change, unless that names no column that it could be."""
    if change is None or change.remedy.startswith("Export"):
        return fault
    return replace(fault, remedy=change.remedy)
