"""What is measured in the tables of a study: items, scores, dates and the times of each, before visits are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from coxa.cohort.mapping.codes import code_texts
from coxa.importing.draft import Draft
from coxa.importing.profile import ColumnProfile
from coxa.importing.study.baselines import computed_columns
from coxa.importing.study.coding import with_coding
from coxa.importing.study.items import ItemGroup, item_groups
from coxa.importing.study.long import Long, find_long
from coxa.importing.study.questions import ask, own_key, slug
from coxa.importing.study.scores import Score, find_scores
from coxa.importing.study.sources import share_within
from coxa.importing.study.tables import StudyTable, field_of, fields_of
from coxa.importing.study.times import Time, parse_time
from coxa.importing.words import head_key, head_keys, heads
from coxa.instruments import load_instrument

VISIT_UNITS = {
    "week": "weeks", "weeks": "weeks", "woche": "weeks", "month": "months", "months": "months", "monat": "months",
    "day": "days", "days": "days", "tag": "days",
}  # fmt: skip
"""Head of a column of visits -> what its numbers count."""

MANY_VISITS = 40


@dataclass(frozen=True, slots=True)
class Measured:
    """What one table has of measurements.

    items  : items of one instrument
    scores : outcomes
    dates  : time as it is written in lower case -> column of its date
    visit  : column that names the visit of a row, with value -> time
    day    : column with the date of a row
    study_day : column with its day after randomisation
    long   : outcomes in rows, where a column says which one a row has
    """

    table: StudyTable
    items: ItemGroup | None
    scores: tuple[Score, ...]
    dates: dict[str, str]
    visit: str | None
    visit_times: dict[str, Time]
    day: str | None
    study_day: str | None
    long: Long | None = None

    @property
    def wide(self) -> bool:
        """Whether the times are in the names of the columns."""
        timed = [time for score in self.scores for _, time in score.columns]
        timed += [each.timed.time if each.timed else None for each in (self.items.columns if self.items else ())]
        return any(time is not None for time in timed)

    @property
    def by_date(self) -> bool:
        """Whether rows have a date and do not name their visit."""
        dated = self.day is not None or self.study_day is not None
        return dated and not self.wide and self.visit is None and bool(self.scores or self.items)

    def times(self) -> list[Time]:
        """Return all times of the table."""
        found = [time for score in self.scores for _, time in score.columns if time]
        found += [each.timed.time for each in (self.items.columns if self.items else ()) if each.timed]
        return [*found, *self.visit_times.values()]

    def columns(self) -> list[str]:
        """Return the columns that have a time in their name or name the visit."""
        names = [name for score in self.scores for name, time in score.columns if time]
        names += [each.column for each in (self.items.columns if self.items else ()) if each.timed]
        return [*names, *([self.visit] if self.visit and self.visit_times else [])]

    def median_study_days(self) -> dict[str, float]:
        """Return time in lower case -> median of the days after randomisation in the rows of that visit."""
        if self.visit is None or self.study_day is None:
            return {}
        frame = self.table.file.frame
        days = pd.to_numeric(frame[self.study_day], errors="coerce").groupby(code_texts(frame[self.visit])).median()
        at = {text: days.get(text) for text in self.visit_times}
        return {self.visit_times[text].text.lower(): float(day) for text, day in at.items() if pd.notna(day)}


def measured_in(draft: Draft, table: StudyTable) -> Measured:
    """Return what is measured in a table that is none of events."""
    _note_item_rows(draft, table)
    numeric = [name for name in table.columns if _numeric(table, name) and draft.free(table.profiles[name])]
    items = _items(draft, table, numeric)
    computed_columns(draft, table)
    visit, times = (None, {}) if table.unique else _visit_column(table)
    _same_as_visit(draft, table, visit)
    long = find_long(draft, table)
    taken = {each.column for each in items.columns} if items else set()
    open_ = [name for name in numeric if name not in taken and name != visit and draft.free(table.profiles[name])]
    rest = [name for name in open_ if _may_be_score(table, name)]
    found = long.scores if long else find_scores(draft, table, rest, (items.instrument,) if items else ())
    there = [long.value] if long else [name for score in found for name, _ in score.columns]
    there += [each.column for each in items.columns] if items else []
    times = _with_values(table, visit, times, there)
    dates = {
        each.time.text.lower(): name
        for name, each in table.timed.items()
        if table.profiles[name].kind == "date" and _is_date_head(each.stem)
    }
    fields = {} if table.unique else fields_of("assessments", [*_dates(table), *numeric])
    return Measured(
        table, items, tuple(found), dates, visit, times, fields.get("assessment_date"), fields.get("study_day"), long
    )


def _note_item_rows(draft: Draft, table: StudyTable) -> None:
    """Say of a table with a row for each item that it is not mapped: a plan can read it, and it is not proposed."""
    fields = fields_of("item_responses", table.columns)
    if table.unique or not {"item", "value"} <= set(fields):
        return
    for name in ("instrument", "item", "value"):
        if name in fields:
            why = "Rows are of items, which are not proposed. Write `columns: item, value` under `item_responses`."
            draft.is_role(table.profiles[fields[name]], "", why, "unused")


def _dates(table: StudyTable) -> list[str]:
    return [name for name in table.columns if table.profiles[name].kind == "date" and not table.constant(name)]


def _is_date_head(stem: str) -> bool:
    return any(word in heads().date_words or word == "visit" for word in head_key(stem).split())


def _numeric(table: StudyTable, name: str) -> bool:
    profile = table.profiles[name]
    return name != table.key and (
        profile.kind in ("number", "flag") or (profile.kind == "category" and _coded(profile))
    )


def _coded(profile: ColumnProfile) -> bool:
    """Say whether the values are numbers, with labels."""
    return all(text.lstrip("-").replace(".", "", 1).isdigit() for text in profile.values)


def _may_be_score(table: StudyTable, name: str) -> bool:
    """Say whether a numeric column can be an outcome: it has a time, or differs between the rows of a participant."""
    profile = table.profiles[name]
    if name in table.timed:
        return profile.kind == "number"
    if table.unique or profile.kind != "number" or table.constant(name):
        return False
    known = field_of("assessments", name)
    words = any(key in each.heads for each in heads().descriptors for key in head_keys(name))
    return known is None and not words


def _items(draft: Draft, table: StudyTable, numeric: Sequence[str]) -> ItemGroup | None:
    """Return the items of one instrument; of several candidates, and of several instruments, one is asked for."""

    def fits(column: str, low: float, high: float) -> float:
        return share_within(table.profiles[column], low, high)

    groups = [_chosen(draft, table, group) for group in item_groups(numeric, table.timed, fits)]
    known = [group for group in groups if group is not None]
    if len(known) < 2:
        return known[0] if known else None
    names = [group.instrument for group in known]
    text = f"The items of which instrument are read from {table.file.place}?"
    why = f"It has items of {', '.join(names)}, and a plan reads those of one instrument from columns."
    answer = ask(draft, "items.instrument", text, why, [(name, load_instrument(name).label) for name in names])
    for group in known:
        if group.instrument != answer:
            status = "unused" if answer else "asked"
            for each in group.columns:
                role = f"item {each.item} of {group.instrument}"
                draft.is_role(table.profiles[each.column], "" if answer else role, why, status)  # type: ignore[arg-type]
    return next((group for group in known if group.instrument == answer), None)


def _chosen(draft: Draft, table: StudyTable, group: ItemGroup) -> ItemGroup | None:
    """Return the group of an instrument that its columns name, or that an answer names."""
    if not group.numbered or _named(group):
        return with_coding(draft, table, group)
    columns = [each.column for each in group.columns]
    name = slug(group.prefix, "items")
    n = len({each.written for each in group.columns})
    offered = [(each, load_instrument(each).label) for each in group.candidates] + [("unused", "none of them")]
    text = f"Of which questionnaire are {columns[0]} to {columns[-1]}?"
    why = (
        f"They are numbered 1 to {n} and name no instrument; {len(group.candidates)} have so many items and this range."
    )
    answer = ask(draft, own_key(draft, f"items.{name}", table.file.place), text, why, offered, columns)
    if answer in group.candidates:
        return with_coding(draft, table, group.of(str(answer)))
    for column in columns:
        role = "" if answer else f"item of {' or '.join(group.candidates)}"
        draft.is_role(table.profiles[column], role, why, "unused" if answer else "asked")
    return None


def _named(group: ItemGroup) -> bool:
    """Say whether the columns are called by the instrument."""
    return len(group.candidates) == 1 and all(each.item for each in group.columns)


def _visit_column(table: StudyTable) -> tuple[str | None, dict[str, Time]]:
    """Return the column that names the visit of a row, and the time of each of its values."""
    names = [name for name in table.columns if field_of("assessments", name) == "visit" and name not in table.timed]
    read = {name: _times_in(table, name) for name in names}
    clear = [name for name, times in read.items() if all(time.day is not None for time in times.values()) and times]
    ranked = clear or [name for name, times in read.items() if times]
    return (ranked[0], read[ranked[0]]) if ranked else (None, {})


def _same_as_visit(draft: Draft, table: StudyTable, visit: str | None) -> None:
    """Say of columns with one value for each visit, such as its number, that they are not needed."""
    if visit is None:
        return
    named = code_texts(table.file.frame[visit])
    for name in table.columns:
        profile = table.profiles[name]
        if name in (visit, table.key) or profile.n_distinct != table.profiles[visit].n_distinct or profile.n_empty:
            continue
        pairs = pd.DataFrame({"visit": named, "other": code_texts(table.file.frame[name])}).drop_duplicates()
        if len(pairs) == profile.n_distinct > 1:
            draft.is_role(profile, "", f"It has one value for each value of {visit}.", "unused")


def _with_values(
    table: StudyTable, visit: str | None, times: dict[str, Time], columns: Sequence[str]
) -> dict[str, Time]:
    """Return the times of the rows in which something is measured: other rows are of other events."""
    if visit is None or not columns:
        return times
    rows = table.file.frame[list(columns)].notna().any(axis=1)
    there = set(code_texts(table.file.frame[visit])[rows].dropna())
    return {text: time for text, time in times.items() if text in there}


def _times_in(table: StudyTable, name: str) -> dict[str, Time]:
    """Return value -> time of a column of visits; a value that is no time is one in an order."""
    profile = table.profiles[name]
    if profile.n_distinct > MANY_VISITS or profile.kind == "date" or not profile.values:
        return {}
    unit = next((VISIT_UNITS[key] for key in head_keys(name) if key in VISIT_UNITS), None)
    found = {}
    for text in sorted(profile.values):
        label = profile.labels.get(text, text)
        time = parse_time(label) or Time(label, "after")
        time = replace(time, text=text)
        found[text] = time.counted_in(unit) if unit else time
    numbers = sorted(time.number for time in found.values() if time.unit == "number" and time.number is not None)
    if len(numbers) == len(found) and numbers == list(range(int(numbers[0]), int(numbers[0]) + len(numbers))):
        return {text: time.counted_in("order") for text, time in found.items()}
    return found


def dates_of(table: StudyTable, name: str) -> pd.Series:
    """Return a column of dates as days; those that cannot be read are missing."""
    column = table.file.frame[name]
    formats = table.profiles[name].date_formats
    if not formats:
        return pd.to_datetime(column, errors="coerce")
    texts = code_texts(column)
    parsed = [pd.to_datetime(texts, format=each, errors="coerce") for each in formats]
    first = parsed[0]
    for other in parsed[1:]:
        first = first.fillna(other)
    return first
