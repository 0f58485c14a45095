"""Numbers in the text of a worked study, and whether what it prints, its plan or a generated page has them."""

from __future__ import annotations

import re
from pathlib import Path

from tests.study.page_lines import ROOT

NUMBER = re.compile(r"(?<![\w.#/√-])\d[\d,]*(?:\.\d+(?: ?%)?(?![\w/.]*\w)| ?%)")
VALUE = re.compile(r"(?<![\w.])\d[\d_,]*(?:\.\d+)?(?:e-\d+)?|(?<![\w.])\.\d+")
USUAL = {"95%", "5%", "90%", "99.8 %", "95 %"}
"""Levels of any study."""
FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)


def claimed(page: Path) -> list[str]:
    """Return the numbers with a decimal point and the percentages of a page, without code and addresses."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    return list(dict.fromkeys(NUMBER.findall(re.sub(r"\]\([^)]*\)", "]", re.sub(r"`[^`]*`", "", text)))))


def values(text: str) -> list[float]:
    """Return every number of a text."""
    return [float(number.replace(",", "").replace("_", "") or 0) for number in VALUE.findall(text)]


def is_made(page: Path) -> bool:
    """Whether a command writes a page, or the script of its data does."""
    return "--write" in page.read_text(encoding="utf-8") or "synthetic_data" in page.parts


def unfounded(page: Path, printed: str) -> list[str]:
    """Return the numbers of a page that are, to their decimals, not among those that its study has."""
    study, text = page.parent, page.read_text(encoding="utf-8")
    files = [*study.glob("*.yaml"), *study.glob("*.py")]
    files += [ROOT / name for name in re.findall(r"tests/[\w/]+\.py", text)]
    linked = [study / target for target in re.findall(r"\]\(([\w./-]+\.md)", text)]
    files += [each for each in linked if each.exists() and is_made(each)]
    known = values(printed) + [number for file in files for number in values(file.read_text(encoding="utf-8"))]
    missing = []
    for number in claimed(page):
        value = number.rstrip(" %").replace(",", "")
        half = 0.5000001 * 10.0 ** -len(value.partition(".")[2])
        if number in USUAL or any(abs(scale * each - float(value)) <= half for each in known for scale in (1, 100)):
            continue
        missing.append(number)
    return missing
