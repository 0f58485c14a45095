"""Two runs of a report as a page: which numbers moved, by how much, and what can have moved them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from coxa.report.document import Block, Card, Document, Paragraph, Section, TableBlock
from coxa.report.trace.compare import compare_results
from coxa.report.trace.kept import Kept
from coxa.report.trace.results import ADDRESS
from coxa.study.locking.content import plan_changes, value_words
from coxa.study.parts import readable
from coxa.tables.cells import Cell, Statistic
from coxa.tables.formats import NONE, cell
from coxa.tables.records import Record, records
from coxa.tables.table import Column, Footnote, Row, RowGroup, Table

MOST = 300
"""Rows of the table; the numbers of the plan's analyses come first, and a note says how many are left out."""

UNCHANGED = "the same"

PLACE = ("estimand", "analysis", "term", "visit", "arm", "reference")
"""Where a number belongs, in the order of a `Statistic`."""

STATISTICS = {
    "conf_low": "lower limit",
    "conf_high": "upper limit",
    "std_error": "standard error",
    "df": "degrees of freedom",
    "p_value": "p",
}
"""What a statistic is called, where its name is an abbreviation."""


def moved_document(first: Kept, second: Kept, tolerance: float) -> Document:
    """Return what two runs differ in, as a document.

    Parameters
    ----------
    first, second
        What the two reports left beside themselves.
    tolerance
        Relative difference that is still the same number.

    Returns
    -------
    Document
        How many numbers moved, a table of them with both values and the difference, and what is not the same in the
        two runs: keys of the plan, data files, rows used by each model, model calls, versions.
    """
    differences = compare_results(first.results, second.results, tolerance)
    facts = (("First", _run(first)), ("Second", _run(second)))
    sections = (
        Section("not-the-same", "What is not the same", (Card("", tuple(_reasons(first, second))),)),
        Section("moved", "What moved", tuple(_moved(first, second, differences))),
    )
    kind = "an audit" if "audit" in second.provenance else "a report"
    named = second.provenance.get("study") or second.provenance["audit"]
    return Document(str(named), f"Comparison of two runs of {kind}", facts, sections)


def _run(kept: Kept) -> str:
    facts = kept.provenance
    return f"{kept.folder.name}, plan {facts['plan']['sha256'][:12]}, data {facts['data']['sha256'][:12]}"


def _moved(first: Kept, second: Kept, differences: pd.DataFrame) -> Iterator[Block]:
    compared = len(pd.concat([first.results, second.results])[list(ADDRESS)].astype(str).drop_duplicates())
    if differences.empty:
        yield Paragraph(f"None of {compared} numbers moved.", "lead")
        return
    yield Paragraph(f"{len(differences)} of {compared} numbers moved.", "lead")
    planned = differences["analysis"].isin(second.provenance["analyses"])
    ordered = pd.concat([differences[planned], differences[~planned]])
    yield TableBlock(_table(ordered, second.provenance["plan"]["content"]))


def _table(differences: pd.DataFrame, plan: Mapping[str, Any]) -> Table:
    groups: dict[str, list[Row]] = {}
    for record in records(differences.iloc[:MOST]):
        analysis = _label(plan, "analyses", str(record["analysis"])) or "Not of an analysis"
        groups.setdefault(analysis, []).append(Row(_name(plan, record), _cells(record)))
    left_out = len(differences) - MOST
    note = Footnote(f"{left_out} further numbers moved; `coxa compare` without a page lists all.")
    return Table(
        "moved-numbers",
        "Numbers that moved",
        "Number",
        (Column("First"), Column("Second"), Column("Difference")),
        tuple(RowGroup(name, tuple(rows)) for name, rows in groups.items()),
        (note,) if left_out > 0 else (),
    )


def _name(plan: Mapping[str, Any], record: Record) -> str:
    """Return "Week 12, Exercise against Usual care: difference, lower limit"."""
    arm, reference = (_label(plan, "arms", str(record[side])) for side in ("arm", "reference"))
    sides = f"{arm} against {reference}" if arm and reference else arm
    where = ", ".join(filter(None, (_label(plan, "visits", str(record["visit"])), sides)))
    statistic = STATISTICS.get(str(record["statistic"]), readable(str(record["statistic"])).lower())
    what = f"{readable(str(record['term'])).lower()}, {statistic}" if record["term"] else statistic
    return f"{where}: {what}" if where else what


def _label(plan: Mapping[str, Any], part: str, name: str) -> str:
    """Return what the plan calls a part of it; the name where it says nothing."""
    said = plan.get(part, {}).get(name)
    return str(said.get("label") or readable(name)) if isinstance(said, Mapping) else readable(name)


def _cells(record: Record) -> tuple[Cell, ...]:
    at = Statistic("", math.nan, *(str(record[name]) for name in PLACE))
    one, other = float(record["first"]), float(record["second"])
    values = {"first": one, "second": other, "difference": other - one}
    return tuple(cell("mean", {"mean": value}, at, 4) if pd.notna(value) else Cell(NONE) for value in values.values())


def _reasons(first: Kept, second: Kept) -> Iterator[tuple[str, str]]:
    """Yield what can have moved a number, with what it was and what it is."""
    before, after = first.provenance, second.provenance
    yield "Plan", _plan(before["plan"], after["plan"])
    files = sorted({*before["data"]["files"], *after["data"]["files"]})
    changed = [name for name in files if before["data"]["files"].get(name) != after["data"]["files"].get(name)]
    yield "Data files", f"changed: {', '.join(changed)}" if changed else UNCHANGED
    for name in dict.fromkeys((*before["models"], *after["models"])):
        yield from _model(name, before["models"].get(name), after["models"].get(name))
    for name in dict.fromkeys((*before["estimands"], *after["estimands"])):
        yield from _estimand(name, before["estimands"].get(name), after["estimands"].get(name))
    versions = [
        f"{name} {before['versions'].get(name, NONE)}, now {after['versions'].get(name, NONE)}"
        for name in sorted({*before["versions"], *after["versions"]})
        if before["versions"].get(name) != after["versions"].get(name)
    ]
    yield "Versions", "; ".join(versions) or UNCHANGED


def _plan(before: dict[str, Any], after: dict[str, Any]) -> str:
    """Say which keys of the plan changed."""
    changes = plan_changes(before["content"], after["content"])
    said = (f"{change.what}: {value_words(change.before)}, now {value_words(change.after)}" for change in changes)
    beside = UNCHANGED if before["sha256"] == after["sha256"] else "changed only in labels, comments or the like"
    return "; ".join(said) or beside


def _model(name: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Iterator[tuple[str, str]]:
    if before is None or after is None:
        yield f"Model of {name}", "only in the first run" if after is None else "only in the second run"
        return
    said = [
        f"{what} {before.get(key, NONE)}, now {after.get(key, NONE)}"
        for key, what in (("participants", "participants"), ("rows", "rows"), ("method", "method"), ("call", "call"))
        if before.get(key) != after.get(key)
    ]
    if said:
        yield f"Model of {name}", "; ".join(said)


def _estimand(name: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Iterator[tuple[str, str]]:
    if before is None or after is None:
        return
    keys = ("expected", "analysed", "empty")
    said = [f"{key} {before['values'][key]}, now {after['values'][key]}" for key in keys
            if before["values"][key] != after["values"][key]]  # fmt: skip
    if said:
        yield f"Values of {name}", "; ".join(said)
