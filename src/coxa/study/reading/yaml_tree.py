"""YAML as a tree of bounded size, as plain data with the line of every key, and what is wrong where it is not YAML."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import CollectionStartEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

DEEPEST, LARGEST = 50, 50_000
"""Levels of a plan, and keys and values of it with every anchor written out; plans have some 8 and 2,000."""

TOO_DEEP, TOO_LARGE, ITSELF, NO_VALUE = "nested too deeply", "too large", "an anchor holds itself", "no such value"
"""What the errors of this module say is wrong."""

INTEGER, SHOWN = 2**63, 30

KINDS = {"int": "a whole number", "float": "a number", "bool": "true or false", "timestamp": "a date"}


class PlanYAMLError(MarkedYAMLError):
    """A file that is YAML and cannot be a plan; `problem` is one of the words above, `note` has the details."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A YAML document with places.

    data       : the plain data (dict, list, scalars)
    lines      : key path -> line
    duplicates : (key path, line, line of the first) for every repeated key
    """

    data: Any
    lines: dict[tuple[str, ...], int]
    duplicates: tuple[tuple[tuple[str, ...], int, int], ...]


def place(text: str) -> Placed:
    """Parse YAML into plain data with the line of every key, and every duplicate key.

    Raises
    ------
    ruamel.yaml.error.YAMLError
        If the text is not YAML, or not of a plan (`PlanYAMLError`).
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _Levels
    root = yaml.compose(io.StringIO(text))
    if root is not None:
        _check_size(root, {})
    lines: dict[tuple[str, ...], int] = {}
    duplicates: list[tuple[tuple[str, ...], int, int]] = []
    for path, line in _walk(root, ()):
        if any(path[: len(repeated)] == repeated for repeated, _, _ in duplicates if path != repeated):
            continue
        if path in lines:
            duplicates.append((path, line, lines[path]))
        else:
            lines[path] = line
    return Placed(_data(root), lines, tuple(duplicates))


class _Levels(Composer):
    """Makes the tree; brackets or levels nested more deeply than in any plan are an error with their place."""

    depth = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        """Return the next node with all that is below it."""
        event = self.parser.peek_event()
        inside = isinstance(event, CollectionStartEvent)
        self.depth += inside
        if self.depth > DEEPEST:
            raise PlanYAMLError(problem=TOO_DEEP, problem_mark=event.start_mark)
        node: Node | None = super().compose_node(parent, index)
        self.depth -= inside
        return node


class _Values(SafeConstructor):
    """Makes plain data; a value that Python cannot hold is an error with its place."""

    def construct_object(self, node: Node, deep: bool = False) -> Any:
        """Return the value of a node."""
        if not isinstance(node, ScalarNode):
            return super().construct_object(node, deep)
        try:
            value = super().construct_object(node, deep)
        except ConstructorError:
            raise
        except (ValueError, TypeError, KeyError, OverflowError):
            raise _no_value(node) from None
        if isinstance(value, int) and not -INTEGER < value < INTEGER:
            raise _no_value(node)
        return value


def _no_value(node: ScalarNode) -> PlanYAMLError:
    """Return the error of a value that is not of the kind it looks like, or cannot be held."""
    text = node.value if len(node.value) <= SHOWN else f"{node.value[:SHOWN]}..."
    kind = KINDS.get(str(node.tag).rpartition(":")[2], "a value")
    return PlanYAMLError(
        problem=NO_VALUE, problem_mark=node.start_mark, note=f"`{text}` is not {kind} that can be read"
    )


def _data(root: Node | None) -> Any:
    if root is None:
        return None
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _Values
    yaml.allow_duplicate_keys = True
    return yaml.constructor.construct_document(root)


def _check_size(node: Node, known: dict[int, int]) -> int:
    """Return how many keys and values a node has with every anchor written out; raise where they are too many."""
    if id(node) in known:
        if not known[id(node)]:
            raise PlanYAMLError(problem=ITSELF, problem_mark=node.start_mark)
        return known[id(node)]
    known[id(node)] = 0
    size = 1 + sum(_check_size(part, known) for part in _parts(node))
    if size > LARGEST:
        raise PlanYAMLError(problem=TOO_LARGE, problem_mark=node.start_mark)
    known[id(node)] = size
    return size


def _parts(node: Node) -> Iterator[Node]:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield key
            yield value
    elif isinstance(node, SequenceNode):
        yield from node.value


def _walk(node: Node | None, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    """Yield the path and line of every key and list item below a node."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            word = key.value if isinstance(key, ScalarNode) else "?"
            here = (*path, str(word))
            yield here, key.start_mark.line + 1
            yield from _walk(value, here)
    elif isinstance(node, SequenceNode):
        for index, value in enumerate(node.value):
            here = (*path, str(index))
            yield here, value.start_mark.line + 1
            yield from _walk(value, here)


Said = tuple[int | None, str, str]
"""Line, rule and remedy."""

NOT_A_PLAN = {
    TOO_DEEP: (f"the file has more than {DEEPEST} levels", "Close the brackets, or write the plan with fewer levels."),
    TOO_LARGE: (
        f"the file has more than {LARGEST:,} keys and values, counting what anchors (&) repeat",
        "Write out what is meant, without anchors.",
    ),
    ITSELF: ("the anchor (&) of this line holds itself", "Write out what is meant, without the anchor."),
}


def yaml_fault(error: YAMLError, text: str) -> Said:
    """Return where a YAML file breaks off, the rule that it breaks and what to do."""
    if isinstance(error, ReaderError):
        line = text[: error.position].count("\n") + 1
        return line, f"the line has the control character U+{error.character:04X}", "Delete the character."
    if isinstance(error, PlanYAMLError) and error.problem == NO_VALUE:
        return error.problem_mark.line + 1, str(error.note), "Correct it, or put it in quotes if it is a text."
    if isinstance(error, PlanYAMLError):
        return error.problem_mark.line + 1, *NOT_A_PLAN[error.problem]
    if not isinstance(error, MarkedYAMLError):
        return None, f"the file is not valid YAML: {error}", "Check indentation, colons and quotes."
    return _marked_fault(error, text)


def _marked_fault(error: MarkedYAMLError, text: str) -> Said:
    """Return the fault of a file at a place that the parser names."""
    mark = error.problem_mark or error.context_mark
    problem, context = error.problem or "", error.context or ""
    if mark is None:
        return None, f"the file is not valid YAML: {problem or context}", "Check indentation, colons and quotes."
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    at = mark.line + 1
    opened = error.context_mark.line + 1 if error.context_mark else at
    if "\t" in line[: mark.column + 1]:
        return at, "the line is indented with a tab", "Replace the tab with spaces."
    if "mapping values" in problem and ":" in line[: mark.column].strip(" -"):
        return at, "a text with a colon in it is not in quotes", 'Put the text in quotes, for example title: "A: b".'
    if "quoted scalar" in context:
        return opened, "the quote opened on this line is not closed", "Add the closing quote."
    if "flow" in context:
        return opened, "the bracket opened on this line lacks its end or a comma", "Add the bracket or the comma."
    if "block" in context and ":" in line[: mark.column]:
        return (
            at,
            "a text goes on after its closing quote",
            "Put the whole text in quotes, for example \"the 'A' arm\".",
        )
    if "mapping values" in problem and mark.line and _is_bare(lines[mark.line - 1], line):
        return mark.line, "the key on this line has no colon", "Write `key: value`."
    if "mapping values" in problem or "block" in context:
        return at, "the line does not start in the column of its level", _aligned(lines, mark.line)
    if "expected ':'" in problem:
        return opened, "the key on this line has no colon", "Write `key: value`."
    if "cannot start any token" in problem:
        return at, "a text starts with a character that has a meaning in YAML", "Put the text in quotes."
    return at, f"the file is not valid YAML: {problem or context}", "Check indentation, colons and quotes here."


def _aligned(lines: list[str], at: int) -> str:
    """Say how far the line is indented, and how far the line with text before it."""
    before = next((k for k in range(at - 1, -1, -1) if lines[k].strip()), None)
    here = _indent(lines[at]) if at < len(lines) else 0
    if before is None:
        return f"It starts after {here} spaces. Start it in the first column."
    return f"It starts after {here} spaces, line {before + 1} after {_indent(lines[before])}. Align it with its level."


def _is_bare(before: str, line: str) -> bool:
    """Return whether the line before stands on the same level and has no colon."""
    return bool(before.strip()) and ":" not in before and _indent(before) == _indent(line)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
