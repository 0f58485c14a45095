"""Read a study file: every fault at once, each with its line, what is allowed and the nearest match."""

from __future__ import annotations

import errno
import hashlib
import unicodedata
from pathlib import Path

from pydantic import ValidationError
from ruamel.yaml.error import YAMLError

from coxa.arguments import PATH, kinds
from coxa.errors import PlanError
from coxa.findings import Finding, Findings
from coxa.study.kinds import study_of
from coxa.study.plan import Origin, Study
from coxa.study.reading.faults import all_faults
from coxa.study.reading.yaml_faults import yaml_fault
from coxa.study.reading.yaml_tree import place


@kinds(path=PATH)
def read_study(path: str | Path) -> Study:
    """Read and check a study file.

    Parameters
    ----------
    path
        A YAML 1.2 file.

    Returns
    -------
    Study
        The checked plan, of the kind that its `design` names; `study.origin` has the file's name, hash and lines.

    Raises
    ------
    PlanError
        With one finding per fault: line, key, what was expected, the nearest match.
    OSError
        If there is no file, or it cannot be opened.

    Examples
    --------
    >>> from pathlib import Path
    >>> plan = [
    ...     "{study: tiny, title: Tiny, design: service,",
    ...     "visits: {baseline: {day: 0}, week_6: {day: 42}},",
    ...     "outcomes: {pain: {label: Pain, unit: points, range: [0, 10], higher_is_better: false}}}",
    ... ]
    >>> _ = Path("study.yaml").write_text(" ".join(plan), encoding="utf-8")
    >>> study = read_study("study.yaml")
    >>> study.study, study.baseline_visit, study.later_visits
    ('tiny', 'baseline', ['week_6'])
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "this is a folder; name the study file in it", str(path))
    return parse_study(path.read_bytes(), name=path.name, folder=str(path.resolve().parent))


def parse_study(raw: bytes, *, name: str = "study.yaml", folder: str = ".") -> Study:
    """Check the bytes of a study file; see `read_study`."""
    try:
        text = unicodedata.normalize("NFC", raw.decode("utf-8-sig"))
        placed = place(text)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise _unreadable(name, line, "the file is not UTF-8 text", "Save it as UTF-8.") from None
    except YAMLError as error:
        raise _unreadable(name, *yaml_fault(error, text)) from None
    if not isinstance(placed.data, dict):
        text = "Start it with `study:`, or write one with `coxa new`."
        raise _unreadable(name, 1, "the file has no plan (a mapping of keys)", text)

    origin = Origin(name, folder, hashlib.sha256(raw).hexdigest(), placed.lines)
    faults = [
        Finding(
            "error",
            name,
            f"the key `{path[-1]}` is already on line {first}",
            "Keep one of the two.",
            row=line,
            field=".".join(path),
        )
        for path, line, first in placed.duplicates
    ]
    try:
        study = study_of(placed.data)
    except ValidationError as error:
        faults += all_faults(error, placed.data, origin)
    if faults:
        ordered = sorted(faults, key=lambda fault: fault.row or 0)
        raise PlanError(f"{name} has {len(ordered)} fault(s)", Findings.of(ordered))
    study._origin = origin
    return study


def _unreadable(name: str, line: int | None, rule: str, remedy: str) -> PlanError:
    return PlanError(f"{name} cannot be read", Findings((Finding("error", name, rule, remedy, row=line),)))
