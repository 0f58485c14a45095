"""The one pass over chunks of rows: their sums by pattern, and what is counted on the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from coxa.errors import FitError
from coxa.models.design.matrix import orthonormal
from coxa.models.design.rows import check_memory
from coxa.models.mmrm.chunks.recipe import ChunkRecipe
from coxa.models.mmrm.chunks.rows import ChunkRows, chunk_rows, whole_participants
from coxa.models.mmrm.fit import Coordinates
from coxa.models.numerics.pattern_sums import PatternSums, Stack, merge, patterns, sums_of

RIDGE = 1e-6
"""Weight, relative to a column's length, that keeps the first chunk's coordinates defined where it has too few rows
to tell columns apart. The final coordinates do not depend on it."""


@dataclass(frozen=True, slots=True)
class Provisional:
    """Coordinates in which the sums are made: those in which the first chunk's design is nearly orthonormal.

    Sums of squares of raw columns would lose the digits of a covariate far from zero.

    r    : (p, p) design = coordinates @ r
    back : (p, p) its inverse
    beta : (p,) least squares of the first chunk, in the formula's coordinates
    """

    r: np.ndarray
    back: np.ndarray
    beta: np.ndarray


@dataclass(slots=True)
class Gathered:
    """What the chunks add up to, of n analysed rows; `gather` fills it.

    sums          : the sums by pattern, in the provisional coordinates
    cells, people : counts of rows and participants by combination of levels, as codes
    totals        : sum of each covariate
    names         : participants of each chunk
    left_out      : rows left out of each chunk
    log_weights   : sum of the logs of the weights
    y_range       : least and most of the outcome
    low, high     : (m,) earliest and latest time of each visit
    """

    sums: dict[tuple[object, ...], PatternSums] = field(default_factory=dict)
    cells: dict[tuple[int, ...], int] = field(default_factory=dict)
    people: dict[tuple[int, ...], int] = field(default_factory=dict)
    totals: dict[str, float] = field(default_factory=dict)
    names: list[np.ndarray] = field(default_factory=list)
    left_out: list[pd.DataFrame] = field(default_factory=list)
    log_weights: float = 0.0
    n: int = 0
    y_range: tuple[float, float] = (np.inf, -np.inf)
    low: np.ndarray = field(default_factory=lambda: np.empty(0))
    high: np.ndarray = field(default_factory=lambda: np.empty(0))


def gather(recipe: ChunkRecipe, chunks: Iterable[pd.DataFrame]) -> tuple[Provisional, Gathered]:
    """Sum the chunks one after the other."""
    at: Provisional | None = None
    m = len(recipe.labels)
    seen = Gathered(low=np.full(m, np.inf), high=np.full(m, -np.inf))
    for before, frame in whole_participants(chunks, recipe.columns, recipe.participant):
        rows = chunk_rows(recipe, frame, before)
        seen.left_out.append(rows.left_out)
        if not len(rows.y):
            continue
        at = provisional(rows.x, rows.y) if at is None else at
        add(seen, rows, at)
    if at is None:
        raise FitError(
            f"formula '{recipe.formula.text}': no row has all of {', '.join(recipe.columns)}",
            ["Look at how many values each of these columns has."],
        )
    return at, seen


def provisional(x: np.ndarray, y: np.ndarray) -> Provisional:
    """Return the coordinates of a first chunk: x (n, p), y (n,)."""
    p = x.shape[1]
    length = np.linalg.norm(x, axis=0)
    length = np.where(length > 0, length, 1.0)
    scaled_r = np.linalg.qr(np.vstack([x / length, RIDGE * np.eye(p)]))[1]
    back = np.linalg.inv(scaled_r) / length[:, None]
    return Provisional(scaled_r * length, back, back @ (back.T @ (x.T @ y)))


def add(seen: Gathered, rows: ChunkRows, at: Provisional) -> None:
    """Add the rows of one chunk."""
    scale = np.ones(len(rows.y)) if rows.weights is None else np.sqrt(rows.weights)
    z, left = rows.x @ at.back, rows.y - rows.x @ at.beta
    alike = tuple(patterns(rows.who, rows.when, group=rows.group, times=rows.times))
    observed = {key: len(item.visits) for key, item in seen.sums.items()}
    observed |= {pattern.key: len(pattern.visits) for pattern in alike}
    check_memory(list(observed.values()), z.shape[1])
    table = np.column_stack([z * scale[:, None], left * scale])
    for item in (sums_of(pattern, table) for pattern in alike):
        seen.sums[item.key] = merge(seen.sums[item.key], item) if item.key in seen.sums else item
    codes = list(rows.codes.values())
    tally(seen.cells, [*codes, rows.when])
    tally(seen.people, [rows.who, *codes], distinct=True)
    for name, values in rows.numbers.items():
        seen.totals[name] = seen.totals.get(name, 0.0) + float(values.sum())
    seen.names.append(rows.names)
    seen.log_weights += 0.0 if rows.weights is None else float(np.log(rows.weights).sum())
    seen.n += len(rows.y)
    seen.y_range = (min(seen.y_range[0], float(rows.y.min())), max(seen.y_range[1], float(rows.y.max())))
    if rows.times is not None:
        np.minimum.at(seen.low, rows.when, rows.times)
        np.maximum.at(seen.high, rows.when, rows.times)


def tally(counts: dict[tuple[int, ...], int], codes: Sequence[np.ndarray], *, distinct: bool = False) -> None:
    """Count the combinations of codes (N,) each; `distinct` counts each once for each value of the first code."""
    sizes = [int(code.max()) + 1 for code in codes]
    places = np.ravel_multi_index(tuple(codes), sizes)
    if distinct:
        rest = int(np.prod(sizes[1:], dtype=np.int64))
        places, sizes = np.unique(places) % rest, sizes[1:]
    found, number = np.unique(places, return_counts=True)
    columns = zip(*np.unravel_index(found, sizes), strict=True) if sizes else iter([()])
    for key, n in zip(columns, number, strict=True):
        combination = tuple(int(k) for k in key)
        counts[combination] = counts.get(combination, 0) + int(n)


def order_of(sums: PatternSums) -> tuple[object, ...]:
    """Return what sorts patterns as `coxa.models.numerics.pattern_sums.patterns` does."""
    first = [-1] * (int(sums.visits.max()) + 1)
    for b in sums.visits:
        first[b] = -2
    return sums.group, tuple(first), () if sums.times is None else tuple(sums.times.tolist())


def turned(sums: Stack, at: Provisional, names: Sequence[str]) -> tuple[Stack, Coordinates]:
    """Return the sums in coordinates in which the design of all rows is orthonormal.

    Raises
    ------
    RankDeficientError
        Columns are combinations of others.
    """
    p = sums.p
    gram = sums.gram.reshape(-1, p + 1, p + 1)
    squares = gram[sums.index[1] == sums.index[2]].sum(axis=0)
    length = np.sqrt(np.diag(squares)[:p])
    length = np.where(length > 0, length, 1.0)
    values, vectors = np.linalg.eigh(squares[:p, :p] / np.outer(length, length))
    root = np.sqrt(np.maximum(values, 0))[:, None] * vectors.T
    basis = orthonormal(root @ (length[:, None] * at.r), names)
    to_final = at.r @ basis.back
    correction = to_final @ (to_final.T @ squares[:p, p])
    turn = np.zeros((p + 1, p + 1))
    turn[:p, :p], turn[:p, p], turn[p, p] = to_final, -correction, 1.0
    final = replace(sums, gram=(turn.T @ gram @ turn).reshape(len(gram), -1))
    return final, Coordinates(basis.back, basis.log_det, at.beta + at.back @ correction)
