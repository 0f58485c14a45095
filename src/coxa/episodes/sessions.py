"""A row for each session, counted per episode: booked, attended, missed."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.episodes.checks.draft import Draft, RowFault
from coxa.episodes.columns import quoted
from coxa.episodes.faults import LISTED, several
from coxa.episodes.fields import SESSIONS
from coxa.episodes.reading import Reading
from coxa.findings import Finding
from coxa.study.audit.plan import COUNTS

COUNTED = (
    "SELECT patient AS coxa_patient, episode AS coxa_episode, CAST(COUNT(*) AS DOUBLE PRECISION) AS coxa_booked, "
    "CAST(COUNT(*) FILTER (WHERE attended) AS DOUBLE PRECISION) AS coxa_attended, "
    "CAST(COUNT(*) FILTER (WHERE NOT attended) AS DOUBLE PRECISION) AS coxa_missed "
    "FROM ({sessions}) AS s WHERE patient IS NOT NULL AND episode IS NOT NULL GROUP BY patient, episode"
)
"""Sessions per episode. One that was neither attended nor missed, such as one to come, is booked."""

NEEDED = ("patient", "episode", "attended")


def with_counts(relation: str, columns: list[str], counted: str) -> str:
    """Return the episodes with the sessions counted, for those that have no totals of their own."""
    none = " AND ".join(f"r.{name} IS NULL" for name in COUNTS)
    chosen = [
        f"CASE WHEN {none} THEN s.coxa_{name} ELSE r.{name} END AS {name}" if name in COUNTS else f"r.{quoted(name)}"
        for name in columns
    ]
    return (
        f"SELECT {', '.join(chosen)} FROM ({relation}) AS r LEFT JOIN ({counted}) AS s "
        "ON s.coxa_patient = r.patient AND s.coxa_episode = r.episode"
    )


def check_sessions(draft: Draft, sessions: Reading) -> Iterator[Finding]:
    """Yield sessions without patient or episode, of no episode, and neither attended nor missed.

    Parameters
    ----------
    draft
        The episodes, before any is left out.
    """
    if not all(name in sessions.columns for name in NEEDED):
        return
    if not draft.has("episode") or not draft.has("patient"):
        rule = "sessions are counted per patient and episode, and the episodes have no column of one of them"
        remedy = "Name both under `columns` of the episodes, or give totals: `columns: {booked: ..., attended: ...}`."
        yield Finding("error", SESSIONS, rule, remedy)
        return
    known = f"SELECT 1 FROM ({draft.relation}) AS e WHERE e.patient = r.patient AND e.episode = r.episode"
    keyed = "patient IS NOT NULL AND episode IS NOT NULL"
    for fault in (
        RowFault(f"NOT ({keyed})", "error", "the session has no patient or no episode", "Fill them in at the source."),
        RowFault("attended IS NULL", "note", "the session is neither attended nor missed, and counts as booked",
                 "Nothing needs to be done if it is still to come."),
        RowFault(f"{keyed} AND NOT EXISTS ({known})", "warning", "the session is of no episode, and is not counted",
                 "Correct its patient or episode, or add the episode.", value="episode"),
    ):  # fmt: skip
        n = int(sessions.frame(f"SELECT COUNT(*) AS n FROM {{rows}} WHERE {fault.condition}")["n"].iloc[0])
        if n and fault.severity:
            rows = sessions.frame(
                f"SELECT source_row, patient, {fault.value or 'NULL'} AS value FROM {{rows}} "
                f"WHERE {fault.condition} ORDER BY 1, 2, 3 LIMIT {LISTED}"
            )
            yield from several(rows, n, severity=fault.severity, table=SESSIONS, rule=fault.rule, remedy=fault.remedy)
