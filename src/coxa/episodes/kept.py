"""The episodes that are used, as what is asked for every number of the audit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from coxa.episodes.checks.draft import Draft
from coxa.episodes.checks.duplicates import LAST
from coxa.episodes.columns import column_types, episodes_sql, quoted, ready_types
from coxa.episodes.episodes import Database, Duck
from coxa.episodes.relation import Relation

GONE = "coxa_gone"
"""Table of the rows that are left out and why, where other rows are a reason, so that these are looked for once."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The episodes that are used: for checks, and for whoever asks for numbers."""

    draft: Draft
    database: Database


def settled(by_row: Draft, together: Draft) -> Draft:
    """Return the rows with all reasons to leave them out; where rows have numbers, those are looked up by number.

    Parameters
    ----------
    by_row
        The rows with the reasons that each has by itself.
    together
        The same rows with the reasons that other rows give.
    """
    reading = together.reading
    if together.relation == by_row.relation or not isinstance(reading.database, Duck) or not reading.numbered:
        return together
    if LAST in together.relation:  # other rows give values as well as reasons
        return together
    lost = f"SELECT source_row, why FROM ({together.relation}) AS t WHERE why IS NOT NULL"
    reading.database.keep(GONE, lost, reading.bound.values)
    columns = ", ".join(f"r.{quoted(name)}" for name in column_types(together.plan))
    relation = (
        f"SELECT {columns}, g.why FROM ({by_row.relation}) AS r LEFT JOIN memory.main.{GONE} AS g "
        "ON g.source_row = r.source_row"
    )
    return replace(together, relation=relation)


def kept_rows(draft: Draft, data_cut: date) -> Kept:
    """Return the rows without a reason to leave them out; those of a file are checked and typed once, in a copy.

    Parameters
    ----------
    draft
        The rows with all reasons to leave them out.
    data_cut
        The day of the export.
    """
    reading, columns = draft.reading, ", ".join(map(quoted, column_types(draft.plan)))
    database, values = reading.database, dict(reading.bound.values)
    relation = f"SELECT {columns} FROM ({draft.relation}) AS r WHERE why IS NULL"
    if not isinstance(database, Duck):
        return _of_server(draft, relation, {**values, "data_cut": data_cut})
    if reading.in_memory:
        database.keep("source", relation, values)
        return Kept(replace(draft, relation="SELECT * FROM memory.main.source"), database)
    ready = episodes_sql(draft.plan, f"({relation}) AS k")
    copied = database.file_of("episodes", ready, {**values, "data_cut": data_cut})
    if copied is None:
        return Kept(replace(draft, relation=relation), replace(database, source=Relation(relation, values)))
    typed = replace(draft, relation=f"SELECT {columns} FROM ({copied}) AS k")
    return Kept(typed, replace(database, source=Relation(copied), worked_out=True))


def _of_server(draft: Draft, relation: str, values: dict[str, object]) -> Kept:
    """Return the rows of a server, in a temporary table where the role may have one."""
    from coxa.episodes.postgres import Postgres

    database = draft.reading.database
    assert isinstance(database, Postgres)
    chosen = ", ".join(map(quoted, ready_types(draft.plan)))
    copied = database.copied(f"SELECT {chosen} FROM ({episodes_sql(draft.plan, f'({relation}) AS k')}) AS e", values)
    if copied is None:
        return Kept(replace(draft, relation=relation), replace(database, source=Relation(relation, values)))
    columns = ", ".join(map(quoted, column_types(draft.plan)))
    typed = replace(draft, relation=f"SELECT {columns} FROM ({copied}) AS k")
    return Kept(typed, replace(database, source=Relation(copied), worked_out=True))
