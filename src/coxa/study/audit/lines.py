"""Where in a plan a change is written: a key that is there is changed in its line, one that is not is added."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from coxa.study.audit.plan import AuditPlan

SCORE = re.compile(r"(.+)_(intake|discharge|date)")


def column_clause(plan: AuditPlan, name: str, column: str) -> str:
    """Return what to do so that a column of the file is read under a name of coxa's, as the end of a sentence.

    Examples
    --------
    >>> data = {"file": "june.csv", "columns": {"clinic": "Site"}}
    >>> parts = {"audit": "tiny", "title": "Tiny", "data": data, "outcomes": {"pain": {"instrument": "nprs"}}}
    >>> plan = AuditPlan.model_validate(parts)
    >>> column_clause(plan, "clinic", "Location")
    'under `columns` replace `Site` by `Location`'
    >>> column_clause(plan, "therapist", "Physio")
    'add `therapist: "Physio"` to `columns` under `data`'
    """
    if name in plan.data.columns:
        return _replaced(plan, ("data", "columns", name), plan.data.columns[name], column)
    score = SCORE.fullmatch(name)
    if score is None or score[1] not in plan.outcomes:
        return _added(plan, ("data", "columns"), f"{name}: {_as_yaml(column)}", bool(plan.data.columns))
    outcome, end = score.groups()
    given = plan.data.scores.get(outcome)
    if given is not None and getattr(given, end):
        return _replaced(plan, ("data", "scores", outcome, end), getattr(given, end), column)
    if given is not None:
        return _added(plan, ("data", "scores", outcome), f"{end}: {_as_yaml(column)}", True)
    both = {"intake": f"{outcome}_intake", "discharge": f"{outcome}_discharge", end: column}
    pairs = ", ".join(f"{each}: {_as_yaml(where)}" for each, where in both.items())
    return _added(plan, ("data", "scores"), f"{outcome}: {{{pairs}}}", bool(plan.data.scores))


def value_clause(plan: AuditPlan, name: str, words: Mapping[str, str]) -> str:
    """Return what to do so that spellings of the file are read as other words, as the end of a sentence.

    Parameters
    ----------
    words
        Spelling of the file -> word that is used.
    """
    pairs = ", ".join(f"{_as_yaml(text)}: {_as_yaml(word)}" for text, word in words.items())
    if name in plan.data.values:
        return _added(plan, ("data", "values", name), pairs, True)
    return _added(plan, ("data", "values"), f"{name}: {{{pairs}}}", bool(plan.data.values))


def key_clause(plan: AuditPlan, path: tuple[str, ...], value: Any) -> str:
    """Return what to do so that a key of the plan has a value, as the end of a sentence.

    Parameters
    ----------
    path
        The key, such as `("data", "missing")`.
    value
        As YAML writes it: a text, a number or a list; a day as a text without marks.
    """
    key, part = path[-1], plan
    for step in path[:-1]:
        part = getattr(part, step)
    new = f"`{key}: {_shown(value)}`"
    if key not in part.model_fields_set or getattr(part, key) in (None, ()):
        return f"write {new}{_under(path)}"
    return f"{_where(plan, path)} replace `{key}: {_shown(getattr(part, key))}` by {new}"


def sentence(clause: str) -> str:
    """Return a clause as a sentence, without its full stop."""
    return clause[:1].upper() + clause[1:]


def _replaced(plan: AuditPlan, path: tuple[str, ...], old: str, new: str) -> str:
    return f"{_where(plan, path)} replace `{old}` by `{new}`"


def _added(plan: AuditPlan, path: tuple[str, ...], text: str, there: bool) -> str:
    """Return the clause that adds to a part of the plan, or writes the whole part where it is not there."""
    if not there:
        return f"write `{path[-1]}: {{{text}}}`{_under(path)}"
    line = plan.origin.line(*path) if plan.origin else None
    place = f" in line {line}" if line else " under `data`" if len(path) == 2 else ""
    part = f"`{path[-1]}` of `{path[-2]}`" if len(path) > 2 else f"`{path[-1]}`"
    return f"add `{text}` to {part}{place}"


def _where(plan: AuditPlan, path: tuple[str, ...]) -> str:
    line = plan.origin.lines.get(path) if plan.origin else None
    return f"in line {line}" if line else _under(path).strip() or "in the plan"


def _under(path: tuple[str, ...]) -> str:
    return f" under `{path[-2]}`" if len(path) > 1 else ""


def _shown(value: Any) -> str:
    return str(value) if hasattr(value, "isoformat") else _as_yaml(value)


def _as_yaml(value: Any) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False, default=str)
