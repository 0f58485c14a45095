"""Run the pieces of a power simulation, and add replicates until the asked precision."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coxa.design.by_simulation.comparisons import comparisons
from coxa.design.by_simulation.pieces import Piece, piece_size, run_piece
from coxa.design.by_simulation.prior import Prior
from coxa.design.by_simulation.summary import share_error
from coxa.design.by_simulation.vary import Setting
from coxa.errors import TooFewParticipantsError
from coxa.runs.store import PieceStore
from coxa.runs.workers import Workers

MOST = 100_000
"""Replicates beyond which none are added."""

Progress = Callable[[int, int], None]
"""Called with the replicates done and the replicates known to be needed."""

Cell = tuple[Setting, int]
"""A setting and a number of participants."""


@dataclass(slots=True)
class PowerRun:
    """What is simulated, where, and what is known so far.

    analyses : names
    seed     : of the run
    prior    : of the effect, where it is uncertain
    workers  : where the work is done
    store    : where finished pieces are kept, if anywhere
    progress : told how far it is
    """

    analyses: tuple[str, ...]
    seed: int
    prior: Prior | None
    workers: Workers
    store: PieceStore | None
    progress: Progress | None
    done: dict[tuple[str, int, int, int], pd.DataFrame] = field(default_factory=dict)

    def replicates_of(self, wanted: Iterable[tuple[Cell, int]]) -> list[pd.DataFrame]:
        """Return the rows of each cell with so many replicates, running what is not there yet."""
        pieces = [self._pieces(cell, count) for cell, count in wanted]
        every = [piece for of_cell in pieces for piece in of_cell]
        self._run(every)
        return [
            pd.concat([self.done[_key(*piece)] for piece in of_cell], ignore_index=True)
            for of_cell in pieces
        ]  # fmt: skip

    def _pieces(self, cell: Cell, count: int) -> list[tuple[str, Piece]]:
        setting, n = cell
        size = piece_size(setting.study, self.analyses, n)
        return [
            (
                setting.name,
                Piece(setting.study, n, self.analyses, self.seed, first, min(size, count - first), self.prior),
            )
            for first in range(0, count, size)
        ]

    def _run(self, pieces: list[tuple[str, Piece]]) -> None:
        left = []
        for label, piece in pieces:
            key = _key(label, piece)
            held = self.done.get(key)
            if held is None and self.store is not None:
                held = self.store.read(_file(label, piece))
            if held is None:
                left.append((label, piece))
            else:
                self.done[key] = held
        total = sum(piece.count for _, piece in pieces)
        ready = total - sum(piece.count for _, piece in left)
        self._tell(ready, total)
        for number, table in self.workers.map(run_piece, [(piece,) for _, piece in left]):
            label, piece = left[number]
            if self.store is not None:
                self.store.write(_file(label, piece), table)
            self.done[_key(label, piece)] = table
            if piece.first == 0:
                check_some_fit((Setting(label, piece.study), piece.n), table)
            ready += piece.count
            self._tell(ready, total)

    def _tell(self, ready: int, total: int) -> None:
        if self.progress is not None:
            self.progress(ready, total)

    def to_precision(self, cells: list[Cell], replicates: int, precision: float | None) -> list[pd.DataFrame]:
        """Return the rows of each cell, with replicates added until every power has the precision.

        Raises
        ------
        TooFewParticipantsError
            An analysis gives no number in any of the trials of a size.
        """
        counts = [replicates] * len(cells)
        while True:
            tables = self.replicates_of(zip(cells, counts, strict=True))
            for cell, table in zip(cells, tables, strict=True):
                check_some_fit(cell, table)
            if precision is None:
                return tables
            wanted = [
                more(table, count, precision, piece_size(cell[0].study, self.analyses, cell[1]))
                for cell, table, count in zip(cells, tables, counts, strict=True)
            ]
            if wanted == counts:
                return tables
            counts = wanted


def _key(label: str, piece: Piece) -> tuple[str, int, int, int]:
    return label, piece.n, piece.first, piece.count


def _file(label: str, piece: Piece) -> str:
    """Return the name under which a piece is kept: the setting (hashed, since it may hold any sign), n, replicates."""
    setting = hashlib.sha256(label.encode("utf-8")).hexdigest()[:8] if label else "plan"
    return f"{setting}-n{piece.n}/{piece.first:07d}-{piece.count}"


def more(rows: pd.DataFrame, count: int, precision: float, size: int) -> int:
    """Return how many replicates are needed for the precision, by what is known so far; never fewer than there are."""
    groups = rows.groupby(["analysis", "arm", "reference", "visit", "term"], sort=False)["shown"]
    needed = count
    for shown in groups.sum():
        error = share_error(float(shown), count)
        if error > precision:
            needed = max(needed, int(np.ceil(count * (error / precision) ** 2 / size)) * size)
    return min(max(needed, count), max(MOST, count))


def check_some_fit(cell: Cell, rows: pd.DataFrame) -> None:
    """Raise `TooFewParticipantsError` where an analysis gives no number in any replicate."""
    setting, n = cell
    for name, table in rows.groupby("analysis", sort=False):
        if table["estimate"].notna().any():
            continue
        problem = table["problem"].mode().iloc[0]
        asked = len(comparisons(setting.study, str(name)))
        raise TooFewParticipantsError(
            f"analysis {name} gives no number in any of {len(table) // asked} trials of {n} participants; the "
            f"commonest reason: {problem}",
            (
                "Ask for more participants: --n.",
                "If more do not help, the model asks for more than such a trial can tell: fewer terms in `adjust`, a "
                "ladder of simpler structures in `covariance`, more clusters in `assumptions`.",
                "Look at one such trial: `coxa simulate` with --participants, then `coxa analyse`.",
            ),
        )
