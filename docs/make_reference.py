"""Write docs/reference.md from the docstrings: `python -m docs.make_reference`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import coxa

PAGE = Path(__file__).parent / "reference.md"
HEAD = """# Reference

Every public name, with the first line of its docstring; `help(name)` has parameters, errors, sources and examples.
Written by `python -m docs.make_reference`.
"""


def namespaces() -> list[str]:
    """Return the namespaces of the package, in alphabetical order."""
    return [name for name in dir(coxa) if isinstance(getattr(coxa, name), ModuleType)]


def first_line(thing: object) -> str:
    """Return the first paragraph of a docstring as one line of a table."""
    paragraph = (inspect.getdoc(thing) or "").split("\n\n")[0]
    return re.sub(r"\s+", " ", paragraph).replace("|", "\\|")


def reference_page() -> str:
    """Return the page as text."""
    top = ", ".join(f"`{name}`" for name in coxa.__all__)
    lines = [HEAD, f"At the top, as `coxa.name`: {top}.", *_sections()]
    return "\n".join(lines) + "\n"


def _sections() -> Iterator[str]:
    for name in namespaces():
        module = import_module(f"coxa.{name}")
        yield f"\n## coxa.{name}\n\n{first_line(module)}\n\n| name | |\n|---|---|"
        yield from (f"| `{each}` | {first_line(getattr(module, each))} |" for each in module.__all__)


if __name__ == "__main__":
    PAGE.write_text(reference_page(), encoding="utf-8")
