"""The results that a report left beside itself: written once, read by `why`, `verify` and `compare`."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from coxa.errors import OptionError, check_option
from coxa.report.document import Document
from coxa.report.provenance import provenance
from coxa.report.record import Report
from coxa.report.results import results_frame
from coxa.report.share import shared_counts
from coxa.report.write import write_csv

SUFFIXES = (".parquet", ".csv")


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a report.

    folder     : where it is
    results    : the results data set
    provenance : plan, data, estimands, analyses and models; see `coxa.report.provenance`
    inputs     : paths of plan and data, from the folder
    """

    folder: Path
    results: pd.DataFrame
    provenance: dict[str, Any]
    inputs: dict[str, str | None]

    def path(self, name: str) -> Path | None:
        """Return where the plan or the data are; None where the plan says it."""
        kept = self.inputs.get(name)
        return None if kept is None else Path(os.path.normpath(self.folder / kept))


def write_kept(report: Report, document: Document, folder: Path, data: Path | None = None) -> list[Path]:
    """Write results.parquet, results.csv and results.json beside a report; return the files written.

    The paths of plan and data in results.json are those from the folder, so that the whole can be moved.
    """
    frame = results_frame(report, document)
    parquet, csv, text = (folder / f"results.{suffix}" for suffix in ("parquet", "csv", "json"))
    frame.to_parquet(parquet, index=False)
    write_csv(frame, csv)
    origin = report.study.origin
    plan = Path(origin.folder) / origin.name if origin else None
    told = provenance(report)
    kept = {
        **(shared_counts(told, document.small_cells) if document.small_cells else told),
        "style": document.style,
        "small_cells": document.small_cells,
        "inputs": {"plan": _from(folder, plan), "data": _from(folder, data)},
        "results": json.loads(frame.to_json(orient="records", double_precision=15)),
    }
    text.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return [parquet, csv, text]


def read_kept(report: Path) -> Kept:
    """Read what is kept of a report.

    Parameters
    ----------
    report
        Its folder, or any file in it, for example out/report.html.

    Raises
    ------
    OptionError
        If there are no results in the folder.
    """
    folder = report if report.is_dir() else report.parent
    text = folder / "results.json"
    if not text.is_file() or not (folder / "results.parquet").is_file():
        raise OptionError(f"no results.json and results.parquet in {folder}; make them with `coxa report`")
    kept = json.loads(text.read_text(encoding="utf-8"))
    inputs = kept.pop("inputs")
    kept.pop("results")
    return Kept(folder, pd.read_parquet(folder / "results.parquet"), kept, inputs)


def read_results(path: Path) -> pd.DataFrame:
    """Read a results data set: of coxa, or of whoever programmed the plan a second time; Parquet or CSV.

    Raises
    ------
    OptionError
        If the file is of another kind.
    """
    check_option("kind of results file", path.suffix.lower(), SUFFIXES)
    if path.suffix.lower() == ".parquet":
        return pd.read_parquet(path)
    return pd.read_csv(path, keep_default_na=False, na_values={"value": ["", "NA", "NaN"]})


def _from(folder: Path, path: Path | None) -> str | None:
    """Return a path as seen from a folder, with forward slashes; the path itself where there is no way between them."""
    if path is None:
        return None
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:
        return path.resolve().as_posix()
