"""Put what a command made into a page of the docs, between two marks."""

from __future__ import annotations

from pathlib import Path

START, END = "<!-- simulated -->", "<!-- end -->"


def write_between(page: Path, lines: str) -> None:
    """Replace what stands between the marks of a page."""
    before, _, rest = page.read_text(encoding="utf-8").partition(START)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{START}\n{lines}\n{END}{after}", encoding="utf-8")
