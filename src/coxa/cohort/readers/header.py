"""The names of the columns: in the first row, in the rows that the plan names, or in those that look like a header."""

from __future__ import annotations

import re
from collections.abc import Sequence

from coxa.cohort.readers.raw import FileFault, HeaderFault

Row = Sequence[object]

LOOKED_AT = 30
"""So many rows from the top are looked at for a header."""

SHOWN = 3

NUMBER_OR_DATE = re.compile(r"[\d\s.,:/%+-]*\d[\d\s.,:/%+-]*")


def header_names(rows: Sequence[Row], numbers: Sequence[int], reach: Sequence[bool] = ()) -> list[str]:
    """Return the names of the columns from the rows with these numbers, counted from 1, as `joined_names` joins them.

    Raises
    ------
    FileFault
        There is no such row.
    """
    if numbers[-1] > len(rows):
        rule = f"The file has no row {numbers[-1]} to take column names from"
        raise FileFault(rule, f"Correct `header_row`; there are {len(rows)} rows.")
    return joined_names(rows, numbers, reach)


def better_header(fault: HeaderFault, rows: Sequence[Row], reach: Sequence[bool] = ()) -> HeaderFault:
    """Return the fault of a first row that is no header, with the rows that look like one where there are any.

    Parameters
    ----------
    fault
        What is wrong with the first row.
    rows
        The rows from the top of the file, all equally long.
    reach
        As for `joined_names`.
    """
    likely = likely_header(rows, reach)
    return fault if likely is None else _proposal(fault, rows, likely, joined_names(rows, likely, reach))


def joined_names(rows: Sequence[Row], numbers: Sequence[int], reach: Sequence[bool] = ()) -> list[str]:
    """Return one name per column from the header rows; the name of a group reaches to the right until the next.

    A group without a name below it is a column by itself, and does not reach further. `reach` is False for the rows in
    which an empty cell has no group, as in a row with merged cells, and True where not given.

    Examples
    --------
    >>> joined_names([["Id", "Start", None], [None, "NPRS", "LEFS"]], [1, 2])
    ['Id', 'Start NPRS', 'Start LEFS']
    """
    return [" ".join(parts) for parts in name_parts(rows, numbers, reach)]


def name_parts(rows: Sequence[Row], numbers: Sequence[int], reach: Sequence[bool] = ()) -> list[tuple[str, ...]]:
    """Return per column the names that `joined_names` joins, from the uppermost row down."""
    *upper, last = [[_word(cell) for cell in rows[number - 1]] for number in numbers]
    groups = [
        _reaching(words, last) if number > len(reach) or reach[number - 1] else words
        for number, words in zip(numbers, upper, strict=False)
    ]
    return [tuple(dict.fromkeys(filter(None, words))) for words in zip(*groups, last, strict=True)]


def parts_of_names(
    rows: Sequence[Row], numbers: Sequence[int], reach: Sequence[bool] = ()
) -> dict[str, tuple[str, ...]]:
    """Return column -> its names in the rows of the header, where the header has several rows."""
    if len(numbers) == 1:
        return {}
    return {" ".join(parts).strip(): parts for parts in name_parts(rows, numbers, reach)}


def header_detail(wanted: tuple[int, ...] | None) -> dict[str, str]:
    """Return what is recorded of a file whose header the plan names."""
    return {"header_row": ", ".join(map(str, wanted))} if wanted else {}


def likely_header(rows: Sequence[Row], reach: Sequence[bool] = ()) -> tuple[int, ...] | None:
    """Return the row below the first, or the two rows, that name every column that has something below them.

    Examples
    --------
    >>> likely_header([["Export of June", None, None], ["Id", "Arm", "NPRS"], [1, "a", 4]])
    (2,)
    """
    looked_at = rows[:LOOKED_AT]
    for number in range(2, len(looked_at)):
        below = [k for k, cells in enumerate(zip(*looked_at[number:], strict=True)) if any(map(_word, cells))]
        if not below or not _all_words(rows[number - 1]):
            continue
        alone = _names_all(joined_names(rows, (number,)), below)
        if alone and 2 * _distinct(rows[0]) < len(below):
            return (number,)
        pair = (number - 1, number)
        grouped = not alone or (number - 2 < len(reach) and not reach[number - 2])
        if grouped and _distinct(rows[number - 2]) > 1 and _names_all(joined_names(rows, pair, reach), below):
            return pair
    return None


def _names_all(names: Sequence[str], columns: Sequence[int]) -> bool:
    """Say whether each of the columns has a name of its own."""
    named = [names[k] for k in columns]
    return all(named) and len(set(named)) == len(named)


def _reaching(words: Sequence[str], below: Sequence[str]) -> list[str]:
    reaching, group = [], ""
    for word, name in zip(words, below, strict=True):
        group = word or group
        reaching.append(group)
        if word and not name:
            group = ""
    return reaching


def _word(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def _distinct(row: Row) -> int:
    return len({_word(cell) for cell in row} - {""})


def _all_words(row: Row) -> bool:
    return all(isinstance(cell, str) and not NUMBER_OR_DATE.fullmatch(cell) for cell in row if _word(cell))


def _proposal(fault: FileFault, rows: Sequence[Row], likely: tuple[int, ...], names: Sequence[str]) -> HeaderFault:
    """Return the fault of a first row that is no header, with the rows that look like one."""
    title = {_word(cell) for cell in rows[0]} - {""}
    value = title.pop() if len(title) == 1 else fault.value
    if len(likely) == 1:
        shown = ", ".join(filter(None, names[:SHOWN]))
        remedy = f"Row {likely[0]} looks like the header ({shown}, ...): write `header_row: {likely[0]}` in its table."
        return HeaderFault("Row 1 does not name every column", remedy, value, likely)
    last = [_word(cell) for cell in rows[likely[1] - 1]]
    again = next((word for word in last if last.count(word) > 1), None)
    shown = ", ".join(name for name, word in zip(names, last, strict=True) if again in (word, None))
    remedy = (
        f"Rows {likely[0]} and {likely[1]} look like the header: write `header_row: {list(likely)}` in its table, "
        f"which joins their names ({shown})."
    )
    return HeaderFault("Row 1 does not name every column", remedy, value, likely)
