"""Long item tables as arrays: which participant-visit and which item each row belongs to, and its value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coxa.instruments.definition import Instrument
from coxa.instruments.formulas import Floats


@dataclass(frozen=True, slots=True)
class Rows:
    """The n rows of an item table, coded against an instrument.

    visit       : (n,) number of the row's participant-visit, -1 where a key is missing
    participant : (n,) number of the row's participant (all keys but the last), -1 where a key is missing
    item        : (n,) number of the row's item in the instrument, -1 where unknown
    value       : (n,) the answer, NaN where unanswered or not a number
    not_numeric : (n,) True where the answer is given and is not a number
    keys        : one row for each participant-visit, in order of first appearance
    """

    visit: NDArray[np.intp]
    participant: NDArray[np.intp]
    item: NDArray[np.int32]
    value: Floats
    not_numeric: NDArray[np.bool_]
    keys: pd.DataFrame


def code_rows(items: pd.DataFrame, instrument: Instrument, keys: Sequence[str]) -> Rows:
    """Code the rows of `items` (columns: the keys, item, value) against an instrument."""
    visit, first = _number(items, keys)
    named = items[list(keys)].iloc[first].reset_index(drop=True)
    participant, _ = _number(named, keys[:-1] or keys)
    item, names = pd.factorize(items["item"])
    number = np.append(pd.Index(instrument.items).get_indexer(pd.Index(names)), -1)
    value = pd.to_numeric(items["value"], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return Rows(
        visit=visit,
        participant=np.append(participant, -1)[visit],
        item=number.astype(np.int32)[item],
        value=value,
        not_numeric=np.isnan(value) & items["value"].notna().to_numpy(),
        keys=named,
    )


def _number(frame: pd.DataFrame, keys: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows' numbers by key, in order of first appearance, and the first row of each number."""
    number = np.zeros(len(frame), dtype=np.intp)
    missing = np.zeros(len(frame), dtype=bool)
    for key in keys:
        code, levels = pd.factorize(frame[key])
        missing |= code < 0
        number, _ = pd.factorize(number * (len(levels) + 1) + code + 1)
    if missing.any():
        number[~missing], _ = pd.factorize(number[~missing])
        number[missing] = -1
    first = np.zeros(number.max(initial=-1) + 1, dtype=np.intp)
    known = np.flatnonzero(number >= 0)[::-1]
    first[number[known]] = known
    return number, first


def answer_matrix(rows: Rows, n_items: int) -> Floats:
    """Return the (participant-visits, items) answers, NaN where unanswered."""
    answers = np.full((len(rows.keys), n_items), np.nan)
    answers[rows.visit, rows.item] = rows.value
    return answers


def listed_matrix(rows: Rows, n_items: int) -> NDArray[np.bool_]:
    """Return (participant-visits, items): True where the visit has a row for an item its participant uses.

    A participant uses the items that he or she answered at one visit at least; empty places of a form that
    were never filled in are not listed.
    """
    used = np.zeros((rows.participant.max(initial=-1) + 1, n_items), dtype=bool)
    answered = np.isfinite(rows.value)
    used[rows.participant[answered], rows.item[answered]] = True
    listed = np.zeros((len(rows.keys), n_items), dtype=bool)
    listed[rows.visit, rows.item] = used[rows.participant, rows.item]
    return listed
