"""Tables in which a reader chooses a clinic, a condition or a year; without a script they are plain tables."""

from __future__ import annotations

from itertools import groupby

from coxa.clinics.page.completeness import counts_row, counts_table
from coxa.clinics.page.seen import Seen
from coxa.clinics.page.words import dimension_label, level_label
from coxa.report.document import Paragraph, Section, TableBlock
from coxa.tables.records import records
from coxa.tables.table import RowGroup, identifier

SECONDS = ("condition", "year")
"""Dimensions that are crossed with the clinic."""


def explore_section(page: Seen) -> Section | None:
    """Return completeness by clinic and condition, and by clinic and year; None where neither was counted."""
    blocks = [_crossed(page, second) for second in SECONDS if len(page.counts("clinic", second))]
    if not blocks:
        return None
    lead = Paragraph("Episodes and completeness of each clinic, by condition and by year of intake.")
    return Section("explore", "By clinic, condition and year", (lead, *blocks), part="supplement")


def _crossed(page: Seen, second: str) -> TableBlock:
    """Return a table with a group of rows for each clinic."""
    label = dimension_label(page.audit.plan, second)
    of = f"clinic {second}"
    groups = [
        RowGroup(
            clinic,
            tuple(
                counts_row(page, level_label(page.audit.plan, second, one[second]), one, clinic, str(one[second]), of)
                for one in rows
            ),
        )
        for clinic, rows in groupby(records(page.counts("clinic", second)), key=lambda one: str(one["clinic"]))
    ]
    name = identifier("by-clinic", second)
    table = counts_table(page, name, f"Completeness by clinic and {label.lower()}", label, groups)
    return TableBlock(table, choices=("Clinic", label))
