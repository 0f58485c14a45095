"""The proposed plan of a trial, a cohort study or a service evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import pandas as pd

from coxa.importing.dates import TURNED
from coxa.importing.draft import Draft, place_of
from coxa.importing.profile import ColumnProfile, profile_table
from coxa.importing.proposal import PlanKind
from coxa.importing.study.assessed import Assessed, assessed
from coxa.importing.study.assumed import assume
from coxa.importing.study.event_tables import EventTable, read_events
from coxa.importing.study.first_analysis import first_analysis
from coxa.importing.study.measured import Measured, dates_of, measured_in
from coxa.importing.study.people import is_arm, read_people, table_of_people
from coxa.importing.study.planned import People
from coxa.importing.study.questions import ask, slug
from coxa.importing.study.redcap import redcap_tables
from coxa.importing.study.sources import missing_words
from coxa.importing.study.tables import StudyTable, fields_of, keyed_table, kind_of, participant_column, study_table
from coxa.importing.study.times import glued_numbers
from coxa.importing.study.titles import put_title
from coxa.importing.study.visits import Visits, find_visits, median_days, planned_days, visits_of_plan
from coxa.importing.tables import FileTable

GROUP: dict[PlanKind, str] = {"trial": "arm", "cohort": "group"}
"""What participants are compared by; a service evaluation does not compare."""


def propose_trial(draft: Draft) -> None:
    """Propose the plan of a trial from the material of a draft."""
    _propose(draft, "trial")


def propose_cohort(draft: Draft) -> None:
    """Propose the plan of a cohort study, whose groups are as they were found."""
    _propose(draft, "cohort")


def propose_service(draft: Draft) -> None:
    """Propose the plan of a service evaluation, without arms, estimands and analyses."""
    _propose(draft, "service")


def _propose(draft: Draft, kind: PlanKind) -> None:
    material = draft.material
    named = PurePosixPath(material.tables[0].file).stem if material.tables else "study"
    draft.put(
        ["study"], slug(named, "study").replace("_", "-"), "A short name, from the file; choose another if need be"
    )
    draft.put(["title"], named, "Write the title of the study")
    if kind != "trial":
        draft.put(["design"], kind)
    tables = _tables(draft)
    chosen = table_of_people(draft, tables, GROUP.get(kind))
    if chosen is None:
        _wait_for_participants(draft)
        return
    people_table, arm = chosen
    others = {id(table): name for table in tables if table is not people_table and (name := kind_of(table))}
    events = _events(draft, tables, others)
    measured = [measured_in(draft, table) for table in tables if id(table) not in others and table.key is not None]
    visits = _visits(draft, measured, people_table)
    taken = assessed(draft, measured, visits)
    skip = frozenset([arm] if arm else [])
    people = read_people(draft, people_table, arm, skip, GROUP.get(kind, ""))
    _rest(draft, tables)
    if not taken.outcomes and not events:
        draft.need("outcomes.")
    events = [each.at_visits(visits.names) for each in events]
    _put(draft, people, taken, events, visits, compares=kind in GROUP)
    put_title(draft, kind)
    if kind == "trial":
        assume(draft)


def _wait_for_participants(draft: Draft) -> None:
    """Say of all columns that nothing is known of them before it is known which one identifies participants."""
    for profile in draft.material.columns:
        if draft.free(profile) and profile.kind != "empty":
            draft.is_role(profile, "", "It waits for the column that identifies participants.", "asked")


def _tables(draft: Draft) -> list[StudyTable]:
    """Return the tables as a study sees them, those of REDCap one for each repeated form."""
    material = draft.material
    read = [
        (file, _in_order(draft, file, profiles))
        for file, profiles in zip(material.tables, material.profiles, strict=True)
    ]
    special = redcap_tables(draft, read)
    done = {table.file.place for table in special}
    rest = [
        (file, profiles)
        for file, profiles in read
        if file.place not in done and any(draft.free(profile) for profile in profiles)
    ]
    known = _known_ids(rest)
    plain = [keyed_table(file, profiles, _key(draft, file, profiles, known)) for file, profiles in rest]
    return [*special, *(_with_numbers(draft, table) for table in plain)]


def _checked_key(draft: Draft, table: StudyTable) -> str | None:
    """Return the column that identifies participants; ask where a participant would be in several arms."""
    assert table.key is not None
    arms = [name for name in table.columns if is_arm(table, name) and not table.constant(name)]
    if not arms:
        return table.key
    finer = [
        name
        for name, profile in table.profiles.items()
        if table.profiles[table.key].n_distinct < profile.n_distinct < len(table.file.frame)
        and profile.kind in ("identifier", "text", "category")
    ]
    why = f"Under {table.key} a participant is in several groups of {arms[0]}."
    text = f"Which column of {table.file.place} identifies participants?"
    offered = [(name, "") for name in dict.fromkeys([table.key, *finer])]
    columns = [table.key, *finer]
    answer = ask(draft, f"participant_id:{table.file.place}", text, why, offered, columns)
    if answer is None:
        for name in columns:
            draft.is_role(table.profiles[name], "participant_id", why, "asked")
    return answer


def _with_numbers(draft: Draft, table: StudyTable) -> StudyTable:
    """Return a table in which pk1, pk2 and pk5 are one measure at several visits, where an answer says so."""
    if not table.unique:
        return table
    numbers = [name for name in table.columns if name not in table.timed and table.profiles[name].kind == "number"]
    could = glued_numbers(numbers)
    if not could:
        return table
    columns = list(could)
    text = f"Are {', '.join(columns[:6])} measures at several visits?"
    offered = [("visits", "yes, the number is that of a visit"), ("separate", "no, each is something else")]
    why = "The names end in the same numbers, and do not say what the numbers are."
    answer = ask(draft, "visits.numbers", text, why, offered, columns, needed=False)
    if answer is None:
        for name in columns:
            draft.is_role(table.profiles[name], "", why, "asked")
    return replace(table, timed={**table.timed, **could}) if answer == "visits" else table


def _known_ids(read: Sequence[tuple[FileTable, Sequence[ColumnProfile]]]) -> frozenset[str] | None:
    """Return the participants of the tables in which a column is called so, None where there is no such table."""
    named = [(profiles, participant_column({one.column: one for one in profiles})) for _, profiles in read]
    ids = [one.values for profiles, name in named for one in profiles if one.column == name]
    return frozenset(text for values in ids for text in values) if ids else None


def _in_order(draft: Draft, file: FileTable, profiles: Sequence[ColumnProfile]) -> Sequence[ColumnProfile]:
    """Return the profiles of a table, read again where an answer says whether day or month comes first."""
    doubtful = next((one for one in profiles if one.kind == "date" and one.ambiguous), None)
    if doubtful is None:
        return profiles
    first, second = doubtful.ambiguous[0]
    word = ask(
        draft, f"date_format:{file.place}:{doubtful.column}",
        f"Which comes first in {doubtful.column}, the day or the month?",
        f"{doubtful.ambiguous_values[0]} is a day under both, and no date of the file decides.",
        ((first, f"the day: {first}"), (second, f"the month: {second}")), (doubtful.column,),
    )  # fmt: skip
    if word is None:
        return profiles
    return profile_table(file, {day: day if word == first else month for day, month in TURNED.items()})


def _key(draft: Draft, file: FileTable, profiles: Sequence[ColumnProfile], ids: frozenset[str] | None) -> str | None:
    """Return the column that identifies participants, asked for where none is called so and one could be it."""
    by_name = {profile.column: profile for profile in profiles}
    known = participant_column(by_name)
    if known is not None:
        return _checked_key(draft, study_table(file, profiles, known))
    could = [one.column for one in profiles if one.unique and one.kind in ("identifier", "number", "text")]
    could = [name for name in could if name == profiles[0].column or len(could) == 1]
    if ids is not None:
        could = [one.column for one in profiles if one.values and ids.issuperset(one.values)]
    if not could:
        return None
    why = "No column is called so."
    offered = [(name, "") for name in could] + [("none", "none of them")]
    text = f"Which column of {file.place} identifies participants?"
    answer = ask(draft, f"participant_id:{file.place}", text, why, offered, could)
    return answer if answer in could else None


def _events(draft: Draft, tables: Sequence[StudyTable], kinds: Mapping[int, str]) -> list[EventTable]:
    """Return the tables of events, each once: of several of a kind the longest."""
    found: dict[str, EventTable] = {}
    for table in sorted(tables, key=lambda table: -len(table.file.frame)):
        name = kinds.get(id(table))
        if name is None:
            continue
        if name in found:
            for column in table.columns:
                why = f"A plan reads {name} from one table, and {found[name].source['file']} has more rows."
                draft.is_role(table.profiles[column], "", why, "unused")
            continue
        read = read_events(draft, table, name)
        if read is not None:
            found[name] = read
    return list(found.values())


def _visits(draft: Draft, measured: Sequence[Measured], people: StudyTable) -> Visits:
    times = [time for each in measured for time in each.times()]
    columns = [name for each in measured for name in each.columns()]
    medians: dict[str, float] = {}
    for each in measured:
        if each.dates:
            dates = {text: dates_of(each.table, name) for text, name in each.dates.items()}
            medians |= median_days(dates, _origin(people) if each.table is people else None)
        medians |= each.median_study_days()
    visits = find_visits(draft, times, columns, medians)
    undated = [day for each in measured if each.by_date and (day := each.day or each.study_day)]
    return planned_days(draft, visits, undated) if undated else visits


def _origin(people: StudyTable) -> pd.Series | None:
    """Return the day of randomisation of each row, where the table has it."""
    name = fields_of("participants", people.columns).get("randomisation_date")
    return dates_of(people, name) if name and people.profiles[name].kind == "date" else None


def _rest(draft: Draft, tables: Sequence[StudyTable]) -> None:
    """Say of what is left why it has no place."""
    for table in tables:
        _waiting(draft, table)
        for name in table.columns:
            profile = table.profiles[name]
            if draft.free(profile):
                why = "No column of its table identifies participants." if table.key is None else (
                    "Its name has a time, and no outcome that is used has one."
                    if table.unique and name in table.timed
                    else "It is the same on all rows of a participant, and another table describes participants."
                    if table.constant(name)
                    else "Neither its name nor its values say what it is."
                )  # fmt: skip
                if profile.kind == "text":
                    draft.hide(profile)
                draft.is_role(profile, "", why, "unused")


def _waiting(draft: Draft, table: StudyTable) -> None:
    """Say of the participants, visits and dates of a table that they wait for what is asked of its other columns."""
    asked = [name for name in table.columns if draft.roles.get(place_of(table.profiles[name]), ("",))[0] == "asked"]
    if not asked or table.unique:
        return
    fields = fields_of("assessments", table.columns)
    for role, name in (
        ("participant_id", table.key),
        *((each, fields.get(each)) for each in ("visit", "assessment_date", "study_day")),
    ):
        if name is not None and draft.free(table.profiles[name]):
            draft.is_role(table.profiles[name], role, f"It is used with {asked[0]}, which is in question.", "asked")


def _put(
    draft: Draft, people: People, taken: Assessed, events: Sequence[EventTable], visits: Visits, *, compares: bool
) -> None:
    """Put everything into the plan, in the order in which a plan is read."""
    if people.arms:
        draft.put(["arms"], people.arms)
    planned = visits_of_plan(draft, visits)
    if taken.baselines and "baseline" not in planned:
        planned = {"baseline": {"day": 0}, **planned}
    for key, content in (("visits", planned), ("outcomes", taken.outcomes), ("covariates", people.covariates)):
        if content:
            draft.put([key], content)
    kinds = {name: label for table in events for name, label in table.kinds.items()}
    if compares:
        if kinds:
            draft.put(["intercurrent_events"], {name: {"label": label} for name, label in kinds.items()})
        first_analysis(draft, people.arms, taken.visits, kinds)
    _put_data(draft, {"participants": people.source(), **taken.sources, **{each.name: each.source for each in events}})


def _put_data(draft: Draft, sources: Mapping[str, Mapping[str, object]]) -> None:
    words = missing_words(draft.material.columns)
    if words:
        draft.put(["data", "missing"], words, "Words without a value behind them")
    draft.put(["data", "ignore_unlisted"], True, "What the plan does not name is not used")
    used = {source["file"] for source in sources.values()}
    excluded = [
        {"file": file.file, "row": int(row), "because": why}
        for file in draft.material.tables
        if file.file in used
        for row, why in file.left_out.items()
    ]
    if excluded:
        draft.put(["data", "exclude_rows"], excluded)
    draft.put(["data", "tables"], sources)
