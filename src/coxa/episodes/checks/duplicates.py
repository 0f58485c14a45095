"""Rows with the same patient and episode: a transfer to another clinic, or one row too many."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.episodes.checks.draft import Draft, RowFault, day_text
from coxa.episodes.columns import quoted
from coxa.findings import Finding
from coxa.study.audit.plan import CLINIC, COUNTS, THERAPIST, AuditPlan

KEY = "PARTITION BY why IS NULL, patient, episode"
ORDER = f"{KEY} ORDER BY intake_date, source_row, clinic, therapist, discharge_date"
COPIES = (
    f"SELECT *, ROW_NUMBER() OVER ({ORDER}) AS coxa_copy, FIRST_VALUE(clinic) OVER ({ORDER}) AS coxa_clinic, "
    f"FIRST_VALUE(intake_date) OVER ({ORDER}) AS coxa_intake, FIRST_VALUE(source_row) OVER ({ORDER}) AS coxa_first "
    "FROM ({rows}) AS r"
)
"""Rows of an episode, numbered among those that are not left out for another reason, with what its first row has."""

MOVED = "(coxa_copy > 1 AND clinic <> coxa_clinic AND intake_date > coxa_intake)"
AGAIN = "another row of an episode"
GOES_ON = "the episode goes on in another clinic"
LAST = "coxa_last_"
"""How the columns begin that have what the last row of an episode has that goes on in another clinic."""


def repeated_keys(draft: Draft) -> bool:
    """Say whether two rows that are not left out have the same patient and episode.

    Where there are as many marks of pairs as rows no two are the same; only otherwise the pairs are compared.
    """
    mark = draft.reading.dialect.mark_of("patient", "episode")
    counts = draft.frame(f"SELECT COUNT(*) AS n, COUNT(DISTINCT {mark}) AS marks FROM {{rows}} WHERE why IS NULL").iloc[
        0
    ]
    if counts["n"] == counts["marks"]:
        return False
    pairs = "SELECT 1 AS one FROM {rows} WHERE why IS NULL GROUP BY patient, episode HAVING COUNT(*) > 1 LIMIT 1"
    return len(draft.frame(pairs)) > 0


def check_duplicates(draft: Draft) -> Iterator[Finding]:
    """Yield an error of rows that repeat an episode, and a warning of transfers; the rows are those of `COPIES`."""
    first = "'as row ' || CAST(CAST(coxa_first AS INTEGER) AS VARCHAR)" if draft.reading.numbered else "episode"
    made = "" if draft.has("episode") else " (the same patient and day of intake)"
    remedy = (
        "Name the rows that are wrong under `exclude_rows`. If the rows are the same in every column, write "
        "`drop_identical_rows: true`. If they are episodes of their own, give each its own number of episode."
    )
    again, moved = "why IS NULL AND coxa_copy > 1 AND NOT " + MOVED, "why IS NULL AND " + MOVED
    faults = (
        RowFault(again, "error", f"the row repeats an episode{made}", remedy, "episode", first),
        RowFault(
            moved,
            "warning",
            f"{GOES_ON}, and is counted at that of its {'first' if draft.plan.transfers == 'intake' else 'last'} row",
            "If the parts count on their own, give each its own number of episode. If not, join them at the source.",
            "clinic",
            f"coxa_clinic || ', from ' || {day_text('intake_date')} || ' in ' || clinic",
        ),
    )
    counts = draft.frame(
        f"SELECT COUNT(*) FILTER (WHERE {again}) AS again, COUNT(*) FILTER (WHERE {moved}) AS moved FROM {{rows}}"
    ).iloc[0]
    for fault, n in zip(faults, counts, strict=True):
        if n:
            yield from draft.rows(fault.condition, int(n), fault)


def left_out_sql(plan: AuditPlan) -> str:
    """Return why a row is left out that is not the first of its episode, as SQL over `COPIES`."""
    return f"CASE WHEN {MOVED} THEN 'transfer: counted at the clinic of {plan.transfers}' ELSE '{AGAIN}' END"


def joined_transfers(plan: AuditPlan, copies: str) -> tuple[str, dict[str, str]]:
    """Return the rows of `COPIES` with what the last row of a transfer has, and what the first row then has.

    The episode begins as its first row and is discharged as its last one, as far as that has a discharge. Clinic,
    therapist and sessions are those of the row whose clinic counts.

    Returns
    -------
    str, dict
        The relation; and column -> SQL.
    """
    ends = [f"{name}_{end}" for name in plan.outcomes for end in ("discharge", "date")]
    names = [CLINIC, THERAPIST, *COUNTS, "discharge_date", *ends]
    key = "PARTITION BY why IS NULL, patient, episode"
    order = f"{key} ORDER BY CASE WHEN {MOVED} THEN 0 ELSE 1 END, intake_date DESC, source_row DESC, clinic, therapist"
    last = ", ".join(f"FIRST_VALUE({quoted(name)}) OVER ({order}) AS {quoted(LAST + name)}" for name in names)
    moved = f"MAX(CASE WHEN {MOVED} THEN 1 ELSE 0 END) OVER ({key}) AS {LAST}there"
    own = f"coxa_copy = 1 AND {LAST}there = 1"
    taken = {"discharge_date": f"{quoted(LAST + 'discharge_date')} IS NOT NULL"}
    for name in plan.outcomes:
        known = f"{quoted(f'{LAST}{name}_discharge')} IS NOT NULL"
        taken |= {f"{name}_discharge": known, f"{name}_date": known}
    if plan.transfers == "discharge":
        taken |= dict.fromkeys((CLINIC, THERAPIST, *COUNTS), "TRUE")
    columns = {
        name: f"CASE WHEN {own} AND {when} THEN {quoted(LAST + name)} ELSE {quoted(name)} END"
        for name, when in taken.items()
    }
    return f"SELECT *, {last}, {moved} FROM ({copies}) AS c", columns
