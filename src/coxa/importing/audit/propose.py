"""The plan of an audit, proposed from the tables of files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from coxa.cards import counted
from coxa.findings import Finding
from coxa.importing.audit.births import propose_birth
from coxa.importing.audit.columns import other_roles, own_names, set_aside, sure_roles
from coxa.importing.audit.descriptors import map_flags, propose_descriptors, propose_standards
from coxa.importing.audit.follow_up import propose_follow_up
from coxa.importing.audit.outcomes import ask_for_an_outcome, has_outcome, propose_outcomes
from coxa.importing.audit.sessions import propose_sessions
from coxa.importing.audit.source import (
    ask_data_cut,
    put_formats,
    put_missing,
    put_place,
    put_rows,
    values_in_order,
)
from coxa.importing.audit.spellings import map_spellings
from coxa.importing.audit.used import Used
from coxa.importing.draft import Draft
from coxa.importing.files import is_server
from coxa.importing.profile import ColumnProfile
from coxa.importing.proposal import Answer, Question
from coxa.importing.roles import agrees, roles_by_name, timed
from coxa.importing.tables import FileTable
from coxa.importing.words import head_key, heads
from coxa.sentences import join_words, mid_sentence
from coxa.study.audit.plan import COUNTS, DATES, FLAGS, TEXTS
from coxa.study.labels import readable

DATA = ("data",)
OF_COLUMNS = (*TEXTS, *DATES, *COUNTS, *FLAGS)

Table = tuple[FileTable, tuple[ColumnProfile, ...]]


def propose_audit(draft: Draft) -> None:
    """Propose the plan of an audit from the material of a draft."""
    tables = list(zip(draft.material.tables, draft.material.profiles, strict=True))
    chosen = _episodes(draft, tables)
    if chosen is None:
        return
    used = Used(draft, *chosen)
    _head(used)
    put_place(draft, used.table, DATA)
    set_aside(used)
    sure_roles(used)
    propose_outcomes(used)
    propose_descriptors(used)
    propose_standards(used)
    other_roles(used)
    propose_birth(used)
    own_names(used)
    ask_for_an_outcome(used)
    map_flags(used, dict.fromkeys(FLAGS, ""))
    map_spellings(used)
    put_formats(used, DATA)
    put_missing(used, DATA)
    put_rows(used, DATA)
    ask_data_cut(used)
    propose_sessions(used, [each for each in tables if each is not chosen])
    _columns(used)
    _title(used)
    _rest(used)
    _other_tables(used, [each for each in tables if each is not chosen])


def _other_tables(used: Used, others: Sequence[Table]) -> None:
    """Say of the columns of other tables why they are not used, and of scores among them what can be done."""
    for table, profiles in others:
        left = [one for one in profiles if used.draft.free(one)]
        for one in left:
            why = f"An audit reads one table of episodes, which is {used.table.place}."
            used.draft.is_role(one, "", why, "unused")
        scores = [one.column for one in left if one.kind == "number" and has_outcome(one)]
        if scores:
            rule = f"the table has scores ({', '.join(scores[:SHOWN])}), and an audit reads one table"
            remedy = "Join it to the episodes by their numbers, in a file or as a `query` of a database."
            used.draft.findings.append(Finding("warning", table.place, rule, remedy))


SHOWN = 3


def _episodes(draft: Draft, tables: Sequence[Table]) -> Table | None:
    """Return the table of episodes: the one with the most columns that an audit knows, or the one answered."""
    if not tables:
        return None
    points = [_known(profiles) for _, profiles in tables]
    best = [each for each, n in zip(tables, points, strict=True) if n == max(points)]
    if len(best) == 1:
        _note_others(draft, tables, best[0])
        return best[0]
    _note_same_columns(draft, best)
    answers = tuple(Answer(table.place, f"{table.place}: {counted(len(table.frame), 'row')}") for table, _ in best)
    question = Question(
        "table", "Which table has a row for each episode of care?",
        f"{len(best)} tables have as many columns that an audit knows ({max(points)}).", answers,
    )  # fmt: skip
    word = draft.ask(question)
    chosen = next((each for each in best if each[0].place == word), None)
    if chosen:
        _note_others(draft, tables, chosen)
    return chosen


def _note_same_columns(draft: Draft, tables: Sequence[Table]) -> None:
    """Say of tables of the same columns, such as the exports of several months, that an audit reads one."""
    if len({tuple(one.column for one in profiles) for _, profiles in tables}) == 1:
        places = ", ".join(table.place for table, _ in tables)
        rule = f"{len(tables)} tables have the same columns ({places}), and an audit reads one table"
        remedy = "Append their rows to one file, or to one table of a database."
        draft.findings.append(Finding("warning", tables[0][0].file, rule, remedy))


def _known(profiles: Sequence[ColumnProfile]) -> int:
    """Return how many columns of a table have a place in an audit by name and values."""
    roles = {role for one in profiles for role in roles_by_name(one) if agrees(one, role)}
    moments = {timed(one.parts).moment for one in profiles if one.kind == "number"} - {None}
    return len(roles) + len(moments)


def _note_others(draft: Draft, tables: Sequence[Table], chosen: Table) -> None:
    others = [table.place for table, _ in tables if table is not chosen[0]]
    if others:
        why = f"the episodes are read from {chosen[0].place}; others are used for sessions at most: {', '.join(others)}"
        draft.comments["data"] = why


def _head(used: Used) -> None:
    """Write identifier and title of the audit, from the name of the file."""
    stem = PurePosixPath(used.table.file.rpartition("/")[2]).stem
    name = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_") or "audit"
    if is_server(used.table.file):
        name = re.sub(r"[^a-z0-9]+", "_", used.table.sheet.lower()).strip("_") or "audit"
    used.draft.put(("audit",), name, "short identifier, from the name of the file")
    used.draft.put(("title",), f"Audit of {name.replace('_', ' ')}", "title of the page; change it as you like")


def _title(used: Used) -> None:
    """Write the title of the page, from what is measured, where and when."""
    outcomes = [mid_sentence(readable(name)) for name in used.draft.plan.get("outcomes", {})]
    if not outcomes:
        return
    measured = join_words(outcomes)
    place = " by clinic" if "clinic" in used.columns else " after care"
    days = used.columns["intake_date"].profile.days if "intake_date" in used.columns else None
    years = "" if not days else ", " + " to ".join(dict.fromkeys(day[:4] for day in days))
    title = f"{measured[:1].upper()}{measured[1:]}{place}{years}"
    used.draft.put(("title",), title, "title of the page, from what was found in the file; change it as you like")


def _columns(used: Used) -> None:
    """Write the columns and the maps of values, follow-up, and the defaults that readers ask about."""
    draft = used.draft
    scored = {f"{name}_{end}" for name in draft.plan.get("outcomes", {}) for end in ("intake", "discharge", "date")}
    order = [*(name for name in OF_COLUMNS if name in used.columns), *used.columns]
    columns = {name: used.columns[name].profile.column for name in dict.fromkeys(order) if name not in scored}
    draft.put((*DATA, "columns"), columns)
    values = values_in_order(used)
    if values:
        draft.put((*DATA, "values"), values, "spellings and codes of the file: the word that is used")
    if len(draft.plan.get("outcomes", {})) > 1:
        draft.comments["outcomes"] = "the first is the main one; move another to the top if it is that"
    propose_follow_up(used)
    draft.put(("small_cells",), 5, "counts from 1 to 4 are hidden from readers")


def _rest(used: Used) -> None:
    """Say of columns without a place what could be done with them, and of files what is wrong with the choice."""
    for one in list(used.free()):
        if one.kind == "category" and any(one.column in question.columns for question in used.draft.questions):
            continue
        if one.kind in ("number", "category", "flag") and not one.constant:
            why = "No name of an audit's columns is known for it. Add it under `descriptors` to adjust for it."
            used.draft.is_role(one, "", why, "unused")
    for one in used.profiles:
        keys = {head_key(text) for text in one.values} if one.kind == "category" else set()
        if len(keys) > 1 and keys <= heads().intake | heads().discharge:
            rule = "a row is of one questionnaire, and an audit takes a row for each episode"
            remedy = "Export one row for each episode, with a column for the value at intake and one at discharge."
            used.draft.findings.append(Finding("warning", used.table.place, rule, remedy, field=one.column))
