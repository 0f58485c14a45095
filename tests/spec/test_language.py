"""Words that messages, help, reports and pages do without, counted per file: a count may only fall (docs/style.md)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "coxa"
BANNED = re.compile(r"(?<!\.)\b(stands|said|told|somebody|nobody|beside|whatever|should)\b", re.IGNORECASE)
STILL_THERE: dict[str, int] = {"study/reading/explain.py": 2}  # which takes the word out of pydantic's messages
"""File -> banned words in its texts that wait for an editor. Lower a count when you mend one; never raise it."""

IN_QUOTES = {
    "docs/style.md": 17,
    "docs/text-and-numbers.md": 1,
    "docs/methods/contrasts.md": 1,
    "docs/audit-methods.md": 1,
}
"""Page -> banned words in it: those that it bans, a cell of a file, the title of a paper."""


def texts(tree: ast.Module) -> Iterator[str]:
    """Yield the literal texts of a module that are no docstrings and have more than one word."""
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value
        if is_text and id(node) not in documentation:
            yield node.value


def counted(path: Path) -> int:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return sum(len(BANNED.findall(text)) for text in texts(tree))


def test_banned_words_only_become_fewer() -> None:
    paths = {path.relative_to(SOURCE).as_posix(): path for path in SOURCE.rglob("*.py") if "_demo" not in path.parts}
    counts = {name: number for name, path in paths.items() if (number := counted(path))}
    assert counts == STILL_THERE, "write new texts by docs/style.md; where a count fell, lower it here"


def test_pages_do_without_banned_words() -> None:
    pages = [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]
    counts = {page.relative_to(ROOT).as_posix(): len(BANNED.findall(page.read_text("utf-8"))) for page in pages}
    assert not {name: n for name, n in counts.items() if n > IN_QUOTES.get(name, 0)}


def test_docstrings_are_no_messages_but_other_texts_are() -> None:
    tree = ast.parse('def f() -> str:\n    """Somebody reads it."""\n    return f"nobody should read {1}"')
    assert [BANNED.findall(text) for text in texts(tree)] == [["nobody", "should"]]
