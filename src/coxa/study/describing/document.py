"""The study file as a document and as a JSON Schema, both generated from the models that read it."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from coxa.study.comparative import ComparativeStudy
from coxa.study.delivery.components import components
from coxa.study.delivery.exercises import exercises
from coxa.study.describing.data_examples import CLUSTER_EXAMPLES, EXAMPLES, ClusterExample, DataExample
from coxa.study.kinds import ANY_KIND, CohortStudy, ServiceEvaluation, Trial
from coxa.study.models.imputed_counts import CountBranch
from coxa.study.parts import ComparativeReport, Name, Part, ReportOptions
from coxa.study.plan import Study


def study_schema() -> str:
    """Return the JSON Schema (draft 2020-12) of a study file as text, the same bytes every time.

    It has one schema for each kind of study, told apart by `design`.

    Examples
    --------
    >>> import json
    >>> json.loads(study_schema())["title"]
    'coxa study file'
    """
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **ANY_KIND.json_schema(),
        "title": "coxa study file",
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


INTRODUCTION = """# The study file

Every key of a study file. This page is generated from the models that read it (`src/coxa/study/`); a key in **bold** is
required. A *name* is lower-case letters, digits and underscores, first a letter. `coxa schema study` prints the same as
a JSON Schema, with which an editor completes the file; `coxa new` writes a commented file that runs.

The `design` says of what kind a study is, and with it which keys its plan may have: those of any study, and those of
its kind.
"""

ALSO: dict[type[Part], str] = {
    ComparativeReport: ", with arms or groups",
    CountBranch: " of `model: imputed_counts`",
}
"""Part -> what tells its heading from that of another part at the same place."""

KIND_TITLES: dict[type[Part], str] = {
    Study: "Any study",
    ComparativeStudy: "Studies that compare arms or groups",
    Trial: "Trials",
    CohortStudy: "Cohort studies",
    ServiceEvaluation: "Service evaluations",
}
"""What plans have keys of their own -> the heading of these keys."""

WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false", date: "date", Any: "anything"}


def study_document() -> str:
    """Return every key of a study file, trials with clusters and the shapes of data as Markdown.

    The bytes are the same every time.

    Examples
    --------
    >>> study_document().splitlines()[0]
    '# The study file'
    """
    parts = dict.fromkeys(each for kind in KIND_TITLES for each in walk((), kind))
    sections = [part_section(path, part) for path, part in parts]
    clusters = "## Trials with clusters\n\nWhat a plan says where participants share a therapist or a clinic.\n"
    shapes = "## Shapes of data\n\nThe `data:` block for each shape in which data come; names are made up.\n"
    return "\n".join(
        [
            INTRODUCTION,
            *sections,
            clusters,
            *map(_example, CLUSTER_EXAMPLES),
            shapes,
            *map(_example, EXAMPLES),
            _components(),
            _exercises(),
        ]
    )


def _components() -> str:
    """Return the vocabulary of components as a table."""
    intro = (
        "## Components\n\nWhat `delivers` may name. In an active component the participant moves or trains, in a "
        "passive one something is done to the participant.\n"
    )
    head = "| code | component | kind | part of | meaning |\n|---|---|---|---|---|"
    rows = [
        f"| `{code}` | {one.label} | {one.kind} | {f'`{one.part_of}`' if one.part_of else ''} | {one.meaning} |"
        for code, one in components().items()
    ]
    return "\n".join([intro, head, *rows, ""])


def _exercises() -> str:
    """Return the exercise vocabulary as a table."""
    intro = "## Exercises\n\nWhat `delivery: exercises:` may name, with those that a plan adds under `exercises:`.\n"
    head = "| code | exercise | target | kind |\n|---|---|---|---|"
    rows = [f"| `{code}` | {one.label} | {one.target} | {one.kind} |" for code, one in exercises().items()]
    return "\n".join([intro, head, *rows, ""])


def _example(each: ClusterExample | DataExample) -> str:
    return f"### {each.title}\n\n{each.text}\n\n```yaml\n{each.yaml}```\n"


def plan_keys() -> Iterator[tuple[str, str]]:
    """Yield every key of a plan once, as its path, with its meaning; `<name>` stands for a name.

    Examples
    --------
    >>> dict(plan_keys())["arms.<name>.reference"]
    'True for exactly one arm: the comparator.'
    """
    seen: set[str] = set()
    for kind in KIND_TITLES:
        for path, part in walk((), kind):
            for key, field in part.model_fields.items():
                whole = ".".join((*path, _key(key, field)))
                if whole not in seen:
                    seen.add(whole)
                    yield whole, field.description or ""


def walk(path: tuple[str, ...], part: type[Part]) -> Iterator[tuple[tuple[str, ...], type[Part]]]:
    """Yield every part of a plan with its key path, in the order of the file; `<name>` stands for a name."""
    yield path, part
    for key, field in part.model_fields.items():
        for step, inner in _parts_in(field.annotation):
            yield from walk((*path, _key(key, field), *step), inner)


def _parts_in(kind: Any) -> Iterator[tuple[tuple[str, ...], type[Part]]]:
    """Yield the parts that a type holds, with the steps to them."""
    origin, inner = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and issubclass(kind, Part):
        yield (), kind
    elif origin is dict:
        word = "table" if get_origin(inner[0]) is Literal else "name"
        yield from (((f"<{word}>", *step), part) for step, part in _parts_in(inner[1]))
    elif origin is tuple:
        yield from _parts_in(inner[0])
    elif origin in (Union, types.UnionType):
        for member in inner:
            yield from _parts_in(member)
    elif origin is Annotated:
        yield from _parts_in(inner[0])


def part_section(path: tuple[str, ...], part: type[Part], title: str = "") -> str:
    """Return one part of a plan as Markdown: its place (or title), what it is, and a table of its keys."""
    heading = f"## `{'.'.join(path)}`{_kind(part)}" if path else f"## {title or KIND_TITLES[part]}"
    heading += ALSO.get(part, "")
    text = re.split(r"\n\s*\w+\n\s*-{3,}\n", part.__doc__ or "")[0]
    intro = [" ".join(paragraph.split()) for paragraph in text.split("\n\n") if paragraph.strip()]
    rows = [_row(key, field) for key, field in _own_fields(part).items()]
    head = "| key | what it holds | default | meaning |\n|---|---|---|---|"
    return "\n".join([heading, "", "\n\n".join(intro).replace(" : ", ": "), "", head, *rows, ""])


def _kind(part: type[Part]) -> str:
    """Return " with `model: mmrm`" for a part that is one kind of several, told apart by a key; empty for any other."""
    tags = (
        (key, get_args(field.annotation))
        for key, field in part.model_fields.items()
        if field.is_required() and get_origin(field.annotation) is Literal
    )
    return "".join(f" with `{key}: {words[0]}`" for key, words in tags if len(words) == 1)


def _own_fields(part: type[Part]) -> dict[str, FieldInfo]:
    """Return the keys of a part, without those that it takes over from one that is documented itself."""
    documented = next((base for base in part.__mro__[1:] if base in (*KIND_TITLES, ReportOptions)), None)
    inherited = documented.model_fields if documented and issubclass(documented, Part) else {}
    return {
        key: field
        for key, field in part.model_fields.items()
        if key not in inherited or (inherited[key].annotation != field.annotation and not _parts_of(field))
    }


def _parts_of(field: FieldInfo) -> bool:
    """Return whether a field holds a part of its own, which has a section of its own."""
    return any(True for _ in _parts_in(field.annotation))


def _row(key: str, field: FieldInfo) -> str:
    name = _key(key, field)
    shown = f"**`{name}`**" if field.is_required() else f"`{name}`"
    cells = [
        shown,
        "name" if _is_name(field.metadata) else type_words(field.annotation),
        _default(field),
        field.description or "",
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _is_name(metadata: Iterable[Any]) -> bool:
    """Say whether the constraints of a text are those of `Name`."""
    wanted = get_args(Name)[1].pattern
    return any(getattr(extra, "pattern", None) == wanted for extra in metadata)


def _key(name: str, field: FieldInfo) -> str:
    return field.alias or name


def _default(field: FieldInfo) -> str:
    """Return a default as it would be written; empty where there is none, or nothing by default."""
    value = field.default
    if field.is_required() or field.default_factory or value is None or value == ():
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{', '.join(map(str, value))}`" if isinstance(value, tuple) else f"`{value}`"


def type_words(kind: Any) -> str:
    """Say in words what a type of a model holds.

    Examples
    --------
    >>> type_words(tuple[int, int] | None), type_words(dict[str, float])
    ('list of 2 (whole number)', 'mapping of text to number')
    """
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return "name" if _is_name(inner[1:]) else type_words(inner[0])
    if origin is Literal:
        return ", ".join(f"`{word}`" for word in inner)
    if origin is dict:
        return f"mapping of {type_words(inner[0])} to {type_words(inner[1])}"
    if origin is tuple:
        return (
            f"list of {type_words(inner[0])}" if Ellipsis in inner else f"list of {len(inner)} ({type_words(inner[0])})"
        )
    if origin in (Union, types.UnionType):
        words = dict.fromkeys(type_words(member) for member in inner if member is not type(None))
        if WORDS[float] in words:
            words.pop(WORDS[int], None)
        return " or ".join(words)
    if isinstance(kind, type) and issubclass(kind, Part):
        return "keys, see below"
    return WORDS[kind]
