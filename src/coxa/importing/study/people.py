"""The participants of a proposed study: arms, dates, identifiers and covariates."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from coxa.cohort.dictionary import load_table
from coxa.cohort.mapping.codes import code_texts
from coxa.cohort.mapping.redcap import EVENTS, UNCHECKED
from coxa.errors import OptionError
from coxa.importing.draft import Draft
from coxa.importing.profile import ColumnProfile
from coxa.importing.study.covariates import put_category, read_covariate
from coxa.importing.study.levels import Levels, as_code, changed, field_levels, levels_of
from coxa.importing.study.planned import People
from coxa.importing.study.questions import ask, slug
from coxa.importing.study.tables import StudyTable, field_heads, field_of, fields_of, is_checkbox
from coxa.importing.words import head_key, head_keys, heads

FEW, MANY = 2, 8
"""Arms that a study can have."""


def arm_columns(table: StudyTable) -> list[str]:
    """Return the columns of a table whose head names an arm and that have few values, one per participant."""
    return [name for name in table.profiles if is_arm(table, name) and table.constant(name)]


def is_arm(table: StudyTable, name: str) -> bool:
    """Say whether a column is called like an arm and has few values."""
    words = field_heads("participants")
    called = any(words.get(key) == "arm" for key in head_keys(name))
    return called and name != table.key and name not in table.timed and _few(table.profiles[name])


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
    if answer is None:
        for name in offered:
            draft.is_role(table.profiles[name], "arm", why, "asked")
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
    put_category(draft, people, profile, name, levels_of(profile))
    people.columns_where[name] = {event: str(events[0]), **table.where}


def _read_arm(draft: Draft, people: People, arm: str, group: str) -> None:
    profile = people.table.profiles[arm]
    found = _named(draft, profile, levels_of(profile, "arm"), group)
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
    draft.rename_answer("arm.reference", _other_names(profile, found))
    reference = ask(draft, "arm.reference", text, "The files do not say it.", offered, [arm])
    if reference:
        people.arms[reference]["reference"] = True
    _other_arm(draft, people, found)
    _same_as_arm(draft, people.table, arm)


def _other_names(profile: ColumnProfile, found: Levels) -> dict[str, str]:
    """Return the code of each arm, and what it is called before an answer names it -> its name."""
    names: dict[str, str] = {}
    for code, unnamed in levels_of(profile, "arm").codes.items():
        names |= dict.fromkeys((str(code), unnamed), found.codes.get(code, unnamed))
    return {name: arm for name, arm in names.items() if name not in found.labels}


def _same_as_arm(draft: Draft, table: StudyTable, arm: str) -> None:
    """Say of columns with one value for each arm, such as its number, that they are not needed."""
    arms = code_texts(table.file.frame[arm])
    for name in table.columns:
        profile = table.profiles[name]
        unknown = field_of("participants", name) in (None, "arm") and draft.free(profile)
        if not unknown or profile.n_distinct != table.profiles[arm].n_distinct or profile.n_empty:
            continue
        pairs = pd.DataFrame({"arm": arms, "other": code_texts(table.file.frame[name])}).drop_duplicates()
        if len(pairs) == profile.n_distinct:
            draft.is_role(profile, "", f"It has one value for each value of {arm}.", "unused")


def _named(draft: Draft, profile: ColumnProfile, found: Levels, group: str) -> Levels:
    """Return arms with the names of an answer, where the file has only numbers for them."""
    if any(any(map(str.isalpha, label)) for label in found.labels.values()):
        return found
    codes = ", ".join(found.labels.values())
    words = ("usual_care", "exercise")
    example = " ".join(f"{code}:{word}" for code, word in zip(found.codes, words, strict=False))
    text = f"What is the name of each {group}?"
    why = f"{profile.column} has {codes} and no labels. Write for example `{example}`."
    given = ask(draft, "arm.labels", text, why, (), [profile.column], needed=False)
    if given is None:
        return found
    pairs = dict(re.findall(r"(\S+?):\s*(\S.*?)(?=\s+\S+?:|\s*$)", given))
    if set(pairs) != set(profile.values) or len(set(map(slug, pairs.values()))) < len(pairs):
        raise OptionError(f"`{given}` does not name each of {codes}. Write for example `{example}`.")
    labels = {slug(name): name.replace("_", " ").capitalize() for name in pairs.values()}
    return Levels(labels, {as_code(code): slug(name) for code, name in pairs.items()})


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
        read_covariate(draft, people, profile)


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
            read_covariate(draft, people, profile)
            return
        if changed(codes):
            people.values[known] = changed(codes)
    if known in ("birth_date", "therapist_id") or wanted.type == "text":
        draft.hide(profile)
    people.columns[known] = profile.column
    draft.is_role(profile, known, "The name says so.")
