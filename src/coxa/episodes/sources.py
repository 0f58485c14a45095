"""The sources of an audit, opened and read: the episodes and, where the plan has them, the sessions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from coxa.cohort.contracts import Contract
from coxa.cohort.read import SHOWN
from coxa.episodes.checks.clinics import NOT_RECORDED
from coxa.episodes.columns import age_sql, column_types, quoted, ready_types
from coxa.episodes.dialects import DuckWords
from coxa.episodes.duck import attach, open_duck, scan_file
from coxa.episodes.episodes import DEFAULTS, Database, Duck
from coxa.episodes.fields import SESSIONS, contract, named_columns, session_contract
from coxa.episodes.reading import Reading, keep_rows
from coxa.episodes.relation import Bound
from coxa.episodes.scanned import read_scanned
from coxa.episodes.sessions import COUNTED, NEEDED, with_counts
from coxa.episodes.whole import NotRead, read_whole_rows
from coxa.errors import nearest
from coxa.findings import Finding
from coxa.frames import Frame
from coxa.study.audit.plan import AGE, BIRTH_DATE, CLINIC, AuditPlan
from coxa.study.audit.source import DATABASE_FILES, RowsSource

SCANNED = (*DATABASE_FILES, ".parquet")
"""Files that are asked where they are."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What was read: the episodes, the sessions where there are any, and what was wrong with the two together."""

    episodes: Reading
    sessions: Reading | None = None
    findings: tuple[Finding, ...] = ()


def read_sources(plan: AuditPlan, data: Path | Frame | None, opened: list[Database]) -> Sources:
    """Read the episodes, and the sessions of the plan.

    Parameters
    ----------
    opened
        Gets the databases that are opened on the way, to be closed by whoever cannot use them.

    Raises
    ------
    NotRead
        A file, a table or a server is not there, or cannot be read.
    """
    duck = open_duck()
    opened.append(duck)
    given = data if data is not None else _path(plan, plan.data)
    asked = plan.data.sessions
    also = _path(plan, asked) if asked else None
    files = [there(each) for each in (given, also) if isinstance(each, Path)]
    attach(duck, [each for each in files if each.suffix.lower() in SCANNED])
    bound = Bound()
    episodes = _read(plan, plan.data, given, contract(plan), named_columns(plan), opened, bound)
    if asked is None:
        return Sources(episodes)
    same = episodes if asked.database and asked.database == plan.data.database and given is None else None
    sessions = _read(plan, asked, also, session_contract(), asked.columns, opened, bound, same)
    return _in_one_database(Sources(episodes, sessions), duck)


def _path(plan: AuditPlan, rows: RowsSource) -> Path | None:
    """Return the file of a source; None where it is a server."""
    if rows.file is None:
        return None
    base = Path(plan.origin.folder) if plan.origin else Path()
    return base / plan.data.folder / rows.file


def _read(
    plan: AuditPlan,
    rows: RowsSource,
    given: Path | Frame | None,
    agreed: Contract,
    columns: dict[str, str],
    opened: list[Database],
    bound: Bound,
    same: Reading | None = None,
) -> Reading:
    if given is None:
        from coxa.episodes.postgres import Postgres, connect, scan_server

        server = same.database if same and isinstance(same.database, Postgres) else connect(rows, ready_types(plan))
        opened.append(server)
        return read_scanned(scan_server(server, rows), rows, agreed, columns, bound)
    duck = opened[0]
    assert isinstance(duck, Duck)
    if isinstance(given, Path) and given.suffix.lower() in SCANNED:
        return read_scanned(scan_file(duck, given, rows, bound), rows, agreed, columns, bound)
    return read_whole_rows(duck, given, rows, agreed, columns, bound, plan.data.max_cells)


def there(path: Path) -> Path:
    """Return a path.

    Raises
    ------
    NotRead
        There is no such file.
    """
    if path.is_file():
        return path
    files = sorted(each.name for each in path.parent.iterdir() if each.is_file()) if path.parent.is_dir() else []
    hint = nearest(path.name, files)
    also = f" Did you mean {hint}?" if hint else ""
    listed = ", ".join(files[:SHOWN]) or ("none" if path.parent.is_dir() else "the folder does not exist")
    remedy = f"Name one of the files in its folder: {listed}.{also}"
    raise NotRead(Finding("error", path.name, "the file does not exist", remedy))


def _in_one_database(sources: Sources, duck: Duck) -> Sources:
    """Return the sessions where the episodes are; rows of a server are fetched, those of a file are not sent to one."""
    episodes, sessions = sources.episodes, sources.sessions
    if sessions is None or sessions.database is episodes.database:
        return sources
    if not isinstance(episodes.database, Duck):
        rule = "the episodes are in a database and the sessions are not, so that sessions are not counted"
        remedy = "Put the sessions into the same database, or give totals: `columns: {booked: ..., attended: ...}`."
        return replace(sources, sessions=None, findings=(Finding("error", SESSIONS, rule, remedy),))
    kinds = {"patient": "text", "episode": "text", "attended": "flag", "source_row": "number"}
    keep_rows(duck.connection, f"coxa_{SESSIONS}", kinds, sessions.frame("SELECT * FROM {rows}"))
    sessions.database.close()
    moved = replace(sessions, database=duck, dialect=DuckWords(), relation=f"SELECT * FROM memory.main.coxa_{SESSIONS}")
    return replace(sources, sessions=moved)


def without_birth(reading: Reading) -> Reading:
    """Return what was read with the age in place of the day of birth, as `keyed` has it."""
    if BIRTH_DATE not in reading.columns:
        return reading
    columns = {AGE if name == BIRTH_DATE else name: column for name, column in reading.columns.items()}
    return replace(reading, columns=columns)


def keyed(plan: AuditPlan, sources: Sources) -> str:
    """Return the episodes with patient, episode and clinic in every row, flags that default to true, and sessions.

    The age is in place of a day of birth, which no later relation has.
    """
    episodes = sources.episodes
    made = {
        "patient": "patient" if "patient" in episodes.columns else "episode",
        "episode": "COALESCE(episode, patient || ' ' || CAST(intake_date AS VARCHAR))",
        CLINIC: f"COALESCE({CLINIC}, '{NOT_RECORDED}')",
    } | {name: f"COALESCE({quoted(name)}, {value})" for name, value in DEFAULTS.items()}
    made |= {AGE: age_sql(plan)} if plan.age_from_birth else {}
    names = list(column_types(plan))
    chosen = ", ".join(f"{made.get(name, quoted(name))} AS {quoted(name)}" for name in names)
    relation = f"SELECT {chosen} FROM ({episodes.relation}) AS typed"
    sessions = sources.sessions
    if sessions is None or not all(name in sessions.columns for name in NEEDED):
        return relation
    counted = COUNTED.format(sessions=sessions.relation)
    if isinstance(episodes.database, Duck):
        episodes.database.keep("coxa_counted", counted, episodes.bound.values)
        counted = "SELECT * FROM memory.main.coxa_counted"
    return with_counts(relation, names, counted)
