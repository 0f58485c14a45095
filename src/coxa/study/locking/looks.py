"""Interim looks that were taken: what was seen at each, kept next to the plan in a chain of hashes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date as Date
from pathlib import Path
from typing import Any

from coxa.errors import LockError, OptionError
from coxa.files import save
from coxa.findings import Finding, Findings
from coxa.study.locking.content import data_sha256, meaning_sha256, plan_content
from coxa.study.locking.lock import day_text
from coxa.study.plan import Study
from coxa.version import __version__

FORMAT, VERSION = "coxa looks", 1
SUFFIX = ".looks.json"


@dataclass(frozen=True, slots=True)
class LookEntry:
    """A look that was taken.

    study          : short identifier of the study
    look           : its place among the looks of the plan, from 1
    date           : day, as YYYY-MM-DD
    coxa           : version that wrote the entry
    meaning_sha256 : of the protocol of the plan at the look
    data_sha256    : of the hashes of all data files
    fraction       : share of the information
    seen           : hypothesis -> n, estimate, std_error, z (in the direction of a benefit)
    decided        : hypothesis -> adjusted p-value, boundary of Z, rejected
    previous       : `sha256` of the look before; empty in the first
    sha256         : hash of all of the above
    """

    study: str
    look: int
    date: str
    coxa: str
    meaning_sha256: str
    data_sha256: str
    fraction: float
    seen: dict[str, dict[str, float]]
    decided: dict[str, dict[str, Any]]
    previous: str
    sha256: str


def looks_path(study: Study) -> Path | None:
    """Return where the looks of a plan are kept; None for a plan that has no file."""
    origin = study.origin
    return None if origin is None else Path(origin.folder) / (Path(origin.name).stem + SUFFIX)


def read_looks(study: Study) -> tuple[LookEntry, ...]:
    """Return the looks that were recorded for a plan, in order; none where there is no record.

    Raises
    ------
    LockError
        If the record was damaged or edited: a hash does not fit its content.
    """
    path = looks_path(study)
    if path is None or not path.is_file():
        return ()
    return parse_looks(path.read_bytes(), path.name)


def parse_looks(raw: bytes, file: str) -> tuple[LookEntry, ...]:
    """Check the bytes of a record of looks; see `read_looks`."""
    try:
        held = json.loads(raw.decode("utf-8"))
        named, version, entries = held["format"], held["version"], list(held["entries"])
    except (ValueError, TypeError, KeyError):
        raise _damaged(file, "the record cannot be read") from None
    if named != FORMAT or version != VERSION:
        raise _damaged(file, f"the file is no record of looks of format {VERSION}")
    made: list[LookEntry] = []
    for number, entry in enumerate(entries, start=1):
        given = dict(entry) if isinstance(entry, dict) else {}
        stated = given.pop("sha256", None)
        previous = made[-1].sha256 if made else ""
        fits = stated == data_sha256(given) and given.get("previous") == previous and given.get("look") == number
        if not fits:
            raise _damaged(file, f"the hash of look {number} does not fit what the entry says", f"look {number}")
        try:
            made.append(LookEntry(**given, sha256=stated))
        except TypeError:
            raise _damaged(file, f"look {number} has other keys than a record of looks", f"look {number}") from None
    return tuple(made)


def append_look(
    study: Study,
    data: str,
    fraction: float,
    seen: Mapping[str, Mapping[str, float]],
    decided: Mapping[str, Mapping[str, Any]],
    date: str | Date | None = None,
) -> LookEntry:
    """Record a look next to the plan, and return its entry.

    Parameters
    ----------
    study
        A plan that was read from a file.
    data
        Hash of the data.
    fraction, seen, decided
        As `LookEntry`.
    date
        Day of the look, as YYYY-MM-DD; today unless given.

    Raises
    ------
    OptionError
        The plan has no file, or the day is before that of the last look.
    LockError
        The record that is there is damaged.
    """
    path = looks_path(study)
    if path is None:
        raise OptionError("The plan was not read from a file, next to which looks are kept. Read it with `read_study`.")
    held, day = read_looks(study), day_text(date)
    if held and day < held[-1].date:
        raise OptionError(
            f"Look {held[-1].look} was taken on {held[-1].date}, and {day} is earlier. Give a later date."
        )
    kept: dict[str, Any] = {
        "study": study.study,
        "look": len(held) + 1,
        "date": day,
        "coxa": __version__,
        "meaning_sha256": meaning_sha256(plan_content(study)),
        "data_sha256": data,
        "fraction": fraction,
        "seen": {name: dict(numbers) for name, numbers in seen.items()},
        "decided": {name: dict(one) for name, one in decided.items()},
        "previous": held[-1].sha256 if held else "",
    }
    entry = LookEntry(**kept, sha256=data_sha256(kept))
    content = {"format": FORMAT, "version": VERSION, "entries": [asdict(one) for one in (*held, entry)]}
    save(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return entry


def _damaged(file: str, rule: str, field: str | None = None) -> LockError:
    remedy = "Put back the file as coxa wrote it, from version control or a copy."
    return LockError(
        f"{file} is damaged, or was edited", Findings((Finding("error", file, rule, remedy, field=field),))
    )
