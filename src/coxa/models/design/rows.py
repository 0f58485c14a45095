"""The rows of a repeated-measures model: which are used, in which order, and what would make them useless."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress, pairwise
from typing import Any

import numpy as np
import pandas as pd

from coxa.errors import DataError, EmptyCellError, FitError, OptionError, check_kind, not_allowed
from coxa.findings import Finding, Findings
from coxa.frames import ColumnarFrame, as_pandas
from coxa.models.covariance.structure import Structure
from coxa.models.design.columns import in_order
from coxa.models.design.matrix import Design

MIN_PARTICIPANTS = 2
"""Fewest participants at a visit, or at both of two, from whom a variance or covariance is estimated."""

NO_RESIDUAL = 1e-12
"""Standard deviation of the residuals, relative to the largest absolute outcome, that is nothing but rounding."""

MOST_MEMORY = 4_000
"""Megabytes that the sums of a model may take."""

MEMORY_PER_PRODUCT = 14
"""Bytes for each product of two columns at two visits of a pattern: 8 in the sums, the rest while they are laid out."""

EQUAL = 1e-6
"""Part of the widest gap by which gaps between numbers may differ and count as equal."""

ALMOST_NONE = 1e-6
"""Share of variance below which there is said to be none left."""


@dataclass(frozen=True, slots=True)
class VisitOrder:
    """The visits of a model.

    labels  : visits in order, as the data have them
    warning : why the order should be looked at; empty if it was given
    """

    labels: tuple[Any, ...]
    warning: str = ""


def skipped(values: pd.Series, labels: Sequence[Any]) -> str:
    """Say where the visits of a model are not one step apart; empty where nothing tells.

    Categories without a row tell, between others that have one; so do numbers that are not equally spaced.

    Examples
    --------
    >>> skipped(pd.Series(pd.Categorical(["a", "c"], ["a", "b", "c"])), ["a", "c"])
    "no row is of b, between 'a' and 'c'"
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        every, present = list(values.cat.categories), set(values.dropna().unique())
        places = [every.index(label) for label in labels if label in every]
        between = {
            (low, high): [c for c in every[low + 1 : high] if c not in present] for low, high in pairwise(places)
        }
        return "; ".join(
            f"no row is of {', '.join(map(str, absent))}, between '{every[low]}' and '{every[high]}'"
            for (low, high), absent in between.items()
            if absent
        )
    if not pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        return ""
    gaps = np.diff(np.asarray(labels, dtype=float))
    if len(gaps) < 2 or np.ptp(gaps) <= EQUAL * np.abs(gaps).max():
        return ""
    return f"{', '.join(f'{label:g}' for label in labels)} are not equally far apart"


def steps_warning(structure: Structure, apart: str, column: str) -> str:
    """Return what a structure that counts steps takes for granted where visits were skipped; empty if nothing."""
    if not structure.steps or not apart:
        return ""
    return (
        f"{column}: {apart}; {structure.long_name} covariance counts neighbours as one step apart all the same. Use "
        "'sp_exp' with a column of times for a correlation that fades with time"
    )


def visit_order(values: pd.Series, visits: Sequence[Any] | None) -> VisitOrder:
    """Return the visits in order: as given, else as categories, else sorted.

    Text whose alphabetical order is not that of its numbers, or not that in which it appears, is worth a warning:
    week_12 sorts before week_6.

    Raises
    ------
    OptionError
        A visit that was asked for is not in the data.
    """
    if isinstance(values.dtype, pd.CategoricalDtype) and visits is None:
        return VisitOrder(tuple(values.cat.remove_unused_categories().cat.categories))
    if visits is not None:
        there = list(pd.unique(values.dropna()))
        for label in visits:
            if label not in there:
                raise OptionError(not_allowed("visit", label, [str(v) for v in there]))
        return VisitOrder(tuple(visits))
    appearing = list(pd.unique(values.dropna()))
    ordered = in_order(appearing, values.name)
    counted = sorted(appearing, key=lambda label: [int(number) for number in re.findall(r"\d+", str(label))])
    if pd.api.types.is_numeric_dtype(values.dtype) or list(ordered) == appearing == counted:
        return VisitOrder(ordered)
    names = ", ".join(map(str, ordered))
    return VisitOrder(ordered, f"visits taken in the order of the alphabet ({names}); give visits=[...] in theirs")


def check_frame(data: Any) -> pd.DataFrame:
    """Return a frame of pandas, polars or pyarrow as a pandas frame; raise OptionError for anything else."""
    needed = "a pandas DataFrame with a row for each observation, or a frame of polars or pyarrow"
    check_kind("data", data, (pd.DataFrame, ColumnarFrame), needed)
    return as_pandas(data)


def check_keys(data: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raise OptionError where a key column is absent, DataError where a row has no value in one."""
    for column in columns:
        if column not in data.columns:
            raise OptionError(not_allowed("column", column, map(str, data.columns)))
    found = [
        Finding("error", "data", f"the row has no {column}", "Fill it in, or remove the row.", place(row), field=column)
        for column in columns
        for row in np.flatnonzero(data[column].array.isna())
    ]
    if found:
        raise DataError("rows cannot be placed:", Findings.of(found))


def check_unique(data: pd.DataFrame, complete: np.ndarray, keys: Sequence[str]) -> None:
    """Raise DataError naming the rows where analysed rows share all keys."""
    if len(keys) == 1 and not data[keys[0]].array[complete].duplicated().any():
        return
    used = data.loc[complete, list(keys)].set_axis(np.flatnonzero(complete))
    groups: dict[tuple[Any, ...], list[int]] = {}
    for row, *key in used[used.duplicated(keep=False)].itertuples(name=None):
        groups.setdefault(tuple(key), []).append(row)
    found = [
        Finding(
            "error",
            "data",
            f"rows {', '.join(str(place(row)) for row in rows)} have the same {' and '.join(keys)}",
            "Keep the one that counts, or correct the key.",
            row=place(rows[-1]),
            participant_id=str(key[0]),
            field=keys[-1],
            value=str(key[-1]) if len(keys) > 1 else None,
            n_rows=len(rows),
            rows=tuple(place(row) for row in rows),
        )
        for key, rows in groups.items()
    ]
    if found:
        raise DataError("the same participant was measured twice:", Findings.of(found))


def place(row: int | np.integer) -> int:
    """Return the number a reader would give to the row: the header is row 1."""
    return int(row) + 2


def check_cells(design: Design) -> None:
    """Raise EmptyCellError where two factors interact and a combination of their levels has no row."""
    factors = [[name for name in term.split(":") if name in design.levels] for term in design.terms]
    for pair in dict.fromkeys(tuple(sorted(names)) for names in factors if len(names) == 2):
        first, second = (design.frame[name].cat for name in pair)
        width = len(second.categories)
        place_of = first.codes.to_numpy().astype(np.intp) * width + second.codes.to_numpy()
        counts = np.bincount(place_of, minlength=len(first.categories) * width)
        empty = [
            (first.categories[k // width], second.categories[k % width]) for k in np.flatnonzero(counts == 0).tolist()
        ]
        if empty:
            cells = "; ".join(f"{pair[0]} '{a}' has no data at {pair[1]} '{b}'" for a, b in empty)
            raise EmptyCellError(
                f"the formula has {pair[0]}:{pair[1]}, but {cells}",
                [
                    f"Leave that {pair[1]} out of the analysis (for a visit: visits=[...] without it).",
                    f"Leave the interaction {pair[0]}:{pair[1]} out of the formula.",
                    "Look whether the rows were lost on the way: fit.left_out, or the reader's findings.",
                ],
            )


def check_enough(participant: np.ndarray, visit: np.ndarray, labels: Sequence[Any], y: np.ndarray, p: int) -> None:
    """Raise FitError where a visit, or the whole, has too few participants, or the outcome is constant."""
    present = np.bincount(visit, minlength=len(labels))
    check_counts(present, int(participant.max()) + 1, len(y), (float(y.min()), float(y.max())), labels, p)


def check_counts(
    present: np.ndarray, n: int, n_rows: int, y_range: tuple[float, float], labels: Sequence[Any], p: int
) -> None:
    """Raise FitError as `check_enough`, from counts: participants at each visit (m,) and in all, and rows."""
    if y_range[0] == y_range[1]:
        raise FitError(
            f"the outcome is {y_range[0]:g} in every row, so that there is no variance to model",
            ["Look whether the right column is the outcome, and whether a reader filled its gaps."],
        )
    for label, participants in zip(labels, present, strict=True):
        if participants < MIN_PARTICIPANTS:
            raise FitError(
                f"visit '{label}' has data of fewer than {MIN_PARTICIPANTS} participants ({participants})",
                ["Leave the visit out: visits=[...].", "Look whether visits were mapped to the right windows."],
            )
    if n <= len(labels) or n_rows <= p:
        raise FitError(
            f"{n} participants and {n_rows} rows are too few for {len(labels)} visits and {p} fixed effects",
            ["Use fewer visits, or a smaller formula."],
        )


def check_residuals(size: float, largest: float, outcome: str = "the outcome") -> None:
    """Raise FitError where the fixed effects leave nothing but rounding.

    size, largest : standard deviation of the residuals of least squares, and the largest absolute outcome
    outcome       : what the outcome is called
    """
    if size <= NO_RESIDUAL * largest:
        raise FitError(
            f"the fixed effects explain {outcome} completely, so that there is no variance to model",
            ["Look whether the outcome was computed from columns of the formula.", "Use a smaller formula."],
        )


def check_memory(observed: Sequence[int], columns: int) -> None:
    """Raise FitError where the sums of patterns would take more memory than a session has.

    observed : how many visits each pattern has
    columns  : of the design
    """
    needed = MEMORY_PER_PRODUCT * sum((v * (columns + 1)) ** 2 for v in observed) / 1e6
    if needed > MOST_MEMORY:
        raise FitError(
            (
                f"the products of {columns} fixed effects at up to {max(observed)} visits in {len(observed)} "
                f"patterns of seen visits would take {needed:,.0f} MB, more than the {MOST_MEMORY:,} MB that are "
                "used"
            ),
            [
                "Leave visits out (visits=[...]), or take neighbouring ones together.",
                "Use a smaller formula: with the visit as a number, or without its interactions.",
            ],
        )


def together(participant: np.ndarray, visit: np.ndarray, m: int) -> np.ndarray:
    """Return how many participants were seen at both of each two visits, shape (m, m)."""
    present = np.zeros((int(participant.max()) + 1, m), dtype=int)
    present[participant, visit] = 1
    return present.T @ present


def nearly_singular(moments: np.ndarray, labels: Sequence[Any]) -> list[str]:
    """Say which visits have hardly any residual variance, or repeat each other, in moments (m, m)."""
    variance = np.diag(moments)
    still = [v < ALMOST_NONE * variance.max() for v in variance]
    shared = moments**2 > (1 - ALMOST_NONE) * np.outer(variance, variance)
    return [
        *(f"visit '{label}' has hardly any variance about its mean" for label in compress(labels, still)),
        *(
            f"visits '{labels[b]}' and '{labels[a]}' repeat each other: their correlation is 1"
            for a in range(len(labels))
            for b in range(a)
            if shared[a, b] and not still[a] and not still[b]
        ),
    ]


def never_together(counts: np.ndarray, labels: Sequence[Any]) -> list[str]:
    """Say which two visits too few participants have both of for their covariance to be estimated."""
    return [
        f"visits '{labels[b]}' and '{labels[a]}' were both seen in {counts[a, b]} participants, too few for a "
        "covariance of their own: use a covariance with fewer parameters, or leave one of them out"
        for a in range(len(labels))
        for b in range(a)
        if counts[a, b] < MIN_PARTICIPANTS
    ]
