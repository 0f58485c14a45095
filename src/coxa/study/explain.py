"""Turn what pydantic says about a plan into findings that a trialist can act on."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from coxa.errors import nearest
from coxa.findings import Finding
from coxa.study.plan import Origin

EXPECTED = {
    "missing": "this key is required",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "tuple_type": "a list, such as [a, b]",
    "list_type": "a list, such as [a, b]",
    "dict_type": "a mapping of keys, one per line",
    "model_type": "a mapping of keys, one per line",
    "date_from_datetime_parsing": "a date such as 2026-03-31",
    "date_type": "a date such as 2026-03-31",
}


def explain(error: ValidationError, model: type[BaseModel], origin: Origin) -> list[Finding]:
    """Return one finding per fault of a plan, with line, key, what is allowed and the nearest match."""
    findings: dict[tuple[Any, ...], Finding] = {}
    for fault in error.errors(include_url=False):
        if fault["type"] == "plan":
            for problem in fault["ctx"]["problems"]:
                finding = _finding(origin, problem.path, *_split(problem.message))
                findings[(finding.row, finding.field, finding.rule)] = finding
            continue
        loc = tuple(str(step) for step in fault["loc"] if str(step) != "[key]")
        path = _real_path(loc, origin)
        rule, remedy = _explain_one(dict(fault), loc, model)
        value = fault["input"] if isinstance(fault["input"], str | int | float) else None
        finding = _finding(origin, path, rule, remedy, value)
        findings.setdefault((finding.row, finding.field), finding)
    return list(findings.values())


def _finding(origin: Origin, path: tuple[str, ...], rule: str, remedy: str, value: object = None) -> Finding:
    return Finding(
        "error",
        origin.name,
        rule,
        remedy,
        row=origin.line(*path),
        field=".".join(path) or None,
        value=None if value is None else str(value),
    )


def _split(message: str) -> tuple[str, str]:
    """Split a message at its first semicolon into what is wrong and what to do."""
    rule, _, remedy = message.partition("; ")
    return rule, remedy or "correct it"


def _real_path(loc: tuple[str, ...], origin: Origin) -> tuple[str, ...]:
    """Return the place in the file; steps that pydantic adds for unions fall out, a missing key stays."""
    path: tuple[str, ...] = ()
    for step in loc:
        if (*path, step) in origin.lines:
            path = (*path, step)
    return loc if path == loc[:-1] else path


def _explain_one(fault: dict[str, Any], loc: tuple[str, ...], model: type[BaseModel]) -> tuple[str, str]:
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "extra_forbidden":
        allowed = _keys_at(loc[:-1], model)
        hint = nearest(loc[-1], allowed)
        also = f"; did you mean `{hint}`?" if hint else ""
        return f"unknown key `{loc[-1]}`", f"allowed here: {', '.join(allowed)}{also}"
    if kind == "missing":
        return f"the key `{loc[-1]}` is required", f"add `{loc[-1]}:`"
    if kind == "literal_error":
        allowed = _literals(context["expected"])
        hint = nearest(str(fault["input"]), allowed)
        also = f"; did you mean `{hint}`?" if hint else ""
        return "one of the known words is expected", f"allowed: {', '.join(allowed)}{also}"
    if kind == "value_error":
        return _split(str(context["error"]))
    if kind == "string_pattern_mismatch":
        return (
            "a name is lower-case letters, digits and underscores, and starts with a letter",
            "rename it, and keep the long form in `label`",
        )
    if kind == "too_short":
        return "at least one is needed", "add one"
    expected = EXPECTED.get(kind)
    if expected:
        return f"{expected} is expected", f"write {expected}"
    return str(fault["msg"]).lower(), "correct the value"


def _literals(expected: str) -> list[str]:
    """Read the words out of pydantic's "'a', 'b' or 'c'"."""
    return [word.strip().strip("'") for word in expected.replace(" or ", ", ").split(",")]


def _keys_at(loc: tuple[str, ...], model: type[BaseModel]) -> list[str]:
    """Return the keys allowed at a place of the plan."""
    here: list[Any] = [model]
    for step in loc:
        here = [inner for kind in here for inner in _into(kind, step)] or here
    names = [name for kind in here if _is_model(kind) for name in kind.model_fields]
    return list(dict.fromkeys(names))


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _into(kind: Any, step: str) -> Iterator[Any]:
    """Yield the types found one step below a type."""
    if _is_model(kind):
        if step in kind.model_fields:
            yield from _branches(kind.model_fields[step].annotation)
    elif get_origin(kind) is dict:
        yield from _branches(get_args(kind)[1])
    elif get_origin(kind) is tuple:
        yield from _branches(get_args(kind)[0])


def _branches(kind: Any) -> Iterator[Any]:
    """Yield the members of a union, without None and without annotations."""
    if get_origin(kind) in (Union, types.UnionType):
        for member in get_args(kind):
            yield from _branches(member)
    elif kind is not type(None):
        yield kind
