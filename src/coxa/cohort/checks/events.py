"""Events of the plan in the data: the columns and words by which they are found, and whether there are any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from coxa.cohort.checks.checked import Checked, Draft
from coxa.cohort.mapping.codes import NO, YES, code_texts
from coxa.cohort.measured import in_short
from coxa.errors import choose
from coxa.findings import Finding
from coxa.study.comparative import ComparativeStudy
from coxa.study.events import DATES, EventOutcome

SHOWN = 8


def has_word(column: pd.Series, words: Sequence[str]) -> pd.Series:
    """Return which cells have one of some words, capitals aside; numbers and truth values are those that they are.

    Examples
    --------
    >>> has_word(pd.Series(["Fall", "flare", None]), ["fall"]).tolist()
    [True, False, False]
    >>> has_word(pd.Series([1.0, 2.0]), ["1"]).tolist(), has_word(pd.Series([True, False]), ["yes"]).tolist()
    ([True, False], [True, False])
    """
    wanted = {str(word).strip().casefold() for word in words}
    if pd.api.types.is_bool_dtype(column.dtype):
        wanted = {"true" for word in wanted if word in YES} | {"false" for word in wanted if word in NO}
    return code_texts(column).str.casefold().isin(wanted)


def check_events(draft: Draft) -> Checked:
    """Find events of the plan whose columns do not exist, and warn of those that no row is of."""
    study = draft.study
    if not isinstance(study, ComparativeStudy) or not study.data:
        return Checked()
    return Checked(
        tuple(
            finding
            for name, event in study.events.items()
            if event.source.table in study.data.tables and not event.source.flare
            for finding in _of_event(draft, name, event)
        )
    )


def _of_event(draft: Draft, name: str, event: EventOutcome) -> Iterator[Finding]:
    table, fields = event.source.table, draft.contracts[event.source.table].fields
    frame, where = draft.table(table), dict(event.source.where)
    unknown = [column for column in where if column not in fields]
    for column in unknown:
        rule = f"`where` of the event `{name}` names `{column}`, which is no column of table {table}"
        yield Finding("error", table, rule, choose(column, list(fields)), field=column)
    date = event.source.date or DATES[table]
    dates = [field for field, wanted in fields.items() if wanted.type == "date"]
    if date not in dates:
        rule = f"`date` of the event `{name}` names `{date}`, which is no date of table {table}"
        yield Finding("error", table, rule, choose(date, dates), field=date)
    if unknown or date not in dates:
        return
    for column, words in where.items():
        levels = fields[column].levels
        for word in words if levels else ():
            if str(word).casefold() not in {level.casefold() for level in levels}:
                rule = f"`where` of the event `{name}` names `{word}`, which is no level of `{column}`"
                yield Finding("error", table, rule, choose(str(word), list(levels)), field=column)
    if table == "outcome_events":
        where["outcome"] = (name,)
    found = pd.Series(True, index=frame.index)
    for column, words in where.items():
        found &= has_word(frame[column], words)
    if not found.any() and (where or frame.empty):
        yield Finding(
            "warning",
            table,
            f"the data have no event `{name}`",
            f"It counts as never happened. {_words_there(frame, where)}",
            field=next(iter(where), None),
        )


def _words_there(frame: pd.DataFrame, where: Mapping[str, Sequence[str]]) -> str:
    """Return how the words in the data differ from those that the plan asks for."""
    asked = [f"`{column}: {', '.join(map(str, words))}`" for column, words in where.items()]
    column = next(iter(where), "")
    there = list(map(str, frame[column].dropna().unique())) if column in frame else []
    has = f", and `{column}` has {in_short(there, SHOWN)}" if there else ""
    return f"If it happened, correct the words: the plan asks for {' and '.join(asked) or 'any row'}{has}."
