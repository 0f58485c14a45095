"""What the checks found in the data, without saying in whom."""

from __future__ import annotations

from coxa.findings import Finding, Findings
from coxa.report.topics.data.labels import table_words, with_labels
from coxa.study import Study
from coxa.tables.formats import cell
from coxa.tables.phrases import sentence_case
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Statistic, Table

HEADINGS = {"error": "Errors", "warning": "Warnings", "note": "Notes"}


def findings_table(study: Study, findings: Findings) -> Table:
    """List what was found by severity: the place, the rule, the remedy and how many rows it concerns.

    Rows of the source, values and participants stay with the study team (`coxa check` shows them); like findings
    are joined to one line.
    """
    groups = []
    for severity, heading in HEADINGS.items():
        rows = [_row(study, severity, key, n) for key, n in _counted(findings, severity).items()]
        if rows:
            groups.append(RowGroup(heading, tuple(rows)))
    columns = (Column("Field", "left"), Column("Rule", "left"), Column("What to do", "left"), Column("Rows"))
    note = Footnote("The participants concerned are in the list of findings, which stays with the study team.")
    return Table("findings", "What the checks found", "Table", columns, tuple(groups), (note,))


def _counted(findings: Findings, severity: str) -> dict[tuple[str, str, str, str], int]:
    counts: dict[tuple[str, str, str, str], int] = {}
    for item in findings:
        if item.severity == severity:
            counts[_key(item)] = counts.get(_key(item), 0) + item.n_rows
    return counts


def _key(item: Finding) -> tuple[str, str, str, str]:
    return (item.table, item.field or "", item.rule, item.remedy)


def _row(study: Study, severity: str, key: tuple[str, str, str, str], n: int) -> Row:
    table, field, rule, remedy = key
    at = Statistic(analysis="findings", term=f"{severity} {table} {field}".strip())
    outcomes = getattr(study, "outcomes", {})
    name = study.label("outcomes", field) if field in outcomes else f"`{field}`" if field else ""
    said = (Cell(name), Cell(sentence_case(with_labels(study, rule))), Cell(with_labels(study, remedy)))
    return Row(table if "." in table else table_words(table), (*said, cell("count", {"n": n}, at)))
