"""The units to be allocated: given as a table, listed in advance for every stratum, or drawn for a simulation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import TYPE_CHECKING, SupportsInt

import numpy as np

from coxa.allocation.draw import stratum_codes
from coxa.allocation.schemes import Factors, Minimisation, Scheme, Stratified, factors_of, inner, ratio_of, unit_of
from coxa.errors import DataError, OptionError, nearest
from coxa.findings import Finding, Findings

if TYPE_CHECKING:
    import pandas as pd

Shares = Mapping[str, Mapping[str, float]]
"""Factor -> level -> its share among those who will be allocated."""


def strata(factors: Factors) -> list[tuple[str, ...]]:
    """Return all combinations of levels, last factor fastest; one empty combination where there is no factor.

    Examples
    --------
    >>> strata({"sex": ("female", "male"), "site": ("north", "south")})[1]
    ('female', 'south')
    """
    return list(product(*factors.values()))


def check_number(scheme: Scheme, n: int) -> None:
    """Raise `OptionError` if so few units cannot have every arm in its share."""
    ratio = ratio_of(scheme)
    if n < sum(ratio.values()):
        unit = "participants" if unit_of(scheme) == "participant_id" else f"units ({unit_of(scheme)})"
        shown = ":".join(map(str, ratio.values()))
        raise OptionError(
            f"{n} {unit} are too few for the ratio {shown}. Give at least {sum(ratio.values())}, or fewer arms."
        )


def level_codes(scheme: Scheme, units: pd.DataFrame) -> np.ndarray:
    """Return the positions of the units' levels, (n, F), after checking the table.

    Raises
    ------
    OptionError
        There are too few units.
    DataError
        A column is missing, a unit is there twice or has no name, or a level is unknown or missing. Each with its row
        and the remedy.
    """
    name, factors = unit_of(scheme), factors_of(scheme)
    absent = [column for column in (name, *factors) if column not in units]
    if absent:
        has = ", ".join(map(str, units.columns)) or "none"
        _stop(
            [
                _finding(f"the table lacks the column `{column}`", f"Add or rename it. Its columns: {has}.")
                for column in absent
            ]
        )
    check_number(scheme, len(units))
    faults = list(_unit_faults(name, units[name]))
    codes = np.zeros((len(units), len(factors)), dtype=np.intp)
    for k, (factor, levels) in enumerate(factors.items()):
        place = {level: code for code, level in enumerate(levels)}
        words = units[factor].astype("object").where(units[factor].notna(), "").astype("str").str.strip()
        found = words.map(place)
        for word in words[found.isna().to_numpy()].unique():
            rows = np.flatnonzero(words.eq(word))
            hint = nearest(word, levels) if word else None
            remedy = f"Did you mean '{hint}'?" if hint else "Correct it. A participant without it is not allocated."
            rule = f"`{factor}` is not one of {', '.join(levels)}"
            faults.append(_finding(rule, remedy, rows[0], factor, word, len(rows)))
        codes[:, k] = found.fillna(0).to_numpy(dtype=np.intp)
    if faults:
        _stop(faults)
    return codes


def _unit_faults(name: str, column: pd.Series) -> Iterator[Finding]:
    words = column.astype("object").where(column.notna(), "").astype("str").str.strip()
    for row in np.flatnonzero(words.eq("")):
        yield _finding(f"the row has no `{name}`", "Fill it in.", row, name)
    for row in np.flatnonzero(words.duplicated() & words.ne("")):
        yield _finding(f"the `{name}` is allocated twice", "Remove the repeated row.", row, name, words.iloc[row])


def check_strata(scheme: Scheme, codes: np.ndarray) -> None:
    """Raise `DataError` if a stratum of permuted blocks has one unit: no block of it can balance anything."""
    if not isinstance(inner(scheme), Stratified):
        return
    factors = factors_of(scheme)
    listed = strata(factors)
    found, first, number = np.unique(stratum_codes(scheme, codes[None])[0], return_index=True, return_counts=True)
    remedy = "Join levels, stratify by fewer factors, or use minimisation, which balances each factor by itself."
    single = [
        _finding("the stratum has one unit", remedy, row, " x ".join(factors), ", ".join(listed[code]))
        for code, row, size in zip(found, first, number, strict=True)
        if size == 1
    ]
    if single:
        _stop(single)


def given_slots(scheme: Scheme, units: pd.DataFrame, slots: list[str]) -> np.ndarray | None:
    """Return the slots of units that were allocated before, -1 for those that are to be; None if there is no `arm`.

    Raises
    ------
    OptionError
        The scheme is no minimisation: other schemes do not look at what was allocated.
    DataError
        An arm is unknown, an allocated unit stands after one that is not, or `slot` is missing in an unequal ratio.
    """
    if "arm" not in units:
        return None
    if not isinstance(inner(scheme), Minimisation):
        raise OptionError(
            "The table has a column `arm`, and only a minimisation continues earlier allocations. Remove the column."
        )
    unequal = set(ratio_of(scheme).values()) != {1}
    column = "slot" if unequal else "arm"
    if column not in units:
        _stop([_finding("earlier allocations of an unequal ratio lack their `slot`", "Keep the column of the list.")])
    words = units[column].astype("object").where(units[column].notna(), "").astype("str").str.strip()
    known = {name: k for k, name in enumerate(slots)}
    faults = [
        _finding(f"`{column}` is not one of {', '.join(slots)}", "Correct it.", row, column, words.iloc[row])
        for row in np.flatnonzero(words.ne("") & ~words.isin(known))
    ]
    codes = words.map(known).fillna(-1).to_numpy(dtype=np.intp)
    open_before = np.maximum.accumulate(codes < 0)
    faults += [
        _finding(
            "the unit was allocated before, and is below one that was not",
            "Sort the table by the order of allocation.",
            row,
            column,
        )
        for row in np.flatnonzero(open_before & (codes >= 0))
    ]
    if faults:
        _stop(faults)
    return codes


def random_levels(
    factors: Factors, lists: int, n: int, rng: np.random.Generator, shares: Shares | None = None
) -> np.ndarray:
    """Return drawn levels, (B, n, F); each level with its share, all alike where no shares are given.

    Raises
    ------
    OptionError
        A factor or a level is unknown, a level has no share, or shares are negative or all zero.
    """
    codes = np.empty((lists, n, len(factors)), dtype=np.int16)
    shares = shares or {}
    for name in shares:
        if name not in factors:
            raise OptionError(
                f"Shares are given for '{name}', which is not a factor. Choose one of {', '.join(factors)}."
            )
    for k, (name, levels) in enumerate(factors.items()):
        own = shares.get(name, dict.fromkeys(levels, 1.0))
        weights = np.array([own.get(level, -1.0) for level in levels])
        if set(own) != set(levels) or (weights < 0).any() or weights.sum() <= 0:
            raise OptionError(f"The shares of '{name}' are {dict(own)}. Give one for every level: {', '.join(levels)}.")
        steps = weights.cumsum()[:-1] / weights.sum()
        codes[:, :, k] = np.searchsorted(steps, rng.random((lists, n)), side="right")
    return codes


def _finding(
    rule: str,
    remedy: str,
    row: SupportsInt | None = None,
    field: str | None = None,
    value: str | None = None,
    n_rows: int = 1,
) -> Finding:
    """Return an error of the table of units; `row` counts from 0, and the file's rows from a header in row 1."""
    at = None if row is None else int(row) + 2
    return Finding("error", "units to be allocated", rule, remedy, row=at, field=field, value=value, n_rows=n_rows)


def _stop(faults: list[Finding]) -> None:
    raise DataError("the units cannot be allocated", Findings.of(faults))
