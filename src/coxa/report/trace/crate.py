"""A report as an RO-Crate: plan, lock, results and report in one archive that says what each file is.

Source: RO-Crate 1.2 (w3id.org/ro/crate/1.2), with the profile Process Run Crate 0.5.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coxa.errors import CoxaError
from coxa.files import save
from coxa.report.record import ReportRecord
from coxa.report.trace.crate_graph import CrateFile, crate_graph
from coxa.report.trace.run_data import run_data
from coxa.study import Study
from coxa.study.locking.content import plan_content
from coxa.study.locking.lock import day_text, lock_path

METADATA = "ro-crate-metadata.json"
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The date of every file in the archive: the first that the format can hold."""

RESULTS = {
    "results.parquet": ("Results data set", "One row for each number in each table of the report."),
    "results.csv": ("Results data set as text", "The same as results.parquet."),
    "results.json": ("Results with their provenance", "Estimands, analyses, model calls, and rows left out as counts."),
    "estimates.parquet": (
        "Estimates",
        "Every estimate of every analysis, unrounded; of_estimand is false at visits that the estimand does not name.",
    ),
    "estimates.csv": ("Estimates as text", "The same as estimates.parquet."),
    "disposition.csv": ("Disposition", "Rows that entered each step, stayed, and were left out, as counts."),
}
"""The files of a report that name no participant: findings.csv and left_out.csv are not among them."""

NOT_SHARED = ("findings.csv", "left_out.csv", "imputed.csv", "disposition.csv", "estimates.csv", "estimates.parquet")
"""Files of a report that name participants, or hold small counts."""


@dataclass(frozen=True, slots=True)
class CrateOptions:
    """What an RO-Crate says of itself.

    date    : day of publication, as YYYY-MM-DD; today if None
    licence : words, or the address of a licence; without one the crate says that none was given

    Examples
    --------
    >>> CrateOptions(date="2026-01-15", licence="CC-BY-4.0").licence
    'CC-BY-4.0'
    """

    date: str | None = None
    licence: str = ""


def write_crate(
    report: ReportRecord[Study],
    folder: Path,
    names: Sequence[str],
    options: CrateOptions,
    share: bool = False,
) -> Path:
    """Write the RO-Crate of a report into its folder; return its path.

    Parameters
    ----------
    report
        The report whose results and forms are in the folder.
    folder
        Where they were written; the archive goes there as well.
    names
        Files of the report that belong to it, such as report.html.
    options
        Date and licence.
    share
        Whether what is in the folder was made without small counts; then files that have them stay out.

    Notes
    -----
    No data of participants are in the archive: their files are named, with their hashes. Same report, forms, date and
    licence give the same bytes, so that seconds are left out of its run.json.

    Raises
    ------
    OptionError
        If the date is none.
    CoxaError
        If the plan on disk is no longer the one that was analysed.
    """
    files = [*_plan(report), *_results(folder, share), *_forms(folder, names), _run_record(report)]
    graph = crate_graph(report, tuple(files), day_text(options.date), options.licence)
    text = json.dumps(graph, indent=1, ensure_ascii=False) + "\n"
    path = folder / f"{report.study.study}-ro-crate.zip"
    return save(path, _archive({METADATA: text.encode("utf-8"), **{file.name: file.content for file in files}}))


def _plan(report: ReportRecord[Study]) -> list[CrateFile]:
    """Return plan and lock; of a plan that names participants where the data are, all but that."""
    origin = report.study.origin
    if origin is None:
        raise CoxaError("The plan was not read from a file. Read it with `read_study`.")
    raw = (Path(origin.folder) / origin.name).read_bytes()
    if hashlib.sha256(raw).hexdigest() != origin.sha256:
        raise CoxaError(f"{origin.name} was changed while the report was made. Make the report again.")
    if _names_participants(report.study):
        text = json.dumps(plan_content(report.study), indent=1, ensure_ascii=False) + "\n"
        note = f"All of {origin.name} but its `data` and `report`: participants are named there."
        files = [CrateFile("plan.json", text.encode("utf-8"), "Plan of the study, without its data", note, True)]
    else:
        files = [CrateFile(origin.name, raw, "Plan of the study", "The study file that coxa ran.", True)]
    held = lock_path(report.study)
    if report.status.lock and held:
        note = f"The plan as it was locked, with its amendments; {report.status.as_text()}."
        files.append(CrateFile(held.name, held.read_bytes(), "Lock of the plan", note, True))
    return files


def _names_participants(study: Study) -> bool:
    """Say whether a plan tells of participants: in corrections, in rows it excludes, or as codes of the identifier."""
    if study.data is None:
        return False
    coded = [name for table in study.data.tables.values() for name in (*table.values, *table.constants)]
    return bool(study.data.corrections or study.data.exclude_rows) or "participant_id" in coded


def _results(folder: Path, share: bool) -> list[CrateFile]:
    files = []
    for name, (title, note) in RESULTS.items():
        if share and name in NOT_SHARED:
            continue
        content = (folder / name).read_bytes()
        files.append(CrateFile(name, _without_paths(content) if name == "results.json" else content, title, note))
    return files


def _forms(folder: Path, names: Sequence[str]) -> list[CrateFile]:
    words = {".html": "web page", ".pdf": "PDF", ".docx": "Word document"}
    paths = [folder / name for name in names]
    return [
        CrateFile(
            path.name, path.read_bytes(), f"{path.stem.capitalize()} as {words[path.suffix]}", f"The {path.stem}."
        )
        for path in paths
    ]


def _run_record(report: ReportRecord[Study]) -> CrateFile:
    data = {**run_data(report), "seconds": None}
    note = "Hashes, versions, platform and deviations of the run; without the seconds that it took."
    return CrateFile("run.json", (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode(), "Run record", note)


def _without_paths(content: bytes) -> bytes:
    """Leave out where plan and data were on the machine of the run."""
    kept = json.loads(content)
    kept["inputs"] = {"plan": kept["plan"]["file"], "data": None}
    return (json.dumps(kept, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def _archive(contents: dict[str, bytes]) -> bytes:
    """Return a zip archive that is the same bytes for the same contents."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()
