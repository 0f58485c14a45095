"""No number in prose that is not computed, tested or cited.

A number of three digits or more with a decimal point, in README or a page of `docs/`, is covered where it is written
in a test or in the code, where it is (six digits or more, rounded) in a file of other software or (on a linked page) in
a table that a command writes, where its section says by which test or command it is made again, where the page is
generated, or where `CITED` has the section, with the reason.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from coxa.estimates import fit_rates
from docs.make_pages import PAGES as GENERATED

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"(?<![\w.#/-])\d[\d,]*\.\d+(?![\w/.]*\w)")
MADE_BY = re.compile(
    r"tests/[\w/.]+\.(?:py|json|R)|python -m\s+[\w.]+|python benchmarks/[\w.]+|nox -s \w+"
    r"|pytest [\w/ .-]+|coxa selftest"
)
OUTPUT_OF = re.compile(r"file_format: mystnb")

CITED: dict[str, str] = {
    "docs/methods/time-to-event.md: Formulas": "printed by R's WINS, which has another variance: a citation",
    "docs/methods/measurement.md: Minimal important change": "q of the data of tests/reference/measurement.json",
    "docs/reports.md: Styles of journals": "one percentage written in four styles; tests/spec/test_tables_styles.py",
}
"""`page: heading` -> where the numbers of that section are from."""


def sections(page: Path) -> list[tuple[str, str]]:
    """Return the heading of each section with its text, without code."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    parts = re.split(r"^(#{1,4} .*)$", text, flags=re.MULTILINE)
    return [("", parts[0]), *zip((each.lstrip("# ") for each in parts[1::2]), parts[2::2], strict=True)]


@cache
def written() -> frozenset[str]:
    """Return every number that a test or the code has."""
    files = [
        *ROOT.glob("tests/**/*.py"),
        *ROOT.glob("src/**/*.py"),
        *ROOT.glob("src/**/*.yaml"),
        *ROOT.glob("analyses/**/*.py"),
    ]
    return frozenset(
        number
        for path in files
        if path != Path(__file__)
        for number in re.findall(r"(?<![\w.])\d[\d_]*\.\d+", path.read_text(encoding="utf-8"))
    )


@cache
def references() -> tuple[float, ...]:
    """Return every number of the files of other software and of the tests that have some, sorted."""

    def numbers(value: object) -> Iterator[float]:
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list):
            for each in value:
                yield from numbers(each)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield abs(float(value))

    found = [
        number
        for file in ROOT.glob("tests/reference/**/*.json")
        for number in numbers(json.loads(file.read_text(encoding="utf-8")))
    ]
    found += [float(number.replace("_", "")) for number in written()]
    return tuple(sorted(found))


def is_a_reference(number: str) -> bool:
    """Whether a number of six digits or more is one of other software, rounded; of twelve, but for its last digit."""
    units = 2.5 if digits(number) >= 12 else 0.5000001
    value, half = float(number.replace(",", "")), units * 10.0 ** -len(number.partition(".")[2])
    known = references()
    near = bisect_left(known, value - half)
    return digits(number) >= 6 and near < len(known) and known[near] <= value + half


def of_linked_pages(page: Path, text: str) -> str:
    """Return the text of the generated tables that a section links to."""
    linked = [page.parent / target for target in re.findall(r"\]\(([\w./-]+\.md)", text)]
    return "".join(
        each.read_text(encoding="utf-8")
        for each in linked
        if each.exists() and "--write" in each.read_text(encoding="utf-8")
    )


def digits(number: str) -> int:
    return len(re.sub(r"\D", "", number).lstrip("0"))


def uncovered(page: Path, root: Path = ROOT) -> dict[str, list[str]]:
    """Return section -> numbers of a page that nothing covers."""
    name = page.relative_to(root).as_posix()
    whole = page.read_text(encoding="utf-8")
    if name in GENERATED or f"--write {name}" in whole or OUTPUT_OF.search(whole[:100]):
        return {}
    found = {}
    for heading, text in sections(page):
        if f"{name}: {heading}" in CITED or MADE_BY.search(text):
            continue
        plain = re.sub(r"\]\([^)]*\)", "]", re.sub(r"`[^`]*`", "", text))
        numbers = {number for number in NUMBER.findall(plain) if digits(number) >= 3}
        linked = of_linked_pages(page, text)
        missing = sorted(
            number
            for number in numbers
            if number.replace(",", "_") not in written() and not is_a_reference(number) and number not in linked
        )
        if missing:
            found[f"{name}: {heading}"] = missing
    return found


def test_a_section_that_is_cited_is_there() -> None:
    there = {f"{page.relative_to(ROOT).as_posix()}: {heading}" for page in PAGES for heading, _ in sections(page)}
    assert set(CITED) <= there


def test_a_number_that_nothing_covers_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A\n\nIt was 93.127%.\n\n# B\n\n8.5139 by `python -m tests.simulation.b`.\n", encoding="utf-8")
    assert uncovered(page, tmp_path) == {"page.md: A": ["93.127"]}


def test_the_worked_example_of_rates() -> None:
    people = pd.DataFrame({"arm": ["usual_care", "exercise"], "events": [1, 3], "years": [220 / 365.25, 132 / 365.25]})
    table = fit_rates(people, "events", "years", against="usual_care").frame.set_index(["term", "arm"]).round(2)
    shown = table[["estimate", "conf_low", "conf_high"]]
    assert shown.loc[("rate", "exercise")].tolist() == [8.30, 1.71, 24.26]
    assert shown.loc[("rate_ratio", "exercise")].tolist() == [5.00, 0.40, 262.49]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_numbers_of_a_page_are_computed_tested_or_cited(page: Path) -> None:
    assert not uncovered(page)
