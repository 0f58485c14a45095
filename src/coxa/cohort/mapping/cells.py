"""One column of a file as one field of a table: empty, declared missing, corrected, usable, or a problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coxa.cohort.dictionary import Field
from coxa.cohort.mapping.answers import Answers
from coxa.cohort.mapping.codes import Mask, code_texts, empty_cells, parse_days, parse_numbers, parse_truth, readings
from coxa.cohort.mapping.missing import coded
from coxa.cohort.mapping.problem import Problem
from coxa.cohort.mapping.typed_cells import PercentReading, checked_types
from coxa.cohort.mapping.unreadable import date_remedy, number_remedy, reading_fault, two_readings
from coxa.cohort.mapping.words import Words, known_words, unmapped
from coxa.cohort.number_text import DECIMALS, UNKNOWN, Marks, texts_of, two_ways
from coxa.study.source import code_text

CODES_NAMED = 20
"""So many unknown codes of a column are each a problem of their own; the rest are one."""


@dataclass(frozen=True, slots=True)
class Correction:
    """Cells of a column that the plan corrects: their rows, the right value in coxa's words, and why."""

    rows: NDArray[np.intp]
    to: object
    because: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file with what the file and the plan say about its cells.

    labels    : code as text -> value label of the file
    missing   : codes that mean missing
    declared  : reason per row why a value there is no measurement; "" where nothing was declared
    percent   : how the plan reads numbers that are shown as percentages
    exact     : largest whole number that the column keeps digit by digit, where it holds fractions as well
    corrected : what the plan corrects
    answers   : what the answers of the outcome in the column are as numbers
    """

    name: str
    values: pd.Series
    labels: Mapping[str, str] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    declared: pd.Series | None = None
    marks: Marks = UNKNOWN
    date_format: tuple[str, ...] | None = None
    percent: PercentReading | None = None
    exact: float | None = None
    corrected: tuple[Correction, ...] = ()
    answers: Answers | None = None


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

    @property
    def unexplained(self) -> Mask:
        """Cells without a value that no problem speaks of: empty, declared missing, or set missing."""
        told = np.zeros(len(self.empty), dtype=bool)
        for problem in self.problems:
            told[problem.rows] = True
        return self.values.isna().to_numpy(dtype=bool) & ~told


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
    values = column.values if open_cells.all() else column.values.where(open_cells)
    if column.answers is not None:
        values = column.answers.as_numbers(values)
    usable, unusable = checked_types(values, wanted, column.percent, column.exact)
    converted, problems = _by_type(column, usable, wanted, words)
    problems = (*unusable, *problems)
    for problem in problems:
        reason[problem.rows] = problem.reason
    cells = Cells(converted, empty, reason, problems)
    for correction in column.corrected:
        cells = _correct(cells, correction, wanted, column.answers)
    return cells


def constant(value: object, wanted: Field, index: pd.Index) -> Cells:
    """Return a field that has the same value in every row."""
    return convert(Column(wanted.name, pd.Series([value] * len(index), index=index)), wanted)


def _correct(cells: Cells, correction: Correction, wanted: Field, answers: Answers | None) -> Cells:
    """Return the cells with the right value in the corrected rows, and without the problems they had."""
    rows = np.zeros(len(cells.empty), dtype=bool)
    rows[correction.rows] = True
    kept = tuple(replace(problem, rows=np.setdiff1d(problem.rows, correction.rows)) for problem in cells.problems)
    problems = tuple(problem for problem in kept if len(problem.rows))
    if correction.to is None:
        told = np.where(rows & ~cells.empty, f"set missing: {correction.because}", cells.reason)
        return Cells(cells.values.mask(rows), cells.empty, told, problems)
    right = convert(Column(wanted.name, pd.Series([correction.to]), answers=answers), wanted)
    if right.problems or right.values.isna().any():
        rule = f"`to` of a correction is no possible value of {wanted.name}"
        remedy = right.problems[0].remedy if right.problems else "Write the value, or null where it is missing."
        unusable = Problem(correction.rows, f"{rule}: {correction.to}", remedy, "unusable correction")
        told = np.where(rows, unusable.reason, cells.reason)
        return Cells(cells.values.mask(rows), cells.empty & ~rows, told, (*problems, unusable))
    return Cells(
        cells.values.mask(rows, right.values.iloc[0]), cells.empty & ~rows, np.where(rows, "", cells.reason), problems
    )


def _mark_declared(column: Column, empty: Mask, reason: NDArray[np.object_]) -> None:
    """Write into `reason` why cells are declared missing: first by the plan's conditions, then by code."""
    if column.declared is not None:
        told = (column.declared != "").to_numpy(dtype=bool) & ~empty
        reason[told] = column.declared.to_numpy(dtype=object)[told]
    if not column.missing:
        return
    hit = coded(column.values, column.missing, column.marks) & ~empty & (reason == "")
    if hit.any():
        texts = code_texts(column.values[hit]).to_numpy(dtype=object)
        reason[hit] = [f"declared missing ({text})" for text in texts]


def _by_type(
    column: Column, values: pd.Series, wanted: Field, words: Words | None
) -> tuple[pd.Series, tuple[Problem, ...]]:
    if wanted.type == "category" or wanted.name in ("instrument", "item"):
        return _category(column, values, wanted, words)
    if words:
        values = _translate(column, values, words)
    if wanted.type in ("integer", "number"):
        return _numbers(column, values, wanted)
    if wanted.type == "date":
        days, bad = parse_days(values, column.date_format)
        problems = _not_dates(values, bad, column.date_format or (), others_read=bool(days.notna().any()))
        return days, tuple(p for p in problems if len(p.rows))
    if wanted.type == "boolean":
        truth, bad = parse_truth(values)
        remedy = "Write 1 or 0, yes or no, true or false, or map its codes under `values` in the plan."
        problems = [_problem(bad, "the value is neither yes nor no", remedy, "neither yes nor no")]
        return truth, tuple(p for p in problems if len(p.rows))
    return code_texts(values), ()


def _not_dates(values: pd.Series, bad: Mask, date_formats: tuple[str, ...], *, others_read: bool) -> list[Problem]:
    """Return the cells that are no date: words, those with two readings under the formats of the plan, and others."""
    double, worded = bad.copy(), bad.copy()
    double[bad] = [len(readings(str(text).strip(), date_formats)) > 1 for text in values[bad]]
    worded[bad] = [not any(map(str.isdigit, str(text))) for text in values[bad]]
    problems = [
        _problem(
            part,
            "the value is not a date",
            date_remedy(values[part], date_formats, others_read=others_read),
            "not a date",
        )
        for part in (worded, bad & ~double & ~worded)
        if part.any()
    ]
    if double.any():
        meant = two_readings(str(values[double].iloc[0]).strip(), date_formats)
        rule = "the date has two readings under the `date_format` of the plan"
        problems.append(_problem(double, rule, meant, "a date with two readings"))
    return problems


def _numbers(column: Column, values: pd.Series, wanted: Field) -> tuple[pd.Series, tuple[Problem, ...]]:
    numbers, bad = parse_numbers(values, column.marks.decimal, column.marks.thousands)
    problems = _not_numbers(column, values, bad) if bad.any() else []
    if wanted.type == "integer":
        broken = np.isfinite(numbers) & (numbers != np.round(numbers))
        numbers = np.where(broken, np.nan, numbers)
        problems.append(_problem(broken, "the value is not a whole number", "Correct the value.", "not a whole number"))
    return pd.Series(numbers, index=values.index), tuple(p for p in problems if len(p.rows))


def _not_numbers(column: Column, values: pd.Series, bad: Mask) -> list[Problem]:
    """Return the cells that are no number: those that can be read in two ways, words, and the others."""
    answers = column.answers
    if answers is not None and answers.rule:
        words = list(dict.fromkeys(code_texts(values[bad])))
        return [_problem(bad, answers.rule, answers.remedy(words), "no answer of the outcome")]
    key = answers.outcome if answers else "value"
    worded = np.zeros(len(bad), dtype=bool)
    worded[bad] = ~code_texts(values[bad]).str.contains(r"\d").to_numpy(dtype=bool)
    problems = []
    texts = texts_of(values.where(bad))
    for mark in DECIMALS:
        part = two_ways(texts, mark)
        if part.any():
            problems.append(_problem(part, *reading_fault(texts[part], mark, column.marks), "two readings"))
            bad = bad & ~part
    return problems + [
        _problem(
            part,
            "the value is not a number",
            number_remedy(values[part], column.marks, key),
            "not a number",
        )
        for part in (worded, bad & ~worded)
        if part.any()
    ]


def _problem(bad: Mask, rule: str, remedy: str, reason: str) -> Problem:
    return Problem(np.flatnonzero(bad), rule, remedy, reason)


def _translate(column: Column, values: pd.Series, words: Words) -> pd.Series:
    """Replace codes that the plan maps, leave the others as they are."""
    known = {code_text(code): code_text(word) for code, word in words.items()}
    texts = code_texts(values)
    by_label = {code: known[label] for code, label in column.labels.items() if label in known}
    translated = texts.map(by_label | known).astype("str")
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
        _problem((texts == code).fillna(False).to_numpy(dtype=bool) & bad,
                 *unmapped(wanted, str(code), words, column.labels))
        for code in codes[:CODES_NAMED]
    ]  # fmt: skip
    if len(codes) > CODES_NAMED:
        others = texts.isin(codes[CODES_NAMED:]).to_numpy(dtype=bool) & bad
        rule, remedy, _ = unmapped(wanted, str(codes[CODES_NAMED]), words, column.labels)
        problems.append(_problem(others, rule, remedy, f"unmapped {wanted.name}"))
    return mapped, tuple(problems)
