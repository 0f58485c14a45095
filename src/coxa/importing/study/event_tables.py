"""Tables with a row for each event, day, measure or goal: adverse events, sessions, a diary, returns to sport."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from coxa.cohort.dictionary import Field, load_table
from coxa.errors import OptionError
from coxa.importing.draft import Draft
from coxa.importing.profile import ColumnProfile
from coxa.importing.study.levels import as_code, changed, field_levels, known_levels, levels_of
from coxa.importing.study.questions import ask
from coxa.importing.study.sources import source_of
from coxa.importing.study.tables import StudyTable, fields_of
from coxa.importing.words import head_keys, heads, value_key
from coxa.instruments.measures import load_measures
from coxa.study.delivery.exercises import exercises

EXERCISE = ("exercise_log", "exercise")
"""Field whose words are the exercises of the vocabulary, or of the plan."""


@dataclass(frozen=True, slots=True)
class EventTable:
    """A table of events as a plan has it, the kinds of intercurrent events in it, and its words for visits."""

    name: str
    source: dict[str, Any]
    kinds: dict[str, str]
    visits: tuple[str, ...] = ()

    def at_visits(self, named: Mapping[str, str]) -> EventTable:
        """Return the table with the visits of the plan for its words, given time in lower case -> visit."""
        codes = {as_code(word): named[key] for word in self.visits if (key := word.strip().lower()) in named}
        if not (own := changed(codes)):
            return self
        values = {**self.source.get("values", {}), "visit": own}
        return replace(self, source={**self.source, "values": values})


def read_events(draft: Draft, table: StudyTable, name: str) -> EventTable | None:
    """Return a table of events; None where it lacks a field that is required."""
    entry = load_table(name)
    found = fields_of(name, table.columns)
    columns: dict[str, str] = {}
    values: dict[str, dict[str | int, str]] = {}
    kinds: dict[str, str] = {}
    visits: tuple[str, ...] = ()
    if "participant_id" in entry.fields and table.key is not None:
        found["participant_id"] = table.key
    lacking = [each for each, wanted in entry.fields.items() if wanted.required and each not in found]
    if lacking:
        _nothing(draft, table, f"It looks like {entry.label.lower()}, and has no column for {', '.join(lacking)}.")
        return None
    for each, column in found.items():
        profile, wanted = table.profiles[column], entry.fields[each]
        codes = _codes(draft, name, wanted, profile)
        if codes is None:
            continue
        columns[each] = column
        if changed(codes):
            values[each] = changed(codes)
        if wanted.levels_from == "intercurrent_events":
            kinds = dict(levels_of(profile, "event").labels)
        if wanted.levels_from == "visits":
            visits = tuple(profile.values)
        role = each if each == "participant_id" else f"{name}.{each}"
        draft.is_role(profile, role, f"The name says so, in a table of {entry.label.lower()}.")
        if wanted.type in ("id", "text") and each != "site_id":
            draft.hide(profile)
    for other in table.columns:
        if draft.free(table.profiles[other]):
            draft.is_role(table.profiles[other], "", _why_not(table.profiles[other], entry.label), "unused")
    source = {**source_of(table, columns.values()), "columns": columns}
    return EventTable(name, {**source, "values": values} if values else source, kinds, visits)


def _why_not(profile: ColumnProfile, label: str) -> str:
    personal = next(
        (each for each in heads().unused if any(key in each.heads for key in head_keys(profile.column))), None
    )
    return f"It {personal.reason}." if personal else f"The table of {label.lower()} has no such field."


def _nothing(draft: Draft, table: StudyTable, why: str) -> None:
    for name in table.columns:
        draft.is_role(table.profiles[name], "", why, "unused")


def _codes(draft: Draft, name: str, wanted: Field, profile: ColumnProfile) -> dict[str | int, str] | None:
    """Return value -> level, empty for a field without levels; None where the values do not fit, or are asked for."""
    if wanted.type == "date":
        return {} if profile.kind in ("date", "empty") else _refused(draft, profile, "dates")
    if wanted.type in ("number", "integer"):
        return {} if profile.kind == "number" else _refused(draft, profile, "numbers")
    if wanted.levels_from == "intercurrent_events":
        return dict(levels_of(profile, "event").codes)
    if (vocabulary := _vocabulary(name, wanted)) is not None:
        words = {code: (value_key(label),) for code, label in vocabulary.items()}
        known = known_levels(profile, words)
        if known is None and wanted.name == EXERCISE[1]:  # other exercises may be those of the plan
            return {as_code(text): code for text in profile.values for code in _named(text, words)}
        return known if known is not None else _asked(draft, name, replace(wanted, levels=vocabulary), profile)
    if not wanted.levels and wanted.type != "boolean":
        return {}
    codes = field_levels(profile, wanted)
    return codes if codes is not None else _asked(draft, name, wanted, profile)


def _vocabulary(name: str, wanted: Field) -> dict[str, str] | None:
    """Return code -> label of the words of a field that coxa has a list of; None of other fields."""
    if wanted.levels_from == "measures":
        return {code: one.label for code, one in load_measures().items()}
    return {code: one.label for code, one in exercises().items()} if (name, wanted.name) == EXERCISE else None


def _named(text: str, words: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the code that a word names, in a list; an empty one where it names none."""
    key = value_key(text)
    return [code for code, labels in words.items() if key in (value_key(code), *labels)][:1]


def _refused(draft: Draft, profile: ColumnProfile, kind: str) -> dict[str | int, str] | None:
    draft.is_role(profile, "", f"It does not hold {kind}.", "unused")
    return None


def _asked(draft: Draft, name: str, wanted: Field, profile: ColumnProfile) -> dict[str | int, str] | None:
    """Return value -> level from an answer such as `1:mild 2:severe`; a level may stand for several values."""
    levels = list(wanted.levels) if wanted.levels else ["yes", "no"]
    values = list(profile.values)
    why = f"Its values are {', '.join(values[:8])}; the levels are {', '.join(levels)}."
    example = " ".join(f"{value.replace(' ', '_')}:{levels[0]}" for value in values[:2])
    text = f"Which level of {wanted.name} is each value of {profile.column}?"
    given = ask(
        draft, f"values.{name}.{wanted.name}", text, f"{why} Write for example `{example}`.", (), [profile.column],
        needed=False,
    )  # fmt: skip
    if given is None:
        draft.is_role(profile, f"{name}.{wanted.name}", why, "asked")
        return None
    pairs = dict(pair.rsplit(":", 1) for pair in given.split() if ":" in pair)
    wrong = [level for level in pairs.values() if level not in levels]
    if wrong or not pairs:
        raise OptionError(f"`{given}` does not name levels of {wanted.name}. {why}")
    return {value: pairs[key] for value in values if (key := value.replace(" ", "_")) in pairs}
