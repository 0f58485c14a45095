"""No number in prose that is not computed, tested or cited.

Numbers are those with a decimal point, percentages, and whole numbers of a unit of time or memory, in README,
CONTRIBUTING and the hand-written pages of `docs/`. A number is covered where

* its paragraph names the test or the command that makes it again, or the file of `src/` that defines it; a table or a
  list may have that in the paragraph before or after it;
* a file has it that the page names, or a test that names the page (no times, no sizes, no whole percentages);
* a file of other software has it (six digits or more, rounded), or, rounded, a table that a command writes: of its
  section, or of a page that its paragraph links to;
* its paragraph cites author and year;
* the program has it by definition: `DEFINED` has the file of `src/` for the page; `USUAL` are levels of any page;
* `CITED` has its section, with the reason.

Pages that a command writes or that are run when the site is built are not read. The worked studies have their numbers
from what they print: `tests/study/test_commands_of_pages.py`.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pandas as pd
import pytest
from scipy import stats

from coxa.audit import funnel_ratios
from coxa.audit.funnel import Exact
from coxa.estimates import fit_rates
from docs.make_pages import PAGES as GENERATED

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]
FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
UNIT = r"(?:ms|s|MB|kB|GB|(?:milli)?seconds?|minutes?|hours?)"
NUMBER = re.compile(rf"(?<![\w.#/√-])\d[\d,]*(?:\.\d+(?: ?%)?(?![\w/.]*\w)| ?%|(?=\s{UNIT}\b))")
VERSION = re.compile(
    r"(?:Python|RO-Crate|Chromium|Dataset-JSON|standard)\]? (?:from )?\d[\d.]*(?: (?:to|or) \d[\d.]*)?"
)
MADE_BY = re.compile(
    r"tests/[\w/.]+\.(?:py|json|R|csv)|python -m\s+[\w.]+|python benchmarks/[\w.]+|nox -s \w+"
    r"|pytest [\w/ .-]+|coxa selftest|coxa power analyses/[\w/.]+|src/coxa/[\w/]+\.py"
)
NAMED = re.compile(r"(?:tests|src|benchmarks|analyses|tools)/[\w/.]+\.(?:py|json|R|yaml|csv)")
BY_AUTHOR = re.compile(
    r"[A-Z][\w'’-]+(?:,? (?:&|and) [A-Z][\w'’-]+|,? et al\.?)?,?\s\(?(?:\*[^*]+\*,?\s)?\(?(?:19|20)\d\d\b"
)
OUTPUT_OF = re.compile(r"file_format: mystnb")

USUAL = frozenset(["95%", "95 %", "90%", "80%", "5%", "2.5%", "99.8 %", "0.05", "0.025", "0.5", "1.96", "127.0"])
"""Levels, quantiles and the like that are no results; the last is the begin of an address."""

DEFINED = {
    "docs/audit-methods.md": ("audit/charts/over_time.py", "audit/charts/rare.py"),
    "docs/power.md": ("design/by_simulation/search.py",),
}
"""Page -> files of `src/coxa` whose constants it tells."""

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


def literals(text: str) -> set[str]:
    """Return every number that a text has."""
    return {number.replace("_", "") for number in re.findall(r"(?<![\w.])\d[\d_]*(?:\.\d+)?", text)}


@cache
def texts() -> dict[str, str]:
    """Return the text of every test, by its path."""
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/*.py")}


@cache
def written() -> frozenset[str]:
    """Return every number that a test has."""
    own = Path(__file__).relative_to(ROOT).as_posix()
    return frozenset(number for name, text in texts().items() if name != own for number in literals(text))


def in_files_of(name: str, text: str) -> set[str]:
    """Return the numbers of the files that a page names, of the tests that name it, and of its part of the program."""
    paths = {*NAMED.findall(text), *(f"src/coxa/{one}" for one in DEFINED.get(name, ()))}
    paths |= {f"{module.replace('.', '/')}.py" for module in re.findall(r"python -m\s+(tests\.[\w.]+)", text)}
    paths |= {path for path, code in texts().items() if name in code and path != "tests/spec/test_numbers_in_docs.py"}
    there = [ROOT / path for path in sorted(paths) if (ROOT / path).is_file()]
    return {number for path in there for number in literals(path.read_text(encoding="utf-8"))}


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


def paragraphs(text: str) -> Iterator[tuple[str, str]]:
    """Yield each paragraph with the text that may say where its numbers are from."""
    parts = [part for part in re.split(r"\n\s*\n", text) if part.strip()]
    for place, part in enumerate(parts):
        of_several = part.lstrip().startswith(("|", "- ", "* ", "1. "))
        yield part, "\n".join(parts[max(place - 1, 0) : place + 2]) if of_several else part


def plain(text: str) -> str:
    """Return a text without code, addresses and versions."""
    return re.sub(r"\]\([^)]*\)", "]", VERSION.sub("", re.sub(r"`[^`]*`", "", text)))


def rounds_to(value: str, text: str) -> bool:
    """Whether one of the numbers of a text is a value, to its decimals."""
    half = 0.5000001 * 10.0 ** -len(value.partition(".")[2])
    return any(abs(float(each) - float(value)) <= half for each in literals(text))


def is_covered(number: str, part: str, around: str, known: set[str], tables: str) -> bool:
    value = number.rstrip(" %").replace(",", "")
    of_a_measure = "." not in value or re.search(rf"{re.escape(number)}\s{UNIT}\b", part)  # any file may have a 7
    return (
        bool({number, value} & USUAL)
        or (value in known and not of_a_measure)
        or rounds_to(value, tables)
        or is_a_reference(value)
        or bool(BY_AUTHOR.search(around))
    )


def uncovered(page: Path, root: Path = ROOT) -> dict[str, list[str]]:
    """Return section -> numbers of a page that nothing covers."""
    name = page.relative_to(root).as_posix()
    whole = page.read_text(encoding="utf-8")
    if name in GENERATED or f"--write {name}" in whole or OUTPUT_OF.search(whole[:100]):
        return {}
    found: dict[str, list[str]] = {}
    known = in_files_of(name, whole)
    for heading, text in sections(page):
        if f"{name}: {heading}" in CITED:
            continue
        made = "".join(part for part, around in paragraphs(text) if part.startswith("|") and MADE_BY.search(around))
        for part, around in paragraphs(text):
            if MADE_BY.search(around):
                continue
            tables = made + of_linked_pages(page, around)
            numbers = dict.fromkeys(NUMBER.findall(plain(part)))
            if missing := [number for number in numbers if not is_covered(number, plain(part), around, known, tables)]:
                found.setdefault(f"{name}: {heading}", []).extend(missing)
    return found


def test_a_section_that_is_cited_is_there() -> None:
    there = {f"{page.relative_to(ROOT).as_posix()}: {heading}" for page in PAGES for heading, _ in sections(page)}
    assert set(CITED) <= there


def test_a_number_that_nothing_covers_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A\n\nIt was 93.127%, or 7 %, and took 12 s, in 2024 of 30 people.\n\n# B\n\nOf 8.51.\n\n"
        "8.51 by `python -m tests.simulation.b`.\n\n| a |\n|---|\n| 4.2 |\n\nBy `tests/spec/test_b.py`.\n\n"
        "4.2 and 5.3.\n",
        encoding="utf-8",
    )
    assert uncovered(page, tmp_path) == {"page.md: A": ["93.127%", "7 %", "12"], "page.md: B": ["8.51", "5.3"]}


def test_the_worked_example_of_rates() -> None:
    people = pd.DataFrame({"arm": ["usual_care", "exercise"], "events": [1, 3], "years": [220 / 365.25, 132 / 365.25]})
    table = fit_rates(people, "events", "years", against="usual_care").frame.set_index(["term", "arm"]).round(2)
    shown = table[["estimate", "conf_low", "conf_high"]]
    assert shown.loc[("rate", "exercise")].tolist() == [8.30, 1.71, 24.26]
    assert shown.loc[("rate_ratio", "exercise")].tolist() == [5.00, 0.40, 262.49]


def test_the_two_poisson_limits_of_the_page_on_funnels() -> None:
    found = {
        which: funnel_ratios([15], [15.0], units=["A"], exact=which).frame["high_95"].iloc[0]
        for which in get_args(Exact)
    }
    assert {which: round(float(limit), 2) for which, limit in found.items()} == {"predictive": 1.51, "count": 1.65}


def test_monte_carlo_errors_of_a_thousand_bootstrap_samples() -> None:
    samples, tail = 1000, 0.025
    assert round(1 / math.sqrt(2 * (samples - 1)), 3) == 0.022
    density = stats.norm.pdf(stats.norm.ppf(tail))
    assert round(math.sqrt(tail * (1 - tail) / samples) / density, 3) == 0.084


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_numbers_of_a_page_are_computed_tested_or_cited(page: Path) -> None:
    assert not uncovered(page)
