"""The rows of one chunk, checked, as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coxa.errors import OptionError, not_allowed
from coxa.models.design.matrix import check_finite, response
from coxa.models.mmrm.chunks.recipe import ChunkRecipe
from coxa.models.mmrm.data import check_rows, checked_times, checked_weights, label_text


@dataclass(frozen=True, slots=True)
class ChunkRows:
    """The analysed rows of one chunk, N of them, of participants who have no row elsewhere.

    who, when : (N,) participants (from 0, in this chunk) and visits as integer codes
    names     : the participants
    x, y      : (N, p) design and (N,) outcome
    codes     : (N,) level of each factor other than the visit, by name
    numbers   : (N,) values of each covariate, by name
    group     : (N,) covariance group as integer codes, or None
    weights   : (N,) or None
    times     : (N,) or None
    left_out  : rows left out, with reason, as in `Sample`
    """

    who: np.ndarray
    when: np.ndarray
    names: np.ndarray
    x: np.ndarray
    y: np.ndarray
    codes: dict[str, np.ndarray]
    numbers: dict[str, np.ndarray]
    group: np.ndarray | None
    weights: np.ndarray | None
    times: np.ndarray | None
    left_out: pd.DataFrame


def whole_participants(
    chunks: Iterable[pd.DataFrame], columns: Sequence[str], participant: str
) -> Iterator[tuple[int, pd.DataFrame]]:
    """Yield the chunks, with the number of rows before each, so that no participant is in two that follow each other.

    The rows of the last participant of a chunk wait for the next.
    """
    held: pd.DataFrame | None = None
    before = 0
    for chunk in chunks:
        missing = [name for name in columns if name not in chunk.columns]
        if missing:
            raise OptionError(not_allowed("column", missing[0], map(str, chunk.columns)))
        frame = chunk[list(columns)]
        if held is not None and len(held):
            frame = pd.concat([held, frame], ignore_index=True)
        if not len(frame):
            continue
        ids = frame[participant].to_numpy()
        changes = np.flatnonzero(ids[1:] != ids[:-1])
        cut = int(changes[-1]) + 1 if len(changes) else 0
        held = frame.iloc[cut:]
        if cut:
            yield before, frame.iloc[:cut]
            before += cut
    if held is not None and len(held):
        yield before, held


def chunk_rows(recipe: ChunkRecipe, frame: pd.DataFrame, before: int) -> ChunkRows:
    """Return the analysed rows of a chunk that comes after `before` rows.

    Raises
    ------
    OptionError
        A level, or the type of a column, is not that of the recipe.
    DataError
        A row without participant or visit, two rows for one participant and visit, a weight or time that cannot be
        used, a participant in two groups. Rows are numbered through all chunks.
    FitError
        The outcome is not a number or a transform has no value at some row.
    """
    rows = before + np.arange(len(frame))
    for name in (recipe.participant, recipe.visit):
        empty = frame[name].isna().to_numpy()
        check_rows(empty, rows, frame[name], f"the row has no {name}", "Fill it in, or remove the row.")
    when = level_codes(frame[recipe.visit], recipe.order.labels, rows, strict=recipe.take_all)
    keep = when >= 0
    used = [name for name in recipe.columns if name not in (recipe.participant, recipe.visit)]
    missing = frame[used].isna().to_numpy() & keep[:, None]
    complete = keep & ~missing.any(axis=1)
    table, at, when_used = frame[complete], rows[complete], when[complete]

    ids = table[recipe.participant].to_numpy()
    starts = np.ones(len(ids), dtype=bool)
    starts[1:] = ids[1:] != ids[:-1]
    who = np.cumsum(starts) - 1
    once(recipe, table, who, when_used, at)

    codes = {name: level_codes(table[name], levels, at, strict=True) for name, levels in recipe.levels.items()}
    group = codes[recipe.group] if recipe.group is not None else None
    if group is not None:
        changed = group != group[np.flatnonzero(starts)][who]
        rule = "a participant is in one covariance group in all rows"
        check_rows(changed, at, table[recipe.group], rule, "Correct the column, or use a group that does not change.")
    numbers = {name: as_numbers(table[name]) for name in recipe.formula.variables if name not in recipe.design.levels}
    frame_of_design = pd.DataFrame(
        {
            **{name: pd.Categorical.from_codes(code, pd.Index(recipe.levels[name])) for name, code in codes.items()},
            **numbers,
            recipe.visit: pd.Categorical.from_codes(when_used, pd.Index(recipe.labels)),
        }
    )
    x = recipe.design.rows(frame_of_design)
    check_finite(recipe.formula, x, list(recipe.design.names))
    return ChunkRows(
        who=who,
        when=when_used,
        names=ids[starts],
        x=x,
        y=response(recipe.formula, table[recipe.formula.response]),
        codes={name: code for name, code in codes.items() if name in recipe.design.levels},
        numbers=numbers,
        group=group,
        weights=None if recipe.weights is None else checked_weights(table[recipe.weights], at),
        times=None if recipe.time is None else checked_times(table[recipe.time], who, at),
        left_out=left_out_of(recipe, frame, rows, keep, missing, used),
    )


def level_codes(values: pd.Series, levels: Sequence[Any], rows: np.ndarray, *, strict: bool) -> np.ndarray:
    """Return the place of each value among the levels, -1 where it has none.

    Raises
    ------
    OptionError
        `strict`, and a value is not among the levels.
    """
    index = pd.Index(levels)
    if isinstance(values.dtype, pd.CategoricalDtype):
        place = np.append(index.get_indexer(pd.Index(values.dtype.categories)), -1)
        codes = place[values.cat.codes.to_numpy()]
    else:
        codes = index.get_indexer(pd.Index(values))
    unknown = np.flatnonzero((codes < 0) & values.notna().to_numpy())
    if strict and len(unknown):
        row = int(unknown[0])
        raise OptionError(
            f'Row {rows[row] + 2} has "{values.iloc[row]}", which is no level of {values.name} '
            f"({', '.join(map(str, levels))}). Levels are fixed before the first chunk: give them all by `levels` "
            "and `visits`."
        )
    return codes


def as_numbers(values: pd.Series) -> np.ndarray:
    """Return a covariate as numbers; OptionError where a later chunk has something else in it."""
    if not pd.api.types.is_numeric_dtype(values.dtype):
        raise OptionError(
            f"Column '{values.name}' is a number in the first chunk and {values.dtype} in a later one. Give it "
            "one type in the source."
        )
    return values.to_numpy(dtype=float)


def once(recipe: ChunkRecipe, table: pd.DataFrame, who: np.ndarray, when: np.ndarray, rows: np.ndarray) -> None:
    """Raise DataError where a participant has two analysed rows at one visit."""
    twice = pd.Series(who * len(recipe.labels) + when).duplicated().to_numpy()
    rule = f"the row has the {recipe.participant} and {recipe.visit} of another"
    check_rows(twice, rows, table[recipe.visit], rule, "Keep the one that counts, or correct the key.")


def left_out_of(
    recipe: ChunkRecipe, frame: pd.DataFrame, rows: np.ndarray, keep: np.ndarray, missing: np.ndarray, used: list[str]
) -> pd.DataFrame:
    """Return the rows that are not analysed, by their number from 0 through all chunks, and why."""
    gone = np.flatnonzero(~keep | missing.any(axis=1))
    reasons = [
        f"{', '.join(name for name, empty in zip(used, missing[row], strict=True) if empty)} is missing"
        if keep[row]
        else f"{recipe.visit} is not among those analysed"
        for row in gone
    ]
    return pd.DataFrame(
        {
            "row": rows[gone],
            recipe.participant: frame[recipe.participant].to_numpy()[gone],
            recipe.visit: [label_text(label) for label in frame[recipe.visit].iloc[gone]],
            "reason": pd.Series(reasons, dtype="str"),
        }
    )
