"""Whether an export is still as its plan says: the next month's file against the plan of this month's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coxa.cards import counted
from coxa.cohort.readers.raw import ReadOptions
from coxa.episodes.fields import named_columns
from coxa.episodes.sources import SCANNED
from coxa.episodes.whole import NotRead
from coxa.errors import nearest
from coxa.findings import Finding, Findings
from coxa.importing.audit.births import is_birth
from coxa.importing.databases import table_of_source
from coxa.importing.files import read_tables, table_as_planned
from coxa.importing.late_dates import late_dates
from coxa.importing.profile import ColumnProfile, profile_table
from coxa.importing.roles import agrees, described, fit, is_personal, keys_of, roles_by_name
from coxa.importing.tables import FileTable
from coxa.importing.words import head_key, heads, value_key
from coxa.study.audit.lines import column_clause, key_clause, sentence, value_clause
from coxa.study.audit.plan import BIRTH_DATE, CLINIC, DATES, THERAPIST, AuditPlan
from coxa.study.source import code_text

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Export:
    """An export as the plan reads it.

    table    : the table
    profiles : column of the file -> what it is
    used     : coxa's column -> column of the file, for those that are there
    before   : column of the file of the plan -> what it was; empty where that file is not there, or is this one
    """

    plan: AuditPlan
    table: FileTable
    profiles: Mapping[str, ColumnProfile]
    used: Mapping[str, str]
    before: Mapping[str, ColumnProfile]

    @property
    def place(self) -> str:
        """The file."""
        return self.table.place

    def finding(
        self, rule: str, remedy: str, column: str | None = None, value: str | None = None, n: int = 1
    ) -> Finding:
        """Return a warning about the export."""
        return Finding("warning", self.place, rule, remedy, field=column, value=value, n_rows=n)


def drift(plan: AuditPlan, data: str | Path | None = None) -> Findings:
    """Compare an export with its plan: columns, dates, words and rows that the plan does not know.

    Parameters
    ----------
    plan
        The plan of an audit, as it was made for an earlier export.
    data
        The new export; the file of the plan unless given. Columns, clinics and therapists that were not in the file of
        the plan are found where that file is still there.

    Returns
    -------
    Findings
        Each with the line of the plan that would take it in. Nothing is changed.

    Examples
    --------
    >>> source = {"file": "june.csv", "scores": {"pain": {"intake": "NPRS start", "discharge": "NPRS end"}}}
    >>> source["columns"] = {"patient": "Pat", "intake_date": "From", "discharge_date": "Until"}
    >>> parts = {"audit": "tiny", "title": "Tiny", "data": source, "outcomes": {"pain": {"instrument": "nprs"}}}
    >>> lines = ["Pat,From,Until,NPRS start,NPRS end", "01,25/02/2025,2025-03-07,7,n/a"]
    >>> _ = Path("july.csv").write_text(chr(10).join(lines), encoding="utf-8")
    >>> for each in drift(AuditPlan.model_validate(parts), "july.csv"):
    ...     print(each.field, each.remedy)
    From Write `date_format: ["%d/%m/%Y"]` under `data`.
    NPRS end Write `missing: ["n/a"]` under `data`, if it means that there is no value.
    """
    path = Path(data) if data is not None else _own_file(plan)
    try:
        table, header = _read(plan, path)
    except NotRead as error:
        return Findings(error.findings)
    if table is None:
        return Findings.of(_header_finding(plan, path, header))
    profiles = {one.column: one for one in profile_table(table)}
    named = {**{name: name for name in plan.columns}, **named_columns(plan)}
    used = {name: column for name, column in named.items() if column in profiles}
    export = Export(plan, table, profiles, used, _before(plan, path))
    parts = (_missing_columns, _new_columns, _dates, _marks, _words, _levels, _labels, _rows)
    late = late_dates(plan, path, _of(export, _days(plan)))
    return Findings.of((*(finding for part in parts for finding in part(export)), *late))


def _own_file(plan: AuditPlan) -> Path | None:
    if plan.data.file is None:
        return None
    return Path(plan.origin.folder if plan.origin else ".") / plan.data.folder / plan.data.file


def _read(plan: AuditPlan, path: Path | None) -> tuple[FileTable | None, tuple[int, ...] | None]:
    """Return an export as the plan reads it; where its header is elsewhere, the rows that look like it."""
    rows = plan.data
    if path is None or path.suffix.lower() in SCANNED:
        return table_of_source(rows, path), None
    options = ReadOptions(rows.sheet, rows.encoding, rows.delimiter, rows.decimal, rows.header_row, rows.max_cells)
    table, header = table_as_planned(path, options)
    if table is not None and rows.header_row and not set(named_columns(plan).values()) & set(table.frame.columns):
        found = read_tables([path]).tables
        return None, found[0].header_row or (1,) if found else None
    return table, header


def _header_finding(plan: AuditPlan, path: Path | None, header: tuple[int, ...] | None) -> Iterator[Finding]:
    name = path.name if path else "database"
    if header is None:
        yield Finding("error", name, "the file cannot be read as the plan says", "Compare it with the file before.")
        return
    line = sentence(key_clause(plan, ("data", "header_row"), list(header) if len(header) > 1 else header[0]))
    rule = "the rows that the plan names do not name the columns"
    yield Finding("warning", name, rule, f"{line}.", field="header_row")


def _before(plan: AuditPlan, path: Path | None) -> dict[str, ColumnProfile]:
    """Return the columns of the plan's own file, where it is another one and still there."""
    own = _own_file(plan)
    if own is None or path is None or not own.is_file() or own.resolve() == path.resolve():
        return {}
    try:
        table, _ = _read(plan, own)
    except NotRead:
        return {}
    return {one.column: one for one in profile_table(table)} if table is not None else {}


def _missing_columns(export: Export) -> Iterator[Finding]:
    """Yield columns of the plan that the export does not have, with the one that could be it."""
    for name, column, hint in _gone(export):
        clause = column_clause(export.plan, name, hint) if hint else ""
        remedy = f"If it is called {hint} now, {clause}." if hint else "Export it again."
        yield export.finding(f"the column of `{name}` is not in the file", remedy, column)


def _gone(export: Export) -> Iterator[tuple[str, str, str]]:
    """Yield coxa's column, the file's column that is gone, and the one that it could be, or nothing."""
    for name, column in named_columns(export.plan).items():
        if column in export.profiles:
            continue
        free = [one for one in export.profiles.values() if one.column not in export.used.values()]
        same = [one.column for one in free if head_key(one.column) == head_key(column)]
        meant = [one.column for one in free if name in roles_by_name(one) and agrees(one, name)]
        meant += [one.column for one in free if name == BIRTH_DATE and is_birth(one)]
        yield name, column, (same or meant or [nearest(column, [one.column for one in free]) or ""])[0]


def _new_columns(export: Export) -> Iterator[Finding]:
    """Yield columns that the file before did not have; without it, those that a role of the audit fits."""
    used = {*export.used.values(), *(hint for _, _, hint in _gone(export))}
    for one in export.profiles.values():
        if one.column in used or (export.before and one.column in export.before):
            continue
        roles = [role for role in roles_by_name(one) if role not in export.used and agrees(one, role)]
        if not roles and not export.before:
            continue
        clause = f"{sentence(column_clause(export.plan, roles[0], one.column))}, if it is that." if roles else ""
        new = "is new" if export.before else "is not used, and could be"
        what = "its values identify people" if is_personal(one) else described(one)
        rule = f"the column {new}{'' if export.before else ' ' + roles[0]}: {what}"
        yield export.finding(rule, clause or _as_descriptor(one), one.column)


def _as_descriptor(one: ColumnProfile) -> str:
    for words in heads().descriptors:
        if any(key in words.heads for key in keys_of(one)):
            return f"Write it under `descriptors` as `{words.name}`, to adjust for it."
    return "Nothing needs to be done if it is not wanted."


def _dates(export: Export) -> Iterator[Finding]:
    """Yield dates in formats that the plan does not name."""
    known = tuple(export.plan.data.date_format or ("%Y-%m-%d",))
    for one in _of(export, (*_days(export.plan), BIRTH_DATE)):
        new = [shape for shape in one.date_formats if shape not in known]
        open_pairs = [pair for pair in one.ambiguous if not set(pair) & set(known)]
        if new:
            kept = list(export.plan.data.date_format or ())
            iso = ["%Y-%m-%d"] if not kept and "%Y-%m-%d" in one.date_formats else []
            line = _of_data(export, "date_format", [*kept, *iso, *new])
            rule = f"dates are written in {counted(len(new), 'format')} that the plan does not name"
            yield export.finding(rule, f"{line}.", one.column, ", ".join(new))
        for pair in open_pairs:
            rule = "the day or the month could come first in dates, and the plan does not say it"
            line = _of_data(export, "date_format", [pair[0]])
            remedy = f'{line}, or the same with "{pair[1]}" if the month comes first.'
            yield export.finding(rule, remedy, one.column, ", ".join(one.ambiguous_values))


def _days(plan: AuditPlan) -> tuple[str, ...]:
    return (*DATES, *(f"{name}_date" for name in plan.outcomes))


def _of_data(export: Export, key: str, value: Any) -> str:
    """Return the sentence that gives a key under `data` a value, without its full stop."""
    return sentence(key_clause(export.plan, ("data", key), value))


def _of(export: Export, names: tuple[str, ...]) -> Iterator[ColumnProfile]:
    return (export.profiles[export.used[name]] for name in dict.fromkeys(names) if name in export.used)


def _marks(export: Export) -> Iterator[Finding]:
    """Yield a decimal mark that is another than that of the plan."""
    found, known = export.table.decimal, export.plan.data.decimal
    if found and known and found != known:
        rule = f"numbers have the decimal mark {found}, and the plan names {known}"
        yield export.finding(rule, f"{_of_data(export, 'decimal', found)}.", None, found)


def _words(export: Export) -> Iterator[Finding]:
    """Yield words and codes that usually mean missing, and that the plan does not list."""
    plan = export.plan
    known = set(map(code_text, plan.data.missing))
    for name, column in export.used.items():
        one = export.profiles[column]
        mapped = set(map(code_text, plan.data.values.get(name, {})))
        words = {text: n for text, n in one.missing.items() if text not in one.coded}
        outcome = next((each for each in plan.outcomes if name in (f"{each}_intake", f"{each}_discharge")), None)
        if outcome and one.kind == "number":
            scale = plan.scale(outcome)
            words |= fit(one, scale.low, scale.high).codes
        new = {text: n for text, n in words.items() if text not in known | mapped}
        if new:
            line = _of_data(export, "missing", [*plan.data.missing, *new])
            rule = f"{counted(len(new), 'word')} or code that often means missing is not in the plan"
            remedy = f"{line}, if it means that there is no value."
            yield export.finding(rule, remedy, column, ", ".join(new), sum(new.values()))


def _levels(export: Export) -> Iterator[Finding]:
    """Yield levels of descriptors that the plan does not have."""
    missing = set(map(code_text, export.plan.data.missing))
    for name, part in export.plan.descriptors.items():
        if name not in export.used or part.type != "category":
            continue
        one = export.profiles[export.used[name]]
        labels = part.level_labels()
        known = {*labels, *labels.values(), *map(code_text, export.plan.data.values.get(name, {})), *missing}
        new = {text: n for text, n in one.values.items() if text not in known and one.labels.get(text) not in known}
        for text, n in list(new.items())[:SHOWN]:
            meant = _level_of(name, text, labels)
            clause = sentence(value_clause(export.plan, name, {text: meant}))
            remedy = f"{clause}, or add it to the `levels` of `{name}`."
            yield export.finding(f"`{name}` has a value that is no level of the plan", remedy, one.column, text, n)


def _level_of(name: str, text: str, labels: Iterable[str]) -> str:
    """Return the level that a value is a word for, `...` where it is none that is known."""
    key = value_key(text)
    words = next((each.levels for each in heads().descriptors if each.name == name), None) or {}
    known = [level for level in labels if value_key(level) == key or key in words.get(level, ())]
    return known[0] if known else "..."


def _labels(export: Export) -> Iterator[Finding]:
    """Yield clinics and therapists that the file before did not have, with the one that they may be."""
    for name in (CLINIC, THERAPIST):
        column = export.used.get(name, "")
        if column not in export.before:
            continue
        known = {*export.before[column].values, *map(code_text, export.plan.data.values.get(name, {}))}
        one = export.profiles[column]
        same = {other: group[0] for group in one.alike for other in group[1:]}
        for text in [text for text in one.values if text not in known][:SHOWN]:
            meant = same.get(text) or nearest(text, known) or ""
            also = (
                f"If it is {meant}, {value_clause(export.plan, name, {text: meant})}."
                if meant
                else "Nothing needs to be done."
            )
            yield export.finding(f"`{name}` has a name that was not there before", also, column, text, one.values[text])


def _rows(export: Export) -> Iterator[Finding]:
    """Yield rows that are totals and are not excluded, and excluded rows that are no totals."""
    planned, found = set(export.plan.data.exclude_rows), dict(export.table.left_out)
    used = sorted(planned & set(map(int, export.table.source_row)))
    new = {row: why for row, why in found.items() if row not in planned}
    line = f"{_of_data(export, 'exclude_rows', sorted(found))}."
    listed = ", ".join(map(str, used))
    if new:
        reasons = ", ".join(f"row {row} is {why}" for row, why in new.items())
        also = f", and it excludes rows that hold data: {listed}" if used else ""
        yield export.finding(f"rows of the file are no data, and the plan uses them ({reasons}){also}", line)
    elif used and export.before:
        yield export.finding(
            "the plan excludes rows that hold data in this file", line, "exclude_rows", listed, len(used)
        )
