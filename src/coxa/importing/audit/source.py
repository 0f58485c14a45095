"""How the file is read: sheet, header, dates, decimal mark, words for missing, rows that are not used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from coxa.cards import counted
from coxa.cohort.mapping.codes import code_texts
from coxa.errors import OptionError
from coxa.findings import Finding
from coxa.importing.audit.used import Column, Used
from coxa.importing.dates import TURNED, one_day
from coxa.importing.draft import Draft
from coxa.importing.files import is_server
from coxa.importing.late_dates import day_of_title
from coxa.importing.profile import ColumnProfile
from coxa.importing.proposal import Answer, Question
from coxa.importing.roles import fit, is_personal
from coxa.importing.tables import FileTable

MARKS = {"point": ".", "comma": ","}
MOST_ODD = 5
SHOWN = 3


def put_place(draft: Draft, table: FileTable, path: Sequence[str]) -> None:
    """Write where the rows are: file, sheet or table, header rows."""
    draft.put((*path, "database" if is_server(table.file) else "file"), table.file)
    if table.sheet and table.n_sheets > 1:
        draft.put((*path, "table" if table.database else "sheet"), table.sheet)
    if table.header_row:
        rows = [int(row) for row in table.header_row]
        what = f"row {rows[0]} names" if len(rows) == 1 else f"rows {rows[0]} to {rows[-1]} together name"
        title = f"; above them is: {table.title}" if table.title else ""
        draft.put((*path, "header_row"), rows if len(rows) > 1 else rows[0], f"{what} the columns{title}")


def put_formats(used: Used, path: Sequence[str]) -> None:
    """Write formats of dates, the decimal mark and how percentages are read."""
    put_dates(used.draft, used.table, [one.profile for one in used.columns.values()], path)
    numbers = [one.profile for one in used.columns.values() if one.profile.kind == "number"]
    doubtful = [one for one in numbers if one.two_ways]
    if used.table.decimal == ",":
        used.draft.put((*path, "decimal"), ",", "numbers with a comma that can be no thousands mark")
    elif doubtful:
        texts = [text for one in doubtful for text in one.two_ways][:SHOWN]
        question = Question(
            f"decimal:{used.table.place}", "What is the decimal mark?",
            f"{', '.join(texts)} can be read in two ways, and no other number decides.",
            (Answer("point", "a point: 1.234 is a little more than 1"), Answer("comma", "a comma")),
            tuple(one.column for one in doubtful),
        )  # fmt: skip
        word = used.draft.ask(question)
        if word:
            used.draft.put((*path, "decimal"), MARKS[word], "as answered")
    shares = [one for one in numbers if one.n_percent]
    if shares:
        question = Question(
            f"percent:{used.table.place}", "Are percentages read as they are shown?",
            f"{shares[0].column} has {counted(shares[0].n_percent, 'cell')} that shows a percentage.",
            (Answer("shown", "45% is 45"), Answer("stored", "45% is 0.45")), tuple(one.column for one in shares),
        )  # fmt: skip
        word = used.draft.ask(question)
        if word:
            used.draft.put((*path, "percent"), word, "as answered")


def put_dates(draft: Draft, table: FileTable, profiles: Sequence[ColumnProfile], path: Sequence[str]) -> None:
    """Write the formats of dates as text; where day and month could be either, ask."""
    dated = [one for one in profiles if one.kind == "date"]
    formats = list(dict.fromkeys(shape for one in dated for shape in one.date_formats))
    doubtful = next((one for one in dated if one.ambiguous), None)
    if doubtful:
        pairs = [pair for one in dated for pair in one.ambiguous]
        word = draft.ask(_order_question(table, doubtful))
        if word is None:
            return
        day_first = word in TURNED
        chosen = [first if day_first else second for first, second in pairs]
        formats = [shape for shape in formats if shape not in {each for pair in pairs for each in pair}]
        formats = list(dict.fromkeys([*chosen, *formats]))
    _note_both_orders(draft, table, dated, formats)
    if formats and formats != ["%Y-%m-%d"]:
        n = sum(1 for one in dated if one.date_formats or one.ambiguous)
        draft.put((*path, "date_format"), formats, f"{counted(len(formats), 'format')} in {counted(n, 'column')}")


def _note_both_orders(draft: Draft, table: FileTable, dated: Sequence[ColumnProfile], formats: Sequence[str]) -> None:
    """Note columns of which one has the day first and another the month: a plan reads a file by the same formats."""
    for first, second in TURNED.items():
        if first in formats and second in formats:
            days = [one.column for one in dated if first in one.date_formats]
            months = [one.column for one in dated if second in one.date_formats]
            rule = f"the day comes first in dates of {', '.join(days)}, and the month in dates of {', '.join(months)}"
            remedy = "Export them alike, year first if possible. One order is read in all columns of a file."
            draft.findings.append(Finding("error", table.place, rule, remedy, value=f"{first}, {second}"))


def _order_question(table: FileTable, profile: ColumnProfile) -> Question:
    first, second = profile.ambiguous[0]
    text = "A date" if is_personal(profile) else profile.ambiguous_values[0]
    return Question(
        f"date_format:{table.place}:{profile.column}", f"Which comes first in {profile.column}, the day or the month?",
        f"{text} is a day under both, and no date of the file decides.",
        (Answer(first, f"the day: {first}"), Answer(second, f"the month: {second}")), (profile.column,),
    )  # fmt: skip


def put_missing(used: Used, path: Sequence[str]) -> None:
    """Write the words and codes that mean missing, and ask of words that could."""
    words = {text for one in used.columns.values() for text in one.profile.missing}
    words |= {text for text, one in _odd_words(used) if _means_missing(used, text, one)}
    codes = {text for name, one in used.columns.items() for text in _codes(one) if _code_is_missing(used, name, text)}
    known = used.draft.plan.get("data", {}).get("missing", [])
    every = dict.fromkeys([*sorted(words, key=str.casefold), *sorted(codes), *known])
    listed: list[str | int] = [int(text) if re.fullmatch(r"-?\d+", text) else text for text in every]
    if listed:
        used.draft.put((*path, "missing"), listed, "words and codes without a value behind them")
    _note_odd(used, words)


def _odd_words(used: Used) -> Iterator[tuple[str, ColumnProfile]]:
    """Yield the words among dates and numbers that are not known to mean missing."""
    for one in used.columns.values():
        words = [text for text in one.profile.odd if not any(map(str.isdigit, text))]
        if len(words) <= MOST_ODD:
            yield from ((text, one.profile) for text in words)


def _means_missing(used: Used, text: str, profile: ColumnProfile) -> bool:
    question = Question(
        f"missing:{text}", f"Does {text} in {profile.column} mean that there is no value?",
        f"It is in {counted(profile.odd[text], 'row')}, among {'dates' if profile.kind == 'date' else 'numbers'}.",
        (Answer("yes", "yes, it means missing"), Answer("no", "no, it is corrected at the source")), (profile.column,),
        needed=False,
    )  # fmt: skip
    return used.draft.ask(question) == "yes"


def _codes(one: Column) -> tuple[str, ...]:
    """Return the numbers of a column outside its range that are often written for a missing value."""
    return tuple(fit(one.profile, one.low, one.high).codes) if one.profile.kind == "number" else ()


def _code_is_missing(used: Used, name: str, text: str) -> bool:
    """Say whether a code means missing: it does unless another column has it as a value, where it is asked."""
    others = [
        one.profile.column for other, one in used.columns.items()
        if other != name and one.profile.kind == "number" and text in one.profile.values and text not in _codes(one)
    ]  # fmt: skip
    if not others:
        return True
    column = used.columns[name].profile
    question = Question(
        f"missing:{text}", f"Does {text} mean that there is no value?",
        f"In {column.column} it is outside the range, and {others[0]} has it among its values.",
        (Answer("yes", "yes, wherever it is"), Answer("no", "no, it is corrected at the source")),
        (column.column, others[0]), needed=False,
    )  # fmt: skip
    return used.draft.ask(question) == "yes"


def _note_odd(used: Used, missing: set[str]) -> None:
    """Note values of dates and numbers that cannot be read, and are not mapped."""
    for name, one in used.columns.items():
        mapped = used.values.get(name, {})
        left = {text: n for text, n in one.profile.odd.items() if text not in mapped and text not in missing}
        asked = {text for text in left if used.draft.is_open(f"missing:{text}")}
        left = {text: n for text, n in left.items() if text not in asked}
        if left:
            what = "dates" if one.profile.kind == "date" else "numbers"
            shown = None if is_personal(one.profile) else ", ".join(list(left)[:SHOWN])
            used.draft.findings.append(
                Finding("warning", used.table.place, f"{counted(sum(left.values()), 'value')} are no {what}",
                        f"Correct them at the source, or map them: `values: {{{name}: ...}}` under `data`.",
                        field=one.profile.column, value=shown)
            )  # fmt: skip


def put_rows(used: Used, path: Sequence[str]) -> None:
    """Write the rows that are not used: totals and footnotes, and copies of a row."""
    draft, table = used.draft, used.table
    if table.left_out and not table.database:
        reasons = ", ".join(f"row {row} is {why}" for row, why in table.left_out.items())
        draft.put((*path, "exclude_rows"), list(table.left_out), reasons)
    keyed = ("patient" in used.columns or "episode" in used.columns) and "intake_date" in used.columns
    copies = _copies(table.frame) if keyed else 0
    if copies:
        why = f"{counted(copies, 'row')} {'is' if copies == 1 else 'are'} the same as an earlier one in every column"
        draft.put((*path, "drop_identical_rows"), True, why)


def _copies(frame: pd.DataFrame) -> int:
    return int(texts_of(frame).duplicated().sum())


def texts_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of a table as texts, columns by their position."""
    return pd.DataFrame({k: code_texts(frame.iloc[:, k]) for k in range(frame.shape[1])})


def ask_data_cut(used: Used) -> None:
    """Ask for the day of the export; without an answer it is the latest day in the data."""
    days = used.latest_days()
    formats: list[str] = used.draft.plan.get("data", {}).get("date_format", [])
    titled = day_of_title(used.table.title, formats)
    title = f"The title of the file says {titled}. " if titled else ""
    latest = f"The latest day in the data is {max(days)}, which" if days else "The latest day in the data"
    question = Question(
        "data_cut", "On which day were the data exported? Write it as 2025-11-03.",
        f"{title}{latest} is taken unless answered.", (), (), needed=False,
    )  # fmt: skip
    text = used.draft.ask(question)
    if text is None:
        return
    day = one_day(text, formats)
    if day is None:
        raise OptionError(f"{text} is no day, or could be two. Answer `data_cut` with one such as 2025-11-03.")
    used.draft.put(("data_cut",), day, "as answered")


def values_in_order(used: Used) -> dict[str, dict[Any, Any]]:
    """Return the maps of values, codes that are numbers as numbers."""
    return {name: dict(words) for name, words in used.values.items() if words}
