"""Map every table of a plan from the files that were read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from coxa.cohort.contracts import contract
from coxa.cohort.mapping.age import with_age
from coxa.cohort.mapping.answers import answers_of
from coxa.cohort.mapping.columns import Origin
from coxa.cohort.mapping.corrections import ItemColumns, amend
from coxa.cohort.mapping.item_columns import instrument_name, item_findings, item_places, known_items, with_item_numbers
from coxa.cohort.mapping.made_key import with_made_key
from coxa.cohort.mapping.mapped import Mapped, empty_table, joined
from coxa.cohort.mapping.missing import check_codes, missing_codes
from coxa.cohort.mapping.per_participant import map_baselines, map_repeated_participants
from coxa.cohort.mapping.rows import map_rows
from coxa.cohort.mapping.side_by_side import map_side_by_side, outcome_places
from coxa.cohort.measured import in_short
from coxa.cohort.readers.raw import RawFile
from coxa.findings import Finding
from coxa.study import Study
from coxa.study.source import TableSource

SHOWN = 12


def map_table(study: Study, table: str, raw: RawFile | None) -> Mapped:
    """Return one table under coxa's names; an empty one where its file could not be read."""
    agreed = contract(study, table)
    if raw is None or study.data is None:
        return Mapped(table, empty_table(agreed))
    source = study.data.tables[table]  # type: ignore[index]
    codes = missing_codes(study, source)
    given = Origin(
        table,
        raw,
        source,
        agreed,
        codes,
        ignore_unlisted=study.data.ignore_unlisted,
        answers=answers_of(study, table, source),
    )
    given, unkeyed = with_made_key(given)
    given, numbering = with_item_numbers(given)
    amended = amend(given, study, _item_columns(given))
    mapped = _map(study, amended.origin)
    if table == "participants":
        mapped = with_age(mapped, amended.origin)
    said = check_codes(study, agreed, codes, mapped.frame)
    return replace(mapped, findings=(*unkeyed, *numbering, *amended.findings, *said, *mapped.findings))


def _map(study: Study, origin: Origin) -> Mapped:
    table, source = origin.table, origin.source
    if table == "participants" and _many_rows_each(study, source):
        return map_repeated_participants(origin)
    if table == "item_responses" and source.items is not None:
        return _items(origin)
    if table == "assessments" and (source.outcomes or source.baselines):
        return _outcomes(origin, study.baseline_visit)
    return map_rows(origin)


def _many_rows_each(study: Study, source: TableSource) -> bool:
    """Say whether the file of the participants has a row per visit: another table in it is not wide."""
    others = study.data.tables.items() if study.data else ()
    for name, other in others:
        if name == "participants" or (other.file, other.sheet) != (source.file, source.sheet):
            continue
        wide = other.visits_in_columns
        if name in ("assessments", "item_responses") and not wide and "visit" not in other.constants:
            return True
    return False


def _outcomes(origin: Origin, baseline_visit: str) -> Mapped:
    parts = [map_side_by_side(origin, outcome_places(origin), "outcome", {})] if origin.source.outcomes else []
    if not origin.source.outcomes and "value" in origin.source.columns:
        parts.append(map_rows(origin))
    if origin.source.baselines:
        parts.append(map_baselines(origin, baseline_visit))
    frames = [part.frame for part in parts]
    disposition = parts[0].disposition
    for part in parts[1:]:
        disposition += part.disposition
    frames = [frame.assign(source_column=frame["source_column"].astype("str")) for frame in frames]
    frame = pd.concat(frames, ignore_index=True) if len(frames) > 1 else parts[0].frame
    used = frozenset().union(*(part.used for part in parts))
    return Mapped(origin.table, frame, joined(part.findings for part in parts), disposition, used)


def _item_columns(origin: Origin) -> ItemColumns:
    """Return item -> visit -> column, where the items are side by side; the visit is "" where columns have none."""
    if origin.table != "item_responses" or origin.source.items is None:
        return {}
    columns: dict[str, dict[str, str]] = {}
    for place in item_places(origin, known_items(origin)):
        columns.setdefault(place.measured, {})[place.visit or ""] = place.column
    return columns


def _items(origin: Origin) -> Mapped:
    name, known = instrument_name(origin), known_items(origin)
    places = item_places(origin, known)
    mapped = map_side_by_side(origin, places, "item", {"instrument": name})
    said = (*item_findings(origin, places), *mapped.findings)
    return Mapped(mapped.table, mapped.frame, said, mapped.disposition, mapped.used)


def unlisted_columns(study: Study, raws: Mapping[str, RawFile], mapped: Mapping[str, Mapped]) -> list[Finding]:
    """Return a note per file on the columns that no table uses.

    Parameters
    ----------
    raws
        Table -> the file that it was read from.
    mapped
        Table -> the table as mapped.
    """
    if study.data is None or study.data.ignore_unlisted:
        return []
    notes = []
    for key in dict.fromkeys((raw.source.name, raw.sheet.details.get("sheet", "")) for raw in raws.values()):
        tables = [table for table, raw in raws.items() if (raw.source.name, raw.sheet.details.get("sheet", "")) == key]
        used: set[str] = set().union(*(mapped[table].used for table in tables))
        for table in tables:
            source = study.data.tables[table]  # type: ignore[index]
            used.update(source.named_columns(), *((rule.column, *rule.when_missing) for rule in source.missing_when))
        unused = [str(column) for column in raws[tables[0]].sheet.frame.columns if str(column) not in used]
        if unused:
            value = in_short(unused, SHOWN)
            remedy = "Name them under `columns` if they are needed, or write `ignore_unlisted: true`."
            notes.append(Finding("note", key[0], "columns of the file are not used", remedy, value=value))
    return notes
