"""The counts of a publication for the next one: what was shown, and the true numbers, for the eyes of their owners."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from coxa.disclosure.protect import Certificate, Protected
from coxa.disclosure.tables import CountTable
from coxa.errors import OptionError
from coxa.files import undamaged

NAME = "counts.json"
"""File of the folder for the own eyes."""

FORMAT, VERSION = "coxa audit counts", 1


def counts_text(protected: Protected) -> str:
    """Return the counts of a publication as JSON."""
    pairs = zip(protected.tables, protected.true_tables, strict=True)
    certificate = protected.certificate.as_dict()
    kept = {
        "format": FORMAT,
        "version": VERSION,
        "certificate": certificate,
        "tables": [_table(*pair) for pair in pairs],
    }
    return json.dumps(kept, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def read_counts(path: Path) -> Protected:
    """Read the counts of an earlier publication.

    Parameters
    ----------
    path
        The file `counts.json`, its folder, or the folder of the audit.

    Raises
    ------
    OptionError
        There is no such file.
    DataError
        The file is damaged.
    """
    places = (path, path / NAME, path / "own" / NAME)
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise OptionError(f"There is no {NAME} in {path}. Name the folder of an earlier audit, or its folder `own`.")
    with undamaged(found, "Name the folder of another audit."):
        kept = json.loads(found.read_text(encoding="utf-8"))
        if kept.get("format") != FORMAT:
            raise ValueError("another file")
        pairs = [_read(each) for each in kept["tables"]]
        told = kept["certificate"]
        certificate = Certificate(
            **{**told, "narrowest": float("inf") if told["narrowest"] is None else told["narrowest"]}
        )
    return Protected(tuple(shown for shown, _ in pairs), certificate, tuple(true for _, true in pairs))


def _table(shown: CountTable, true: CountTable) -> dict[str, Any]:
    names = list(shown.dimensions)
    return {
        "dimensions": names,
        "measure": shown.measure,
        "within": shown.within,
        "k": shown.k,
        "rounded_to": shown.rounded_to,
        "rest": shown.rest,
        "coarser": {name: [wider, dict(levels)] for name, (wider, levels) in shown.coarser.items()},
        "levels": shown.cells[names].values.tolist(),
        "shown": [None if pd.isna(n) else n for n in shown.cells["n"]],
        "true": true.cells["n"].tolist(),
    }


def _read(kept: dict[str, Any]) -> tuple[CountTable, CountTable]:
    names = kept["dimensions"]
    cells = pd.DataFrame(kept["levels"], columns=names, index=range(len(kept["true"]))).astype(object)
    coarser = {name: (wider, levels) for name, (wider, levels) in kept["coarser"].items()}
    about = (kept["measure"], kept["within"])
    shown = cells.assign(n=pd.array(kept["shown"], dtype="Float64").astype(float))
    published = CountTable(tuple(names), shown, *about, kept["k"], kept["rounded_to"], kept["rest"], coarser)
    return published, CountTable(tuple(names), cells.assign(n=kept["true"]), *about, rest=kept["rest"], coarser=coarser)
