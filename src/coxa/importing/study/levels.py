"""Values of a column as levels of a plan: arms, categories, fields of the data dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from coxa.cohort.dictionary import Field
from coxa.importing.profile import ColumnProfile
from coxa.importing.study.questions import slug
from coxa.importing.words import heads, value_key

MOST_LEVELS = 12
"""A category of more levels is no covariate."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels of a plan.

    labels : level -> label
    codes  : value of the file -> level, for values that are not their level
    """

    labels: Mapping[str, str]
    codes: Mapping[str | int, str]


def levels_of(profile: ColumnProfile, stem: str = "level") -> Levels:
    """Return the values of a column as levels, in the order of their codes, or of the alphabet.

    Examples
    --------
    >>> sex = ColumnProfile("a.sav", "", "sex", ("sex",), "category", 3, 0, {"1": 2, "0": 1}, 2,
    ...     labels={"0": "Male", "1": "Female"})
    >>> levels_of(sex)
    Levels(labels={'male': 'Male', 'female': 'Female'}, codes={0: 'male', 1: 'female'})
    """
    labels: dict[str, str] = {}
    codes: dict[str | int, str] = {}
    for text in sorted(profile.values, key=_order):
        label = profile.labels.get(text, text).strip()
        level = slug(label) if any(map(str.isalpha, label)) else f"{stem}_{slug(text).removeprefix('n_')}"
        labels.setdefault(level, label)
        if text != level:
            codes[as_code(text)] = level
    return Levels(labels, codes)


def _order(text: str) -> tuple[int, float, str]:
    try:
        return 0, float(text), text
    except ValueError:
        return 1, 0.0, text.casefold()


def as_code(text: str) -> str | int:
    """Return a code as a whole number where it is one, as a plan has it."""
    return int(text) if text.lstrip("-").isdigit() and str(int(text)) == text else text


def known_levels(profile: ColumnProfile, levels: Mapping[str, tuple[str, ...]]) -> dict[str | int, str] | None:
    """Return value -> level by words for the levels, None where a value is none of them.

    Examples
    --------
    >>> sex = ColumnProfile("a.csv", "", "sex", ("sex",), "category", 3, 0, {"M": 2, "weiblich": 1}, 2)
    >>> known_levels(sex, {"female": ("f", "weiblich"), "male": ("m",)})
    {'M': 'male', 'weiblich': 'female'}
    """
    by_word = {word: level for level, words in levels.items() for word in (value_key(level), *words)}
    found = {text: by_word.get(value_key(profile.labels.get(text, text))) for text in profile.values}
    if None in found.values():
        return None
    return {as_code(text): str(level) for text, level in found.items()}


def yes_and_no(profile: ColumnProfile) -> dict[str | int, str] | None:
    """Return value -> yes or no, None where a value is neither."""
    words = heads()
    found: dict[str | int, str] = {}
    for text in profile.values:
        key = value_key(profile.labels.get(text, text))
        if key not in words.yes | words.no:
            return None
        found[as_code(text)] = "yes" if key in words.yes else "no"
    return found


def field_levels(profile: ColumnProfile, wanted: Field) -> dict[str | int, str] | None:
    """Return value -> level of a field with levels or of yes and no; None where a value is none of them."""
    if wanted.type == "boolean":
        return yes_and_no(profile)
    levels = {level: (value_key(label), value_key(level.replace("_", " "))) for level, label in wanted.levels.items()}
    return known_levels(profile, levels)


def changed(codes: Mapping[str | int, str]) -> dict[str | int, str]:
    """Return the codes that are not their level already."""
    return {code: level for code, level in codes.items() if code != level}
