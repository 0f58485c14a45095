"""Pieces of a power simulation, one row per comparison and replicate, run until the asked precision."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from coxa.analyses.methods import method_of
from coxa.design.by_simulation.comparisons import Comparison, comparisons
from coxa.design.by_simulation.plan_run import run_singly
from coxa.design.by_simulation.regressions import regressions_together
from coxa.design.by_simulation.summary import share_error
from coxa.design.by_simulation.together import (
    ancova_together,
    fits_together,
    mmrm_together,
    proportions_together,
    stacked,
)
from coxa.design.by_simulation.vary import Prior, Setting, scaled
from coxa.errors import TooFewParticipantsError
from coxa.models.numerics.one_thread import one_thread
from coxa.runs.store import PieceStore
from coxa.runs.workers import Workers
from coxa.simulate import DrawnTrial, TrialDesign, trial_design
from coxa.simulate.from_plan.draw import draw_trials
from coxa.study.comparative import ComparativeStudy

COLUMNS = (
    "replicate", "analysis", "arm", "reference", "visit", "term", "estimate", "std_error", "df", "p_value",
    "conf_low", "conf_high", "shown", "rung", "problem", "factor",
)  # fmt: skip
"""Columns of a piece. `shown`: the comparison is significant, or its margin is kept; `rung`: which structure of the
covariance ladder was used, from 0, -1 where none was; `problem`: why there is no number; `factor`: by how much the
effects were multiplied."""

TOGETHER, SINGLY = 100, 20
"""Replicates of a piece where all its models are fitted together, and where some are fitted one by one."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What is to be done.

    study    : the plan, with the assumptions of the setting
    n        : participants of all arms together
    analyses : names
    seed     : of the whole run
    first, count : the replicates, from 0
    prior    : of the effect, where it is uncertain
    """

    study: ComparativeStudy
    n: int
    analyses: tuple[str, ...]
    seed: int
    first: int
    count: int
    prior: Prior | None = None


def replicate_seed(study: str, seed: int, n: int, replicate: int) -> int:
    """Return the seed of one replicate, from the names of what it is of.

    Examples
    --------
    >>> replicate_seed("hip", 1, 100, 0) != replicate_seed("hip", 1, 100, 1)
    True
    """
    text = f"power of {study}, seed {seed}, n {n}, replicate {replicate}"
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:8], "little")


MOST_ROWS = 1_000_000
"""Rows of a piece at most (participants by visits by replicates), so that a large trial fits into the memory."""


def piece_size(study: ComparativeStudy, analyses: tuple[str, ...], n: int) -> int:
    """Return the replicates of a piece of n participants; it depends on plan and n alone, not on the workers."""
    size = TOGETHER if all(fits_together(study, name) for name in analyses) else SINGLY
    return max(min(size, MOST_ROWS // (n * len(study.visits))), 1)


def run_piece(piece: Piece) -> pd.DataFrame:
    """Draw the replicates of a piece and analyse each as the plan says; return rows in `COLUMNS`."""
    design = trial_design(piece.study, participants=piece.n)
    with one_thread(), np.errstate(all="ignore"):
        drawn, factors = trials_of(piece, design)
        rows = [row for name in piece.analyses for row in analyse_trials(piece.study, name, design, drawn)]
    table = pd.DataFrame(rows, columns=list(COLUMNS[:-1]))
    table["factor"] = factors[table["replicate"].to_numpy(dtype=int)]
    table["replicate"] += piece.first
    return table.sort_values(["replicate", "analysis"], kind="stable", ignore_index=True)


def trials_of(piece: Piece, design: TrialDesign) -> tuple[list[DrawnTrial], np.ndarray]:
    """Return the trials of a piece, each from its own seed, and what their effects were multiplied by."""
    factors, designs = np.ones(piece.count), [design] * piece.count
    seeds = [
        replicate_seed(piece.study.study, piece.seed, piece.n, piece.first + place) for place in range(piece.count)
    ]  # fmt: skip
    if piece.prior is not None:
        factors = np.array([piece.prior.factor(design, piece.analyses[0], seed) for seed in seeds])
        designs = [replace(design, means=scaled(design.means, factor)) for factor in factors]
    return draw_trials(designs, seeds), factors


def means_together(
    study: ComparativeStudy, name: str, every: pd.DataFrame, trials: int, asked: Sequence[Comparison]
) -> list[Mapping[str, Any]]:
    """Return the rows of many trials of a model of means, fitted together: over the visits, or at each by itself."""
    way = method_of(study.analyses[name]).together(study.planned(name))
    fitted = mmrm_together if way == "repeated" else ancova_together
    return fitted(study, name, every, trials, asked)


def analyse_trials(
    study: ComparativeStudy, name: str, design: TrialDesign, drawn: list[DrawnTrial]
) -> list[Mapping[str, Any]]:
    """Return the rows of one analysis of many trials: together where that can be, and singly the others."""
    rows: list[Mapping[str, Any]] = []
    left = range(len(drawn))
    if way := method_of(study.analyses[name]).together(study.planned(name)):
        asked = comparisons(study, name)
        if way == "proportions":
            rows += proportions_together(study, name, design, drawn, asked)
        elif way == "regression":
            rows += regressions_together(study, name, design, drawn, asked)
        else:
            every = stacked(design, drawn, study.analyses[name].estimand)
            rows += means_together(study, name, every, len(drawn), asked)
        left = sorted(set(left) - {row["replicate"] for row in rows})  # type: ignore[assignment]
    for place in left:
        rows += run_singly(study, name, design, drawn[place], place)
    return rows


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
            (
                f"analysis {name} gives no number in any of {len(table) // asked} trials of {n} participants, "
                f"most often because: {problem}"
            ),
            (
                "Ask for more participants: --n.",
                (
                    "If more do not help, simplify the model: fewer terms in `adjust`, a ladder of simpler "
                    "structures in `covariance`, or more clusters in `assumptions`."
                ),
                "Look at one such trial: `coxa simulate` with --participants, then `coxa analyse`.",
            ),
        )
