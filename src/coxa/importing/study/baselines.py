"""Columns of a file with a row per visit that repeat the baseline, or are computed from other columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coxa.cohort.mapping.codes import code_texts, parse_numbers
from coxa.importing.draft import Draft
from coxa.importing.study.questions import ask, slug
from coxa.importing.study.scores import Score
from coxa.importing.study.tables import StudyTable
from coxa.importing.words import head_key

BASELINE_WORDS = ("base", "bl", "baseline", "basval", "basis", "b", "pre")
CHANGE_WORDS = frozenset({"change", "chg", "diff", "difference", "delta", "veraenderung", "differenz", "improvement"})

SAME = 0.99
"""So large a share of the rows has to agree for a column to be computed from others."""

Numbers = NDArray[np.float64]


def find_baselines(
    draft: Draft, table: StudyTable, scores: Sequence[Score], visit: str | None, baseline: Sequence[str]
) -> dict[str, str]:
    """Return outcome -> column that repeats its baseline on every row, where no row is of the baseline.

    Parameters
    ----------
    draft
        Takes readings and questions.
    table, scores
        A table with a row for each visit, and its outcomes.
    visit, baseline
        Its column of visits, and the values of it that are the baseline.
    """
    numbers = {score.name: numbers_of(table, score.columns[0][0]) for score in scores}
    named = [name for name in table.columns if draft.free(table.profiles[name]) and _is_baseline(table, name)]
    found: dict[str, str] = {}
    for name in named:
        outcome = _proven(table, name, numbers, visit, baseline) or _asked(draft, table, name, list(numbers), baseline)
        if outcome is None:
            continue
        profile = table.profiles[name]
        if baseline:
            draft.is_role(profile, "", f"It repeats the baseline of {outcome}, which has rows of its own.", "unused")
        elif outcome not in found:
            found[outcome] = name
            draft.is_role(profile, f"baseline of outcomes.{outcome}", "It is the same on all rows of a participant.")
    return found


def numbers_of(table: StudyTable, column: str) -> Numbers:
    """Return a column as numbers, not-a-number where there is none."""
    series = table.file.frame[column]
    if pd.api.types.is_numeric_dtype(series.dtype):
        return np.asarray(series.to_numpy(dtype=float, na_value=np.nan))
    return np.asarray(parse_numbers(series, table.file.decimal)[0])


def _is_baseline(table: StudyTable, name: str) -> bool:
    """Say whether a column of numbers, one per participant, is called like a baseline."""
    words = head_key(name).split()
    called = any(word in BASELINE_WORDS or word.startswith("base") for word in words)
    return called and table.profiles[name].kind == "number" and table.constant(name)


def _proven(
    table: StudyTable, name: str, numbers: dict[str, Numbers], visit: str | None, baseline: Sequence[str]
) -> str | None:
    """Return the outcome whose value at the baseline it is, or whose change some column is."""
    own = numbers_of(table, name)
    if visit is not None and baseline:
        rows = code_texts(table.file.frame[visit]).isin(list(baseline)).to_numpy(dtype=bool)
        equal = [each for each, values in numbers.items() if _same(own[rows], values[rows])]
        return equal[0] if len(equal) == 1 else None
    changes = [other for other in table.columns if table.profiles[other].kind == "number"]
    proven = {each for each, values in numbers.items() for c in changes if _same(numbers_of(table, c), values - own)}
    return proven.pop() if len(proven) == 1 else None


def _same(one: Numbers, other: Numbers) -> bool:
    both = ~np.isnan(one) & ~np.isnan(other)
    if both.sum() < 3 or not np.any(one[both]):
        return False
    return bool(np.mean(np.abs(one[both] - other[both]) < 1e-6) >= SAME)


def _asked(draft: Draft, table: StudyTable, name: str, outcomes: Sequence[str], baseline: Sequence[str]) -> str | None:
    if baseline:
        return None
    text = f"Of which outcome is {name} the baseline?"
    offered = [(each, "") for each in outcomes] + [("unused", "of none")]
    why = "It is one number for each participant, and no rows are of the baseline."
    answer = ask(draft, f"baseline.{slug(name)}", text, why, offered, [name], needed=False)
    if answer is None or answer == "unused":
        draft.is_role(table.profiles[name], "", why, "unused" if answer else "asked")
        return None
    return answer


def computed_columns(draft: Draft, table: StudyTable) -> None:
    """Say of columns that are the difference of two others on all rows that they are not needed.

    They are those that are called so, such as `change` or `diff_pain`, in tables of any shape.
    """
    called = [name for name in table.columns if set(head_key(name).split()) & CHANGE_WORDS and _is_number(table, name)]
    if not called:
        return
    others = {name: numbers_of(table, name) for name in table.columns if _is_number(table, name) and name != table.key}
    for name in called:
        pair = _difference(name, others)
        if pair:
            draft.is_role(table.profiles[name], "", f"It is {pair[0]} less {pair[1]} on all rows.", "unused")


def _is_number(table: StudyTable, name: str) -> bool:
    return table.profiles[name].kind == "number"


def _difference(name: str, numbers: dict[str, Numbers]) -> tuple[str, str] | None:
    """Return the columns whose difference a column is."""
    names = [other for other in numbers if other != name]
    for one in names:
        for other in names:
            if one != other and _same(numbers[name], numbers[one] - numbers[other]):
                return one, other
    return None
