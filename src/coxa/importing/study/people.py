"""The participants of a proposed study: arms, dates, identifiers and covariates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from coxa.cohort.dictionary import load_table
from coxa.cohort.mapping.codes import code_texts
from coxa.cohort.mapping.redcap import EVENTS, UNCHECKED
from coxa.importing.draft import Draft
from coxa.importing.profile import ColumnProfile
from coxa.importing.proposal import Status
from coxa.importing.study.levels import (
    MOST_LEVELS,
    Levels,
    as_code,
    changed,
    field_levels,
    known_levels,
    levels_of,
    yes_and_no,
)
from coxa.importing.study.questions import ask, slug
from coxa.importing.study.sources import outside, share_within, source_of
from coxa.importing.study.tables import NEARLY_ALL, StudyTable, field_heads, field_of, fields_of, is_checkbox
from coxa.importing.words import DescriptorWords, head_key, head_keys, heads

FEW, MANY = 2, 8
"""Arms that a study can have."""

SAME_NAME = {"symptom_duration": "duration", "side": "affected_side"}
"""Descriptor of an audit -> field of participants."""

FEMALE = {"female": ("female", "male"), "male": ("male", "female"), "weiblich": ("female", "male")}
"""Head of a column of yes and no -> what yes and no mean."""


@dataclass(slots=True)
class People:
    """What is planned of the participants.

    columns, values, missing, columns_where : as under `data: tables: participants`
    """

    table: StudyTable
    columns: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str | int, str]] = field(default_factory=dict)
    missing: dict[str, list[str | int]] = field(default_factory=dict)
    columns_where: dict[str, dict[str, str]] = field(default_factory=dict)
    covariates: dict[str, dict[str, Any]] = field(default_factory=dict)
    arms: dict[str, dict[str, Any]] = field(default_factory=dict)

    def source(self) -> dict[str, Any]:
        """Return the table of `data`."""
        source = source_of(self.table, self.columns.values())
        source["columns"] = self.columns
        for key, content in (
            ("values", self.values),
            ("missing", self.missing),
            ("columns_where", self.columns_where),
        ):
            if content:
                source[key] = content
        return source


def arm_columns(table: StudyTable) -> list[str]:
    """Return the columns of a table whose head names an arm and that have few values, one per participant."""
    words = field_heads("participants")
    return [
        name
        for name, profile in table.profiles.items()
        if any(words.get(key) == "arm" for key in head_keys(name))
        and name != table.key
        and name not in table.timed
        and _few(profile)
        and table.constant(name)
    ]


def _few(profile: ColumnProfile) -> bool:
    return profile.kind in ("category", "flag", "number", "text") and FEW <= profile.n_distinct <= MANY


def table_of_people(
    draft: Draft, tables: Sequence[StudyTable], group: str | None
) -> tuple[StudyTable, str | None] | None:
    """Return the table that has a row for each participant, or the arm of each, and the column of the arm."""
    keyed = [table for table in tables if table.key is not None]
    if not keyed:
        return None
    ranked = sorted(keyed, key=lambda table: (not arm_columns(table), not table.unique, len(table.file.frame)))
    table = ranked[0]
    if group is None:
        return table, None
    named = arm_columns(table)
    exact = [name for name in named if head_key(name) == "arm"] or _labelled(table, named)
    if len(exact) == 1:
        return table, exact[0]
    offered = named or [
        name
        for name in table.columns
        if name != table.key and name not in table.timed and _few(table.profiles[name]) and table.constant(name)
    ]
    text = f"Which column has the {group} of each participant?"
    why = f"{len(named)} columns of {table.file.place} are called like one."
    known = [(name, ", ".join(list(table.profiles[name].values)[:5])) for name in offered]
    if not known:
        return table, None
    answer = ask(draft, "arm.column", text, why, [*known, ("none", "none of them")], offered)
    return table, answer if answer in table.profiles else None


def _labelled(table: StudyTable, named: Sequence[str]) -> list[str]:
    """Return the one column of several with the same groups, such as TRT01P and TRT01PN, whose values are words."""
    if len(named) < 2:
        return list(named)
    frame = table.file.frame
    pairs = frame[list(named)].drop_duplicates().dropna()
    if any(len(pairs) != table.profiles[name].n_distinct for name in named):
        return list(named)
    worded = [name for name in named if any(any(map(str.isalpha, text)) for text in table.profiles[name].values)]
    return worded[:1] or list(named)


def read_people(draft: Draft, table: StudyTable, arm: str | None, skip: frozenset[str], group: str) -> People:
    """Return what is planned of the participants; `skip` are columns that are something else."""
    people = People(table)
    assert table.key is not None
    people.columns["participant_id"] = table.key
    draft.is_role(table.profiles[table.key], "participant_id", "The name says so, and it joins the files.")
    draft.hide(table.profiles[table.key])
    if arm is not None:
        _read_arm(draft, people, arm, group)
    fields = fields_of("participants", [name for name in table.columns if name not in table.timed])
    for name in table.columns:
        profile = table.profiles[name]
        if name in skip or name in table.timed or not draft.free(profile):
            continue
        if not table.constant(name):
            _read_checkbox(draft, people, profile)
            continue
        _read_column(draft, people, profile, next((each for each, column in fields.items() if column == name), None))
    return people


def _read_checkbox(draft: Draft, people: People, profile: ColumnProfile) -> None:
    """Map a checkbox of REDCap that is checked at one event only: at the others it is 0 whatever the answer was."""
    table = people.table
    event = next((name for name in EVENTS if name in table.file.frame), None)
    if event is None or not is_checkbox(profile.column):
        return
    cells = code_texts(table.file.frame[profile.column])
    checked = cells.notna() & ~cells.str.lower().isin(UNCHECKED).fillna(False)
    events = code_texts(table.file.frame[event])[checked].unique()
    if len(events) != 1:
        draft.is_role(profile, "", f"It is checked at {len(events)} events.", "unused")
        return
    name = slug(profile.column)
    _category(draft, people, profile, name, levels_of(profile))
    people.columns_where[name] = {event: str(events[0]), **table.where}


def _read_arm(draft: Draft, people: People, arm: str, group: str) -> None:
    profile = people.table.profiles[arm]
    found = levels_of(profile, "arm")
    counts = dict.fromkeys(found.labels, 0)
    for text, n in profile.values.items():
        counts[found.codes.get(as_code(text), text)] += n
    people.columns["arm"] = arm
    if found.codes:
        people.values["arm"] = dict(found.codes)
    people.arms = {level: {"label": label} for level, label in found.labels.items()}
    draft.is_role(profile, "arm", f"It has {len(found.labels)} values, one for each participant.")
    offered = [(level, f"{label}, {counts[level]} rows") for level, label in found.labels.items()]
    text = f"Which {group} are the others compared with?"
    reference = ask(draft, "arm.reference", text, "The files do not say it.", offered, [arm])
    if reference:
        people.arms[reference]["reference"] = True
    _other_arm(draft, people, found)


def _other_arm(draft: Draft, people: People, found: Levels) -> None:
    """Map the arm that was received, where its values are those of the arms."""
    name = fields_of("participants", people.table.columns).get("arm_received")
    if name is None:
        return
    profile = people.table.profiles[name]
    codes = levels_of(profile, "arm")
    if set(codes.labels) <= set(found.labels):
        people.columns["arm_received"] = name
        if codes.codes:
            people.values["arm_received"] = dict(codes.codes)
        draft.is_role(profile, "arm_received", "Its values are those of the arms.")


def _read_column(draft: Draft, people: People, profile: ColumnProfile, known: str | None) -> None:
    name = profile.column
    birth = known == "birth_date"
    personal = next((each for each in heads().unused if _is_head(name, each.heads)), None)
    if personal and not birth:
        draft.hide(profile) if personal.personal else None
        draft.is_role(profile, "", f"It {personal.reason}.", "unused")
    elif known and known not in ("arm", "arm_received", "participant_id", *load_covariates()):
        _read_field(draft, people, profile, known)
    else:
        _read_covariate(draft, people, profile)


def load_covariates() -> tuple[str, ...]:
    """Return the fields of participants that a plan has as covariates."""
    return ("age", "sex", "height", "weight", "bmi", "duration")


def _is_head(name: str, words: frozenset[str]) -> bool:
    return any(key in words for key in head_keys(name))


def _read_field(draft: Draft, people: People, profile: ColumnProfile, known: str) -> None:
    """Map a field of the data dictionary, where the values are of its kind."""
    wanted = load_table("participants").fields[known]
    if wanted.type == "date" and profile.kind != "date":
        draft.is_role(profile, "", f"It is called as {known} and does not hold dates.", "unused")
        return
    if wanted.levels or wanted.type == "boolean":
        codes = field_levels(profile, wanted)
        if codes is None:
            _read_covariate(draft, people, profile)
            return
        if changed(codes):
            people.values[known] = changed(codes)
    if known == "birth_date":
        draft.hide(profile)
    people.columns[known] = profile.column
    draft.is_role(profile, known, "The name says so.")


def _read_covariate(draft: Draft, people: People, profile: ColumnProfile) -> None:
    words = next((each for each in heads().descriptors if _is_head(profile.column, each.heads)), None) or _sex(profile)
    other = FEMALE.get(head_key(profile.column))
    if other and _read_female(people, profile, *other):
        draft.is_role(profile, "covariates.sex", f"Yes is {other[0]} by the name of the column.")
    elif words is not None:
        _read_descriptor(draft, people, profile, words)
    elif _field_number(profile) is not None:
        _number(draft, people, profile, str(_field_number(profile)), None)
    elif profile.kind in ("category", "flag") and profile.n_distinct <= MOST_LEVELS and profile.n_distinct > 1:
        _category(draft, people, profile, slug(profile.column), levels_of(profile))
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
        _category(draft, people, profile, name, levels_of(profile))
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
            _category(draft, people, profile, slug(profile.column), levels_of(profile))
        else:
            _ask_number(draft, people, profile)
        return
    there = [level for level in words.levels if level in codes.values()]
    found = Levels({each: each.capitalize() for each in there}, changed(codes))
    _category(draft, people, profile, name, found, name.replace("_", " ").capitalize())


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


def _category(
    draft: Draft, people: People, profile: ColumnProfile, name: str, found: Levels, label: str | None = None
) -> None:
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
        _category(draft, people, profile, name, Levels(codes, {}))
    elif answer == "number":
        people.columns[name] = profile.column
        people.covariates[name] = {"label": _label(profile.column), "type": "number"}
        draft.is_role(profile, f"covariates.{name}", "By an answer.")
    else:
        status: Status = "unused" if answer == "unused" else "asked"
        draft.is_role(profile, "" if answer else f"covariates.{name}", "By an answer." if answer else why, status)


def open_columns(draft: Draft, table: StudyTable) -> Iterator[ColumnProfile]:
    """Yield the columns of a table of which nothing is known yet."""
    yield from (table.profiles[name] for name in table.columns if draft.free(table.profiles[name]))
