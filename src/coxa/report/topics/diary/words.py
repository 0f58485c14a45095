"""What columns of the diary are called in tables, with their units."""

from __future__ import annotations

from coxa.cohort.dictionary import load_table
from coxa.sentences import mid_sentence
from coxa.study.diary import YESTERDAY
from coxa.study.parts import readable
from coxa.tables.formats import number


def column_label(column: str) -> str:
    """Return the name of a column with its unit, or its scale, where the name does not say it.

    Examples
    --------
    >>> column_label("sleep_hours"), column_label("protein"), column_label("pain")
    ('Sleep hours', 'Protein (g)', 'Pain (0 to 10)')
    """
    unit, said = unit_of(column), readable(column)
    if unit in ("", "sets", "steps") or column.endswith(("_hours", "_minutes")):
        return said
    limits = load_table("daily_diary").fields[column].hard
    return f"{said} ({range_words(*limits, '') if unit == 'points' and limits else unit})"


def unit_of(column: str) -> str:
    """Return the unit of a column, in short."""
    return load_table("daily_diary").fields[column].unit or ""


def effect_label(column: str, per: float) -> str:
    """Return what an effect is of, and per how much.

    Examples
    --------
    >>> effect_label("training_load_yesterday", 100)
    'Training load the day before, per 100 AU'
    >>> effect_label("sleep_hours", 1)
    'Sleep hours, per 1 h'
    """
    bare = column.removesuffix(f"_{YESTERDAY}")
    unit = unit_of(bare)
    size = number(per, 0 if per == round(per) else 2)
    unit = unit.removesuffix("s") if per == 1 else unit
    return f"{readable(bare)}{' the day before' if bare != column else ''}, per {size} {unit}".rstrip()


def range_words(low: float, high: float, unit: str) -> str:
    """Return a range in words.

    Examples
    --------
    >>> range_words(7, 9, "h")
    '7 to 9 h'
    """
    ends = (number(end, 0 if end == round(end) else 1) for end in (low, high))
    return f"{' to '.join(ends)} {unit}".rstrip()


def in_sentence_case(column: str) -> str:
    """Return the name of a column as it is called within a sentence."""
    return mid_sentence(readable(column))
