"""What is wrong with a file that is not YAML, in plain words: the line, the rule, the remedy."""

from __future__ import annotations

from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from coxa.study.reading.yaml_tree import DEEPEST, ITSELF, LARGEST, NO_VALUE, TOO_DEEP, TOO_LARGE, PlanYAMLError

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
