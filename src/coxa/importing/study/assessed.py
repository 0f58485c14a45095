"""Outcomes and items at their visits: the tables `assessments` and `item_responses` of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from coxa.importing.draft import Draft
from coxa.importing.study.baselines import find_baselines
from coxa.importing.study.items import ItemColumn, ItemGroup
from coxa.importing.study.levels import as_code
from coxa.importing.study.long import Long
from coxa.importing.study.measured import Measured
from coxa.importing.study.scores import Score, missing_of
from coxa.importing.study.sources import outside, source_of
from coxa.importing.study.tables import StudyTable
from coxa.importing.study.times import Time
from coxa.importing.study.visits import Visits
from coxa.instruments import Instrument, load_instrument


@dataclass(frozen=True, slots=True)
class Assessed:
    """What the plan has of measurements.

    outcomes  : of the plan
    visits    : outcome -> visits at which the files have it
    sources   : table -> what `data: tables` says of it
    baselines : whether baseline values are on every row, and no row is of the baseline
    """

    outcomes: dict[str, dict[str, Any]] = field(default_factory=dict)
    visits: dict[str, list[str]] = field(default_factory=dict)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    baselines: bool = False


def assessed(draft: Draft, measured: Sequence[Measured], visits: Visits) -> Assessed:
    """Return outcomes and their tables; what has no visit yet is noted as asked for."""
    found = Assessed()
    with_items = [each for each in measured if each.items]
    with_scores = sorted((each for each in measured if each.scores), key=lambda each: -len(each.scores))
    if with_items:
        _items(draft, with_items[0], visits, found)
        _others(draft, with_items[1:], "items")
    baselines = _scores(draft, with_scores[0], visits, found) if with_scores else False
    _others(draft, with_scores[1:], "scores")
    return Assessed(found.outcomes, found.visits, found.sources, baselines)


def _others(draft: Draft, rest: Sequence[Measured], what: str) -> None:
    """Say of what is measured in further tables that a plan reads one only."""
    for each in rest:
        names = [name for score in each.scores for name, _ in score.columns] if what == "scores" else []
        names += [item.column for item in each.items.columns] if what == "items" and each.items else []
        for name in names:
            why = (
                "A plan reads it from one table, and another has more of it. Join the files by participant to use both."
            )
            draft.is_role(each.table.profiles[name], "", why, "unused")


def _items(draft: Draft, each: Measured, visits: Visits, found: Assessed) -> None:
    group = each.items
    assert group is not None
    definition = load_instrument(group.instrument)
    version = _version(definition, group, each.table)
    placed = [column for column in group.columns if _place_item(draft, each, group, column, visits)]
    if not placed or (not each.wide and each.visit is None and not _dated(each, visits)):
        return
    source = _rows(draft, each, visits, [column.column for column in placed])
    source["instrument"] = group.instrument
    source = _joined(source, _item_columns(group, placed, visits))
    if group.codes:
        source["values"] = {**source.get("values", {}), "value": dict(group.codes)}
    codes = [] if group.codes else _item_codes(definition, version, placed, each.table)
    if codes:
        source["missing"] = codes
    found.sources["item_responses"] = source
    there = {column.item for column in placed}
    at = _visits_of_items(placed, each, visits)
    for name in definition.scales:
        if set(definition.scale_items(name)) <= there:
            outcome = f"{group.instrument}_{name}"
            keys: dict[str, Any] = {
                "label": f"{group.instrument.upper().replace('_', '-')} {definition.scales[name].label.lower()}"
            }
            keys |= {"instrument": group.instrument, "scale": name}
            found.outcomes[outcome] = keys | ({"version": version} if len(definition.versions) > 1 else {})
            found.visits[outcome] = at


def _joined(source: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Return a source with more keys; values of visits and of answers are joined."""
    both = {**source, **more}
    if "values" in source and "values" in more:
        both["values"] = {**source["values"], **more["values"]}
    return both


def _version(definition: Instrument, group: ItemGroup, table: StudyTable) -> str:
    """Return the version with the narrowest range that holds the answers."""
    highest = max((table.profiles[each.column].high or 0.0) for each in group.columns)
    fitting = [v for v in definition.versions if definition.item_range(group.columns[0].item, v).high >= highest]
    return min(fitting or definition.versions, key=lambda v: definition.item_range(group.columns[0].item, v).high)


def _place_item(draft: Draft, each: Measured, group: ItemGroup, column: ItemColumn, visits: Visits) -> bool:
    """Note what a column of an item is, and return whether its visit is known."""
    role = f"item {column.item} of {group.instrument}"
    profile = each.table.profiles[column.column]
    why = f"Items of {group.instrument} are called so, and its answers are in their range."
    if column.timed is None:
        draft.is_role(profile, role, why)
        return True
    visit = visits.name(column.timed.time)
    if visit is None:
        draft.is_role(profile, role, f"{why} When {column.timed.time.text} is has to be asked.", "asked")
        return False
    draft.is_role(profile, f"{role} at {visit}", why)
    return True


def _visits_of_items(placed: Sequence[ItemColumn], each: Measured, visits: Visits) -> list[str]:
    if _dated(each, visits):
        return list(visits.days)
    times = [column.timed.time for column in placed if column.timed] or list(each.visit_times.values())
    there = {visits.name(time) for time in times}
    return [name for name in visits.days if name in there]


def _item_columns(group: ItemGroup, placed: Sequence[ItemColumn], visits: Visits) -> dict[str, Any]:
    """Return the pattern of the items, with the codes of visits, or each column by name."""
    pattern = ItemGroup(group.prefix, group.candidates, group.numbered, tuple(placed)).pattern()
    if pattern is not None:
        keys: dict[str, Any] = {"items": pattern}
        if group.numbered:
            keys["item_numbers"] = True
        if "{visit}" in pattern:
            codes = {column.timed.time.text: visits.name(column.timed.time) for column in placed if column.timed}
            keys["values"] = {"visit": {as_code(text): visit for text, visit in codes.items()}}
        return keys
    listed: dict[str, Any] = {}
    for column in placed:
        if column.timed:
            listed.setdefault(column.item, {})[visits.name(column.timed.time)] = column.column
        else:
            listed[column.item] = column.column
    return {"items": listed}


def _item_codes(
    definition: Instrument, version: str, placed: Sequence[ItemColumn], table: StudyTable
) -> list[str | int]:
    codes: list[str | int] = []
    for column in placed:
        span = definition.item_range(column.item, version)
        codes += outside(table.profiles[column.column], span.low, span.high)
    return list(dict.fromkeys(codes))


def _rows(draft: Draft, each: Measured, visits: Visits, columns: Sequence[str]) -> dict[str, Any]:
    """Return file, participant, visit and date of the rows of a table."""
    table = each.table
    assert table.key is not None
    rows: dict[str, str] = {"participant_id": table.key}
    draft.is_role(table.profiles[table.key], "participant_id", "The name says so, and it joins the files.")
    draft.hide(table.profiles[table.key])
    dates: dict[str, str] = {}
    if each.wide:
        for text, name in each.dates.items():
            visit = visits.names.get(text) or visits.like(text)
            status = "mapped" if visit else "asked"
            draft.is_role(table.profiles[name], f"date of {visit or text}", "It has dates at this time.", status)  # type: ignore[arg-type]
            if visit:
                dates[visit] = name
    elif each.visit is not None or _dated(each, visits):
        if each.visit is not None:
            rows["visit"] = each.visit
            draft.is_role(table.profiles[each.visit], "visit", f"It has {len(each.visit_times)} times.")
        if each.day is not None:
            rows["assessment_date"] = each.day
            draft.is_role(table.profiles[each.day], "assessment_date", "It has a date on each row.")
        if each.study_day is not None:
            rows["study_day"] = each.study_day
            draft.is_role(table.profiles[each.study_day], "study_day", "The name says so.")
    used = [*rows.values(), *dates.values(), *columns]
    source = {**source_of(table, used), "columns": rows}
    if dates:
        source["dates"] = dates
    if each.visit is not None and not each.wide:
        codes = {as_code(text): visits.name(time) for text, time in each.visit_times.items() if visits.name(time)}
        if len(codes) < table.profiles[each.visit].n_distinct:
            source["where"] = {**source.get("where", {}), each.visit: list(codes)}
        source["values"] = {"visit": codes}
    return source


def _scores(draft: Draft, each: Measured, visits: Visits, found: Assessed) -> bool:
    """Put the outcomes of a table into the plan; return whether baselines are on every row only."""
    if each.long is not None:
        put_long(draft, each, each.long, visits, found)
        return False
    placed: dict[str, str | dict[str, str]] = {}
    missing: dict[str, list[str | int]] = {}
    for score in each.scores:
        where = _place_score(draft, each, score, visits)
        if where:
            placed[score.name] = where
            found.outcomes[score.name] = dict(score.keys or {})
            at = _visits_at(each, where, visits)
            found.visits[score.name] = [name for name in visits.days if name in at]
            if codes := missing_of(each.table, score):
                missing[score.name] = codes
    if not placed:
        return False
    columns = [name for where in placed.values() for name in (where.values() if isinstance(where, dict) else (where,))]
    source = _rows(draft, each, visits, columns)
    source["outcomes"] = placed
    kept = [score for score in each.scores if score.name in placed]
    lead = {} if each.wide else find_baselines(draft, each.table, kept, each.visit, _baseline_rows(each, visits))
    if lead:
        source["baselines"] = lead
        for name in lead:
            found.visits[name] = ["baseline", *found.visits[name]]
    if missing:
        source["missing"] = missing
    found.sources["assessments"] = source
    return bool(lead)


def put_long(draft: Draft, each: Measured, long: Long, visits: Visits, found: Assessed) -> None:
    """Put outcomes in rows into the plan, once the visits of all rows are known."""
    profiles = each.table.profiles
    unknown = [time for time in each.visit_times.values() if visits.name(time) is None]
    if unknown or (each.visit is None and not _dated(each, visits)):
        return
    for name, role in ((long.outcome, "outcome"), (long.value, "value")):
        draft.is_role(profiles[name], role, f"Rows are of {len(profiles[long.outcome].values)} outcomes.")
    source = _rows(draft, each, visits, [long.outcome, long.value])
    source["columns"] = {**source["columns"], "outcome": long.outcome, "value": long.value}
    source["values"] = {**source.get("values", {}), "outcome": dict(long.names)}
    if len(long.names) < profiles[long.outcome].n_distinct:
        source["where"] = {**source.get("where", {}), long.outcome: list(long.names)}
    if long.missing:
        source["missing"] = dict(long.missing)
    found.sources["assessments"] = source
    for score in long.scores:
        found.outcomes[score.name] = dict(score.keys or {})
        found.visits[score.name] = [name for name in visits.days if name in _visits_at(each, "", visits)]


def _dated(each: Measured, visits: Visits) -> bool:
    """Say whether the visits of rows are found from their dates."""
    return each.by_date and visits.by_date


def _visits_at(each: Measured, where: str | dict[str, str], visits: Visits) -> list[str]:
    """Return the visits at which a table has an outcome."""
    if isinstance(where, dict):
        return list(where)
    if _dated(each, visits):
        return list(visits.days)
    return [name for time in each.visit_times.values() if (name := visits.name(time))]


def _baseline_rows(each: Measured, visits: Visits) -> list[str]:
    """Return the values of the column of visits that are the baseline."""
    return [text for text, time in each.visit_times.items() if visits.name(time) == "baseline"]


def _place_score(draft: Draft, each: Measured, score: Score, visits: Visits) -> str | dict[str, str] | None:
    """Return the column of a score, or visit -> column; None where its visits have to be asked."""
    role = f"outcomes.{score.name}"
    profiles = each.table.profiles
    why = _why(score)
    if not each.wide or score.columns[0][1] is None:
        (name, _), *more = score.columns
        waits = (
            not _dated(each, visits)
            if each.visit is None
            else any(visits.name(time) is None for time in each.visit_times.values())
        )
        if waits:
            draft.is_role(profiles[name], role, f"{why} Its visits have to be asked.", "asked")
            return None
        draft.is_role(profiles[name], role, why)
        for other, _ in more:
            draft.is_role(profiles[other], role, f"{why} Another column is called like it.", "asked")
        return name
    placed: dict[str, str] = {}
    for name, time in score.columns:
        visit = visits.name(time) if isinstance(time, Time) else None
        if visit is None or visit in placed:
            draft.is_role(profiles[name], role, f"{why} Its visit has to be asked.", "asked")
        else:
            placed[visit] = name
            draft.is_role(profiles[name], f"{role} at {visit}", why)
    return placed or None


def _why(score: Score) -> str:
    keys: Mapping[str, Any] = score.keys or {}
    low, high = score.span
    if "instrument" in keys:
        return f"By its name or an answer it is of {keys['instrument']}; its values are from {low:g} to {high:g}."
    return f"By an answer, from {low:g} to {high:g}."
