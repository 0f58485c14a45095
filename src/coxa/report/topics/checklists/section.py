"""The reporting checklists at the end of a report, from the finished report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from coxa.report.document import Document, Paragraph, Section, TableBlock
from coxa.report.references.bibliography import entry
from coxa.report.references.styles import vancouver
from coxa.report.topics.checklists.answer import Checklist, fill
from coxa.report.topics.checklists.definition import load_guideline
from coxa.report.topics.checklists.select import wanted
from coxa.report.topics.checklists.table import checklist_table
from coxa.study import Study
from coxa.tables.table import identifier

INTRODUCTION = (
    "Filled in from the plan and from this report. An item is answered only if this report has the section, "
    "with content, or the plan the key; all others are gaps for the authors. A reported item need not be a "
    "well-conducted one."
)


def with_checklists(document: Document, study: Study) -> Document:
    """Return the report with the checklists that its plan asks for as its last section; the rest stays as it is."""
    filled = [fill(load_guideline(name), study, document) for name in wanted(study)]
    if not filled:
        return document
    return replace(document, sections=(*document.sections, checklists_section(filled)))


def checklists_section(filled: Iterable[Checklist]) -> Section:
    """Return a section with a table per checklist."""
    parts = tuple(_one(checklist) for checklist in filled)
    return Section("checklists", "Reporting checklists", (Paragraph(INTRODUCTION),), parts, part="annex")


def checklist_document(study: Study, filled: Iterable[Checklist]) -> Document:
    """Return checklists as a document of their own."""
    facts = (("Study", study.study), *((("Registration", study.registration),) if study.registration else ()))
    parts = tuple(_one(checklist) for checklist in filled)
    return Document(study.title, "Reporting checklists", facts, parts)


def _one(checklist: Checklist) -> Section:
    guideline = checklist.guideline
    said = (
        f"{guideline.label}: {guideline.about}. {vancouver(entry(guideline.reference))} {guideline.compared}".rstrip()
    )
    blocks = (Paragraph(said), TableBlock(checklist_table(checklist)))
    return Section(identifier("checklist", "section", guideline.name), guideline.label, blocks)
