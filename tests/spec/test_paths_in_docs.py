"""What CONTRIBUTING.md and docs/architecture.md name as a path is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)*(?:/|\.(?:py|md|yaml|json|toml|txt)))`")


def named(page: str) -> set[str]:
    """Return the paths that a page has in backticks, and those it links to."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return {path for path in PATH.findall(text) if not path.startswith("study.yaml")}


@pytest.mark.parametrize(
    ("page", "least", "starts"),
    [("CONTRIBUTING.md", 30, ("",)), ("docs/architecture.md", 10, ("", "src/coxa"))],
)
def test_every_path_exists(page: str, least: int, starts: tuple[str, ...]) -> None:
    paths = named(page)
    assert len(paths) >= least
    missing = {path for path in paths if not any((ROOT / start / path).exists() for start in starts)}
    assert missing <= {"section.py"}, sorted(missing)


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "SECURITY.md", "docs/architecture.md", "docs/style.md"])
def test_every_linked_page_exists(page: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text(encoding="utf-8"))
    assert all((ROOT / page).parent.joinpath(link).exists() for link in links)
