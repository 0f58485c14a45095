"""One column of a file as one field of a table: empty, declared missing, usable, or a problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coxa.cohort.dictionary import Field
from coxa.cohort.mapping.codes import Mask, code_texts, empty_cells, parse_days, parse_numbers, parse_truth
from coxa.errors import nearest
from coxa.study.source import Code, code_text

Words = Mapping[Code, Code]
"""The plan's map of the file's codes to words."""


CODES_NAMED = 20
"""So many unknown codes of a column are each a problem of their own; the rest are one."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file with what the file and the plan say about its cells.

    labels   : code as text -> value label of the file
    missing  : codes that mean missing
    declared : reason per row why a value there is no measurement; None where nothing was declared
    """

    name: str
    values: pd.Series
    labels: Mapping[str, str] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    declared: pd.Series | None = None
    decimal: str | None = None
    date_format: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Cells that cannot be used: which rows, the rule they break and the remedy."""

    rows: NDArray[np.intp]
    rule: str
    remedy: str
    reason: str


@dataclass(frozen=True, slots=True)
class Cells:
    """A converted column.

    values   : in the field's type, missing where empty or not usable
    empty    : (rows,) nothing in the cell
    reason   : (rows,) why a cell that is not empty is not used; "" for the others
    problems : cells that break a rule; a declared missing value is not one of them
    """

    values: pd.Series
    empty: Mask
    reason: NDArray[np.object_]
    problems: tuple[Problem, ...] = ()


def convert(column: Column, wanted: Field, words: Words | None = None) -> Cells:
    """Convert a column of a file to a field.

    Parameters
    ----------
    column
        The file's column.
    wanted
        The field; its type decides how text is read, its levels what a category can be.
    words
        The plan's map of codes to words for this field, where it has one.
    """
    empty = empty_cells(column.values)
    reason = np.full(len(empty), "", dtype=object)
    _mark_declared(column, empty, reason)
    open_cells = ~empty & (reason == "")
    values = column.values.where(open_cells)
    converted, problems = _by_type(column, values, wanted, words)
    for problem in problems:
        reason[problem.rows] = problem.reason
    return Cells(converted, empty, reason, problems)


def constant(value: object, wanted: Field, index: pd.Index) -> Cells:
    """Return a field that has the same value in every row."""
    return convert(Column(wanted.name, pd.Series([value] * len(index), index=index)), wanted)


def _mark_declared(column: Column, empty: Mask, reason: NDArray[np.object_]) -> None:
    """Write into `reason` why cells are declared missing: first by the plan's conditions, then by code."""
    if column.declared is not None:
        told = (column.declared != "").to_numpy(dtype=bool) & ~empty
        reason[told] = "declared missing: " + column.declared.to_numpy(dtype=object)[told]
    if not column.missing:
        return
    numbers = [float(code) for code in column.missing if _is_number(code)]
    if pd.api.types.is_numeric_dtype(column.values.dtype):
        coded = column.values.isin(numbers).fillna(False).to_numpy(dtype=bool)
    else:
        coded = code_texts(column.values).isin(list(column.missing)).to_numpy(dtype=bool)
        parsed, _ = parse_numbers(column.values, column.decimal)
        coded = coded | np.isin(parsed, numbers)
    coded = coded & ~empty & (reason == "")
    if coded.any():
        texts = code_texts(column.values[coded]).to_numpy(dtype=object)
        reason[coded] = [f"declared missing ({text})" for text in texts]


def _is_number(code: str) -> bool:
    try:
        float(code)
    except ValueError:
        return False
    return True


def _by_type(
    column: Column, values: pd.Series, wanted: Field, words: Words | None
) -> tuple[pd.Series, tuple[Problem, ...]]:
    if wanted.type == "category" or wanted.name in ("instrument", "item"):
        return _category(column, values, wanted, words)
    if words:
        values = _translate(column, values, words)
    if wanted.type in ("integer", "number"):
        numbers, bad = parse_numbers(values, column.decimal)
        problems = [
            _problem(bad, "a number is expected, and this is text", _number_remedy(values[bad]), "not a number")
        ]
        if wanted.type == "integer":
            broken = np.isfinite(numbers) & (numbers != np.round(numbers))
            numbers = np.where(broken, np.nan, numbers)
            problems.append(_problem(broken, "a whole number is expected", "correct the value", "not a whole number"))
        return pd.Series(numbers, index=values.index), tuple(p for p in problems if len(p.rows))
    if wanted.type == "date":
        days, bad = parse_days(values, column.date_format)
        expected = column.date_format or "year-month-day (2026-03-31)"
        remedy = f"it is read as {expected}; correct it, or name the `date_format` of the file, such as %d/%m/%Y"
        problems = [_problem(bad, "a date is expected", remedy, "not a date")]
        return days, tuple(p for p in problems if len(p.rows))
    if wanted.type == "boolean":
        truth, bad = parse_truth(values)
        remedy = "write 1 or 0, yes or no, true or false, or map its codes under `values` in the plan"
        problems = [_problem(bad, "yes or no is expected", remedy, "neither yes nor no")]
        return truth, tuple(p for p in problems if len(p.rows))
    return code_texts(values), ()


def _number_remedy(bad: pd.Series) -> str:
    codes = list(dict.fromkeys(code_texts(bad.head(1000)).dropna()))[:3]
    shown = ", ".join(f'"{code}"' for code in codes)
    return f"correct it; if it means missing write `missing: [{shown}]`; if it has another decimal mark name `decimal`"


def _problem(bad: Mask, rule: str, remedy: str, reason: str) -> Problem:
    return Problem(np.flatnonzero(bad), rule, remedy, reason)


def _translate(column: Column, values: pd.Series, words: Words) -> pd.Series:
    """Replace codes that the plan maps, leave the others as they are."""
    known = {code_text(code): code_text(word) for code, word in words.items()}
    texts = code_texts(values)
    mapped = texts.map(known)
    labelled = texts.map({code: known[label] for code, label in column.labels.items() if label in known})
    translated = mapped.fillna(labelled)
    return values if translated.isna().all() else translated.fillna(texts)


def _category(
    column: Column, values: pd.Series, wanted: Field, words: Words | None
) -> tuple[pd.Series, tuple[Problem, ...]]:
    texts = code_texts(values)
    known = known_words(column.labels, wanted, words)
    if known is None:
        return texts.str.lower(), ()
    mapped = texts.map(known).astype("str")
    bad = (texts.notna() & mapped.isna()).to_numpy(dtype=bool)
    levels = set(wanted.levels)
    outside = mapped.notna() & ~mapped.isin(levels) if levels else pd.Series(False, index=mapped.index)
    mapped = mapped.mask(outside)
    bad = bad | outside.to_numpy(dtype=bool)
    codes = texts[bad].unique()
    problems = [
        _problem((texts == code).fillna(False).to_numpy(dtype=bool) & bad, *_unmapped(wanted, str(code), words))
        for code in codes[:CODES_NAMED]
    ]
    if len(codes) > CODES_NAMED:
        others = texts.isin(codes[CODES_NAMED:]).to_numpy(dtype=bool) & bad
        rule, remedy, _ = _unmapped(wanted, str(codes[CODES_NAMED]), words)
        problems.append(_problem(others, rule, remedy, f"unmapped {wanted.name}"))
    return mapped, tuple(problems)


def known_words(labels: Mapping[str, str], wanted: Field, words: Words | None) -> dict[str, str] | None:
    """Return code as text -> word: by the plan's map, else by level or label; None where anything is allowed."""
    if words:
        known = {code_text(code): code_text(word) for code, word in words.items()}
    elif wanted.levels:
        known = {label: level for level, label in wanted.levels.items()} | {level: level for level in wanted.levels}
    else:
        return None
    return {code: known[label] for code, label in labels.items() if label in known} | known


def _unmapped(wanted: Field, code: str, words: Words | None) -> tuple[str, str, str]:
    """Return rule, remedy and reason for a code that stands for nothing."""
    name = wanted.name
    what = "code" if words else "word"
    allowed = [code_text(key) for key in words] if words else list(wanted.levels)
    shown = ", ".join(allowed[:12]) + (", ..." if len(allowed) > 12 else "")
    hint = nearest(code, allowed)
    also = f"; did you mean {hint}?" if hint else "."
    rule = f"every {what} of {name} is known"
    if words and code in allowed:
        word = next(code_text(word) for key, word in words.items() if code_text(key) == code)
        remedy = f"the plan maps {code} to {word}, which is not a level; levels: {', '.join(wanted.levels)}"
        return rule, remedy, f"unmapped {name} ({code})"
    target = next(iter(wanted.levels), "word")
    remedy = f'known: {shown}{also} Or map it under `values: {{{name}: {{"{code}": {target}}}}}`'
    return rule, remedy, f"unmapped {name} ({code})"
