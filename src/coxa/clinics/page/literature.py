"""The own change next to published groups of patients, with what makes them hard to compare."""

from __future__ import annotations

from coxa.clinics.page.seen import ALL, Seen, at, column, row
from coxa.report.document import Paragraph, Section, TableBlock
from coxa.tables.cells import Cell
from coxa.tables.records import Record, records
from coxa.tables.table import Footnote, Row, RowGroup, Table

LEAD = (
    "Patients of published studies were chosen, followed for another time and seldom lost. The table gives an order of "
    "magnitude; it does not say which care is better."
)


def literature_section(page: Seen) -> Section | None:
    """Return published changes and the own; None where there is nothing to compare, and no reason."""
    frame, why = page.audit.literature, page.why("literature")
    if not len(frame):
        return (
            Section("literature", "Published results", (Paragraph(why, "warning"),), part="supplement") if why else None
        )
    groups = []
    for outcome in dict.fromkeys(frame["outcome"]):
        rows = [one for one in records(frame) if one["outcome"] == outcome]
        label = f"{page.audit.plan.label('outcomes', outcome)}, {page.audit.plan.scale(outcome).unit}"
        groups.append(RowGroup(label, (_own(page, outcome, rows[0]), *(_row(page, outcome, one) for one in rows))))
    columns = (column("Patients"), column("Mean improvement"), column("Weeks"), column("Population", "left"))
    sources = tuple(Footnote(text) for text in dict.fromkeys(map(_source, records(frame))))
    table = Table(
        "published",
        "Mean improvement, here and in published studies",
        "Patients who had",
        columns,
        tuple(groups),
        sources,
    )
    blocks = (Paragraph(LEAD), TableBlock(page.noted(table)))
    return Section("literature", "Published results", blocks, part="supplement")


def _own(page: Seen, outcome: str, one: Record) -> Row:
    where, decimals = f"change {outcome}", page.decimals(outcome)
    return row(
        "Care in these clinics",
        page.number("count", {"n": one.get("own_n")}, at(where, "own n", ALL)),
        page.number("estimate", {"estimate": one.get("own_change")}, at(where, "own change", ALL), decimals),
        Cell("\N{EN DASH}"),
        Cell("All with an outcome"),
        strong=True,
    )


def _row(page: Seen, outcome: str, one: Record) -> Row:
    """Return a published group; what was not read of it is a dash."""
    decimals, place = page.decimals(outcome), at("published", outcome, f"{one['preset']} {one['arm']}")
    plain = Seen(page.audit)
    return row(
        one["arm"],
        plain.number("count", {"n": one["n"]}, place),
        plain.number("estimate", {"estimate": one["change"]}, place, decimals),
        plain.number("number", {"n": one["weeks"]}, place, 0),
        Cell(str(one["title"])),
    )


def _source(one: Record) -> str:
    return f"{str(one['source']).rstrip('.')} (`{one['preset']}`)."
