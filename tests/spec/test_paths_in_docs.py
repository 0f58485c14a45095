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


FOLDERS = ("docs", "analyses", "synthetic_data", "tests", "benchmarks", "src")
PAGES = [*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in sorted((ROOT / folder).rglob("*.md")))]


def test_every_linked_page_exists() -> None:
    assert len(PAGES) > 100
    missing = [
        (page.relative_to(ROOT).as_posix(), link)
        for page in PAGES
        for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not page.parent.joinpath(link).exists()
    ]
    assert missing == []
