"""A table as a great-tables object, for notebooks and for restyling.

Reports render the same record through a template of their own: there the title is a caption, the colours follow
light and dark, and each cell carries the address of its numbers, none of which great-tables has a place for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from coxa.tables.table import Table

if TYPE_CHECKING:
    from great_tables import GT

INDENT = "\N{NO-BREAK SPACE}" * 4


def to_great_table(table: Table) -> GT:
    """Return the table as a great-tables `GT`.

    All text is escaped by great-tables; ids come from the table's own id, so that the same table gives the same
    bytes.

    Examples
    --------
    >>> to_great_table(table).tab_options(table_font_size="12px")  # doctest: +SKIP
    """
    from great_tables import GT

    names = [f"column_{index}" for index in range(len(table.columns))]
    records: list[dict[str, Any]] = [
        {
            "group": group.label,
            "row": INDENT * row.level + row.label,
            **{name: f"{cell.text} {cell.mark}".rstrip() for name, cell in zip(names, row.cells, strict=True)},
        }
        for group in table.groups
        for row in group.rows
    ]
    frame = pd.DataFrame(records, columns=["group", "row", *names]).astype(object)
    grouped = any(group.label for group in table.groups)
    shown = GT(
        frame if grouped else frame.drop(columns="group"),
        rowname_col="row",
        groupname_col="group" if grouped else None,
        id=table.id,
    )
    shown = shown.tab_header(table.title, table.subtitle or None).tab_stubhead(table.stub)
    shown = shown.cols_label(cases=dict(zip(names, (str(column.label) for column in table.columns), strict=True)))
    for name, column in zip(names, table.columns, strict=True):
        shown = shown.cols_align(column.align, columns=name)
    start = 0
    for label, width in table.spanners():
        if label:
            shown = shown.tab_spanner(label, columns=names[start : start + width], id=f"{table.id}-{start}")
        start += width
    for note in table.footnotes:
        shown = shown.tab_source_note(f"{note.mark} {note.text}".lstrip())
    return shown
