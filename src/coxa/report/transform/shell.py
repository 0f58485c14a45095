"""The report before there are data: every planned section, table and figure, with blanks for what is not known."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator
from dataclasses import replace

from coxa.cohort.cohort import Cohort
from coxa.cohort.read import read_cohort
from coxa.errors import FitError
from coxa.figures.blank import blank_figure
from coxa.report.analyse import analyse_cohort
from coxa.report.build import build_document
from coxa.report.document import Block, Document, FigureBlock, Paragraph, Section, TableBlock, with_blocks, with_texts
from coxa.report.record import ReportRecord, compares
from coxa.report.topics.analyses.adjusted import MARK
from coxa.simulate.from_plan.calendar import visit_days
from coxa.simulate.from_plan.design import trial_design
from coxa.simulate.from_plan.draw import draw_outcomes
from coxa.simulate.from_plan.trial import raw_tables, table_source
from coxa.simulate.skeleton import skeleton_study
from coxa.study import Study
from coxa.study.comparative import ComparativeStudy, with_arms
from coxa.study.source import DataSource, TableSource
from coxa.tables.cells import Cell
from coxa.tables.formats import NO_BREAK, RULES
from coxa.tables.prose import Text, with_cells
from coxa.tables.table import Row, RowGroup, Table

ATTEMPTS = 5
"""Sets of made-up data that are tried until every model of the plan can be fitted."""

ONE_P = "x.xxx"
UNKNOWN = "[\N{HORIZONTAL ELLIPSIS}]"
"""What stands for words that depend on the data."""

ITEMS = re.compile(rf"(xx, {re.escape(UNKNOWN)})(?:; xx, {re.escape(UNKNOWN)})+")
"""Counts, each with a reason that is found in the data."""

FOUND = "[as found in the data]"

BANNER = (
    "This is a shell: the report as it is planned, before there are data. A number is written as its places, such as "
    "xx.x; nothing in it is a result."
)

AFTERWARDS = {
    "data": "What the checks find, the counts from files to values, and what is left out with its reason stand here.",
    "checklists": "Reporting checklists stand here; before there are data, `coxa checklist` answers from the plan.",
    "run-record": "Hashes of plan and data, versions and seed stand here.",
}
"""Section -> what it says when there are data; the whole of it depends on them."""

BEFORE = {
    "methods": "As planned. Of a declared ladder of covariances the first is described; the report names the one used.",
}
"""Section -> what is said before it."""


def shell(study: Study) -> Document:
    """Return the report of a plan without data: all that is planned, in its place, with blanks.

    Parameters
    ----------
    study
        A checked plan. Data that it names are not read.

    Returns
    -------
    Document
        To be rendered as any other. It has the sections, tables, rows and figures that the plan asks for; rows that
        depend on what is found in the data are said to be so. The same plan gives the same bytes.

    Raises
    ------
    FitError
        If a model of the plan cannot be fitted even to data without gaps or peculiarities; the message says which.

    Notes
    -----
    The rows are those that made-up data of the plan give (`coxa.simulate.skeleton`), in which everything that the plan
    foresees happens. Their numbers are taken out.

    Examples
    --------
    >>> from coxa.study import read_study
    >>> render_document(shell(read_study("study.yaml")), "docx")  # doctest: +SKIP
    """
    return as_shell(build_document(_made_up(with_arms(study, "A shell"))))


def as_shell(document: Document) -> Document:
    """Return a document with blanks instead of numbers, and without what only data can say."""
    status = ("Status", "Shell, before there are data")
    first, *others = map(_section, with_blocks(document, _block).sections)
    first = replace(first, blocks=(Paragraph(BANNER, "lead"), *first.blocks))
    return replace(document, facts=(*document.facts, status), sections=(first, *others), behind={})


def _made_up(study: ComparativeStudy) -> ReportRecord:
    """Return the report of made-up data, from the first of several sets to which every model can be fitted."""
    for attempt in range(ATTEMPTS):
        try:
            report = analyse_cohort(_cohort(study, seed=attempt))
        except FitError:
            if attempt == ATTEMPTS - 1:
                raise
        else:
            assert compares(report)
            return report
    raise AssertionError("unreachable")


def _cohort(study: ComparativeStudy, seed: int) -> Cohort:
    """Return a cohort of made-up data, of those tables that the plan reads, all of them where it does not say."""
    design = trial_design(skeleton_study(study))
    drawn = draw_outcomes(design, seed, day=visit_days(design, design.n, seed))
    tables, _ = raw_tables(design, drawn, seed)
    read = study.data.tables if study.data else tables
    scores = ("participants", "assessments", "item_responses")
    kept = {name: frame for name, frame in tables.items() if name in read or name in scores}
    sources = {name: TableSource(file=name, **table_source(design, name, frame)) for name, frame in kept.items()}
    planned = study.model_copy(update={"data": DataSource(tables=sources), "data_cut": None})
    return replace(read_cohort(planned, kept).require_clean(), study=study)


def _section(section: Section) -> Section:
    """Return a section of the shell with what is said in place of its content, or before it."""
    if section.id in AFTERWARDS:
        return replace(section, blocks=(Paragraph(AFTERWARDS[section.id]),), sections=())
    before = (Paragraph(BEFORE[section.id]),) if section.id in BEFORE else ()
    return replace(section, blocks=(*before, *_found_once(section.blocks)))


def _found_once(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield blocks; neighbouring paragraphs that are there because of what the data say become one."""
    was_found = False
    for block in blocks:
        found = isinstance(block, Paragraph) and block.found
        if not (found and was_found):
            yield replace(block, text=FOUND) if isinstance(block, Paragraph) and found else block
        was_found = found


def _block(block: Block) -> Block | None:
    match block:
        case Paragraph(kind="warning"):
            return None
        case TableBlock(table):
            return replace(block, table=_table(table))
        case FigureBlock(figure):
            return FigureBlock(blank_figure(figure))
    return with_texts(block, _said)


def _table(table: Table) -> Table:
    """Return a table with blanks; notes on single numbers of the data are left out with their marks."""
    return replace(
        table,
        groups=tuple(RowGroup(group.label, tuple(_rows(group.rows))) for group in table.groups),
        footnotes=tuple(note for note in table.footnotes if note.mark in ("", MARK)),
    ).with_texts(_said)


def _rows(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield rows with blanks; neighbours whose labels were found in the data become one."""
    was_found = False
    for row in rows:
        if not (row.found and was_found):
            label = FOUND if row.found else row.label
            yield replace(row, label=label, cells=tuple(map(_blank, row.cells)))
        was_found = row.found


def _said(text: Text) -> str:
    """Return a text with its numbers as blanks, words that depend on data as dots, and a list of these as one item.

    A mark that the data give a number, or do not, is left out.
    """
    blank = with_cells(text, lambda cell: _blank(cell) if cell.rule else Cell(UNKNOWN if cell.text.strip("*") else ""))
    return ITEMS.sub(r"\1", str(blank))


def _blank(cell: Cell) -> Cell:
    """Return a number as blanks; words stay."""
    mark = cell.mark if cell.mark == MARK else ""
    return Cell(places(cell.rule, cell.decimals), mark=mark) if cell.rule else replace(cell, mark=mark)


def places(rule: str, decimals: int) -> str:
    """Return the blanks of a rule for numbers.

    Examples
    --------
    >>> places("mean_sd", 1), places("count_percent", 0), places("p_value", 0)
    ('xx.x (xx.x)', 'xx (xx.x%)', 'x.xxx')
    """
    if rule.startswith("nnt"):  # whether it is one of benefit or of harm, and what its limits are, the data say
        rule = "two_decimals_interval"
    written = ""
    for text, name, form, _ in string.Formatter().parse(RULES[rule]):
        written += text + (_places(form or "", decimals) if name is not None else "")
    return written


def _places(form: str, decimals: int) -> str:
    if form in ("p", "P"):
        return f"p = {ONE_P}".replace(" ", NO_BREAK) if form == "P" else ONE_P
    if form == "more":
        return f"xx.x {UNKNOWN}"
    if form in ("%", "pp"):
        return "xx.x%" if form == "%" else "xx.x"
    after = {"v": decimals, "+": decimals + 1}[form] if form in ("v", "+") else int(form)
    return "xx" + (f".{'x' * after}" if after else "")
