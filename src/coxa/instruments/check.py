"""What is wrong with an item table, as findings: every problem at once, with the row and the remedy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coxa.arguments import FRAME, kinds
from coxa.errors import DataError, nearest
from coxa.findings import Finding, Findings
from coxa.instruments.answers import Rows, code_rows, listed_matrix
from coxa.instruments.definition import Instrument
from coxa.instruments.load import as_instrument

LEAST = 10
"""From so few answers nothing is concluded."""

FAR_OUT = 0.05
"""At most this share of the answers may be further outside the range; they are slips or codes for missing."""

WIDEST = 11
"""So many answers a range can have; in wider ones the ends are used too rarely to tell."""


def shift_of(answers: NDArray[np.floating], low: float, high: float) -> int:
    """Return 1 where answers look coded one higher than `low` to `high`, -1 where one lower, 0 where neither.

    They do where one value just beyond one end of the range is used, and the other end never is.

    Examples
    --------
    >>> shift_of(np.array([1, 2, 3, 4, 5] * 2), 0, 4), shift_of(np.array([0, 2, 3, 4, 5] * 2), 0, 4)
    (1, 0)
    """
    given = answers[np.isfinite(answers)]
    near = given[(given >= low - 1) & (given <= high + 1)]
    if len(near) < LEAST or len(given) - len(near) > FAR_OUT * len(given) or high - low >= WIDEST:
        return 0
    if (near != np.round(near)).any():
        return 0
    if near.min() > low and near.max() == high + 1:
        return 1
    return -1 if near.max() < high and near.min() == low - 1 else 0


def recoding(low: float, high: float, shift: int) -> str:
    """Return the map that undoes a shift, as a plan writes it.

    Examples
    --------
    >>> recoding(0, 4, 1)
    'values: {value: {1: 0, 2: 1, 3: 2, 4: 3, 5: 4}}'
    """
    codes = range(int(low), int(high) + 1)
    return "values: {value: {" + ", ".join(f"{code + shift}: {code}" for code in codes) + "}}"


KEYS = ("participant_id", "visit")

HEADER_ROWS = 2  # a file's reader counts from 1, and row 1 is the header


@kinds(items=FRAME)
def check_items(
    items: pd.DataFrame,
    instrument: str | Instrument,
    *,
    version: str | None = None,
    keys: Sequence[str] = KEYS,
) -> Findings:
    """Check a long item table against an instrument, without raising on bad data.

    Parameters
    ----------
    items : DataFrame
        One row for each participant, visit and item: the `keys`, `item` (code) and `value` (NaN where
        unanswered). Other columns are ignored.
    instrument : str or Instrument
        The instrument, or the name of one that ships.
    version : str, optional
        Response format; needed where the instrument has several.
    keys : sequence of str
        Columns that make a participant-visit; the last is the visit.

    Returns
    -------
    Findings
        Missing columns and keys, unknown items (one finding for each item), answers that are not numbers,
        out of range or not whole, repeated items, and, where participants choose their own items, a list
        that changes between visits. `row` is the column
        `source_row` where the table has it, else counts the header as row 1.

    Raises
    ------
    OptionError
        If the instrument or version is unknown, or a version is needed.

    Examples
    --------
    >>> import pandas as pd
    >>> items = pd.DataFrame({"participant_id": ["a"], "visit": ["v1"], "item": ["p1"], "value": [5]})
    >>> print(check_items(items, "hoos").as_text())
    error: items, row 2, participant a, p1: the answer is not between 0 and 4 (found '5'). Correct the answer, \
or leave it empty if it is not known.
    """
    definition = as_instrument(instrument)
    chosen = definition.choose_version(version)
    missing = [column for column in (*keys, "item", "value") if column not in items.columns]
    if missing:
        return Findings.of(_missing_column(column, items) for column in missing)
    return check_rows(items, code_rows(items, definition, keys), definition, chosen)


def check_rows(items: pd.DataFrame, rows: Rows, instrument: Instrument, version: str) -> Findings:
    """Check rows already coded against the instrument."""
    findings = Findings.of((*_bad_keys(items, rows), *_unknown_items(items, rows, instrument)))
    findings += Findings.of((*_bad_answers(items, rows, instrument, version), *_repeats(items, rows)))
    if instrument.chosen_by_participant and not findings:
        findings += Findings.of(_changed_lists(items, rows, instrument))
    return findings


def _missing_column(column: str, items: pd.DataFrame) -> Finding:
    near = nearest(column, [str(name) for name in items.columns])
    return Finding(
        "error",
        table="items",
        field=column,
        rule="the table lacks this column",
        remedy=f"Rename '{near}' to '{column}'." if near else f"Add it. The table has {', '.join(map(str, items))}.",
    )


def _counted(items: pd.DataFrame, row: int) -> int:
    """Return the number under which a reader of the file finds the row."""
    return int(items["source_row"].iloc[row]) if "source_row" in items else row + HEADER_ROWS


def _at(items: pd.DataFrame, rows: Rows, row: int, field: str, rule: str, remedy: str) -> Finding:
    """Return a finding about one row, with its participant and value."""
    column = "participant_id" if "participant_id" in items.columns else str(rows.keys.columns[0])
    participant = items[column].iloc[row]
    value = items["value"].iloc[row]
    return Finding(
        "error",
        table="items",
        rule=rule,
        remedy=remedy,
        row=_counted(items, row),
        participant_id=None if pd.isna(participant) else str(participant),
        field=field,
        value=None if pd.isna(value) else str(value),
    )


def _bad_keys(items: pd.DataFrame, rows: Rows) -> Iterator[Finding]:
    for row in np.flatnonzero(rows.visit < 0):
        for key in rows.keys.columns:
            if bool(items[key].isna().iloc[row]):
                yield _at(items, rows, int(row), str(key), "the row has no such key", "Fill it in.")


def _unknown_items(items: pd.DataFrame, rows: Rows, instrument: Instrument) -> Iterator[Finding]:
    unknown = np.flatnonzero(rows.item < 0)
    names = items["item"].iloc[unknown].astype(object).fillna("(empty)").astype(str).to_numpy()
    for item, members in pd.Series(unknown).groupby(names, sort=False):
        near = nearest(str(item), instrument.items)
        hint = f"Use '{near}' if that is meant. " if near else ""
        yield Finding(
            "error",
            table="items",
            rule=f"the item is not one of {instrument.name}'s",
            remedy=f"{hint}Codes: {instrument.numbering}.",
            row=_counted(items, int(members.iloc[0])),
            field="item",
            value=str(item),
            n_rows=len(members),
        )


def blank_bad_answers(
    items: pd.DataFrame, instrument: str | Instrument, *, version: str | None = None, keys: Sequence[str] = KEYS
) -> tuple[pd.DataFrame, Findings]:
    """Return a long item table with the answers that cannot be set missing, and a warning for each.

    Parameters
    ----------
    items, instrument, version, keys
        As for `check_items`; the table is not changed.

    Raises
    ------
    OptionError
        If the instrument or version is unknown, or a version is needed.
    DataError
        If all answers look coded one off: leaving out those outside would leave out the best or the worst.

    Examples
    --------
    >>> import pandas as pd
    >>> items = pd.DataFrame({"participant_id": ["a"], "visit": ["v1"], "item": ["p1"], "value": [5]})
    >>> blank_bad_answers(items, "hoos")[0]["value"].isna().tolist()
    [True]
    """
    definition = as_instrument(instrument)
    rows, chosen = code_rows(items, definition, keys), definition.choose_version(version)
    bad = _judge(rows, definition, chosen)
    _, shifted = _shifted(items, rows, bad, definition)
    if shifted:
        raise DataError(f"answers of {definition.name} cannot be left out one by one", Findings.of(shifted))
    remedy = "Correct the answer if it is known. Until then it is set to missing."
    found = Findings.of(
        replace(finding, severity="warning", remedy=remedy) for finding in _bad_answers(items, rows, definition, chosen)
    )
    return items.assign(value=items["value"].mask(rows.not_numeric | bad.outside | bad.broken)), found


@dataclass(frozen=True, slots=True)
class _Judged:
    """Answers against ranges: (items,) low, high; (n,) outside, broken (a fraction where none can be)."""

    low: NDArray[np.floating]
    high: NDArray[np.floating]
    outside: NDArray[np.bool_]
    broken: NDArray[np.bool_]


def _judge(rows: Rows, instrument: Instrument, version: str) -> _Judged:
    ranges = [instrument.item_range(code, version) for code in instrument.items]
    low, high = (np.array([getattr(span, end) for span in ranges]) for end in ("low", "high"))
    whole = np.array([span.integer for span in ranges])[rows.item]
    answered = (rows.item >= 0) & ~np.isnan(rows.value)
    outside = answered & ((rows.value < low[rows.item]) | (rows.value > high[rows.item]))
    return _Judged(low, high, outside, answered & ~outside & whole & (rows.value != np.floor(rows.value)))


def _bad_answers(items: pd.DataFrame, rows: Rows, instrument: Instrument, version: str) -> Iterator[Finding]:
    remedy = "Correct the answer, or leave it empty if it is not known."
    for row in np.flatnonzero(rows.not_numeric):
        yield _at(items, rows, int(row), str(items["item"].iloc[row]), "the answer is not a number", remedy)
    judged = _judge(rows, instrument, version)
    shifted, findings = _shifted(items, rows, judged, instrument)
    yield from findings
    for row in np.flatnonzero((judged.outside | judged.broken) & ~shifted):
        span = f"between {judged.low[rows.item[row]]:g} and {judged.high[rows.item[row]]:g}"
        rule = f"the answer is not {span}" if judged.outside[row] else f"the answer is not a whole number {span}"
        yield _at(items, rows, int(row), instrument.items[rows.item[row]], rule, remedy)


def _shifted(
    items: pd.DataFrame, rows: Rows, judged: _Judged, instrument: Instrument
) -> tuple[NDArray[np.bool_], list[Finding]]:
    """Return which answers are in a range that looks coded one off, and one finding for each such range."""
    off, findings = np.zeros(len(rows.value), dtype=bool), list[Finding]()
    if not judged.outside.any():
        return off, findings
    used = pd.unique(rows.item[answered := (rows.item >= 0) & ~np.isnan(rows.value)])
    for low, high in dict.fromkeys(zip(judged.low[used].tolist(), judged.high[used].tolist(), strict=True)):
        mine = answered & (judged.low == low)[rows.item] & (judged.high == high)[rows.item]
        shift = shift_of(rows.value[mine], low, high)
        if not shift:
            continue
        off |= mine
        outside = np.flatnonzero(mine & judged.outside)
        numbers = [_counted(items, int(row)) for row in outside]
        rule = f"the answers of {instrument.name} are {low:g} to {high:g}, and these look coded {low + shift:g} to "
        rule += f"{high + shift:g}: {low if shift > 0 else high:g} never occurs"
        remedy = f"Recode them to {low:g} to {high:g} in the file, or, in a study, with `{recoding(low, high, shift)}`."
        findings.append(
            Finding("error", "items", rule, remedy, row=numbers[0], n_rows=len(numbers), rows=tuple(numbers))
        )
    return off, findings


def _repeats(items: pd.DataFrame, rows: Rows) -> Iterator[Finding]:
    """Yield one finding for every row of the file that repeats items of another row."""
    known = np.flatnonzero((rows.visit >= 0) & (rows.item >= 0))
    place = pd.Series(rows.visit[known] * (rows.item.max(initial=0) + 1) + rows.item[known])
    if np.bincount(place).max(initial=0) < 2:
        return
    first = known[place.groupby(place).transform("idxmin")]
    pairs: dict[tuple[int, int], list[int]] = {}
    for row, original in zip(known.tolist(), first.tolist(), strict=True):
        if row != original:
            pairs.setdefault((_counted(items, row), _counted(items, original)), []).append(row)
    for (counted, original), members in pairs.items():
        row = members[0]
        visit = ", ".join(str(part) for part in rows.keys.iloc[rows.visit[row]])
        remedy = "Keep the row that is right."
        if len(members) == 1:
            rule = f"the item is answered twice at one visit ({visit}), also in row {original}"
            yield _at(items, rows, row, str(items["item"].iloc[row]), rule, remedy)
        else:
            rule = f"the visit ({visit}) has two rows: row {counted} repeats row {original}"
            yield replace(_at(items, rows, row, "item", rule, remedy), field=None, value=None)


def _changed_lists(items: pd.DataFrame, rows: Rows, instrument: Instrument) -> Iterator[Finding]:
    listed = listed_matrix(rows, len(instrument.items))
    participant = np.zeros(len(rows.keys), dtype=np.intp)
    participant[rows.visit] = rows.participant
    n_visits = np.bincount(participant)
    times = np.zeros((len(n_visits), len(instrument.items)), dtype=int)
    np.add.at(times, participant, listed)
    for person, item in np.argwhere((times > 0) & (times < n_visits[:, None])):
        absent = rows.keys.iloc[np.flatnonzero((participant == person) & ~listed[:, item])]
        visits = ", ".join(str(visit) for visit in absent.iloc[:, -1])
        row = int(np.flatnonzero((rows.participant == person) & (rows.item == item))[0])
        yield _at(
            items,
            rows,
            row,
            instrument.items[item],
            f"the participant's own items differ between visits (not listed at {visits})",
            "Rate the same items at every visit, and give an unanswered one a row with an empty value.",
        )
