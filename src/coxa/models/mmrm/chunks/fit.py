"""The mixed model for repeated measures from chunks of rows that are never all in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from coxa.errors import DataError, FitError, OptionError
from coxa.findings import Finding, Findings
from coxa.models.design.rows import check_cells, check_counts, check_residuals
from coxa.models.mmrm.chunks.recipe import ChunkRecipe, chunk_recipe
from coxa.models.mmrm.chunks.sums import Gathered, gather, order_of, turned
from coxa.models.mmrm.data import RepeatedData, check_one_visit, label_text
from coxa.models.mmrm.fit import fit_of_sums
from coxa.models.numerics.pattern_sums import Stack, merge_all, stack
from coxa.models.results.fit import Fit
from coxa.models.results.records import COUNT, VISIT, Sample, Totals
from coxa.models.spec import MMRMSpec

SHOWN = 10
"""Participants out of order who are named: in a source that is not sorted it is nearly all of them."""


def fit_chunks(spec: MMRMSpec, source: Iterable[pd.DataFrame]) -> Fit:
    """Fit chunks of rows; the errors are those of `coxa.models.mmrm.fit_mmrm`."""
    if spec.vcov != "model" or spec.ddf == "between-within":
        word = f"vcov='{spec.vcov}'" if spec.vcov != "model" else f"ddf='{spec.ddf}'"
        raise OptionError(f"{word} looks at rows, and chunks leave only their sums; give the rows as one data frame")
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
    final, coordinates = turned(raw, at, recipe.design.names)
    squares = final.gram.reshape(-1, final.p + 1, final.p + 1)[final.index[1] == final.index[2], -1, -1].sum()
    check_residuals(float(np.sqrt(max(squares, 0.0) / seen.n)), max(map(abs, seen.y_range)))
    found = found_of(recipe, seen, names)
    clock = [started, begun, perf_counter()]
    fit = fit_of_sums(found, final, spec, coordinates, None, log_weights=seen.log_weights / 2, clock=clock)
    return replace(fit, totals=totals)


def known_once(seen: Gathered, recipe: ChunkRecipe) -> np.ndarray:
    """Return the participants; raise DataError where one came back after others."""
    names = pd.Index(np.concatenate(seen.names))
    again = names[names.duplicated()].unique()
    if len(again):
        raise DataError(
            f"the rows of a {recipe.participant} must be next to each other in chunks; those of {len(again)} are not:",
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
