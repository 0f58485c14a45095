"""A table as data: text to show, and behind every number the statistic it was made from.

A `Table` knows nothing of HTML, PDF or Word; each renderer walks the same record. A number in a cell keeps its
address (estimand, analysis, term, visit, arm, statistic) and its unrounded value, so that it can be traced.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from coxa.errors import CoxaError
from coxa.tables.cells import Cell, Statistic
from coxa.tables.prose import Text, cells_of

if TYPE_CHECKING:
    from great_tables import GT

__all__ = ["Align", "Cell", "Column", "Footnote", "Row", "RowGroup", "Statistic", "Table", "identifier"]

Align = Literal["left", "center", "right"]
INDENT = "\N{NO-BREAK SPACE}" * 4
IDENTIFIER = re.compile(r"[a-z][a-z0-9-]*")


def identifier(*words: str) -> str:
    """Join words to an identifier that HTML, PDF and Word accept.

    Examples
    --------
    >>> identifier("means", "week_12")
    'means-week-12'
    """
    joined = re.sub(r"[^a-z0-9]+", "-", "-".join(words).lower()).strip("-")
    return joined if IDENTIFIER.fullmatch(joined) else f"x-{joined}"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, how it is aligned, and the heading above it that it shares with its neighbours."""

    label: Text
    align: Align = "right"
    spanner: Text = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its heading, one cell per column, how far it is indented, and whether it is what was asked.

    found : whether its heading was found in the data, as a reason or a term, and does not follow from the plan
    """

    label: str
    cells: tuple[Cell, ...]
    level: int = 0
    strong: bool = False
    found: bool = False


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Rows under a common heading; the empty heading is not shown."""

    label: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Footnote:
    """A note below a table, with the mark of the cells it belongs to, or for the table as a whole."""

    text: Text
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table to be rendered.

    id        : lower-case letters, digits and dashes; unique in a document
    title     : caption
    subtitle  : second line of the caption: what is estimated, for whom
    stub      : heading of the row headings
    columns   : the columns beside the row headings
    groups    : the rows
    footnotes : in order
    sums      : rows, counted from 0, that add up in each column to a number that is known from elsewhere; rows below
                another, rows of one heading, arms and their total need not be named
    of_people : whether it has single participants, and so is not for everybody

    Raises
    ------
    CoxaError
        If the id is not an identifier, or a row has more or fewer cells than there are columns.

    Examples
    --------
    >>> Table("not an id", "Title", "", (), ())
    Traceback (most recent call last):
    coxa.errors.CoxaError: The table id 'not an id' is not an identifier. Use `identifier(...)`.
    """

    id: str
    title: str
    stub: str
    columns: tuple[Column, ...]
    groups: tuple[RowGroup, ...]
    footnotes: tuple[Footnote, ...] = ()
    subtitle: str = ""
    sums: tuple[tuple[int, ...], ...] = ()
    of_people: bool = False

    def __post_init__(self) -> None:
        if not IDENTIFIER.fullmatch(self.id):
            raise CoxaError(f"The table id {self.id!r} is not an identifier. Use `identifier(...)`.")
        for row in self.rows():
            if len(row.cells) != len(self.columns):
                raise CoxaError(
                    f"Table {self.id}, row {row.label!r}: {len(row.cells)} cells for {len(self.columns)} columns."
                )

    def rows(self) -> Iterator[Row]:
        """Yield all rows, group by group."""
        for group in self.groups:
            yield from group.rows

    def with_texts(self, change: Callable[[Text], Text]) -> Table:
        """Return the table with its headings and notes changed; cells and the headings of rows stay."""
        columns = (replace(one, label=change(one.label), spanner=change(one.spanner)) for one in self.columns)
        notes = (replace(note, text=change(note.text)) for note in self.footnotes)
        return replace(self, columns=tuple(columns), footnotes=tuple(notes))

    def statistics(self) -> Iterator[Statistic]:
        """Yield every statistic that the table shows, in reading order: of headings, cells and notes."""
        spanners = (cell for label, _ in self.spanners() for cell in cells_of(label))
        headings = (cell for column in self.columns for cell in cells_of(column.label))
        body = (cell for row in self.rows() for cell in row.cells)
        notes = (cell for note in self.footnotes for cell in cells_of(note.text))
        for cell in (*spanners, *headings, *body, *notes):
            yield from cell.statistics

    def spanners(self) -> tuple[tuple[Text, int], ...]:
        """Return the shared headings and how many neighbouring columns each spans; empty where there is none."""
        spans: list[tuple[Text, int]] = []
        for column in self.columns:
            if spans and spans[-1][0] == column.spanner:
                spans[-1] = (column.spanner, spans[-1][1] + 1)
            else:
                spans.append((column.spanner, 1))
        return tuple(spans)

    def to_great_table(self) -> GT:
        """Return the table as a great-tables `GT`, for notebooks and for restyling.

        All text is escaped by great-tables; ids come from the table's own id, so that the same table gives the same
        bytes.

        Examples
        --------
        >>> table.to_great_table().tab_options(table_font_size="12px")  # doctest: +SKIP
        """
        from great_tables import GT

        names = [f"column_{index}" for index in range(len(self.columns))]
        records: list[dict[str, Any]] = [
            {
                "group": group.label,
                "row": INDENT * row.level + row.label,
                **{name: f"{cell.text} {cell.mark}".rstrip() for name, cell in zip(names, row.cells, strict=True)},
            }
            for group in self.groups
            for row in group.rows
        ]
        frame = pd.DataFrame(records, columns=["group", "row", *names]).astype(object)
        grouped = any(group.label for group in self.groups)
        shown = GT(
            frame if grouped else frame.drop(columns="group"),
            rowname_col="row",
            groupname_col="group" if grouped else None,
            id=self.id,
        )
        shown = shown.tab_header(self.title, self.subtitle or None).tab_stubhead(self.stub)
        shown = shown.cols_label(cases=dict(zip(names, (str(column.label) for column in self.columns), strict=True)))
        for name, column in zip(names, self.columns, strict=True):
            shown = shown.cols_align(column.align, columns=name)
        start = 0
        for label, width in self.spanners():
            if label:
                shown = shown.tab_spanner(str(label), columns=names[start : start + width], id=f"{self.id}-{start}")
            start += width
        for note in self.footnotes:
            shown = shown.tab_source_note(f"{note.mark} {note.text}".lstrip())
        return shown

    def _repr_html_(self) -> str:
        return str(self.to_great_table().as_raw_html())
