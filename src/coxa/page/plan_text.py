"""The plan of a study as text: read, checked with its lines, changed key by key, written with what it was before."""

from __future__ import annotations

import difflib
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq
from ruamel.yaml.error import YAMLError

from coxa.errors import CoxaError, PlanError
from coxa.files import save
from coxa.findings import Finding, Findings
from coxa.page.home import Home, Place
from coxa.page.remembered import recall, remember
from coxa.study.audit.plan import AuditPlan
from coxa.study.audit.read import parse_plan
from coxa.study.plan import Study
from coxa.study.source import DataSource

Change = tuple[Literal["added", "removed"], str]
"""A line that is new, or that is gone."""

LONGEST_VALUE = 80
"""Characters of a value that a change of a key shows."""


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A key of a plan that changed: its path with points, what it was and what it is; empty where it is not there."""

    key: str
    before: str
    now: str


class EditedError(CoxaError):
    """The plan was changed since it was shown."""


@dataclass(frozen=True, slots=True)
class PlanText:
    """A plan as it is.

    name   : of its file
    text   : its content
    plan   : the checked plan; None where it has faults
    faults : what is wrong with it, each with its line
    """

    name: str
    text: str
    plan: Study | AuditPlan | None
    faults: Findings

    @property
    def sha256(self) -> str:
        """Hash of the text, by which a later change is noticed."""
        return sha256_of(self.text)

    @property
    def lines(self) -> list[tuple[int, str, bool]]:
        """Number, text and faultiness of each line."""
        faulty = {finding.row for finding in self.faults}
        return [(n, line, n in faulty) for n, line in enumerate(self.text.splitlines(), start=1)]


def sha256_of(text: str) -> str:
    """Return the hash of a text."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def read_text(place: Place) -> str | None:
    """Return the text of the plan of a study; None where there is none yet."""
    return None if place.plan is None else place.plan.read_bytes().decode("utf-8-sig", errors="replace")


def read_plan_text(place: Place, home: Home) -> PlanText | None:
    """Return the plan of a study, checked; None where there is none yet."""
    text = read_text(place)
    return None if text is None or place.plan is None else checked_text(text, place.plan.name, place.folder, home)


def checked_text(text: str, name: str, folder: Path, home: Home) -> PlanText:
    """Check the text of a plan, and that its data are files in the chosen folder."""
    try:
        plan = parse_plan(text.encode("utf-8"), name, str(folder))
    except PlanError as error:
        return PlanText(name, text, None, error.findings)
    outside = Findings.of(outside_faults(plan, name, folder, home))
    return PlanText(name, text, None if outside else plan, outside)


def outside_faults(plan: Study | AuditPlan, name: str, folder: Path, home: Home) -> list[Finding]:
    """Return one finding for each place of data that is not a file in the chosen folder."""
    if plan.data is None:
        return []
    line = plan.origin.line if plan.origin else lambda *_: None
    if _has_a_server(plan):
        rule = "the data are in a database server, and this page reads files only"
        return [Finding("error", name, rule, "Run `coxa audit` in a terminal.", row=line("data", "database"))]
    far = [path for path in (folder / plan.data.folder, *data_paths(plan, folder)) if not home.holds(path)]
    rule, remedy = "the data are outside of the folder that this page was opened for", "Copy them to the study."
    shown = {str(path): Finding("error", name, rule, remedy, row=line("data"), value=str(path)) for path in far}
    return list(shown.values())


def data_paths(plan: Study | AuditPlan, folder: Path) -> list[Path]:
    """Return where the data files of a plan are, which is in a folder."""
    return [folder / plan.data.folder / file for file in _files(plan)] if plan.data is not None else []


def _has_a_server(plan: Study | AuditPlan) -> bool:
    if not isinstance(plan, AuditPlan):
        return False
    sessions = plan.data.sessions
    return plan.data.database is not None or (sessions is not None and sessions.database is not None)


def _files(plan: Study | AuditPlan) -> list[str]:
    """Return the names of the files of a plan."""
    if isinstance(plan, AuditPlan):
        sources = [plan.data, *([plan.data.sessions] if plan.data.sessions else [])]
        return [source.file for source in sources if source.file]
    tables = plan.data.tables if isinstance(plan.data, DataSource) else {}
    return [source.file for source in tables.values()]


def write_plan(place: Place, name: str, text: str, shown: str | None, **noted: Any) -> None:
    """Write the plan of a study, and remember what it was before.

    Parameters
    ----------
    place, name, text
        Of the plan.
    shown
        Hash of the plan that the reader saw when it was changed; None where there was none.
    noted
        What else is remembered of the study.

    Raises
    ------
    EditedError
        The plan is not the one that was shown.
    """
    now = read_text(place)
    if (sha256_of(now) if now is not None else None) != (shown or None):
        raise EditedError(
            "The plan was changed in another tab or by another program, and nothing was written. Look at the plan as "
            "it is now, and make your change again."
        )
    if now != text:
        noted["before"] = now
        other = place.plan
        save(place.folder / name, text)
        if other is not None and other.name != name:
            other.unlink()
    remember(place, **noted)


def changes(place: Place) -> list[Change]:
    """Return the lines that the last change added to the plan of a study, and those that it removed."""
    before, now = recall(place).before, read_text(place)
    return [] if before is None or now is None else differing_lines(before, now)


def changed_keys(place: Place) -> list[KeyChange]:
    """Return the keys that the last change of the plan of a study changed; none where a text is no mapping of keys."""
    before, now = recall(place).before, read_text(place)
    return [] if before is None or now is None else differing_keys(before, now)


def differing_keys(before: str, now: str) -> list[KeyChange]:
    r"""Return the keys that differ between two plans.

    Examples
    --------
    >>> found = differing_keys("a: {b: 1, c: 2}\n", "a: {b: 3}\nd: [4]\n")
    >>> [(change.key, change.before, change.now) for change in found]
    [('a.b', '1', '3'), ('d', '', '[4]'), ('a.c', '2', '')]
    """
    old, new = _keys(before), _keys(now)
    differing = [key for key in dict.fromkeys((*new, *old)) if old.get(key) != new.get(key)]
    return [KeyChange(key, old.get(key, ""), new.get(key, "")) for key in differing]


def _keys(text: str) -> dict[str, str]:
    """Return each key of a plan that has a value, by its path, with the value as it is written."""
    try:
        held = YAML(typ="safe").load(text)
    except YAMLError:
        return {}
    return dict(_flat(held, ())) if isinstance(held, dict) else {}


def _flat(part: dict[Any, Any], path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for key, value in part.items():
        at = (*path, str(key))
        if isinstance(value, dict) and value:
            yield from _flat(value, at)
        else:
            text = json.dumps(value, ensure_ascii=False, default=str)
            text = text[1:-1] if isinstance(value, str) else text
            yield ".".join(at), text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 3]}..."


def differing_lines(before: str, now: str) -> list[Change]:
    r"""Return the lines that differ between two texts, in their order.

    Examples
    --------
    >>> differing_lines("a: 1\nb: 2\n", "a: 1\nb: 3\n")
    [('removed', 'b: 2'), ('added', 'b: 3')]
    """
    found: list[Change] = []
    old, new = before.splitlines(), now.splitlines()
    for step, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if step != "equal":
            found += [("removed", line) for line in old[a:b]]
            found += [("added", line) for line in new[c:d]]
    return found


def with_keys(
    text: str, changed: Mapping[tuple[str, ...], Any], order: Mapping[str, Sequence[str]] | None = None
) -> str:
    """Return the text of a plan with some keys changed; its comments, and every other line, stay.

    Parameters
    ----------
    text
        Of a plan.
    changed
        Path of a key -> its value; None removes the key.
    order
        Key of a part -> the names in it that come first.
    """
    yaml = YAML(typ="rt")
    yaml.width, yaml.preserve_quotes = 4096, True
    held = yaml.load(text)
    for path, value in changed.items():
        _put(held, path, value)
    for part, first in (order or {}).items():
        for name in reversed(first):
            held[part].move_to_end(name, last=False)
    written = io.StringIO()
    yaml.dump(held, written)
    return written.getvalue()


def _put(held: Any, path: tuple[str, ...], value: Any) -> None:
    """Set a key of a plan, in the style in which a list was written; remove it where the value is None."""
    inner = held
    for step in path[:-1]:
        if step not in inner:
            if value is None:
                return
            inner[step] = {}
        inner = inner[step]
    if value is None:
        inner.pop(path[-1], None)
    elif isinstance(value, list):
        inner[path[-1]] = _in_one_line(value)
    else:
        inner[path[-1]] = value


def _in_one_line(values: list[Any]) -> Any:
    listed = CommentedSeq(values)
    listed.fa.set_flow_style()
    return listed
