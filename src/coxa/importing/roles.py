"""What a column could be by its name, and whether its values agree."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from coxa.importing.profile import ColumnProfile, yes_or_no
from coxa.importing.words import head_key, head_keys, heads, value_key

Moment = Literal["intake", "discharge"]

DISAGREEING = 0.05
"""So small a share of the numbers of a column may be outside the range of what it is taken for."""

LEAST_REACH = 0.25
"""The highest value of a scale has to reach this share of its range: a 0 to 10 rating is no scale of 0 to 100."""

MISSING_CODE = re.compile(r"-?(7+|8+|9+)")
"""Numbers that are often written where a value is missing: 9, 99, -9, 888."""

WORDS_OF_A_NAME = 4
CODE_WORDS = frozenset({"id", "no", "nr", "number", "code", "num", "nummer", "numero"})

MOST_SITES, MOST_PEOPLE, MOST_COUNT = 300, 5000, 1000


def keys_of(profile: ColumnProfile) -> Iterator[str]:
    """Yield what a column is called, the whole name first; below a group that adds nothing its own name as well."""
    yield from head_keys(profile.column)
    if len(profile.parts) > 1 and all(head_key(part) in heads().groups for part in profile.parts[:-1]):
        yield from head_keys(profile.parts[-1])


def roles_by_name(profile: ColumnProfile) -> tuple[str, ...]:
    """Return the roles that a column's name is a word for; those of the first of its names that is known.

    Examples
    --------
    >>> from coxa.importing.profile import ColumnProfile
    >>> roles_by_name(ColumnProfile("a.csv", "", "Patient Pat. no", ("Patient", "Pat. no"), "identifier", 9, 0))
    ('patient',)
    >>> roles_by_name(ColumnProfile("a.csv", "", "Ende der Behandlung", ("Ende der Behandlung",), "date", 9, 0))
    ('discharge_date',)
    """
    for key in keys_of(profile):
        found = tuple(role for role, words in heads().roles.items() if key in words)
        if found:
            return found
        if role := _end_of_care(key):
            return (role,)
    return ()


def _end_of_care(key: str) -> str:
    """Return the role of a head that says in two words that care began or ended; empty where it says something else."""
    known = heads()
    words = [word for word in key.split() if word not in known.care_fillers | known.date_words]
    for role, ends in (("intake_date", known.care_begins), ("discharge_date", known.care_ends)):
        if len(words) == 2 and any(a in ends and b in known.care for a, b in (words, words[::-1])):
            return role
    return ""


def agrees(profile: ColumnProfile, role: str) -> bool:
    """Say whether the values of a column can be those of a role."""
    check = CHECKS.get(role)
    if check is None or not profile.n or not check(profile):
        return False
    never = heads().never.get(role, frozenset())
    return not any(value_key(profile.labels.get(text, text)) in never for text in profile.values)


def _is_patient(one: ColumnProfile) -> bool:
    plain = one.kind in ("identifier", "text", "category") or (one.kind == "number" and one.whole and not one.odd)
    short = not any(len(text.split()) > WORDS_OF_A_NAME for text in one.values)
    return plain and short and one.n >= 0.8 * one.n_rows and 10 * one.n_distinct >= one.n


def _is_episode(one: ColumnProfile) -> bool:
    plain = one.kind in ("identifier", "text") or (one.kind == "number" and one.whole and not one.odd)
    return plain and one.unique


def _is_unit(one: ColumnProfile, most: int) -> bool:
    plain = one.kind in ("category", "text", "identifier") or (one.kind == "number" and one.whole and not one.odd)
    return plain and one.n_distinct <= most and (2 * one.n_distinct <= one.n or one.n < 10)


def _is_person(one: ColumnProfile) -> bool:
    """Say whether values are people: a number is one only where the head says so, since it can be of sessions."""
    coded = set(head_key(one.column).split()) & CODE_WORDS
    return _is_unit(one, MOST_PEOPLE) and (one.kind != "number" or bool(coded))


def _is_date(one: ColumnProfile) -> bool:
    return one.kind == "date"


def _is_count(one: ColumnProfile) -> bool:
    return one.kind == "number" and one.whole and (one.low or 0) >= 0 and (one.high or 0) <= MOST_COUNT


CHECKS: Mapping[str, Callable[[ColumnProfile], bool]] = {
    "patient": _is_patient,
    "episode": _is_episode,
    "clinic": lambda one: _is_unit(one, MOST_SITES),
    "therapist": _is_person,
    "condition": lambda one: one.kind in ("category", "text") or _is_unit(one, MOST_SITES),
    **dict.fromkeys(("referral_date", "intake_date", "discharge_date"), _is_date),
    **dict.fromkeys(("booked", "attended", "missed"), _is_count),
    **dict.fromkeys(("eligible", "asked"), yes_or_no),
}
"""Role -> whether a column's values are of its kind."""

PEOPLE = ("patient", "episode", "therapist")
"""Roles whose values identify people."""


def is_personal(profile: ColumnProfile) -> bool:
    """Say whether the values of a column identify people, by its name: numbers of patients, names, dates of birth."""
    if any(role in PEOPLE for role in roles_by_name(profile)):
        return True
    return any(key in each.heads for key in keys_of(profile) for each in heads().unused if each.personal)


SHAPES = {
    "patient": "numbers or codes of patients", "episode": "numbers or codes, each once", "clinic": "a few names",
    "therapist": "names or codes that come back", "condition": "words", "referral_date": "dates",
    "intake_date": "dates", "discharge_date": "dates", "booked": "counts", "attended": "counts", "missed": "counts",
    "eligible": "yes and no", "asked": "yes and no",
}  # fmt: skip
"""Role -> what its values are."""


def described(profile: ColumnProfile, role: str = "") -> str:
    """Return the values of a column in words, with their numbers.

    Lowest and highest value are shown, but for a role, or a name, of numbers that identify people.
    """
    n, many = profile.n, profile.n_distinct
    if profile.kind == "empty":
        return "it is empty"
    if role in PEOPLE or is_personal(profile):
        return f"{n} values, {many} of them different"
    if profile.kind == "number":
        whole = "whole numbers" if profile.whole else "numbers"
        return f"{n} values, {whole} from {profile.low:g} to {profile.high:g}"
    if profile.kind == "date":
        span = f" from {profile.days[0]} to {profile.days[1]}" if profile.days else ""
        return f"{n} dates{span}"
    if profile.kind == "flag":
        return f"{n} values of yes and no"
    return f"{n} values, {many} of them different"


@dataclass(frozen=True, slots=True)
class Timed:
    """A head in two parts: the moment that it names, and the rest; no moment where it names none, or both."""

    moment: Moment | None
    rest: str


def timed(parts: Sequence[str]) -> Timed:
    """Return the moment that a head names at its beginning or its end, and what is left of it.

    Examples
    --------
    >>> timed(["Start", "NPRS"]), timed(["nprs_t1"]), timed(["LEFS"])
    (Timed(moment='intake', rest='nprs'), Timed(moment='discharge', rest='nprs'), Timed(moment=None, rest='lefs'))
    """
    for k, part in enumerate(parts[:-1] if len(parts) > 1 else ()):
        moment = _moment(head_key(part))
        if moment:
            return Timed(moment, head_key(" ".join([*parts[:k], *parts[k + 1 :]])))
    words = head_key(" ".join(parts)).split()
    found: dict[Moment, str] = {}
    for n in (2, 1):
        if len(words) > n:
            for named, rest in ((words[:n], words[n:]), (words[-n:], words[:-n])):
                moment = _moment(" ".join(named))
                if moment and moment not in found:
                    found[moment] = " ".join(rest)
    if len(found) != 1:
        return Timed(None, " ".join(words))
    return Timed(*next(iter(found.items())))


def _moment(key: str) -> Moment | None:
    if key in heads().intake:
        return "intake"
    return "discharge" if key in heads().discharge else None


@dataclass(frozen=True, slots=True)
class Fit:
    """How numbers fit a range.

    agree   : whether they are of that range, apart from codes and a few slips
    codes   : numbers outside that are often written for a missing value -> how often
    slips   : how many others are outside
    ratios  : text such as 55/80 -> 55, where 80 is the highest value of the range
    """

    agree: bool
    codes: Mapping[str, int]
    slips: int
    ratios: Mapping[str, float]


def fit(profile: ColumnProfile, low: float, high: float, *, reach: bool = False) -> Fit:
    """Return how the numbers of a column fit a range.

    Parameters
    ----------
    reach
        Whether they also have to reach a quarter of the range, as the answers to a questionnaire do.

    Examples
    --------
    >>> values = {"4": 9, "7": 9, "99": 2}
    >>> rated = ColumnProfile("a.csv", "", "NPRS", ("NPRS",), "number", 20, 0, values, 3, low=4, high=99, whole=True)
    >>> fit(rated, 0, 10, reach=True)
    Fit(agree=True, codes={'99': 2}, slips=0, ratios={})
    """
    numbers = {text: float(text.replace(",", ".")) for text in profile.values if _is_number(text)}
    outside = {text: profile.values[text] for text, value in numbers.items() if not low <= value <= high}
    codes = {text: n for text, n in outside.items() if MISSING_CODE.fullmatch(text)}
    slips = sum(n for text, n in outside.items() if text not in codes)
    inside = [value for text, value in numbers.items() if text not in outside]
    ratios = {text: float(match[1].replace(",", ".")) for text in profile.odd if (match := _ratio(text, high))}
    n = sum(profile.values.values()) - sum(codes.values())
    enough = not reach or not inside or max(inside) >= low + LEAST_REACH * (high - low)
    agree = profile.kind == "number" and bool(inside) and slips <= DISAGREEING * n and enough
    return Fit(agree, codes, slips, ratios)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?", text) is not None


def _ratio(text: str, high: float) -> re.Match[str] | None:
    """Return the parts of a score written with its highest value, such as 55/80."""
    match = re.fullmatch(r"(\d+(?:[.,]\d+)?)\s*/\s*(\d+)", text)
    return match if match and float(match[2]) == high and float(match[1].replace(",", ".")) <= high else None
