"""Columns of participants that are covariates: known by name, by values, or asked for."""

from __future__ import annotations

from typing import Any

from coxa.cohort.dictionary import load_table
from coxa.importing.draft import Draft
from coxa.importing.profile import ColumnProfile
from coxa.importing.proposal import Status
from coxa.importing.study.levels import (
    MOST_LEVELS,
    Levels,
    as_code,
    changed,
    known_levels,
    levels_of,
    yes_and_no,
)
from coxa.importing.study.planned import People
from coxa.importing.study.questions import ask, slug
from coxa.importing.study.sources import outside, share_within
from coxa.importing.study.tables import NEARLY_ALL, field_of
from coxa.importing.words import DescriptorWords, head_key, head_keys, heads

SAME_NAME = {"symptom_duration": "duration", "side": "affected_side"}
"""Descriptor of an audit -> field of participants."""

FEMALE = {"female": ("female", "male"), "male": ("male", "female"), "weiblich": ("female", "male")}
"""Head of a column of yes and no -> what yes and no mean."""


def _is_head(name: str, words: frozenset[str]) -> bool:
    return any(key in words for key in head_keys(name))


def read_covariate(draft: Draft, people: People, profile: ColumnProfile) -> None:
    """Map a column of participants that is known by its name or values, ask for one that could be a covariate."""
    words = next((each for each in heads().descriptors if _is_head(profile.column, each.heads)), None) or _sex(profile)
    other = FEMALE.get(head_key(profile.column))
    if other and _read_female(people, profile, *other):
        draft.is_role(profile, "covariates.sex", f"Yes is {other[0]} by the name of the column.")
    elif words is not None:
        _read_descriptor(draft, people, profile, words)
    elif _field_number(profile) is not None:
        _number(draft, people, profile, str(_field_number(profile)), None)
    elif profile.kind in ("category", "flag") and profile.n_distinct <= MOST_LEVELS and profile.n_distinct > 1:
        _ask_category(draft, people, profile)
    elif profile.kind == "number" and profile.n_distinct > 1:
        _ask_number(draft, people, profile)
    else:
        why = {"text": "It is free text.", "date": "No date of a participant is called so."}
        draft.hide(profile) if profile.kind == "text" else None
        draft.is_role(profile, "", why.get(profile.kind, "Neither its name nor its values say what it is."), "unused")


def _sex(profile: ColumnProfile) -> DescriptorWords | None:
    """Return the words of sex where the values of a column are words for female and male, whatever it is called."""
    sex = next(each for each in heads().descriptors if each.name == "sex")
    codes = known_levels(profile, sex.levels or {})
    in_words = all(len(profile.labels.get(text, text)) > 2 for text in profile.values)
    return sex if codes and in_words and {"female", "male"} <= set(codes.values()) else None


def _field_number(profile: ColumnProfile) -> str | None:
    known = field_of("participants", profile.column)
    return known if known in ("height", "weight", "duration") and profile.kind == "number" else None


def _read_female(people: People, profile: ColumnProfile, yes: str, no: str) -> bool:
    """Map a column such as `female` with yes and no, or 1 and 0."""
    words = yes_and_no(profile) or ({1: "yes", 0: "no"} if set(profile.values) == {"0", "1"} else None)
    if words is None or "sex" in people.columns:
        return False
    people.columns["sex"] = profile.column
    people.values["sex"] = {code: yes if word == "yes" else no for code, word in words.items()}
    people.covariates["sex"] = {"label": "Sex", "type": "category", "levels": {"female": "Female", "male": "Male"}}
    return True


def _read_descriptor(draft: Draft, people: People, profile: ColumnProfile, words: DescriptorWords) -> None:
    name = SAME_NAME.get(words.name, words.name)
    if words.type == "number":
        _number(draft, people, profile, name, words)
    elif words.levels:
        _worded(draft, people, profile, name, words)
    elif profile.kind in ("category", "flag") and 1 < profile.n_distinct <= MOST_LEVELS:
        put_category(draft, people, profile, name, levels_of(profile))
    elif profile.kind == "number":
        _ask_number(draft, people, profile)
    else:
        draft.is_role(profile, "", "Its values are neither few words nor codes with labels.", "unused")


def _number(draft: Draft, people: People, profile: ColumnProfile, name: str, words: DescriptorWords | None) -> None:
    known = load_table("participants").fields.get(name)
    low, high = (words.low, words.high) if words else (known.hard if known and known.hard else (-1e300, 1e300))
    if profile.kind != "number" or share_within(profile, low, high) < NEARLY_ALL or name in people.columns:
        _ask_number(draft, people, profile)
        return
    planned: dict[str, Any] = {"label": _label(profile.column), "type": "number"}
    unit = (words.unit if words else None) or (known.unit if known and name != "duration" else None)
    if unit:
        planned["unit"] = unit
    people.covariates[name] = planned
    people.columns[name] = profile.column
    codes = outside(profile, low, high)
    if codes:
        people.missing[name] = codes
    why = f"The name says so, and {profile.n - sum(profile.values[str(code)] for code in codes)} values are plausible."
    draft.is_role(profile, f"covariates.{name}", why)


def _label(name: str) -> str:
    return name.replace("_", " ").strip().capitalize() if name.islower() else name.replace("_", " ").strip()


def _worded(draft: Draft, people: People, profile: ColumnProfile, name: str, words: DescriptorWords) -> None:
    """Map a category whose levels have words; codes without labels are asked for."""
    assert words.levels is not None
    codes = known_levels(profile, words.levels)
    if codes is None and name == "sex":
        codes = _ask_sex(draft, profile)
        if codes is None:
            return
    if codes is None or name in people.columns:
        if profile.kind in ("category", "flag") and 1 < profile.n_distinct <= MOST_LEVELS:
            put_category(draft, people, profile, slug(profile.column), levels_of(profile))
        else:
            _ask_number(draft, people, profile)
        return
    there = [level for level in words.levels if level in codes.values()]
    found = Levels({each: each.capitalize() for each in there}, changed(codes))
    put_category(draft, people, profile, name, found, name.replace("_", " ").capitalize())


def _ask_sex(draft: Draft, profile: ColumnProfile) -> dict[str | int, str] | None:
    codes = list(profile.values)
    why = f"It has {', '.join(codes[:5])} and no labels."
    if len(codes) != 2:
        draft.is_role(profile, "covariates.sex", why, "asked")
        return None
    first, second = sorted(codes)
    ways = {f"{first}:female {second}:male": ("female", "male"), f"{first}:male {second}:female": ("male", "female")}
    offered = [(word, f"{first} is {one}, {second} is {other}") for word, (one, other) in ways.items()]
    text = f"What do the values of {profile.column} mean?"
    answer = ask(draft, "values.sex", text, why, offered, [profile.column], needed=False)
    if answer is None:
        draft.is_role(profile, "covariates.sex", why, "asked")
        return None
    return dict(zip((as_code(first), as_code(second)), ways[answer], strict=True))


def put_category(
    draft: Draft, people: People, profile: ColumnProfile, name: str, found: Levels, label: str | None = None
) -> None:
    """Put a category into the plan, with its levels and codes."""
    if name in people.covariates:
        draft.is_role(profile, "", f"The plan has {name} from another column.", "unused")
        return
    people.columns[name] = profile.column
    if found.codes:
        people.values[name] = dict(found.codes)
    people.covariates[name] = {
        "label": label or _label(profile.column),
        "type": "category",
        "levels": dict(found.labels),
    }
    draft.is_role(profile, f"covariates.{name}", f"It has {len(found.labels)} levels.")


def _ask_category(draft: Draft, people: People, profile: ColumnProfile) -> None:
    """Ask whether words or labelled codes describe participants before treatment: the files do not say it."""
    name = slug(profile.column)
    found = levels_of(profile)
    why = f"It has {len(found.labels)} values: {', '.join(list(found.labels.values())[:5])}."
    offered = [("category", "a covariate, as at baseline"), ("unused", "not used")]
    text = f"What is {profile.column}?"
    answer = ask(draft, f"columns.{name}", text, why, offered, [profile.column], needed=False)
    if answer == "category":
        put_category(draft, people, profile, name, found)
    else:
        draft.is_role(profile, "" if answer else f"covariates.{name}", why, "unused" if answer else "asked")


def _ask_number(draft: Draft, people: People, profile: ColumnProfile) -> None:
    """Ask what a number is of which the name does not say it."""
    name = slug(profile.column)
    key = f"columns.{name}"
    why = f"It has {profile.n_distinct} different values from {profile.low:g} to {profile.high:g}." if (
        profile.low is not None and profile.high is not None
    ) else f"It has {profile.n_distinct} different values."  # fmt: skip
    offered = [("number", "a covariate that is a number"), ("category", "a covariate whose values are codes")]
    offered = offered if profile.n_distinct <= MOST_LEVELS else offered[:1]
    text = f"What is {profile.column}?"
    answer = ask(draft, key, text, why, [*offered, ("unused", "not used")], [profile.column], needed=False)
    if answer == "category":
        codes = {text: profile.labels.get(text, text) for text in sorted(profile.values)}
        put_category(draft, people, profile, name, Levels(codes, {}))
    elif answer == "number":
        people.columns[name] = profile.column
        people.covariates[name] = {"label": _label(profile.column), "type": "number"}
        draft.is_role(profile, f"covariates.{name}", "By an answer.")
    else:
        status: Status = "unused" if answer == "unused" else "asked"
        draft.is_role(profile, "" if answer else f"covariates.{name}", "By an answer." if answer else why, status)
