"""YAML as a tree of bounded size, and the tree as plain data with the line of every key.

A study file is small. What would grow without bound when it is read (anchors that repeat anchors, anchors that hold
themselves, brackets in brackets) and values that Python cannot hold are faults of the file, each with its line.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

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
    _check_depth(text)
    root = YAML(typ="safe", pure=True).compose(io.StringIO(text))
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


def _check_depth(text: str) -> None:
    """Raise an error where brackets or levels are nested more deeply than in any plan."""
    depth = 0
    for event in YAML(typ="safe", pure=True).parse(io.StringIO(text)):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > DEEPEST:
            raise PlanYAMLError(problem=TOO_DEEP, problem_mark=event.start_mark)


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
