"""What to do about text that should have been a number or a date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from coxa.cohort.mapping.codes import code_texts, readings
from coxa.cohort.number_text import DECIMALS, MARKED, THOUSANDS, UNKNOWN, Marks, number_texts

ISO = "%Y-%m-%d"
DATE_FORMATS = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%d.%m.%y", "%Y%m%d")
"""Formats that are proposed where all the text that is not a date agrees with them."""

MARKED_NUMBER = rf"[+-]?\d(?:\d|{MARKED})*"
LOOKED_AT = 1000
SHOWN = 3


def reading_fault(texts: pd.Series, mark: str, marks: Marks) -> tuple[str, str]:
    """Return rule and remedy for numbers that are one with `mark` as decimal mark and another with it for thousands."""
    text, name = str(texts.iloc[0]), DECIMALS[mark]
    whole, decimal = text.replace(mark, ""), text.replace(mark, ".")
    readings = f"{text} is {whole} if the {name} marks thousands, {decimal} if it marks decimals"
    if marks.decimal in (None, mark):
        return (
            f"A number can be read in two ways: {readings}",
            f'Write `thousands: "{mark}"` or `decimal: "{mark}"` in its table',
        )
    rule = f"A number has a {name} where the decimal mark is a {DECIMALS[marks.decimal]}: {readings}"
    return rule, f'Write `thousands: "{mark}"` in its table for the first, or correct the values for the second'


def number_remedy(bad: pd.Series, marks: Marks = UNKNOWN, key: str = "value") -> str:
    """Return what to do about text in a number; only words are proposed as codes for missing.

    `key` is under which the plan maps codes of the column.
    """
    codes = list(dict.fromkeys(code_texts(bad.head(LOOKED_AT)).dropna()))
    words = [code for code in codes if not any(sign.isdigit() for sign in code)]
    if words:
        shown = ", ".join(f'"{word}"' for word in words[:SHOWN])
        labels = (
            f'; if these are labels of answers, write their numbers under `values: {{{key}: {{"{words[0]}": ...}}}}`'
        )
        return f"Correct it. If it means missing, write `missing: [{shown}]`" + (
            f"{labels}." if len(words) > 1 else "."
        )
    if pd.Series(codes, dtype="str").str.fullmatch(MARKED_NUMBER).all():
        named = _thousands(pd.Series(codes, dtype="str"), marks)
        return named or "Write it without a thousands mark, or name the `decimal` mark of the file."
    return "Correct it at the source: a number and nothing else."


def _thousands(texts: pd.Series, marks: Marks) -> str | None:
    """Return the remedy that names the thousands mark with which all of some texts are numbers, or None."""
    for mark in THOUSANDS:
        read = number_texts(texts, replace(marks, thousands=mark))
        if mark != marks.decimal and pd.to_numeric(read, errors="coerce").notna().all():
            return f'Write `thousands: "{mark}"` in its table if that marks thousands, or correct it'
    return None


def date_remedy(bad: pd.Series, expected: Sequence[str], *, others_read: bool = False) -> str:
    """Return what to do about text that is not a date, with the format that it agrees with.

    Where the other dates of the column can be read, the formats that are proposed read them as well.
    """
    read_as = f"Dates of the column are read as {' or '.join(expected) or 'year-month-day (2026-03-31)'}"
    texts = pd.Series(code_texts(bad.head(LOOKED_AT)).dropna().unique(), dtype="str").str.strip()
    if len(texts) and not texts.str.contains(r"\d").any():
        shown = ", ".join(f'"{word}"' for word in texts[:SHOWN])
        return f"Correct it, or write `missing: [{shown}]` under `data` or in its table if there is no date yet."
    fitting = [
        shape
        for shape in ((ISO, *DATE_FORMATS) if expected else DATE_FORMATS)
        if len(texts) and all(readings(text, [shape]) for text in texts)
    ]
    if not fitting and expected:
        return f"{read_as}. Correct it, or add its format to `date_format`."
    if not fitting:
        several = f'all formats of the column, such as `date_format: ["{ISO}", "%d/%m/%Y"]`'
        named = several if others_read else "the `date_format` of the file, such as %d/%m/%Y"
        return f"{read_as}. Correct it, or name {named}."
    if expected:
        more = ", ".join(f'"{shape}"' for shape in (*expected, fitting[0]))
        return f"{read_as}. Correct it, or add the format: `date_format: [{more}]`."
    formats = [f'["{ISO}", "{shape}"]' if others_read else f'"{shape}"' for shape in fitting[:2]]
    named = " or ".join(f"`date_format: {shape}`" for shape in formats)
    return f"{read_as}. Write {named} in its table{', whichever is meant' if len(fitting) > 1 else ''}."


def two_readings(text: str, date_formats: Sequence[str]) -> str:
    """Return what a date with two readings could be, and what to do about it."""
    meant = [f"{day.day} {day:%B %Y} under {shape}" for shape, day in readings(text, date_formats).items()]
    return (
        f"{text} is {' and '.join(meant[:2])}. Correct it under `corrections`, or name only the format that is meant."
    )
