"""Read the data of a study: files to tables, every problem as a finding, every row accounted for."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from coxa.arguments import DATA, kinds
from coxa.cohort.checks.checked import Draft
from coxa.cohort.checks.evidence import evidence_findings
from coxa.cohort.checks.run import apply_checks, run_checks
from coxa.cohort.clinic import with_clinic
from coxa.cohort.cohort import Cohort
from coxa.cohort.contracts import contract
from coxa.cohort.disposition import Disposition
from coxa.cohort.mapping.mapped import Mapped, empty_table
from coxa.cohort.mapping.tables import map_table, unlisted_columns
from coxa.cohort.readers.raw import RawFile, ReadOptions
from coxa.cohort.readers.registry import read_raw
from coxa.cohort.visits import VISITED, Visited, place_visits
from coxa.errors import choose, nearest
from coxa.findings import Finding, Findings
from coxa.frames import Frame
from coxa.study import Study
from coxa.study.plan import PLAN
from coxa.study.source import DataSource, TableSource
from coxa.study.unanswered import waiting_findings
from coxa.study.words import TABLES

SHOWN = 12
CLINIC = "clinic"
"""Name of the frame with the patients of `transport:`."""


@dataclass(frozen=True, slots=True)
class Files:
    """The files as read: table -> file (None where it could not be read), each file once."""

    of_table: Mapping[str, RawFile | None]
    raws: tuple[RawFile, ...]
    findings: tuple[Finding, ...]


@kinds(study=PLAN, data=DATA)
def read_cohort(study: Study, data: str | Path | Mapping[str, Frame] | None = None) -> Cohort:
    """Read, map and check the data of a study.

    Parameters
    ----------
    study
        The plan; its `data:` says which file holds which table and how columns and codes are named.
    data
        A folder that replaces the plan's, or a file where the plan names only one. Or frames of pandas, polars or
        pyarrow by the name of their table, such as `participants`, and `clinic` for patients of
        `transport:`; a plan without `data:` then needs none where the
        columns have coxa's names. Frames are not changed.

    Returns
    -------
    Cohort
        Tables under coxa's names with what could be used, the findings, and the accounts of every file. It
        never raises for what is in the data; `Cohort.require_clean` does.

    Examples
    --------
    >>> import coxa
    >>> trial = coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1)
    >>> cohort = read_cohort(trial.study, trial.tables)
    >>> sorted(cohort.tables), len(cohort.findings)
    (['assessments', 'participants', 'treatment_sessions'], 0)
    >>> cohort = read_cohort(coxa.read_study("study.yaml"))  # doctest: +SKIP
    """
    if isinstance(data, Mapping):
        frames = {name: frame for name, frame in data.items() if name != CLINIC}
        cohort = _cohort(*_in_memory(study, frames))
        if CLINIC not in data:
            return cohort
        return with_clinic(cohort, lambda plan: _cohort(*_in_memory(plan, {"participants": data[CLINIC]})))
    if study.data is None:
        place = study.origin.name if study.origin else "study"
        rule, remedy = "the plan names no data", "Add `data:` with the file of each table."
        return Cohort(study, {}, Findings((Finding("error", place, rule, remedy),)), Disposition(), ())
    folder = None if data is None else Path(data)
    cohort = _cohort(study, read_files(study, folder))
    return with_clinic(cohort, lambda plan: _cohort(plan, read_files(plan, folder)))


def _in_memory(study: Study, frames: Mapping[str, Frame]) -> tuple[Study, Files]:
    """Return frames as read, and the plan with a table for each of them where it names none."""
    from coxa.cohort.readers.memory import read_frame

    planned = study.data.tables if study.data else {name: TableSource(file=name) for name in frames if name in TABLES}
    known = tuple(planned) if study.data else TABLES
    findings = [
        Finding("error", name, "The plan has no such table", choose(name, known))
        for name in frames
        if name not in known
    ]
    of_table: dict[str, RawFile | None] = {}
    for table in planned:
        if table in frames:
            result = read_frame(table, frames[table])
            of_table[table] = result.raw
            findings += result.findings
        else:
            remedy = f"Give a frame for each table of the plan: {', '.join(planned)}."
            findings.append(Finding("error", table, "The plan has this table, and there is no frame for it", remedy))
    if study.data is None and planned:
        study = study.model_copy(update={"data": DataSource(tables=planned)})
    raws = tuple(raw for raw in of_table.values() if raw)
    return study, Files(of_table, raws, tuple(findings))


def _cohort(study: Study, files: Files) -> Cohort:
    """Map and check what was read."""
    mapped = {table: map_table(study, table, raw) for table, raw in files.of_table.items() if raw}
    visited = _visited(study, mapped)
    draft = _draft(study, mapped, visited)
    checked = run_checks(draft)
    tables, accounts = apply_checks(draft, checked)
    findings = [
        *(waiting_findings(study.origin.name, study.origin.unanswered) if study.origin else ()),
        *files.findings,
        *(item for part in mapped.values() for item in part.findings),
        *unlisted_columns(study, {table: raw for table, raw in files.of_table.items() if raw}, mapped),
        *(item for part in visited.values() for item in part.findings),
        *checked.findings,
        *evidence_findings(study),
    ]
    disposition = Disposition()
    for step in (*(part.disposition for part in mapped.values()), *(part.disposition for part in visited.values())):
        disposition += step
    for table in files.of_table:
        tables.setdefault(table, empty_table(draft.contracts[table]))
    sources = tuple(raw.source for raw in files.raws)
    return Cohort(study, tables, Findings(tuple(dict.fromkeys(findings))), disposition + accounts, sources)


def read_files(study: Study, data: Path | None) -> Files:
    """Read every file that the plan names, each once."""
    assert study.data is not None
    sources: dict[str, TableSource] = {str(table): source for table, source in study.data.tables.items()}
    paths = {table: _path(study, source.file, data) for table, source in sources.items()}
    if data is not None and data.is_file() and len({source.file for source in sources.values()}) > 1:
        named = ", ".join(dict.fromkeys(source.file for source in sources.values()))
        rule, remedy = (
            "one file cannot replace several",
            f"The plan names several ({named}). Give the folder that has them.",
        )
        finding = Finding("error", data.name, rule, remedy)
        return Files(dict.fromkeys(sources), (), (finding,))
    done: dict[tuple[Path, ReadOptions], RawFile | None] = {}
    findings: list[Finding] = list(_unknown_files(study))
    of_table: dict[str, RawFile | None] = {}
    for table, source in sources.items():
        options = read_options(source, study.data.max_cells)
        key = (paths[table], options)
        if key not in done:
            raw, said = _read_one(paths[table], options)
            done[key] = raw
            findings += said
            asked = [other for other in sources.values() if (other.file, other.sheet) == (source.file, source.sheet)]
            strange = other_sheet(raw, asked) if raw else None
            if strange:
                done[key] = None
                findings.append(strange)
        of_table[table] = done[key]
    raws = {raw.source.name: raw for raw in done.values() if raw}
    return Files(of_table, tuple(raws.values()), tuple(dict.fromkeys(findings)))


def data_size(study: Study, data: Path | None) -> int:
    """Return how many bytes the files have that a plan names; those that are not there have none."""
    named = {source.file for source in study.data.tables.values()} if study.data else ()
    paths = {_path(study, file, data) for file in named}
    return sum(path.stat().st_size for path in paths if path.is_file())


def read_options(source: TableSource, max_cells: int | None) -> ReadOptions:
    """Return what the plan says about the file of a table."""
    return ReadOptions(
        source.sheet, source.encoding, source.delimiter, source.decimal, source.header_row or None, max_cells
    )


def _unknown_files(study: Study) -> Iterator[Finding]:
    """Yield an error for every excluded row of a file that no table is read from."""
    assert study.data is not None
    known = list(dict.fromkeys(source.file for source in study.data.tables.values()))
    for rule in study.data.exclude_rows:
        if rule.file is not None and rule.file not in known:
            remedy = choose(rule.file, known)
            yield Finding("error", rule.file, "`exclude_rows` names no file of the plan", remedy, row=rule.row)


def _path(study: Study, file: str, data: Path | None) -> Path:
    if data is not None:
        return data if data.is_file() else _same_letters(data / file)
    base = Path(study.origin.folder) if study.origin else Path()
    return _same_letters(base / (study.data.folder if study.data else ".") / file)


def _same_letters(path: Path) -> Path:
    """Return the path of the file that is there, where only the letters of its name are composed in another way."""
    if path.exists() or path.name.isascii() or not path.parent.is_dir():
        return path
    wanted = unicodedata.normalize("NFC", path.name)
    return next((each for each in path.parent.iterdir() if unicodedata.normalize("NFC", each.name) == wanted), path)


def _read_one(path: Path, options: ReadOptions) -> tuple[RawFile | None, tuple[Finding, ...]]:
    if path.is_file():
        result = read_raw(path, options)
        return result.raw, result.findings
    existing = sorted(entry.name for entry in path.parent.iterdir() if entry.is_file()) if path.parent.is_dir() else []
    hint = nearest(path.name, existing)
    also = f" Did you mean {hint}?" if hint else ""
    there = ", ".join(existing[:SHOWN]) or ("none" if path.parent.is_dir() else "the folder does not exist")
    return None, (
        Finding("error", path.name, "the file does not exist", f"Name one of the files in its folder: {there}.{also}"),
    )


def other_sheet(raw: RawFile, asked: Sequence[TableSource]) -> Finding | None:
    """Return the finding that the first sheet of a workbook is not the one meant: most columns are not in it."""
    sheets = raw.sheet.sheets
    if len(sheets) < 2 or asked[0].sheet is not None:
        return None
    columns = dict.fromkeys(column for source in asked for column in source.named_columns())
    lacking = [column for column in columns if column not in raw.sheet.frame]
    if 2 * len(lacking) <= len(columns):
        return None
    return Finding(
        "error",
        raw.source.name,
        "the sheet lacks columns that the plan names",
        f"The first sheet, {sheets[0]}, was read. Name `sheet:` in the plan, one of: {', '.join(sheets)}.",
        value=f"no column {', '.join(lacking[:SHOWN])}",
    )


def _visited(study: Study, mapped: Mapping[str, Mapped]) -> dict[str, Visited]:
    people = mapped["participants"].frame if "participants" in mapped else empty_table(contract(study, "participants"))
    return {table: place_visits(study, table, mapped[table].frame, people) for table in VISITED if table in mapped}


def _draft(study: Study, mapped: Mapping[str, Mapped], visited: Mapping[str, Visited]) -> Draft:
    tables = {table: visited[table].frame if table in visited else part.frame for table, part in mapped.items()}
    lost = mapped["participants"].disposition.left_out["participant_id"].dropna() if "participants" in mapped else ()
    last_day = study.data_cut or date.today()
    assigned = {table: part.assigned for table, part in visited.items()}
    return Draft(study, tables, assigned, frozenset(map(str, lost)), last_day)
