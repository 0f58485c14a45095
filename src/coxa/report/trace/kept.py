"""The results that a report left beside itself: written once, read by `why`, `verify` and `compare`."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from coxa.errors import OptionError, check_option
from coxa.files import save, save_parquet, settle, undamaged
from coxa.report.document import FORMATS, Document, Length
from coxa.report.output.csv_files import write_csv
from coxa.report.record import ReportRecord
from coxa.report.trace.provenance import provenance
from coxa.report.trace.results import ADDRESS, results_frame
from coxa.report.transform.sharing.words import without_counts
from coxa.study import Study
from coxa.study.plan import Origin

SUFFIXES = (".parquet", ".csv")
FORMS = tuple(f"{part}.{form}" for part in ("report", "supplement", "audit") for form in FORMATS)
AGAIN = "Make the report again with `coxa report`."


@dataclass(frozen=True, slots=True)
class KeptForm:
    """A file of the report as it was written: its SHA-256, and how much of the document it shows."""

    sha256: str
    length: Length


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a report.

    folder     : where it is
    results    : the results data set
    provenance : plan, data, estimands, analyses and models; see `coxa.report.trace.provenance`
    inputs     : paths of plan and data, from the folder
    forms      : each file of the report that was written with these results, by its name
    """

    folder: Path
    results: pd.DataFrame
    provenance: dict[str, Any]
    inputs: dict[str, str | None]
    forms: dict[str, KeptForm]

    def path(self, name: str) -> Path | None:
        """Return where the plan or the data are; None where the plan says it.

        A report that is shared has the name of the plan only, which is looked for in its folder and in those above.
        """
        kept = self.inputs.get(name)
        if kept is None:
            return None
        places = [self.folder, *(self.folder.resolve().parents if self.provenance.get("small_cells") else ())]
        there = [place / kept for place in places if (place / kept).is_file()]
        return Path(os.path.normpath(there[0] if there else self.folder / kept))


def write_numbers(report: ReportRecord[Study], document: Document, folder: Path) -> pd.DataFrame:
    """Write results.parquet and results.csv, the results data set of a report; return it."""
    frame = results_frame(report, document)
    save_parquet(frame, folder / "results.parquet")
    write_csv(frame, folder / "results.csv")
    return frame


def write_kept(
    report: ReportRecord[Study],
    document: Document,
    numbers: pd.DataFrame,
    folder: Path,
    lengths: Mapping[str, str],
    data: str | Path | None = None,
    home: Path | None = None,
    arms: str | None = None,
) -> Path:
    """Write results.json: the results data set, where it is from, and the forms of the report; return its path.

    Parameters
    ----------
    report, document
        The results, and the tree in which they are shown.
    numbers
        The results data set, from `write_numbers`.
    folder
        Where to write. The files of the report that are there already are recorded as those of these results.
    lengths
        How much of the document each file of the report shows that was written now.
    data
        Where the data files are, if elsewhere than the plan says.
    home
        Where the folder's files will be in the end, if elsewhere. The paths of plan and data in results.json are
        those from there, so that the whole can be moved. Forms there that were written with the same results, and are
        not written anew, still belong to them.
    arms
        How the arms are shown to a committee; nothing of any other report.
    """
    facts = provenance(report)
    facts = {**(without_counts(facts) if document.small_cells else facts), "arms": arms or ""}
    return write_facts(facts, document, numbers, folder, lengths, report.study.origin, data, home)


def write_facts(
    facts: Mapping[str, Any],
    document: Document,
    numbers: pd.DataFrame,
    folder: Path,
    lengths: Mapping[str, str],
    origin: Origin | None,
    data: str | Path | None = None,
    home: Path | None = None,
) -> Path:
    """Write results.json with facts on where the numbers are from; see `write_kept`.

    Parameters
    ----------
    facts
        Plan, data, estimands, analyses, models and versions as plain data (`coxa.report.trace.provenance`).
    origin
        Where the plan was read from.
    document, numbers, folder, lengths, data, home
        As in `write_kept`.
    """
    home = home or folder
    plan = Path(origin.folder) / origin.name if origin else None
    share = bool(document.small_cells)
    kept = {
        **facts,
        "style": document.style,
        "small_cells": document.small_cells,
        "inputs": {
            "plan": plan.name if share and plan else path_from(home, plan),
            "data": None if share or data is None else path_from(home, Path(data)),
        },
        "results": json.loads(numbers.to_json(orient="records", double_precision=15)),
    }
    written = {name: {"sha256": sha256, "length": lengths[name]} for name, sha256 in _hashes(folder).items()}
    kept["forms"] = dict(sorted({**_still_of(kept, home, set(written)), **written}.items()))
    return save(folder / "results.json", _as_text(kept))


def _as_text(kept: dict[str, Any]) -> str:
    """Return what is kept as JSON, an entry in each line.

    Python's encoder takes twice as long where it indents, so that the many rows of the results are indented here.
    """
    rest = {**kept, "results": []}
    rows = [
        "{\n   " + json.dumps(row, ensure_ascii=False, separators=(",\n   ", ": "))[1:-1] + "\n  }"
        for row in kept["results"]
    ]
    text = json.dumps(rest, indent=1, ensure_ascii=False) + "\n"
    return text.replace('\n "results": []', '\n "results": [\n  ' + ",\n  ".join(rows) + "\n ]", 1) if rows else text


def written_with(kept: Kept, form: Path) -> bool:
    """Return whether a form of the report, such as report.pdf, is as it was written with the results."""
    written = kept.forms.get(form.name)
    return written is not None and written.sha256 == _hashes(kept.folder).get(form.name)


def _hashes(folder: Path) -> dict[str, str]:
    return {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FORMS if (folder / name).is_file()
    }


def _still_of(kept: dict[str, Any], home: Path, written: set[str]) -> dict[str, dict[str, str]]:
    """Return the files of an earlier run in a folder whose results and whose facts are the same; none written anew."""
    if not any((home / name).is_file() for name in FORMS if name not in written):
        return {}
    try:
        earlier = json.loads((home / "results.json").read_text(encoding="utf-8"))
        forms = earlier.pop("forms")
    except (OSError, ValueError, AttributeError, KeyError):
        return {}
    same = {key: value for key, value in earlier.items() if key != "inputs"} == {
        key: value for key, value in json.loads(json.dumps(kept)).items() if key != "inputs"
    }
    hashes = _hashes(home)
    return {name: form for name, form in forms.items() if same and form["sha256"] == hashes.get(name)}


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
    DataError
        If one of the two files is damaged.
    """
    folder = report if report.is_dir() else report.parent
    settle(folder)
    text, parquet = folder / "results.json", folder / "results.parquet"
    if not text.is_file() or not parquet.is_file():
        raise OptionError(f"No results.json and results.parquet in {folder}. Make them with `coxa report`.")
    with undamaged(text, AGAIN):
        kept = json.loads(text.read_text(encoding="utf-8"))
        inputs, forms, _ = kept.pop("inputs"), kept.pop("forms", {}), kept.pop("results")
        missing = [key for key in ("plan", "data", "estimands", "analyses", "models", "versions") if key not in kept]
        if missing or not isinstance(inputs, dict) or not isinstance(forms, dict):
            raise ValueError(f"without {', '.join(missing)}")
    with undamaged(parquet, AGAIN):
        results = pd.read_parquet(parquet)
        if not set(ADDRESS) <= set(results.columns):
            raise ValueError("without the columns of an address")
    return Kept(folder, results, kept, inputs, {name: KeptForm(**form) for name, form in forms.items()})


def read_results(path: Path) -> pd.DataFrame:
    """Read a results data set: of coxa, or of whoever programmed the plan a second time; Parquet or CSV.

    Raises
    ------
    OptionError
        If the file is of another kind.
    """
    check_option("kind of results file", path.suffix.lower(), SUFFIXES)
    with undamaged(path, AGAIN):
        if path.suffix.lower() == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, keep_default_na=False, na_values={"value": ["", "NA", "NaN"]})


def path_from(folder: Path, path: Path | None) -> str | None:
    """Return a path as seen from a folder, with forward slashes; the path itself where there is no way between them."""
    if path is None:
        return None
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:
        return path.resolve().as_posix()
