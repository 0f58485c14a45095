"""A folder in which the finished pieces of a run are kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from coxa.errors import OptionError
from coxa.files import save, save_parquet, undamaged

RECORD = "run.json"


@dataclass(frozen=True, slots=True)
class PieceStore:
    """Finished pieces, each a Parquet file under its name; written under another name first, so that none is half.

    folder : where they are
    """

    folder: Path

    def path(self, name: str) -> Path:
        """Return the file of a piece."""
        return self.folder / f"{name}.parquet"

    def read(self, name: str) -> pd.DataFrame | None:
        """Return a piece, or None if it is not finished."""
        path = self.path(name)
        if not path.exists():
            return None
        with undamaged(path, "Delete it and run again; only this piece is computed anew."):
            return pd.read_parquet(path)

    def write(self, name: str, piece: pd.DataFrame) -> None:
        """Keep a finished piece."""
        save_parquet(piece, self.path(name))


def open_store(folder: str | Path, record: Mapping[str, Any]) -> PieceStore:
    """Open a folder for the pieces of a run, or go on with those that are there.

    Parameters
    ----------
    folder
        Made if it is not there.
    record
        What the pieces depend on: the hash of the plan, the seed. Kept in `run.json`.

    Raises
    ------
    OptionError
        The folder has pieces of a run with another record; the message names what differs.
    """
    place = Path(folder) / "pieces"
    path = place / RECORD
    if path.exists():
        with undamaged(path, f"Delete {place} to begin anew."):
            held = json.loads(path.read_text(encoding="utf-8"))
            other = [key for key in {**held, **record} if held.get(key) != record.get(key)]
        if other:
            said = ", ".join(f"{key} {held.get(key)} and not {record.get(key)}" for key in other)
            raise OptionError(
                f"{folder} holds results of another run ({said}). Choose another folder with `--out`, or "
                f"remove {place} to start anew."
            )
    save(path, json.dumps(dict(record), indent=1, sort_keys=True) + "\n")
    return PieceStore(place)
