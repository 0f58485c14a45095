"""Write a report's results as files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from coxa.errors import OptionError
from coxa.report.record import Report
from coxa.report.run_data import run_data

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula, and the wide forms of the same signs."""


NOT_SHARED = ("findings.csv", "left_out.csv", "disposition.csv", "estimates.csv", "estimates.parquet")
"""Files of a report that name participants, or hold small counts."""


def write_results(report: Report, folder: str | Path, render: Mapping[str, float] | None = None) -> list[Path]:
    """Write estimates, findings, disposition and run record; return the files written.

    Parameters
    ----------
    report
        A plan, its data and its results.
    folder
        Where to write; made if it is not there.
    render
        Seconds that each form of the report took, for the run record.

    Notes
    -----
    `findings.csv` and `left_out.csv` name participants and are for the trial team only; nothing else does.
    """
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    tables = {
        "estimates": report.estimates.frame,
        "findings": report.findings.to_frame(),
        "left_out": report.disposition.left_out,
        "disposition": report.disposition.counts,
    }
    written = [write_csv(frame, out / f"{name}.csv") for name, frame in tables.items()]
    report.estimates.frame.to_parquet(out / "estimates.parquet", index=False)
    return [*written, out / "estimates.parquet", write_run(report, out, render)]


def write_run(report: Report, out: Path, render: Mapping[str, float] | None = None) -> Path:
    """Write the run record, which holds no number of the results; return its path."""
    record = out / "run.json"
    text = json.dumps(run_data(report, render), indent=2, ensure_ascii=False) + "\n"
    record.write_text(text, encoding="utf-8", newline="\n")
    return record


def refuse_team_files(folder: Path) -> None:
    """Raise `OptionError` where a folder that is to be shared has files of an earlier run that are not to be."""
    there = [name for name in NOT_SHARED if (folder / name).is_file()]
    if there:
        raise OptionError(
            f"{folder} has {', '.join(there)} of an earlier report, which are not to be shared; name another folder "
            "with --out"
        )


def write_csv(frame: pd.DataFrame, path: Path) -> Path:
    """Write a table as CSV; a text that a spreadsheet would take for a formula gets an apostrophe before it."""
    safe = frame.copy()
    for name in safe.select_dtypes(include=["object", "string", "category"]).columns:
        safe[name] = safe[name].map(harmless, na_action="ignore")
    safe.to_csv(path, index=False, lineterminator="\n")
    return path


def harmless(value: object) -> object:
    """Return a text that a spreadsheet shows and does not compute; a number stays what it is.

    Examples
    --------
    >>> harmless("=1+1"), harmless("-2.5"), harmless("- none")
    ("'=1+1", '-2.5', "'- none")
    """
    if not isinstance(value, str) or not value.startswith(FORMULA_STARTS) or _is_number(value):
        return value
    return f"'{value}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return not text[0].isspace()


def write_document(text: str | bytes, path: str | Path) -> Path:
    """Write a rendered report."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    return path
