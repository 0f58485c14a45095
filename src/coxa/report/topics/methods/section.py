"""How it was done, from what actually ran."""

from __future__ import annotations

from coxa.report.document import Paragraph, Section
from coxa.report.record import ReportRecord
from coxa.report.references.cited import marks
from coxa.report.topics.methods.analyses import analysis_methods, general_methods, references, software
from coxa.report.topics.methods.described import described_methods
from coxa.report.topics.trial_design.randomised import randomisation_methods
from coxa.tables.prose import prose


def methods_section(report: ReportRecord) -> Section:
    """Return a paragraph on all analyses, on the randomisation, one per analysis, the software and the references."""
    study = report.study
    each = tuple(
        Paragraph(prose(f"{planned.title}. ", analysis_methods(report, planned))) for planned in study.planned_analyses
    )
    numbered = (Paragraph(f"[{number}] {text}") for number, text in enumerate(references(report), start=1))
    cited = Section("references", "References", tuple(numbered))
    allocated = (
        (Paragraph(randomisation_methods(study, marks(study, report.fits, study.allocation.scheme))),)
        if study.allocation
        else ()
    )
    described = tuple(map(Paragraph, described_methods(report)))
    blocks = (Paragraph(general_methods(report)), *allocated, *each, *described, Paragraph(software(report)))
    return Section("methods", "Statistical methods", blocks, (cited,))
