"""From one column an item to one row an item."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from coxa.errors import DataError, nearest
from coxa.findings import Finding, Findings
from coxa.instruments.check import KEYS
from coxa.instruments.definition import Instrument
from coxa.instruments.load import as_instrument


def items_from_wide(
    wide: pd.DataFrame, instrument: str | Instrument, *, prefix: str = "", keys: Sequence[str] = KEYS
) -> pd.DataFrame:
    """Return a long item table from one with a column for each item.

    Parameters
    ----------
    wide : DataFrame
        One row for each participant-visit: the `keys` and the item columns. A column that is not there
        makes an unanswered item; columns that are neither are left out, but for `source_row`.
    instrument : str or Instrument
        The instrument, or the name of one that ships.
    prefix : str
        What stands before the item code in the column names ("hoos_" for hoos_p1). With a prefix, a column
        that begins with it and is no item is an error.
    keys : sequence of str
        Columns that make a participant-visit; the last is the visit.

    Returns
    -------
    DataFrame
        The keys, item and value: one row for each row of `wide` and item column, by row and then item.

    Raises
    ------
    DataError
        If a key column is missing, no column is an item, or a prefixed column is no item.

    Examples
    --------
    >>> import pandas as pd
    >>> wide = pd.DataFrame({"participant_id": ["a"], "visit": ["v1"], "nprs_pain": [4]})
    >>> items_from_wide(wide, "nprs", prefix="nprs_")
      participant_id visit  item  value
    0              a    v1  pain      4
    """
    definition = as_instrument(instrument)
    codes = [code for code in definition.items if f"{prefix}{code}" in wide.columns]
    columns = [f"{prefix}{code}" for code in definition.items]
    problems = [
        _problem(key, "the table has this key", "Add or rename the column.") for key in keys if key not in wide.columns
    ]
    for column in (str(name) for name in wide.columns if prefix and str(name).startswith(prefix)):
        if column not in columns and column not in keys:
            near = nearest(column, columns)
            remedy = f"Rename it to '{near}', or take it out." if near else "Rename it, or take it out."
            problems.append(_problem(column, f"a column with the prefix is an item of {definition.name}", remedy))
    if not codes:
        rule = f"a column is named after an item of {definition.name}"
        problems.append(_problem(columns[0], rule, f"Give the prefix; codes: {definition.numbering}."))
    if problems:
        raise DataError(f"no items of {definition.name} can be read from this table", Findings.of(problems))
    kept = [*keys, *(["source_row"] if "source_row" in wide.columns else [])]
    values = wide[[*kept, *(f"{prefix}{code}" for code in codes)]].set_axis([*kept, *codes], axis=1)
    long = values.melt(id_vars=kept, var_name="item", value_name="value", ignore_index=False)
    return long.sort_index(kind="stable").reset_index(drop=True)


def _problem(column: str, rule: str, remedy: str) -> Finding:
    return Finding("error", table="items", field=column, rule=rule, remedy=remedy)
