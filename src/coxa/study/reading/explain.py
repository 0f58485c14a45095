"""Turn what pydantic says about a plan into findings that a trialist can act on."""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from coxa.errors import choose_from
from coxa.findings import Finding
from coxa.sentences import sentence
from coxa.study.kinds import designs_of, kinds_with
from coxa.study.plan import Origin, Study
from coxa.study.words import Design

Place = tuple[Any, ...]
"""Where pydantic finds a fault: keys, list positions, and its own names of the members of a union."""

EXPECTED = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping of keys",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "date_from_datetime_parsing": "a date",
    "date_type": "a date",
}

EXAMPLES = {
    "adjust": "[baseline * visit, site]",
    "baseline": "true",
    "baseline_table": "[age, sex, pain]",
    "block_sizes": "[4, 6]",
    "compare": "[exercise, manual_therapy]",
    "conf_level": "0.95",
    "data_cut": "2026-03-31",
    "day": "84",
    "delivers": "[exercise_therapy]",
    "higher_is_better": "true",
    "levels": "[low, high]",
    "min_attendance": "0.75",
    "missing": "[-9, 99]",
    "only_in": "[exercise, manual_therapy]",
    "random": "{site_id: {}}",
    "probability": "0.8",
    "range": "[0, 100]",
    "ratio": "{usual_care: 1, exercise: 2}",
    "reference": "true",
    "scheme": "blocks",
    "sessions_planned": "12",
    "strata": "[site]",
    "window": "[-14, 21]",
}
"""Key of a plan -> a value that fits it."""

NAMES = {
    "visit": "visits",
    "outcome": "outcomes",
    "compare": "arms",
    "against": "arms",
    "only_in": "arms",
    "estimand": "estimands",
    "strata": "covariates",
    "without_events": "intercurrent_events",
}
"""Key that names a part of the plan -> where the parts of that kind stand."""

NEAR = 0.7  # likeness from which a word is taken for a slip of another: one or two letters in a word of six


def explain(error: ValidationError, model: type[BaseModel], origin: Origin, data: Mapping[Any, Any]) -> list[Finding]:
    """Return one finding per fault of a plan, with line, key, what is allowed and the nearest match."""
    findings: dict[tuple[Any, ...], Finding] = {}
    faults = faults_of(error)
    misspelt = misspelt_keys(faults, model)
    in_place_of = _in_place_of(faults, model)
    for fault in faults:
        if fault["type"] == "plan":
            for problem in fault["ctx"]["problems"]:
                finding = _finding(origin, problem.path, *_split(problem.message))
                findings[(finding.row, finding.field, finding.rule)] = finding
        elif not (fault["type"] == "missing" and (fault["loc"] in misspelt or fault["loc"] in in_place_of.values())):
            path = _real_path(fault, origin)
            alike = [other for other in faults if _real_path(other, origin) == path]
            told = isinstance(fault["input"], str | int | float) and fault["type"] != "extra_forbidden"
            value = fault["input"] if told else None
            rule, remedy = _explain_one(fault, alike, path, model, data)
            if meant := in_place_of.get(fault["loc"]):
                rule = f"{rule}, and the key `{meant[-1]}` is missing"
                remedy = f"Write {_example(meant[-1]) or f'`{meant[-1]}:`'} if that is meant. {remedy}"
            finding = _finding(origin, path, rule, remedy, value)
            findings.setdefault((finding.row, finding.field), finding)
    return list(findings.values())


def faults_of(error: ValidationError) -> list[dict[str, Any]]:
    """Return the faults of a plan; of a union whose members a key tells apart, as faults of that key."""
    return [_of_key(dict(fault)) for fault in error.errors(include_url=False)]


def _of_key(fault: dict[str, Any]) -> dict[str, Any]:
    if not fault["type"].startswith("union_tag"):
        return fault
    told = fault["ctx"]
    place = (*fault["loc"], told["discriminator"].strip("'"))
    if fault["type"] == "union_tag_not_found":
        return {**fault, "type": "missing", "loc": place}
    words = {"expected": told["expected_tags"]}
    return {**fault, "type": "literal_error", "loc": place, "ctx": words, "input": told["tag"]}


def misspelt_keys(faults: Iterable[Mapping[str, Any]], model: type[BaseModel]) -> dict[Place, Place]:
    """Return, for every unknown key that is a slip of an allowed one, the place meant -> the place written."""
    unknown = {written(fault): meant_by(fault, model) for fault in faults if is_key(fault)}
    return {(*place[:-1], word): place for place, word in unknown.items() if word}


def unknown_keys(faults: Iterable[Mapping[str, Any]], model: type[BaseModel]) -> list[Place]:
    """Return the places of the unknown keys that are no slip of an allowed one."""
    return [fault["loc"] for fault in faults if fault["type"] == "extra_forbidden" and not meant_by(fault, model)]


def _in_place_of(faults: Iterable[Mapping[str, Any]], model: type[BaseModel]) -> dict[Place, Place]:
    """Return unknown key -> required key, for every part that has one unknown key and lacks one: they are one fault."""
    faults = list(faults)
    lacking = [fault["loc"] for fault in faults if fault["type"] == "missing" and isinstance(fault["loc"][-1], str)]
    unknown = unknown_keys(faults, model)
    return {
        here[0]: there[0]
        for part in {place[:-1] for place in unknown}
        if len(here := [place for place in unknown if place[:-1] == part]) == 1
        and len(there := [place for place in lacking if place[:-1] == part]) == 1
    }


def is_key(fault: Mapping[str, Any]) -> bool:
    """Return whether it is a key that is faulty, not its value."""
    return fault["type"] == "extra_forbidden" or fault["loc"][-1:] == ("[key]",)


def written(fault: Mapping[str, Any]) -> Place:
    """Return the place of a faulty key."""
    return tuple(step for step in fault["loc"] if step != "[key]")


def meant_by(fault: Mapping[str, Any], model: type[BaseModel]) -> str | None:
    """Return the allowed key or word of which the faulty one is a slip, if there is one."""
    if fault["type"] == "extra_forbidden":
        if _kinds_with(fault["loc"], model):
            return None
        return _near(str(fault["loc"][-1]), _keys_at(fault["loc"][:-1], model))
    if fault["type"] == "literal_error":
        return _near(str(fault["input"]), _words_allowed(fault))
    return None


def _near(word: str, allowed: Iterable[str]) -> str | None:
    by_folded = {str(candidate).lower(): str(candidate) for candidate in allowed}
    match = difflib.get_close_matches(word.lower(), by_folded, n=1, cutoff=NEAR)
    return by_folded[match[0]] if match else None


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
    """Split a message at its first semicolon, or after its first sentence, into what is wrong and what to do."""
    rule, *remedy = re.split(r"; |\. ", message, maxsplit=1)
    return re.sub("^There is", "there is", rule), sentence(remedy[0] if remedy else "Correct it.")


def _real_path(fault: Mapping[str, Any], origin: Origin) -> tuple[str, ...]:
    """Return the place in the file; steps that pydantic adds for unions fall out, a missing key stays."""
    path = in_file(fault["loc"], origin)
    key = fault["loc"][-1] if fault["loc"] else None
    return (*path, key) if fault["type"] == "missing" and isinstance(key, str) else path


def in_file(place: Place, origin: Origin) -> tuple[str, ...]:
    """Return a place without the steps that the file does not have."""
    path: tuple[str, ...] = ()
    for step in map(str, place):
        if (*path, step) in origin.lines:
            path = (*path, step)
    return path


def _explain_one(
    fault: Mapping[str, Any],
    alike: list[dict[str, Any]],
    path: tuple[str, ...],
    model: type[BaseModel],
    data: Mapping[Any, Any],
) -> tuple[str, str]:
    """Return rule and remedy of a fault; `alike` are all faults at its place (one for each member of a union)."""
    kind, loc = fault["type"], fault["loc"]
    key = next((step for step in reversed(path) if not step.isdigit()), "the plan")
    if kind == "extra_forbidden" and (others := _kinds_with(loc, model)):
        return (
            f"`{loc[-1]}` does not belong to {others[0]} {loc[-2]}",
            f"Remove it, or use {others[1]}.",
        )
    if kind == "extra_forbidden":
        if len(loc) == 1 and issubclass(model, Study) and (having := kinds_with(str(loc[0]))):
            return _of_other_kinds(str(loc[0]), having, data)
        return f"there is no key `{loc[-1]}`", choose_from(_keys_at(loc[:-1], model), meant_by(fault, model))
    if kind == "missing" and isinstance(loc[-1], str):
        remedy = f"Add {_example(loc[-1]) or f'`{loc[-1]}:`'}."
        if loc == ("arms",):
            remedy += " A plan without arms, estimands and analyses is of `design: service`."
        return f"the key `{loc[-1]}` is required", remedy
    if kind == "literal_error":
        return f"`{key}` is not one of the known words", choose_from(_words_allowed(fault), meant_by(fault, model))
    if kind == "value_error":
        return _split(str(fault["ctx"]["error"]))
    if kind == "string_pattern_mismatch" and loc == ("study",):
        return (
            "`study` is not a short identifier of lower-case letters, digits, hyphens and underscores",
            "Write for example `study: hip-oa-exercise`, and the long form in `title`.",
        )
    declared = data.get(NAMES[key]) if key in NAMES else None
    if kind == "string_type" and isinstance(declared, Mapping):
        section = NAMES[key].replace("_", " ")
        return (
            f"`{key}` is not a name from the plan",
            f"Use one of the {section} of this plan: {', '.join(map(str, declared))}.",
        )
    if kind == "string_pattern_mismatch" or "[key]" in loc:
        return (
            "the name has other characters than lower-case letters, digits and underscores, or starts with a digit",
            "Rename it, for example `week_12`, and keep the long form in `label`.",
        )
    if kind in ("missing", "too_long"):
        return f"`{key}` does not have two values", f"Write for example {_example(key) or '`[low, high]`'}."
    if kind == "too_short":
        return f"`{key}` has no member", f"Add one{_such_as(key)}."
    expected = list(dict.fromkeys(EXPECTED[other["type"]] for other in alike if other["type"] in EXPECTED))
    if expected:
        words = " or ".join(expected)
        return f"`{key}` is not {words}", f"Write {words}{_such_as(key)}."
    return f"`{key}` {_as_fact(str(fault['msg']))}", f"Correct the value{_such_as(key)}."


def _as_fact(message: str) -> str:
    """Return a message of pydantic, which says what ought to be, as what is."""
    text = message.lower().removeprefix("input ")
    return text.replace("should be", "is not").replace("should have", "does not have")


def _example(key: str) -> str:
    return f"`{key}: {EXAMPLES[key]}`" if key in EXAMPLES else ""


def _such_as(key: str) -> str:
    return f", for example {_example(key)}" if key in EXAMPLES else ""


def _literals(expected: str) -> list[str]:
    """Read the words out of pydantic's "'a', 'b' or 'c'"."""
    return [word.strip().strip("'") for word in expected.replace(" or ", ", ").split(",")]


def _words_allowed(fault: Mapping[str, Any]) -> list[str]:
    """Return the words allowed in place of a wrong one; every design, though the kind of study has its own only."""
    return list(get_args(Design)) if fault["loc"] == ("design",) else _literals(fault["ctx"]["expected"])


def _of_other_kinds(key: str, kinds: Iterable[type[Study]], data: Mapping[Any, Any]) -> tuple[str, str]:
    """Return rule and remedy of a key that only plans of other kinds have."""
    own = data.get("design", "parallel")
    designs = [design for kind in kinds for design in designs_of(kind)]
    return (
        f"`{key}` is a key of plans of `design: {', '.join(designs)}`, and this plan is of `design: {own}`",
        f"Remove `{key}`, or correct `design`.",
    )


def _keys_at(loc: Place, model: type[BaseModel]) -> list[str]:
    """Return the keys allowed at a place of the plan."""
    names = [name for kind in _types_at(loc, model) if _is_model(kind) for name in kind.model_fields]
    return list(dict.fromkeys(names))


def _types_at(loc: Place, model: type[BaseModel]) -> list[Any]:
    """Return the types that a place of the plan may have; a member of a union is named by its class."""
    here: list[Any] = [model]
    for step in loc:
        named = [kind for kind in here if _is_model(kind) and kind.__name__.lower() == str(step).lower()]
        here = named or [inner for kind in here for inner in _into(kind, str(step))] or here
    return here


def _kinds_with(loc: Place, model: type[BaseModel]) -> tuple[str, str] | None:
    """Return the key that tells members of a union apart, and those that have an unknown key; None where none has."""
    part = _types_at(loc[:-1], model)
    words = [(name, word) for kind in _types_at(loc[:-2], model) if _is_model(kind) and kind not in part
             for name, word in _tag(kind) if loc[-1] in kind.model_fields]  # fmt: skip
    if len(part) != 1 or not words or not any(str(loc[-2]) == word for _, word in _tag(part[0])):
        return None
    return words[0][0], " or ".join(f"`{name}: {word}`" for name, word in words)


def _tag(kind: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Yield the key of a member of a union that has one word, and the word."""
    for name, field in kind.model_fields.items():
        if field.is_required() and get_origin(field.annotation) is Literal:
            yield name, str(get_args(field.annotation)[0])


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
    elif get_origin(kind) is Annotated:
        yield from _branches(get_args(kind)[0])
    elif kind is not type(None):
        yield kind
