"""What describes patients, and standards of care: by name and values, levels in the plan's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coxa.importing.audit.spellings import joined
from coxa.importing.audit.used import Used
from coxa.importing.profile import ColumnProfile, yes_or_no
from coxa.importing.proposal import Answer, Question
from coxa.importing.roles import described, fit, keys_of
from coxa.importing.words import DescriptorWords, head_key, heads, value_key

MOST_LEVELS = 15
MISSING = "missing"
PERIODS = ("days", "weeks", "months", "years")
FLAG_LEVELS = {"no": "No", "yes": "Yes"}

FIFTHS, TENTHS = [2.0, 3.0, 4.0, 5.0], [3.0, 5.0, 7.0, 9.0]
"""Bands of an index of five and of ten groups."""


def propose_descriptors(used: Used) -> None:
    """Take the columns that describe patients, where their values agree."""
    for profile in list(used.free()):
        words = _words_of(profile)
        if words is None:
            continue
        if words.name in used.columns:
            first = used.columns[words.name].profile.column
            why = f"Its name means {_readable(words.name)}, as that of {first}, which is used."
            used.draft.is_role(profile, "", why, "unused")
            continue
        {"number": _number, "category": _category, "flag": _flag}[words.type](used, words, profile)


def _words_of(profile: ColumnProfile) -> DescriptorWords | None:
    for key in keys_of(profile):
        for words in heads().descriptors:
            if key in words.heads:
                return words
    return None


def _readable(name: str) -> str:
    return name.replace("_", " ")


def _put(used: Used, words: DescriptorWords, profile: ColumnProfile, keys: dict[str, Any], **limits: Any) -> None:
    """Write a descriptor into the plan."""
    if not words.adjust:
        keys["adjust"] = False
    if words.completeness:
        keys["completeness"] = True
    why = f"By {profile.column}; {described(profile)}"
    used.draft.put(("descriptors", words.name), keys, why)
    used.take(words.name, profile, f"Its name means {_readable(words.name)}; {described(profile)}.",
              f"descriptors.{words.name}", **limits)  # fmt: skip


def _number(used: Used, words: DescriptorWords, profile: ColumnProfile) -> None:
    if not fit(profile, words.low, words.high).agree:
        why = f"Its name means {_readable(words.name)}, and its values are not numbers from {words.low:g} to " \
              f"{words.high:g}: {described(profile)}."  # fmt: skip
        used.draft.is_role(profile, "", why, "unused")
        return
    keys: dict[str, Any] = {"type": "number"}
    unit = words.unit or next((word for word in head_key(profile.column).split() if word in PERIODS), None)
    if unit:
        keys["unit"] = unit
    bands = list(words.bands)
    if words.name == "deprivation":
        bands = FIFTHS if (profile.high or 0) <= len(FIFTHS) + 1 else TENTHS
    if bands:
        keys["bands"] = [int(cut) for cut in bands]
    _put(used, words, profile, keys, limits=(words.low, words.high))


def _flag(used: Used, words: DescriptorWords, profile: ColumnProfile) -> None:
    if not yes_or_no(profile):
        why = f"Its name means {_readable(words.name)}, and its values are not yes and no: {described(profile)}."
        used.draft.is_role(profile, "", why, "unused")
        return
    used.map(words.name, _yes_and_no(profile, every=True))
    _put(used, words, profile, {"type": "category", "levels": dict(FLAG_LEVELS)})


def _yes_and_no(profile: ColumnProfile, *, every: bool) -> dict[str, str]:
    """Return the file's words -> yes or no; those that coxa reads anyway only where `every` is asked for."""
    mapped = {}
    for text in profile.values:
        key = value_key(profile.labels.get(text, text))
        word = "yes" if key in heads().yes else "no"
        plain = text.casefold() in READ_ANYWAY and (value_key(text) in heads().yes) == (word == "yes")
        if (text != word and every) or not plain:
            mapped[text] = word
    return mapped


READ_ANYWAY = frozenset({"1", "0", "true", "false", "yes", "no", "y", "n"})
"""Words that are read as true or false without a map."""


def _category(used: Used, words: DescriptorWords, profile: ColumnProfile) -> None:
    if profile.kind in ("date", "text", "empty") or profile.n_distinct > MOST_LEVELS:
        why = f"Its name means {_readable(words.name)}, and it has no small number of levels: {described(profile)}."
        used.draft.is_role(profile, "", why, "unused")
        return
    found = _known_levels(used, words, profile) if words.levels else _levels_of_file(used, words, profile)
    if found is None:
        return
    levels, mapped = found
    used.map(words.name, mapped)
    _put(used, words, profile, {"type": "category", "levels": levels})


def _known_levels(
    used: Used, words: DescriptorWords, profile: ColumnProfile
) -> tuple[list[str], dict[str, str]] | None:
    """Return the levels of a descriptor with known words, and the file's words for them; None where one is open."""
    known = {key: level for level, each in (words.levels or {}).items() for key in each}
    level_of: dict[str, str] = {}
    is_open = False
    keys = {text: value_key(profile.labels.get(text, text)) for text in profile.values}
    pair = len({known[key] for key in keys.values() if key in known}) > 1
    for text, key in keys.items():
        sure = pair or len(key) > 1  # of H and M, the M is a woman in Spanish: a letter without its pair is not sure
        level = (known.get(key) if sure else None) or _level_asked(used, words, profile, text)
        is_open = is_open or level is None
        if level == MISSING:
            used.draft.put(("data", "missing"), [*used.draft.plan.get("data", {}).get("missing", []), text])
        elif level:
            level_of[text] = level
    if is_open or not level_of:
        return None
    levels = [level for level in words.levels or {} if level in level_of.values()]
    return levels, {text: level for text, level in level_of.items() if text != level}


def _level_asked(used: Used, words: DescriptorWords, profile: ColumnProfile, text: str) -> str | None:
    answers = (*(Answer(level, level) for level in words.levels or {}), Answer(MISSING, "it means missing"))
    n = profile.values[text]
    question = Question(
        f"value:{words.name}:{text}", f"What does {text} mean in {profile.column}?",
        f"It is in {n} of {profile.n} rows, and no word for {_readable(words.name)} that is known.", answers,
        (profile.column,), needed=False,
    )  # fmt: skip
    return used.draft.ask(question)


def _levels_of_file(
    used: Used, words: DescriptorWords, profile: ColumnProfile
) -> tuple[list[str] | dict[str, str], dict[str, str]]:
    """Return the levels as the file has them, spellings of one joined; numbers without labels are their own levels."""
    same = joined(used, words.name, profile)
    kept = [text for text in profile.values if text not in same]
    if profile.labels:
        labels = [profile.labels.get(text, text) for text in kept]
        return list(dict.fromkeys(labels)), {text: profile.labels[text] for text in kept if text in profile.labels}
    order = sorted(kept, key=_number_first)
    return order, dict(same)


def _number_first(text: str) -> tuple[int, float, str]:
    return (0, float(text), text) if text.isdigit() else (1, 0.0, text)


def propose_standards(used: Used) -> None:
    """Take the columns of standards of care that hold yes and no."""
    for profile in list(used.free()):
        keys = list(keys_of(profile))
        for name, (label, words) in heads().standards.items():
            met = f"{name}_met"
            if not any(key in words for key in keys) or met in used.columns:
                continue
            if not yes_or_no(profile):
                why = f"Its name means a standard of care, and its values are not yes and no: {described(profile)}."
                used.draft.is_role(profile, "", why, "unused")
                continue
            used.draft.put(
                ("standards", name), {"label": label, "met": met}, f"By {profile.column}; {described(profile)}"
            )
            used.map(met, _yes_and_no(profile, every=False))
            used.take(met, profile, f"Its name means a standard of care; {described(profile)}.", f"standards.{name}")


def map_flags(used: Used, names: Mapping[str, str]) -> None:
    """Map the file's words for yes and no of columns that are true or false."""
    for name in names:
        if name in used.columns:
            used.map(name, _yes_and_no(used.columns[name].profile, every=False))
