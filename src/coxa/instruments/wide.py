"""From one column an item to one row an item."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.errors import DataError
from coxa.findings import Finding, Findings
from coxa.instruments.check import KEYS
from coxa.instruments.definition import Instrument
from coxa.instruments.load import INSTRUMENT, as_instrument, instrument_names, load_instrument

SEPARATORS = "_-. "
LISTED = 12


@dataclass(frozen=True, slots=True)
class ItemColumns:
    """Where the items of an instrument stand in a table.

    prefix   : what stands before the item codes
    columns  : item code -> column, in the order of the instrument
    findings : errors (these columns cannot be scored), a warning for items without a column, notes
    """

    prefix: str
    columns: Mapping[str, str]
    findings: Findings


@kinds(wide=FRAME, instrument=INSTRUMENT)
def items_from_wide(
    wide: pd.DataFrame, instrument: str | Instrument, *, prefix: str | None = None, keys: Sequence[str] = KEYS
) -> pd.DataFrame:
    """Return a long item table from one with a column for each item.

    Parameters
    ----------
    wide : DataFrame
        One row for each participant-visit: the `keys` and the item columns, in upper or lower case. A column
        that is not there makes an unanswered item; columns that are neither are left out, but for
        `source_row`. `find_item_columns` lists both.
    instrument : str or Instrument
        The instrument, or the name of one that ships.
    prefix : str, optional
        What stands before the item code in the column names: `hoos_` or `hoos` for `hoos_p1`. Without one it is
        found, if only one fits.
    keys : sequence of str
        Columns that make a participant-visit; the last is the visit.

    Returns
    -------
    DataFrame
        The keys, item and value: one row for each row of `wide` and item column, by row and then item.

    Raises
    ------
    DataError
        If a key column is missing, no column is an item, several prefixes fit, an item has two columns or one
        under another spelling, or the columns are those of another instrument.

    Examples
    --------
    >>> import pandas as pd
    >>> wide = pd.DataFrame({"participant_id": ["a"], "visit": ["v1"], "nprs_pain": [4]})
    >>> items_from_wide(wide, "nprs")
      participant_id visit  item  value
    0              a    v1  pain      4
    """
    definition = as_instrument(instrument)
    absent = [key for key in keys if key not in wide.columns]
    problems = Findings.of(_problem(key, "the table lacks this key", "Add or rename the column.") for key in absent)
    kept = [*keys, *(["source_row"] if "source_row" in wide.columns else [])]
    found = find_item_columns([str(name) for name in wide.columns if name not in kept], definition, prefix)
    problems += found.findings.errors
    if problems:
        raise DataError(f"no items of {definition.name} can be read from this table", problems)
    values = wide[[*kept, *found.columns.values()]].set_axis([*kept, *found.columns], axis=1)
    long = values.melt(id_vars=kept, var_name="item", value_name="value", ignore_index=False)
    return long.sort_index(kind="stable").reset_index(drop=True)


def find_item_columns(columns: Sequence[str], instrument: str | Instrument, prefix: str | None = None) -> ItemColumns:
    """Return the columns that hold the items of an instrument, and what is to be said of the others.

    Parameters
    ----------
    columns : sequence of str
        Names of columns, without the keys of the table.
    instrument, prefix
        As for `items_from_wide`.

    Examples
    --------
    >>> find_item_columns(["NPRS_PAIN", "age"], "nprs").columns
    {'pain': 'NPRS_PAIN'}
    """
    definition = as_instrument(instrument)
    fitting = [_written(columns, prefix, definition)] if prefix is not None else fitting_prefixes(columns, definition)
    if len(fitting) > 1:
        finding = _problem(
            None, "several prefixes fit the item columns", f"Give the prefix, one of {_listed(fitting)}."
        )
        return ItemColumns("", {}, Findings((finding,)))
    named = any(_folded(name).startswith(_folded(definition.name)) for name in columns)
    chosen = fitting[0] if fitting else f"{definition.name}_" if named else ""
    matched = _matched(columns, definition, chosen)
    held = {code: names[0] for code, names in matched.items()}
    others = [name for name in columns if not any(name in names for names in matched.values())]
    problems = [_twice(names) for names in matched.values() if len(names) > 1]
    problems += _misspelt(others, definition, chosen, held)
    if not problems and (others or len(held) < len(definition.items)):
        problems += _another(columns, definition, prefix, held)
    if not held and not problems:
        rule = f"no column is named after an item of {definition.name}"
        problems.append(_problem(None, rule, f"Give the prefix of the codes ({definition.numbering})."))
    if problems:
        return ItemColumns(chosen, held, Findings.of(problems))
    prefixed = [name for name in others if chosen and name.lower().startswith(chosen.lower())]
    return ItemColumns(chosen, held, Findings.of(_remarks(definition, prefix, chosen, held, prefixed)))


def fitting_prefixes(columns: Sequence[str], instrument: Instrument) -> list[str]:
    """Return the prefixes under which columns are items: one, none, or several that fit about as well.

    The instrument's own name comes first; then no prefix; then what ends in a separator, or stands before two
    items or more, if no other such prefix has half as many items.
    """
    counts: dict[str, set[str]] = {}
    for name in columns:
        for code in instrument.items:
            if name.lower().endswith(code.lower()):
                counts.setdefault(name[: len(name) - len(code)].lower(), set()).add(code)
    named = [prefix for prefix in counts if _folded(prefix) == _folded(instrument.name)]
    if named:
        return [max(named, key=lambda prefix: len(counts[prefix]))]
    clear = {p: len(codes) for p, codes in counts.items() if p == "" or p[-1] in SEPARATORS or len(codes) > 1}
    if not clear:
        return []
    most = max(clear.values())
    if clear.get("") == most:
        return [""]
    best = [prefix for prefix, n in clear.items() if 2 * n >= most and (n == most or prefix[-1:] in SEPARATORS)]
    return sorted(best)


def _written(columns: Sequence[str], prefix: str, instrument: Instrument) -> str:
    """Return the prefix as it stands in the columns: with the separator that the user left out."""
    tried = [prefix, *(prefix + separator for separator in SEPARATORS)] if prefix else [prefix]
    return max(tried, key=lambda one: len(_matched(columns, instrument, one)))


def _matched(columns: Iterable[str], instrument: Instrument, prefix: str) -> dict[str, list[str]]:
    """Return item code -> its columns, whatever their case; items without a column are left out."""
    by_case: dict[str, list[str]] = {}
    for name in columns:
        by_case.setdefault(name.lower(), []).append(name)
    wanted = {code: f"{prefix}{code}".lower() for code in instrument.items}
    return {code: by_case[name] for code, name in wanted.items() if name in by_case}


def _folded(text: str) -> str:
    """Return a name without case, separators and leading zeros of its numbers."""
    return re.sub(r"0+(?=\d)", "", re.sub(rf"[{re.escape(SEPARATORS)}]", "", text.lower()))


def _misspelt(others: Iterable[str], instrument: Instrument, prefix: str, held: Mapping[str, str]) -> list[Finding]:
    """Return a finding for every column that is an item but for its separators or zeros."""
    meant = {_folded(prefix + code): prefix + code for code in instrument.items if code not in held}
    rule = f"the column is not named as an item of {instrument.name}"
    return [
        _problem(name, rule, f"Rename it to '{meant[_folded(name)]}'.") for name in others if _folded(name) in meant
    ]


def _twice(names: Sequence[str]) -> Finding:
    return _problem(names[1], "an item has two columns", f"Keep one of {_listed(names)}.")


def _another(
    columns: Sequence[str], instrument: Instrument, prefix: str | None, held: Mapping[str, str]
) -> list[Finding]:
    """Return a finding if another instrument has all the columns found, and more."""
    mine, best = set(held.values()), (0, 0.0, "")
    for other in (load_instrument(name) for name in instrument_names() if name != instrument.name):
        prefixes = [_written(columns, prefix, other)] if prefix else fitting_prefixes(columns, other)
        for one in prefixes:
            theirs = {name for names in _matched(columns, other, one).values() for name in names}
            if theirs > mine and (len(theirs) > 1 or len(other.items) == 1):
                best = max(best, (len(theirs), len(theirs) / len(other.items), other.name))
    if not best[0]:
        return []
    rule = f"the item columns are not those of {instrument.name}, and look like items of {best[2]}"
    return [_problem(None, rule, f"Name the instrument {best[2]}, or rename the columns ({instrument.numbering}).")]


def _remarks(
    instrument: Instrument, asked: str | None, prefix: str, held: Mapping[str, str], others: Sequence[str]
) -> Iterable[Finding]:
    absent = [code for code in instrument.items if code not in held]
    if absent:
        rule = f"{len(absent)} of the {len(instrument.items)} items of {instrument.name} have no column"
        yield Finding("warning", "items", rule, f"Taken as unanswered: {_listed(absent)}.")
    if asked != prefix and prefix:
        rule = f"the prefix of the item columns is taken to be '{prefix}'"
        yield Finding("note", "items", rule, "Give it if it is another.")
    if others:
        rule = f"columns with the prefix that are no items of {instrument.name} are left out"
        yield Finding("note", "items", rule, f"Left out: {_listed(others)}.")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(name or "(none)" for name in names[:LISTED]) + more


def _problem(column: str | None, rule: str, remedy: str) -> Finding:
    return Finding("error", table="items", field=column, rule=rule, remedy=remedy)
