"""Read a study file: every fault at once, each with its line, what is allowed and the nearest match.

The parts are checked, and what the faulty ones leave is checked further.
"""

from __future__ import annotations

import copy
import errno
import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_origin

from pydantic import BaseModel, Field, ValidationError, create_model
from ruamel.yaml.error import YAMLError

from coxa.arguments import PATH, kinds
from coxa.errors import PlanError
from coxa.findings import Finding, Findings
from coxa.study.kinds import kind_of
from coxa.study.plan import Origin, Study
from coxa.study.reading.explain import (
    Place,
    explain,
    faults_of,
    in_file,
    is_key,
    meant_by,
    misspelt_keys,
    unknown_keys,
)
from coxa.study.reading.yaml_tree import place, yaml_fault
from coxa.study.unanswered import needed_findings, unanswered

if TYPE_CHECKING:
    from coxa.study.audit.plan import AuditPlan
    from coxa.study.pool.plan import PoolPlan

Plan = TypeVar("Plan", Study, "AuditPlan", "PoolPlan")


@cache
def remainder_of(kind: type[BaseModel]) -> type[BaseModel]:
    """Return a kind of plan of which any part may be gone."""
    optional: dict[str, Any] = {
        key: (Any, "") if get_origin(field.annotation) is not dict else (field.annotation, Field(default_factory=dict))
        for key, field in kind.model_fields.items()
        if field.is_required() and key != "design"
    }
    return create_model(kind.__name__, __base__=kind, **optional)


def all_faults(error: ValidationError, data: dict[Any, Any], origin: Origin, kind: type[BaseModel]) -> list[Finding]:
    """Return the faults of a plan: those that pydantic found, and those that they hid.

    Parameters
    ----------
    error
        What pydantic says of the whole plan.
    data
        The plan as read; it is not changed.
    origin
        Name of the file and its lines.
    kind
        The kind of plan.
    """
    remainder = remainder_of(kind)
    findings = explain(error, kind, origin, data)
    strange: set[str] = set()
    rest, gone, before = copy.deepcopy(data), set[Place](), set[tuple[str, Place]]()
    while faults := [fault for fault in faults_of(error) if fault["type"] != "plan"]:
        now = {(str(fault["type"]), tuple(fault["loc"])) for fault in faults}
        if now == before:
            break
        before = now
        strange |= {".".join(in_file(place[:-1], origin)) for place in unknown_keys(faults, kind) if len(place) > 1}
        renamed = misspelt_keys(faults, kind)
        origin = _with_lines(origin, renamed)
        gone |= _mend(rest, [fault for fault in faults if fault["loc"] not in renamed], kind)
        try:
            remainder.model_validate(rest)
        except ValidationError as further:
            error = further
        except (ArithmeticError, AttributeError, LookupError, TypeError):
            break  # a check met a part that is gone; what it would find is found when that part is mended
        else:
            break
        said = {(finding.row, finding.field) for finding in findings}
        names = _names(gone, data)
        findings += [
            finding
            for finding in explain(error, remainder, origin, data)
            if finding.field is not None  # a check met a part that is gone
            and (finding.row, finding.field) not in said
            and finding.field not in strange  # what such a part lacks may be what its unknown key was meant to be
            and not _follows(finding, gone, names)
        ]
    return findings


def _with_lines(origin: Origin, renamed: dict[Place, Place]) -> Origin:
    """Return the origin with the lines of misspelt keys also under the keys meant."""
    lines = dict(origin.lines)
    for meant, written in renamed.items():
        old = in_file(written, origin)
        new = (*old[:-1], str(meant[-1]))
        lines |= {(*new, *path[len(old) :]): line for path, line in origin.lines.items() if path[: len(old)] == old}
    return replace(origin, lines=lines)


def _mend(rest: dict[Any, Any], faults: Iterable[dict[str, Any]], kind: type[BaseModel]) -> set[Place]:
    """Put what was meant in place of slips, take out all else that is faulty, and return the places taken out."""
    gone = set()
    places = {place: fault for fault in faults if (place := _place(fault, rest))}
    for place, fault in sorted(places.items(), key=lambda item: tuple(map(str, item[0])), reverse=True):
        holder: Any = rest
        for step in place[:-1]:
            holder = holder[step]
        word = meant_by(fault, kind)
        value = holder.pop(place[-1]) if _holds(holder, place[-1]) else None
        if word and is_key(fault):
            holder.setdefault(word, value)
        elif word and isinstance(holder, list):
            holder.insert(place[-1], word)
        elif word:
            holder[place[-1]] = word
        elif fault["type"] != "extra_forbidden":
            gone.add(place)
    return gone


def _place(fault: dict[str, Any], rest: dict[Any, Any]) -> Place:
    """Return the place of a fault in the data: what is faulty, or the part from which something is missing."""
    place: Place = ()
    here: Any = rest
    for step in fault["loc"]:
        if _holds(here, step):
            place, here = (*place, step), here[step]
    return place or fault["loc"][:1]


def _holds(holder: Any, step: Any) -> bool:
    if isinstance(holder, list):
        return isinstance(step, int) and step < len(holder)
    return isinstance(holder, dict) and step in holder


def _names(gone: set[Place], data: dict[Any, Any]) -> set[str]:
    """Return the names of the parts taken out."""
    parts = [data.get(place[0]) for place in gone if len(place) == 1]
    inside = [name for part in parts if isinstance(part, dict) for name in part]
    return {str(name) for name in (*inside, *(place[1] for place in gone if len(place) == 2))}


def _follows(finding: Finding, gone: set[Place], names: set[str]) -> bool:
    """Return whether a finding only follows from a part being gone."""
    field = f"{finding.field or ''}."
    for path in gone:
        taken = ".".join(map(str, path)) + "."
        if field.startswith(taken) or taken.startswith(field):
            return True
        if len(path) == 1 and finding.rule.startswith(f"there is no {taken[:-2]} "):
            return True
    return any(f"'{name}'" in finding.rule or f'"{name}"' in finding.rule for name in names)


@kinds(path=PATH)
def read_study(path: str | Path) -> Study:
    """Read and check a study file.

    Parameters
    ----------
    path
        A YAML 1.2 file.

    Returns
    -------
    Study
        The checked plan, of the kind that its `design` names; `study.origin` has the file's name, hash and lines.

    Raises
    ------
    PlanError
        With one finding per fault: line, key, what was expected, the nearest match.
    OSError
        If there is no file, or it cannot be opened.

    Examples
    --------
    >>> from pathlib import Path
    >>> plan = [
    ...     "{study: tiny, title: Tiny, design: service,",
    ...     "visits: {baseline: {day: 0}, week_6: {day: 42}},",
    ...     "outcomes: {pain: {label: Pain, unit: points, range: [0, 10], higher_is_better: false}}}",
    ... ]
    >>> _ = Path("study.yaml").write_text(" ".join(plan), encoding="utf-8")
    >>> study = read_study("study.yaml")
    >>> study.study, study.baseline_visit, study.later_visits
    ('tiny', 'baseline', ['week_6'])
    """
    path = Path(path)
    return parse_study(bytes_of(path), name=path.name, folder=str(path.resolve().parent))


def bytes_of(path: Path) -> bytes:
    """Return the bytes of a file of a plan."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "this is a folder; name the study file in it", str(path))
    if not path.exists():
        raise FileNotFoundError(
            errno.ENOENT, f"there is no such plan; it is looked for in {path.absolute().parent}", str(path)
        )
    return path.read_bytes()


def parse_study(raw: bytes, *, name: str = "study.yaml", folder: str = ".") -> Study:
    """Check the bytes of a study file; see `read_study`."""
    return parse(raw, name, folder, kind_of)


def parse(raw: bytes, name: str, folder: str, kind_of: Callable[[Mapping[Any, Any]], type[Plan]]) -> Plan:
    """Check the bytes of a plan.

    Parameters
    ----------
    raw, name, folder
        Of the file.
    kind_of
        Returns the kind of plan that the keys are of.

    Raises
    ------
    PlanError
        With one finding per fault.
    """
    try:
        text = unicodedata.normalize("NFC", raw.decode("utf-8-sig"))
        placed = place(text)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        remedy = "Save it as UTF-8, or run `coxa import` on a file of data."
        raise _unreadable(name, line, "the file is not UTF-8 text", remedy) from None
    except YAMLError as error:
        raise _unreadable(name, *yaml_fault(error, text)) from None
    if not isinstance(placed.data, dict):
        remedy = "Start it with `study:`, `audit:` or `pool:`, or write one with `coxa new` or `coxa import`."
        raise _unreadable(name, 1, "the file has no plan (a mapping of keys)", remedy)

    origin = Origin(name, folder, hashlib.sha256(raw).hexdigest(), placed.lines, unanswered(text))
    faults = [
        Finding(
            "error",
            name,
            f"the key `{path[-1]}` is already on line {first}",
            "Keep one of the two.",
            row=line,
            field=".".join(path),
        )
        for path, line, first in placed.duplicates
    ]
    kind = kind_of(placed.data)
    try:
        plan: Plan = kind.model_validate(placed.data)
    except ValidationError as error:
        faults += all_faults(error, placed.data, origin, kind)
    if faults:
        faults += needed_findings(name, origin.unanswered)
        ordered = sorted(faults, key=lambda fault: fault.row or 0)
        raise PlanError(f"{name} has {len(ordered)} fault(s)", Findings.of(ordered))
    plan._origin = origin
    return plan


def _unreadable(name: str, line: int | None, rule: str, remedy: str) -> PlanError:
    return PlanError(f"{name} cannot be read", Findings((Finding("error", name, rule, remedy, row=line),)))
