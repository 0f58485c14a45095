"""What a row of episodes, or of sessions, is read as: its fields, and the columns of the source that they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from coxa.cohort.cohort import SourceFile
from coxa.cohort.contracts import Contract
from coxa.cohort.dictionary import Field
from coxa.cohort.mapping.columns import Origin, Resolved, resolve
from coxa.cohort.mapping.missing import MissingCodes
from coxa.cohort.readers.raw import RawFile, Sheet
from coxa.findings import Finding
from coxa.study.audit.plan import AGE, BIRTH_DATE, CLINIC, CONDITION, COUNTS, DATES, FLAGS, TEXTS, THERAPIST, AuditPlan
from coxa.study.audit.source import RowsSource
from coxa.study.source import TableSource, code_text

EPISODES, SESSIONS = "episodes", "sessions"

IDS = ("patient", "episode", CLINIC, THERAPIST)
"""Fields to which only words for missing apply, never a number such as -9."""

IN_PLAN = "plan"
"""Source of a field that the plan asks for, so that a file without it is a fault."""

NO_NUMBER = "Correct it at the source: a number and nothing else."

SCORE_COLUMN = re.compile(r"columns: \{(\w+)_(intake|discharge|date): \.\.\.\}")

WORDS = {
    ", or map birth_date and randomisation_date, from which it is computed.": (
        ", or the day of birth as `birth_date`, from which it is worked out."
    ),
    " in its table": " under `data`",
    "under `data` or  under `data`": "under `data`",
    "under `data` or under `data`": "under `data`",
    "at the source or under `corrections`": "at the source or under `values`",
    "under `corrections`": "under `values`",
}
"""Words of a trial's plan -> those of an audit."""


def contract(plan: AuditPlan) -> Contract:
    """Return the fields of an episode; those that the audit cannot do without are asked for by the plan."""
    needed = {"intake_date", *(("discharge_date",) if plan.follow_up.after == "discharge" else ())}
    kinds = dict.fromkeys(TEXTS, "id") | {CONDITION: "text"}
    kinds |= dict.fromkeys(DATES, "date") | dict.fromkeys(COUNTS, "integer") | dict.fromkeys(FLAGS, "boolean")
    fields = {name: _field(name, kind, asked=name in needed) for name, kind in kinds.items()}
    for name, one in plan.descriptors.items():
        levels = one.level_labels() if one.type == "category" else {}
        fields[name] = Field(name, one.type, plan.label("descriptors", name), levels=levels, source=IN_PLAN)
    if plan.age_from_birth:
        fields.pop(AGE)
        fields[BIRTH_DATE] = _field(BIRTH_DATE, "date", asked=True)
    fields |= {name: _field(name, "boolean", asked=True) for name in plan.flags}
    for name in plan.outcomes:
        fields |= {f"{name}_{end}": _field(f"{name}_{end}", "number", asked=True) for end in ("intake", "discharge")}
        fields[f"{name}_date"] = _field(f"{name}_date", "date")
    return Contract(EPISODES, (), (), fields)


def session_contract() -> Contract:
    """Return the fields of a session."""
    kinds = {"patient": "id", "episode": "id", "attended": "boolean"}
    return Contract(SESSIONS, (), (), {name: _field(name, kind, asked=True) for name, kind in kinds.items()})


def _field(name: str, kind: str, *, asked: bool = False) -> Field:
    return Field(name, kind, name.replace("_", " "), source=IN_PLAN if asked else None)  # type: ignore[arg-type]


def named_columns(plan: AuditPlan) -> dict[str, str]:
    """Return coxa's column -> column of the source, as the plan names them; scores among them."""
    columns = dict(plan.data.columns)
    for name, score in plan.data.scores.items():
        columns |= {f"{name}_intake": score.intake, f"{name}_discharge": score.discharge}
        columns |= {f"{name}_date": score.date} if score.date else {}
    return columns


def table_source(rows: RowsSource, columns: Mapping[str, str]) -> TableSource:
    """Return what the plan says about rows, in the words of the tables of a cohort."""
    return TableSource.model_construct(
        **{
            **TableSource(file=rows.file or "database").__dict__,
            "header_row": rows.header_row,
            "percent": rows.percent,
            "decimal": rows.decimal,
            "thousands": rows.thousands,
            "date_format": rows.date_format,
            "where": rows.where,
            "drop_identical_rows": rows.drop_identical_rows,
            "columns": dict(columns),
            "values": rows.values,
            "missing": rows.missing,
        }
    )


def origin_of(raw: RawFile, rows: RowsSource, agreed: Contract, columns: Mapping[str, str]) -> Origin:
    """Return a file with what the plan says about it."""
    missing = MissingCodes(frozenset(map(code_text, rows.missing)))
    return Origin(agreed.table, raw, table_source(rows, columns), agreed, missing)


def resolved(
    names: Iterable[str], place: str, rows: RowsSource, agreed: Contract, columns: Mapping[str, str]
) -> Resolved:
    """Return the column of each field among the columns that a relation has, as for a file with these columns."""
    sheet = Sheet(pd.DataFrame(columns=list(names), dtype=object), np.zeros(0, dtype=np.int64))
    found = resolve(origin_of(RawFile(sheet, SourceFile(place, "", "", 0, {})), rows, agreed, columns))
    return Resolved(found.columns, tuple(for_audit(found.findings)), found.used)


def for_audit(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings of the cohort's reading in the words of an audit's plan; like ones keep one remedy."""
    remedies: dict[tuple[str | None, ...], str] = {}
    adapted = []
    for each in findings:
        remedy = remedies.setdefault((each.table, each.field, each.rule, each.remedy), _remedy(each))
        adapted.append(replace(each, remedy=remedy))
    return adapted


def _remedy(finding: Finding) -> str:
    remedy = finding.remedy
    for trial, audit in WORDS.items():
        remedy = remedy.replace(trial, audit)
    name = (finding.field or "").partition(" ")[0]
    remedy = remedy.replace("values: {value:", f"values: {{{name}:")
    if name not in (*DATES, BIRTH_DATE):
        remedy = SCORE_COLUMN.sub(r"scores: {\1: {\2: ...}}", remedy)
    if name and finding.value and remedy == NO_NUMBER:
        first = finding.value.partition(" in row ")[0]
        return f'Correct it at the source, or write `values: {{{name}: {{"{first}": ...}}}}` under `data`.'
    return remedy
