"""The mixed model for repeated measures from one pass over chunks of rows that are never all in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from coxa.errors import DataError, FitError, OptionError
from coxa.findings import Finding, Findings
from coxa.models.design.matrix import orthonormal
from coxa.models.design.rows import check_cells, check_counts, check_memory, check_residuals
from coxa.models.mmrm.chunks.recipe import ChunkRecipe, chunk_recipe
from coxa.models.mmrm.chunks.rows import ChunkRows, chunk_rows, whole_participants
from coxa.models.mmrm.data import RepeatedData, check_one_visit, label_text
from coxa.models.mmrm.fit import Coordinates, fit_of_sums
from coxa.models.numerics.pattern_sums import PatternSums, Stack, merge, merge_all, patterns, stack, sums_of
from coxa.models.results.fit import Fit
from coxa.models.results.records import COUNT, VISIT, Sample, Totals
from coxa.models.spec import MMRMSpec

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
    cells, number = np.unique(places, return_counts=True)
    columns = zip(*np.unravel_index(cells, sizes), strict=True) if sizes else iter([()])
    for key, n in zip(columns, number, strict=True):
        combination = tuple(int(k) for k in key)
        counts[combination] = counts.get(combination, 0) + int(n)


def order_of(sums: PatternSums) -> tuple[object, ...]:
    """Return what sorts patterns as `coxa.models.numerics.pattern_sums.patterns` does."""
    first = [-1] * (int(sums.visits.max()) + 1)
    for b in sums.visits:
        first[b] = -2
    return sums.group, tuple(first), () if sums.times is None else tuple(sums.times.tolist())


def orthonormalised(sums: Stack, at: Provisional, names: Sequence[str]) -> tuple[Stack, Coordinates]:
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


SHOWN = 10
"""Participants out of order who are named: in a source that is not sorted it is nearly all of them."""


def fit_chunks(spec: MMRMSpec, source: Iterable[pd.DataFrame]) -> Fit:
    """Fit chunks of rows; the errors are those of `coxa.models.fit_mmrm`."""
    if spec.vcov != "model" or spec.ddf == "between-within":
        word = f"vcov='{spec.vcov}'" if spec.vcov != "model" else f"ddf='{spec.ddf}'"
        raise OptionError(f"{word} needs rows, and chunks leave only their sums. Give the rows as one data frame.")
    started = perf_counter()
    recipe, chunks = chunk_recipe(spec, source)
    check_one_visit(spec.ladder, len(recipe.labels))
    begun = perf_counter()
    at, seen = gather(recipe, chunks)
    names = known_once(seen, recipe)
    totals = totals_of(seen, recipe, names)
    checked(seen, recipe, totals)
    shared = seen.low if recipe.time is not None and np.array_equal(seen.low, seen.high) else None
    sums = tuple(seen.sums.values())
    if shared is not None:
        sums = merge_all(replace(item, times=None) for item in sums)
    in_order = sorted(sums, key=order_of)
    raw = stack(in_order, len(recipe.labels), shared)
    check_present(raw, seen, recipe)
    final, coordinates = orthonormalised(raw, at, recipe.design.names)
    squares = final.gram.reshape(-1, final.p + 1, final.p + 1)[final.index[1] == final.index[2], -1, -1].sum()
    check_residuals(float(np.sqrt(max(squares, 0.0) / seen.n)), max(map(abs, seen.y_range)))
    analysed = found_of(recipe, seen, names)
    clock = [started, begun, perf_counter()]
    fit = fit_of_sums(analysed, final, spec, coordinates, None, log_weights=seen.log_weights / 2, clock=clock)
    return replace(fit, totals=totals)


def known_once(seen: Gathered, recipe: ChunkRecipe) -> np.ndarray:
    """Return the participants; raise DataError where one came back after others."""
    names = pd.Index(np.concatenate(seen.names))
    again = names[names.duplicated()].unique()
    if len(again):
        raise DataError(
            f"the rows of {len(again)} {recipe.participant} are not next to each other in the chunks:",
            Findings.of(
                Finding(
                    "error",
                    "data",
                    f"{recipe.participant} comes back after rows of others",
                    f"Sort the source: ORDER BY {recipe.participant}, {recipe.visit}.",
                    participant_id=str(name),
                    field=recipe.participant,
                )
                for name in again[:SHOWN]
            ),
        )
    return names.to_numpy()


def totals_of(seen: Gathered, recipe: ChunkRecipe, names: np.ndarray) -> Totals:
    """Return the counts with the levels' names."""
    factors = [name for name in recipe.levels if name in recipe.design.levels]
    levels = [recipe.design.levels[name] for name in factors]
    cells = counted_frame(seen.cells, [*factors, VISIT], [*levels, recipe.labels])
    if recipe.visit in recipe.design.levels:
        cells[recipe.visit] = cells[VISIT]
    return Totals(
        n_observations=seen.n,
        n_participants=len(names),
        means={name: total / seen.n for name, total in seen.totals.items()},
        cells=cells,
        people=counted_frame(seen.people, factors, levels),
    )


def counted_frame(
    counts: Mapping[tuple[int, ...], int], names: Sequence[str], levels: Sequence[Sequence[Any]]
) -> pd.DataFrame:
    """Return one row per combination of levels, with its count."""
    codes = np.array(list(counts), dtype=np.intp).reshape(len(counts), len(names))
    columns = {
        name: pd.Categorical.from_codes(codes[:, k], pd.Index(values))
        for k, (name, values) in enumerate(zip(names, levels, strict=True))
    }
    return pd.DataFrame({**columns, COUNT: list(counts.values())})


def checked(seen: Gathered, recipe: ChunkRecipe, totals: Totals) -> None:
    """Raise EmptyCellError or FitError where a level, or a combination that the formula has, is without rows."""
    for name in recipe.levels:
        if name not in recipe.design.levels:
            continue
        there = set(totals.cells[name].unique())
        unused = [level for level in recipe.design.levels[name] if level not in there]
        if unused:
            kept = [level for level in recipe.design.levels[name] if level in there]
            raise FitError(
                f"no analysed row has {name} '{unused[0]}', and levels are fixed before the first chunk",
                [f"Give those there are: levels={{'{name}': {kept}}}."],
            )
    if recipe.group is not None:
        groups = {item.group for item in seen.sums.values()}
        unused = [level for k, level in enumerate(recipe.levels[recipe.group]) if k not in groups]
        if unused:
            raise FitError(f"no participant is in group '{unused[0]}'", [f"Give levels={{'{recipe.group}': [...]}}."])
    check_cells(replace(recipe.design, frame=totals.cells))


def check_present(sums: Stack, seen: Gathered, recipe: ChunkRecipe) -> None:
    """Raise FitError where there is too little to fit."""
    present = np.einsum("s,sa,sb->ab", sums.n, sums.observed, sums.observed).astype(int)
    n = int(sums.n.sum())
    check_counts(np.diag(present), n, seen.n, seen.y_range, recipe.labels, len(recipe.design.names))


def found_of(recipe: ChunkRecipe, seen: Gathered, names: np.ndarray) -> RepeatedData:
    """Return what a fit keeps of its rows: none, but who they were of and which were left out."""
    left_out = pd.concat(seen.left_out, ignore_index=True)
    none = np.empty(0, dtype=np.intp)
    groups = ("",) if recipe.group is None else tuple(label_text(level) for level in recipe.levels[recipe.group])
    sample = Sample(recipe.participant, recipe.visit, names, np.empty(0, dtype=object), recipe.labels, left_out)
    return RepeatedData(
        design=recipe.design,
        who=none,
        when=none,
        labels=recipe.labels,
        order_warning=recipe.order.warning,
        apart="",
        group=None if recipe.group is None else none,
        group_labels=groups,
        weights=None,
        times=None,
        sample=sample,
    )
