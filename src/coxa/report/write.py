"""Write a report's results as files."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from coxa.report.record import Report

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_results(report: Report, folder: str | Path) -> list[Path]:
    """Write estimates, findings, disposition and run record; return the files written.

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
    record = out / "run.json"
    record.write_text(json.dumps(asdict(report.run), indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return [*written, out / "estimates.parquet", record]


def write_csv(frame: pd.DataFrame, path: Path) -> Path:
    """Write a table as CSV; a text that a spreadsheet would take for a formula gets an apostrophe before it."""
    safe = frame.copy()
    for name in safe.select_dtypes(include=["object", "string", "category"]).columns:
        safe[name] = safe[name].map(_harmless, na_action="ignore")
    safe.to_csv(path, index=False, lineterminator="\n")
    return path


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def write_document(text: str | bytes, path: str | Path) -> Path:
    """Write a rendered report."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    return path
