"""Files with a row for each outcome, participant and visit: a column says which outcome, another has its value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from coxa.cohort.mapping.codes import code_texts
from coxa.importing.draft import Draft
from coxa.importing.profile import profile_table
from coxa.importing.study.levels import as_code
from coxa.importing.study.scores import Score, find_scores, missing_of
from coxa.importing.study.tables import StudyTable, fields_of, keyed_table
from coxa.importing.words import head_key, head_keys

OUTCOME = frozenset(["paramcd", "param", "parameter", "outcome", "measure", "test", "testcd", "qstestcd", "scale"])
VALUE = frozenset(["aval", "value", "result", "score", "qsstresn", "qsorres", "wert", "ergebnis", "measurement"])
"""Heads of columns that say which outcome a row has, and what its value is."""

REPEATS = frozenset(["base", "chg", "change", "pchg", "baseline", "ablfl"])
MANY = 30


@dataclass(frozen=True, slots=True)
class Long:
    """Outcomes in rows.

    outcome, value : columns
    scores         : outcomes, each with the code of its rows in place of a column
    names          : code of the file -> outcome
    missing        : outcome -> codes for a missing value
    """

    outcome: str
    value: str
    scores: tuple[Score, ...]
    names: Mapping[str | int, str]
    missing: Mapping[str, list[str | int]]


def find_long(draft: Draft, table: StudyTable) -> Long | None:
    """Return the outcomes of a table with a row for each; None where it has none, or where all are asked for."""
    if table.unique or table.key is None or "item" in fields_of("item_responses", table.columns):
        return None
    outcome = next((name for name in table.columns if _is_outcome(table, name)), None)
    value = next((name for name in table.columns if _is_value(table, name)), None)
    if outcome is None or value is None or outcome in table.timed:
        return None
    scores: list[Score] = []
    names: dict[str | int, str] = {}
    missing: dict[str, list[str | int]] = {}
    codes = code_texts(table.file.frame[outcome])
    for code in table.profiles[outcome].values:
        label = table.profiles[outcome].labels.get(code, code)
        rows = codes.eq(code).fillna(False).to_numpy(dtype=bool)
        part = table.file.frame.loc[rows, [table.key, value]].set_axis([table.key, label], axis=1)
        file = replace(table.file, frame=part.reset_index(drop=True), source_row=table.file.source_row[rows], parts={})
        own = keyed_table(file, profile_table(file), table.key)
        for score in find_scores(draft, own, [label], ()):
            scores.append(score)
            names[as_code(code)] = score.name
            if found := missing_of(own, score):
                missing[score.name] = found
    _note(draft, table, outcome, value)
    return Long(outcome, value, tuple(scores), names, missing) if scores else None


def _is_outcome(table: StudyTable, name: str) -> bool:
    profile = table.profiles[name]
    called = any(key in OUTCOME for key in head_keys(name))
    return called and profile.kind in ("category", "text", "number") and profile.n_distinct <= MANY


def _is_value(table: StudyTable, name: str) -> bool:
    return any(key in VALUE for key in head_keys(name)) and table.profiles[name].kind == "number"


def _note(draft: Draft, table: StudyTable, outcome: str, value: str) -> None:
    """Note both columns as asked for until an outcome is known, and that baselines and changes are not read."""
    for name, role in ((outcome, "outcome"), (value, "value")):
        why = "Rows are of several outcomes; of those whose name is not known is asked."
        draft.is_role(table.profiles[name], role, why, "asked")
    for name in table.columns:
        if draft.free(table.profiles[name]) and set(head_key(name).split()) & REPEATS:
            why = "Outcomes are in rows; the baseline is that of its own row, and changes are computed."
            draft.is_role(table.profiles[name], "", why, "unused")
