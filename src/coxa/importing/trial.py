"""The proposed plan of a trial or of a cohort study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from coxa.importing.assessed import Assessed, assessed
from coxa.importing.draft import Draft, Material
from coxa.importing.event_tables import EventTable, read_events
from coxa.importing.first_analysis import first_analysis
from coxa.importing.measured import Measured, dates_of, measured_in
from coxa.importing.people import People, read_people, table_of_people
from coxa.importing.proposal import Proposal
from coxa.importing.redcap import redcap_tables
from coxa.importing.study_draft import ask, slug
from coxa.importing.study_tables import StudyTable, fields_of, kind_of, study_table
from coxa.importing.visits import Visits, find_visits, median_days, visits_of_plan

GROUP = {"trial": "arm", "cohort": "group"}


def propose_study(material: Material, kind: Literal["trial", "cohort"]) -> Proposal:
    """Return the plan that files of a trial or a cohort study suggest.

    Parameters
    ----------
    material
        Tables of the files with their profiles, and answers to questions.
    kind
        A trial has arms that were allocated, a cohort groups as they were found.

    Returns
    -------
    Proposal
        What the files do not say is a question and not in the plan.

    Examples
    --------
    >>> from coxa.importing.files import read_tables
    >>> from coxa.importing.profile import profile_table
    >>> rows = [f"{k},{k % 2},{50 + k},{k % 9},{(k + 3) % 9},{(k + 5) % 9}" for k in range(1, 21)]
    >>> _ = Path("pain.csv").write_text("\\n".join(["id,arm,age,nprs_bl,nprs_6wk,nprs_12wk", *rows]), encoding="utf-8")
    >>> tables = read_tables(["pain.csv"]).tables
    >>> found = propose_study(Material(tables, tuple(map(profile_table, tables)), ("pain.csv",)), "trial")
    >>> [each.role for each in found.readings][-2:], [question.key for question in found.questions][:2]
    (['outcomes.nprs at week_6', 'outcomes.nprs at week_12'], ['arm.reference', 'primary.outcome'])
    """
    draft = Draft(material)
    group = GROUP[kind]
    tables = _tables(draft)
    named = Path(material.files[0]).stem if material.files else "study"
    draft.put(
        ["study"], slug(named, "study").replace("_", "-"), "Short name, from the file. Choose another if need be."
    )
    draft.put(["title"], named, "Write the title of the study.")
    if kind == "cohort":
        draft.put(["design"], "cohort")
    chosen = table_of_people(draft, tables, group)
    if chosen is None:
        ask(draft, "participant_id", "Which column identifies participants?", "No column is called so.")
        return draft.proposal(kind)
    people_table, arm = chosen
    others = {id(table): name for table in tables if table is not people_table and (name := kind_of(table))}
    events = _events(draft, tables, others)
    measured = [measured_in(draft, table) for table in tables if id(table) not in others and table.key is not None]
    visits = _visits(draft, measured, people_table)
    taken = assessed(draft, measured, visits)
    skip = frozenset([arm] if arm else [])
    people = read_people(draft, people_table, arm, skip, group)
    _rest(draft, tables)
    _put(draft, people, taken, events, visits)
    return draft.proposal(kind)


def _tables(draft: Draft) -> list[StudyTable]:
    """Return the tables as a study sees them, those of REDCap one for each repeated form."""
    found: list[StudyTable] = []
    material = draft.material
    for special in redcap_tables(draft, material):
        found.append(special)
    done = {id(table.file) for table in found}
    handled = {table.file.place for table in found}
    for file, profiles in zip(material.tables, material.profiles, strict=True):
        if id(file) not in done and file.place not in handled and not _described(draft, profiles):
            found.append(study_table(file, profiles, _answered_key(draft, file.file)))
    return found


def _described(draft: Draft, profiles: Sequence[Any]) -> bool:
    """Say whether everything in a table is known already, as of a data dictionary."""
    return bool(profiles) and all(not draft.free(profile) for profile in profiles)


def _answered_key(draft: Draft, file: str) -> str | None:
    return draft.material.answers.get(f"participant_id:{file}")


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
    return find_visits(draft, times, columns, medians)


def _origin(people: StudyTable) -> pd.Series | None:
    """Return the day of randomisation of each row, where the table has it."""
    name = fields_of("participants", people.columns).get("randomisation_date")
    return dates_of(people, name) if name and people.profiles[name].kind == "date" else None


def _rest(draft: Draft, tables: Sequence[StudyTable]) -> None:
    """Say of what is left why it has no place."""
    for table in tables:
        for name in table.columns:
            profile = table.profiles[name]
            if draft.free(profile):
                why = "No column of its table identifies participants." if table.key is None else (
                    "It is the same on all rows of a participant, and another table describes participants."
                    if table.constant(name)
                    else "Neither its name nor its values say what it is."
                )  # fmt: skip
                if profile.kind == "text":
                    draft.hide(profile)
                draft.is_role(profile, "", why, "unused")


def _put(draft: Draft, people: People, taken: Assessed, events: Sequence[EventTable], visits: Visits) -> None:
    """Put everything into the plan, in the order in which a plan is read."""
    if people.arms:
        draft.put(["arms"], people.arms)
    planned = visits_of_plan(draft, visits)
    if taken.baselines and "baseline" not in planned:
        planned = {"baseline": {"day": 0}, **planned}
    if planned:
        draft.put(["visits"], planned)
    if taken.outcomes:
        draft.put(["outcomes"], taken.outcomes)
    if people.covariates:
        draft.put(["covariates"], people.covariates)
    kinds = {name: label for table in events for name, label in table.kinds.items()}
    if kinds:
        draft.put(["intercurrent_events"], {name: {"label": label} for name, label in kinds.items()})
    first_analysis(draft, people.arms, taken.visits, kinds)
    sources = {"participants": people.source(), **taken.sources, **{each.name: each.source for each in events}}
    draft.put(["data", "ignore_unlisted"], True, "What the plan does not name is not used.")
    excluded = [
        {"file": file.file, "row": int(row), "because": why}
        for file in draft.material.tables
        for row, why in file.left_out.items()
        if any(source["file"] == file.file for source in sources.values())
    ]
    if excluded:
        draft.put(["data", "exclude_rows"], excluded)
    draft.put(["data", "tables"], sources)
