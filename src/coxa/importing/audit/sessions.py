"""A table with a row for each session, where the episodes have no totals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coxa.findings import Finding
from coxa.importing.audit.descriptors import READ_ANYWAY
from coxa.importing.audit.source import put_place
from coxa.importing.audit.used import Used
from coxa.importing.profile import ColumnProfile, yes_or_no
from coxa.importing.roles import described, roles_by_name
from coxa.importing.tables import FileTable
from coxa.importing.words import heads, value_key
from coxa.study.audit.plan import COUNTS

NEEDED = ("patient", "episode", "attended")


def propose_sessions(used: Used, others: Sequence[tuple[FileTable, tuple[ColumnProfile, ...]]]) -> None:
    """Take the one table of sessions, where the episodes have patient and episode and no counts of their own."""
    if any(name in used.columns for name in COUNTS) or not {"patient", "episode"} <= set(used.columns):
        return
    found = [(table, columns) for table, profiles in others if (columns := _columns(profiles))]
    if len(found) != 1:
        _note_incomplete(used, others)
        return
    table, columns = found[0]
    path = ("data", "sessions")
    put_place(used.draft, table, path)
    used.draft.put((*path, "columns"), {name: one.column for name, one in columns.items()})
    words = _words(columns["attended"])
    if words:
        used.draft.put((*path, "values"), {"attended": words})
    for name, one in columns.items():
        used.draft.is_role(one, f"sessions.{name}", f"A row is a session; {described(one)}.")
        if name != "attended":
            used.draft.hide(one)


def _note_incomplete(used: Used, others: Sequence[tuple[FileTable, tuple[ColumnProfile, ...]]]) -> None:
    """Name a table of sessions that lacks the number of the patient or of the episode."""
    for table, profiles in others:
        there = [name for name in NEEDED if _named(profiles, name)]
        lacking = [name for name in NEEDED if name not in there]
        if "attended" in there and 0 < len(lacking) < len(NEEDED) - 1:
            rule = f"the table has sessions and no column of the {' and the '.join(lacking)}, and they are not counted"
            remedy = "Export sessions with the numbers of patient and episode, and whether each was attended."
            used.draft.findings.append(Finding("warning", table.place, rule, remedy, n_rows=len(table.frame)))


def _named(profiles: Sequence[ColumnProfile], name: str) -> list[ColumnProfile]:
    """Return the columns that could be one of a session: attended is yes and no, the others are not."""
    named = [one for one in profiles if name in roles_by_name(one)]
    return [one for one in named if (name == "attended") == yes_or_no(one)]


def _columns(profiles: Sequence[ColumnProfile]) -> dict[str, ColumnProfile]:
    """Return the columns of a table of sessions; none where one is not sure."""
    found: dict[str, ColumnProfile] = {}
    for name in NEEDED:
        named = _named(profiles, name)
        if len(named) != 1:
            return {}
        found[name] = named[0]
    return found


def _words(profile: ColumnProfile) -> dict[str, Any]:
    words = {text: value_key(text) in heads().yes for text in profile.values if text.casefold() not in READ_ANYWAY}
    return {text: "yes" if yes else "no" for text, yes in words.items()}
