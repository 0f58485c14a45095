"""The report as it may leave the house: no small counts, nothing that gives one away, nothing about single people."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from coxa.figures.blank import blank_figure
from coxa.figures.figure import Figure
from coxa.report.document import Block, Document, FigureBlock, TableBlock, with_blocks, with_texts
from coxa.tables.prose import with_cells
from coxa.tables.suppress import HIDDEN, Address, Person, hidden_addresses, note_words, small_to_hidden, suppress
from coxa.tables.table import Table

COUNTS = ("n", "n_participants", "missing", "count", "participants", "events")
"""Columns of the numbers of a figure that count people."""

OF_PEOPLE = "Not shown where the report is shared, as it shows single participants"
OF_FEW = "Not shown where the report is shared, as it holds small counts"


def shared(document: Document, k: int, analyses: Collection[str]) -> Document:
    """Return a document without counts from 1 to k - 1, and without what would give them away.

    Parameters
    ----------
    document
        From `coxa.report.build.build_document`.
    k
        Smallest count that is shown, beside 0; `report: small_cells` of the plan.
    analyses
        Names of the analyses of the plan; what one of them estimates from a hidden count is hidden too.

    Returns
    -------
    Document
        Counts are hidden in tables with as many others as needed (`coxa.tables.suppress`), in headings, notes and
        sentences, and in the flow of participants those that are hidden in its table; another figure with small
        counts, or with single participants, is a frame that says so.

    Notes
    -----
    Counts of different tables that a reader could subtract from each other are not looked for.

    Examples
    --------
    >>> shared(build_document(report), 5, report.study.analyses)  # doctest: +SKIP
    """
    beyond: frozenset[Person] = frozenset()
    for table in document.tables():
        beyond |= suppress(table, k, analyses)[1]
    tables = {table.id: suppress(table, k, analyses, beyond)[0] for table in document.tables()}
    hidden = hidden_addresses(tables.values())
    safe = with_blocks(document, lambda block: _block(block, k, tables, beyond, hidden))
    said = ("Shared", f"Without small counts. {note_words(k)}")
    return replace(safe, facts=(*document.facts, said), small_cells=k)


def shared_counts(told: Any, k: int) -> Any:
    """Return plain data with every small number of rows, values or people as None.

    Examples
    --------
    >>> shared_counts({"n": 3, "rows": 40, "left_out": [{"n": 5}]}, 5)
    {'n': None, 'rows': 40, 'left_out': [{'n': 5}]}
    """
    if isinstance(told, dict):
        return {name: _count_or(name, value, k) for name, value in told.items()}
    return [shared_counts(item, k) for item in told] if isinstance(told, list) else told


NUMBERS = ("n", "rows", "participants", "expected", "analysed", "empty")
"""Names of counts in `coxa.report.provenance`."""


def _count_or(name: str, value: Any, k: int) -> Any:
    if name in NUMBERS and isinstance(value, int):
        return None if 0 < value < k else value
    return shared_counts(value, k)


def _block(
    block: Block, k: int, tables: Mapping[str, Table], beyond: frozenset[Person], hidden: Collection[Address]
) -> Block:
    match block:
        case TableBlock(table):
            return TableBlock(tables[table.id])
        case FigureBlock(figure):
            return FigureBlock(_figure(figure, k, hidden))
    hide = small_to_hidden(k, beyond)
    return with_texts(block, lambda text: with_cells(text, hide))


def _figure(figure: Figure, k: int, hidden: Collection[Address]) -> Figure:
    if figure.of_people:
        return blank_figure(figure, OF_PEOPLE)
    if figure.hiding:
        drawn = figure.hiding(hidden)
        figure = figure if drawn.alt == figure.alt else replace(drawn, alt=f"{drawn.alt} {HIDDEN}: {note_words(k)}")
    counts = figure.data[[name for name in COUNTS if name in figure.data]]
    few = ((counts > 0) & (counts < k)).to_numpy(dtype=bool, na_value=False).any()
    return blank_figure(figure, OF_FEW) if few else figure
