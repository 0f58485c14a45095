"""A table as data: text to show, and behind every number the statistic it was made from.

A `Table` knows nothing of HTML, PDF or Word; each renderer walks the same record. A number in a cell keeps its
address (estimand, analysis, term, visit, arm, statistic) and its unrounded value, so that it can be traced.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from coxa.errors import CoxaError

Align = Literal["left", "center", "right"]
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
class Statistic:
    """One number behind a cell: its address and its value, unrounded.

    name      : which statistic ("mean", "estimate", "conf_low", "n" ...)
    value     : the number; NaN where there is none
    analysis  : analysis of the plan, or the table's own name where no model is behind it
    term      : the row of the estimates ("difference"), or the variable described
    reference : the arm, or level, that it is compared with
    """

    name: str = ""
    value: float = math.nan
    estimand: str = ""
    analysis: str = ""
    term: str = ""
    visit: str = ""
    arm: str = ""
    reference: str = ""

    @property
    def key(self) -> str:
        """The address in one word, parts without meaning as a dash."""
        parts = (self.estimand, self.analysis, self.term, self.visit, self.arm, self.name)
        return "/".join(part or "-" for part in parts)


@dataclass(frozen=True, slots=True)
class Cell:
    """Text to show, the statistics it was made from, and the mark of a footnote, if it has one.

    rule, decimals : how the text was made from the statistics: a rule of `coxa.tables.formats.RULES`, and what `v` is
                     in it
    """

    text: str
    statistics: tuple[Statistic, ...] = ()
    mark: str = ""
    rule: str = ""
    decimals: int = 0


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, how it is aligned, and the heading above it that it shares with its neighbours."""

    label: str
    align: Align = "right"
    spanner: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its heading, one cell per column, how far it is indented, and whether it is what was asked."""

    label: str
    cells: tuple[Cell, ...]
    level: int = 0
    strong: bool = False


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Rows under a common heading; the empty heading is not shown."""

    label: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Footnote:
    """A note below a table, with the mark of the cells it belongs to, or for the table as a whole."""

    text: str
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

    Raises
    ------
    CoxaError
        If the id is not an identifier, or a row has more or fewer cells than there are columns.
    """

    id: str
    title: str
    stub: str
    columns: tuple[Column, ...]
    groups: tuple[RowGroup, ...]
    footnotes: tuple[Footnote, ...] = ()
    subtitle: str = ""

    def __post_init__(self) -> None:
        if not IDENTIFIER.fullmatch(self.id):
            raise CoxaError(f"table id {self.id!r} is not an identifier; use `identifier(...)`")
        for row in self.rows():
            if len(row.cells) != len(self.columns):
                raise CoxaError(
                    f"table {self.id}, row {row.label!r}: {len(row.cells)} cells for {len(self.columns)} columns"
                )

    def rows(self) -> Iterator[Row]:
        """Yield all rows, group by group."""
        for group in self.groups:
            yield from group.rows

    def statistics(self) -> Iterator[Statistic]:
        """Yield every statistic that the table shows, in reading order."""
        for row in self.rows():
            for cell in row.cells:
                yield from cell.statistics

    def spanners(self) -> tuple[tuple[str, int], ...]:
        """Return the shared headings and how many neighbouring columns each spans; empty where there is none."""
        spans: list[tuple[str, int]] = []
        for column in self.columns:
            if spans and spans[-1][0] == column.spanner:
                spans[-1] = (column.spanner, spans[-1][1] + 1)
            else:
                spans.append((column.spanner, 1))
        return tuple(spans)

    def _repr_html_(self) -> str:
        from coxa.tables.great import to_great_table

        return str(to_great_table(self).as_raw_html())
