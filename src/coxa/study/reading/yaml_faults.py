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
        return None, "the file is not valid YAML", f"{error}"
    return _marked_fault(error, text)


def _marked_fault(error: MarkedYAMLError, text: str) -> Said:
    """Return the fault of a file at a place that the parser names."""
    mark = error.problem_mark or error.context_mark
    problem, context = error.problem or "", error.context or ""
    if mark is None:
        return None, "the file should be valid YAML", f"{problem or context}; check indentation, colons and quotes"
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    at = mark.line + 1
    opened = error.context_mark.line + 1 if error.context_mark else at
    if "\t" in line[: mark.column + 1]:
        return at, "a line should be indented with spaces; this one has a tab", "replace the tab; use spaces"
    if "mapping values" in problem and ":" in line[: mark.column].strip(" -"):
        return at, "a text with a colon in it should be in quotes", 'put the text in quotes, for example title: "A: b"'
    if "quoted scalar" in context:
        return opened, "a quote should be closed; the one opened on this line is not", "add the closing quote"
    if "flow" in context:
        bracket = "a bracket should be closed, and its members separated by commas"
        return opened, f"{bracket}; the one opened on this line is not", "add the bracket or comma that is missing"
    if "block" in context and ":" in line[: mark.column]:
        return (
            at,
            "a text that goes on after a quote should be in quotes as a whole",
            "write for example \"the 'A' arm\"",
        )
    if "mapping values" in problem and mark.line and _is_bare(lines[mark.line - 1], line):
        return mark.line, "a key should be followed by a colon; this line has none", "write `key: value`"
    if "mapping values" in problem or "block" in context:
        return at, "keys of one level should start in one column; this line starts wrongly", _aligned(lines, mark.line)
    if "expected ':'" in problem:
        return opened, "a key should be followed by a colon; this line has none", "write `key: value`"
    if "cannot start any token" in problem:
        return at, "a text that starts with this character should be in quotes", "put the text in quotes"
    return at, "the file should be valid YAML", f"{problem or context}; check indentation, colons and quotes here"


def _aligned(lines: list[str], at: int) -> str:
    """Say how far the line is indented, and how far the line with text before it."""
    before = next((k for k in range(at - 1, -1, -1) if lines[k].strip()), None)
    here = _indent(lines[at]) if at < len(lines) else 0
    if before is None:
        return f"it starts after {here} spaces; start it in the first column"
    return f"it starts after {here} spaces, line {before + 1} after {_indent(lines[before])}; align it with its level"


def _is_bare(before: str, line: str) -> bool:
    """Return whether the line before stands on the same level and has no colon."""
    return bool(before.strip()) and ":" not in before and _indent(before) == _indent(line)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
