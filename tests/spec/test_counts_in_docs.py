"""Counts that pages tell are those of what is counted."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from coxa.lessons import lesson_names
from coxa.report.topics.checklists.definition import GUIDELINES, load_guideline

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHECKLISTS = (ROOT / "docs" / "checklists.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([\w-]+)` \| (\d+)(?: \((\d+) rows\))? \|", re.MULTILINE)


@pytest.mark.parametrize(("file", "words"), [("mmrm.json", "{} fits"), ("lmm_r.json", "{} models with random effects")])
def test_fits_of_other_software(file: str, words: str) -> None:
    kept = json.loads((ROOT / "tests" / "reference" / file).read_text(encoding="utf-8"))
    assert words.format(len(kept) - 1) in README  # but for `meta`


def test_covariance_structures_of_the_fits() -> None:
    kept = json.loads((ROOT / "tests" / "reference" / "mmrm.json").read_text(encoding="utf-8"))
    found = {match[1] for fit in kept.values() if (match := re.search(r" \+ (\w+)\(", str(fit.get("formula", ""))))}
    assert len(found) == 10
    assert "ten covariance structures" in README


def test_lessons() -> None:
    assert len(lesson_names()) == 12
    assert "one of twelve data sets" in README


@pytest.mark.parametrize(("name", "items", "rows"), ROW.findall(CHECKLISTS))
def test_items_of_a_checklist(name: str, items: str, rows: str) -> None:
    """A number with letters is one item; an item that another checklist's is extended by counts by its row."""
    found = [item.item for part in load_guideline(name).sections for item in part.items]
    numbers = {re.sub(r"(?<=\d)[a-z].*$", "", item) for item in found}
    assert len(found) == int(rows or items)
    assert len(numbers) == int(items)


def test_every_checklist_of_a_study_is_in_the_table() -> None:
    assert {name for name, _, _ in ROW.findall(CHECKLISTS)} <= set(GUIDELINES)
