"""Why a number of a report is what it is."""

from __future__ import annotations

import re
from difflib import get_close_matches

import pandas as pd

from coxa.errors import OptionError
from coxa.report.trace.facts import analysis_facts, estimand_facts, left_out_facts
from coxa.report.trace.kept import Kept
from coxa.tables.records import Record, records

CELL = re.compile(r"t(\d+)\.r(\d+)\.c(\d+)")

Facts = list[tuple[str, str]]


def why(kept: Kept, cell: str) -> Facts:
    """Return what is behind a cell, as names and texts.

    Parameters
    ----------
    kept
        From `coxa.report.trace.kept.read_kept`.
    cell
        For example "T3.r4.c2": table 3, its fourth row, its second column; headings are not counted. Or "F3.r2", the
        second row of the data of figure 3, or the place of a number in a sentence, heading or note; see
        `coxa.report.trace.places`.

    Returns
    -------
    list of (str, str)
        The cell and its statistics, the estimand with its line of the plan, the model call, the rows used, the rows
        left out by which rule, and the hashes of plan and data.

    Raises
    ------
    OptionError
        If there is no such cell, or no number in it.
    """
    rows = records(_rows(kept.results, cell))
    first, told = rows[0], kept.provenance
    facts: Facts = [
        ("cell", f"{first['cell']} ({first['table']}): {_place(first)}"),
        ("shown", str(first["shown"]) or "drawn in the figure"),
        *((row["statistic"], repr(float(row["value"]))) for row in rows),
        *([("format", _format(first))] if first["format"] else []),
    ]
    facts += [(name, str(first[name])) for name in ("visit", "arm", "reference", "term") if first[name]]
    facts += estimand_facts(told, first["estimand"])
    facts += analysis_facts(told, first)
    facts += left_out_facts(told, first["estimand"])
    facts.append(("plan", f"{told['plan']['file']}, SHA-256 {told['plan']['sha256']}"))
    facts += [("data", f"{name}, SHA-256 {sha256}") for name, sha256 in told["data"]["files"].items()]
    facts.append(("data hash", str(first["data_sha256"])))
    return facts


def _rows(results: pd.DataFrame, cell: str) -> pd.DataFrame:
    """Return the statistics of a place; where there are none, say what places there are nearby."""
    asked = cell.strip().lower()
    found = results[results["cell"].str.lower() == asked]
    if len(found):
        return found
    match = CELL.fullmatch(asked)
    if not match:
        named = {name.lower(): name for name in results["cell"].unique()}
        near = get_close_matches(asked, named, n=1)
        hint = f". The nearest is {named[near[0]]}" if near else ""
        raise OptionError(
            f"There is no number {cell!r}. Write it as T3.r4.c2 (table 3, row 4, column 2), F3.r2 (figure 3, "
            "row 2 of its data), or as the page has it in `data-cell`, such as summary.b2.n1 (the first "
            f"number in the second block of the summary){hint}."
        )
    table, row, column = match.groups()
    name = f"T{int(table)}.r{int(row)}.c{int(column)}"
    places = results["cell"].str.extract(r"^T(\d+)\.r(\d+)\.c(\d+)$").dropna().astype(int)
    mine = places[places[0] == int(table)]
    if mine.empty:
        raise OptionError(f"There is no number in table {int(table)}. Choose a table from 1 to {places[0].max()}.")
    raise OptionError(
        f"There is no number in {name}. Choose one of rows {mine[1].min()} to {mine[1].max()} and columns "
        f"{', '.join(map(str, sorted(mine[2].unique())))} of table {int(table)} (row headings and column "
        "headings are not counted)."
    )


def _format(row: Record) -> str:
    own = any(f":{sign}}}" in row["pattern"] for sign in "v+")
    decimals = f", v: {row['decimals']} decimals" if own else ""
    return f"{row['format']}: {row['pattern']}{decimals}" + ("" if row["style"] == "plain" else f", as {row['style']}")


def _place(row: Record) -> str:
    return " / ".join(str(part) for part in (row["row_group"], row["row_label"], row["column_label"]) if part)
